/* SPDX-License-Identifier: BSD-3-Clause */
/* Both sides of each limit of the data of records. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/net.h"
#include "dns/type.h"
#include "rdata/number.h"
#include "rdata/rdata.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { ROOM = 3 * 65536 };

static struct lex lex;
static uint8_t octets[ROOM];
static char written[5 * ROOM];
static struct wire data;
static size_t start; /* of the data, behind others */

static bool
parse(const char *type, const char *text)
{
	static const uint8_t origin[] = "\7example";
	struct field_text t = {.lex = &lex, .origin = origin, .w = &data};
	bool blank;

	wire_init(&data, octets, sizeof(octets));
	data.len = start;
	lex_init(&lex, text, strlen(text));
	lex_begin(&lex, &blank);
	return rdata_parse(rr_type_parse(type), &t);
}

/* The octets as text, without the blank before it. */
static const char *
format(const char *type)
{
	struct cursor c = {.packet = octets, .end = data.len};
	struct wire w;

	wire_init(&w, (uint8_t *)written, sizeof(written) - 1);
	rdata_format(rr_type_parse(type), &c, &w);
	ck_assert_uint_eq(c.at, data.len);
	written[w.len] = '\0';
	return written + 1;
}

static bool
is_data(const char *type, const void *p, size_t len)
{
	struct error err;

	return rdata_check(rr_type_parse(type), p, len, &err);
}

/* Digits ------------------------------------------------------------------ */

