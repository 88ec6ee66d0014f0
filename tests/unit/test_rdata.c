/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/param.h"
#include "rdata/rdata.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* What is written, and the octets (in hexadecimal digits) that it means. */
static const struct {
	uint16_t type;
	const char *text, *hex; /* NULL: it is none */
} texts[] = {
    {DNS_A, "192.0.2.1", "c0000201"},
    {DNS_A, "192.0.2.1 192.0.2.2", NULL},
    {DNS_A, "2001:db8::1", NULL},
    {DNS_A, "", NULL},
    {DNS_A, "\\# 4 C0000201", "c0000201"},
    {DNS_A, "\\# 5 C0000201", NULL},
    {DNS_AAAA, "2001:db8::1", "20010db8000000000000000000000001"},
    {DNS_CNAME, "WWW.example",
	"0377777707657861"
	"6d706c6500"},
    {DNS_CNAME, "a..b", NULL},
    {DNS_MX, "10 mx.", "000a026d7800"},
    {DNS_MX, "mx.", NULL},
    {DNS_MX, "65536 mx.", NULL},
    {DNS_MX, "-1 mx.", NULL},
    {DNS_SRV, "1 2 3 s.", "000100020003017300"},
    {DNS_TXT, "a \"b c\"",
	"01610362"
	"2063"},
    {DNS_TXT, "\"\\\"\\065\"", "022241"},
    {DNS_A, "\t192.0.2.1\t ", "c0000201"},
    {DNS_MX, "10\tmx.", "000a026d7800"},
    {DNS_MX, "x mx.", NULL},
    {DNS_MX, "1x mx.", NULL},
    {DNS_SOA, ". . 1 2 3 4 4294967295",
	"00000000000100000002000000030000000"
	"4ffffffff"},
    {DNS_SOA, ". . 1 2 3 4 4294967296", NULL},
    {DNS_TXT, "\"open", NULL},
    {DNS_TXT, "\\256", NULL},
    {DNS_TXT, "\\25", NULL},
    {DNS_TXT, "\\2a5", NULL},
    /* Beside the digits in ASCII: / and :, with values below 256. */
    {DNS_TXT, "\\0:5", NULL},
    {DNS_TXT, "\\00:", NULL},
    {DNS_TXT, "\\1/5", NULL},
    {DNS_TXT, "\\10/", NULL},
    {DNS_TXT, "\\:05", "033a3035"},
    {DNS_TXT, "\\000\\255\\199", "0300ffc7"},
    {DNS_A, "255.255.255.255", "ffffffff"},
    {DNS_AAAA, "ffff:ffff::", "ffffffff000000000000000000000000"},
    {DNS_MX, "65535 .", "ffff00"},
    {DNS_MX, "0 .", "000000"},
    {65280, "\\# 3 ffff00", "ffff00"},
    {65280, "\\# 2 fg00", NULL},
    {65280, "\\# 2 FF/0", NULL},
    {65280, "\\# 2 0:00", NULL},
    {65280, "\\# 1 ff ff", NULL},
    {65280, "\\# 2 f f00", NULL},
    {DNS_TXT, "\\", NULL},
    {DNS_TXT, "\\a\\ b",
	"03612"
	"062"},
    {DNS_A, "\\#", NULL},
    {65280, "\\#", NULL},
    {65280, "\\# x", NULL},
    {65280, "\\# 1x ab", NULL},
    {65280, "\\# 1 xb", NULL},
    {65280, "\\# 0", ""},
    {65280, "", NULL},
    {65280, "\\# 2 ab cd", "abcd"},
    {65280, "\\# 2 abc", NULL},
    {65280, "abcd", NULL},
};

static void
check_hex(const struct wire *w, const char *hex)
{
	char text[64] = "";

	ck_assert_uint_lt(w->len, sizeof(text) / 2);
	for (size_t i = 0; i < w->len; i++)
		snprintf(text + 2 * i, 3, "%02x", w->at[i]);
	ck_assert_str_eq(text, hex);
}

START_TEST(text_is_read_as_in_a_zone)
{
	uint8_t buf[64];
	struct error err = {""};
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	ck_assert_msg(rdata_parse_text(texts[_i].type, texts[_i].text, &w,
			  &err) == (texts[_i].hex != NULL),
	    "%s", texts[_i].text);
	if (texts[_i].hex != NULL)
		check_hex(&w, texts[_i].hex);
	else
		ck_assert_str_ne(err.text, "");
}
END_TEST

START_TEST(names_in_messages_are_made_whole)
{
	static const uint8_t packet[] = "\7EXAMPLE\0\0\x0a\2mx\xc0\0";
	struct cursor c = {.packet = packet, .at = 9, .end = 16};
	uint8_t buf[64];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	ck_assert(rdata_read(DNS_MX, &c, &w));
	check_hex(&w, "000a026d78076578616d706c6500");
}
END_TEST

