/* SPDX-License-Identifier: BSD-3-Clause */
/* How small bodies become, beside a plain model of compression. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/composer.h"
#include "dns/name.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define LABEL_63 \
	"\77" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { FIXED = 10, ROUNDS = 200 }; /* type, class, TTL and length */

static struct composer composer;

/* The model: names that later ones may end with, in order. */
static struct {
	uint8_t owner[DNS_NAME_MAX];
	bool below, wildcard;
	uint8_t names[COMPOSER_NAMES][DNS_NAME_MAX];
	size_t nnames, len;
} model;

static bool
is_known(const uint8_t *name)
{
	const uint8_t *owner = model.owner;

	if (model.wildcard)
		owner = name_parent(owner);
	if (name_is_under(owner, name))
		return true;
	for (size_t i = 0; i < model.nnames; i++)
		if (name_equal(model.names[i], name))
			return true;
	return false;
}

static void
model_name(const uint8_t *name)
{
	const uint8_t *known = name, *p = name;
	bool room = true;

	while (*known != 0 && !is_known(known))
		known = name_parent(known);
	for (; p != known; p = name_parent(p)) {
		room = room && model.nnames < COMPOSER_NAMES &&
		    model.len < BODY_POINTER_MAX;
		if (room)
			memcpy(model.names[model.nnames++], p, name_len(p));
		model.len += 1u + *p;
	}
	model.len += *known != 0 ? 2 : 1;
}

static void
begin(const void *owner, bool below)
{
	composer_begin(&composer, owner, below);
	memset(&model, 0, sizeof(model));
	memcpy(model.owner, owner, name_len(owner));
	model.below = below;
	model.wildcard = !below && name_is_wildcard(owner);
}

/* One record in both; its data are octets, then a name (NULL: none). */
static void
put(const void *owner, uint16_t type, const void *octets, size_t n,
    const uint8_t *name)
{
	static uint8_t rdata[DNS_MESSAGE_MAX];
	size_t len = name != NULL ? name_len(name) : 0;

	memcpy(rdata, octets, n);
	if (len > 0)
		memcpy(rdata + n, name, len);
	ck_assert(composer_put(&composer, BODY_ANSWER, owner, type, 60, rdata,
	    (uint16_t)(n + len), false));
	if (name_equal(owner, model.owner) && !model.below)
		model.len += 2;
	else
		model_name(owner);
	model.len += FIXED + n;
	if (len > 0)
		model_name(name);
	ck_assert_uint_eq(composer.head.body.len, model.len);
}

static const uint8_t *
random_name(uint8_t name[DNS_NAME_MAX])
{
	static const char *const labels[] = {"\1a", "\1A", "\2bb", "\1*",
	    "\3com", "\7example", "\7Example", LABEL_63, "\1\77", "\1x"};
	static const char *const ends[] = {
	    "", "\7example\3com", "\1w\7example\3com", "\3NET", LABEL_63};
	const char *end = ends[random() % 5];
	size_t len = 0;

	for (long n = random() % 3; n > 0; n--) {
		const char *label = labels[random() % 10];

		memcpy(name + len, label, strlen(label));
		len += strlen(label);
	}
	memcpy(name + len, end, strlen(end) + 1);
	return name;
}

START_TEST(names_are_as_short_as_they_can_be)
{
	static const void *const owners[] = {"\1w\7example\3com",
	    "\1*\7example\3com", "\7example\3com", "", LABEL_63 "\3com", "\1*"};
	static const uint16_t types[] = {
	    DNS_NS, DNS_CNAME, DNS_PTR, DNS_MX, DNS_A};
	uint8_t owner[DNS_NAME_MAX], target[DNS_NAME_MAX];

	for (unsigned round = 0; round < ROUNDS; round++) {
		srandom(round);
		begin(owners[round % 6], round % 4 == 3);
		for (long n = random() % 60; n > 0; n--) {
			uint16_t type = types[random() % 5];

			random_name(target);
			put(random_name(owner), type, "abcd",
			    type == DNS_A        ? 4
				: type == DNS_MX ? 2
						 : 0,
			    type != DNS_A ? target : NULL);
		}
	}
}
END_TEST

/* Pointers lead into the first octets alone. */
START_TEST(names_that_stand_far_back_are_not_pointed_to)
{
	static uint8_t filler[BODY_POINTER_MAX];
	static const uint8_t name[] = "\3far\4away";

	for (size_t at = BODY_POINTER_MAX - 8; at < BODY_POINTER_MAX + 8;
	     at++) {
		begin("\1a", false);
		put("\1a", 65280, filler, at - 2 - FIXED, NULL);
		put(name, DNS_A, "abcd", 4, NULL);
		put(name, DNS_A, "abcd", 4, NULL);
		put("\1x\3far\4away", DNS_A, "abcd", 4, NULL);
	}
}
END_TEST

