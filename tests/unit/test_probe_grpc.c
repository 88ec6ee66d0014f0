/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of type grpc, against a server of HTTP/2 in this test: its frames are
 * written octet by octet (RFC 9113, RFC 7541), without compression. */
#include "config.h"

#if !WITH_GRPC
int
main(void)
{
	return 77; /* skipped */
}
#else

#include "probe/grpc.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/wire.h"
#include "probe/http.h"
#include "probe/serving.h"
#include "probing.h"

/* Frames, RFC 9113 6; flags. */
enum { DATA = 0, HEADERS = 1, SETTINGS = 4 };
enum { END_STREAM = 1, END_HEADERS = 4 };
enum { FRAME_HEAD = 9, PREFACE = 24 };

static struct probing g;
static int listener, fd;
static uint8_t heard[8192], frames[64 << 10], request[1024];
static size_t heard_len, request_len;
static struct wire out;

static void
setup(void)
{
	probing_open(&g, CONF_MONITOR_GRPC);
	listener = probing_listen(&g);
	wire_init(&out, frames, sizeof(frames));
	heard_len = request_len = 0;
	fd = -1;
}

static void
teardown(void)
{
	if (fd >= 0)
		close(fd);
	close(listener);
	probing_close(&g);
}

static void
frame(uint8_t type, uint8_t flags, uint32_t stream, const void *data, size_t n)
{
	wire_put_u8(&out, (uint8_t)(n >> 16));
	wire_put_u16(&out, (uint16_t)n);
	wire_put_u8(&out, type);
	wire_put_u8(&out, flags);
	wire_put_u32(&out, stream);
	wire_put(&out, data, n);
}

/* A literal header that is not indexed, RFC 7541 6.2.2; ":status" has no name
 * there but its index. */
static void
put_header(struct wire *w, const char *name, const char *value)
{
	if (strcmp(name, ":status") == 0) {
		wire_put_u8(w, 8);
	} else {
		wire_put_u8(w, 0);
		wire_put_u8(w, (uint8_t)strlen(name));
		wire_put(w, name, strlen(name));
	}
	wire_put_u8(w, (uint8_t)strlen(value));
	wire_put(w, value, strlen(value));
}

/* Of lines "name: value\n". */
static void
headers(const char *lines, uint8_t flags)
{
	uint8_t block[32 << 10];
	char name[64], value[128];
	struct wire w;
	int used;

	wire_init(&w, block, sizeof(block));
	while (
	    sscanf(lines, "%63[^ ] %127[^\n]\n%n", name, value, &used) == 2) {
		name[strlen(name) - 1] = '\0';
		put_header(&w, name, value);
		lines += used;
	}
	frame(HEADERS, (uint8_t)(flags | END_HEADERS), 1, block, w.len);
}

/* The last frame of the request was heard: its body is kept. */
static bool
is_asked(void)
{
	size_t at = PREFACE;

	while (at + FRAME_HEAD <= heard_len) {
		size_t n =
		    (size_t)heard[at] << 16 | wire_get_u16(heard + at + 1);
		const uint8_t *data = heard + at + FRAME_HEAD;

		at += FRAME_HEAD + n;
		if (at > heard_len)
			return false;
		if (data[-6] != DATA)
			continue;
		memcpy(request + request_len, data, n);
		request_len += n;
		if (data[-5] & END_STREAM)
			return true;
	}
	return false;
}

static void
ask(void)
{
	probing_once(&g);
	fd = probing_accept(&g, listener);
	do {
		ssize_t n;

		request_len = 0;
		probing_wait_for(&g, fd);
		n = recv(fd, heard + heard_len, sizeof(heard) - heard_len, 0);
		ck_assert_int_gt(n, 0);
		heard_len += (size_t)n;
	} while (!is_asked());
	frame(SETTINGS, 0, 0, NULL, 0);
}