/* From octet 2 on. */
START_TEST(what_is_no_name_is_no_data)
{
	static const struct {
		const char *packet;
		size_t len;
	} rows[] = {
	    {"\0\0\xc0\2", 4},       /* a pointer to itself */
	    {"\0\0\xc0\4\xc0\2", 6}, /* and to one another */
	    {"\0\0\xc0\x9", 4},      /* beyond the end */
	    {"\0\0\xff\xff", 4},
	    {"\0\0\xc0", 3},
	    {"\0\0\x40\0", 4}, /* no type of label */
	    {"\0\0\x80\0", 4},
	    {"\0\0\2a", 4},
	    {"\0\0\1a", 4},
	    {"\0\0", 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cursor c = {.packet = (const uint8_t *)rows[i].packet,
		    .at = 2,
		    .end = rows[i].len};
		uint8_t buf[DNS_NAME_MAX];
		struct wire w;

		wire_init(&w, buf, sizeof(buf));
		ck_assert(!rdata_read(DNS_NS, &c, &w));
		ck_assert(c.bad);
	}
}
END_TEST

/* RFC 1035 2.3.4 */
START_TEST(a_name_in_a_message_has_255_octets_at_most)
{
	for (size_t labels = 126; labels <= 128; labels++) {
		uint8_t packet[2 * 128 + 1] = "", buf[DNS_NAME_MAX];
		struct cursor c = {.packet = packet, .end = 2 * labels + 1};
		struct wire w;

		for (size_t i = 0; i < labels; i++)
			memcpy(packet + 2 * i, "\1a", 2);
		wire_init(&w, buf, sizeof(buf));
		ck_assert(rdata_read(DNS_NS, &c, &w) == (labels <= 127));
	}
}
END_TEST

START_TEST(data_of_other_types_is_copied)
{
	static const uint8_t packet[] = "\1\2\3";
	uint8_t buf[3];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	ck_assert(rdata_read(
	    65280, &(struct cursor){.packet = packet, .end = 3}, &w));
	check_hex(&w, "010203");
	wire_init(&w, buf, sizeof(buf));
	ck_assert(!rdata_read(
	    DNS_TXT, &(struct cursor){.packet = packet, .end = 3}, &w));
	wire_init(&w, buf, 2);
	ck_assert(!rdata_read(
	    65280, &(struct cursor){.packet = packet, .end = 3}, &w));
	wire_init(&w, buf, sizeof(buf));
	ck_assert(!rdata_read(DNS_MX,
	    &(struct cursor){.packet = packet, .end = 3, .bad = true}, &w));
}
END_TEST

START_TEST(long_strings_are_none)
{
	char text[1100];
	uint8_t buf[2048];
	struct error err;
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		w.len = 0;
		ck_assert(rdata_parse_text(DNS_TXT, text, &w, &err) ==
		    (len > 0 && len <= 255));
	}
}
END_TEST

START_TEST(data_that_is_too_short_or_too_long_is_none)
{
	static const uint8_t packet[8] = "";
	uint8_t buf[64];
	struct wire w;

	for (size_t end = 0; end <= sizeof(packet); end++) {
		struct cursor c = {.packet = packet, .end = end};

		wire_init(&w, buf, sizeof(buf));
		ck_assert(rdata_read(DNS_A, &c, &w) == (end == 4));
	}
}
END_TEST

START_TEST(what_does_not_fit_is_none)
{
	uint8_t buf[3];
	struct error err;
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	ck_assert(!rdata_parse_text(DNS_A, "192.0.2.1", &w, &err));
}
END_TEST

START_TEST(rcodes_have_names)
{
	uint16_t rcode;

	ck_assert(rr_rcode_parse("REFUSED", &rcode));
	ck_assert_uint_eq(rcode, DNS_REFUSED);
	ck_assert(!rr_rcode_parse("refused", &rcode));
	ck_assert(!rr_rcode_parse("", &rcode));
}
END_TEST

/* SVCB: priority 1, the owner itself, then parameters. */
#define KEY(k, len) "\0" k "\0" len
#define ALPN KEY("\1", "\3") "\2h2"
#define HINT4 KEY("\4", "\4") "\300\0\2\1"
#define HINT6 KEY("\6", "\20") "0123456789abcdef"
#define MANDATORY(len, keys) KEY("\0", len) keys
#define TEXT(text) (const uint8_t *)("\0\1\0" text), sizeof("\0\1\0" text) - 1

static const struct hints {
	const uint8_t *before;
	size_t before_len;
	bool ipv4, ipv6;
	const uint8_t *after;
	size_t after_len;
} hints[] = {
    {TEXT(""), false, false, TEXT("")},
    {TEXT(ALPN), false, false, TEXT(ALPN)},
    {TEXT(ALPN HINT4 HINT6), true, true, TEXT(ALPN HINT4 HINT6)},
    {TEXT(ALPN HINT4 HINT6), false, true, TEXT(ALPN HINT6)},
    {TEXT(ALPN HINT4 HINT6), true, false, TEXT(ALPN HINT4)},
    {TEXT(HINT4 HINT6), false, false, TEXT("")},
    {TEXT(MANDATORY("\4", "\0\1\0\6") ALPN HINT6), true, false,
	TEXT(MANDATORY("\2", "\0\1") ALPN)},
    {TEXT(MANDATORY("\2", "\0\4") HINT4), false, true, TEXT("")},
};

START_TEST(hints_of_a_family_are_dropped)
{
	const struct hints *h = &hints[_i];
	uint8_t out[128];
	size_t n =
	    params_drop_hints(out, h->before, h->before_len, h->ipv4, h->ipv6);

	ck_assert_uint_eq(n, h->after_len);
	ck_assert_mem_eq(out, h->after, n);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rdata");
	TCase *t = tcase_create("rdata");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    t, text_is_read_as_in_a_zone, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(t, names_in_messages_are_made_whole);
	tcase_add_test(t, what_is_no_name_is_no_data);
	tcase_add_test(t, a_name_in_a_message_has_255_octets_at_most);
	tcase_add_test(t, data_of_other_types_is_copied);
	tcase_add_test(t, long_strings_are_none);
	tcase_add_test(t, data_that_is_too_short_or_too_long_is_none);
	tcase_add_test(t, what_does_not_fit_is_none);
	tcase_add_test(t, rcodes_have_names);
	tcase_add_loop_test(t, hints_of_a_family_are_dropped, 0,
	    sizeof(hints) / sizeof(*hints));
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
