/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes of type external: signals, and files of words. */
#include "probe/external.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/signal.h"
#include "probing.h"

enum { NOW = 1700000000, FRESH = 60 };

static struct probing g;
static struct signals signals;
static char path[] = "/tmp/meridian-external-XXXXXX";

static void
setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	probing_open(&g, CONF_MONITOR_EXTERNAL);
	clock_fake(1000000, NOW);
	prober_set_signals(g.prober, &signals);
	g.monitor.file = path;
	g.monitor.fresh_ms = FRESH * 1000;
}

static void
teardown(void)
{
	probing_close(&g);
	signals_fini(&signals);
	unlink(path);
	strcpy(path + strlen(path) - 6, "XXXXXX");
}

static void
put(const char *text, size_t len, int64_t age_s)
{
	const struct timespec times[2] = {
	    {.tv_sec = NOW - age_s}, {.tv_sec = NOW - age_s}};
	FILE *f = fopen(path, "w");

	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
expect(bool ok, const char *reason, const char *said)
{
	ck_assert_str_eq(g.watch.last, said);
	ck_assert_int_eq(g.told.ok, ok);
	ck_assert_str_eq(g.told.reason, reason);
}

#define BROKEN "the file has a line that is not [ADDRESS] up|down"
#define SILENT "the file does not say"
#define CONTROL \
	"the file has a control character, or carriage returns alone as line ends"
#define MARK "the file has a byte order mark (U+FEFF) within it: delete it"

/* said: "up", "down" are by the file. */
static const struct {
	const char *text, *said;
} files[] = {
    {"up", "up"},
    {"up\n", "up"},
    {"down\n", "down"},
    {"up\ndown\n", "down"},
    {"down\nup\n", "up"},
    {" \tup \t\n", "up"},
    {"up\r\n", "up"},
    {"up # all is well\n", "up"},
    {"# up\ndown\n", "down"},
    {"\n\n  \t\n#\nup\n", "up"},
    {"127.0.0.1 down\n", "down"},
    {"127.0.0.1 down\nup\n", "down"},
    {"127.0.0.1 up\ndown\n", "up"},
    {"127.0.0.1 up\n127.0.0.1\tdown\n", "down"},
    {"127.0.0.1 down\n127.0.0.1 up\n", "up"},
    {"127.0.0.2 down\nup\n", "up"},
    {"127.0.0.2 down\n", SILENT},
    {"::1 down\n", SILENT},
    {"", SILENT},
    {"# nothing\n", SILENT},
    {"Up\n", BROKEN},
    {"ups\n", BROKEN},
    {"up down\n", BROKEN},
    {"up\nup?\n", BROKEN},
    {"127.0.0.1\n", BROKEN},
    {"127.0.0.1 127.0.0.1 up\n", BROKEN},
    {"127.0.0.1 up now\n", BROKEN},
    {"127.0.0 up\n", BROKEN},
    {"up 127.0.0.1\n", BROKEN},
    {"up\rdown\n", CONTROL},
    {"up\x01\n", CONTROL},
    {"\xef\xbb\xbfup\n", "up"},
    {"up\n\xef\xbb\xbf"
     "down\n",
	MARK},
};

START_TEST(the_file_says_of_an_address_before_it_says_of_all)
{
	const char *said = files[_i].said;
	bool up = strcmp(said, "up") == 0, down = strcmp(said, "down") == 0;
	char want[128];

	g.monitor.on_stale = CONF_STALE_DOWN;
	put(files[_i].text, strlen(files[_i].text), 0);
	snprintf(
	    want, sizeof(want), "%s%s", said, up || down ? " by the file" : "");
	probing_once(&g);
	probing_wait(&g);
	expect(up, up ? "ok" : down ? "signal" : "stale", want);
	ck_assert(g.told.counted);
}
END_TEST

START_TEST(a_file_is_believed_as_long_as_it_is_fresh)
{
	static const struct {
		int64_t age_s;
		bool fresh;
	} ages[] = {{0, true}, {FRESH, true}, {FRESH + 1, false},
	    {-FRESH, true}, {-FRESH - 1, false}};

	g.monitor.on_stale = CONF_STALE_DOWN;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		put("up", 2, ages[i].age_s);
		probing_once(&g);
		probing_wait(&g);
		if (ages[i].fresh)
			expect(true, "ok", "up by the file");
		else
			expect(false, "stale", "the file is not fresh");
	}
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_not_fresh)
{
	static char much[EXTERNAL_FILE_MAX + 1];

	g.monitor.on_stale = CONF_STALE_DOWN;
	memset(much, '\n', sizeof(much));
	memcpy(much, "up", 2);
	put(much, EXTERNAL_FILE_MAX, 0);
	probing_once(&g);
	probing_wait(&g);
	expect(true, "ok", "up by the file");
	put(much, sizeof(much), 0);
	probing_once(&g);
	probing_wait(&g);
	ck_assert(!g.told.ok);
	ck_assert_str_eq(g.told.reason, "stale");
	unlink(path);
	probing_once(&g);
	probing_wait(&g);
	expect(false, "stale", "there is no file");
	g.monitor.file = "/dev/null/x";
	probing_once(&g);
	probing_wait(&g);
	expect(false, "stale", "Not a directory");
	g.monitor.file = NULL;
	probing_once(&g);
	probing_wait(&g);
	expect(false, "stale", "no signal holds");
}
END_TEST

