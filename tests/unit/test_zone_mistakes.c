/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of the lines of master files, word for word, with its place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone_sample.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct zone_sample sample;
static struct zone_records records;

static void
setup(void)
{
	zone_sample_open(&sample);
	memset(&records, 0, sizeof(records));
	zone_sample_file(&sample, "good", "x 5 A 192.0.2.9\n");
	zone_sample_file(&sample, "bad", "\n  x 5 A y\n");
}

static void
teardown(void)
{
	vec_free(&records.all);
	zone_sample_close(&sample);
}

/* As "file:line:column: level: message", and the number of records. */
static const char *
said(const char *text)
{
	static char all[4096];
	size_t skip = strlen(sample.folder) + 1, n = 0;

	zone_sample_zone(&sample, "example.com.", text);
	zone_load(sample.arena, sample.arena, &sample.zone[0], &records,
	    &sample.diag);
	for (size_t i = 0; i < sample.diag.entries.n; i++) {
		const struct diag_entry *e = &sample.diag.entries.at[i];

		n += (size_t)snprintf(all + n, sizeof(all) - n,
		    "%s:%u:%u: %s: %s\n", e->mark.file + skip, e->mark.line,
		    e->mark.column,
		    e->level == DIAG_ERROR ? "error" : "warning", e->message);
		ck_assert_uint_lt(n, sizeof(all));
	}
	snprintf(all + n, sizeof(all) - n, "%zu", records.all.n);
	return all;
}

struct row {
	const char *text, *said;
};

