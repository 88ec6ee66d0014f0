/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dns/name.h"
#include "zone_sample.h"

static struct zone_sample sample;
static struct zone_records records;
static char listing[65536];

static void
setup(void)
{
	zone_sample_open(&sample);
	memset(&records, 0, sizeof(records));
}

static void
teardown(void)
{
	vec_free(&records.all);
	zone_sample_close(&sample);
}

/* As "line owner ttl TYPEn hex". */
static const char *
list_records(void)
{
	char *out = listing, name[NAME_TEXT_MAX];

	*out = '\0';
	for (size_t i = 0; i < records.all.n; i++) {
		const struct zone_record *r = &records.all.at[i];

		out += sprintf(out, "%u %s %u %u ", r->line,
		    name_format(name, r->owner), r->ttl, r->type);
		for (unsigned k = 0; k < r->rdata_len; k++)
			out += sprintf(out, "%02x", r->rdata[k]);
		out += sprintf(out, "\n");
	}
	return listing;
}

static bool
load(const char *text)
{
	sample.conf.nzones = 0;
	vec_free(&records.all);
	zone_sample_zone(&sample, "example.com.", text);
	return zone_load(sample.arena, sample.arena, &sample.zone[0], &records,
	    &sample.diag);
}

static void
expect(const char *text, const char *want)
{
	bool ok = load(text);

	ck_assert_msg(ok, "%s", zone_sample_diag(&sample));
	ck_assert_str_eq(list_records(), want);
}

/* What is wrong, and nothing else. */
static void
expect_wrong(const char *text, const char *want)
{
	diag_fini(&sample.diag);
	diag_init(&sample.diag);
	ck_assert(!load(text));
	ck_assert_str_eq(zone_sample_diag(&sample), want);
}

START_TEST(owners_origins_and_defaults_are_filled_in)
{
	expect("$TTL 1h\n"
	       "@ IN A 192.0.2.1\n"
	       " 300 A 192.0.2.2\n"
	       "WWW A 192.0.2.3\n"
	       "\tA 192.0.2.4\n"
	       "$ORIGIN sub\n"
	       "www A 192.0.2.5\n"
	       "$ORIGIN @\n"
	       "full.example.com. A 192.0.2.6\n",
	    "2 example.com. 3600 1 c0000201\n"
	    "3 example.com. 300 1 c0000202\n"
	    "4 www.example.com. 3600 1 c0000203\n"
	    "5 www.example.com. 3600 1 c0000204\n"
	    "7 www.sub.example.com. 3600 1 c0000205\n"
	    "9 full.example.com. 3600 1 c0000206\n");
}
END_TEST

START_TEST(without_any_ttl_the_soa_says_it)
{
	ck_assert(load("@ SOA ns host 7 3600 900 604800 300\n"
		       "a A 192.0.2.1\nb 60 A 192.0.2.2\nc A 192.0.2.3\n"));
	ck_assert_str_eq(zone_sample_diag(&sample),
	    "example.com.:1: warning: no TTL: the SOA's minimum is used\n");
	ck_assert_uint_eq(records.all.at[0].ttl, 300);
	ck_assert_uint_eq(records.all.at[1].ttl, 300);
	ck_assert_uint_eq(records.all.at[2].ttl, 60);
	ck_assert_uint_eq(records.all.at[3].ttl, 300);
	expect_wrong("a A 192.0.2.1\nb A 192.0.2.2\n"
		     "@ SOA ns host 7 3600 900 604800 300\n",
	    "example.com.:1: error: no TTL, here or before ($TTL)\n");
}
END_TEST

START_TEST(without_ttl_directive_the_last_ttl_counts)
{
	expect("a 60 A 192.0.2.1\nb A 192.0.2.2\n$TTL 0\nc A 192.0.2.3\n"
	       "d 9 A 192.0.2.4\ne A 192.0.2.5\n",
	    "1 a.example.com. 60 1 c0000201\n"
	    "2 b.example.com. 60 1 c0000202\n"
	    "4 c.example.com. 0 1 c0000203\n"
	    "5 d.example.com. 9 1 c0000204\n"
	    "6 e.example.com. 0 1 c0000205\n");
}
END_TEST

