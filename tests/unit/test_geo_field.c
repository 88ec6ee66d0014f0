/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of the MaxMind DB format 2.0, each with its last octet and without. */
#include "geo/field.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define OCTETS(s) (s), sizeof(s) - 1

static char keys[256];

static void
keep_key(const char *key, size_t len, size_t value, void *arg)
{
	ck_assert_uint_gt(value, 0);
	ck_assert_ptr_eq(arg, keys);
	snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%.*s,",
	    (int)len, key);
}

/* In a copy of that size, so that a sanitizer sees what is read beyond it. */
static bool
is_sound(const void *octets, size_t len, size_t at)
{
	uint8_t *copy = malloc(len);
	bool ok;

	memcpy(copy, octets, len);
	keys[0] = '\0';
	ok = field_is_sound(copy, len, at, keep_key, keys);
	free(copy);
	return ok;
}

/* Whole it is a field; with any octet less it is none. */
static const struct {
	const char *octets;
	size_t len;
	const char *keys;
} whole[] = {
    {OCTETS("\x40"), ""},    /* text of no octets */
    {OCTETS("\x43xyz"), ""}, /* text */
    {OCTETS("\x68"           /* a double */
	    "12345678"),
	""},
    {OCTETS("\x83xyz"), ""},        /* octets */
    {OCTETS("\xa2xy"), ""},         /* uint16 */
    {OCTETS("\xc4xyzx"), ""},       /* uint32 */
    {OCTETS("\4\1xyzx"), ""},       /* int32 */
    {OCTETS("\x08\2xyzxyzxy"), ""}, /* uint64 */
    {OCTETS("\x10\3"                /* uint128 */
	    "1234567890123456"),
	""},
    {OCTETS("\4\x08xyzx"), ""}, /* a float */
    {OCTETS("\0\7"), ""},       /* false */
    {OCTETS("\1\7"), ""},       /* true: its size is its value */
    {OCTETS("\0\4"), ""},       /* an array of none */
    {OCTETS("\3\4\x40\x41x\1\7"), ""},
    {OCTETS("\xe0"), ""}, /* a map of none */
    {OCTETS("\xe1\x41k\x41v"), "k,"},
    {OCTETS("\xe2\x41k\xe1\x41i\x40\x42lm\1\4\x41v"), "k,lm,"},
    {OCTETS("\xe1\x41k\0\7"), "k,"},
};

START_TEST(a_field_ends_with_its_last_octet)
{
	size_t len = whole[_i].len;
	char moved[64] = "##";

	ck_assert(is_sound(whole[_i].octets, len, 0));
	ck_assert_str_eq(keys, whole[_i].keys);
	for (size_t cut = len; cut-- > 1;)
		ck_assert_msg(
		    !is_sound(whole[_i].octets, cut, 0), "%zu octets", cut);
	memcpy(moved + 2, whole[_i].octets, len);
	ck_assert(is_sound(moved, len + 2, 2));
	ck_assert(is_sound(moved, len + 3, 2));
	ck_assert(!is_sound(moved, len + 2, len + 3));
}
END_TEST

/* Sizes from 29, 285 and 65821 on stand in 1, 2 and 3 octets of their own. */
START_TEST(texts_have_sizes_in_up_to_four_octets)
{
	static const size_t sizes[] = {
	    0, 28, 29, 30, 284, 285, 286, 65820, 65821, 65822, 70000};

	for (size_t i = 0; i < ROWS(sizes); i++) {
		size_t n = sizes[i], head = 1;
		uint8_t *p = calloc(1, n + 8);

		if (n < 29) {
			p[0] = (uint8_t)(0x40 + n);
		} else if (n < 285) {
			p[0] = 0x40 + 29;
			p[head++] = (uint8_t)(n - 29);
		} else if (n < 65821) {
			p[0] = 0x40 + 30;
			p[head++] = (uint8_t)((n - 285) >> 8);
			p[head++] = (uint8_t)(n - 285);
		} else {
			p[0] = 0x40 + 31;
			p[head++] = (uint8_t)((n - 65821) >> 16);
			p[head++] = (uint8_t)((n - 65821) >> 8);
			p[head++] = (uint8_t)(n - 65821);
		}
		ck_assert_msg(is_sound(p, head + n, 0), "%zu", n);
		ck_assert_msg(!is_sound(p, head + n - 1, 0), "%zu", n);
		free(p);
	}
}
END_TEST

