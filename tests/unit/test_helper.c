/* SPDX-License-Identifier: BSD-3-Clause */
/* The helper that runs commands: each reply whole, in the order that it comes;
 * and what probes of type exec make of them. */
#include "probe/helper.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/keeper.h"
#include "probing.h"

static struct probing g;
static struct keeper_state told;
static unsigned ntold;

static void
tell(const struct keeper_state *s, void *arg)
{
	(void)arg;
	told = *s;
	ntold++;
}

static void
setup(void)
{
	struct error err;

	probing_open(&g, CONF_MONITOR_EXEC);
	ck_assert_msg(helper_start(NULL, &err), "%s", err.text);
	ntold = 0;
}

static void
teardown(void)
{
	keeper_end();
	helper_stop();
	probing_close(&g);
}

/* The helper by itself --------------------------------------------------- */

struct request {
	char at[4096];
	size_t len;
};

static void
add(struct request *r, const char *text)
{
	memcpy(r->at + r->len, text, strlen(text) + 1);
	r->len += strlen(text) + 1;
}

/* Of sh -c script, with that environment (NULL: none). */
static void
request(struct request *r, uint64_t id, uint32_t timeout_ms, const char *script,
    const char *env)
{
	const struct helper_request head = {.id = id,
	    .timeout_ms = timeout_ms,
	    .nargs = 3,
	    .nenv = env != NULL};

	memcpy(r->at, &head, sizeof(head));
	r->len = sizeof(head);
	add(r, "/bin/sh");
	add(r, "-c");
	add(r, script);
	if (env != NULL)
		add(r, env);
}

static void
ask(const struct request *r)
{
	ck_assert_int_eq(send(helper_socket(), r->at, r->len, MSG_NOSIGNAL),
	    (ssize_t)r->len);
}

static void
hear(struct helper_reply *r)
{
	struct pollfd p = {helper_socket(), POLLIN, 0};

	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_eq(
	    recv(helper_socket(), r, sizeof(*r), 0), (ssize_t)sizeof(*r));
}

static void
expect(uint64_t id, enum helper_end end, int value, const char *text)
{
	struct helper_reply r;
	static const char zeros[HELPER_TEXT_MAX];
	size_t len = strlen(text);

	hear(&r);
	ck_assert_uint_eq(r.id, id);
	ck_assert_uint_eq(r.end, end);
	ck_assert_int_eq(r.value, value);
	ck_assert_mem_eq(r.text, text, len);
	ck_assert_mem_eq(r.text + len, zeros, sizeof(r.text) - len);
}

#define LINE_126 \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"01234567890123456789012345678901234567890123456789012345"

static const struct {
	const char *script, *env;
	enum helper_end end;
	int value;
	const char *text;
} scripts[] = {
    {"exit 0", NULL, HELPER_EXITED, 0, ""},
    {"exit 1", NULL, HELPER_EXITED, 1, ""},
    {"exit 255", NULL, HELPER_EXITED, 255, ""},
    {"echo one; echo two; exit 3", NULL, HELPER_EXITED, 3, "one"},
    {"echo; echo two", NULL, HELPER_EXITED, 0, ""},
    {"printf one; printf two", NULL, HELPER_EXITED, 0, "onetwo"},
    {"echo bad >&2; exit 2", NULL, HELPER_EXITED, 2, "bad"},
    {"printf 'a\\tb\\033\\177\\176 \\037\\300'", NULL, HELPER_EXITED, 0,
	"a?b??~ ??"},
    {"echo $A-$B", "A=b c", HELPER_EXITED, 0, "b c-"},
    {"read x; echo \"<$x>\"", NULL, HELPER_EXITED, 0, "<>"},
    {"echo " LINE_126, NULL, HELPER_EXITED, 0, LINE_126},
    {"echo " LINE_126 "6", NULL, HELPER_EXITED, 0, LINE_126 "6"},
    {"echo " LINE_126 "67", NULL, HELPER_EXITED, 0, LINE_126 "6"},
    {"kill -TERM $$", NULL, HELPER_KILLED, SIGTERM, ""},
    {"echo oh; kill -KILL $$", NULL, HELPER_KILLED, SIGKILL, "oh"},
    {"kill -INT $$", NULL, HELPER_KILLED, SIGINT, ""},
    {"kill -HUP $$", NULL, HELPER_KILLED, SIGHUP, ""},
    {"kill -PIPE $$", NULL, HELPER_KILLED, SIGPIPE, ""},
    /* 64 KiB are not too much, an octet more is. */
    {"head -c 65536 /dev/zero", NULL, HELPER_EXITED, 0, NULL},
    {"head -c 65537 /dev/zero; exec sleep 1000", NULL, HELPER_OUTPUT, 0, NULL},
    {"echo a; head -c 65535 /dev/zero; exec sleep 1000", NULL, HELPER_OUTPUT, 0,
	"a"},
    /* Not too long: what it leaves behind ends with it. */
    {"sleep 1000 & echo left", NULL, HELPER_EXITED, 0, "left"},
    {"ulimit -c", NULL, HELPER_EXITED, 0, "0"},
    {"read pid name state parent group more </proc/$$/stat; "
     "test $group = $$",
	NULL, HELPER_EXITED, 0, ""},
};