START_TEST(ttl_and_class_come_in_either_order)
{
	expect("a 1h30m IN A 192.0.2.1\na IN 2d A 192.0.2.2\n"
	       "in in 7 A 192.0.2.3\n5 5 A 192.0.2.4\nb CLASS1 A 192.0.2.5\n",
	    "1 a.example.com. 5400 1 c0000201\n"
	    "2 a.example.com. 172800 1 c0000202\n"
	    "3 in.example.com. 7 1 c0000203\n"
	    "4 5.example.com. 5 1 c0000204\n"
	    "5 b.example.com. 5 1 c0000205\n");
}
END_TEST

START_TEST(parentheses_quotes_and_comments_are_understood)
{
	expect("; a comment (\n"
	       "a 5 TXT ( \"one;(\" ; two )\n"
	       "  two\\;\n"
	       "\n"
	       ")\n"
	       "b 5 A ((192.0.2.1)) ; end",
	    "2 a.example.com. 5 16 056f6e653b280474776f3b\n"
	    "6 b.example.com. 5 1 c0000201\n");
}
END_TEST

/* Of any length, so that the text's memory grows at each place. */
START_TEST(a_parenthesis_before_the_owner_is_no_blank)
{
	expect("(a 5 A 192.0.2.1)\n"
	       "( ; first\n"
	       "  b 5\n"
	       "  A 192.0.2.2 )\n"
	       "\t( 5 A 192.0.2.3 )\n"
	       "()\n",
	    "1 a.example.com. 5 1 c0000201\n"
	    "2 b.example.com. 5 1 c0000202\n"
	    "5 b.example.com. 5 1 c0000203\n");
}
END_TEST

START_TEST(lines_in_parentheses_are_one)
{
	for (int len = 1; len < 200; len++) {
		const char *text = arena_printf(
		    sample.arena, "a 5 TXT ( %0*d\n2\n ) \n", len, 1);

		ck_assert_msg(load(text), "%s", zone_sample_diag(&sample));
		ck_assert_uint_eq(records.all.n, 1);
		ck_assert_uint_eq(
		    records.all.at[0].rdata_len, 1u + (unsigned)len + 2);
	}
}
END_TEST

START_TEST(carriage_returns_and_tabs_are_blanks)
{
	expect("$TTL 5\r\n\r\na\tA\t192.0.2.1\r\n\tTXT\t\"x\ty\"\r\n",
	    "3 a.example.com. 5 1 c0000201\n"
	    "4 a.example.com. 5 16 03780979\n");
}
END_TEST

START_TEST(any_octet_may_be_in_a_label)
{
	expect("a\\.b\\000\\255\\032c 5 A 192.0.2.1\n",
	    "1 a\\.b\\000\\255\\032c.example.com. 5 1 c0000201\n");
	ck_assert_int_eq(records.all.at[0].owner[0], 7);
}
END_TEST

START_TEST(unknown_types_and_octets_are_read)
{
	expect("a 5 TYPE65280 \\# 3 01 0203\nb 5 A \\# 4 c0000201\n"
	       "c 5 TYPE1 192.0.2.2\nd 5 TYPE65281 \\# 0\n",
	    "1 a.example.com. 5 65280 010203\n"
	    "2 b.example.com. 5 1 c0000201\n"
	    "3 c.example.com. 5 1 c0000202\n"
	    "4 d.example.com. 5 65281 \n");
}
END_TEST

START_TEST(octets_that_do_not_fit_their_type_are_wrong)
{
	expect_wrong("a 5 A \\# 5 c000020105\nb 5 NS \\# 0\n"
		     "c 5 MX \\# 2 0001\nd 5 A \\# 0\n"
		     "e 5 SOA \\# 2 0000\n",
	    "example.com.:1: error: A: trailing octets: invalid or truncated\n"
	    "example.com.:2: error: NS: host: invalid or truncated\n"
	    "example.com.:3: error: MX: exchange: invalid or truncated\n"
	    "example.com.:4: error: A: address: invalid or truncated\n"
	    "example.com.:5: error: SOA: serial: invalid or truncated\n");
}
END_TEST

