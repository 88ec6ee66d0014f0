/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/response.h"

enum { BODY_MAX = 100 };

/* A reply in pieces of so many octets; what the reader says in the end, *left
 * being the octets that belong to none. */
static enum response_result
feed(struct response_reader *r, const char *text, size_t len, size_t piece,
    bool ends, size_t *left)
{
	enum response_result result = RESPONSE_MORE;
	size_t at = 0, given = 0, used;

	while (result == RESPONSE_MORE && given < len) {
		given = len - given < piece ? len : given + piece;
		result = response_feed(r, text + at, given - at, &used);
		ck_assert_uint_le(used, given - at);
		at += used;
	}
	*left = len - at;
	return result == RESPONSE_MORE && ends ? response_end(r) : result;
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define LENGTH(n) OK "Content-Length: " n "\r\n\r\n"

static const struct {
	const char *text;
	const char *body; /* NULL: it is wrong */
	const char *why;  /* then; or what is left behind the reply */
	unsigned status;  /* 0: 200 */
	bool head, closes, ends;
} rows[] = {
    {LENGTH("2") "hi", "hi", ""},
    {LENGTH("0"), "", ""},
    {LENGTH("2") "hi\n", "hi", "\n", .closes = false},
    {LENGTH("2") "hi" OK, "hi", OK},
    {LENGTH("2") "h", NULL, "closed before", .ends = true},
    {OK "content-length:2\r\n\r\nhi", "hi", ""},
    {OK "Content-Length : 2\r\n\r\nhi", "hi", ""},
    {OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "hi", ""},
    {OK "Content-Length: 2, 2\r\n\r\nhi", "hi", ""},
    {OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", NULL,
	"conflicting"},
    {OK "Content-Length: 2, 3\r\n\r\nhi", NULL, "conflicting"},
    {OK "Content-Length: -1\r\n\r\n", NULL, "not a number"},
    {OK "Content-Length: +2\r\n\r\n", NULL, "not a number"},
    {OK "Content-Length: 0x2\r\n\r\n", NULL, "not a number"},
    {OK "Content-Length:\r\n\r\n", NULL, "without a number"},
    {OK "Content-Length: 99999999999999999999\r\n\r\n", NULL, "not a number"},
    {OK "\r\nhi", "hi", "", .ends = true, .closes = true},
    {OK "\r\n", "", "", .ends = true, .closes = true},
    {OK, NULL, "closed before", .ends = true},
    {"", NULL, "closed before", .ends = true},
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "hi", ""},
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", ""},
    {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "", "",
	.status = 503},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", "", .status = 204},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "", "",
	.status = 304},
    {"HTTP/1.1 200x OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 2000 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 20 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 20x OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 2x0 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 x00 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.x 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/1.1\t200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/1.1 200\tOK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 099 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 4294967496 Service Unavailable\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 99999999999 x\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1  200 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 -200 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/2.0 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/11 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"http/1.1 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"<html>up</html>\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/1.0 200 OK\r\n\r\nhi", "hi", "", .ends = true, .closes = true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", "",
	.closes = true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
	"hi", ""},
    {OK "Connection: Close\r\nContent-Length: 0\r\n\r\n", "", "",
	.closes = true},
    {OK "Connection: close\t, x\r\nContent-Length: 0\r\n\r\n", "", "",
	.closes = true},
    {OK "Connection: \t close \t\r\nContent-Length: 0\r\n\r\n", "", "",
	.closes = true},
    {OK "Connection: xclose, closed\r\nContent-Length: 0\r\n\r\n", "", ""},
    {OK "Connection: x, close\r\nContent-Length: 0\r\n\r\n", "", "",
	.closes = true},
    /* RFC 9110 15.2 */
    {"HTTP/1.1 100 Continue\r\n\r\n" LENGTH("0"), "", ""},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" LENGTH("2") "hi", "hi",
	""},
    {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 x\r\n\r\n"
     "HTTP/1.1 100 x\r\nContent-Length: 7\r\n\r\n" LENGTH("2") "hi",
	"hi", ""},
    {"HTTP/1.1 199 x\r\n\r\nHTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", "",
	"", .status = 500},
    {"HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n" LENGTH("0"), "",
	""},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n" LENGTH("0"), NULL, "101"},
    {"HTTP/1.1 100 Continue\r\n\r\n", NULL, "closed before", .ends = true},
    /* RFC 9112 7.1 */
    {CHUNKED "2\r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "002\r\nhi\r\n000\r\n\r\n", "hi", ""},
    {CHUNKED "2;a\r\nhi\r\n0;b=c\r\n\r\n", "hi", ""},
    {CHUNKED "2;a=\"b;c\"\r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "2 ; a\r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "2 \r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "2\nhi\n0\n\n", "hi", ""},
    {CHUNKED "2\r\nhi\r\n0\r\nTrailer: x\r\nb: y\r\n\r\n", "hi", ""},
    {CHUNKED "2\r\nhi\r\n0\r\n\r\nmore", "hi", "more"},
    {CHUNKED "a\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
    {CHUNKED "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
    {CHUNKED "2\r\nhi!\r\n0\r\n\r\n", NULL, "longer than its size"},
    {CHUNKED "x\r\nhi\r\n", NULL, "without its size"},
    {CHUNKED "\r\n", NULL, "without its size"},
    {CHUNKED "-2\r\nhi\r\n", NULL, "without its size"},
    {CHUNKED "2g\r\nhi\r\n", NULL, "not a number"},
    {CHUNKED "0x2\r\nhi\r\n", NULL, "not a number"},
    {CHUNKED "fffffffffffffffff\r\n", NULL, "too large"},
    {CHUNKED "2\r\nhi\r\n0\r\n", NULL, "closed before", .ends = true},
    {CHUNKED "2\r\nh", NULL, "closed before", .ends = true},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "hi",
	""},
    {OK "Transfer-Encoding: gzip\r\n\r\nhi", "hi", "", .ends = true,
	.closes = true},
    {OK "Transfer-Encoding: chunked, gzip\r\n\r\n", NULL, "after chunked"},
    {OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
	"2\r\nhi\r\n0\r\n\r\n",
	"hi", "", .closes = true},
    {LENGTH("9"), "", "", .head = true},
    {LENGTH("9") "surplus", "", "surplus", .head = true},
    {CHUNKED, "", "", .head = true},
    {OK "a\r\n\r\n", NULL, "without a name"},
    {OK ": a\r\n\r\n", NULL, "without a name"},
    {OK "a: b\r\n c\r\nContent-Length: 0\r\n\r\n", "", ""},
    {LENGTH("101"), NULL, NULL, .ends = true},
    /* At both sides of what is a digit, of any kind. */
    {LENGTH("0000000000000002") "hi", "hi", ""},
    {LENGTH("00000000000000002"), NULL, "not a number"},
    {LENGTH("2/"), NULL, "not a number"},
    {LENGTH("2:"), NULL, "not a number"},
    {LENGTH("9") "012345678", "012345678", ""},
    {"HTTP/1.1 2/0 OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1.1 20: OK\r\n\r\n", NULL, "three digits"},
    {"HTTP/1./ 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/1.: 200 OK\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {"HTTP/1.9 909 x\r\nContent-Length: 0\r\n\r\n", "", "", .status = 909},
    {"HTTP/1.1 20\r\n\r\n", NULL, "no HTTP/1.1 status line"},
    {CHUNKED "f\r\n012345678901234\r\n0\r\n\r\n", "012345678901234", ""},
    {CHUNKED "F\r\n012345678901234\r\n0\r\n\r\n", "012345678901234", ""},
    {CHUNKED "1a\r\n01234567890123456789012345\r\n0\r\n\r\n",
	"01234567890123456789012345", ""},
    {CHUNKED "g\r\n", NULL, "without its size"},
    {CHUNKED "G\r\n", NULL, "without its size"},
    {CHUNKED "@\r\n", NULL, "without its size"},
    {CHUNKED "`\r\n", NULL, "without its size"},
    {CHUNKED "/\r\n", NULL, "without its size"},
    {CHUNKED ":\r\n", NULL, "without its size"},
    {CHUNKED "00000000000000000002\r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "10000000000000000\r\n", NULL, "too large"},
    {CHUNKED "2\t;a\r\nhi\r\n0\r\n\r\n", "hi", ""},
    {CHUNKED "2 a\r\nhi\r\n0\r\n\r\n", NULL, "not a number"},
    /* Blanks around names and values, folded lines. */
    {OK "Content-Length\t : \t2 \t\r\n\r\nhi", "hi", ""},
    {OK "Content-Length: 2,\t2 ,, \r\n\r\nhi", "hi", ""},
    {OK "a: b\r\n\tContent-Length: 7\r\nContent-Length: 0\r\n\r\n", "", ""},
    {OK " a\r\nContent-Length: 0\r\n\r\n", "", ""},
    {OK "Content-Lengths: 7\r\nContent-Length: 0\r\n\r\n", "", ""},
    {OK "Content-Lengt: 7\r\nContent-Length: 0\r\n\r\n", "", ""},
    /* The last word, but keep-alive is of HTTP/1.0 alone. */
    {OK "Connection: close, keep-alive\r\nContent-Length: 0\r\n\r\n", "", "",
	.closes = true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n"
     "Content-Length: 0\r\n\r\n",
	"", "", .closes = true},
    {"HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\n"
     "Content-Length: 0\r\n\r\n",
	"", ""},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
     "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	"hi", "", .closes = true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhi", "hi", "",
	.ends = true, .closes = true},
    /* What an interim reply said is of it alone. */
    {"HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n" LENGTH("2") "hi",
	"hi", ""},
};

static void
check_row(size_t i, size_t piece)
{
	const size_t len = strlen(rows[i].text);
	const unsigned status = rows[i].status == 0 ? 200 : rows[i].status;
	struct response_reader r = {0};
	enum response_result result;
	size_t left;

	response_begin(&r, rows[i].head, BODY_MAX, NULL);
	result = feed(&r, rows[i].text, len, piece, rows[i].ends, &left);
	if (rows[i].body == NULL) {
		ck_assert_msg(result == RESPONSE_WRONG, "%s", rows[i].text);
		if (rows[i].why != NULL)
			ck_assert_msg(strstr(r.err.text, rows[i].why) != NULL,
			    "%s: %s", rows[i].text, r.err.text);
	} else {
		ck_assert_msg(result == RESPONSE_DONE, "%zu %zu %s: %s", i,
		    piece, rows[i].text, r.err.text);
		ck_assert_uint_eq(r.status, status);
		ck_assert_uint_eq(r.body.n, strlen(rows[i].body));
		if (r.body.n > 0)
			ck_assert_mem_eq(r.body.at, rows[i].body, r.body.n);
		ck_assert_msg(r.keeps == !rows[i].closes, "%s", rows[i].text);
		if (piece >= len)
			ck_assert_str_eq(
			    rows[i].text + len - left, rows[i].why);
	}
	response_fini(&r);
}

/* However it is cut into pieces. */
START_TEST(replies_are_read_as_http_has_them)
{
	for (size_t piece = 1; piece <= strlen(rows[_i].text) + 1; piece++)
		check_row((size_t)_i, piece);
}
END_TEST

START_TEST(an_octet_0_is_no_http)
{
	static const char *const lines[] = {"HTTP/1.1 200 O@K\r\n\r\n",
	    OK "a: b@c\r\n\r\n", CHUNKED "2@\r\nhi\r\n", OK "a: b\rc\r\n\r\n"};
	struct response_reader r = {0};
	char text[200];
	size_t left;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t len = strlen(lines[i]);
		char *at;

		strcpy(text, lines[i]);
		if ((at = strchr(text, '@')) != NULL)
			*at = '\0';
		response_begin(&r, false, BODY_MAX, NULL);
		ck_assert_int_eq(
		    feed(&r, text, len, len, false, &left), RESPONSE_WRONG);
	}
	response_fini(&r);
}
END_TEST

/* What is sent without end, and what it ends at. */
static const struct {
	const char *first, *again, *why;
} endless[] = {
    {"", "HTTP/1.1 100 Continue\r\n\r\n", "the header has more"},
    {"HTTP/1.1 ", "2", "the header has more"},
    {OK, "a: b\r\n", "the header has more"},
    {OK "a: ", "b", "the header has more"},
    {OK "\r\n", "b", "the body has more than 100"},
    {LENGTH("1000000"), "b", "the body has more than 100"},
    {CHUNKED, "1\r\na\r\n", "the body has more than 100"},
    {CHUNKED "2;", "a", "a line around the chunks has more than 16384"},
    {CHUNKED, "0", "a line around the chunks has more than 16384"},
    {CHUNKED "0\r\nt: ", "x", "a line around the chunks has more than 16384"},
    {CHUNKED "0\r\n", "a: b\r\n", "the framing around the chunks has more"},
};

START_TEST(what_has_no_end_ends_at_a_bound)
{
	struct response_reader r = {0};
	enum response_result result;
	size_t left, sent;

	response_begin(&r, false, BODY_MAX, NULL);
	result = feed(&r, endless[_i].first, strlen(endless[_i].first), 1000,
	    false, &left);
	for (sent = 0; result == RESPONSE_MORE && sent < 1 << 20;) {
		char *all = NULL;
		size_t n = strlen(endless[_i].again), used;
		size_t have = left + n;

		/* The rest is given again, as a buffer does. */
		all = malloc(have);
		for (size_t i = 0; i < left; i++)
			all[i] = endless[_i].again[(sent - left + i) % n];
		memcpy(all + left, endless[_i].again, n);
		if (sent < left) /* of the first text */
			memcpy(all,
			    endless[_i].first + strlen(endless[_i].first) -
				(left - sent),
			    left - sent);
		result = response_feed(&r, all, have, &used);
		left = have - used;
		sent += n;
		free(all);
	}
	ck_assert_int_eq(result, RESPONSE_TOO_LONG);
	ck_assert_msg(
	    strstr(r.err.text, endless[_i].why) != NULL, "%s", r.err.text);
	ck_assert_uint_le(sent, 64 << 10);
	response_fini(&r);
}
END_TEST

START_TEST(a_field_that_is_wanted_is_kept)
{
	static const char text[] = "HTTP/1.1 103 x\r\nLoad: 1\r\n\r\n" OK
				   "load:  0.5 \r\nContent-Length: 0\r\n\r\n";
	struct response_reader r = {0};
	size_t left;

	response_begin(&r, false, BODY_MAX, "Load");
	ck_assert_int_eq(
	    feed(&r, text, sizeof(text) - 1, 7, false, &left), RESPONSE_DONE);
	ck_assert_str_eq(r.value, "0.5");
	response_begin(&r, false, BODY_MAX, "other");
	ck_assert_int_eq(
	    feed(&r, text, sizeof(text) - 1, 7, false, &left), RESPONSE_DONE);
	ck_assert_str_eq(r.value, "");
	response_fini(&r);
}
END_TEST

/* The framing of a body of 100 octets: 8 octets for each beyond a head's. */
START_TEST(lines_around_chunks_have_a_bound_in_all)
{
	const size_t most = RESPONSE_HEAD_MAX + 8 * BODY_MAX;
	static const char head[] = CHUNKED "0\r\n";
	char line[2000];
	size_t used;

	for (size_t more = 0; more <= 1; more++) {
		struct response_reader r = {0};
		size_t n;

		response_begin(&r, false, BODY_MAX, NULL);
		ck_assert_int_eq(response_feed(&r, head, strlen(head), &used),
		    RESPONSE_MORE);
		memset(line, 'a', sizeof(line));
		line[499] = '\n';
		while (most - r.octets > 1000)
			ck_assert_int_eq(
			    response_feed(&r, line, 500, &used), RESPONSE_MORE);
		n = most - r.octets + more;
		line[499] = 'a';
		line[n] = '\n';
		ck_assert_int_eq(response_feed(&r, line, n + 1, &used),
		    more ? RESPONSE_TOO_LONG : RESPONSE_MORE);
		response_fini(&r);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe/response");
	TCase *tc = tcase_create("probe/response");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, replies_are_read_as_http_has_them, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, an_octet_0_is_no_http);
	tcase_add_test(tc, lines_around_chunks_have_a_bound_in_all);
	tcase_add_loop_test(tc, what_has_no_end_ends_at_a_bound, 0,
	    sizeof(endless) / sizeof(endless[0]));
	tcase_add_test(tc, a_field_that_is_wanted_is_kept);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