static void
say(void)
{
	ck_assert(!out.full);
	ck_assert_int_eq(
	    send(fd, out.at, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
	probing_wait(&g);
}

static void
expect(const char *reason, const char *said)
{
	ck_assert_str_eq(probing_said(&g), said);
	ck_assert_str_eq(g.told.reason, reason);
	ck_assert_int_eq(g.told.ok, strcmp(reason, "ok") == 0);
	ck_assert(g.told.counted);
}

#define GRPC ":status: 200\ncontent-type: application/grpc\n"
#define SERVING "\0\0\0\0\2\10\1"
#define NO_TYPE "the reply is not gRPC: no application/grpc"

static const struct {
	const char *headers, *body;
	size_t len;
	const char *trailers; /* NULL: the headers end it */
	const char *reason, *said;
} replies[] = {
    {GRPC, SERVING, 7, "grpc-status: 0\n", "ok", "SERVING in # ms"},
    {":status: 200\ncontent-type: application/grpc+proto\n", SERVING, 7,
	"grpc-status: 0\n", "ok", "SERVING in # ms"},
    {":status: 200\ncontent-type: Application/gRPC; x\n", SERVING, 7,
	"grpc-status: 0\n", "ok", "SERVING in # ms"},
    {":status: 200\ncontent-type: application/grpc;x\n", SERVING, 7,
	"grpc-status: 0\n", "ok", "SERVING in # ms"},
    {":status: 200\ncontent-type: application/grpcs\n", SERVING, 7,
	"grpc-status: 0\n", "protocol", NO_TYPE},
    {":status: 200\ncontent-type: application/grp\n", SERVING, 7,
	"grpc-status: 0\n", "protocol", NO_TYPE},
    {":status: 200\n", SERVING, 7, "grpc-status: 0\n", "protocol", NO_TYPE},
    {":status: 200\ncontent-types: application/grpc\n", SERVING, 7,
	"grpc-status: 0\n", "protocol", NO_TYPE},
    {GRPC, SERVING, 7, "grpc-statu: 0\n", "protocol",
	"the reply is not gRPC: no grpc-status"},
    {GRPC, SERVING, 7, "grpc-status: \n", "protocol",
	"the reply is not gRPC: no grpc-status"},
    {GRPC, SERVING, 7, "grpc-status: 0x\n", "protocol",
	"the reply is not gRPC: no grpc-status"},
    {GRPC, SERVING, 7, "grpc-status: 10000\n", "protocol",
	"the reply is not gRPC: no grpc-status"},
    {GRPC, SERVING, 7, "grpc-status: 9999\n", "status",
	"grpc-status 9999, no known code"},
    {GRPC, "", 0, "grpc-status: 5\ngrpc-message: no%20such\n", "status",
	"grpc-status 5, NOT_FOUND: no such"},
    {GRPC "grpc-status: 12\n", NULL, 0, NULL, "status",
	"grpc-status 12, UNIMPLEMENTED"},
    {GRPC, "\0\0\0\0\2\10\2", 7, "grpc-status: 0\n", "status", "NOT_SERVING"},
    {GRPC, "\0\0\0\0\2\10", 6, "grpc-status: 0\n", "protocol",
	"the reply is no HealthCheckResponse"},
    {GRPC, "\1\0\0\0\2\10\1", 7, "grpc-status: 0\n", "protocol",
	"the reply is no HealthCheckResponse"},
    {":status: 503\ncontent-type: application/grpc\n", SERVING, 7,
	"grpc-status: 0\n", "status", "status 503, not 200"},
    {":status: 404\n", NULL, 0, NULL, "status", "status 404, not 200"},
};

START_TEST(a_reply_is_judged_by_its_status_and_message)
{
	ask();
	headers(
	    replies[_i].headers, replies[_i].trailers == NULL ? END_STREAM : 0);
	if (replies[_i].trailers != NULL) {
		frame(DATA, 0, 1, replies[_i].body, replies[_i].len);
		headers(replies[_i].trailers, END_STREAM);
	}
	say();
	expect(replies[_i].reason, replies[_i].said);
}
END_TEST

START_TEST(a_request_names_the_service)
{
	static const struct {
		const char *service, *body;
		size_t len;
	} rows[] = {
	    {NULL, "\0\0\0\0\0", 5},
	    {"a.b", "\0\0\0\0\5\12\3a.b", 10},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		heard_len = 0;
		out.len = 0;
		g.monitor.service = rows[i].service;
		ask();
		ck_assert_uint_eq(request_len, rows[i].len);
		ck_assert_mem_eq(request, rows[i].body, request_len);
		headers(GRPC "grpc-status: 0\n", END_STREAM);
		say();
		expect("protocol", "the reply is no HealthCheckResponse");
		close(fd);
	}
	fd = -1;
}
END_TEST

/* A message of that size is read whole, and no larger one. */
START_TEST(a_body_is_bounded)
{
	static uint8_t body[5 + SERVING_MESSAGE_MAX + 1];

	for (size_t longer = 0; longer < 2; longer++) {
		size_t n = SERVING_MESSAGE_MAX + longer;
		struct wire w;

		heard_len = 0;
		out.len = 0;
		wire_init(&w, body, sizeof(body));
		wire_put_u8(&w, 0);
		wire_put_u32(&w, (uint32_t)n);
		wire_put(&w, "\10\1", 2);
		/* An unknown field of octets fills it. */
		wire_put_u8(&w, 0x1a);
		wire_put_u8(&w, (uint8_t)(0x80 | ((n - 5) & 0x7f)));
		wire_put_u8(&w, (uint8_t)((n - 5) >> 7));
		w.len = 5 + n;
		ask();
		headers(GRPC, 0);
		frame(DATA, 0, 1, body, 600);
		frame(DATA, 0, 1, body + 600, w.len - 600);
		headers("grpc-status: 0\n", END_STREAM);
		say();
		if (longer)
			expect(
			    "too_long", "the body has more than 1029 octets");
		else
			expect("ok", "SERVING in # ms");
		close(fd);
	}
	fd = -1;
}
END_TEST

START_TEST(a_connection_that_ends_without_a_reply_is_told)
{
	ask();
	shutdown(fd, SHUT_WR);
	probing_wait(&g);
	ck_assert_str_eq(g.told.reason, "reset");
	ck_assert(!g.told.ok && g.told.counted);
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

START_TEST(a_probe_that_is_given_up_ends)
{
	const struct timeval now = {0};
	struct probe *p = probing_once(&g);

	fd = probing_accept(&g, listener);
	evtimer_add(p->deadline, &now);
	probing_wait(&g);
	expect("timeout", "timeout 5000 ms");
	probe_cancel(probing_once(&g));
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe_grpc");
	TCase *tc = tcase_create("grpc");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_reply_is_judged_by_its_status_and_message, 0,
	    sizeof(replies) / sizeof(replies[0]));
	tcase_add_test(tc, a_request_names_the_service);
	tcase_add_test(tc, a_body_is_bounded);
	tcase_add_test(tc, a_connection_that_ends_without_a_reply_is_told);
	tcase_add_test(tc, nobody_who_listens_refuses);
	tcase_add_test(tc, a_probe_that_is_given_up_ends);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}

#endif
