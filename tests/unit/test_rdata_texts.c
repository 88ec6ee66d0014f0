/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of the data of records. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/type.h"
#include "rdata/rdata.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { ROOM = 3 * 65536 };

static struct lex lex;
static uint8_t octets[ROOM];
static char written[5 * ROOM];
static struct wire data;

static bool
parse(const char *type, const char *text)
{
	static const uint8_t origin[] = "\7example";
	struct field_text t = {.lex = &lex, .origin = origin, .w = &data};
	bool blank;

	wire_init(&data, octets, sizeof(octets));
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

/* What is read, and what is written of it; NULL: the same. */
static const struct {
	const char *type, *read, *text;
} texts[] = {
    {"A", "0.9.10.255", NULL},
    {"AAAA", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"NS", "A.b", "A.b.example."},
    {"CNAME", ".", NULL},
    {"SOA", "a. b. 4294967295 1w1d1h1m1s 0 1W2D 60",
	"a. b. 4294967295 694861 0 777600 60"},
    {"TXT", "a \"\" \"\\\"\\\\\" \\000\\031\\032\\126\\127\\255",
	"\"a\" \"\" \"\\\"\\\\\" \"\\000\\031 ~\\127\\255\""},
    {"MX", "0 A.", NULL},
    {"WKS", "192.0.2.1 tcp 7 smtp 0 8 443", "192.0.2.1 6 0 7 8 25 443"},
    {"WKS", "192.0.2.1 255", "192.0.2.1 255"},
    {"HINFO", "a b", "\"a\" \"b\""},
    {"ISDN", "1", "\"1\""},
    {"ISDN", "1 2", "\"1\" \"2\""},
    {"NSAP", "0X0a.1B", "0x0A1B"},
    {"NXT", "a. A 2 127 TYPE7", "a. A NS MB TYPE127"},
    {"LOC", "0 N 0 W 0",
	"0 0 0.000 N 0 0 0.000 E 0.00m 1.00m 10000.00m 10.00m"},
    {"LOC", "89 59 59.999 S 179 59 59.999 W -100000.00m 0 0.01 90000000",
	"89 59 59.999 S 179 59 59.999 W -100000.00m 0.00m 0.01m 90000000.00m"},
    {"LOC", "90 S 180 E 42849672.95 0.99 12345 1.5m",
	"90 0 0.000 S 180 0 0.000 E 42849672.95m 0.90m 10000.00m 1.00m"},
    {"LOC", "1 2 3.4 n 5 6 7.08 w -0.01 0.09 0.1 9",
	"1 2 3.400 N 5 6 7.080 W -0.01m 0.09m 0.10m 9.00m"},
    {"SRV", "1 2 3 .", NULL},
    {"APL", "1:192.0.2.0/24 !2:ff00::/8 1:0.0.0.0/0",
	"1:192.0.2.0/24 !2:ff00::/8 1:0.0.0.0/0"},
    {"APL", "", ""},
    {"DS", "65535 253 9 0aFF", "65535 253 9 0AFF"},
    {"CERT", "OID 0 INDIRECT AA==", "254 0 252 AA=="},
    {"SSHFP", "4 9 00ff", "4 9 00FF"},
    {"IPSECKEY", "10 0 2 . AAAA", NULL},
    {"IPSECKEY", "10 1 2 192.0.2.1 AAAA", NULL},
    {"IPSECKEY", "10 2 2 2001:db8:: AAAA", NULL},
    {"IPSECKEY", "10 3 2 A. AAAA", NULL},
    {"IPSECKEY", "10 0 0 .", NULL},
    {"RRSIG", "A 13 1 60 19700101000000 21060207062815 1 a. AAAA", NULL},
    {"RRSIG", "TYPE65535 1 1 0 20240229235959 1 1 . AAAA",
	"TYPE65535 1 1 0 20240229235959 19700101000001 1 . AAAA"},
    {"NSEC", "A. A NS TYPE255 TYPE256 CAA TYPE65535",
	"A. A NS ANY URI CAA TYPE65535"},
    {"DNSKEY", "257 3 13 AAECAwQFBgcICQ==", NULL},
    {"NSEC3", "2 0 1 - 00 A", "2 0 1 - 00 A"},
    {"NSEC3", "2 0 1 ab vs A", "2 0 1 AB VS A"},
    {"NSEC3", "2 0 1 ab 0123456789abcdefghijklmnopqrstuv A",
	"2 0 1 AB 0123456789ABCDEFGHIJKLMNOPQRSTUV A"},
    {"TLSA", "3 1 1 ab cd", "3 1 1 ABCD"},
    {"HIP", "2 ab AAAA A. b.", "2 AB AAAA A. b."},
    {"CSYNC", "1 2", "1 2"},
    {"SVCB", "1 a. port=0 alpn=a,b\\\\,c mandatory=port,alpn",
	"1 a. mandatory=\"alpn,port\" alpn=\"a,b\\\\,c\" port=\"0\""},
    {"SVCB", "1 a. alpn=a no-default-alpn ech=AAE= ohttp key9=\\009",
	"1 a. alpn=\"a\" no-default-alpn ech=\"AAE=\" ohttp key9=\"\\009\""},
    {"SVCB", "1 a. ipv6hint=::1,2::3 ipv4hint=192.0.2.1,192.0.2.2",
	"1 a. ipv4hint=\"192.0.2.1,192.0.2.2\" ipv6hint=\"::1,2::3\""},
    {"HTTPS", "0 a.", "0 a."},
    {"EUI48", "00-0A-ff-09-5e-2a", "00-0A-FF-09-5E-2A"},
    {"EUI64", "00-0A-ff-09-5e-2a-80-7f", "00-0A-FF-09-5E-2A-80-7F"},
    {"NID", "1 0:a:FFFF:0009", "1 0000:000A:FFFF:0009"},
    {"URI", "1 2 \"a\\\"b\"", "1 2 \"a\\\"b\""},
    {"CAA", "128 aZ09 x", "128 aZ09 \"x\""},
    {"DOA", "1 2 3 a -", "1 2 3 \"a\" -"},
    {"DOA", "1 2 3 a AAAA", "1 2 3 \"a\" AAAA"},
    {"AMTRELAY", "10 1 0 .", NULL},
    {"AMTRELAY", "10 0 1 192.0.2.1", NULL},
    {"AMTRELAY", "255 1 2 ::1", NULL},
    {"AMTRELAY", "0 0 3 A.", NULL},
    {"ATMA", "+31", "+31"},
    {"ATMA", "0a.1B", "0A1B"},
    {"A6", "0 2001:db8::1", NULL},
    {"A6", "128 A.", NULL},
    {"TYPE731", "\\# 0", NULL},
    {"TYPE731", "\\# 3 0a1b 2C", "\\# 3 0A1B2C"},
};

START_TEST(data_are_written_in_one_form)
{
	const char *want = texts[_i].text;

	ck_assert_msg(parse(texts[_i].type, texts[_i].read), "%s %s",
	    texts[_i].type, lex.error.text);
	ck_assert_str_eq(
	    format(texts[_i].type), want != NULL ? want : texts[_i].read);
}
END_TEST

/* Octets that are no data of their type are written as RFC 3597 has it. */
START_TEST(octets_that_are_no_data_are_written_as_such)
{
	wire_init(&data, octets, sizeof(octets));
	wire_put(&data, "\1\2\xab", 3);
	ck_assert_str_eq(format("A"), "\\# 3 0102AB");
	ck_assert_str_eq(format("NS"), "\\# 3 0102AB");
	data.len = 0;
	ck_assert_str_eq(format("A"), "\\# 0");
	ck_assert_str_eq(format("SVCB"), "\\# 0");
}
END_TEST

/* RFC 9460 8, 2.2: whatever their order is in the text. */
START_TEST(parameters_are_put_in_order)
{
	static const char *const keys[] = {"alpn", "port", "key9", "key300"};
	static const char *const values[] = {
	    "alpn=h2", "port=53", "key9=x", "key300"};
	static const char want[] =
	    "1 . mandatory=\"alpn,port,key9,key300\" alpn=\"h2\" port=\"53\" key9=\"x\" key300";
	char text[200];

	for (unsigned order = 0; order < 256; order++) {
		unsigned at[4], seen = 0;

		for (unsigned i = 0; i < 4; i++)
			seen |= 1u << (at[i] = order >> 2 * i & 3);
		if (seen != 0xf) /* no permutation */
			continue;
		snprintf(text, sizeof(text),
		    "1 . %s mandatory=%s,%s,%s,%s %s %s %s", values[at[3]],
		    keys[at[0]], keys[at[1]], keys[at[2]], keys[at[3]],
		    values[at[0]], values[at[2]], values[at[1]]);
		ck_assert_msg(parse("SVCB", text), "%s", lex.error.text);
		ck_assert_str_eq(format("SVCB"), want);
		snprintf(text, sizeof(text), "1 . %s %s %s %s %s",
		    values[at[0]], values[at[1]], values[at[2]], values[at[3]],
		    values[at[1]]);
		ck_assert(!parse("SVCB", text));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rdata/texts");
	TCase *tc = tcase_create("rdata/texts");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, data_are_written_in_one_form, 0, ROWS(texts));
	tcase_add_test(tc, octets_that_are_no_data_are_written_as_such);
	tcase_add_test(tc, parameters_are_put_in_order);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