START_TEST(all_errors_come_in_one_run_with_their_lines)
{
	expect_wrong("a 5 A 192.0.2.1\n"
		     "b 5 A 192.0.2.300\n"
		     "c 5 CH TXT x\n"
		     "d 5 (\n"
		     "  AAAA x )\n"
		     "$NONSENSE 5\n"
		     "$TTL x\n"
		     "$ORIGIN a..b\n"
		     "$ORIGIN a b\n"
		     "other.org. 5 A 192.0.2.1\n"
		     "e 99999999999 A 192.0.2.1\n"
		     "e 5x A 192.0.2.1\n"
		     "f 5 OPT \\# 0\n"
		     "g 5 TXT \"open\n"
		     "h )\n"
		     "i 5 A (\n",
	    "example.com.:2: error: A: address: \"192.0.2.300\" is not an IPv4 address, as 192.0.2.1\n"
	    "example.com.:3: error: a class other than IN\n"
	    "example.com.:5: error: AAAA: address: \"x\" is not an IPv6 address, as 2001:db8::1\n"
	    "example.com.:6: error: unknown directive: known are $ORIGIN, $TTL, $INCLUDE and $GENERATE\n"
	    "example.com.:7: error: $TTL: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n"
	    "example.com.:8: error: $ORIGIN: not a name: an empty label\n"
	    "example.com.:9: error: $ORIGIN: extra data after the last argument: \"b\"\n"
	    "example.com.:10: warning: out of the zone, ignored\n"
	    "example.com.:11: error: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n"
	    "example.com.:12: error: not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m\n"
	    "example.com.:13: error: a type that a zone cannot contain\n"
	    "example.com.:14: error: a quote that is not closed on its line\n"
	    "example.com.:15: error: ')' without '('\n"
	    "example.com.:16: error: '(' without ')'\n");
	ck_assert_str_eq(list_records(), "1 a.example.com. 5 1 c0000201\n");
}
END_TEST

#define HEX_20 "000102030405060708090a0b0c0d0e0f10111213"

