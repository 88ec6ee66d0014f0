/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/tsig.h"

#include <check.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define OCTETS(s) (s), sizeof(s) - 1

#define KEY "\3Key\0"
#define FIXED "\0\xfa\0\xff\0\0\0\0\0\x21"
#define SIGNER "\4hmac\0\0\0\1\2\3\4\1\x2c"
#define MAC "\0\4abcd"
#define REST "\x12\x34\0\0\0\7another"

static struct tsig t;
static uint8_t *packet;

/* A copy of just that size, so that a sanitizer sees what is read beyond. */
static bool
is_read(const char *octets, size_t len, size_t at)
{
	free(packet);
	packet = malloc(len);
	memcpy(packet, octets, len);
	return tsig_read(&t, packet, at, len);
}

static void
teardown(void)
{
	free(packet);
	packet = NULL;
}

START_TEST(a_signature_is_read)
{
	ck_assert(is_read(OCTETS("**" KEY FIXED SIGNER MAC REST), 2));
	ck_assert_mem_eq(t.key, KEY, 5);
	ck_assert_uint_eq(t.signer_len, sizeof(SIGNER) - 1);
	ck_assert_mem_eq(t.signer, SIGNER, sizeof(SIGNER) - 1);
	ck_assert_uint_eq(t.id, 0x1234);
}
END_TEST

START_TEST(the_key_may_be_compressed)
{
	ck_assert(
	    is_read(OCTETS("\3com\0\3key\xc0\0" FIXED SIGNER MAC REST), 5));
	ck_assert_mem_eq(t.key, "\3key\3com\0", 9);
}
END_TEST

START_TEST(every_truncation_is_wrong)
{
	static const char whole[] = KEY FIXED SIGNER MAC REST;

	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		ck_assert(!is_read(whole, len, 0));
	ck_assert(!is_read(OCTETS(KEY FIXED SIGNER MAC REST "x"), 0));
}
END_TEST

START_TEST(what_has_another_form_is_wrong)
{
	static const struct {
		const char *octets;
		size_t len;
	} rows[] = {
	    /* of the class IN */
	    {OCTETS(KEY "\0\xfa\0\1\0\0\0\0\0\x21" SIGNER MAC REST)},
	    /* the algorithm's name compressed */
	    {OCTETS(KEY FIXED "\xc0\0\0\0\1\2\3\4\1\x2c" MAC REST)},
	    /* a key without an end */
	    {OCTETS("\xc0\0" FIXED SIGNER MAC REST)},
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		ck_assert(!is_read(rows[i].octets, rows[i].len, 0));
}
END_TEST

START_TEST(the_reply_says_that_the_key_is_not_known)
{
	uint8_t out[512] = {0x12, 0x34, 0x80, DNS_NOTAUTH};
	struct wire w;
	ldns_pkt *reply;
	char *text;

	ck_assert(is_read(OCTETS(KEY FIXED SIGNER MAC REST), 0));
	wire_init(&w, out, sizeof(out));
	w.len = DNS_HEADER_SIZE;
	wire_set_u16(&w, 10, 1);
	tsig_put(&w, &t);
	ck_assert_uint_eq(w.len, DNS_HEADER_SIZE + tsig_size(&t));
	ck_assert_int_eq(ldns_wire2pkt(&reply, out, w.len), LDNS_STATUS_OK);
	text = ldns_rr2str(ldns_pkt_tsig(reply));
	ck_assert_str_eq(
	    text, "Key.\t0\tANY\tTSIG\thmac. 16909060  300 0  4660 17 0 \n");
	free(text);
	ldns_pkt_free(reply);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tsig");
	TCase *tc = tcase_create("tsig");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, a_signature_is_read);
	tcase_add_test(tc, the_key_may_be_compressed);
	tcase_add_test(tc, every_truncation_is_wrong);
	tcase_add_test(tc, what_has_another_form_is_wrong);
	tcase_add_test(tc, the_reply_says_that_the_key_is_not_known);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
