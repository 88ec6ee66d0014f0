/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "mmdb_make.h"

static char path[] = "/tmp/test_mmdb.XXXXXX";

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return a;
}

static struct mmdb_row
row(const char *prefix, const char *country)
{
	struct mmdb_row r;
	struct error err;

	memset(&r, 0, sizeof(r));
	ck_assert(prefix_parse(prefix, &r.prefix, &err));
	memcpy(r.place.country, country, 2);
	return r;
}

static struct mmdb *
make(uint8_t family, enum mmdb_shape shape, struct mmdb_row *rows, size_t n)
{
	struct error err;
	struct mmdb *m;

	mmdb_make(path, family, shape, rows, n);
	m = mmdb_open(path, &err);
	ck_assert_msg(m != NULL, "%s", err.text);
	return m;
}

static void
expect(
    const struct mmdb *m, const char *text, const char *country, unsigned depth)
{
	struct addr a = address(text);
	struct place p;
	unsigned got;

	memset(&p, 0, sizeof(p));
	ck_assert(mmdb_find(m, &a, &p, &got) == (country[0] != '\0'));
	ck_assert_msg(
	    strncmp(p.country, country, 2) == 0, "%s: %.2s", text, p.country);
	ck_assert_msg(got == depth, "%s: depth %u", text, got);
}

static void
facts(enum mmdb_shape shape)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct addr a = address("192.0.2.77");
	struct place p;
	struct mmdb *m;
	unsigned depth;

	memcpy(r.place.continent, "EU", 2);
	memcpy(r.place.subdivision, "BE", 2);
	r.place.city = "Berlin";
	r.place.city_len = 6;
	r.place.city_id = 2950159;
	r.place.asn = 64496;
	r.place.located = true;
	r.place.latitude = 52.5f;
	r.place.longitude = -13.25f;
	m = make(4, shape, &r, 1);
	memset(&p, 0, sizeof(p));
	ck_assert(mmdb_find(m, &a, &p, &depth));
	ck_assert_mem_eq(p.country, "DE", 2);
	ck_assert_mem_eq(p.continent, "EU", 2);
	ck_assert_mem_eq(
	    p.subdivision, shape == MMDB_NESTED ? "BE\0" : "\0\0\0", 3);
	ck_assert_uint_eq(p.city_len, 6);
	ck_assert_mem_eq(p.city, "Berlin", 6);
	ck_assert_uint_eq(p.city_id, 2950159);
	ck_assert_uint_eq(p.asn, 64496);
	ck_assert(p.located && p.latitude == 52.5f && p.longitude == -13.25f);
	ck_assert_int_eq(mmdb_build_time(m), 1767225600);
	ck_assert_str_eq(mmdb_type(m), "Test-City");
	mmdb_close(m);
}

START_TEST(reads_all_facts_of_the_nested_shape)
{
	facts(MMDB_NESTED);
}
END_TEST

START_TEST(reads_all_facts_of_the_flat_shape)
{
	facts(MMDB_FLAT);
}
END_TEST

START_TEST(fills_only_what_is_lacking)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct addr a = address("192.0.2.1");
	struct place p;
	struct mmdb *m;
	unsigned depth;

	r.place.asn = 64496;
	r.place.located = true;
	r.place.latitude = 1;
	m = make(4, MMDB_FLAT, &r, 1);
	memset(&p, 0, sizeof(p));
	memcpy(p.country, "FR", 2);
	ck_assert(mmdb_find(m, &a, &p, &depth));
	ck_assert_mem_eq(p.country, "FR", 2);
	ck_assert_uint_eq(p.asn, 64496);
	ck_assert(p.located && p.latitude == 1);
	mmdb_close(m);
}
END_TEST

