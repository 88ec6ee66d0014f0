/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of an HTTP server's connections makes room for another. */
#include "http/room.h"

#include <check.h>
#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/net.h"

enum { NOW = 100000, MOST = 4 };

static struct event_base *base;
static struct http_room room;
static struct http_service service;
static struct http_connection all[MOST];
static int clients[MOST];
static size_t n;
static const char *from; /* the address of the next client; NULL: Unix */

static void
setup(void)
{
	base = event_base_new();
	service.is_unix = true;
	memset(&room, 0xff, sizeof(room));
	http_room_init(&room, base, &service);
	clock_fake(NOW, 1700000000);
	memset(all, 0, sizeof(all));
	n = 0;
	from = NULL;
}

static void
teardown(void)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].peer != NULL)
			http_room_remove(&room, &all[i]);
		ck_assert_ptr_null(all[i].peer);
		bufferevent_free(all[i].bev);
		close(clients[i]);
	}
	ck_assert_uint_eq(room.n + room.nrefused, 0);
	ck_assert(TAILQ_EMPTY(&room.peers));
	event_base_free(base);
	clock_real();
}

/* ends[0]: the server's. */
static void
connect_ends(int ends[2])
{
	struct sockaddr_storage ss = {0};
	struct addr a;
	socklen_t len;
	int listener;

	if (from == NULL) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		return;
	}
	ck_assert(addr_parse(from, &a));
	len = addr_to_sockaddr(&a, 0, &ss);
	listener = socket(ss.ss_family, SOCK_STREAM, 0);
	ends[1] = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(ends[1], (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&ss, &len);
	ck_assert_int_eq(connect(ends[1], (struct sockaddr *)&ss, len), 0);
	ends[0] = accept(listener, NULL, NULL);
	ck_assert_int_ge(ends[0], 0);
	close(listener);
}

/* What a connection is, in letters: its state (i: idle, r: reading, x: running,
 * w: writing, s: streaming, c: closing); then u: the client has not read what
 * there is for it, a: it has asked for more already, d: it has had a reply,
 * f: it is refused. */
static void
add(const char *is, uint64_t since_ms)
{
	static const char states[] = {
	    [HTTP_IDLE] = 'i',
	    [HTTP_READING] = 'r',
	    [HTTP_RUNNING] = 'x',
	    [HTTP_WRITING] = 'w',
	    [HTTP_STREAMING] = 's',
	    [HTTP_CLOSING] = 'c',
	};
	struct http_connection *c = &all[n];
	int ends[2];

	connect_ends(ends);
	clients[n++] = ends[1];
	c->room = &room;
	c->peer = http_room_peer(&room, ends[0]);
	c->bev = bufferevent_socket_new(base, ends[0], BEV_OPT_CLOSE_ON_FREE);
	c->state = (enum http_state)(
	    (const char *)memchr(states, *is, sizeof(states)) - states);
	c->since_ms = since_ms;
	c->is_served = strchr(is, 'd') != NULL;
	c->is_refused = strchr(is, 'f') != NULL;
	if (strchr(is, 'a') != NULL)
		ck_assert_int_eq(send(ends[1], "GET", 3, 0), 3);
	if (strchr(is, 'u') != NULL)
		evbuffer_add(bufferevent_get_output(c->bev), "reply", 5);
	http_room_add(&room, c);
}

/* Each waits a millisecond longer than the next, and over a second. */
static const struct {
	const char *is[MOST];
	int victim, slowest;
	size_t pending;
} rows[] = {
    {{NULL}, -1, -1, 0},
    {{"i", "i"}, 0, -1, 0},
    {{"r", "i"}, 1, -1, 0},
    {{"i", "c"}, 1, -1, 0},
    {{"w", "r"}, 1, 0, 0},
    {{"x", "w"}, 1, 1, 0},
    {{"w", "w"}, 0, 0, 0},
    {{"x", "x"}, -1, -1, 0},
    {{"s", "s"}, -1, -1, 0},
    {{"s", "su", "su"}, 1, -1, 10},
    {{"wu", "su"}, 0, 0, 10},
    {{"x", "xf", "if"}, -1, -1, 0},
    {{"if", "i"}, 1, -1, 0},
    /* One that has asked for more does not wait. */
    {{"ia", "i"}, 1, -1, 0},
    {{"ia", "w"}, 1, 1, 0},
    {{"ia", "ra"}, -1, -1, 0},
    {{"ia", "iad"}, 1, -1, 0},
    {{"iad", "iad"}, 0, -1, 0},
    {{"rad", "iad"}, 1, -1, 0},
    {{"iad", "r"}, 1, -1, 0},
};

static void
expect(const struct http_connection *c, int which)
{
	if (which < 0)
		ck_assert_ptr_null(c);
	else
		ck_assert_ptr_eq(c, &all[which]);
}

START_TEST(who_waits_longest_and_costs_least_makes_room)
{
	size_t refused = 0;

	for (size_t i = 0; i < MOST && rows[_i].is[i] != NULL; i++) {
		refused += strchr(rows[_i].is[i], 'f') != NULL;
		add(rows[_i].is[i], NOW - 2000 + i);
	}
	for (int again = 0; again < 2; again++)
		expect(http_room_victim(&room, NULL), rows[_i].victim);
	if (n > 0)
		expect(http_room_victim(&room, all[0].peer), rows[_i].victim);
	expect(http_room_victim(&room, &(struct http_peer){.n = 1}), -1);
	expect(http_room_slowest(&room, NULL), rows[_i].slowest);
	ck_assert_uint_eq(http_room_pending(&room), rows[_i].pending);
	ck_assert_uint_eq(room.nrefused, refused);
	ck_assert_uint_eq(room.n, n - refused);
	ck_assert_int_eq(http_room_refused(&room) != NULL, refused > 0);
}
END_TEST