/* Pointers lead into the section; those of 1, 2 and 3 octets have a bias. */
START_TEST(a_pointer_leads_into_the_section)
{
	static const struct {
		const char *octets;
		size_t len, to;
	} rows[] = {
	    {OCTETS("\x20\2"), 2}, {OCTETS("\x27\xff"), 0x7ff},
	    {OCTETS("\x28\0\0"), 2048}, {OCTETS("\x28\1\2"), 2048 + 0x102},
	    {OCTETS("\x2f\xff\xff"), 2048 + 0x7ffff},
	    {OCTETS("\x30\0\0\0"), 526336},
	    {OCTETS("\x30\0\1\2"), 526336 + 0x102},
	    {OCTETS("\x38\0\0\1\2"), 0x102},
	    {OCTETS("\x3f\0\0\1\2"), 0x102}, /* its low bits are not used */
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t end = rows[i].to + 1;
		uint8_t *p = calloc(1, end + 8);

		memset(p, 0xff, end + 8); /* a map of very many */
		memcpy(p, rows[i].octets, rows[i].len);
		if (rows[i].to < rows[i].len)
			end = rows[i].len + 1;
		p[end - 1] = 0x40;
		ck_assert_msg(is_sound(p, end, 0), "row %zu", i);
		ck_assert_msg(!is_sound(p, end - 1, 0), "row %zu", i);
		free(p);
	}
	/* Of a pointer to a map its keys are told. */
	ck_assert(is_sound(OCTETS("\x20\2\xe1\x41k\x41v"), 0));
	ck_assert_str_eq(keys, "k,");
	/* Keys may be pointers as well. */
	ck_assert(is_sound(OCTETS("\x42key\xe1\x20\0\x40"), 3) == false);
	ck_assert(is_sound(OCTETS("\x43key\xe1\x20\0\x40"), 4));
	ck_assert_str_eq(keys, "key,");
	/* A pointer to a pointer is followed by skipping alone. */
	ck_assert(is_sound(OCTETS("\x20\2\x20\4\x40"), 0));
}
END_TEST

/* Lists in each other, one in one. */
static bool
is_deep(size_t lists)
{
	VEC(uint8_t) p = {0};
	bool ok;

	for (size_t i = 0; i < lists; i++) {
		vec_push(&p, 1);
		vec_push(&p, 4);
	}
	vec_push(&p, 0x40);
	ok = is_sound(p.at, p.n, 0);
	vec_free(&p);
	return ok;
}

/* A list of so many texts. */
static bool
is_wide(size_t texts)
{
	size_t len = 5 + texts;
	uint8_t *p = malloc(len);
	bool ok;

	memset(p, 0x40, len);
	p[0] = 31;
	p[1] = 4;
	p[2] = (uint8_t)((texts - 65821) >> 16);
	p[3] = (uint8_t)((texts - 65821) >> 8);
	p[4] = (uint8_t)(texts - 65821);
	ok = is_sound(p, len, 0);
	free(p);
	return ok;
}

/* The same in two lists, so that less than 65821 can be tried. */
static bool
is_wide_in_two(size_t texts)
{
	size_t len = 2 + 4 + 4 + texts, each = texts / 2;
	uint8_t *p = malloc(len), *at = p;
	bool ok;

	memset(p, 0x40, len);
	*at++ = 2;
	*at++ = 4;
	for (size_t n = each; at - p < (ptrdiff_t)len; n = texts - each) {
		*at++ = 30;
		*at++ = 4;
		*at++ = (uint8_t)((n - 285) >> 8);
		*at++ = (uint8_t)(n - 285);
		at += n;
	}
	ok = is_sound(p, len, 0);
	free(p);
	return ok;
}

START_TEST(depth_and_number_of_fields_are_bounded)
{
	ck_assert(is_deep(31));
	ck_assert(!is_deep(32));
	ck_assert(!is_wide(65821));
	/* Three lists and the rest of 65536. */
	ck_assert(is_wide_in_two(65533));
	ck_assert(!is_wide_in_two(65534));
}
END_TEST

