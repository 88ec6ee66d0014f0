/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of types http and tcp: the request octet by octet, what becomes of
 * each reply, and when a connection is used again. */
#include "probe/http.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probing.h"

static struct probing g;
static int listener;
static char heard[8192];
static uint16_t statuses[] = {200, 204};

static void
setup(void)
{
	probing_open(&g, CONF_MONITOR_HTTP);
	listener = probing_listen(&g);
	g.monitor.path = "/h";
	g.monitor.statuses = statuses;
	g.monitor.nstatuses = 1;
	g.monitor.body_max = 100;
	g.monitor.reconnect = 1;
}

static void
teardown(void)
{
	close(listener);
	probing_close(&g);
}

/* All of a request; end: what it ends with. */
static const char *
hear(int fd, const char *end)
{
	size_t len = 0;

	heard[0] = '\0';
	while (
	    len < strlen(end) || strcmp(heard + len - strlen(end), end) != 0) {
		ssize_t n;

		probing_wait_for(&g, fd);
		n = recv(fd, heard + len, sizeof(heard) - 1 - len, 0);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
		heard[len] = '\0';
	}
	return heard;
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
expect(const char *reason, const char *said)
{
	ck_assert_str_eq(probing_said(&g), said);
	ck_assert_str_eq(g.told.reason, reason);
	ck_assert_int_eq(g.told.ok, strcmp(reason, "ok") == 0);
	ck_assert(g.told.counted);
}

/* Requests --------------------------------------------------------------- */

#define AGENT "User-Agent: meridian-probe\r\n"
#define HOST "Host: a.example\r\n"

static const struct {
	enum conf_method method;
	const char *path, *headers, *payload, *request;
} requests[] = {
    {CONF_METHOD_GET, "/", NULL, NULL, "GET / HTTP/1.1\r\n" HOST AGENT "\r\n"},
    {CONF_METHOD_HEAD, "/x?y", NULL, NULL,
	"HEAD /x?y HTTP/1.1\r\n" HOST AGENT "\r\n"},
    {CONF_METHOD_OPTIONS, "/", NULL, NULL,
	"OPTIONS / HTTP/1.1\r\n" HOST AGENT "\r\n"},
    {CONF_METHOD_POST, "/", NULL, NULL,
	"POST / HTTP/1.1\r\n" HOST AGENT "Content-Length: 0\r\n\r\n"},
    {CONF_METHOD_PUT, "/", NULL, NULL,
	"PUT / HTTP/1.1\r\n" HOST AGENT "Content-Length: 0\r\n\r\n"},
    {CONF_METHOD_PUT, "/", NULL, "a b\r\n",
	"PUT / HTTP/1.1\r\n" HOST AGENT "Content-Length: 5\r\n\r\na b\r\n"},
    {CONF_METHOD_GET, "/", "X: 1\nY: 2\n", NULL,
	"GET / HTTP/1.1\r\n" HOST "X: 1\r\nY: 2\r\n" AGENT "\r\n"},
    {CONF_METHOD_GET, "/", "X: 1\nuser-agent: me", NULL,
	"GET / HTTP/1.1\r\n" HOST "X: 1\r\nuser-agent: me\r\n\r\n"},
    {CONF_METHOD_GET, "/", "X-User-Agent: me\n", NULL,
	"GET / HTTP/1.1\r\n" HOST "X-User-Agent: me\r\n" AGENT "\r\n"},
    {CONF_METHOD_GET, "/", "", NULL, "GET / HTTP/1.1\r\n" HOST AGENT "\r\n"},
};

START_TEST(a_request_has_what_is_declared_and_no_more)
{
	int fd;

	g.monitor.host = "a.example";
	g.monitor.method = requests[_i].method;
	g.monitor.path = requests[_i].path;
	g.monitor.headers = requests[_i].headers;
	g.monitor.payload = requests[_i].payload;
	probing_once(&g);
	fd = probing_accept(&g, listener);
	ck_assert_str_eq(
	    hear(fd, requests[_i].payload != NULL ? "a b\r\n" : "\r\n\r\n"),
	    requests[_i].request);
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	probing_wait(&g);
	expect("ok", "status 200 in # ms");
	close(fd);
}
END_TEST

START_TEST(without_a_host_the_address_is_sent)
{
	static const struct {
		const char *address;
		uint16_t port, usual;
		const char *host;
	} rows[] = {
	    {"192.0.2.1", 80, 80, "192.0.2.1"},
	    {"192.0.2.1", 81, 80, "192.0.2.1:81"},
	    {"192.0.2.1", 80, 443, "192.0.2.1:80"},
	    {"2001:db8::1", 443, 443, "[2001:db8::1]"},
	    {"2001:db8::1", 65535, 443, "[2001:db8::1]:65535"},
	};
	char buf[HTTP_HOST_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert(addr_parse(rows[i].address, &g.watch.addr));
		g.monitor.port = rows[i].port;
		ck_assert_str_eq(
		    http_host(buf, &g.watch, rows[i].usual), rows[i].host);
	}
	g.monitor.host = "x";
	ck_assert_str_eq(http_host(buf, &g.watch, 80), "x");
}
END_TEST

/* Replies ---------------------------------------------------------------- */

#define OK(length, body) \
	"HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body
#define HUNDRED \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789"

static const struct {
	const char *reply, *reason, *said;
	const char *body; /* expected */
	size_t nstatuses;
} replies[] = {
    {OK("2", "hi"), "ok", "status 200 in # ms", NULL, 1},
    {OK("2", "hi"), "ok", "status 200 in # ms", "hi", 1},
    {OK("2", "hi"), "ok", "status 200 in # ms", "i", 1},
    {OK("2", "hi"), "body", "status 200, but the body has no \"ho\"", "ho", 1},
    {OK("2", "hi"), "body", "status 200, but the body has no \"hi!\"", "hi!",
	1},
    {OK("0", ""), "body", "status 200, but the body has no \"h\"", "h", 1},
    {OK("100", HUNDRED), "ok", "status 200 in # ms", "0123", 1},
    {"HTTP/1.1 204 No Content\r\n\r\n", "status", "status 204, not 200", NULL,
	1},
    {"HTTP/1.1 204 No Content\r\n\r\n", "ok", "status 204 in # ms", NULL, 2},
    {"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", "status",
	"status 503, not 200 or 204", "hi", 2},
    {"HTTP/1.1 200 OK\r\n\r\nto the end", "ok", "status 200 in # ms", "end", 1},
    {OK("3", "hi"), "reset", "closed before the reply ended", NULL, 1},
    {"HTTP/1.1 200 OK\r\n", "reset", "closed before the reply ended", NULL, 1},
    {"", "reset", "closed before the reply ended", NULL, 1},
};

START_TEST(a_reply_is_judged_by_its_status_and_body)
{
	int fd;

	g.monitor.body = replies[_i].body;
	g.monitor.nstatuses = replies[_i].nstatuses;
	probing_once(&g);
	fd = probing_accept(&g, listener);
	hear(fd, "\r\n\r\n");
	say(fd, replies[_i].reply);
	close(fd);
	probing_wait(&g);
	expect(replies[_i].reason, replies[_i].said);
}
END_TEST

static void
expect_begin(const char *reason, const char *said)
{
	ck_assert_str_eq(g.told.reason, reason);
	ck_assert(!g.told.ok);
	ck_assert_mem_eq(g.watch.last, said, strlen(said));
}

START_TEST(what_is_no_reply_or_too_long_is_told)
{
	static const struct {
		const char *reply, *reason, *said;
	} rows[] = {
	    {"SSH-2.0-x\r\n\r\n", "protocol", "the reply is not HTTP: "},
	    {OK("101", HUNDRED "0"), "too_long", ""},
	    {"HTTP/1.1 200 OK\r\n\r\n" HUNDRED "0", "too_long", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd;

		probing_once(&g);
		fd = probing_accept(&g, listener);
		hear(fd, "\r\n\r\n");
		say(fd, rows[i].reply);
		probing_wait(&g);
		expect_begin(rows[i].reason, rows[i].said);
		close(fd);
	}
}
END_TEST

/* Load ------------------------------------------------------------------- */

START_TEST(a_reply_says_the_load)
{
	static const struct {
		const char *header, *metric, *reply, *said;
		double load;
	} rows[] = {
	    {"X-Load", NULL,
		"HTTP/1.1 200 OK\r\nx-load: 5\r\nContent-Length: 0\r\n\r\n",
		"status 200 in # ms, load 50%", 0.5},
	    {"X-Load", NULL, OK("1", "5"), "status 200 in # ms, no load in it",
		-1},
	    {NULL, "busy", OK("7", "busy 2\n"), "status 200 in # ms, load 20%",
		0.2},
	    {NULL, "busy", OK("0", ""), "status 200 in # ms, no load in it",
		-1},
	};

	clock_fake(4321, 1700000000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd;

		g.monitor.load =
		    (struct conf_load){rows[i].header, rows[i].metric, 10};
		g.watch.load = -1;
		g.watch.load_ms = 0;
		probing_once(&g);
		fd = probing_accept(&g, listener);
		hear(fd, "\r\n\r\n");
		say(fd, rows[i].reply);
		probing_wait(&g);
		expect("ok", rows[i].said);
		ck_assert_double_eq(g.watch.load, rows[i].load);
		ck_assert_int_eq(g.watch.load_ms, rows[i].load < 0 ? 0 : 4321);
		close(fd);
	}
}
END_TEST

/* Connections ------------------------------------------------------------ */

/* What a reply says of its connection, and what comes behind it. */
static const struct {
	const char *reply;
	bool again; /* the next request comes on it */
} lasting[] = {
    {OK("2", "hi"), true},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
    {OK("2", "hi") "\n", false},
    {OK("2", "hi") OK("2", "hi"), false},
};

START_TEST(a_connection_is_used_again_while_it_may_be)
{
	int fd, next;

	g.monitor.reconnect = 3;
	prober_add(g.prober, &g.watch);
	fd = probing_accept(&g, listener);
	hear(fd, "\r\n\r\n");
	say(fd, lasting[_i].reply);
	probing_wait(&g);
	expect("ok", "status 200 in # ms");
	prober_now(&g.watch);
	next = lasting[_i].again ? fd : probing_accept(&g, listener);
	hear(next, "\r\n\r\n");
	say(next, OK("0", ""));
	probing_wait(&g);
	expect("ok", "status 200 in # ms");
	if (next != fd)
		close(next);
	close(fd);
}
END_TEST

START_TEST(every_nth_probe_has_a_connection_of_its_own)
{
	for (unsigned n = 1; n <= 3; n++) {
		int fd = -1;

		g.monitor.reconnect = n;
		for (unsigned i = 0; i < 2 * n; i++) {
			if (i == 0)
				prober_add(g.prober, &g.watch);
			else
				prober_now(&g.watch);
			if (i % n == 0) {
				close(fd);
				fd = probing_accept(&g, listener);
			}
			hear(fd, "\r\n\r\n");
			say(fd, OK("0", ""));
			probing_wait(&g);
			expect("ok", "status 200 in # ms");
		}
		prober_remove(g.prober, &g.watch);
		close(fd);
	}
}
END_TEST

/* The target closed it while nothing was asked, or as it was: nothing is held
 * against it, once. */
START_TEST(a_connection_that_was_closed_meanwhile_is_made_anew)
{
	int fd, next;

	g.monitor.reconnect = 9;
	prober_add(g.prober, &g.watch);
	fd = probing_accept(&g, listener);
	hear(fd, "\r\n\r\n");
	say(fd, OK("0", ""));
	probing_wait(&g);
	prober_now(&g.watch); /* asked before the end is seen */
	hear(fd, "\r\n\r\n");
	close(fd);
	next = probing_accept(&g, listener);
	hear(next, "\r\n\r\n");
	close(next);
	probing_wait(&g);
	expect("reset", "closed before the reply ended");
	ck_assert_uint_eq(g.watch.health.failures, 1);
	/* While nothing is asked. */
	prober_now(&g.watch);
	fd = probing_accept(&g, listener);
	hear(fd, "\r\n\r\n");
	say(fd, OK("0", ""));
	probing_wait(&g);
	close(fd);
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	prober_now(&g.watch);
	fd = probing_accept(&g, listener);
	hear(fd, "\r\n\r\n");
	say(fd, OK("0", "") "!");
	probing_wait(&g);
	expect("ok", "status 200 in # ms");
	close(fd);
}
END_TEST

START_TEST(nobody_who_listens_refuses)
{
	close(listener);
	probing_once(&g);
	probing_wait(&g);
	expect("refused", "refused");
	listener = probing_listen(&g);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe_http");
	TCase *tc = tcase_create("http");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_request_has_what_is_declared_and_no_more, 0,
	    sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(tc, without_a_host_the_address_is_sent);
	tcase_add_loop_test(tc, a_reply_is_judged_by_its_status_and_body, 0,
	    sizeof(replies) / sizeof(replies[0]));
	tcase_add_test(tc, what_is_no_reply_or_too_long_is_told);
	tcase_add_test(tc, a_reply_says_the_load);
	tcase_add_loop_test(tc, a_connection_is_used_again_while_it_may_be, 0,
	    sizeof(lasting) / sizeof(lasting[0]));
	tcase_add_test(tc, every_nth_probe_has_a_connection_of_its_own);
	tcase_add_test(tc, a_connection_that_was_closed_meanwhile_is_made_anew);
	tcase_add_test(tc, nobody_who_listens_refuses);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