/* So many names are kept, and no more. */
START_TEST(the_names_that_are_kept_are_counted)
{
	uint8_t name[] = "\2##", target[] = "\1x\2##";

	begin("\1a", false);
	for (unsigned i = 0; i < COMPOSER_NAMES + 4; i++) {
		name[1] = target[3] = (uint8_t)(i / 128 + 'a');
		name[2] = target[4] = (uint8_t)(i % 128 + 128);
		put(name, DNS_A, "abcd", 4, NULL);
		put(name, DNS_A, "abcd", 4, NULL);
	}
	for (unsigned i = COMPOSER_NAMES - 4; i < COMPOSER_NAMES + 4; i++) {
		name[1] = target[3] = (uint8_t)(i / 128 + 'a');
		name[2] = target[4] = (uint8_t)(i % 128 + 128);
		put("\1a", DNS_PTR, "", 0, target);
	}
}
END_TEST

/* Header, question and body together are a message at most. */
START_TEST(a_body_leaves_room_for_header_and_question)
{
	static uint8_t rdata[DNS_MESSAGE_MAX];
	static const char *const owners[] = {"", "\1a", "\7example\3com"};

	for (size_t i = 0; i < ROWS(owners); i++) {
		const uint8_t *owner = (const uint8_t *)owners[i];
		size_t room = DNS_MESSAGE_MAX - DNS_HEADER_SIZE -
		    name_len(owner) - 4 - 2 - FIXED;

		begin(owner, false);
		ck_assert(!composer_put(&composer, BODY_ANSWER, owner, 65280,
		    60, rdata, (uint16_t)(room + 1), false));
		ck_assert_uint_eq(composer.head.an, 0);
		ck_assert(composer_put(&composer, BODY_ANSWER, owner, 65280, 60,
		    rdata, (uint16_t)room, false));
		ck_assert_uint_eq(composer.head.an, 1);
		ck_assert_uint_eq(composer.head.body.len, room + 2 + FIXED);
	}
}
END_TEST

/* Where a name that may be compressed goes on. */
START_TEST(suffixes_are_found_through_pointers)
{
	static uint8_t octets[] = "\3www\7example\3com\0" /* 0, 4, 12, 16 */
				  "\1a\xc0\4"             /* 17, then 4 */
				  "\1b\xc0\21" LABEL_63 "\xc0\4";
	static const struct {
		size_t at, len, want, found;
	} rows[] = {
	    {0, 17, 17, 0},
	    {0, 17, 13, 4},
	    {0, 17, 5, 12},
	    {0, 17, 1, 16},
	    {17, 15, 15, 17},
	    {17, 15, 13, 4},
	    {17, 15, 5, 12},
	    {21, 17, 17, 21},
	    {21, 17, 15, 17},
	    {21, 17, 13, 4},
	    {21, 17, 1, 16},
	    {25, 77, 77, 25},
	    {25, 77, 13, 4},
	};
	struct wire w = {.at = octets, .len = sizeof(octets)};

	for (size_t i = 0; i < ROWS(rows); i++)
		ck_assert_uint_eq(
		    body_suffix_at(&w, rows[i].at, rows[i].len, rows[i].want),
		    rows[i].found);
}
END_TEST

/* A plain body takes no more than its octets and four more. */
START_TEST(records_of_one_size_without_pointers_are_plain)
{
	static const uint8_t www[] = "\3www\7example", top[] = "\7example";
	static const struct {
		const uint8_t *owner;
		uint16_t type, sizes[3]; /* of the data */
		const uint8_t *name;
		unsigned plain;
	} rows[] = {
	    {www, DNS_A, {4}, NULL, 1},
	    {www, DNS_A, {4, 4, 4}, NULL, 3},
	    {www, DNS_AAAA, {16}, NULL, 1},
	    {www, DNS_TXT, {2, 2}, NULL, 2},
	    {www, DNS_TXT, {2, 3}, NULL, 0},
	    {www, DNS_MX, {2}, top, 0},
	    {www, DNS_MX, {2}, (const uint8_t *)"\1a\3net", 1},
	    {www, DNS_MX, {2}, (const uint8_t *)"", 1},
	    {top, DNS_A, {4}, NULL, 0},
	};
	static const uint8_t zeros[16];

	for (size_t i = 0; i < ROWS(rows); i++) {
		static uint8_t memory[512];
		const struct body *b = (const struct body *)memory;

		begin(www, false);
		for (size_t k = 0; k < 3 && rows[i].sizes[k] > 0; k++)
			put(rows[i].owner, rows[i].type, zeros,
			    rows[i].sizes[k], rows[i].name);
		b = composer_end(&composer, memory);
		ck_assert_msg(b->plain == rows[i].plain, "row %zu: %u", i,
		    (unsigned)b->plain);
		ck_assert_uint_eq(composer_size(&composer), body_size(b));
		if (b->plain > 0)
			ck_assert_uint_le(body_size(b), 4u + b->len + 3u);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("body/names");
	TCase *tc = tcase_create("body/names");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, records_of_one_size_without_pointers_are_plain);
	tcase_add_test(tc, names_are_as_short_as_they_can_be);
	tcase_add_test(tc, names_that_stand_far_back_are_not_pointed_to);
	tcase_add_test(tc, the_names_that_are_kept_are_counted);
	tcase_add_test(tc, a_body_leaves_room_for_header_and_question);
	tcase_add_test(tc, suffixes_are_found_through_pointers);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