static const struct row rows[] = {
    {"$ORIGIN",
	"example.com.:1:8: error: $ORIGIN: a name is expected, without quotes\n0"},
    {"$ORIGIN a..b",
	"example.com.:1:9: error: $ORIGIN: not a name: an empty label\n0"},
    {"$ORIGIN a b",
	"example.com.:1:11: error: $ORIGIN: extra data after the last argument: \"b\"\n0"},
    {"$ORIGIN \"a\"",
	"example.com.:1:9: error: $ORIGIN: a name is expected, without quotes\n0"},
    {"$ORIGIN a\"b\"",
	"example.com.:1:9: error: $ORIGIN: a name is expected, without quotes\n0"},
    {"$ORIGIN )", "example.com.:1:9: error: ')' without '('\n0"},
    {"$origin a\\256",
	"example.com.:1:9: error: $ORIGIN: not a name: a bad escape: \\DDD is a number up to 255\n0"},
    {"$TTL",
	"example.com.:1:5: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$TTL x",
	"example.com.:1:6: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$TTL 2147483648",
	"example.com.:1:6: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$TTL 2147483647\na A 192.0.2.1", "1"},
    {"$TTL 5 5",
	"example.com.:1:8: error: $TTL: extra data after the last argument: \"5\"\n0"},
    {"$TTL \"5\"",
	"example.com.:1:6: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$TTL 5\"5\"",
	"example.com.:1:6: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$TTL )", "example.com.:1:6: error: ')' without '('\n0"},
    {"$TTL 3550w5d3h14m7s\na A 192.0.2.1", "1"},
    {"$TTL 3550w5d3h14m8s",
	"example.com.:1:6: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"$INCLUDE",
	"example.com.:1:9: error: $INCLUDE: the file name is missing\n0"},
    {"$INCLUDE \"\"",
	"example.com.:1:10: error: $INCLUDE: the file name is missing\n0"},
    {"$INCLUDE /nonexistent/zone",
	"example.com.:1:1: error: $INCLUDE: /nonexistent/zone: No such file or directory\n0"},
    {"$INCLUDE good", "1"},
    {"$INCLUDE good sub", "1"},
    {"$INCLUDE \"good\" \"sub\"",
	"example.com.:1:17: error: $INCLUDE: a name is expected, without quotes\n0"},
    {"$INCLUDE good a..b",
	"example.com.:1:15: error: $INCLUDE: not a name: an empty label\n0"},
    {"$INCLUDE good a b",
	"example.com.:1:17: error: $INCLUDE: extra data after the last argument: \"b\"\n0"},
    {"$INCLUDE good )", "example.com.:1:15: error: ')' without '('\n0"},
    {"$INCLUDE )", "example.com.:1:10: error: ')' without '('\n0"},
    {"$INCLUDE bad", "bad:2:3: error: no owner, here or before\n0"},
    {"$INCLUDE example.com.",
	"example.com.:1:10: error: $INCLUDE: the file includes itself\n0"},
    {"$INCLUDE \\256",
	"example.com.:1:10: error: $INCLUDE: a bad escape: \\DDD is a number up to 255\n0"},
    {"$NONE x",
	"example.com.:1:1: error: unknown directive: known are $ORIGIN, $TTL, $INCLUDE and $GENERATE\n0"},
    {"  $TTL 5", "example.com.:1:3: error: no owner, here or before\n0"},
    {"\"$TTL\" 5",
	"example.com.:1:1: error: quotes around a name: write it without\n0"},
    {"$TTLX 5",
	"example.com.:1:1: error: unknown directive: known are $ORIGIN, $TTL, $INCLUDE and $GENERATE\n0"},
    {"$TT 5",
	"example.com.:1:1: error: unknown directive: known are $ORIGIN, $TTL, $INCLUDE and $GENERATE\n0"},
    {"@ 5 A 192.0.2.1", "1"},
    {"@5 5 A 192.0.2.1", "1"},
    {"\"a\" 5 A 192.0.2.1",
	"example.com.:1:1: error: quotes around a name: write it without\n0"},
    {"a\"b\" 5 A 192.0.2.1",
	"example.com.:1:1: error: quotes around a name: write it without\n0"},
    {"a..b 5 A 192.0.2.1",
	"example.com.:1:1: error: not a name: an empty label\n0"},
    {"a\\256 5 A 192.0.2.1",
	"example.com.:1:1: error: not a name: a bad escape: \\DDD is a number up to 255\n0"},
    {" 5 A 192.0.2.1", "example.com.:1:2: error: no owner, here or before\n0"},
    {"a..b 5 A 192.0.2.1\n 5 A 192.0.2.1",
	"example.com.:1:1: error: not a name: an empty label\nexample.com.:2:2: error: no owner, here or before\n0"},
    {"a 5 A 192.0.2.1\na..b 5 A 192.0.2.1\n 5 A 192.0.2.1",
	"example.com.:2:1: error: not a name: an empty label\nexample.com.:3:2: error: no owner, here or before\n1"},
    {"b.org. 5 A 192.0.2.1",
	"example.com.:1:1: warning: out of the zone, ignored\n0"},
    {"b.org. 5 A 192.0.2.1\n 5 A 192.0.2.2",
	"example.com.:1:1: warning: out of the zone, ignored\nexample.com.:2:1: warning: out of the zone, ignored\n0"},
    {"$ORIGIN org.\na 5 A 192.0.2.1\n$ORIGIN example.com.\na 5 A 192.0.2.1",
	"example.com.:2:1: warning: out of the zone, ignored\n1"},
    {"$ORIGIN org.\n@ 5 A 192.0.2.1\nexample.com. 5 A 192.0.2.1",
	"example.com.:2:1: warning: out of the zone, ignored\n1"},
    {"$ORIGIN com.\nexample 5 A 192.0.2.1\nother 5 A 192.0.2.1",
	"example.com.:3:1: warning: out of the zone, ignored\n1"},
    {"badexample.com. 5 A 192.0.2.1",
	"example.com.:1:1: warning: out of the zone, ignored\n0"},
    {"a", "example.com.:1:2: error: the type is missing\n0"},
    {"a 5", "example.com.:1:4: error: the type is missing\n0"},
    {"a IN", "example.com.:1:5: error: the type is missing\n0"},
    {"a 5 IN", "example.com.:1:7: error: the type is missing\n0"},
    {"a 5 5 A 192.0.2.1",
	"example.com.:1:5: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a IN IN A 192.0.2.1",
	"example.com.:1:6: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a IN 5 IN A 192.0.2.1",
	"example.com.:1:8: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a 5 in A 192.0.2.1", "1"},
    {"a in 5 A 192.0.2.1", "1"},
    {"a 5 CH A 192.0.2.1", "example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 HS A 192.0.2.1", "example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 CS A 192.0.2.1", "example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 ANY A 192.0.2.1",
	"example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 NONE A 192.0.2.1",
	"example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 CLASS1 A 192.0.2.1", "1"},
    {"a 5 CLASS2 A 192.0.2.1",
	"example.com.:1:5: error: a class other than IN\n0"},
    {"a 5 CLASS A 192.0.2.1",
	"example.com.:1:5: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a 5 CLASSX A 192.0.2.1",
	"example.com.:1:5: error: a class other than IN\n0"},
    {"a 2147483647 A 192.0.2.1", "1"},
    {"a 2147483648 A 192.0.2.1",
	"example.com.:1:3: error: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"a 5x A 192.0.2.1",
	"example.com.:1:3: error: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n0"},
    {"a \"5\" A 192.0.2.1",
	"example.com.:1:3: error: quotes before the type: write owner, TTL, class and type without quotes\n0"},
    {"a 5 \"A\" 192.0.2.1",
	"example.com.:1:5: error: quotes before the type: write owner, TTL, class and type without quotes\n0"},
    {"a 5 A\"x\" 192.0.2.1",
	"example.com.:1:5: error: quotes before the type: write owner, TTL, class and type without quotes\n0"},
    {"a 5\"x\" A 192.0.2.1",
	"example.com.:1:3: error: quotes before the type: write owner, TTL, class and type without quotes\n0"},
    {"a 5 )", "example.com.:1:5: error: ')' without '('\n0"},
    {"a 5 XX 192.0.2.1",
	"example.com.:1:5: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a 5 TYPE0 \\# 0",
	"example.com.:1:5: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a 5 TYPE65535 \\# 0", "1"},
    {"a 5 TYPE65536 \\# 0",
	"example.com.:1:5: error: an unknown type: any type can be written as TYPE and its number (RFC 3597)\n0"},
    {"a 5 TYPE41 \\# 0",
	"example.com.:1:5: error: a type that a zone cannot contain\n0"},
    {"a 5 OPT \\# 0",
	"example.com.:1:5: error: a type that a zone cannot contain\n0"},
    {"a 5 TYPE127 \\# 0", "1"},
    {"a 5 TYPE128 \\# 0",
	"example.com.:1:5: error: a type that a zone cannot contain\n0"},
    {"a 5 TYPE255 \\# 0",
	"example.com.:1:5: error: a type that a zone cannot contain\n0"},
    {"a 5 TYPE256 \\# 5 0001000161", "1"},
    {"a 5 A", "example.com.:1:6: error: A: address: missing\n0"},
    {"a 5 A x",
	"example.com.:1:7: error: A: address: \"x\" is not an IPv4 address, as 192.0.2.1\n0"},
    {"a 5 A 192.0.2.1 x",
	"example.com.:1:17: error: A: extra data after the last field: \"x\"\n0"},
    {"a 5 MX (\n 10\n b c )",
	"example.com.:3:4: error: MX: extra data after the last field: \"c\"\n0"},
    {"a 5 TXT \"x\nb 5 A x",
	"example.com.:1:9: error: a quote that is not closed on its line\nexample.com.:2:7: error: A: address: \"x\" is not an IPv4 address, as 192.0.2.1\n0"},
    {"a 5 DS 1 8 9 ab", "1"},
    {"@ 5 DS 1 8 9 ab",
	"example.com.:1:1: error: a DS record of the apex belongs to the parent zone (RFC 4035 2.4)\n0"},
    {"EXAMPLE.com. 5 DS 1 8 9 ab",
	"example.com.:1:1: error: a DS record of the apex belongs to the parent zone (RFC 4035 2.4)\n0"},
    {"*.a 5 A 192.0.2.1", "1"},
    {"a.* 5 A 192.0.2.1",
	"example.com.:1:1: warning: an asterisk inside a name is not a wildcard\n1"},
    {"a.*.b 5 A 192.0.2.1",
	"example.com.:1:1: warning: an asterisk inside a name is not a wildcard\n1"},
    {"a.* 5 A 192.0.2.1\na.* 5 A 192.0.2.2",
	"example.com.:1:1: warning: an asterisk inside a name is not a wildcard\n2"},
    {"*.* 5 A 192.0.2.1",
	"example.com.:1:1: warning: an asterisk inside a name is not a wildcard\n1"},
    {"a.*b 5 A 192.0.2.1", "1"},
    {"a A 192.0.2.1",
	"example.com.:1:1: error: no TTL, here or before ($TTL)\n0"},
    {"a A 192.0.2.1\nb A 192.0.2.2",
	"example.com.:1:1: error: no TTL, here or before ($TTL)\n1"},
    {"a A 192.0.2.1\nb 5 A 192.0.2.2\nc A 192.0.2.3",
	"example.com.:1:1: error: no TTL, here or before ($TTL)\n2"},
    {"@ SOA a b 1 2 3 4 5",
	"example.com.:1:1: warning: no TTL: the SOA's minimum is used\n1"},
    {"@ SOA a b 1 2 3 4 5\n@ SOA a b 1 2 3 4 6",
	"example.com.:1:1: warning: no TTL: the SOA's minimum is used\n2"},
    {"@ SOA a b 1 2 3 4 2147483647",
	"example.com.:1:1: warning: no TTL: the SOA's minimum is used\n1"},
    {"@ SOA a b 1 2 3 4 2147483648",
	"example.com.:1:1: error: no TTL, and the SOA's minimum is not a valid one (RFC 2181 8)\n0"},
    {"@ 5 SOA a b 1 2 3 4 2147483648", "1"},
    {"\303\251 5 A 192.0.2.1",
	"example.com.:1:1: warning: octets beyond ASCII are taken literally: write the internationalized name as xn--9ca\n1"},
    {"a 5 NS \303\251",
	"example.com.:1:8: warning: octets beyond ASCII are taken literally: write the internationalized name as xn--9ca\n1"},
    {"a 5 MX 1 \303\251.\303\251",
	"example.com.:1:10: warning: octets beyond ASCII are taken literally: write the internationalized name as xn--9ca.xn--9ca\n1"},
    {"$ORIGIN \303\251", "0"},
    {"a 5 TXT \303\251", "1"},
    {"a 5 TYPE65280 \\# 1 ab cd",
	"example.com.:1:20: error: TYPE65280: \\# 1 does not match the number of octets that follow, 2\n0"},
    {"(a 5 A 192.0.2.1", "example.com.:1:1: error: '(' without ')'\n0"},
    {"a 5 A (192.0.2.1", "example.com.:1:7: error: '(' without ')'\n0"},
    {"a 5 A 192.0.2.1)", "example.com.:1:16: error: ')' without '('\n0"},
    {"a\t5\tA\t192.0.2.1\r\nb",
	"example.com.:2:2: error: the type is missing\n1"},
    {"$GENERATE",
	"example.com.:1:10: error: $GENERATE: not start-stop[/step], of numbers up to 2147483647\n0"},
    {"$GENERATE 1-2",
	"example.com.:1:14: error: $GENERATE: a name, a type and data are missing\n0"},
    {"$GENERATE 1-2 a$", "example.com.:1:1: error: the type is missing: a1\n0"},
    {"$GENERATE 1-2 a$ 5",
	"example.com.:1:1: error: the type is missing: a1 5\n0"},
    {"$GENERATE 1-2 a$ 5 A",
	"example.com.:1:1: error: A: address: missing: a1 5 A\n0"},
    {"$GENERATE 1-2 a$ 5 A x$",
	"example.com.:1:1: error: A: address: \"x1\" is not an IPv4 address, as 192.0.2.1: a1 5 A x1\n0"},
    {"$GENERATE 1-2 a$ 5 A 192.0.2.$", "2"},
    {"$GENERATE 0-0 a$ 5 A 192.0.2.$", "1"},
    {"$GENERATE 2-1 a$ 5 A 192.0.2.$",
	"example.com.:1:11: error: $GENERATE: not a range of 1 to 1048576 records\n0"},
    {"$GENERATE 1-2/0 a$ 5 A 192.0.2.$",
	"example.com.:1:11: error: $GENERATE: not a range of 1 to 1048576 records\n0"},
    {"$GENERATE 1-1048576 a 5 A x",
	"example.com.:1:1: error: A: address: \"x\" is not an IPv4 address, as 192.0.2.1: a 5 A x\n0"},
    {"$GENERATE 1-1048577 a 5 A x",
	"example.com.:1:11: error: $GENERATE: not a range of 1 to 1048576 records\n0"},
    {"$GENERATE 0-2097151/2 a 5 A x",
	"example.com.:1:1: error: A: address: \"x\" is not an IPv4 address, as 192.0.2.1: a 5 A x\n0"},
    {"$GENERATE 0-2097152/2 a 5 A x",
	"example.com.:1:11: error: $GENERATE: not a range of 1 to 1048576 records\n0"},
    {"$GENERATE 0-1 a${0,101} 5 A 192.0.2.1",
	"example.com.:1:11: error: $GENERATE: not an offset, width and base (d, o, x, X, n, N): ${0,101} 5 A 192.0.2.1\n0"},
    {"$GENERATE 0-1 a${0,-1} 5 A 192.0.2.1", "example.com.:1:11: error: $GENERATE: not an offset, width and base (d, o, x, X, n, N): ${0,-1} 5 A 192.0.2.1\n0"},
    {"$GENERATE 0-1 a${-1} 5 A 192.0.2.1",
	"example.com.:1:11: error: $GENERATE: a negative number\n0"},
    {"$GENERATE 1-1 a${-1} 5 A 192.0.2.1", "1"},
    {"$GENERATE 0-1 a${0,1,z} 5 A 192.0.2.1",
	"example.com.:1:11: error: $GENERATE: not an offset, width and base (d, o, x, X, n, N): ${0,1,z} 5 A 192.0.2.1\n0"},
    {"$GENERATE 0-1 a${} 5 A 192.0.2.1",
	"example.com.:1:11: error: $GENERATE: not an offset, width and base (d, o, x, X, n, N): ${} 5 A 192.0.2.1\n0"},
    {"$GENERATE 0-1 a${0,1,dd} 5 A 192.0.2.1",
	"example.com.:1:11: error: $GENERATE: not an offset, width and base (d, o, x, X, n, N): ${0,1,dd} 5 A 192.0.2.1\n0"},
    {"$GENERATE 1-2 \"a\" 5 A 192.0.2.1",
	"example.com.:1:1: error: quotes around a name: write it without: \"a\" 5 A 192.0.2.1\n0"},
    {"$GENERATE 1-2 a\"b\" 5 A 192.0.2.1",
	"example.com.:1:1: error: quotes around a name: write it without: a\"b\" 5 A 192.0.2.1\n0"},
    {"$GENERATE 1-2 ) 5 A 192.0.2.1",
	"example.com.:1:15: error: ')' without '('\n0"},
    {"$GENERATE 1-2 b.org. 5 A 192.0.2.1",
	"example.com.:1:1: warning: out of the zone, ignored: b.org. 5 A 192.0.2.1\n0"},
    {"a 5 A 192.0.2.1\n$GENERATE 1-1 b.org. 5 A 192.0.2.1\n 5 A 192.0.2.2",
	"example.com.:2:1: warning: out of the zone, ignored: b.org. 5 A 192.0.2.1\n2"},
    {"$GENERATE 1-1 b 5 A 192.0.2.1\n 5 A 192.0.2.2",
	"example.com.:2:2: error: no owner, here or before\n1"},
    {"a 5 A 192.0.2.1\n$GENERATE 1-1 b..c 5 A 192.0.2.1\n 5 A 192.0.2.2",
	"example.com.:2:1: error: not a name: an empty label: b..c 5 A 192.0.2.1\n2"},
};

START_TEST(what_is_said_of_a_line)
{
	ck_assert_str_eq(said(rows[_i].text), rows[_i].said);
}
END_TEST

START_TEST(a_record_that_is_too_long_harms_none_after_it)
{
	ck_assert_str_eq(said(arena_printf(sample.arena,
			     "a 5 SVCB 1 . key9=%065535d key10=%065535d\n"
			     "b 5 TXT x\nc 5 A 192.0.2.1\n",
			     0, 0)),
	    "example.com.:1:14: error: SVCB: parameter: longer than 65535 octets\n2");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone/mistakes");
	TCase *tc = tcase_create("zone/mistakes");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, what_is_said_of_a_line, 0, ROWS(rows));
	tcase_add_test(tc, a_record_that_is_too_long_harms_none_after_it);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
