/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/hint.h"

#include <check.h>
#include <string.h>

static char buf[HINT_MAX];

static const struct {
	const char *text, *hint;
} numbers[] = {
    {"https", "; did you mean 443?"},
    {"HTTP", "; did you mean 80?"},
    {"domain", "; did you mean 53?"},
    {"080", "; did you mean 80?"},
    {"+5", "; did you mean 5?"},
    {"0x1f", "; did you mean 31?"},
    {"80.0", "; did you mean 80?"},
    {"443/tcp", "; did you mean 443?"},
    {"1,", "; did you mean 1?"},
    {"0x", ""},
    {"0x 1", ""},
    {"0x1g", ""},
    {"three", ""},
    {"-", ""},
    {"", ""},
    {"99999999999999999999999999", ""},
};

START_TEST(numbers_are_guessed)
{
	ck_assert_str_eq(hint_number(buf, numbers[_i].text), numbers[_i].hint);
}
END_TEST

static const struct {
	const char *text, *hint;
} addresses[] = {
    {"192.0.2.1:80",
	"; write 192.0.2.1 alone, the port is the monitor's "
	"(\"port\")"},
    {"192.0.2.1@80",
	"; write 192.0.2.1 alone, the port is the monitor's "
	"(\"port\")"},
    {"[2001:db8::1]:80",
	"; write 2001:db8::1 alone, the port is the "
	"monitor's (\"port\")"},
    {"[2001:db8::1]", "; write 2001:db8::1 alone"},
    {"192.0.2.1/32", "; write 192.0.2.1 alone"},
    {"fe80::1%eth0", "; write fe80::1 alone"},
    {"https://192.0.2.1/", "; write 192.0.2.1 alone"},
    {"192.000.002.001", "; write 192.0.2.1 alone"},
    {"www.example.com", "; a target that is a name has the key \"cname\""},
    {"192.0.2.256", ""},
    {"192.0.2", ""},
    {"localhost", ""},
    {"", ""},
};

START_TEST(addresses_are_guessed)
{
	ck_assert_str_eq(
	    hint_address(buf, addresses[_i].text), addresses[_i].hint);
}
END_TEST

START_TEST(what_switches_something_is_guessed)
{
	static const char *const on_off[] = {"on", "off", NULL};
	static const char *const no_yes[] = {"no", "yes", NULL};
	static const char *const others[] = {"all", "one", NULL};

	ck_assert_int_eq(hint_switch("true", on_off), 0);
	ck_assert_int_eq(hint_switch("no", on_off), 1);
	ck_assert_int_eq(hint_switch("FALSE", no_yes), 0);
	ck_assert_int_eq(hint_switch("on", no_yes), 1);
	ck_assert_int_eq(hint_switch("1", no_yes), 1);
	ck_assert_int_eq(hint_switch("maybe", no_yes), -1);
	ck_assert_int_eq(hint_switch("yes", others), -1);
}
END_TEST

static const char *
known(const char *key, size_t len, void *arg)
{
	const char *word = arg;

	return strlen(word) == len && memcmp(word, key, len) == 0 ? word : NULL;
}

static const struct {
	const char *text, *hint;
} keys[] = {
    {"port:1", "; write \"port: 1\""},
    {"port = 1", "; write \"port: 1\""},
    {"port=1", "; write \"port: 1\""},
    {"port =", "; write \"port: VALUE\""},
    {"prot:1", ""},
    {"port", ""},
    {"\xc2\xa0port", "; delete the invisible character U+00A0"},
    {"port\xe2\x80\x8b", "; delete the invisible character U+200B"},
    {"p\xc3\xb6rt", ""},
};

START_TEST(keys_are_guessed)
{
	char word[] = "port";

	ck_assert_str_eq(
	    hint_key(buf, keys[_i].text, known, word), keys[_i].hint);
}
END_TEST

START_TEST(names_of_objects_are_guessed)
{
	ck_assert_str_eq(
	    hint_label(buf, "EU West"), "; did you mean \"eu-west\"?");
	ck_assert_str_eq(hint_label(buf, "a.b"), "; did you mean \"a-b\"?");
	ck_assert_str_eq(hint_label(buf, "e\xe2\x80\x8bu"),
	    "; delete the invisible character U+200B");
	ck_assert_str_eq(hint_label(buf, "-a"), "");
	ck_assert_str_eq(hint_label(buf, ""), "");
}
END_TEST

static const struct {
	const char *text, *hint;
} names[] = {
    {"", ""},
    {"www.example.com", ""},
    {"*.a_b-c.example.com.", ""},
    {"m\\195\\188n.example.com", ""},
    {"a\\032b.example.com", ""},
    {"m\xc3\xbcn.example.com", "a name with characters beyond ASCII"},
    {"www.example.com\xc2\xa0", "a name with characters beyond ASCII"},
    {"\xe2\x80\x8bwww.example.com", "a name with characters beyond ASCII"},
    {"m\xfcn.example.com", "a name with characters beyond ASCII"},
    {"www.example.com\x7f", "a name with characters beyond ASCII"},
    {"www.example.com ", "a blank in a name"},
    {" www.example.com", "a blank in a name"},
    {"a\tb.example.com", "a blank in a name"},
};

START_TEST(names_that_no_query_has_are_told)
{
	const char *hint = hint_name(names[_i].text);

	ck_assert(strncmp(hint, names[_i].hint, strlen(names[_i].hint)) == 0);
	ck_assert((*hint == '\0') == (*names[_i].hint == '\0'));
}
END_TEST

START_TEST(maps_are_guessed)
{
	ck_assert_str_eq(hint_map(buf, "eu"), ": write \"eu:\"");
	ck_assert_str_eq(hint_map(buf, "a:b"), ": write \"a: b\"");
	ck_assert_str_eq(hint_map(buf, "a = b"), ": write \"a: b\"");
	ck_assert_str_eq(
	    hint_map(buf, "192.0.2.1"), ": write {addr: 192.0.2.1}");
	ck_assert_str_eq(hint_map(buf, "a b"), ", not \"a b\"");
	ck_assert_ptr_nonnull(strstr(hint_map(buf, NULL), "not with \"- \""));
	ck_assert_ptr_nonnull(strstr(hint_map(buf, "null"), "leave it empty"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hint");
	TCase *tc = tcase_create("hint");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(
	    tc, numbers_are_guessed, 0, sizeof(numbers) / sizeof(*numbers));
	tcase_add_loop_test(tc, addresses_are_guessed, 0,
	    sizeof(addresses) / sizeof(*addresses));
	tcase_add_test(tc, what_switches_something_is_guessed);
	tcase_add_loop_test(
	    tc, keys_are_guessed, 0, sizeof(keys) / sizeof(*keys));
	tcase_add_test(tc, names_of_objects_are_guessed);
	tcase_add_loop_test(tc, names_that_no_query_has_are_told, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tc, maps_are_guessed);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
