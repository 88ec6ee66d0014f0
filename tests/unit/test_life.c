/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process is told by its environment: what an earlier image of it left,
 * and a service manager's socket. */
#include <arpa/inet.h>
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/inherit.h"
#include "life/handover.h"
#include "life/notify.h"

/* A handover ------------------------------------------------------------- */

static const struct {
	const char *text; /* after the number of a process */
	bool ours;        /* that number is this process's */
	bool good;
} handovers[] = {
    {" restarts=3 in_a_row=2 at_ms=5000000000 stalled_ms=30001 helper=77 fds=",
	true, true},
    {" restarts=3 in_a_row=2 at_ms=5000000000 stalled_ms=30001 helper=77 fds=",
	false, false},
    {" restarts=3 in_a_row=2 at_ms=5000000000 stalled_ms=30001 helper=77", true,
	false},
    {" restarts=3 in_a_row=2 at_ms=5000000000 stalled_ms=30001 fds=", true,
	false},
    {" restarts=x in_a_row=2 at_ms=1 stalled_ms=1 helper=7 fds=", true, false},
    {"", true, false},
};

START_TEST(a_handover_is_whole_and_this_process_s_own)
{
	const struct handover *h;
	char text[256];

	snprintf(text, sizeof(text), "pid=%ld%s",
	    (long)getpid() + !handovers[_i].ours, handovers[_i].text);
	setenv("MERIDIAN_HANDOVER", text, 1);
	h = handover_begin();
	ck_assert_ptr_null(getenv("MERIDIAN_HANDOVER"));
	ck_assert_int_eq(h != NULL, handovers[_i].good);
	ck_assert(!handover_is_check());
	if (h == NULL)
		return;
	ck_assert_uint_eq(h->restarts, 3);
	ck_assert_uint_eq(h->in_a_row, 2);
	ck_assert_uint_eq(h->at_ms, 5000000000);
	ck_assert_uint_eq(h->stalled_ms, 30001);
	ck_assert_int_eq(h->helper, 77);
}
END_TEST

START_TEST(without_one_the_process_is_new)
{
	unsetenv("MERIDIAN_HANDOVER");
	ck_assert_ptr_null(handover_begin());
}
END_TEST

/* A UDP socket that is bound to loopback, and where. */
static int
bound_socket(struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*sin = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)sin, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)sin, &len), 0);
	return fd;
}

static const struct {
	const char *form; /* of the numbers: a and b are sockets */
	bool has[2];
} lists[] = {
    {"a,b", {true, true}},
    {"b", {false, true}},
    {"a,b,", {true, true}},
    {"a,x,b", {true, false}},
    {"a b", {true, false}},
    {"-1,a", {false, false}},
    {"99999999,a", {false, false}},
    {"", {false, false}},
};

static int
take(const struct sockaddr_in *sin)
{
	return inherit_take(
	    SOCK_DGRAM, (const struct sockaddr *)sin, sizeof(*sin));
}

START_TEST(sockets_are_taken_up_to_the_first_mistake)
{
	struct sockaddr_in at[2];
	int fds[2] = {bound_socket(&at[0]), bound_socket(&at[1])};
	char text[256];
	int len = snprintf(text, sizeof(text),
	    "pid=%ld restarts=1 in_a_row=1 at_ms=1 stalled_ms=1 helper=0 fds=",
	    (long)getpid());

	for (const char *p = lists[_i].form; *p != '\0'; p++)
		len += *p == 'a' || *p == 'b'
		    ? snprintf(text + len, sizeof(text) - (size_t)len, "%d",
			  fds[*p - 'a'])
		    : snprintf(
			  text + len, sizeof(text) - (size_t)len, "%c", *p);
	setenv("MERIDIAN_HANDOVER", text, 1);
	ck_assert_ptr_nonnull(handover_begin());
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(take(&at[i]), lists[_i].has[i] ? fds[i] : -1);
}
END_TEST

START_TEST(a_check_has_the_sockets_too)
{
	struct sockaddr_in at;
	int fd = bound_socket(&at);
	char text[32];

	snprintf(text, sizeof(text), "%d", fd);
	setenv("MERIDIAN_HANDOVER_CHECK", text, 1);
	ck_assert_ptr_null(handover_begin());
	ck_assert(handover_is_check());
	ck_assert_ptr_null(getenv("MERIDIAN_HANDOVER_CHECK"));
	ck_assert_int_eq(take(&at), fd);
}
END_TEST

/* A service manager ------------------------------------------------------ */

static const struct {
	const char *usec;
	int pid; /* 0: none; 1: this process's; 2: another's */
	bool watches;
} watchdogs[] = {
    {NULL, 0, false},
    {"30000000", 0, true},
    {"30000000", 1, true},
    {"30000000", 2, false},
    {"0", 0, false},
    {"x", 1, false},
    {NULL, 1, false},
};

START_TEST(the_watchdog_is_on_for_this_process_alone)
{
	char pid[32];

	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (watchdogs[_i].usec != NULL)
		setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1);
	snprintf(
	    pid, sizeof(pid), "%ld", (long)getpid() + (watchdogs[_i].pid == 2));
	if (watchdogs[_i].pid != 0)
		setenv("WATCHDOG_PID", pid, 1);
	ck_assert_int_eq(notify_watches(), watchdogs[_i].watches);
}
END_TEST

/* A path, and a name without one. */
START_TEST(a_service_manager_is_told_by_a_datagram)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char name[64], got[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t len;

	snprintf(name, sizeof(name), "%smeridian-notify-%ld",
	    _i == 0 ? "@" : "/tmp/", (long)getpid());
	strcpy(sun.sun_path, name);
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	if (_i == 0)
		sun.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("READY=1");
	notify("STOPPING=1");
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
	ck_assert_mem_eq(got, "READY=1", 7);
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 10);
	ck_assert_mem_eq(got, "STOPPING=1", 10);
	setenv("NOTIFY_SOCKET", "", 1);
	notify("WATCHDOG=1");
	unsetenv("NOTIFY_SOCKET");
	notify("WATCHDOG=1");
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	if (_i == 1)
		unlink(name);
	close(fd);
}
END_TEST

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("life");
	TCase *t = tcase_create("life");
	SRunner *r;
	int failed;

	tcase_add_loop_test(
	    t, a_handover_is_whole_and_this_process_s_own, 0, ROWS(handovers));
	tcase_add_test(t, without_one_the_process_is_new);
	tcase_add_loop_test(
	    t, sockets_are_taken_up_to_the_first_mistake, 0, ROWS(lists));
	tcase_add_test(t, a_check_has_the_sockets_too);
	tcase_add_loop_test(
	    t, the_watchdog_is_on_for_this_process_alone, 0, ROWS(watchdogs));
	tcase_add_loop_test(t, a_service_manager_is_told_by_a_datagram, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
