/* SPDX-License-Identifier: BSD-3-Clause */
#include "expected.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

void
expected_without(char *text, const char *folder)
{
	size_t n = strlen(folder);

	while ((text = strstr(text, folder)) != NULL)
		memmove(text, text + n + 1, strlen(text + n + 1) + 1);
}

json_t *
expected_rounded(json_t *o)
{
	const char *key;
	json_t *value;
	char digits[32];
	size_t i;

	if (json_is_real(o)) {
		snprintf(digits, sizeof(digits), "%.4g", json_real_value(o));
		json_real_set(o, strtod(digits, NULL));
	}
	json_object_foreach(o, key, value)
	{
		expected_rounded(value);
	}
	json_array_foreach(o, i, value)
	{
		expected_rounded(value);
	}
	return o;
}

/* The place of the first difference, with the line on each side. */
static void
compare(const char *name, const char *got, const char *expected)
{
	size_t line = 1;

	while (*got != '\0' && *expected != '\0') {
		size_t n = strcspn(got, "\n"), m = strcspn(expected, "\n");

		ck_assert_msg(n == m && memcmp(got, expected, n) == 0,
		    "%s:%zu:\nsaid:     %.*s\nexpected: %.*s\n"
		    "(MERIDIAN_STORY=FOLDER writes the files anew)",
		    name, line, (int)n, got, (int)m, expected);
		got += n + (got[n] == '\n');
		expected += m + (expected[m] == '\n');
		line++;
	}
	ck_assert_msg(*got == *expected, "%s:%zu: ends", name, line);
}

void
expected_file(const char *text, const char *name)
{
	const char *to = getenv("MERIDIAN_STORY"), *srcdir = getenv("srcdir");
	char path[4096], *expected;
	struct error err;
	size_t len;

	if (to != NULL) {
		snprintf(path, sizeof(path), "%s/%s", to, name);
		ck_assert(file_replace(path, text, strlen(text), &err));
		return;
	}
	snprintf(path, sizeof(path), "%s/tests/unit/%s",
	    srcdir != NULL ? srcdir : "..", name);
	ck_assert_msg(
	    file_read(path, 1 << 24, &expected, &len, &err), "%s", err.text);
	compare(name, text, expected);
	free(expected);
}