START_TEST(a_reply_says_that_a_command_began_and_how_it_ended)
{
	char marks[HELPER_TEXT_MAX];
	struct request r;

	memset(marks, '?', HELPER_TEXT_MAX - 1);
	marks[HELPER_TEXT_MAX - 1] = '\0';
	request(&r, UINT64_MAX - (uint64_t)_i, 600000, scripts[_i].script,
	    scripts[_i].env);
	ask(&r);
	expect(UINT64_MAX - (uint64_t)_i, HELPER_BEGUN, 0, "");
	expect(UINT64_MAX - (uint64_t)_i, scripts[_i].end, scripts[_i].value,
	    scripts[_i].text != NULL ? scripts[_i].text : marks);
}
END_TEST

START_TEST(a_command_whose_time_is_over_is_killed_with_its_children)
{
	struct request r;

	request(&r, 7, 20, "echo begun; sleep 1000 & sleep 1000; wait", NULL);
	ask(&r);
	expect(7, HELPER_BEGUN, 0, "");
	{
		struct helper_reply said;

		hear(&said);
		ck_assert_uint_eq(said.id, 7);
		ck_assert_uint_eq(said.end, HELPER_TIMEOUT);
	}
	request(&r, 8, 600000, "exit 4", NULL);
	ask(&r);
	expect(8, HELPER_BEGUN, 0, "");
	expect(8, HELPER_EXITED, 4, "");
}
END_TEST

START_TEST(what_is_not_a_program_exits_with_127)
{
	struct request r;

	request(&r, 9, 600000, "", NULL);
	memcpy(r.at + sizeof(struct helper_request), "/bin/no", 8);
	ask(&r);
	expect(9, HELPER_BEGUN, 0, "");
	expect(9, HELPER_EXITED, 127, "/bin/no: No such file or directory");
}
END_TEST

/* It is as if they had not come: the next one is replied to. */
START_TEST(what_is_not_a_request_has_no_reply)
{
	static const struct {
		uint16_t nargs, nenv;
		int longer;
	} rows[] = {{3, 0, -1}, {3, 0, 1}, {4, 0, 0}, {2, 0, 0}, {3, 1, 0},
	    {0, 3, 0}, {128, 0, 0}, {3, 128, 0}};
	struct helper_request head;
	struct request r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		request(&r, 1, 600000, "exit 0", NULL);
		memcpy(&head, r.at, sizeof(head));
		head.nargs = rows[i].nargs;
		head.nenv = rows[i].nenv;
		memcpy(r.at, &head, sizeof(head));
		r.len = (size_t)((int)r.len + rows[i].longer);
		ask(&r);
	}
	r.len = sizeof(head) - 1;
	ask(&r);
	request(&r, 2, 600000, "exit 5", NULL);
	ask(&r);
	expect(2, HELPER_BEGUN, 0, "");
	expect(2, HELPER_EXITED, 5, "");
}
END_TEST

/* As many arguments and variables as there may be. */
START_TEST(up_to_127_arguments_and_variables_are_taken)
{
	struct helper_request head;
	struct request r;
	char text[16];

	request(&r, 1, 600000, "echo $#-$V126", NULL);
	memcpy(&head, r.at, sizeof(head));
	for (head.nargs = 3; head.nargs < 127; head.nargs++)
		add(&r, "x");
	for (; head.nenv < 127; head.nenv++) {
		snprintf(text, sizeof(text), "V%u=%u", head.nenv, head.nenv);
		add(&r, text);
	}
	memcpy(r.at, &head, sizeof(head));
	ask(&r);
	expect(1, HELPER_BEGUN, 0, "");
	expect(1, HELPER_EXITED, 0, "123-126");
}
END_TEST