START_TEST(finds_the_longest_prefix_and_its_depth)
{
	struct mmdb_row rows[] = {row("192.0.2.0/24", "DE"),
	    row("192.0.2.128/25", "FR"), row("2001:db8::/32", "JP")};
	struct mmdb *m = make(6, MMDB_NESTED, rows, 3);

	expect(m, "192.0.2.1", "DE", 25);
	expect(m, "192.0.2.200", "FR", 25);
	expect(m, "192.0.3.1", "", 24);
	expect(m, "128.0.0.0", "", 2);
	expect(m, "2001:db8::1", "JP", 32);
	expect(m, "8000::", "", 1);
	mmdb_close(m);
}
END_TEST

START_TEST(ipv4_inside_ipv6_is_not_reported_again)
{
	struct mmdb_row rows[] = {
	    row("192.0.2.0/24", "DE"), row("2001:db8::/32", "JP")};
	struct mmdb *m = make(6, MMDB_NESTED, rows, 2);

	expect(m, "::192.0.2.1", "", 96);
	expect(m, "::ffff:192.0.2.1", "", 96);
	expect(m, "2002:c000:201::", "", 16);
	mmdb_close(m);
}
END_TEST

START_TEST(a_record_above_ipv4_covers_all_of_it)
{
	struct mmdb_row r = row("::/64", "AQ");
	struct mmdb *m = make(6, MMDB_NESTED, &r, 1);

	expect(m, "192.0.2.1", "AQ", 0);
	expect(m, "::1", "AQ", 64);
	mmdb_close(m);
}
END_TEST

START_TEST(a_tree_for_ipv4_has_no_ipv6)
{
	struct mmdb_row r = row("0.0.0.0/0", "DE");
	struct mmdb *m = make(4, MMDB_FLAT, &r, 1);

	expect(m, "192.0.2.1", "DE", 1);
	expect(m, "2001:db8::1", "", 0);
	mmdb_close(m);
}
END_TEST

struct seen {
	const struct mmdb *m;
	struct addr next; /* where the next leaf must begin */
	size_t n, stop_at;
	bool ended;
};

static bool
walk(const struct mmdb *m, uint8_t family,
    bool (*fn)(unsigned len, uint32_t record, void *arg), void *arg,
    const char **damage)
{
	struct mmdb_walk w;
	bool all;

	mmdb_walk_init(&w, m, family);
	w.fn = fn;
	w.arg = arg;
	all = mmdb_walk(&w, mmdb_root(m, family), 0);
	if (damage != NULL)
		*damage = w.damage;
	return all;
}

static bool
see(unsigned len, uint32_t record, void *arg)
{
	struct seen *s = arg;
	struct place walked, found;
	unsigned depth;
	bool has;

	ck_assert(!s->ended);
	memset(&walked, 0, sizeof(walked));
	memset(&found, 0, sizeof(found));
	has = mmdb_find(s->m, &s->next, &found, &depth);
	ck_assert(has == (record != 0));
	ck_assert_uint_eq(depth, len);
	if (record != 0)
		ck_assert(mmdb_record(s->m, record, &walked, NULL, NULL));
	ck_assert_mem_eq(&walked, &found, sizeof(found));
	s->ended = !addr_next(&s->next, len);
	return ++s->n != s->stop_at;
}

START_TEST(a_walk_covers_the_space_in_order_as_find_does)
{
	struct mmdb_row rows[] = {row("192.0.2.0/24", "DE"),
	    row("10.0.0.0/8", "US"), row("10.1.2.3/32", "FR"),
	    row("2001:db8::/32", "JP"), row("2001:db8::1/128", "KR")};
	struct mmdb *m = make(6, MMDB_NESTED, rows, 5);

	for (uint8_t family = 4; family <= 6; family += 2) {
		struct seen s = {.m = m, .next.family = family};

		ck_assert(walk(m, family, see, &s, NULL));
		ck_assert(s.ended && s.n > 30);
	}
	mmdb_close(m);
}
END_TEST

