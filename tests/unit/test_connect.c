/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of type tcp, beside a server that does what it does before the probe
 * looks. */
#include "probe/tcp.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;
static struct prober *prober;
static struct conf_monitor monitor;
static struct watch watch;
static struct verdict told;
static bool done;
static int listener;

static void
verdict_heard(struct watch *w, const struct verdict *v, void *arg)
{
	(void)w;
	(void)arg;
	told = *v;
	done = true;
}

static void
setup(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	base = event_base_new();
	prober = prober_new(base, NULL, verdict_heard, NULL);
	memset(&watch, 0, sizeof(watch));
	monitor = (struct conf_monitor){.name = "m",
	    .type = CONF_MONITOR_TCP,
	    .port = ntohs(sin.sin_port),
	    .interval_ms = 5000,
	    .timeout_ms = 5000};
	watch.monitor = &monitor;
	watch.addr = (struct addr){{127, 0, 0, 1}, 4};
	done = false;
}

static void
teardown(void)
{
	prober_free(prober);
	event_base_free(base);
	close(listener);
}

/* Each goes on as the connection is made, and before the probe looks. */
static void
end_close(int fd)
{
	close(fd);
}

static void
end_reset(int fd)
{
	const struct linger now = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void
end_unread(int fd) /* octets behind the end: a reset once they are unread */
{
	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	shutdown(fd, SHUT_WR);
	end_reset(fd);
}

static void (*const ends[])(int fd) = {end_close, end_reset, end_unread};

START_TEST(a_connection_that_was_made_counts_whatever_comes_then)
{
	int fd = -1;

	ck_assert_int_eq(listen(listener, 8), 0);
	prober_once(prober, &watch, verdict_heard, NULL);
	while (fd < 0) {
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		ck_assert(!done);
		fd = accept(listener, NULL, NULL);
	}
	ends[_i](fd);
	while (!done)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_msg(told.ok, "%s", watch.last);
	ck_assert_ptr_nonnull(strstr(watch.last, "connected in"));
}
END_TEST

START_TEST(a_port_that_nobody_listens_to_is_refused)
{
	prober_once(prober, &watch, verdict_heard, NULL);
	while (!done)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(!told.ok);
	ck_assert_str_eq(watch.last, "refused");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("connect");
	TCase *tc = tcase_create("connect");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    a_connection_that_was_made_counts_whatever_comes_then, 0,
	    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tc, a_port_that_nobody_listens_to_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
