/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/name.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t *
name(const char *text)
{
	static uint8_t names[4][DNS_NAME_MAX];
	static unsigned next;
	uint8_t *n = names[next++ % 4];
	struct error err;

	ck_assert_msg(name_parse(text, n, &err), "%s", err.text);
	return n;
}

START_TEST(text_becomes_wire_form)
{
	static const struct {
		const char *text;
		const char *wire;
		size_t len;
	} rows[] = {
	    {".", "", 1},
	    {"a", "\1a", 3},
	    {"a.", "\1a", 3},
	    {"www.Example.com.", "\3www\7Example\3com", 17},
	    {"a\\.b.c", "\3a.b\1c", 7},
	    {"\\065\\000.", "\2A\0", 4},
	    {"*.x", "\1*\1x", 5},
	    {"\\:05", "\3:05", 5},
	    {"\\255\\199.\\a", "\2\377\307\1a", 6},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		const uint8_t *n = name(rows[i].text);

		ck_assert_uint_eq(name_len(n), rows[i].len);
		ck_assert_mem_eq(n, rows[i].wire, rows[i].len);
	}
}
END_TEST

START_TEST(what_is_no_name_is_refused_with_the_reason)
{
	static const char *const rows[][2] = {
	    {"", "empty name"},
	    {"..", "empty label"},
	    {"a..b", "empty label"},
	    {".a", "empty label"},
	    {"\\256", "escape"},
	    {"\\12", "escape"},
	    {"a\\", "escape"},
	    {"\\1x2", "escape"},
	    {"\\0:5", "escape"},
	    {"\\00:", "escape"},
	    {"\\1/5", "escape"},
	    {"\\10/", "escape"},
	    {"0123456789012345678901234567890123456789012345678901234567890123",
		"longer than 63"},
	};
	uint8_t n[DNS_NAME_MAX];
	struct error err;

	for (size_t i = 0; i < ROWS(rows); i++) {
		ck_assert_msg(
		    !name_parse(rows[i][0], n, &err), "%s", rows[i][0]);
		ck_assert_msg(
		    strstr(err.text, rows[i][1]) != NULL, "%s", err.text);
	}
}
END_TEST

START_TEST(a_name_has_255_octets_at_most)
{
	uint8_t n[DNS_NAME_MAX];
	char text[600] = "";

	for (int i = 0; i < 127; i++)
		strcat(text, "a.");
	ck_assert(name_parse(text, n, NULL));
	ck_assert_uint_eq(name_len(n), 255);
	ck_assert_uint_eq(name_labels(n), 127);
	strcat(text, "a");
	ck_assert(!name_parse(text, n, NULL));
	text[252] = '\0';
	strcat(text, "aa");
	ck_assert(!name_parse(text, n, NULL));
	memset(text, 'a', 500);
	for (int i = 50; i < 500; i += 50)
		text[i] = '.';
	ck_assert(!name_parse(text, n, NULL));
}
END_TEST

START_TEST(every_name_is_written_as_it_is_read)
{
	uint8_t n[DNS_NAME_MAX], back[DNS_NAME_MAX];
	char buf[NAME_TEXT_MAX];
	unsigned octet = 0;

	while (octet < 256) {
		size_t len = 0;

		/* 3 * 63 + 61 octets of content, of any value. */
		while (len + 2 < DNS_NAME_MAX) {
			size_t left = DNS_NAME_MAX - 2 - len;

			n[len] = (uint8_t)(left > 63 ? 63 : left);
			for (size_t i = 1; i <= n[len]; i++)
				n[len + i] = (uint8_t)octet++;
			len += 1u + n[len];
		}
		n[len] = 0;
		ck_assert(name_parse(name_format(buf, n), back, NULL));
		ck_assert_uint_eq(name_len(back), name_len(n));
		ck_assert_mem_eq(back, n, name_len(n));
	}
	ck_assert_str_eq(name_format(buf, name(".")), ".");
	ck_assert_str_eq(name_format(buf, name("a.b")), "a.b.");
	ck_assert_str_eq(name_format(buf, name("\\032\\..x")), "\\032\\..x.");
}
END_TEST

