/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of keys against itself and against the manual page. */
#include "conf/schema.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "conf/load.h"
#include "conf/value.h"

static char *manual;

static void
setup(void)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	struct error err;
	size_t len;

	snprintf(path, sizeof(path), "%s/man/meridian.yaml.5",
	    folder ? folder : ".");
	ck_assert_msg(
	    file_read(path, 1 << 20, &manual, &len, &err), "%s", err.text);
}

static void
teardown(void)
{
	free(manual);
}

/* What the manual says between a line and the next of these beginnings. */
static char *
part(const char *from, const char *line, const char *const *ends)
{
	const char *start, *next, *end = NULL;

	start = strstr(from, line);
	if (!start)
		return NULL;
	start += strlen(line);
	for (; *ends; ends++) {
		next = strstr(start, *ends);
		if (next && (!end || next < end))
			end = next;
	}
	return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

static char *
section(enum schema_map map)
{
	static const char *const ends[] = {"\n.Ss ", "\n.Sh ", NULL};
	char line[128];

	snprintf(line, sizeof(line), "\n.Ss %s\n", schema_title(map));
	return part(manual, line, ends);
}

static char *
item(const char *text, const char *key)
{
	static const char *const ends[] = {"\n.It ", "\n.El", NULL};
	char line[128];

	snprintf(line, sizeof(line), "\n.It Cm %s Ar ", key);
	return part(text, line, ends);
}

static const struct schema_key *
key_at(size_t i)
{
	size_t n;
	const struct schema_key *keys = schema_keys(&n);

	return i < n ? &keys[i] : NULL;
}

static void
check_item(const struct schema_key *k, char *text)
{
	const char *unit = k->kind == value_percent ? "%" : "";
	char range[64];

	if (k->fallback && *k->fallback != '/')
		ck_assert_msg(strstr(text, k->fallback) != NULL,
		    "the manual lacks the default of %s.%s: %s",
		    schema_title(k->map), k->name, k->fallback);
	if (k->required)
		ck_assert_msg(strstr(text, "Needed") != NULL,
		    "the manual lacks that %s.%s is needed",
		    schema_title(k->map), k->name);
	if ((k->kind != value_number && k->kind != value_percent) ||
	    k->min == k->max)
		return;
	snprintf(range, sizeof(range), "%lld%s to %lld%s", (long long)k->min,
	    unit, (long long)k->max, unit);
	for (char *p = strchr(text, '\n'); p; p = strchr(p, '\n'))
		*p = ' ';
	ck_assert_msg(strstr(text, range) != NULL,
	    "the manual lacks the range of %s.%s: %s", schema_title(k->map),
	    k->name, range);
}

START_TEST(the_manual_has_every_key_with_its_default_and_range)
{
	const struct schema_key *k;
	char *text, *own;
	size_t i;

	for (i = 0; (k = key_at(i)); i++) {
		text = section(k->map);
		ck_assert_msg(text != NULL, "the manual lacks the section %s",
		    schema_title(k->map));
		own = item(text, k->name);
		ck_assert_msg(own != NULL, "the manual lacks %s.%s",
		    schema_title(k->map), k->name);
		check_item(k, own);
		free(own);
		free(text);
	}
	ck_assert_uint_gt(i, 50);
}
END_TEST

START_TEST(the_manual_has_no_other_key)
{
	size_t keys, items = 0;
	const char *p;

	schema_keys(&keys);
	for (p = manual; (p = strstr(p, "\n.It Cm ")); p++)
		items++;
	ck_assert_uint_eq(items, keys);
}
END_TEST

START_TEST(a_key_stands_once_in_its_map)
{
	const struct schema_key *a, *b;
	size_t i, j;

	for (i = 0; (a = key_at(i)); i++)
		for (j = i + 1; (b = key_at(j)); j++)
			ck_assert_msg(
			    a->map != b->map || strcmp(a->name, b->name) != 0,
			    "%s.%s", schema_title(a->map), a->name);
}
END_TEST

START_TEST(keys_of_a_map_stand_together)
{
	const struct schema_key *k, *last;
	size_t i;

	for (i = 1; (k = key_at(i)); i++) {
		last = key_at(i - 1);
		ck_assert_int_ge(k->map, last->map);
		ck_assert_int_le(k->map, last->map + 1);
	}
	ck_assert_int_eq(key_at(i - 1)->map, SCHEMA_MAPS - 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("schema");
	TCase *t = tcase_create("schema");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_manual_has_every_key_with_its_default_and_range);
	tcase_add_test(t, the_manual_has_no_other_key);
	tcase_add_test(t, a_key_stands_once_in_its_map);
	tcase_add_test(t, keys_of_a_map_stand_together);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
