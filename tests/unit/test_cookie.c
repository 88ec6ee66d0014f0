/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/cookie.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define CLIENT "198.51.100.100"
#define GOOD "2464c4abcf10c957010000005cf79f111f8130c3eee29480"

enum { MADE = 1559731985 };

static struct cookie_secret secrets[2];
static struct cookie_secrets ours;

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	unsigned octet;

	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &octet), 1);
		out[i] = (uint8_t)octet;
	}
	return n;
}

static void
use(const char *first, const char *second)
{
	from_hex(first, secrets[0].key);
	if (second != NULL)
		from_hex(second, secrets[1].key);
	ours.all = secrets;
	ours.n = second != NULL ? 2 : 1;
}

static enum cookie_state
check_cookie(const char *hex, const char *client, uint32_t now_s)
{
	uint8_t cookie[COOKIE_MAX];
	size_t len = from_hex(hex, cookie);
	struct addr a;

	ck_assert(addr_parse(client, &a));
	return cookie_check(&ours, cookie, len, &a, now_s);
}

static void
makes(const char *query, const char *client, uint32_t now_s, const char *want)
{
	uint8_t in[COOKIE_MAX], expected[COOKIE_SIZE], out[COOKIE_SIZE];
	struct addr a;

	ck_assert(addr_parse(client, &a));
	from_hex(query, in);
	from_hex(want, expected);
	cookie_make(&ours, in, &a, now_s, out);
	ck_assert_mem_eq(out, expected, COOKIE_SIZE);
}

START_TEST(the_vectors_of_rfc_9018_hold)
{
	static const char third[] =
	    "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
	static const char fourth[] =
	    "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
	static const char ipv6[] = "2001:db8:220:1:59de:d0f4:8769:82b8";

	use(SECRET, NULL);
	makes("2464c4abcf10c957", CLIENT, MADE, GOOD); /* A.1 */
	ck_assert_int_eq(check_cookie(GOOD, CLIENT, 1559734385), COOKIE_GOOD);
	makes(GOOD, CLIENT, 1559734385, /* A.2 */
	    "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
	/* A.3: reserved octets count; when it is renewed there, it is older
	 * than the hour of section 4.3. */
	ck_assert_int_eq(
	    check_cookie(third, "203.0.113.203", 1559727985), COOKIE_GOOD);
	makes(third, "203.0.113.203", 1559734700,
	    "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
	/* A.4: a new secret, the old one accepted. */
	use("445536bcd2513298075a5d379663c962",
	    "dd3bdf9344b678b185a6f5cb60fca715");
	ck_assert_int_eq(check_cookie(fourth, ipv6, 1559741961), COOKIE_GOOD);
	makes(fourth, ipv6, 1559741961,
	    "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}
END_TEST

START_TEST(a_cookie_is_good_for_an_hour)
{
	use(SECRET, NULL);
	ck_assert_int_eq(check_cookie(GOOD, CLIENT, MADE + 3600), COOKIE_GOOD);
	ck_assert_int_eq(check_cookie(GOOD, CLIENT, MADE + 3601), COOKIE_BAD);
	ck_assert_int_eq(check_cookie(GOOD, CLIENT, MADE - 300), COOKIE_GOOD);
	ck_assert_int_eq(check_cookie(GOOD, CLIENT, MADE - 301), COOKIE_BAD);
}
END_TEST

START_TEST(any_other_octet_or_address_makes_it_bad)
{
	char hex[] = GOOD;

	use(SECRET, NULL);
	for (size_t i = 0; i + 1 < sizeof(hex); i++) {
		char was = hex[i];

		hex[i] = was == '0' ? '1' : '0';
		ck_assert_int_eq(check_cookie(hex, CLIENT, MADE), COOKIE_BAD);
		hex[i] = was;
	}
	ck_assert_int_eq(check_cookie(hex, "198.51.100.101", MADE), COOKIE_BAD);
	use("445536bcd2513298075a5d379663c962", NULL);
	ck_assert_int_eq(check_cookie(hex, CLIENT, MADE), COOKIE_BAD);
}
END_TEST

START_TEST(other_lengths_are_told_apart)
{
	use(SECRET, NULL);
	ck_assert_int_eq(check_cookie("", CLIENT, MADE), COOKIE_NONE);
	ck_assert_int_eq(
	    check_cookie("2464c4abcf10c957", CLIENT, MADE), COOKIE_CLIENT);
	ck_assert_int_eq(
	    check_cookie("2464c4abcf10c9570102030405060708", CLIENT, MADE),
	    COOKIE_BAD);
	ck_assert_int_eq(check_cookie(GOOD "00", CLIENT, MADE), COOKIE_BAD);
	for (size_t i = 0; i < 64; i++)
		ck_assert(
		    cookie_length_valid(i) == (i == 8 || (i >= 16 && i <= 40)));
}
END_TEST

START_TEST(a_secret_of_our_own_is_another_one_each_day)
{
	uint8_t monday[COOKIE_SIZE], tuesday[COOKIE_SIZE], want[COOKIE_SIZE];
	const uint8_t client[COOKIE_CLIENT_SIZE] = "clients";
	const uint32_t midnight = 20000 * 86400;
	struct addr a;

	ck_assert(addr_parse(CLIENT, &a));
	ours = (struct cookie_secrets){.own.key = "none knows this"};
	cookie_make(&ours, client, &a, midnight - 1, monday);
	cookie_make(&ours, client, &a, midnight, tuesday);
	/* The key of a day is SipHash-2-4 of the day and of 0, then 1, with
	 * the own key; computed elsewhere. */
	from_hex("636c69656e7473000100000066ff2fffd90fc772a3a8b2e2", want);
	ck_assert_mem_eq(monday, want, COOKIE_SIZE);
	from_hex("636c69656e7473000100000066ff3000452aee225e768314", want);
	ck_assert_mem_eq(tuesday, want, COOKIE_SIZE);
	/* Each is good on both sides of midnight. */
	ck_assert_int_eq(
	    cookie_check(&ours, monday, COOKIE_SIZE, &a, midnight + 60),
	    COOKIE_GOOD);
	ck_assert_int_eq(
	    cookie_check(&ours, tuesday, COOKIE_SIZE, &a, midnight - 60),
	    COOKIE_GOOD);
	tuesday[15]--;
	ck_assert_int_eq(
	    cookie_check(&ours, tuesday, COOKIE_SIZE, &a, midnight),
	    COOKIE_BAD);
	ours.own.key[0]++;
	ck_assert_int_eq(
	    cookie_check(&ours, monday, COOKIE_SIZE, &a, midnight), COOKIE_BAD);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cookie");
	TCase *tc = tcase_create("cookie");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, the_vectors_of_rfc_9018_hold);
	tcase_add_test(tc, a_cookie_is_good_for_an_hour);
	tcase_add_test(tc, any_other_octet_or_address_makes_it_bad);
	tcase_add_test(tc, other_lengths_are_told_apart);
	tcase_add_test(tc, a_secret_of_our_own_is_another_one_each_day);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
