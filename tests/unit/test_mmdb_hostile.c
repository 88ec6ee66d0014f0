/* SPDX-License-Identifier: BSD-3-Clause */
/* Databases made to hurt: what is read of them is bounded. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "geo/mmdb.h"

/* Control octets of the format: the type in the upper bits, the size below. */
enum {
	POINTER = 1 << 5,
	TEXT = 2 << 5,
	UINT16 = 5 << 5,
	UINT32 = 6 << 5,
	MAP = 7 << 5,
	EXTENDED = 0,
	ARRAY_EXTENSION = 11 - 7,
	UINT64_EXTENSION = 9 - 7,
	LEVELS = 2000000,
};

typedef VEC(uint8_t) octets;

static char path[] = "/tmp/test_mmdb_hostile.XXXXXX";
static octets file;

static void
put(uint8_t octet)
{
	vec_push(&file, octet);
}

static void
put_text(const char *text)
{
	put((uint8_t)(TEXT | strlen(text)));
	for (; *text != '\0'; text++)
		put((uint8_t)*text);
}

static void
put_number(const char *key, uint8_t control, uint8_t value)
{
	put_text(key);
	put(control | 1);
	put(value);
}

static void
put_array(uint8_t size)
{
	put(EXTENDED | size);
	put(ARRAY_EXTENSION);
}

/* Of two octets, with an offset below 2048. */
static void
put_pointer(size_t to)
{
	put((uint8_t)(POINTER | to >> 8));
	put((uint8_t)to);
}

/* A tree of one node, both sides of which are the record that follows. */
static void
begin(void)
{
	static const uint8_t node[] = {0, 0, 17, 0, 0, 17};

	file.n = 0;
	for (size_t i = 0; i < sizeof(node); i++)
		put(node[i]);
	for (size_t i = 0; i < 16; i++)
		put(0);
}

/* Without languages and the end of the map: these are the test's. */
static void
begin_metadata(void)
{
	for (const char *p = "\xab\xcd\xefMaxMind.com"; *p != '\0'; p++)
		put((uint8_t)*p);
	put(MAP | 9);
	put_number("node_count", UINT32, 1);
	put_number("record_size", UINT16, 24);
	put_number("ip_version", UINT16, 4);
	put_number("binary_format_major_version", UINT16, 2);
	put_number("binary_format_minor_version", UINT16, 0);
	put_text("database_type");
	put_text("test");
	put_text("build_epoch");
	put(EXTENDED | 1);
	put(UINT64_EXTENSION);
	put(1);
	put_text("description");
	put(MAP);
	put_text("languages");
}

static struct mmdb *
open_file(struct error *err)
{
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fwrite(file.at, 1, file.n, f) == file.n);
	ck_assert_int_eq(fclose(f), 0);
	return mmdb_open(path, err);
}

static bool
read_record(struct error *err, struct place *p)
{
	struct mmdb *m = open_file(err);
	struct addr a;
	unsigned depth;
	uint32_t record;
	bool ok;

	ck_assert_msg(m != NULL, "%s", err->text);
	ck_assert(addr_parse("192.0.2.1", &a));
	record = mmdb_find_record(m, &a, &depth);
	ck_assert_uint_ne(record, 0);
	memset(p, 0, sizeof(*p));
	ok = mmdb_record(m, record, p, NULL, err);
	mmdb_close(m);
	return ok;
}

static void
put_country(void)
{
	put_text("country_code");
	put_text("DE");
}

static void
refuses_record(void)
{
	struct error err = {""};
	struct place p;

	begin_metadata();
	put_array(0);
	ck_assert(!read_record(&err, &p));
	ck_assert_msg(strstr(err.text, "damaged") != NULL, "%s", err.text);
}

START_TEST(what_is_no_deeper_than_real_ones_is_read)
{
	struct error err = {""};
	struct place p;
	size_t shared;

	begin();
	put(MAP | 3);
	put_text("names");
	shared = file.n - 22; /* offsets count from behind the tree */
	put_array(1);
	put_array(1);
	put_text("x");
	put_text("again");
	put_pointer(shared);
	put_country();
	begin_metadata();
	put_array(1);
	put_text("en");
	ck_assert_msg(read_record(&err, &p), "%s", err.text);
	ck_assert_mem_eq(p.country, "DE", 2);
}
END_TEST