START_TEST(more_commands_than_it_may_run_are_refused)
{
	struct helper_reply said;
	struct request r;

	for (uint64_t i = 0; i <= HELPER_JOBS_MAX; i++) {
		request(&r, i, 600000, "exec sleep 1000", NULL);
		ask(&r);
		if (i < HELPER_JOBS_MAX)
			expect(i, HELPER_BEGUN, 0, "");
	}
	expect(HELPER_JOBS_MAX, HELPER_FAILED, EAGAIN, "");
	/* One that ends makes a place. */
	helper_stop();
	ck_assert(helper_start(NULL, &(struct error){""}));
	request(&r, 1, 600000, "exit 0", NULL);
	ask(&r);
	hear(&said);
	ck_assert_uint_eq(said.end, HELPER_BEGUN);
}
END_TEST

START_TEST(a_helper_that_is_gone_says_why)
{
	char why[64];

	ck_assert_int_gt(helper_process(), 0);
	kill((pid_t)helper_process(), SIGTERM); /* the daemon's to follow */
	kill((pid_t)helper_process(), SIGKILL);
	helper_bury(why, sizeof(why));
	ck_assert_str_eq(why, "killed by signal 9 (Killed)");
	ck_assert_int_eq(helper_socket(), -1);
	ck_assert_int_eq(helper_process(), 0);
	helper_stop();
}
END_TEST

/* Probes ----------------------------------------------------------------- */

static const char *command[] = {"/bin/sh", "-c", NULL};

static void
run(const char *script)
{
	command[2] = script;
	g.monitor.command = command;
	g.monitor.ncommand = 3;
	probing_once(&g);
	probing_wait(&g);
}

static const struct {
	const char *script, *reason, *said;
} probes[] = {
    {"exit 0", "ok", "exit 0 in # ms"},
    {"echo fine", "ok", "exit 0 in # ms: fine"},
    {"exit 1", "exit", "exit 1"},
    {"echo bad; exit 1", "exit", "exit 1: bad"},
    {"kill -KILL $$", "signal", "ended by signal 9 (Killed)"},
    {"head -c 65537 /dev/zero", "output", "more than 65536 octets of output"},
    {"echo $PATH", "ok", "exit 0 in # ms: /usr/bin:/bin:/usr/sbin:/sbin"},
    {"echo $MERIDIAN_MONITOR $MERIDIAN_ADDRESS $MERIDIAN_TIMEOUT_MS "
     "$MERIDIAN_PORT",
	"ok", "exit 0 in # ms: m 127.0.0.1 5000 8080"},
    {"env | grep -vc '^MERIDIAN_\\|^PATH=\\|^PWD=\\|^_=\\|^SHLVL='", "exit",
	"exit 1: 0"},
};

START_TEST(a_probe_is_judged_by_how_its_command_ended)
{
	keeper_begin(g.base, tell, NULL);
	g.monitor.port = 8080;
	run(probes[_i].script);
	ck_assert_str_eq(probing_said(&g), probes[_i].said);
	ck_assert_str_eq(g.told.reason, probes[_i].reason);
	ck_assert_int_eq(g.told.ok, strcmp(probes[_i].reason, "ok") == 0);
	ck_assert(g.told.counted);
}
END_TEST

START_TEST(a_command_without_a_port_is_not_told_one)
{
	keeper_begin(g.base, tell, NULL);
	run("echo ${MERIDIAN_PORT-none}");
	ck_assert_str_eq(probing_said(&g), "exit 0 in # ms: none");
}
END_TEST

START_TEST(a_command_that_is_too_long_is_not_run)
{
	static char much[HELPER_REQUEST_MAX];

	keeper_begin(g.base, tell, NULL);
	memset(much, ' ', sizeof(much) - 1);
	run(much);
	ck_assert_str_eq(g.watch.last, "not run: the command is too long");
	ck_assert(g.told.ok && !g.told.counted);
	run("exit 0");
	ck_assert(g.told.ok && g.told.counted);
}
END_TEST

