/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/rdata.h"

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
    {DNS_TXT, "\"open", NULL},
    {DNS_TXT, "\\256", NULL},
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
	struct error err;
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	ck_assert_msg(rdata_parse(texts[_i].type, texts[_i].text, &w, &err) ==
		(texts[_i].hex != NULL),
	    "%s", texts[_i].text);
	if (texts[_i].hex != NULL)
		check_hex(&w, texts[_i].hex);
	else
		ck_assert_ptr_nonnull(strstr(err.text, "is no data of"));
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
	ck_assert(!rdata_parse(DNS_A, "192.0.2.1", &w, &err));
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

int
main(void)
{
	Suite *suite = suite_create("dns/rdata");
	TCase *t = tcase_create("dns/rdata");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    t, text_is_read_as_in_a_zone, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(t, names_in_messages_are_made_whole);
	tcase_add_test(t, data_that_is_too_short_or_too_long_is_none);
	tcase_add_test(t, what_does_not_fit_is_none);
	tcase_add_test(t, rcodes_have_names);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