/* Where c stands among the digits, whatever its case; -1: nowhere. */
static int
place(const char *digits, char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

START_TEST(each_octet_is_a_digit_or_none)
{
	static const char small[] = "0123456789abcdefghijklmnopqrstuv";
	static const char large[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
	static const char of_64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[64];

	for (int c = 0x21; c < 0x100; c++) {
		int v32 = place(small, (char)c), v64 = place(of_64, (char)c);

		if (strchr("\"();\\", c) != NULL)
			continue;
		if (v32 < 0)
			v32 = place(large, (char)c);
		snprintf(text, sizeof(text), "3 1 1 %c0", c);
		ck_assert_msg(
		    parse("TLSA", text) == (v32 >= 0 && v32 < 16), "hex %d", c);
		ck_assert(v32 < 0 || v32 > 15 || octets[3] == v32 << 4);
		snprintf(text, sizeof(text), "2 0 0 - %c0", c);
		ck_assert_msg(parse("NSEC3", text) == (v32 >= 0), "b32 %d", c);
		ck_assert(v32 < 0 || octets[6] == v32 << 3);
		snprintf(text, sizeof(text), "256 3 5 %cA==", c);
		ck_assert_msg(parse("DNSKEY", text) == (v64 >= 0), "b64 %d", c);
		ck_assert(v64 < 0 || octets[4] == v64 << 2);
		snprintf(text, sizeof(text), "1 0:0:0:%c", c);
		ck_assert_msg(
		    parse("NID", text) == (v32 >= 0 && v32 < 16), "nid %d", c);
		ck_assert(v32 < 0 || v32 > 15 || octets[9] == v32);
	}
}
END_TEST

/* RFC 4648 3.5, 4: whole octets, the right padding, no bits left over. */
START_TEST(the_ends_of_base64_are_checked)
{
	static const struct {
		const char *text;
		int octets; /* -1: wrong */
	} ends[] = {
	    {"AA==", 1},
	    {"AQ==", 1},
	    {"AB==", -1},
	    {"AA=", -1},
	    {"AA", -1},
	    {"AAA=", 2},
	    {"AAE=", 2},
	    {"AAB=", -1},
	    {"AAA", -1},
	    {"AAA==", -1},
	    {"AAAA", 3},
	    {"AAAA=", -1},
	    {"AAAA==", -1},
	    {"AAAA====", -1},
	    {"AAAAA===", -1},
	    {"A===", -1},
	    {"====", -1},
	    {"=", -1},
	    {"AAAAAA==", 4},
	    {"AAAAAAA=", 5},
	    {"AAAAAAAA", 6},
	    {"A A = =", 1},
	    {"AA AA", 3},
	    {"AAAA AA==", 4},
	    {"AA== AAAA", -1},
	};
	char text[64];

	for (size_t i = 0; i < ROWS(ends); i++) {
		snprintf(text, sizeof(text), "256 3 5 %s", ends[i].text);
		ck_assert_msg(
		    parse("DNSKEY", text) == (ends[i].octets >= 0), "%s", text);
		if (ends[i].octets >= 0)
			ck_assert_uint_eq(
			    data.len, 4u + (unsigned)ends[i].octets);
	}
}
END_TEST

/* RFC 5155 3.3: no bits left over, no digit too many. */
START_TEST(the_ends_of_base32_are_checked)
{
	/* So many digits 0 make so many octets; 0: they do not. */
	static const unsigned whole[] = {0, 0, 1, 0, 2, 3, 0, 4, 5, 0, 6};
	char text[64];

	for (unsigned n = 1; n < ROWS(whole); n++) {
		snprintf(text, sizeof(text), "2 0 0 - %0*u", (int)n, 0);
		ck_assert_msg(
		    parse("NSEC3", text) == (whole[n] > 0), "%u digits", n);
		ck_assert(whole[n] == 0 || octets[5] == whole[n]);
		if (whole[n] == 0 || n % 8 == 0)
			continue;
		snprintf(text, sizeof(text), "2 0 0 - %0*u", (int)n, 1);
		ck_assert_msg(!parse("NSEC3", text), "%u digits", n);
	}
}
END_TEST

/* Sizes ------------------------------------------------------------------- */

/* Text before n times what, and text behind. */
static const char *
repeat(const char *before, size_t n, const char *what, const char *behind)
{
	static char text[5 * ROOM];
	char *p = stpcpy(text, before);

	for (; n > 0; n--)
		p = stpcpy(p, what);
	strcpy(p, behind);
	return text;
}

/* So much fits of what is repeated, and no more. */
START_TEST(each_size_has_its_limit)
{
	static const struct {
		const char *type, *before, *what, *behind;
		size_t most;
		const char *wrong;
	} sizes[] = {
	    {"TXT", "\"", "a", "\"", 255,
		"TXT: text: longer than a string may be: 255 octets"},
	    {"TXT", "", "\\097", "", 255,
		"TXT: text: longer than a string may be: 255 octets"},
	    {"HINFO", "a ", "a", "", 255,
		"HINFO: os: longer than a string may be: 255 octets"},
	    {"CAA", "0 ", "a", " x", 255,
		"CAA: tag: longer than a string may be: 255 octets"},
	    {"NSEC3PARAM", "1 0 0 ", "00", "", 255,
		"NSEC3PARAM: salt: longer than 255 octets"},
	    {"NSEC3", "2 0 0 - ", "00000000", "", 51,
		"NSEC3: next: longer than 255 octets"},
	    {"HIP", "2 ", "00", " AAAA", 255,
		"HIP: host identity: longer than 255 octets"},
	    {"HIP", "2 00 ", "AAAA", "", 65530 / 3,
		"HIP: longer than 65535 octets"},
	    {"CAA", "0 a ", "a", "", 65535 - 3,
		"CAA: longer than 65535 octets"},
	    {"DNSKEY", "256 3 8 ", "AAAA", "", 65531 / 3,
		"DNSKEY: longer than 65535 octets"},
	    {"TLSA", "3 1 1 ", "00", "", 65532,
		"TLSA: longer than 65535 octets"},
	    {"SVCB", "1 . alpn=\"", "a", "\"", 255,
		"SVCB: parameter: alpn: a protocol longer than 255 octets"},
	    {"SVCB", "1 . key9=\"", "a", "\"", 65528,
		"SVCB: longer than 65535 octets"},
	    {"ATMA", "+", "1", "", 65534, "ATMA: longer than 65535 octets"},
	};

	for (size_t i = 0; i < 2 * ROWS(sizes); i++) {
		size_t k = i / 2;
		const char *text = repeat(sizes[k].before, sizes[k].most,
		    sizes[k].what, sizes[k].behind);

		start = i % 2 * 300;
		ck_assert_msg(parse(sizes[k].type, text), "%s: %s",
		    sizes[k].type, lex.error.text);
		ck_assert(
		    is_data(sizes[k].type, octets + start, data.len - start));
		ck_assert(!parse(sizes[k].type,
		    repeat(sizes[k].before, sizes[k].most + 1, sizes[k].what,
			sizes[k].behind)));
		ck_assert_str_eq(lex.error.text, sizes[k].wrong);
	}
}
END_TEST

/* What the room of the reader itself cannot take says the same. */
START_TEST(much_more_is_too_long_as_well)
{
	ck_assert(!parse(
	    "SVCB", repeat("1 . key9=\"", 65535, "a", "\" key10=a key11=b")));
	ck_assert_str_eq(lex.error.text, "SVCB: longer than 65535 octets");
	ck_assert(!parse("SVCB", repeat("1 . key9=\"", 65536, "a", "\"")));
	ck_assert_str_eq(lex.error.text,
	    "SVCB: parameter: longer than a value may be: 65535 octets");
	ck_assert(!parse("TLSA", repeat("3 1 1 ", ROOM, "00", "")));
	ck_assert_str_eq(lex.error.text, "TLSA: longer than 65535 octets");
	ck_assert(!parse("HIP", repeat("2 00 ", ROOM / 2, "AAAA", "")));
	ck_assert_str_eq(
	    lex.error.text, "HIP: host identity: longer than 65535 octets");
}
END_TEST

/* Bits -------------------------------------------------------------------- */

/* RFC 1035 3.4.2: a bit a port. */
START_TEST(each_port_has_its_bit)
{
	char text[64];

	for (unsigned port = 0; port < 65536; port += port < 40 ? 1 : 4093) {
		snprintf(text, sizeof(text), "1.2.3.4 6 %u", port);
		ck_assert(parse("WKS", text));
		ck_assert_uint_eq(data.len, 5 + port / 8 + 1);
		for (size_t i = 5; i < data.len; i++)
			ck_assert_uint_eq(octets[i],
			    i == data.len - 1 ? 0x80 >> port % 8 : 0);
		ck_assert_str_eq(format("WKS"), text);
	}
	ck_assert(parse("WKS", "1.2.3.4 6 65535"));
	ck_assert(is_data("WKS", octets, 5 + 8192));
	ck_assert(!is_data("WKS", octets, 5 + 8193));
	ck_assert(!is_data("WKS", octets, 4));
	ck_assert(is_data("WKS", octets, 5));
}
END_TEST

/* RFC 4034 4.1.2, RFC 2535 5.2 */
START_TEST(each_type_has_its_bit)
{
	char text[64], name[RR_TEXT_MAX];

	for (unsigned t = 1; t < 65536; t += t < 520 ? 1 : 4093) {
		rr_type_format(name, (uint16_t)t);
		snprintf(text, sizeof(text), ". %s", name);
		ck_assert(parse("NSEC", text));
		ck_assert_uint_eq(data.len, 1 + 2 + t % 256 / 8 + 1);
		ck_assert_uint_eq(octets[1], t / 256);
		ck_assert_uint_eq(octets[2], t % 256 / 8 + 1);
		ck_assert_uint_eq(octets[data.len - 1], 0x80 >> t % 8);
		ck_assert_str_eq(format("NSEC"), text);
		ck_assert(parse("NXT", text) == (t < 128));
		if (t >= 128)
			continue;
		ck_assert_uint_eq(data.len, 1 + t / 8 + 1);
		ck_assert_uint_eq(octets[data.len - 1], 0x80 >> t % 8);
		ck_assert_str_eq(format("NXT"), text);
		snprintf(text, sizeof(text), ". %u", t);
		ck_assert(parse("NXT", text));
		ck_assert_uint_eq(octets[data.len - 1], 0x80 >> t % 8);
	}
}
END_TEST

START_TEST(bit_maps_have_one_form)
{
	static const struct {
		const char *type, *octets;
		size_t len;
		bool ok;
	} maps[] = {
	    {"NSEC", "\0\0\1\x40", 4, true},
	    {"NSEC", "\0\0\1\x80", 4, false},   /* type 0 */
	    {"NSEC", "\0\1\1\x80", 4, true},    /* type 256 */
	    {"NSEC", "\0\0\2\x40\0", 5, false}, /* an octet 0 at the end */
	    {"NSEC", "\0\0\2\0\x40", 5, true},  /* none there */
	    {"NSEC", "\0\0\0", 3, false},       /* a window of none */
	    {"NSEC", "\0\0\1", 3, false},       /* cut */
	    {"NSEC", "\0\0", 2, false},         /* cut */
	    {"NSEC", "\0", 1, false},           /* no window at all */
	    {"NSEC", "\0\1\1\x40\0\1\x40", 7, false}, /* not in order */
	    {"NSEC", "\0\1\1\x40\1\1\x40", 7, false}, /* twice */
	    {"NSEC", "\0\1\1\x40\2\1\x40", 7, true},
	    {"NSEC", "\0\0\1\x40\xff\1\x40", 7, true},
	    {"CSYNC", "\0\0\0\0\0\0", 6, true}, /* here none is well */
	    {"CSYNC", "\0\0\0\0\0\0\0\1\x40", 9, true},
	    {"NXT", "\0\x40", 2, true},
	    {"NXT", "\0\x80", 2, false},   /* type 0 */
	    {"NXT", "\0\x40\0", 3, false}, /* an octet 0 at the end */
	    {"NXT", "\0\0\1", 3, true}, {"NXT", "\0", 1, true},
	    {"NXT", "\0\x40xxxxxxxxxxxxxxx", 17, true},
	    {"NXT", "\0\x40xxxxxxxxxxxxxxxx", 18, false}, /* type 128 on */
	};
	char window[1 + 2 + 33] = {0, 0, 32};

	for (size_t i = 0; i < ROWS(maps); i++)
		ck_assert_msg(is_data(maps[i].type, maps[i].octets,
				  maps[i].len) == maps[i].ok,
		    "row %zu", i);
	memset(window + 3, 1, 33);
	ck_assert(is_data("NSEC", window, 1 + 2 + 32));
	window[2] = 33;
	ck_assert(!is_data("NSEC", window, 1 + 2 + 33));
}
END_TEST

/* RFC 2874 3.1.1: a prefix of so many bits, so many octets of the suffix. */
START_TEST(each_prefix_of_a6_has_its_suffix)
{
	char text[64], addr[ADDR_TEXT_MAX];

	for (unsigned bits = 0; bits < 128; bits++) {
		for (unsigned bit = 0; bit < 128; bit++) {
			struct addr a = {.family = 6};
			size_t len = (128 - bits + 7) / 8;

			a.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			snprintf(text, sizeof(text), "%u %s%s", bits,
			    addr_format(addr, &a), bits > 0 ? " a." : "");
			ck_assert_msg(
			    parse("A6", text) == (bit >= bits), "%s", text);
			if (bit < bits)
				continue;
			ck_assert_uint_eq(
			    data.len, 1 + len + (bits > 0 ? 3 : 0));
			ck_assert_mem_eq(octets + 1, a.bytes + 16 - len, len);
			ck_assert_str_eq(format("A6"), text);
			/* The octet may have bits before the suffix. */
			octets[1] |= (uint8_t)(0x80 >> (bits + 7) % 8);
			ck_assert(
			    is_data("A6", octets, data.len) == (bits % 8 == 0));
		}
	}
	ck_assert(is_data("A6", "\x80\1a", 4));
	ck_assert(!is_data("A6", "\x81\1a", 4));
	ck_assert(!is_data("A6", "\x7f", 1));
	ck_assert(!is_data("A6", "", 0));
}
END_TEST

/* RFC 3123 4 */
START_TEST(each_prefix_of_apl_has_its_octets)
{
	static const struct {
		const char *octets;
		size_t len;
		bool ok;
	} lists[] = {
	    {"\0\1\x20\4\1\2\3\4", 8, true},
	    {"\0\1\x21\4\1\2\3\4", 8, false},
	    {"\0\1\x20\5\1\2\3\4\5", 9, false},
	    {"\0\1\x20\4\1\2\3\0", 8, false},
	    {"\0\1\0\0", 4, true},
	    {"\0\1\0\x80", 4, true},
	    {"\0\1\0", 3, false},
	    {"\0\1\0\1", 4, false},
	    {"\0\0\0\0", 4, false},
	    {"\0\3\0\0", 4, false},
	    {"\1\1\0\0", 4, false},
	    {"\0\2\x80\x90qwertyuiopasdfgh", 20, true},
	    {"\0\2\x81\x10qwertyuiopasdfgh", 20, false},
	    {"\0\2\x80\x11qwertyuiopasdfghj", 21, false},
	    {"\0\1\x20\1\1\0\1\x20\1\1", 10, true},
	};

	for (size_t i = 0; i < ROWS(lists); i++)
		ck_assert_msg(is_data("APL", lists[i].octets, lists[i].len) ==
			lists[i].ok,
		    "row %zu", i);
}
END_TEST

/* Times ------------------------------------------------------------------- */

START_TEST(times_have_units_and_a_limit)
{
	static const struct {
		const char *text;
		uint64_t most;
		int64_t seconds; /* -1: none */
	} times[] = {
	    {"0", 10, 0},
	    {"10", 10, 10},
	    {"11", 10, -1},
	    {"10s", 10, 10},
	    {"11s", 10, -1},
	    {"1m", 60, 60},
	    {"1m", 59, -1},
	    {"1M", 60, 60},
	    {"1h", 3600, 3600},
	    {"1h", 3599, -1},
	    {"1d", 86400, 86400},
	    {"1d", 86399, -1},
	    {"1w", 604800, 604800},
	    {"1w", 604799, -1},
	    {"1w1d1h1m1s", 694861, 694861},
	    {"1S1m1H1D1W", 694861, 694861},
	    {"5s5s", 10, 10},
	    {"5s6s", 10, -1},
	    {"7101w3d6h28m15s", UINT32_MAX, UINT32_MAX},
	    {"7101w3d6h28m16s", UINT32_MAX, -1},
	    {"4294967295s", UINT32_MAX, UINT32_MAX},
	    {"4294967296s", UINT32_MAX, -1},
	    {"99999999999999999999s", UINT32_MAX, -1},
	    {"", 10, -1},
	    {"s", 10, -1},
	    {"1ss", 10, -1},
	    {"1s1", 10, -1},
	    {"1x", 10, -1},
	    {"1 ", 10, -1},
	    {"-1", 10, -1},
	    {"1y", UINT32_MAX, -1},
	};

	for (size_t i = 0; i < ROWS(times); i++) {
		const char *text = times[i].text;
		uint32_t s = 0;
		bool ok = time_seconds(text, strlen(text), times[i].most, &s);

		ck_assert_msg(ok == (times[i].seconds >= 0), "%s", text);
		ck_assert_msg(!ok || s == times[i].seconds, "%s", text);
	}
}
END_TEST

/* RFC 4034 3.2 */
START_TEST(moments_are_those_of_the_calendar)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} moments[] = {
	    {"19700101000000", 0}, {"19700101000001", 1},
	    {"20240229235959", 1709251199}, {"20230229000000", -1},
	    {"20000229000000", 951782400}, {"21000229000000", -1},
	    {"20240230000000", -1}, {"20240430000000", 1714435200},
	    {"20240431000000", -1}, {"20241231235959", 1735689599},
	    {"20241232000000", -1}, {"20240001000000", -1},
	    {"20241301000000", -1}, {"20240100000000", -1},
	    {"20240101240000", -1}, {"20240101006000", -1},
	    {"20240101000060", -1}, {"2024010100000x", -1},
	    {"202401010000", -1},       /* more than 32 bits */
	    {"4294967295", 4294967295}, /* seconds */
	    {"4294967296", -1}, {"0", 0}, {"21060207062815", 4294967295},
	    {"21060207062816", 0}, /* modulo 2^32 */
	};
	char text[80];

	for (size_t i = 0; i < ROWS(moments); i++) {
		snprintf(text, sizeof(text), "A 1 1 0 %s 0 1 . AAAA",
		    moments[i].text);
		ck_assert_msg(parse("RRSIG", text) == (moments[i].seconds >= 0),
		    "%s", text);
		if (moments[i].seconds >= 0)
			ck_assert_uint_eq(
			    wire_get_u32(octets + 8), moments[i].seconds);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rdata/limits");
	TCase *tc = tcase_create("rdata/limits");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, each_octet_is_a_digit_or_none);
	tcase_add_test(tc, the_ends_of_base64_are_checked);
	tcase_add_test(tc, the_ends_of_base32_are_checked);
	tcase_add_test(tc, each_size_has_its_limit);
	tcase_add_test(tc, much_more_is_too_long_as_well);
	tcase_add_test(tc, each_port_has_its_bit);
	tcase_add_test(tc, each_type_has_its_bit);
	tcase_add_test(tc, bit_maps_have_one_form);
	tcase_add_test(tc, each_prefix_of_a6_has_its_suffix);
	tcase_add_test(tc, each_prefix_of_apl_has_its_octets);
	tcase_add_test(tc, times_have_units_and_a_limit);
	tcase_add_test(tc, moments_are_those_of_the_calendar);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