/* A line, and what is said of it; NULL: nothing is wrong. */
static const struct {
	const char *text, *wrong;
} lines[] = {
    {"\xef\xbb\xbf"
     "a 5 A 192.0.2.1",
	"a byte order mark (U+FEFF), which a"},
    {"a 5 A 192.0.2.1\n\xef\xbb\xbf$TTL 5", "a byte order mark (U+FEFF)"},
    {"a 5 A \xef\xbb\xbf"
     "192.0.2.1",
	"a byte order mark (U+FEFF)"},
    {"$INCLUDE marked", "a byte order mark (U+FEFF)"},
    {"\xef\xbb\xbf", "a byte order mark (U+FEFF)"},
    {"a 5 TXT \"\xef\xbb\xbf\"", NULL},
    {"a 5 A 192.0.2.1 ; \xef\xbb\xbf", NULL},
    {"\xc3\xa9 5 A 192.0.2.1", NULL},
    {"\xff\xfe", "is UTF-16: save it as UTF-8"},
    {"a 5 TYPE0 \\# 0", "an unknown type"},
    {"a 5 TYPE128 \\# 0", "a type that a zone cannot contain"},
    {"a 5 TYPE250 \\# 0", "a type that a zone cannot contain"},
    {"a 5 TYPE255 \\# 0", "a type that a zone cannot contain"},
    {"a 5 TYPE127 \\# 0", NULL},
    {"a 5 TYPE65280 \\# 0", NULL},
    {"a 5 HS TXT x", "a class other than IN"},
    {"a 5 cs TXT x", "a class other than IN"},
    {"a 5 CLASS3 TXT x", "a class other than IN"},
    {"a 5 CLASS TXT x", "an unknown type"},
    {"a 5 XX TXT x", "an unknown type"},
    {"a 5 RESINFO x", NULL},
    {"a 5 THISTYPEHASALONGNAME x", "an unknown type"},
    {"a IN IN A 192.0.2.1", "an unknown type"},
    {"a 5 5 A 192.0.2.1", "an unknown type"},
    {"a 5", "the type is missing"},
    {"a 5 A 192.0.2.256", "is not an IPv4 address"},
    {"a 5 MX 65535 b", NULL},
    {"a 5 MX 65536 b",
	"MX: preference: \"65536\" is not a number from 0 to 65535"},
    {"a 5 MX -1 b", "is not a number from 0"},
    {"a 5 SRV 0 0 65536 b", "SRV: port: "},
    {"a 5 CAA 255 issue \"x\"", NULL},
    {"a 5 CAA 256 issue \"x\"", "CAA: flags: "},
    {"a 5 CAA 0 issue x", NULL},
    {"a 5 CAA 0 issue x\\ y", NULL},
    {"a 5 caa 0 issue x y", "CAA: extra data after the last field: \"y\""},
    {"a 5 CAA 0 issue", "CAA: value: missing"},
    {"a 5 CAA \\# 4 00017878", NULL},
    {"a 5 TLSA 256 1 1 ab", "TLSA: usage: "},
    {"a 5 TLSA PKIX-TA 1 1 ab", NULL},
    {"a 5 TLSA 3 1 1 abc", "a digit is missing"},
    {"a 5 TLSA 3 1 1 ab cd e f", NULL},
    {"a 5 HTTPS 1 . ech=YWI=", NULL},
    {"a 5 HTTPS 1 . ech=\"YWI\"", "ech: not base64"},
    {"a 5 HTTPS 65536 .", "HTTPS: priority: "},
    {"a 5 SOA a\\ b c 4294967295 2 3 4 5", NULL},
    {"a 5 SOA a b 4294967296 2 3 4 5", "SOA: serial: "},
    {"a 5 SOA a b 1 2h 3w 4d 4294967295", NULL},
    {"a 5 SOA a b 1 2 3 4 4294967296", "SOA: minimum: "},
    {"a 5 DS 1 8 1 " HEX_20, NULL},
    {"a 5 DS 1 8 2 " HEX_20, "the length of the digest"},
    {"a 5 DS 1 8 200 " HEX_20, NULL},
    {"a 5 DS 1 8 2 ( " HEX_20 " ab )", "the length of the digest"},
    {"a 5 DS \\# 24 0001 08 02 " HEX_20, "the length of the digest"},
    {"a 5 CDS 0 0 0 00", NULL},
    {"@ 5 ZONEMD 1 1 1 " HEX_20, "the length of the digest"},
    {"@ 5 ZONEMD 1 1 200 " HEX_20, NULL},
    {"@ 5 DS 1 8 1 " HEX_20, "a DS record of the apex"},
    {"a 5 SSHFP 1 1 " HEX_20, NULL},
    {"a 5 SSHFP 1 2 " HEX_20, "the length of the digest"},
    {"a 5 LOC 90 N 180 W 0", NULL},
    {"a 5 LOC 42 21 54 N 71 06 18 W -24m 30m", NULL},
    {"a 5 LOC 91 N 0 E 0", "is not a latitude"},
    {"a 5 LOC 90 0 1 N 0 E 0", "more than 90 degrees"},
    {"a 5 LOC 0 N 0 E 42849672.95m", NULL},
    {"a 5 LOC 0 N 0 E 42849673m", "is not an altitude"},
    {"a 5 LOC 0 N 0 E -100001m", "is not an altitude"},
    {"a 5 LOC 0 N 181 E 0", "is not a longitude"},
    {"a 5 LOC 0 60 N 0 E 0", "is not a latitude"},
    {"a 5 LOC 0 0 60 N 0 E 0", "is not a latitude"},
    {"a 5 APL 1:192.0.2.0/32 2:::/128 3:x/255", "is not a prefix"},
    {"a 5 APL 1:192.0.2.0/32 !2:ff00::/128", NULL},
    {"a 5 APL 1:192.0.2.0/33", "is not a prefix"},
    {"a 5 APL 2:ff00::/129", "is not a prefix"},
    {"a 5 TYPE65280 \\# abcd", "is not a number from 0 to 65535"},
    {"a 5 TYPE65280 \\#  2 abcd", NULL},
    {"@ SOA a b 1 2 3 4 2147483647", NULL},
    {"@ SOA a b 1 2 3 4 2147483648\na A 192.0.2.1",
	"the SOA's minimum is not a valid one"},
    {"@ SOA a b 1 2 3 4 4294967295\na A 192.0.2.1",
	"the SOA's minimum is not a valid one"},
    {"a 5mm A 192.0.2.1", "not a TTL"},
    {"a 5h5 A 192.0.2.1", "not a TTL"},
    {"a 4294967296w A 192.0.2.1", "not a TTL"},
    {"a 5 TXT x\\", "a backslash without"},
    {"a 5 TXT x\\\ny 5 TXT z", "a backslash without"},
    {"a\\", "a backslash without"},
    {"a 5 TXT \"x\ny\"", "a quote that is not closed"},
    {"$ORIGIN", "a name is expected, without quotes"},
    {"$ORIGIN a b", "$ORIGIN: extra data"},
    {"$ORIGIN \"a\"", "a name is expected, without quotes"},
    {"$ORIGIN a\" \"b", "a name is expected, without quotes"},
    {"$TTL", "$TTL: not a TTL"},
    {"$TTL 5 5", "$TTL: extra data"},
    {"$TTL s", "$TTL: not a TTL"},
    {"$TTL \"\"", "$TTL: not a TTL"},
    {"$INCLUDE a\" \"b", "a name is expected, without quotes"},
    {"a 5 TXT \\# text",
	"TXT: \\# LENGTH (RFC 3597 5): \"text\" is not a number from 0 to 65535"},
    {"a 5 TXT \\#", "TXT: \\# LENGTH (RFC 3597 5): missing"},
    {"$GENERATE 1-2a x 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1-2", "a name, a type and data are missing"},
    {"$GENERATE -1-2 a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE \"1-2\" a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 12 a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1/2-3 a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1- a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE -2 a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1-2/ a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1-2/3x a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 2147483648-2147483648 a 5 A 192.0.2.1",
	"not start-stop[/step], of numbers up to 2147483647"},
    {"$GENERATE 1-2/2147483648 a 5 A 192.0.2.1",
	"not start-stop[/step], of numbers up to 2147483647"},
    {"$GENERATE 2147483647-2147483647 a 5 A 192.0.2.1", NULL},
    {"$GENERATE 1-2/2147483647 a 5 A 192.0.2.1", NULL},
    {"$GENERATE 1-2/-1 a$ 5 A 192.0.2.1", "not start-stop[/step]"},
    {"$GENERATE 1-2 a${x} 5 A 192.0.2.1", "not an offset"},
    {"$GENERATE 1-2 a${1 5 A 192.0.2.1", "not an offset"},
    {"$GENERATE 1-2 a${1,-1} 5 A 192.0.2.1", "not an offset"},
    {"$GENERATE 1-2 a${1,101} 5 A 192.0.2.1", "not an offset"},
    {"$GENERATE 1-2 a${1,1,dd} 5 A 192.0.2.1", "not an offset"},
    {"$GENERATE 1-2 a$ 5 TXT x\\", "a backslash without"},
    {"$GENERATE 1-2 a$ 5 TXT \"$\"  ; quoted", NULL},
    {"$GENERATE 1-2 a$ 5 TXT", "TXT: text: missing"},
};

