/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of type icmp: each request octet by octet, and which packets are
 * replies to it.  The sockets are the test's: sendto(2) and recvfrom(2) are
 * wrapped. */
#include "probe/icmp.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ping.h"
#include "dns/wire.h"
#include "probing.h"

enum { REQUEST = 24, QUEUE = 400, PACKET = 128 };

static struct probing g;
static int sockets[2]; /* IPv4, IPv6; -1: not allowed */
static bool is_raw;

static struct packet {
	uint8_t at[PACKET];
	size_t len;
	struct addr addr;
} sent, queue[QUEUE];

static size_t nsent, nqueued, nheard;
static int send_error;

int __wrap_ping_socket(uint8_t family, bool *raw);
ssize_t __wrap_sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t size);
ssize_t __wrap_recvfrom(int fd, void *data, size_t len, int flags,
    struct sockaddr *from, socklen_t *size);

int
__wrap_ping_socket(uint8_t family, bool *raw)
{
	*raw = is_raw;
	return sockets[family == 6];
}

ssize_t
__wrap_sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t size)
{
	(void)flags;
	(void)size;
	addr_from_sockaddr(&sent.addr, to);
	ck_assert_int_eq(fd, sockets[sent.addr.family == 6]);
	ck_assert_uint_eq(len, REQUEST);
	memcpy(sent.at, data, len);
	sent.len = len;
	nsent++;
	errno = send_error;
	return send_error != 0 ? -1 : (ssize_t)len;
}

ssize_t
__wrap_recvfrom(int fd, void *data, size_t len, int flags,
    struct sockaddr *from, socklen_t *size)
{
	struct packet *p = &queue[nheard];
	uint64_t count;

	(void)flags;
	if (nheard == nqueued) {
		ck_assert_int_ge(read(fd, &count, sizeof(count)), 0);
		nheard = nqueued = 0;
		errno = EAGAIN;
		return -1;
	}
	ck_assert_uint_le(p->len, len);
	memcpy(data, p->at, p->len);
	*size = addr_to_sockaddr(
	    &p->addr, 0, (struct sockaddr_storage *)(void *)from);
	nheard++;
	return (ssize_t)p->len;
}

static void
setup(void)
{
	probing_open(&g, CONF_MONITOR_ICMP);
	clock_fake(1000000, 1700000000);
	for (size_t i = 0; i < 2; i++)
		sockets[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	is_raw = false;
	nsent = nqueued = nheard = 0;
	send_error = 0;
}

static void
teardown(void)
{
	for (size_t i = 0; i < 2; i++)
		close(sockets[i]);
	probing_close(&g);
}

/* A probe under way, to that address. */
static struct probe *
begin(const char *address)
{
	size_t before = nsent;
	struct probe *p;

	ck_assert(addr_parse(address, &g.watch.addr));
	p = probing_once(&g);
	while (nsent == before)
		event_base_loop(g.base, EVLOOP_ONCE);
	return p;
}

/* The reply that the target sends: the request with another type. */
static struct packet *
reply(void)
{
	struct packet *p = &queue[nqueued];

	ck_assert_uint_lt(nqueued, QUEUE);
	*p = sent;
	p->at[0] = sent.addr.family == 6 ? 129 : 0;
	nqueued++;
	return p;
}

static void
deliver(void)
{
	const uint64_t one = 1;

	ck_assert_int_eq(write(sockets[sent.addr.family == 6], &one, 8), 8);
	for (int i = 0; i < 5; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
}

static uint16_t
sum_of(const struct packet *p)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < p->len; i++)
		sum += (uint32_t)p->at[i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static const struct {
	const char *address;
	uint8_t type;
} requests[] = {{"192.0.2.1", 8}, {"2001:db8::1", 128}};

/* RFC 792, RFC 4443 4.1. */
START_TEST(a_request_is_an_echo_with_a_nonce_of_its_own)
{
	struct packet first;

	begin(requests[_i].address);
	first = sent;
	ck_assert(addr_equal(&sent.addr, &g.watch.addr));
	ck_assert_uint_eq(sent.at[0], requests[_i].type);
	ck_assert_uint_eq(sent.at[1], 0);
	ck_assert_uint_eq(sum_of(&sent), 0xffff);
	ck_assert_uint_eq(wire_get_u16(sent.at + 6), 1);
	begin(requests[_i].address);
	ck_assert_uint_eq(wire_get_u16(sent.at + 6), 2);
	ck_assert_int_ne(memcmp(first.at + 8, sent.at + 8, 16), 0);
	ck_assert_uint_eq(sum_of(&sent), 0xffff);
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
	sent = first;
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 2);
	ck_assert(g.told.ok && g.told.counted);
	ck_assert_str_eq(g.told.reason, "ok");
	ck_assert_str_eq(g.watch.last, "echo in 0.0 ms");
}
END_TEST

/* What makes a reply none; it is then heard as it should be. */
static const struct {
	size_t at;
	uint8_t flip;
	int longer;
	bool stranger;
} others[] = {
    {0, 8, 0, false},                    /* our own request */
    {0, 3, 0, false},                    /* unreachable */
    {6, 1, 0, false},                    /* another sequence number */
    {7, 1, 0, false},                    /* likewise */
    {8, 1, 0, false},                    /* another nonce */
    {23, 1, 0, false},                   /* likewise, at its end */
    {0, 0, -1, false},                   /* it ends in the nonce */
    {0, 0, -24, false}, {0, 0, 0, true}, /* from another address */
};

START_TEST(what_is_not_the_reply_is_not_heard)
{
	struct packet *p;

	begin("192.0.2.1");
	p = reply();
	p->at[others[_i].at] ^= others[_i].flip;
	p->len = (size_t)((int)p->len + others[_i].longer);
	if (others[_i].stranger)
		p->addr.bytes[3] ^= 1;
	deliver();
	ck_assert_uint_eq(g.ntold, 0);
	p = reply();
	p->at[4] ^= 0xff; /* the identifier is the kernel's */
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
	ck_assert(g.told.ok);
	reply(); /* once more */
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
}
END_TEST

/* A raw socket of IPv4 has the header before it, of whatever length. */
START_TEST(a_raw_packet_is_read_behind_its_header)
{
	static const struct {
		const char *address;
		uint8_t version_and_length;
		size_t head, cut;
		bool heard;
	} rows[] = {
	    {"192.0.2.1", 0x45, 20, 0, true},
	    {"192.0.2.1", 0x46, 24, 0, true},
	    {"192.0.2.1", 0x4f, 60, 0, true},
	    {"192.0.2.1", 0x45, 20, 1, false},
	    {"192.0.2.1", 0x45, 20, 30, false},
	    {"192.0.2.1", 0x45, 20, 44, false},
	    {"2001:db8::1", 0, 0, 0, true},
	    {"2001:db8::1", 0, 0, 1, false},
	};

	is_raw = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct packet *p, *last;
		struct probe *under_way = begin(rows[i].address);
		unsigned before = g.ntold;

		p = reply();
		last = &queue[QUEUE - 1];
		*last = *p;
		memset(p->at, 0, sizeof(p->at));
		p->at[0] = rows[i].version_and_length;
		memcpy(p->at + rows[i].head, last->at, REQUEST);
		p->at[0] |= rows[i].version_and_length;
		if (rows[i].head == 0)
			p->at[0] = last->at[0];
		p->len = rows[i].head + REQUEST - rows[i].cut;
		deliver();
		ck_assert_uint_eq(g.ntold, before + rows[i].heard);
		if (!rows[i].heard)
			probe_cancel(under_way);
	}
}
END_TEST