START_TEST(case_matters_to_nobody)
{
	uint8_t n[DNS_NAME_MAX];

	name_parse("WwW.eXample.\\193\\091\\064Z", n, NULL);
	ck_assert(name_equal(n, name("www.example.\\193\\091\\064z")));
	name_lower(n);
	ck_assert_mem_eq(n, name("www.example.\\193\\091\\064z"), 18);
	ck_assert(!name_equal(name("a.b"), name("a.c")));
	ck_assert(!name_equal(name("a.b"), name("a\\.b")));
	ck_assert(!name_equal(name("["), name("{")));
	ck_assert(name_label_equal(name("AB.x"), name("ab.y")));
	ck_assert(!name_label_equal(name("ab.x"), name("abc.x")));
	ck_assert(!name_label_equal(name("ab"), name(".")));
}
END_TEST

/* RFC 4343 3: letters of ASCII, and no other octets. */
START_TEST(letters_alone_have_two_forms)
{
	for (unsigned x = 0; x < 256; x++) {
		uint8_t a[] = {1, (uint8_t)x, 0}, lower[] = {1, (uint8_t)x, 0};
		bool letter = x >= 'A' && x <= 'Z';

		name_lower(lower);
		ck_assert_uint_eq(lower[1], letter ? x + 32 : x);
		for (unsigned y = 0; y < 256; y++) {
			uint8_t b[] = {1, (uint8_t)y, 0};
			bool same = x == y ||
			    ((x ^ y) == 32 && (x & ~32u) >= 'A' &&
				(x & ~32u) <= 'Z');

			ck_assert_int_eq(name_equal(a, b), same);
			ck_assert_int_eq(name_label_equal(a, b), same);
		}
	}
}
END_TEST

START_TEST(names_below_are_found_by_labels)
{
	ck_assert(name_is_under(name("www.Example.com"), name("example.com")));
	ck_assert(name_is_under(name("example.com"), name("example.com")));
	ck_assert(name_is_under(name("a"), name(".")));
	ck_assert(!name_is_under(name("com"), name("example.com")));
	ck_assert(!name_is_under(name("badexample.com"), name("example.com")));
	ck_assert(
	    !name_is_under(name("x\\007example.com"), name("example.com")));
	ck_assert(name_equal(name_parent(name("a.b.c")), name("b.c")));
}
END_TEST

START_TEST(a_wildcard_is_a_first_label_of_one_star)
{
	ck_assert(name_is_wildcard(name("*.a")));
	ck_assert(name_is_wildcard(name("*")));
	ck_assert(!name_is_wildcard(name("**.a")));
	ck_assert(!name_is_wildcard(name("a.*")));
	ck_assert(!name_is_wildcard(name(".")));
}
END_TEST

START_TEST(a_name_ends_within_its_octets)
{
	uint8_t octets[DNS_NAME_MAX + 3] = "\1a\0";

	ck_assert(name_is_within(octets, 3));
	ck_assert(name_is_within(octets, 4));
	ck_assert(!name_is_within(octets, 2));
	ck_assert(!name_is_within(octets, 1));
	ck_assert(!name_is_within(octets, 0));
	octets[2] = 0xc0;
	ck_assert(!name_is_within(octets, 4));
	for (size_t i = 0; i < sizeof(octets); i += 2)
		octets[i] = 1;
	octets[DNS_NAME_MAX - 1] = 0;
	ck_assert(name_is_within(octets, sizeof(octets)));
	octets[DNS_NAME_MAX - 1] = 1;
	octets[DNS_NAME_MAX + 1] = 0;
	ck_assert(!name_is_within(octets, sizeof(octets)));
}
END_TEST

START_TEST(a_hash_is_of_the_octets)
{
	const uint8_t *a = name("www.example.com");
	const uint8_t *b = name("www.example.com");

	ck_assert_uint_eq(name_hash(a, 17), name_hash(b, 17));
	ck_assert(name_hash(a, 17) != name_hash(name("wwv.example.com"), 17));
}
END_TEST

/* At each length, a changed octet anywhere gives another hash, and names that
 * are not the same. */