START_TEST(a_line_is_right_or_wrong)
{
	zone_sample_file(&sample, "marked", "\xef\xbb\xbf$TTL 5\n");
	char text[200];

	snprintf(
	    text, sizeof(text), "%s%s", lines[_i].text, _i % 2 ? "\n" : "");
	ck_assert_msg(load(text) == (lines[_i].wrong == NULL), "%s: %s", text,
	    zone_sample_diag(&sample));
	if (lines[_i].wrong != NULL)
		ck_assert_msg(
		    strstr(zone_sample_diag(&sample), lines[_i].wrong) != NULL,
		    "%s: %s", text, sample.text);
}
END_TEST

START_TEST(too_long_words_are_wrong)
{
	char word[1200];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ck_assert(
	    !load(arena_printf(sample.arena, "%s 5 A 192.0.2.1\n", word)));
	ck_assert_ptr_nonnull(strstr(
	    zone_sample_diag(&sample), "not a name: longer than 255 octets"));
	ck_assert(!load(arena_printf(sample.arena, "$ORIGIN %s\n", word)));
	ck_assert(!load(arena_printf(sample.arena, "$TTL %s\n", word)));
	ck_assert(!load(arena_printf(sample.arena, "$INCLUDE %s\n", word)));
}
END_TEST

START_TEST(a_path_has_its_longest)
{
	char path[1102];

	for (size_t len = 1098; len < 1102; len++) {
		for (size_t i = 0; i < len; i++)
			path[i] = i % 2 == 0 ? 'd' : '/';
		path[len] = '\0';
		ck_assert(
		    !load(arena_printf(sample.arena, "$INCLUDE %s\n", path)));
		ck_assert_msg((strstr(zone_sample_diag(&sample),
				   "a path may be") != NULL) == (len > 1099),
		    "%zu: %s", len, sample.text);
	}
}
END_TEST

