/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/param.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/host.h"

START_TEST(parameters_are_decoded)
{
	struct http_params p;

	ck_assert(http_params_parse(
	    &p, "name=a.%65xample&from=DE%2FBad+Homburg&x=&x=%2B%c3%A9", NULL));
	ck_assert_uint_eq(p.list.n, 4);
	ck_assert_str_eq(p.list.at[0].key, "name");
	ck_assert_str_eq(p.list.at[0].value, "a.example");
	ck_assert_str_eq(p.list.at[1].value, "DE/Bad Homburg");
	ck_assert_str_eq(p.list.at[2].value, "");
	ck_assert_str_eq(p.list.at[3].value, "+\xc3\xa9");
	http_params_fini(&p);
	ck_assert(http_params_parse(&p, NULL, NULL));
	ck_assert_uint_eq(p.list.n, 0);
	http_params_fini(&p);
	ck_assert(http_params_parse(&p, "", NULL));
	ck_assert_uint_eq(p.list.n, 0);
	http_params_fini(&p);
}
END_TEST

static const struct {
	const char *query, *names;
} bad[] = {
    {"name=www.example.com%00.evil", "name"},
    {"x=1&from=%00", "from"},
    {"a%00b=1", "name"},
    {"x=%0a", "x"},
    {"x=%1B", "x"},
    {"x=%7f", "x"},
    {"x=\x01", "x"},
    {"x=%zz", "x"},
    {"x=%4", "x"},
    {"x=%", "x"},
    {"x=%%34", "x"},
    {"x=%-1", "x"},
    {"x=%\x14\x11", "x"}, /* no digits, but for a bit */
    {"x=%4\x11", "x"},
    {"x=%4g", "x"},
    {"x=%4G", "x"},
    {"x=%4`", "x"},
    {"x=%4/", "x"},
    {"x=%4:", "x"},
    {"x=% 1", "x"},
    {"x=%c3", "x"},       /* not UTF-8: cut, */
    {"x=%c0%80", "x"},    /* a NUL in two octets, */
    {"x=%ed%a0%80", "x"}, /* a surrogate, */
    {"x=%ff", "x"},
    {"x", "KEY=VALUE"},
    {"=x", "KEY=VALUE"},
    {"a=1&", "KEY=VALUE"},
    {"&a=1", "KEY=VALUE"},
    {"a=1&&b=2", "KEY=VALUE"},
};

START_TEST(what_is_no_text_is_refused_by_name)
{
	struct http_params p;
	struct error err;

	ck_assert_msg(
	    !http_params_parse(&p, bad[_i].query, &err), "%s", bad[_i].query);
	ck_assert_ptr_nonnull(strstr(err.text, bad[_i].names));
	http_params_fini(&p);
}
END_TEST

START_TEST(each_octet_of_ascii_is_decoded)
{
	for (int c = ' '; c < 0x7f; c++) {
		for (size_t i = 0; i < 2; i++) {
			char text[8];

			snprintf(text, sizeof(text),
			    i == 0 ? "%%%02x" : "%%%02X", (unsigned)c);
			ck_assert(http_decode(text, "it", NULL));
			ck_assert_int_eq(text[0], c);
			ck_assert_int_eq(text[1], '\0');
		}
	}
}
END_TEST

START_TEST(a_path_keeps_its_plus)
{
	char text[] = "/a+b%2fc", nul[] = "/v1/status%00x";
	struct error err;

	ck_assert(http_decode(text, "the path", &err));
	ck_assert_str_eq(text, "/a+b/c");
	ck_assert(!http_decode(nul, "the path", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "the path: %00"));
}
END_TEST

static const struct {
	const char *host;
	bool is_own;
} hosts[] = {
    {"127.0.0.1", true},
    {"127.0.0.1:8053", true},
    {"192.0.2.1:", true},
    {"[::1]", true},
    {"[2001:DB8::1]:80", true},
    {"[::ffff:192.0.2.1]", true},
    {"[fe80::1%25eth0]:80", true},
    {"localhost", true},
    {"LocalHost.:80", true},
    {"ns1.example.net", true},
    {"NS1.EXAMPLE.NET.:9000", true},
    {"dotted.example", true},
    {"", false},
    {".", false},
    {":80", false},
    {"evil.example", false},
    {"evil.example:80", false},
    {"ns1.example.net.evil.example", false},
    {"xns1.example.net", false},
    {"s1.example.net", false},
    {"ns1.example.net..", false},
    {"localhost.evil.example", false},
    {"evil.localhost", false},
    {"127.0.0.1.evil.example", false},
    {"127.1", false},
    {"2130706433", false},
    {"0x7f.0.0.1", false},
    {"127.0.0.1@evil.example", false},
    {"[::1].evil.example", false},
    {"[::1", false},
    {"::1", false},
    {"[127.0.0.1]", false},
    {"[fe80::1%20http://]:80", false},
    {"localhost:x", false},
    {"localhost ", false},
};

START_TEST(a_host_is_an_address_or_a_name_of_ours)
{
	static const char *const names[] = {
	    "ns1.example.net", "dotted.example."};

	ck_assert_msg(
	    http_host_is_own(hosts[_i].host, names, 2) == hosts[_i].is_own,
	    "%s", hosts[_i].host);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http/param");
	TCase *t = tcase_create("http/param");
	SRunner *runner;
	int failed;

	tcase_add_test(t, parameters_are_decoded);
	tcase_add_loop_test(t, what_is_no_text_is_refused_by_name, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, each_octet_of_ascii_is_decoded);
	tcase_add_test(t, a_path_keeps_its_plus);
	tcase_add_loop_test(t, a_host_is_an_address_or_a_name_of_ours, 0,
	    sizeof(hosts) / sizeof(hosts[0]));
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
