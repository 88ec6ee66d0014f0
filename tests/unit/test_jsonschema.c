/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdlib.h>

#include "conf/schema.h"
#include "report/jsonschema.h"

START_TEST(every_row_has_its_schema)
{
	json_t *schema = jsonschema_report();
	const struct schema_key *keys;
	size_t n;

	keys = schema_keys(&n);
	for (size_t i = 0; i < n; i++) {
		const json_t *map = keys[i].map == SCHEMA_TOP
		    ? schema
		    : json_object_get(json_object_get(schema, "definitions"),
			  schema_title(keys[i].map));
		const json_t *key = json_object_get(
		    json_object_get(map, "properties"), keys[i].name);

		ck_assert_msg(key != NULL && json_object_size(key) > 0,
		    "%s.%s has none", schema_title(keys[i].map), keys[i].name);
		ck_assert((json_object_get(key, "default") != NULL) ==
		    (keys[i].fallback != NULL));
	}
	json_decref(schema);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("report/jsonschema");
	TCase *tc = tcase_create("jsonschema");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_row_has_its_schema);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
