/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/chaos.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

static struct arena *arena;
static struct chaos chaos;

static void
setup(void)
{
	arena = arena_new();
}

static void
teardown(void)
{
	arena_free(arena);
}

static void
build(const char *nsid, const char *version)
{
	const struct conf_server server = {.nsid = nsid, .version = version};

	chaos_build(&chaos, arena, &server);
}

/* The record that is put behind a question at octet 12; NULL: none. */
static const uint8_t *
answer(const char *name, uint16_t type, size_t *len)
{
	static uint8_t message[1024];
	const uint8_t *asked = (const uint8_t *)name;
	const struct body *b = chaos_find(&chaos, asked, type);
	struct wire w;

	if (b == NULL)
		return NULL;
	wire_init(&w, message, sizeof(message));
	w.len = 12;
	wire_put(&w, asked, name_len(asked));
	*len = w.len;
	ck_assert(body_an(b) == 1 && body_ns(b) == 0 && body_ar(b) == 0);
	body_put(&w, b, 12, name_len(asked), 0, BODY_KEEP_TTL);
	ck_assert(!w.full);
	*len = w.len - *len;
	return message + w.len - *len;
}

static void
expect(const char *name, uint16_t type, const char *want, size_t want_len)
{
	size_t len = 0;
	const uint8_t *got = answer(name, type, &len);

	if (want == NULL) {
		ck_assert_ptr_null(got);
		return;
	}
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(len, want_len);
	ck_assert_mem_eq(got, want, len);
}

/* A pointer to the name asked, TXT, CH, a TTL of 0, then the text. */
#define RECORD(len, text) \
	"\xc0\x0c\0\x10\0\3\0\0\0\0\0" len text, \
	    sizeof("\xc0\x0c\0\x10\0\3\0\0\0\0\0" len text) - 1

START_TEST(four_names_have_two_texts)
{
	build("ams-1", "1.0");
	for (int any = 0; any < 2; any++) {
		uint16_t type = any ? DNS_ANY : DNS_TXT;

		expect("\2id\6server", type, RECORD("\6", "\5ams-1"));
		expect("\10hostname\4bind", type, RECORD("\6", "\5ams-1"));
		expect("\7version\6server", type, RECORD("\4", "\0031.0"));
		expect("\7version\4bind", type, RECORD("\4", "\0031.0"));
	}
	expect("\2id\6server", DNS_A, NULL, 0);
	expect("\2id\4bind", DNS_TXT, NULL, 0);
	expect("\6server", DNS_TXT, NULL, 0);
	expect("", DNS_TXT, NULL, 0);
}
END_TEST

START_TEST(a_text_that_is_not_set_is_not_told)
{
	build(NULL, "1.0");
	expect("\2id\6server", DNS_TXT, NULL, 0);
	expect("\7version\6server", DNS_TXT, RECORD("\4", "\0031.0"));
	build("a", NULL);
	expect("\2id\6server", DNS_TXT, RECORD("\2", "\1a"));
	expect("\7version\4bind", DNS_TXT, NULL, 0);
}
END_TEST

START_TEST(a_text_has_up_to_255_octets)
{
	char text[256];
	const uint8_t *got;
	size_t len;

	memset(text, 'x', 255);
	text[255] = '\0';
	build(text, "");
	got = answer("\2id\6server", DNS_TXT, &len);
	ck_assert_uint_eq(len, 12 + 1 + 255);
	ck_assert_uint_eq(got[12], 255);
	ck_assert_mem_eq(got + 13, text, 255);
	expect("\7version\4bind", DNS_TXT, RECORD("\1", "\0"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chaos");
	TCase *tc = tcase_create("chaos");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, four_names_have_two_texts);
	tcase_add_test(tc, a_text_that_is_not_set_is_not_told);
	tcase_add_test(tc, a_text_has_up_to_255_octets);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
