/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of type dns: the query octet by octet, and each reply that there may
 * be to it. */
#include "probe/dns.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/rr.h"
#include "dns/wire.h"
#include "probing.h"

static struct probing g;
static struct probe *probe; /* the one of ask() */
static int udp, listener;
static uint8_t query[512], message[1024];
static size_t query_len;
static struct sockaddr_storage from;
static socklen_t from_len;
static struct wire reply;

static void
setup(void)
{
	probing_open(&g, CONF_MONITOR_DNS);
	udp = probing_datagrams(&g, &listener);
	g.monitor.query = (struct conf_query){"www.example.", DNS_A, 0};
}

static void
teardown(void)
{
	close(udp);
	close(listener);
	probing_close(&g);
}

static void
ask(void)
{
	ssize_t n;

	probe = probing_once(&g);
	probing_wait_for(&g, udp);
	from_len = sizeof(from);
	n = recvfrom(
	    udp, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len);
	ck_assert_int_gt(n, 0);
	query_len = (size_t)n;
}

/* A reply to the query with its question, its answers to come. */
static void
begin(uint16_t flags, uint16_t answers)
{
	wire_init(&reply, message, sizeof(message));
	wire_put(&reply, query, query_len);
	wire_set_u16(&reply, 2, flags);
	wire_set_u16(&reply, 6, answers);
}

static void
record(uint16_t type, uint16_t class, const void *data, size_t len)
{
	wire_put_u16(&reply, 0xc00c);
	wire_put_u16(&reply, type);
	wire_put_u16(&reply, class);
	wire_put_u32(&reply, 60);
	wire_put_u16(&reply, (uint16_t)len);
	wire_put(&reply, data, len);
}

static void
say(void)
{
	ck_assert_int_eq(sendto(udp, reply.at, reply.len, 0,
			     (struct sockaddr *)&from, from_len),
	    (ssize_t)reply.len);
}

static void
expect(bool ok, const char *reason, const char *said)
{
	probing_wait(&g);
	ck_assert_str_eq(probing_said(&g), said);
	ck_assert_str_eq(g.told.reason, reason);
	ck_assert_int_eq(g.told.ok, ok);
	ck_assert(g.told.counted);
}

START_TEST(a_query_has_one_question_and_nothing_else)
{
	static const uint8_t after[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w',
	    'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 28, 0, 1};
	uint16_t ids[8];

	g.monitor.query.type = DNS_AAAA;
	for (size_t i = 0; i < 8; i++) {
		ask();
		ids[i] = wire_get_u16(query);
		ck_assert_uint_eq(query_len, 2 + sizeof(after));
		ck_assert_mem_eq(query + 2, after, sizeof(after));
		begin(DNS_QR, 0);
		say();
		expect(true, "ok", "NOERROR, 0 records in # ms");
	}
	/* It cannot be guessed. */
	for (size_t i = 1; i < 8; i++)
		if (ids[i] != (uint16_t)(ids[0] + i) && ids[i] != ids[0])
			return;
	ck_abort_msg("the ids are in a row");
}
END_TEST

START_TEST(recursion_is_asked_for_where_it_is_wanted)
{
	g.monitor.query.recurse = 1;
	ask();
	ck_assert_uint_eq(wire_get_u16(query + 2), DNS_RD);
	begin(DNS_QR | DNS_RD | DNS_RA, 1);
	record(DNS_A, DNS_IN, "\1\2\3\4", 4);
	say();
	expect(true, "ok", "NOERROR, 1 record in # ms");
}
END_TEST

/* What a reply is made of that is not to the query: it is not heard. */
static const struct {
	size_t at; /* an octet of it */
	uint8_t flip;
	int longer;
} strangers[] = {
    {0, 0x80, 0}, /* id */
    {1, 1, 0},    /* id */
    {2, 0x80, 0}, /* it is a query */
    {2, 0x08, 0}, /* another opcode */
    {2, 0x40, 0}, /* another opcode */
    {5, 1, 0},    /* no question, and not FORMERR */
    {5, 3, 0},    /* two questions */
    {4, 1, 0},    /* many */
    {13, 1, 0},   /* another name */
    {12, 1, 0},   /* a shorter one */
    {26, 1, 0},   /* another type */
    {25, 1, 0},   /* another type */
    {28, 1, 0},   /* another class */
    {27, 1, 0},   /* another class */
    {0, 0, -1},   /* cut in the question */
    {0, 0, -4},   /* before type and class */
    {0, 0, -17},  /* after the header */
    {0, 0, -18},  /* in the header */
    {0, 0, -29},  /* nothing */
};

START_TEST(what_is_not_a_reply_to_the_query_is_not_heard)
{
	ask();
	begin(DNS_QR, 0);
	message[strangers[_i].at] ^= strangers[_i].flip;
	reply.len = reply.len + (size_t)strangers[_i].longer;
	say();
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 0);
	begin(DNS_QR | DNS_REFUSED, 0);
	say();
	expect(false, "rcode", "REFUSED, not NOERROR");
}
END_TEST