/* idle before and after, and what the verdict says. */
static const struct {
	enum conf_stale on_stale;
	bool was_idle, is_idle, ok, counted;
	const char *reason, *said;
} stales[] = {
    {CONF_STALE_KEEP, false, false, true, false, "ok",
	"no signal holds: kept as it was"},
    {CONF_STALE_KEEP, true, true, true, false, "ok",
	"no signal holds: kept as it was"},
    {CONF_STALE_IGNORE, false, true, true, false, "ok",
	"no signal holds: ignored"},
    {CONF_STALE_IGNORE, true, true, true, false, "ok",
	"no signal holds: ignored"},
    {CONF_STALE_DOWN, false, false, false, true, "stale", "no signal holds"},
    {CONF_STALE_DOWN, true, false, false, true, "stale", "no signal holds"},
};

START_TEST(with_nothing_fresh_it_is_kept_ignored_or_down)
{
	g.monitor.file = NULL;
	g.monitor.on_stale = stales[_i].on_stale;
	g.watch.idle = stales[_i].was_idle;
	prober_add(g.prober, &g.watch);
	probing_wait(&g);
	expect(stales[_i].ok, stales[_i].reason, stales[_i].said);
	ck_assert_int_eq(g.told.counted, stales[_i].counted);
	ck_assert_int_eq(g.watch.idle, stales[_i].is_idle);
	ck_assert_int_eq(
	    g.told.idle_changed, stales[_i].was_idle != stales[_i].is_idle);
	ck_assert_uint_eq(g.watch.health.failures, stales[_i].counted);
}
END_TEST

static void
signal_put(bool up, const char *owner)
{
	signal_free(signals_put(
	    &signals, signal_new("m", &g.watch.addr, up, owner, 90)));
}

START_TEST(a_signal_overrides_the_file)
{
	char owner[71], want[128];

	put("down", 4, 0);
	signal_put(true, "ana");
	probing_once(&g);
	probing_wait(&g);
	expect(true, "ok", "up by ana until 2023-11-14T22:14:50Z");
	put("up", 2, 0);
	memset(owner, 'o', 70);
	owner[70] = '\0';
	signal_put(false, owner);
	probing_once(&g);
	probing_wait(&g);
	snprintf(want, sizeof(want), "down by %.60s until 2023-11-14T22:14:50Z",
	    owner);
	expect(false, "signal", want);
	clock_fake(1000000 + 90000, NOW);
	signals_expire(&signals);
	probing_once(&g);
	probing_wait(&g);
	expect(true, "ok", "up by the file");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe_external");
	TCase *tc = tcase_create("external");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    the_file_says_of_an_address_before_it_says_of_all, 0,
	    sizeof(files) / sizeof(files[0]));
	tcase_add_test(tc, a_file_is_believed_as_long_as_it_is_fresh);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_not_fresh);
	tcase_add_loop_test(tc, with_nothing_fresh_it_is_kept_ignored_or_down,
	    0, sizeof(stales) / sizeof(stales[0]));
	tcase_add_test(tc, a_signal_overrides_the_file);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