START_TEST(a_record_has_65535_octets_at_most)
{
	static char text[100000];

	for (size_t strings = 253; strings < 258; strings++) {
		char *p = text + sprintf(text, "a 5 TXT");

		for (size_t i = 0; i < strings; i++)
			p += sprintf(p, " \"%0255u\"", 0);
		ck_assert_msg(load(text) == (strings <= 255), "%zu: %s",
		    strings, zone_sample_diag(&sample));
	}
}
END_TEST

START_TEST(an_octet_0_is_wrong)
{
	const char text[] = "a 5 A 192.0.2.1\0 junk\nb 5 A 192.0.2.2\n";
	FILE *f;

	ck_assert(load(""));
	f = fopen(sample.zone[0].path, "w");
	ck_assert_ptr_nonnull(f);
	fwrite(text, 1, sizeof(text) - 1, f);
	fclose(f);
	ck_assert(!zone_load(sample.arena, sample.arena, &sample.zone[0],
	    &records, &sample.diag));
	ck_assert_ptr_nonnull(strstr(zone_sample_diag(&sample),
	    "a control character: write it as \\000"));
	ck_assert_uint_eq(records.all.n, 1);
}
END_TEST

START_TEST(a_missing_file_is_an_error_of_the_configuration)
{
	sample.zone[0].path = "/nonexistent/zone";
	sample.zone[0].origin = "example.com.";
	sample.zone[0].mark = (struct conf_mark){"meridian.yaml", 7, 3};
	ck_assert(!zone_load(sample.arena, sample.arena, &sample.zone[0],
	    &records, &sample.diag));
	ck_assert_str_eq(zone_sample_diag(&sample),
	    "meridian.yaml:7: error: zone example.com.: /nonexistent/zone: No such file or directory; a path is relative to the directory of the file that contains it\n");
}
END_TEST

START_TEST(includes_are_read_relative_to_the_file)
{
	zone_sample_file(&sample, "one",
	    " A 192.0.2.2\n"
	    "$ORIGIN deep\nx A 192.0.2.3\n");
	zone_sample_file(&sample, "two words", "y A 192.0.2.4\n");
	expect("$TTL 5\na A 192.0.2.1\n$INCLUDE one\n A 192.0.2.9\n"
	       "b A 192.0.2.8\n$include \"two words\" sub ; so\n"
	       "c A 192.0.2.7\n",
	    "2 a.example.com. 5 1 c0000201\n"
	    "1 a.example.com. 5 1 c0000202\n"
	    "3 x.deep.example.com. 5 1 c0000203\n"
	    "4 a.example.com. 5 1 c0000209\n"
	    "5 b.example.com. 5 1 c0000208\n"
	    "1 y.sub.example.com. 5 1 c0000204\n"
	    "7 c.example.com. 5 1 c0000207\n");
}
END_TEST

START_TEST(errors_of_includes_have_the_file_that_is_wrong)
{
	zone_sample_file(&sample, "one", "\nx A x\n");
	zone_sample_file(&sample, "loop", "$INCLUDE pool\n");
	zone_sample_file(&sample, "pool", "$INCLUDE loop\n");
	load("$INCLUDE one\n$INCLUDE none\n$INCLUDE\n$INCLUDE one a..b\n"
	     "$INCLUDE one a b\n$INCLUDE loop\n");
	ck_assert_ptr_nonnull(strstr(zone_sample_diag(&sample),
	    "one:2: error: A: address: \"x\" is not an IPv4 address, as "
	    "192.0.2.1\nexample.com.:2: error: $INCLUDE: "));
	ck_assert_ptr_nonnull(strstr(sample.text,
	    "No such file or directory\n"
	    "example.com.:3: error: $INCLUDE: the file name is missing\n"
	    "example.com.:4: error: $INCLUDE: not a name: an empty label\n"
	    "example.com.:5: error: $INCLUDE: extra data after the last argument: \"b\"\n"
	    "pool:1: error: $INCLUDE: the file includes itself\n"));
}
END_TEST

START_TEST(includes_are_not_deep)
{
	char file[8], text[32];

	for (unsigned i = 0; i <= 8; i++) {
		snprintf(file, sizeof(file), "d%u", i);
		snprintf(text, sizeof(text), "$INCLUDE d%u\n", i + 1);
		zone_sample_file(&sample, file, text);
	}
	ck_assert(!load("$INCLUDE d0\n"));
	ck_assert_str_eq(zone_sample_diag(&sample),
	    "d7:1: error: $INCLUDE: too deep: 8 files\n");
}
END_TEST