/* Of 1 to 4 octets behind the first, each of which begins where the one before
 * ends. */
static void
put_sized_pointer(unsigned more, size_t to)
{
	static const size_t from[] = {0, 0, 2048, 526336, 0};
	size_t value = to - from[more];
	unsigned high = more < 4 ? (unsigned)(value >> 8 * more) & 7 : 0;

	put((uint8_t)(POINTER | (more - 1) << 3 | high));
	while (more-- > 0)
		put((uint8_t)(value >> 8 * more));
}

START_TEST(pointers_have_four_sizes)
{
	static const struct {
		unsigned more;
		size_t to;
	} rows[] = {{1, 100}, {1, 2047}, {2, 2048}, {2, 3000}, {2, 526335},
	    {3, 526336}, {3, 600000}, {4, 100}, {4, 600000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = {""};
		struct place p;

		begin();
		put(MAP | 2);
		put_text("country_code");
		put_sized_pointer(rows[i].more, rows[i].to);
		put_text("city");
		put_text("after the pointer");
		while (file.n - 22 < rows[i].to)
			put(0);
		put_text("DE");
		begin_metadata();
		put_array(0);
		ck_assert_msg(
		    read_record(&err, &p), "row %zu: %s", i, err.text);
		ck_assert_mem_eq(p.country, "DE", 2);
		ck_assert_uint_eq(p.city_len, strlen("after the pointer"));
	}
}
END_TEST

START_TEST(a_record_as_deep_as_a_well_is_refused)
{
	begin();
	put(MAP | 2);
	put_text("x");
	for (size_t i = 0; i < LEVELS; i++)
		put_array(1);
	put_array(0);
	put_country();
	refuses_record();
}
END_TEST

START_TEST(a_record_that_points_at_a_well_is_refused)
{
	begin();
	put(MAP | 1);
	put_text("country");
	put_pointer(1 + 8 + 2);
	put(MAP | 2);
	put_text("x");
	for (size_t i = 0; i < LEVELS; i++)
		put_array(1);
	put_array(0);
	put_text("iso_code");
	put_text("DE");
	refuses_record();
}
END_TEST

/* The country, and beside it lists within lists, or maps behind pointers. */
static bool
is_read(unsigned lists, unsigned pointers)
{
	struct error err = {""};
	struct place p;
	size_t data;

	begin();
	data = file.n;
	put(MAP | 2);
	put_country();
	put_text("x");
	for (unsigned i = 0; i < lists; i++)
		put_array(1);
	if (lists > 0)
		put_text("end");
	for (unsigned i = 0; i < pointers; i++) {
		put_pointer(file.n + 2 - data); /* to the octet behind it */
		put(MAP | 1);
		put_text("y");
	}
	if (pointers > 0)
		put_text("end");
	begin_metadata();
	put_array(0);
	return read_record(&err, &p) && p.country[0] == 'D';
}

/* A record has 32 levels: of a pointer and the map behind it, two. */
START_TEST(lists_maps_and_pointers_are_levels)
{
	ck_assert(is_read(30, 0));
	ck_assert(!is_read(31, 0));
	ck_assert(is_read(0, 15));
	ck_assert(!is_read(0, 16));
}
END_TEST

START_TEST(a_record_that_is_its_own_part_is_refused)
{
	begin();
	put(MAP | 2);
	put_text("x");
	put_pointer(0);
	put_country();
	refuses_record();
}
END_TEST

/* 16 times 16 times ... the same. */
START_TEST(a_record_that_unfolds_without_end_is_refused)
{
	size_t last, next;

	begin();
	put(MAP | 2);
	put_text("x");
	put_array(1);
	put_pointer(15);
	put_country();
	while (file.n - 22 < 15)
		put(0);
	next = 15 + 2;
	for (unsigned level = 0; level < 12; level++) {
		put_array(16);
		last = next + 32;
		for (unsigned i = 0; i < 16; i++)
			put_pointer(level == 11 ? 0 : last);
		next = last + 2;
	}
	refuses_record();
}
END_TEST

START_TEST(metadata_that_unfold_without_end_are_refused)
{
	struct error err = {""};
	size_t metadata, at;

	begin();
	put(MAP);
	metadata = file.n + 14;
	begin_metadata();
	for (unsigned level = 0; level < 8; level++) {
		put_array(16);
		at = file.n - metadata + 32;
		for (unsigned i = 0; i < 16; i++)
			put_pointer(level == 7 ? 1 : at);
	}
	ck_assert_ptr_null(open_file(&err));
	ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

/* Where the tenth pair of the metadata begins. */
static void
begin_tenth(void)
{
	size_t map;

	begin();
	put(MAP);
	map = file.n + 14;
	begin_metadata();
	ck_assert_uint_eq(file.at[map], MAP | 9);
	file.at[map] = MAP | 10;
	put_array(0);
}

START_TEST(keys_of_metadata_are_texts)
{
	struct error err = {""};
	struct mmdb *m;

	begin_tenth();
	put_number("more", UINT16, 7);
	m = open_file(&err);
	ck_assert_msg(m != NULL, "%s", err.text);
	mmdb_close(m);
	begin_tenth();
	put(UINT16 | 1);
	put(7);
	put_text("value");
	ck_assert_ptr_null(open_file(&err));
	begin_tenth();
	put(TEXT | 28); /* beyond the end */
	ck_assert_ptr_null(open_file(&err));
	begin_tenth();
	put_text("description");
	put(MAP | 1);
	put_text("en");
	put(UINT16 | 1);
	put(7);
	ck_assert_ptr_null(open_file(&err));
	begin_tenth();
	put_text("description");
	put(UINT16 | 1);
	put(7);
	ck_assert_ptr_null(open_file(&err));
}
END_TEST

static bool
any(unsigned len, uint32_t record, void *arg)
{
	(void)len;
	(void)record;
	(void)arg;
	return true;
}

/* One node, whose right side is this record; 2 to 16 are of the separator. */
static void
check_record(uint8_t number, bool sound)
{
	struct error err = {""};
	struct mmdb_walk w;
	struct mmdb *m;
	struct addr a;
	unsigned depth;

	begin();
	put(MAP | 1);
	put_country();
	begin_metadata();
	put_array(0);
	file.at[5] = number;
	m = open_file(&err);
	ck_assert_msg(m != NULL, "%s", err.text);
	ck_assert(addr_parse("192.0.2.1", &a));
	ck_assert_msg((mmdb_find_record(m, &a, &depth) != 0) == sound,
	    "record %u", number);
	mmdb_walk_init(&w, m, 4);
	w.fn = any;
	ck_assert(mmdb_walk(&w, mmdb_root(m, 4), 0) == sound);
	ck_assert(sound ||
	    strcmp(w.damage, "damaged: a node of the tree points nowhere") ==
		0);
	mmdb_close(m);
}

START_TEST(records_are_in_the_data)
{
	size_t data = 1 + strlen("?country_code?DE");

	for (uint8_t n = 2; n < 17; n++)
		check_record(n, false);
	for (uint8_t n = 17; n < 17 + data; n++)
		check_record(n, true);
	check_record((uint8_t)(17 + data), false);
	check_record(255, false);
}
END_TEST

START_TEST(a_tree_that_reaches_into_the_metadata_is_refused)
{
	struct error err = {""};

	begin();
	file.n -= 2; /* no room for the separator */
	begin_metadata();
	put_array(0);
	ck_assert_ptr_null(open_file(&err));
	ck_assert_ptr_nonnull(strstr(err.text, "a node of the tree points"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mmdb_hostile");
	TCase *c = tcase_create("mmdb_hostile");
	SRunner *r = srunner_create(s);
	int failed, fd = mkstemp(path);

	if (fd == -1)
		return EXIT_FAILURE;
	close(fd);
	suite_add_tcase(s, c);
	tcase_add_test(c, records_are_in_the_data);
	tcase_add_test(c, a_tree_that_reaches_into_the_metadata_is_refused);
	tcase_add_test(c, what_is_no_deeper_than_real_ones_is_read);
	tcase_add_test(c, a_record_as_deep_as_a_well_is_refused);
	tcase_add_test(c, a_record_that_points_at_a_well_is_refused);
	tcase_add_test(c, lists_maps_and_pointers_are_levels);
	tcase_add_test(c, a_record_that_is_its_own_part_is_refused);
	tcase_add_test(c, a_record_that_unfolds_without_end_is_refused);
	tcase_add_test(c, metadata_that_unfold_without_end_are_refused);
	tcase_add_test(c, pointers_have_four_sizes);
	tcase_add_test(c, keys_of_metadata_are_texts);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	unlink(path);
	vec_free(&file);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