/* Many at once: the rest is heard in the next round. */
START_TEST(a_reply_behind_many_others_is_heard)
{
	begin("192.0.2.1");
	for (int i = 0; i < 300; i++)
		reply()->at[8] ^= 1;
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
}
END_TEST

static const struct {
	int error;
	const char *reason, *said;
	bool counted;
} errors[] = {
    {EAGAIN, "ok", "not sent: Resource temporarily unavailable", false},
    {ENOBUFS, "ok", "not sent: No buffer space available", false},
    {EHOSTUNREACH, "unreachable", "unreachable: no route to the host", true},
    {EPERM, "error", "Operation not permitted", true},
};

START_TEST(what_cannot_be_sent_is_the_targets_or_ours)
{
	send_error = errors[_i].error;
	begin("192.0.2.1");
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, errors[_i].said);
	ck_assert_str_eq(g.told.reason, errors[_i].reason);
	ck_assert_int_eq(g.told.ok, !errors[_i].counted);
	ck_assert_int_eq(g.told.counted, errors[_i].counted);
	/* Its sequence number is free: a reply is nobody's. */
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
}
END_TEST

START_TEST(a_family_that_is_not_allowed_says_nothing_of_the_target)
{
	int keep = sockets[1];

	sockets[1] = -1;
	ck_assert(addr_parse("2001:db8::1", &g.watch.addr));
	probing_once(&g);
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last,
	    "not allowed: it needs CAP_NET_RAW or net.ipv4.ping_group_range");
	ck_assert(g.told.ok && !g.told.counted);
	ck_assert_uint_eq(nsent, 0);
	begin("192.0.2.1");
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 2);
	ck_assert(g.told.counted);
	sockets[1] = keep;
}
END_TEST

START_TEST(after_a_timeout_a_reply_is_nobodys)
{
	const struct timeval now = {0};
	struct probe *p = begin("192.0.2.1");

	evtimer_add(p->deadline, &now);
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, "timeout 5000 ms");
	reply();
	deliver();
	ck_assert_uint_eq(g.ntold, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe_icmp");
	TCase *tc = tcase_create("icmp");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_request_is_an_echo_with_a_nonce_of_its_own, 0,
	    sizeof(requests) / sizeof(requests[0]));
	tcase_add_loop_test(tc, what_is_not_the_reply_is_not_heard, 0,
	    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tc, a_raw_packet_is_read_behind_its_header);
	tcase_add_test(tc, a_reply_behind_many_others_is_heard);
	tcase_add_loop_test(tc, what_cannot_be_sent_is_the_targets_or_ours, 0,
	    sizeof(errors) / sizeof(errors[0]));
	tcase_add_test(
	    tc, a_family_that_is_not_allowed_says_nothing_of_the_target);
	tcase_add_test(tc, after_a_timeout_a_reply_is_nobodys);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