START_TEST(a_walk_stops_when_asked)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct mmdb *m = make(4, MMDB_FLAT, &r, 1);
	struct seen s = {.m = m, .next.family = 4, .stop_at = 3};

	ck_assert(!walk(m, 4, see, &s, NULL));
	ck_assert_uint_eq(s.n, 3);
	mmdb_close(m);
}
END_TEST

START_TEST(truncating_the_file_harms_nothing)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct mmdb *m = make(4, MMDB_FLAT, &r, 1);

	ck_assert_int_eq(truncate(path, 0), 0);
	expect(m, "192.0.2.1", "DE", 24);
	mmdb_close(m);
}
END_TEST

static bool
ignore(unsigned len, uint32_t record, void *arg)
{
	struct place place;

	(void)len;
	memset(&place, 0, sizeof(place));
	return record == 0 || mmdb_record(arg, record, &place, NULL, NULL);
}

static void
try_damaged(const char *data, size_t len)
{
	struct error err;
	struct mmdb *m;
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fwrite(data, 1, len, f) == len);
	ck_assert_int_eq(fclose(f), 0);
	m = mmdb_open(path, &err);
	if (m == NULL) {
		ck_assert(strncmp(err.text, path, strlen(path)) == 0);
		return;
	}
	walk(m, 4, ignore, m, NULL);
	walk(m, 6, ignore, m, NULL);
	mmdb_close(m);
}

START_TEST(any_damage_is_an_error_or_harmless)
{
	struct mmdb_row rows[] = {
	    row("192.0.2.0/24", "DE"), row("2001:db8::/32", "JP")};
	size_t len;
	char *data;

	mmdb_make(path, 6, MMDB_NESTED, rows, 2);
	ck_assert(file_read(path, 1 << 20, &data, &len, NULL));
	for (size_t i = 0; i < len; i += 7)
		try_damaged(data, i);
	for (int i = 0; i < 3000; i++) {
		size_t at = (size_t)random() % len;
		char before = data[at];

		data[at] = (char)random();
		try_damaged(data, len);
		data[at] = before;
	}
	free(data);
}
END_TEST

/* The metadata's list of languages is replaced by what is given. */
static bool
opens_with_languages(const char *value, size_t value_len)
{
	static const char key[] = "languages";
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct mmdb *m;
	char *data, *at;
	size_t len;
	FILE *f;

	mmdb_make(path, 4, MMDB_FLAT, &r, 1);
	ck_assert(file_read(path, 1 << 20, &data, &len, NULL));
	at = memmem(data, len, key, strlen(key));
	ck_assert_ptr_nonnull(at);
	at += strlen(key);
	f = fopen(path, "w");
	fwrite(data, 1, (size_t)(at - data), f);
	fwrite(value, 1, value_len, f);
	at += 2; /* an empty list */
	fwrite(at, 1, len - (size_t)(at - data), f);
	ck_assert_int_eq(fclose(f), 0);
	free(data);
	m = mmdb_open(path, NULL);
	mmdb_close(m);
	return m != NULL;
}

