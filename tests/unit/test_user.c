/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/user.h"

#include <check.h>
#include <stdio.h>

static const struct {
	const char *claimed, *owner;
} rows[] = {
    {"alice", "alice (root)"},
    {"_apt", "_apt (root)"},
    {"a.b-c_d1", "a.b-c_d1 (root)"},
    {"ana@example.com", "ana@example.com (root)"},
    {"CORP\\ana", "CORP\\ana (root)"},
    {"machine$", "machine$ (root)"},
    {NULL, "root"},
    {"root", "root"},
    {"", "root"},
    {"$", "root"},
    {"a$b", "root"},
    {"1000", "root"},
    {"-a", "root"},
    {"alice (root)", "root"},
    {"al ice", "root"},
    {"alice\nbob", "root"},
    {"\x1b", "root"},
    {"al\xc3\xaf", "root"},
    {"abcdefghijklmnopqrstuvwxyzabcdef",
	"abcdefghijklmnopqrstuvwxyzabcdef "
	"(root)"},
    {"abcdefghijklmnopqrstuvwxyzabcdefg", "root"},
};

START_TEST(root_acts_on_behalf_of_a_user)
{
	char owner[USER_NAME_MAX] = "root";

	user_behalf(owner, rows[_i].claimed);
	ck_assert_str_eq(owner, rows[_i].owner);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base/user");
	TCase *t = tcase_create("base/user");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    t, root_acts_on_behalf_of_a_user, 0, sizeof(rows) / sizeof(*rows));
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