START_TEST(without_a_helper_nothing_is_known)
{
	char why[64];

	keeper_begin(g.base, tell, NULL);
	ck_assert(keeper_state()->up);
	run("exit 0");
	command[2] = "exec sleep 1000";
	probing_once(&g);
	while (g.watch.last_at == 0) /* it is asked for */
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	kill((pid_t)helper_process(), SIGKILL);
	probing_wait(&g);
	snprintf(why, sizeof(why), "killed by signal 9 (Killed)");
	ck_assert_str_eq(told.why, why);
	ck_assert(!told.up);
	ck_assert_uint_eq(ntold, 1);
	ck_assert_uint_eq(keeper_due_s(&told), 1);
	ck_assert_str_eq(g.watch.last,
	    "not run: the exec helper is not running (killed by signal 9 "
	    "(Killed)): it is being restarted");
	ck_assert(g.told.ok && !g.told.counted);
	run("exit 0");
	ck_assert(g.told.ok && !g.told.counted);
}
END_TEST

/* Restarts --------------------------------------------------------------- */

enum { T0 = 1000000, WALL = 1700000000 };

static void
end_helper(void)
{
	unsigned before = ntold;

	kill((pid_t)helper_process(), SIGKILL);
	while (ntold == before)
		event_base_loop(g.base, EVLOOP_ONCE);
	ck_assert(!told.up);
	ck_assert_int_eq(keeper_state()->up, told.up);
}

static void
await_helper(void)
{
	while (!told.up)
		event_base_loop(g.base, EVLOOP_ONCE);
}

/* Twice the time each time; one that stayed up for 64 s begins anew. */
START_TEST(a_helper_is_restarted_later_each_time)
{
	static const struct {
		uint64_t up_ms, delay_ms, due_s;
	} rows[] = {{64000, 250, 1}, {63999, 500, 1}};

	clock_fake(T0, WALL);
	keeper_begin(g.base, tell, NULL);
	for (size_t i = 0;; i++) {
		clock_fake(clock_mono_ms() + rows[i].up_ms, WALL);
		end_helper();
		ck_assert_str_eq(told.why, "killed by signal 9 (Killed)");
		ck_assert_uint_eq(
		    told.due_ms, clock_mono_ms() + rows[i].delay_ms);
		ck_assert_uint_eq(keeper_due_s(&told), rows[i].due_s);
		if (i + 1 == sizeof(rows) / sizeof(*rows))
			break;
		await_helper();
		ck_assert_uint_eq(told.restarts, i + 1);
		ck_assert_uint_eq(keeper_due_s(&told), 0);
		run("exit 0");
		ck_assert(g.told.ok && g.told.counted);
	}
}
END_TEST

START_TEST(seconds_until_a_start_are_rounded_up)
{
	static const struct {
		uint64_t left_ms, s;
	} rows[] = {{0, 0}, {1, 1}, {1000, 1}, {1001, 2}, {64000, 64}};

	clock_fake(T0, WALL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct keeper_state s = {.due_ms = T0 + rows[i].left_ms};

		ck_assert_uint_eq(keeper_due_s(&s), rows[i].s);
		s.up = true;
		ck_assert_uint_eq(keeper_due_s(&s), 0);
	}
	ck_assert_uint_eq(
	    keeper_due_s(&(struct keeper_state){.due_ms = T0 - 1}), 0);
}
END_TEST

/* It hangs: it is killed once it has been silent for 10 s. */
START_TEST(a_helper_that_is_silent_for_10_s_is_killed)
{
	clock_fake(T0, WALL);
	keeper_begin(g.base, tell, NULL);
	keeper_unanswered();
	clock_fake(T0 + 9999, WALL);
	keeper_unanswered();
	run("exit 0"); /* it is heard: counted anew */
	ck_assert(g.told.ok && g.told.counted);
	keeper_unanswered();
	clock_fake(T0 + 9999 + 9999, WALL);
	keeper_unanswered();
	run("exit 0");
	ck_assert(g.told.ok && g.told.counted);
	kill((pid_t)helper_process(), SIGSTOP);
	keeper_unanswered();
	clock_fake(T0 + 9999 + 9999 + 10000, WALL);
	keeper_unanswered();
	keeper_unanswered();
	while (ntold == 0)
		event_base_loop(g.base, EVLOOP_ONCE);
	ck_assert_str_eq(told.why, "it did not answer, and was killed");
	ck_assert(!told.up);
}
END_TEST

