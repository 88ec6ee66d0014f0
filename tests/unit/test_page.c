/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page of a status in which everything that it can say is said, as
 * it is in page.html.  MERIDIAN_STORY=FOLDER writes it there instead.
 */
#include "report/page.h"

#include <check.h>
#include <string.h>

#include "expected.h"
#include "report/text.h"

/* With ' in place of ". */
static const char full[] =
    "{'config': '/etc/<m>\\u0027\\u0022&.yaml', 'generation': 7,"
    " 'version': '1.2', 'uptime_s': 3661,"
    " 'zones': [{'origin': 'a.example.', 'serial': 4294967295},"
    "           {'origin': 'b.example.', 'serial': 1}],"
    " 'prober': {'frozen': true}, 'helper': {'up': false},"
    " 'unsaved': ['drain of eu', 'signal to <m>'], 'state': ['disk full'],"
    " 'geoip': [{'database': 'city.mmdb', 'held': {}},"
    "           {'database': 'asn.mmdb', 'held': null}],"
    " 'capacity': {'brownout': true}, 'warnings': ['one', 'two & three'],"
    " 'drains': ["
    "  {'what': '123456789012345678901234', 'begins_s': null, 'left_s': 59,"
    "   'owner': 'ana', 'reason': '1234567890123456789012345'},"
    "  {'what': 'eu', 'begins_s': 3600, 'left_s': null, 'owner': '<b>',"
    "   'reason': ''}],"
    " 'force_ups': [{'what': 'us', 'begins_s': null, 'left_s': 1,"
    "   'owner': 'o', 'reason': 'r'}],"
    " 'pools': ["
    "  {'name': 'w<w', 'all_down': ["
    "    {'family': 'ipv4', 'answering': 'answering pool <s>'},"
    "    {'family': null, 'answering': 'answering all'}],"
    "   'regions': ["
    "    {'region': 'eu', 'live': true, 'drained': false, 'share': 99.94,"
    "     'families': {'ipv4': {'live': true}, 'ipv6': {'live': false}},"
    "     'targets': ["
    "      {'target': '123456789012345678901234567890123456789012345',"
    "       'health': 'up', 'drain': null, 'force_up': null, 'watches': ["
    "        {'monitor': 'm', 'address': '192.0.2.1', 'last': 'ok <1>',"
    "         'decides': true, 'damped': false},"
    "        {'monitor': 'n', 'address': '192.0.2.1', 'last': 'bad',"
    "         'decides': false, 'damped': true}]},"
    "      {'target': '1234567890123456789012345678901234567890123456',"
    "       'health': 'not_monitored', 'watches': [],"
    "       'drain': {'owner': 'a<', 'reason': 'r&'},"
    "       'force_up': {'owner': 'b', 'reason': 's'}},"
    "      {'target': 't', 'health': 'down', 'watches': ["
    "        {'monitor': 'm', 'address': '192.0.2.1', 'last': ''},"
    "        {'monitor': 'm', 'address': '::1', 'last': 'x'}]}]},"
    "    {'region': 'us', 'live': true, 'drained': true, 'share': 100,"
    "     'families': {'ipv4': {'live': false}, 'ipv6': null},"
    "     'targets': [{'target': 'u', 'health': 'degraded', 'watches': []}]},"
    "    {'region': 'ap', 'live': false, 'drained': true, 'share': 0,"
    "     'families': {'ipv4': {'live': false}},"
    "     'targets': [{'target': 'v', 'health': 'unknown', 'watches': []}]},"
    "    {'region': 'sa', 'live': false, 'drained': false, 'share': 0,"
    "     'targets': [{'target': 'w', 'health': 'up', 'watches': []}]}]},"
    "  {'name': 'empty', 'regions': []}]}";

/* Nothing that is worth a line of its own. */
static const char quiet[] =
    "{'config': 'c', 'generation': 1, 'version': 'v', 'uptime_s': 0,"
    " 'zones': [], 'prober': {'frozen': false}, 'helper': {'up': true},"
    " 'unsaved': [], 'state': [], 'geoip': [{'held': null}],"
    " 'capacity': {'brownout': false}, 'warnings': [], 'drains': [],"
    " 'force_ups': [], 'pools': []}";

static void
print(struct text *t, const char *status)
{
	char json[sizeof(full)];
	json_error_t err;
	json_t *o;

	strcpy(json, status);
	for (char *c = json; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	o = json_loads(json, 0, &err);
	ck_assert_msg(o != NULL, "%s", err.text);
	page_print(o, t);
	json_decref(o);
}

START_TEST(all_that_a_page_can_say_is_said)
{
	struct text t = {0};

	print(&t, full);
	expected_file(t.at, "page.html");
	text_fini(&t);
}
END_TEST

START_TEST(what_is_well_has_no_line)
{
	struct text t = {0};
	const char *body;

	print(&t, quiet);
	body = strstr(t.at, "<body>\n");
	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(body,
	    "<body>\n<h1>Meridian</h1>\n"
	    "<p>c, generation 1, version v, up 0ms</p>\n<p>Zones:</p>\n"
	    "</body></html>\n");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("page");
	TCase *tc = tcase_create("page");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, all_that_a_page_can_say_is_said);
	tcase_add_test(tc, what_is_well_has_no_line);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
