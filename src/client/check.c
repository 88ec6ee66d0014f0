/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "client/show.h"
#include "client/table.h"
#include "report/check.h"
#include "report/text.h"

static bool
is_ok(const json_t *o)
{
	return json_is_true(json_object_get(o, "ok"));
}

/* A test of steps that are not in force. */
static bool
is_skipped(const json_t *test)
{
	return json_is_true(json_object_get(test, "skipped"));
}

/* JUnit ------------------------------------------------------------------ */

/* XML has no words for these octets (XML 1.0 2.2): control characters, and the
 * UTF-8 of U+FFFE and U+FFFF. */
static bool
is_forbidden(const unsigned char *s)
{
	if (*s < 0x20)
		return *s != '\t' && *s != '\n';
	return s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe;
}

/* s is UTF-8, as JSON is. */
static void
xml_text(struct text *t, const char *s)
{
	static const char *const entities[] = {
	    ['"'] = "&quot;", ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;"};

	for (const unsigned char *c = (const unsigned char *)s; *c; c++) {
		if (is_forbidden(c)) {
			text_add(t, "?");
			c += *c < 0x20 ? 0 : 2;
		} else if (*c <= '>' && entities[*c] != NULL) {
			text_add(t, "%s", entities[*c]);
		} else {
			text_add(t, "%c", *c);
		}
	}
}

static void
xml_attribute(struct text *t, const char *name, const char *value)
{
	text_add(t, " %s=\"", name);
	xml_text(t, value);
	text_add(t, "\"");
}

static void
xml_failure(struct text *t, const char *message, const char *text)
{
	text_add(t, ">\n      <failure");
	xml_attribute(t, "message", message);
	text_add(t, ">");
	xml_text(t, text);
	text_add(t, "</failure>\n    </testcase>\n");
}

static void
xml_test(struct text *t, const json_t *test)
{
	const char *file = text_of(test, "file");
	long long line = int_of(test, "line");
	struct text name = {0};

	text_add(&name, "%s %s from %s (%s:%lld)", text_of(test, "name"),
	    text_of(test, "type"), text_of(test, "from"), file, line);
	text_add(t, "    <testcase classname=\"tests\"");
	xml_attribute(t, "name", name.at);
	xml_attribute(t, "file", file);
	text_add(t, " line=\"%lld\" time=\"0\"", line);
	if (is_skipped(test))
		text_add(t, "><skipped/></testcase>\n");
	else if (is_ok(test))
		text_add(t, "/>\n");
	else
		xml_failure(
		    t, text_of(test, "message"), text_of(test, "explanation"));
	text_fini(&name);
}

static size_t
count(const json_t *tests, bool (*is)(const json_t *test))
{
	const json_t *test;
	size_t i, n = 0;

	json_array_foreach(tests, i, test)
	{
		n += is(test);
	}
	return n;
}

static bool
is_failed(const json_t *test)
{
	return !is_ok(test);
}

/* The configuration itself is a test as well: it fails by the errors that are
 * none of tests'. */
void
check_junit(const json_t *report, struct text *t)
{
	const json_t *tests = json_object_get(report, "tests"), *test;
	size_t failed = count(tests, is_failed), i;
	bool wrong = (size_t)int_of(report, "errors") > failed;

	text_add(t,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	    "  <testsuite name=\"meridian\" tests=\"%zu\" failures=\"%zu\" "
	    "errors=\"0\" skipped=\"%zu\" time=\"0\">\n"
	    "    <testcase classname=\"configuration\"",
	    json_array_size(tests) + 1, failed + wrong,
	    count(tests, is_skipped));
	xml_attribute(t, "name", text_of(report, "file"));
	text_add(t, " time=\"0\"");
	if (wrong)
		xml_failure(
		    t, "the configuration is wrong", text_of(report, "text"));
	else
		text_add(t, "/>\n");
	json_array_foreach(tests, i, test)
	{
		xml_test(t, test);
	}
	text_add(t, "  </testsuite>\n</testsuites>\n");
}

static int
junit_write(const char *path, const json_t *report)
{
	struct text t = {0};
	struct error err;
	bool ok;

	check_junit(report, &t);
	ok = file_replace(path, t.at, t.len, &err);
	text_fini(&t);
	return ok ? EXIT_DONE : fail(EXIT_WRONG, "%s", err.text);
}

/* The verb --------------------------------------------------------------- */

/* The report is there. */
static int
finish(const struct arguments *a, const json_t *report)
{
	int code = is_ok(report) ? EXIT_DONE : EXIT_WRONG;

	if (a->junit != NULL && junit_write(a->junit, report) != EXIT_DONE)
		code = EXIT_WRONG;
	return code;
}

static int
check_offline(const struct arguments *a)
{
	struct stage_want want = {.owner = "argument", .reason = ""};
	struct arena *arena = arena_new();
	json_t *report;
	int code;

	if (a->nwords > 0 && !stage_split(arena, a->words[0], &want)) {
		arena_free(arena);
		return fail(EXIT_USAGE, "%s: not STAGE/STEP", a->words[0]);
	}
	report = check_report(a->config, a->nwords > 0 ? &want : NULL);
	if (a->given & OPT_JSON)
		json_show(report);
	else
		check_show(report);
	code = finish(a, report);
	json_decref(report);
	arena_free(arena);
	return code;
}

int
check_run(const struct arguments *a)
{
	struct reply r;
	int code;

	if (a->config != NULL)
		return check_offline(a);
	if (a->nwords > 0)
		return fail(EXIT_USAGE,
		    "check %s: a STAGE/STEP needs -c FILE; to check the daemon's own file, give neither",
		    a->words[0]);
	code = request(a, "/v1/check", json_object(), &r);
	if (reply_shows(a, &r))
		check_show(r.json);
	if (code == EXIT_DONE)
		code = finish(a, r.json);
	reply_fini(&r);
	return code;
}