static void
limit_set(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* What the daemon has open and needs is not for commands: its limit is that
 * from before, of a helper that was started again, too. */
START_TEST(commands_have_the_limit_and_no_descriptor_of_the_daemon)
{
	static const char script[] =
	    "test $(ulimit -n) = 321 && test ! -e /proc/$$/fd/3 &&"
	    " test ! -e /proc/$$/fd/50";
	struct request r;
	struct error err;
	char octet = 'x';

	helper_stop();
	limit_set(321);
	ck_assert_msg(helper_start(NULL, &err), "%s", err.text);
	limit_set(400);
	helper_stop();
	ck_assert_int_eq(dup2(STDERR_FILENO, 50), 50);
	ck_assert_msg(helper_restart(&err), "%s", err.text);
	ck_assert_int_eq(
	    fcntl(helper_socket(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ck_assert_int_eq(
	    poll(&(struct pollfd){helper_socket(), POLLIN, 0}, 1, -1), 1);
	ck_assert_int_eq(recv(helper_socket(), &octet, 1, 0), 1);
	ck_assert_int_eq(octet, '\0');
	request(&r, 1, 60000, script, NULL);
	ask(&r);
	expect(1, HELPER_BEGUN, 0, "");
	expect(1, HELPER_EXITED, 0, "");
	close(50);
}
END_TEST

static const struct {
	const char *args[3];
	int type; /* of the socket that it is given */
} starts[] = {
    {{"meridiand", "64"}, SOCK_SEQPACKET},
    {{"meridian-helper"}, SOCK_SEQPACKET},
    {{"meridian-helper", "64", "64"}, SOCK_SEQPACKET},
    {{"meridian-helper", "64"}, SOCK_STREAM},
    {{"meridian-helper", "64"}, 0},
};

START_TEST(nobody_starts_a_helper_by_mistake)
{
	int ends[2], argc = 0;

	while (argc < 3 && starts[_i].args[argc] != NULL)
		argc++;
	close(3);
	if (starts[_i].type != 0) {
		ck_assert_int_eq(
		    socketpair(AF_UNIX, starts[_i].type, 0, ends), 0);
		dup2(ends[0], 3);
	}
	helper_run_spawned(argc, (char **)(uintptr_t)starts[_i].args);
	ck_assert_int_eq(fcntl(3, F_GETFD), starts[_i].type != 0 ? 0 : -1);
}
END_TEST

/* The tests' own program is started again as the helper. */
int
main(int argc, char **argv)
{
	Suite *s = suite_create("helper");
	TCase *tc = tcase_create("helper");
	SRunner *r = srunner_create(s);
	int failed;

	helper_run_spawned(argc, argv);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    a_reply_says_that_a_command_began_and_how_it_ended, 0,
	    sizeof(scripts) / sizeof(scripts[0]));
	tcase_add_test(
	    tc, a_command_whose_time_is_over_is_killed_with_its_children);
	tcase_add_test(tc, what_is_not_a_program_exits_with_127);
	tcase_add_test(tc, what_is_not_a_request_has_no_reply);
	tcase_add_test(tc, up_to_127_arguments_and_variables_are_taken);
	tcase_add_test(tc, more_commands_than_it_may_run_are_refused);
	tcase_add_test(tc, a_helper_that_is_gone_says_why);
	tcase_add_loop_test(tc, a_probe_is_judged_by_how_its_command_ended, 0,
	    sizeof(probes) / sizeof(probes[0]));
	tcase_add_test(tc, a_command_without_a_port_is_not_told_one);
	tcase_add_test(tc, a_command_that_is_too_long_is_not_run);
	tcase_add_test(tc, without_a_helper_nothing_is_known);
	tcase_add_test(tc, a_helper_is_restarted_later_each_time);
	tcase_add_test(tc, seconds_until_a_start_are_rounded_up);
	tcase_add_test(
	    tc, commands_have_the_limit_and_no_descriptor_of_the_daemon);
	tcase_add_test(tc, a_helper_that_is_silent_for_10_s_is_killed);
	suite_add_tcase(s, tc);
	tc = tcase_create("start");
	tcase_add_loop_test(tc, nobody_starts_a_helper_by_mistake, 0,
	    sizeof(starts) / sizeof(starts[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
