/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/siphash.h"

#include <check.h>
#include <stdlib.h>

/* Of the authors' own vectors: the key is 00 01 .. 0f, the text 00 01 .. */
static const struct {
	size_t len;
	uint64_t hash;
} vectors[] = {
    {0, UINT64_C(0x726fdb47dd0e0e31)},
    {1, UINT64_C(0x74f839c593dc67fd)},
    {7, UINT64_C(0xab0200f58b01d137)},
    {8, UINT64_C(0x93f5f5799a932462)},
    {9, UINT64_C(0x9e0082df0ba9e4b0)},
    {15, UINT64_C(0xa129ca6149be45e5)},
    {16, UINT64_C(0x3f2acc7f57c29bdb)},
    {63, UINT64_C(0x958a324ceb064572)},
};

START_TEST(the_authors_vectors_hold)
{
	uint8_t key[SIPHASH_KEY_SIZE], text[64];

	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	for (uint8_t i = 0; i < sizeof(text); i++)
		text[i] = i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_uint_eq(
		    siphash24(key, text, vectors[i].len), vectors[i].hash);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("siphash");
	TCase *tc = tcase_create("siphash");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, the_authors_vectors_hold);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
