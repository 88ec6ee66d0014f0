/* SPDX-License-Identifier: BSD-3-Clause */
/* What several monitors say together: u up, ? unknown, s degraded, d down; a
 * capital letter does not decide. */
#include "steer/watch.h"

#include <check.h>
#include <ctype.h>
#include <string.h>

enum { WATCHES_MAX = 8 };

static const struct conf_monitor deciding = {.fall = 3,
    .rise = 2,
    .interval_ms = 1000};
static const struct conf_monitor observed = {.fall = 3,
    .rise = 2,
    .interval_ms = 1000,
    .observe = 1};

static const struct row {
	unsigned require; /* 0: all */
	const char *v4, *v6;
	char together;
} rows[] = {
    {0, "", "", 'u'},
    {0, "u", "", 'u'},
    {0, "uud", "", 'd'},
    {0, "uu?", "", '?'},
    {0, "u?s", "", 's'},
    {1, "ddu", "", 'u'},
    {1, "dds", "", 's'},
    {1, "ddd", "", 'd'},
    {2, "ddu", "", 'd'},
    {2, "duu", "", 'u'},
    {2, "dsu", "", 's'},
    {2, "u?s", "", '?'},
    /* Each address needs its own. */
    {1, "ud", "dd", 'd'},
    {1, "ud", "du", 'u'},
    {0, "u", "d", 'd'},
    /* What does not decide is not there. */
    {0, "uD", "", 'u'},
    {1, "dU", "", 'd'},
    {0, "D", "D", 'u'},
    {2, "uDD", "", 'u'},
    {2, "dUU", "", 'd'},
};

static enum health_state
state_of(char c)
{
	return c == 'u' ? HEALTH_UP
	    : c == '?'  ? HEALTH_UNKNOWN
	    : c == 's'  ? HEALTH_DEGRADED
			: HEALTH_DOWN;
}

/* Half of those that do not decide are observed, half are idle. */
static size_t
make(struct watch *w, struct watch **at, size_t n, const char *states,
    uint8_t family)
{
	for (; *states != '\0'; states++, n++) {
		bool decides = !isupper((unsigned char)*states);

		w[n] = (struct watch){.addr = {.family = family},
		    .monitor = decides || n % 2 == 0 ? &deciding : &observed,
		    .idle = !decides && n % 2 == 0,
		    .health = {.state = state_of(
				   (char)tolower((unsigned char)*states))}};
		at[n] = &w[n];
	}
	return n;
}

START_TEST(so_many_must_pass_at_each_address)
{
	const struct row *r = &rows[_i];
	struct watch w[WATCHES_MAX], *at[WATCHES_MAX];
	size_t n = make(w, at, 0, r->v4, 4);

	n = make(w, at, n, r->v6, 6);
	ck_assert_uint_eq(
	    require_health(r->require, at, n), state_of(r->together));
}
END_TEST

START_TEST(what_never_decides_never_changes_an_answer)
{
	struct watch w = {.monitor = &observed};

	ck_assert_uint_eq(watch_change_ms(&w), UINT32_MAX);
	w.monitor = &deciding;
	ck_assert_uint_eq(watch_change_ms(&w), 0);
	w.idle = true;
	ck_assert_uint_eq(watch_change_ms(&w), 3000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("steer/require");
	TCase *t = tcase_create("steer/require");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(t, so_many_must_pass_at_each_address, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, what_never_decides_never_changes_an_answer);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