START_TEST(case_does_not_matter_in_the_question)
{
	ask();
	begin(DNS_QR, 0);
	message[13] = 'W';
	say();
	expect(true, "ok", "NOERROR, 0 records in # ms");
}
END_TEST

/* Who could not read the question need not repeat it. */
START_TEST(formerr_may_come_without_the_question)
{
	ask();
	begin(DNS_QR | DNS_FORMERR, 0);
	wire_set_u16(&reply, 4, 0);
	reply.len = DNS_HEADER_SIZE;
	message[1] ^= 1;
	say();
	message[1] ^= 1;
	message[2] = 0;
	say();
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 0);
	message[2] = 0x80;
	say();
	expect(false, "rcode", "FORMERR, not NOERROR");
}
END_TEST

START_TEST(the_rcode_is_the_one_expected)
{
	static const struct {
		uint16_t want, got;
		bool ok;
		const char *said;
	} rows[] = {
	    {DNS_NXDOMAIN, DNS_NXDOMAIN, true, "NXDOMAIN, 0 records in # ms"},
	    {DNS_NXDOMAIN, DNS_NOERROR, false, "NOERROR, not NXDOMAIN"},
	    {DNS_NOERROR, DNS_SERVFAIL, false, "SERVFAIL, not NOERROR"},
	    {DNS_REFUSED, DNS_REFUSED, true, "REFUSED, 0 records in # ms"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		g.monitor.rcode = rows[i].want;
		ask();
		begin(DNS_QR | rows[i].got, 0);
		say();
		expect(rows[i].ok, rows[i].ok ? "ok" : "rcode", rows[i].said);
	}
}
END_TEST

/* The records ------------------------------------------------------------ */

static const char *two[] = {"192.0.2.1", "192.0.2.2"};

static const struct {
	const char *answers; /* of each a letter, see put_answer() */
	const char *reason, *said;
} answers[] = {
    {"12", "ok", "NOERROR, 2 records in # ms"},
    {"21", "ok", "NOERROR, 2 records in # ms"},
    {"3241", "ok", "NOERROR, 4 records in # ms"},
    {"1", "records", "NOERROR, but no 192.0.2.2"},
    {"2", "records", "NOERROR, but no 192.0.2.1"},
    {"", "records", "NOERROR, but no 192.0.2.1"},
    {"11", "records", "NOERROR, but no 192.0.2.2"},
    {"1c", "records", "NOERROR, but no 192.0.2.2"}, /* of another class */
    {"1t", "records", "NOERROR, but no 192.0.2.2"}, /* of another type */
    {"12s", "protocol", "the reply is broken"},
    {"12l", "protocol", "the reply is broken"},
    {"12x", "protocol", "the reply is broken"},
};

static void
put_answer(char which)
{
	switch (which) {
	case 'c':
		record(DNS_A, DNS_CH, "\xc0\0\2\2", 4);
		break;
	case 't':
		record(DNS_TXT, DNS_IN, "\3abc", 4);
		break;
	case 's':
		record(DNS_A, DNS_IN, "\xc0\0\2", 3);
		break;
	case 'l':
		record(DNS_A, DNS_IN, "\xc0\0\2\2\1", 5);
		break;
	case 'x': /* it ends in its data */
		record(DNS_A, DNS_IN, "\xc0\0\2\2", 4);
		reply.len--;
		break;
	default:
		record(DNS_A, DNS_IN,
		    (const uint8_t[]){192, 0, 2, (uint8_t)(which - '0')}, 4);
	}
}

START_TEST(all_records_expected_must_be_there)
{
	const char *a = answers[_i].answers;

	g.monitor.records = two;
	g.monitor.nrecords = 2;
	ask();
	begin(DNS_QR, (uint16_t)strlen(a));
	for (size_t i = 0; a[i] != '\0'; i++)
		put_answer(a[i]);
	say();
	expect(strcmp(answers[_i].reason, "ok") == 0, answers[_i].reason,
	    answers[_i].said);
}
END_TEST

/* Fewer than it announces. */
START_TEST(a_reply_that_ends_early_is_broken)
{
	g.monitor.records = two;
	g.monitor.nrecords = 2;
	ask();
	begin(DNS_QR, 3);
	put_answer('1');
	put_answer('2');
	say();
	expect(false, "protocol", "the reply is broken");
	/* Where none is expected nobody looks. */
	g.monitor.nrecords = 0;
	ask();
	begin(DNS_QR, 3);
	say();
	expect(true, "ok", "NOERROR, 3 records in # ms");
}
END_TEST

/* Over TCP --------------------------------------------------------------- */

static int
truncated(void)
{
	uint8_t again[sizeof(query) + 2];
	ssize_t n = 0;
	int fd;

	ask();
	begin(DNS_QR | DNS_TC, 0);
	say();
	fd = probing_accept(&g, listener);
	while (n < (ssize_t)query_len + 2) {
		ssize_t got;

		probing_wait_for(&g, fd);
		got = recv(fd, again + n, sizeof(again) - (size_t)n, 0);
		ck_assert_int_gt(got, 0);
		n += got;
	}
	ck_assert_int_eq(n, (ssize_t)query_len + 2);
	ck_assert_uint_eq(wire_get_u16(again), query_len);
	ck_assert_mem_eq(again + 2, query, query_len);
	return fd;
}

/* Octets after the length, in pieces. */
static void
stream(int fd, size_t len, size_t piece)
{
	uint8_t all[2 + sizeof(message)] = {(uint8_t)(len >> 8), (uint8_t)len};

	memcpy(all + 2, message, reply.len);
	for (size_t at = 0; at < reply.len + 2; at += piece) {
		size_t n = reply.len + 2 - at;

		ck_assert_int_ge(
		    send(fd, all + at, n < piece ? n : piece, MSG_NOSIGNAL), 0);
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	}
}

START_TEST(a_truncated_reply_is_asked_for_over_tcp)
{
	static const size_t pieces[] = {1, 2, 3, 1000};

	g.monitor.records = two;
	g.monitor.nrecords = 1;
	for (size_t i = 0; i < 4; i++) {
		int fd = truncated();

		begin(DNS_QR, 1);
		put_answer('1');
		stream(fd, reply.len, pieces[i]);
		if (g.ntold == i)
			probing_wait(&g);
		ck_assert_str_eq(
		    probing_said(&g), "NOERROR, 1 record in # ms over TCP");
		ck_assert(g.told.ok);
		close(fd);
	}
	g.monitor.nrecords = 2;
	close(truncated());
	expect(false, "reset",
	    "truncated, and over TCP closed before the reply ended");
}
END_TEST

static const struct {
	uint16_t flags;
	int flip;   /* an octet, or -1 */
	int longer; /* than announced */
	const char *reason, *said;
} streams[] = {
    {DNS_QR, -1, 0, "records", "NOERROR, but no 192.0.2.1 over TCP"},
    {DNS_QR | DNS_REFUSED, -1, 0, "rcode", "REFUSED, not NOERROR"},
    {DNS_QR | DNS_TC, -1, 0, "protocol", "truncated, over TCP too"},
    {DNS_QR, 0, 0, "protocol",
	"truncated, and the reply over TCP is not to the query"},
    {DNS_QR, 13, 0, "protocol",
	"truncated, and the reply over TCP is not to the query"},
    {DNS_QR, -1, -1, "reset",
	"truncated, and over TCP closed before the reply ended"},
    {DNS_QR, -1, 1, "protocol",
	"truncated, and the reply over TCP is not to the query"},
};

START_TEST(a_reply_over_tcp_is_judged_like_one_over_udp)
{
	int fd;
	size_t len;

	g.monitor.records = two;
	g.monitor.nrecords = 1;
	fd = truncated();
	begin(streams[_i].flags, 0);
	if (streams[_i].flip >= 0)
		message[streams[_i].flip] ^= 1;
	len = reply.len;
	if (streams[_i].longer < 0)
		reply.len--;
	else
		len -= (size_t)streams[_i].longer;
	stream(fd, len, 1000);
	close(fd);
	if (g.ntold == 0)
		probing_wait(&g);
	ck_assert_str_eq(probing_said(&g), streams[_i].said);
	ck_assert_str_eq(g.told.reason, streams[_i].reason);
	ck_assert(!g.told.ok);
}
END_TEST

START_TEST(a_port_without_a_server_is_refused)
{
	ask();
	close(listener);
	begin(DNS_QR | DNS_TC, 0);
	say();
	expect(false, "refused", "truncated, and over TCP refused");
	close(udp);
	probing_once(&g);
	expect(false, "refused", "refused");
	udp = probing_datagrams(&g, &listener);
}
END_TEST

START_TEST(a_timeout_says_how_far_it_came)
{
	const struct timeval now = {0};
	int fd;

	ask();
	evtimer_add(probe->deadline, &now);
	expect(false, "timeout", "timeout 5000 ms");
	fd = truncated();
	evtimer_add(probe->deadline, &now);
	expect(false, "timeout",
	    "timeout 5000 ms: truncated over UDP, then no reply over TCP");
	close(fd);
	/* What comes later is of no probe. */
	ask();
	begin(DNS_QR, 0);
	say();
	expect(true, "ok", "NOERROR, 0 records in # ms");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe_dns");
	TCase *tc = tcase_create("dns");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_query_has_one_question_and_nothing_else);
	tcase_add_test(tc, recursion_is_asked_for_where_it_is_wanted);
	tcase_add_loop_test(tc, what_is_not_a_reply_to_the_query_is_not_heard,
	    0, sizeof(strangers) / sizeof(strangers[0]));
	tcase_add_test(tc, case_does_not_matter_in_the_question);
	tcase_add_test(tc, formerr_may_come_without_the_question);
	tcase_add_test(tc, the_rcode_is_the_one_expected);
	tcase_add_loop_test(tc, all_records_expected_must_be_there, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tc, a_reply_that_ends_early_is_broken);
	tcase_add_test(tc, a_truncated_reply_is_asked_for_over_tcp);
	tcase_add_loop_test(tc, a_reply_over_tcp_is_judged_like_one_over_udp, 0,
	    sizeof(streams) / sizeof(streams[0]));
	tcase_add_test(tc, a_port_without_a_server_is_refused);
	tcase_add_test(tc, a_timeout_says_how_far_it_came);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