/* RFC 4592 2.1.1, and named-checkzone. */
START_TEST(asterisks_within_names_are_warned_of)
{
	ck_assert(load("a.* 5 A 192.0.2.1\na.* 5 A 192.0.2.2\n"
		       "*.* 5 A 192.0.2.1\n* 5 A 192.0.2.1\n"
		       "a* 5 A 192.0.2.1\n@ 5 A 192.0.2.1\n"));
	ck_assert_str_eq(zone_sample_diag(&sample),
	    "example.com.:1: warning: an asterisk inside a name is not a wildcard\n"
	    "example.com.:3: warning: an asterisk inside a name is not a wildcard\n");
}
END_TEST

START_TEST(generate_makes_records)
{
	expect("$TTL 5\n$GENERATE 1-3 h$ A 192.0.2.$\n"
	       "$generate 8-12/4 n${-8,3} IN CNAME ${16,4,x}.t$$ ; so\n",
	    "2 h1.example.com. 5 1 c0000201\n"
	    "2 h2.example.com. 5 1 c0000202\n"
	    "2 h3.example.com. 5 1 c0000203\n"
	    "3 n000.example.com. 5 5 04303031380274240765"
	    "78616d706c6503636f6d00\n"
	    "3 n004.example.com. 5 5 04303031630274240765"
	    "78616d706c6503636f6d00\n");
	expect("$GENERATE 10-10 ${0,1,o}.${0,1,X}.${0,3,n}.${160,0,N}.\\$ 5 "
	       "TXT \\\"$\\\"\n",
	    "1 12.a.a.0.a.a.\\$.example.com. 5 16 0422313022\n");
}
END_TEST

START_TEST(generate_counts_to_the_end_of_31_bits)
{
	expect("$GENERATE 2147483647-2147483647 a${999999999} 5 A 192.0.2.1\n"
	       "$GENERATE 2147483646-2147483647/2147483647 b${0,0,x} 5 A "
	       "192.0.2.1\n",
	    "1 a3147483646.example.com. 5 1 c0000201\n"
	    "2 b7ffffffe.example.com. 5 1 c0000201\n");
}
END_TEST

/* As BIND does, which takes one word as the data. */
START_TEST(generate_takes_data_in_quotes_and_nibbles_with_a_last_dot)
{
	expect("$GENERATE 10-10 m$ 7 IN MX \"$ h${0,3}\"\n"
	       "$GENERATE 1-1 t$ 7 TXT \"a $\"\n"
	       "$GENERATE 1-1 u$ 7 TXT \"a\" \"$\"\n"
	       "$GENERATE 31-31 ${0,4,n}v 7 A 192.0.2.1\n",
	    "1 m10.example.com. 7 15 000a0468303130076578616d706c6503636f6d"
	    "00\n"
	    "2 t1.example.com. 7 16 01610131\n"
	    "3 u1.example.com. 7 16 01610131\n"
	    "4 f.1.v.example.com. 7 1 c0000201\n");
}
END_TEST

START_TEST(a_wrong_generate_is_said_once)
{
	expect_wrong("$GENERATE x A 192.0.2.1\n"
		     "$GENERATE 5-1 a$ A 192.0.2.1\n"
		     "$GENERATE 1-9/0 a$ A 192.0.2.1\n"
		     "$GENERATE 0-999999999 a$ A 192.0.2.1\n"
		     "$GENERATE 1-9 a${1,2,q} A 192.0.2.1\n"
		     "$GENERATE 1-9 a${-5} A 192.0.2.1\n"
		     "$GENERATE 254-299 a$ 60 A 192.0.2.$\n",
	    "example.com.:1: error: $GENERATE: not start-stop[/step], "
	    "of numbers up to 2147483647\n"
	    "example.com.:2: error: $GENERATE: not a range of 1 to 1048576 "
	    "records\n"
	    "example.com.:3: error: $GENERATE: not a range of 1 to 1048576 "
	    "records\n"
	    "example.com.:4: error: $GENERATE: not a range of 1 to 1048576 "
	    "records\n"
	    "example.com.:5: error: $GENERATE: not an offset, width and base "
	    "(d, o, x, X, n, N): ${1,2,q} A 192.0.2.1\n"
	    "example.com.:6: error: $GENERATE: a negative number\n"
	    "example.com.:7: error: A: address: \"192.0.2.256\" is not an IPv4 "
	    "address, as 192.0.2.1: a256 60 A 192.0.2.256\n");
}
END_TEST