#define MARK "\xab\xcd\xefMaxMind.com"

START_TEST(metadata_are_a_map_behind_the_last_mark)
{
	static const struct {
		const char *octets;
		size_t len;
		bool ok;
	} rows[] = {
	    {OCTETS(MARK "\xe0"), true},
	    {OCTETS(MARK), false},
	    {OCTETS(MARK "\x40"), false},
	    {OCTETS(MARK "\xe1\x41k"), false},
	    {OCTETS(MARK "\xe1\x41k\x41v"), true},
	    {OCTETS(MARK "\xe1\x41k\x41"), false},
	    {OCTETS(MARK "\xe1\xa1k\x41v"), false}, /* a key that is no text */
	    {OCTETS("\xab\xcd\xefMaxMind.co"), false},
	    {OCTETS("#" MARK "\xe0"), true},
	    {OCTETS(MARK "\x40" MARK "\xe0"), true}, /* the last one */
	    {OCTETS(MARK "\xe0" MARK "\x40"), false},
	    /* node_count: no more than a sixth of the octets of the file */
	    {OCTETS(MARK "\xe1\x4anode_count\xc1\5"), false},
	    {OCTETS(MARK "\xe1\x4anode_count\xc1\4"), true},
	    {OCTETS(MARK "\xe1\x4anode_count\xc1\6"), false},
	    {OCTETS(MARK "\xe1\x4anode_count\xc0"), true},
	    {OCTETS(MARK "\xe1\x4anode_count\xc4\0\0\0\5"), true},
	    {OCTETS(MARK "\xe1\x4anode_count\xc5\0\0\0\0\5"), false},
	    {OCTETS(MARK "\xe1\x4anode_count\xa1\1"), false}, /* uint16 */
	    {OCTETS(MARK "\xe1\x4anode_coun_\xa1\1"), true},
	    {OCTETS(MARK "\xe2\x4anode_count\xc1\1\x4anode_count\xc1\x99"),
		false},
	    /* languages and description: texts alone */
	    {OCTETS(MARK "\xe1\x49languages\0\4"), true},
	    {OCTETS(MARK "\xe1\x49languages\1\4\x42"
			 "en"),
		true},
	    {OCTETS(MARK "\xe1\x49languages\1\4\xc1\1"), false},
	    {OCTETS(MARK "\xe1\x49languages\2\4\x40\xc1\1"), false},
	    {OCTETS(MARK "\xe1\x49languages\2\4\x40\x40"), true},
	    {OCTETS(MARK "\xe1\x49languages\x40"), false},
	    {OCTETS(MARK "\xe1\x4b"
			 "description\xe1\x42"
			 "en\x41x"),
		true},
	    {OCTETS(MARK "\xe1\x4b"
			 "description\xe1\x42"
			 "en\xc1x"),
		false},
	    {OCTETS(MARK "\xe1\x4b"
			 "description\x41x"),
		false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t *copy = malloc(rows[i].len);

		memcpy(copy, rows[i].octets, rows[i].len);
		ck_assert_msg(
		    field_metadata_is_sound(copy, rows[i].len) == rows[i].ok,
		    "row %zu", i);
		free(copy);
	}
}
END_TEST

/* The mark is looked for in the last 128 KiB. */
START_TEST(metadata_are_near_the_end)
{
	enum { FAR = 128 * 1024 };
	uint8_t *file = calloc(1, FAR + 64);

	for (size_t behind = FAR - 16; behind < FAR + 2; behind++) {
		size_t len = 20 + behind;

		memset(file, 0, FAR + 64);
		memcpy(file + 20, MARK "\xe0", 15);
		ck_assert_msg(
		    field_metadata_is_sound(file, len) == (behind <= FAR),
		    "%zu", behind);
	}
	free(file);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("geo/field");
	TCase *tc = tcase_create("geo/field");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_field_ends_with_its_last_octet, 0, ROWS(whole));
	tcase_add_test(tc, texts_have_sizes_in_up_to_four_octets);
	tcase_add_test(tc, a_pointer_leads_into_the_section);
	tcase_add_test(tc, depth_and_number_of_fields_are_bounded);
	tcase_add_test(tc, metadata_are_a_map_behind_the_last_mark);
	tcase_add_test(tc, metadata_are_near_the_end);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