START_TEST(a_hash_and_equality_look_at_every_octet)
{
	uint8_t a[64], b[64];

	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)('a' + i % 26);
	for (size_t len = 1; len <= sizeof(a); len++) {
		memcpy(b, a, len);
		ck_assert(name_same(a, b, len));
		ck_assert_uint_eq(name_hash(a, len), name_hash(b, len));
		if (len > 1)
			ck_assert_uint_ne(
			    name_hash(a, len), name_hash(a, len - 1));
		for (size_t i = 0; i < len; i++) {
			b[i] ^= 1;
			ck_assert(!name_same(a, b, len));
			ck_assert_uint_ne(name_hash(a, len), name_hash(b, len));
			b[i] ^= 1;
		}
	}
}
END_TEST

/* Names as people give them: numbered hosts, and the same host in many zones.
 * Both the lower bits, which choose a slot, and the upper ones, which tag it,
 * are as those of chance. */
START_TEST(hashes_of_similar_names_are_spread)
{
	enum { NAMES = 1 << 16, PER_CELL = 16, CELLS = NAMES / PER_CELL };
	static const struct {
		const char *before, *after;
		int digits;
	} forms[] = {{"h", ".example.com", 7}, {"www.z", ".example", 1},
	    {"", ".2.0.192.in-addr.arpa", 1}, {"n", "", 1}, {"a", "b", 1}};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		static unsigned low[CELLS], high[CELLS];
		double sum_low = 0, sum_high = 0;

		memset(low, 0, sizeof(low));
		memset(high, 0, sizeof(high));
		for (unsigned i = 0; i < NAMES; i++) {
			char text[64];
			const uint8_t *n;
			uint64_t hash;

			snprintf(text, sizeof(text), "%s%0*u%s",
			    forms[f].before, forms[f].digits, i,
			    forms[f].after);
			n = name(text);
			hash = name_hash(n, name_len(n));
			low[hash % CELLS]++;
			high[hash >> 52]++;
		}
		for (size_t i = 0; i < CELLS; i++) {
			double l = (double)low[i] - PER_CELL;
			double h = (double)high[i] - PER_CELL;

			sum_low += l * l / PER_CELL;
			sum_high += h * h / PER_CELL;
		}
		/* Chi-squared of 4095 degrees: 90 on either side is one
		 * deviation; what is spread evenly is no worse. */
		ck_assert_double_lt(sum_low, CELLS + 6 * 90.5);
		ck_assert_double_lt(sum_high, CELLS + 6 * 90.5);
	}
}
END_TEST

/* Every octet at every place of a word, at each length. */
START_TEST(copies_are_in_lower_case_octet_by_octet)
{
	uint8_t from[DNS_NAME_MAX], to[DNS_NAME_MAX + 1];

	for (size_t len = 0; len <= DNS_NAME_MAX; len++) {
		for (unsigned first = 0; first < 256; first += 7) {
			for (size_t i = 0; i < len; i++)
				from[i] = (uint8_t)(first + i);
			to[len] = 0xaa;
			name_copy_lower(to, from, len);
			for (size_t i = 0; i < len; i++)
				ck_assert_uint_eq(to[i],
				    from[i] >= 'A' && from[i] <= 'Z'
					? from[i] + ('a' - 'A')
					: from[i]);
			ck_assert_uint_eq(to[len], 0xaa);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("name");
	TCase *tc = tcase_create("name");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, copies_are_in_lower_case_octet_by_octet);
	tcase_add_test(tc, text_becomes_wire_form);
	tcase_add_test(tc, what_is_no_name_is_refused_with_the_reason);
	tcase_add_test(tc, a_name_has_255_octets_at_most);
	tcase_add_test(tc, every_name_is_written_as_it_is_read);
	tcase_add_test(tc, case_matters_to_nobody);
	tcase_add_test(tc, letters_alone_have_two_forms);
	tcase_add_test(tc, names_below_are_found_by_labels);
	tcase_add_test(tc, a_wildcard_is_a_first_label_of_one_star);
	tcase_add_test(tc, a_name_ends_within_its_octets);
	tcase_add_test(tc, a_hash_is_of_the_octets);
	tcase_add_test(tc, a_hash_and_equality_look_at_every_octet);
	tcase_add_test(tc, hashes_of_similar_names_are_spread);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