START_TEST(languages_are_strings)
{
	static const struct {
		const char *value;
		size_t len;
		bool opens;
	} rows[] = {
	    {"\x02\x04\x42"
	     "de\x42"
	     "en",
		8, true},
	    {"\x01\x04\x20\x01", 4, true},  /* a pointer to the first key */
	    {"\x01\x04\x20\x00", 4, false}, /* to the map around it */
	    {"\x01\x04\x27\xff", 4, false}, /* beyond the end */
	    {"\x01\x04\x00\x04", 4, false}, /* a list */
	    {"\x01\x04\xa1\x05", 4, false}, /* a number */
	    {"\x42"
	     "de",
		3, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(opens_with_languages(
				  rows[i].value, rows[i].len) == rows[i].opens,
		    "row %zu", i);
}
END_TEST

START_TEST(a_tree_that_bites_its_tail_ends)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	const char *damage;
	struct error err;
	struct mmdb *m;
	size_t len;
	char *data;
	FILE *f;

	mmdb_make(path, 4, MMDB_FLAT, &r, 1);
	ck_assert(file_read(path, 1 << 20, &data, &len, NULL));
	memset(data, 0, 24 * 8); /* every node leads to the first */
	f = fopen(path, "w");
	ck_assert(f != NULL && fwrite(data, 1, len, f) == len);
	ck_assert_int_eq(fclose(f), 0);
	m = mmdb_open(path, &err);
	ck_assert(m != NULL);
	ck_assert(!walk(m, 4, ignore, m, &damage));
	ck_assert_ptr_nonnull(strstr(damage, "damaged"));
	mmdb_close(m);
	free(data);
}
END_TEST

START_TEST(no_database_is_an_error_that_names_the_file)
{
	struct error err;

	ck_assert(mmdb_open("/nonexistent.mmdb", &err) == NULL);
	ck_assert(strstr(err.text, "/nonexistent.mmdb") != NULL);
}
END_TEST

static void
write_file(const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fwrite(data, 1, len, f) == len);
	ck_assert_int_eq(fclose(f), 0);
}

static unsigned
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static unsigned
count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned n = 0;
	char line[512];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "memfd") != NULL;
	fclose(f);
	return n;
}

/* Whether it is a database, or what of it is damaged. */
START_TEST(what_is_opened_is_closed)
{
	struct mmdb_row rows[] = {row("192.0.2.0/24", "DE")};
	static const char *const said[] = {
	    NULL, "a node of the tree points nowhere", "invalid metadata"};
	size_t len;
	char *data;

	mmdb_make(path, 6, MMDB_FLAT, rows, 1);
	ck_assert(file_read(path, 1 << 20, &data, &len, NULL));
	for (int damage = 0; damage < 3; damage++) {
		unsigned descriptors = count_descriptors();
		unsigned mappings = count_mappings();
		struct error err = {""};

		if (damage == 1)
			memset(data, 0xff, 24 * 8); /* nodes of no record */
		write_file(data, damage == 2 ? len / 2 : len);
		for (int i = 0; i < 8; i++) {
			struct mmdb *m = mmdb_open(path, &err);

			ck_assert((m != NULL) == (damage == 0));
			ck_assert_uint_le(
			    count_descriptors(), descriptors + (m != NULL));
			if (damage > 0)
				ck_assert_ptr_nonnull(
				    strstr(err.text, said[damage]));
			mmdb_close(m);
		}
		ck_assert_uint_eq(count_descriptors(), descriptors);
		ck_assert_uint_eq(count_mappings(), mappings);
	}
	free(data);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mmdb");
	TCase *c = tcase_create("mmdb");
	SRunner *r = srunner_create(s);
	int failed, fd = mkstemp(path);

	if (fd == -1)
		return 1;
	close(fd);
	srandom(1);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	tcase_add_test(c, reads_all_facts_of_the_nested_shape);
	tcase_add_test(c, reads_all_facts_of_the_flat_shape);
	tcase_add_test(c, fills_only_what_is_lacking);
	tcase_add_test(c, finds_the_longest_prefix_and_its_depth);
	tcase_add_test(c, ipv4_inside_ipv6_is_not_reported_again);
	tcase_add_test(c, a_record_above_ipv4_covers_all_of_it);
	tcase_add_test(c, a_tree_for_ipv4_has_no_ipv6);
	tcase_add_test(c, a_walk_covers_the_space_in_order_as_find_does);
	tcase_add_test(c, a_walk_stops_when_asked);
	tcase_add_test(c, truncating_the_file_harms_nothing);
	tcase_add_test(c, any_damage_is_an_error_or_harmless);
	tcase_add_test(c, languages_are_strings);
	tcase_add_test(c, a_tree_that_bites_its_tail_ends);
	tcase_add_test(c, what_is_opened_is_closed);
	tcase_add_test(c, no_database_is_an_error_that_names_the_file);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	unlink(path);
	return failed == 0 ? 0 : 1;
}