START_TEST(too_long_names_are_wrong)
{
	char text[1200] = "", *p = text;

	for (int i = 0; i < 122; i++)
		p += sprintf(p, "a.");
	strcpy(p - 1, " 5 A 192.0.2.1\n");
	ck_assert(!load(text));
	strcpy(p - 3, " 5 A 192.0.2.1\n");
	ck_assert(load(text));
	*strchr(text, ' ') = '\0';
	ck_assert(!load(arena_printf(sample.arena, "$ORIGIN %s.b\n", text)));
	ck_assert(!load(arena_printf(sample.arena, "a 5 MX 1 %s.b\n", text)));
	ck_assert(load(arena_printf(sample.arena, "a 5 MX 1 %s\n", text)));
	ck_assert(!load("0123456789012345678901234567890123456789"
			"012345678901234567890123 5 A 192.0.2.1\n"));
}
END_TEST

/* 254 octets, or close to 1000 characters. */
START_TEST(a_long_name_of_escapes_is_read)
{
	char text[1200] = "", *p = text;

	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 63; k++)
			p += sprintf(p, "\\001");
		p += sprintf(p, ".");
	}
	for (int k = 0; k < 48; k++)
		p += sprintf(p, "\\001");
	strcpy(p, " 5 NS \\001\n 5 A 192.0.2.1\nb 5 A 192.0.2.1\n");
	ck_assert_msg(load(text), "%s", zone_sample_diag(&sample));
	ck_assert_uint_eq(records.all.n, 3);
	ck_assert_uint_eq(name_len(records.all.at[0].owner), 254);
	ck_assert_mem_eq(records.all.at[0].owner, "\77\1\1\1", 4);
	ck_assert(records.all.at[1].owner == records.all.at[0].owner);
	ck_assert_mem_eq(records.all.at[2].owner, "\1b\7example", 10);
	memcpy(p, "\\001\\001", 8);
	strcpy(p + 8, " 5 A 192.0.2.1\n");
	ck_assert(!load(text));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zone_load");
	TCase *tc = tcase_create("zone_load");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_path_has_its_longest);
	tcase_add_test(tc, owners_origins_and_defaults_are_filled_in);
	tcase_add_test(tc, without_any_ttl_the_soa_says_it);
	tcase_add_test(tc, without_ttl_directive_the_last_ttl_counts);
	tcase_add_test(tc, ttl_and_class_come_in_either_order);
	tcase_add_test(tc, parentheses_quotes_and_comments_are_understood);
	tcase_add_test(tc, a_parenthesis_before_the_owner_is_no_blank);
	tcase_add_test(tc, lines_in_parentheses_are_one);
	tcase_add_test(tc, carriage_returns_and_tabs_are_blanks);
	tcase_add_test(tc, any_octet_may_be_in_a_label);
	tcase_add_test(tc, unknown_types_and_octets_are_read);
	tcase_add_test(tc, octets_that_do_not_fit_their_type_are_wrong);
	tcase_add_test(tc, all_errors_come_in_one_run_with_their_lines);
	tcase_add_loop_test(
	    tc, a_line_is_right_or_wrong, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, too_long_words_are_wrong);
	tcase_add_test(tc, a_record_has_65535_octets_at_most);
	tcase_add_test(tc, an_octet_0_is_wrong);
	tcase_add_test(tc, a_missing_file_is_an_error_of_the_configuration);
	tcase_add_test(tc, includes_are_read_relative_to_the_file);
	tcase_add_test(tc, errors_of_includes_have_the_file_that_is_wrong);
	tcase_add_test(tc, includes_are_not_deep);
	tcase_add_test(tc, asterisks_within_names_are_warned_of);
	tcase_add_test(tc, generate_makes_records);
	tcase_add_test(tc, generate_counts_to_the_end_of_31_bits);
	tcase_add_test(
	    tc, generate_takes_data_in_quotes_and_nibbles_with_a_last_dot);
	tcase_add_test(tc, a_wrong_generate_is_said_once);
	tcase_add_test(tc, too_long_names_are_wrong);
	tcase_add_test(tc, a_long_name_of_escapes_is_read);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