START_TEST(a_stream_is_stalled_after_a_second)
{
	add("su", NOW - 1000);
	expect(http_room_victim(&room, NULL), -1);
	clock_fake(NOW + 1, 1700000000);
	expect(http_room_victim(&room, NULL), 0);
}
END_TEST

START_TEST(the_slowest_is_another_one)
{
	add("w", NOW - 3);
	add("w", NOW - 2);
	add("x", NOW - 9);
	expect(http_room_slowest(&room, NULL), 0);
	expect(http_room_slowest(&room, &all[1]), 0);
	expect(http_room_slowest(&room, &all[0]), 1);
}
END_TEST

/* By user, on a Unix socket. */
START_TEST(connections_of_a_user_have_one_peer)
{
	add("i", 1);
	add("xf", 2);
	ck_assert_ptr_eq(all[0].peer, all[1].peer);
	ck_assert(all[0].peer->is_user);
	ck_assert_uint_eq(all[0].peer->uid, getuid());
	ck_assert_uint_eq(all[0].peer->n, 1);
	ck_assert_uint_eq(all[0].peer->total, 2);
	expect(http_room_refused(&room), 1);
}
END_TEST

/* Over TCP, by IPv4 address and by IPv6 /64. */
START_TEST(connections_from_an_address_have_one_peer)
{
	static const char *const froms[MOST] = {
	    "127.0.0.1", "127.0.0.2", "127.0.0.1", "::1"};
	static const char *const peers[MOST] = {
	    "127.0.0.1", "127.0.0.2", "127.0.0.1", "::"};

	service.is_unix = false;
	for (size_t i = 0; i < MOST; i++) {
		struct addr a;

		from = froms[i];
		add("i", i);
		ck_assert(addr_parse(peers[i], &a));
		ck_assert(addr_equal(&all[i].peer->addr, &a));
		ck_assert(!all[i].peer->is_user);
	}
	ck_assert_ptr_eq(all[0].peer, all[2].peer);
	ck_assert_ptr_ne(all[0].peer, all[1].peer);
	ck_assert_ptr_ne(all[1].peer, all[3].peer);
	ck_assert_uint_eq(all[0].peer->n, 2);
	ck_assert_uint_eq(all[1].peer->n, 1);
}
END_TEST

static const struct {
	const char *two[2], *other;
	int victim;
} crowds[] = {
    {{"w", "w"}, "c", 0},
    {{"x", "w"}, "c", 1},
    {{"r", "i"}, "c", 1},
    {{"x", "x"}, "w", 2},
    {{"wf", "w"}, "i", 2},
    {{"wf", "i"}, "i", 1},
};

START_TEST(who_has_most_connections_makes_room)
{
	service.is_unix = false;
	for (size_t i = 0; i < 3; i++) {
		from = i < 2 ? "127.0.0.1" : "127.0.0.2";
		add(i < 2 ? crowds[_i].two[i] : crowds[_i].other, NOW + i);
	}
	expect(http_room_victim(&room, NULL), crowds[_i].victim);
	expect(http_room_victim(&room, all[2].peer), 2);
}
END_TEST

START_TEST(what_is_removed_counts_no_more)
{
	struct http_peer *peer;

	add("i", 1);
	add("xf", 2);
	add("i", 3);
	peer = all[0].peer;
	http_room_remove(&room, &all[0]);
	ck_assert_ptr_eq(TAILQ_FIRST(&room.open), &all[1]);
	ck_assert_uint_eq(room.n, 1);
	ck_assert_uint_eq(room.nrefused, 1);
	ck_assert_uint_eq(peer->n, 1);
	ck_assert_uint_eq(peer->total, 2);
	http_room_remove(&room, &all[1]);
	ck_assert_ptr_eq(TAILQ_FIRST(&room.open), &all[2]);
	ck_assert_uint_eq(room.n, 1);
	ck_assert_uint_eq(room.nrefused, 0);
	ck_assert_uint_eq(peer->n, 1);
	ck_assert_uint_eq(peer->total, 1);
	http_room_remove(&room, &all[2]);
	ck_assert(TAILQ_EMPTY(&room.open));
	ck_assert_uint_eq(room.n, 0);
	ck_assert(TAILQ_EMPTY(&room.peers));
}
END_TEST

START_TEST(of_those_that_wait_as_long_the_first_makes_room)
{
	for (size_t i = 0; i < 3; i++)
		add("w", NOW);
	expect(http_room_victim(&room, NULL), 0);
	expect(http_room_slowest(&room, NULL), 0);
	expect(http_room_slowest(&room, &all[0]), 1);
}
END_TEST

/* One octet is enough. */
START_TEST(a_stream_with_one_octet_unread_can_stall)
{
	add("s", NOW - 2000);
	expect(http_room_victim(&room, NULL), -1);
	evbuffer_add(bufferevent_get_output(all[0].bev), "x", 1);
	expect(http_room_victim(&room, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_room");
	TCase *tc = tcase_create("room");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, who_waits_longest_and_costs_least_makes_room, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, a_stream_is_stalled_after_a_second);
	tcase_add_test(tc, the_slowest_is_another_one);
	tcase_add_test(tc, connections_of_a_user_have_one_peer);
	tcase_add_test(tc, connections_from_an_address_have_one_peer);
	tcase_add_loop_test(tc, who_has_most_connections_makes_room, 0,
	    sizeof(crowds) / sizeof(crowds[0]));
	tcase_add_test(tc, what_is_removed_counts_no_more);
	tcase_add_test(tc, of_those_that_wait_as_long_the_first_makes_room);
	tcase_add_test(tc, a_stream_with_one_octet_unread_can_stall);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
