/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/head.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* All at once, from memory that ends with it. */
static enum http_result
feed(struct http_head *h, const char *text, size_t len, size_t *used)
{
	char *copy = malloc(len > 0 ? len : 1);
	enum http_result result;

	memcpy(copy, text, len);
	result = http_head_feed(h, copy, len, used);
	free(copy);
	return result;
}

static enum http_result
read_head(struct http_head *h, const char *text)
{
	size_t used;

	memset(h, 0, sizeof(*h));
	return feed(h, text, strlen(text), &used);
}

START_TEST(a_request_is_read)
{
	static const char text[] = "POST /v1/drain?a=b HTTP/1.1\r\n"
				   "Host: localhost:80\r\n"
				   "content-length:\t 17 \r\n"
				   "X-Odd: \xe9\t\"\r\n"
				   "\r\nbody";
	struct http_head h = {0};
	size_t used;

	ck_assert_int_eq(feed(&h, text, sizeof(text) - 1, &used), HTTP_DONE);
	ck_assert_uint_eq(used, sizeof(text) - 1 - 4);
	ck_assert_int_eq(h.method, HTTP_POST);
	ck_assert_str_eq(h.target, "/v1/drain?a=b");
	ck_assert_str_eq(h.host, "localhost:80");
	ck_assert_uint_eq(h.length, 17);
	ck_assert(!h.close && !h.is_old);
	http_head_fini(&h);
}
END_TEST

START_TEST(one_more_field_can_be_wanted)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n"
				   "x-user:  alice \r\n\r\n";
	static const char twice[] = "GET / HTTP/1.1\r\nHost: a\r\n"
				    "X-User: a\r\nX-User: a\r\n\r\n";
	struct http_head h = {.wanted = "X-User"};
	size_t used;

	ck_assert_int_eq(feed(&h, text, sizeof(text) - 1, &used), HTTP_DONE);
	ck_assert_str_eq(h.value, "alice");
	http_head_fini(&h);
	ck_assert_int_eq(feed(&h, text, sizeof(text) - 1, &used), HTTP_DONE);
	ck_assert_str_eq(h.value, "");
	http_head_fini(&h);
	h.wanted = "X-User";
	ck_assert_int_eq(feed(&h, twice, sizeof(twice) - 1, &used), HTTP_WRONG);
	ck_assert_int_eq(h.status, 400);
	http_head_fini(&h);
}
END_TEST

START_TEST(octet_by_octet_is_the_same)
{
	static const char text[] = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_head h = {0};
	size_t at = 0, len = 0, used;
	enum http_result result = HTTP_MORE;

	while (result == HTTP_MORE) {
		ck_assert_uint_lt(at + len, sizeof(text) - 1);
		result = feed(&h, text + at, ++len, &used);
		at += used;
		len -= used;
	}
	ck_assert_int_eq(result, HTTP_DONE);
	ck_assert_uint_eq(at, sizeof(text) - 1);
	ck_assert_str_eq(h.target, "/");
	http_head_fini(&h);
}
END_TEST

static const struct {
	const char *text, *target, *host;
	bool close, is_old;
} good[] = {
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "/", "", false, false},
    {"HEAD /a%20b HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "/a%20b", "[::1]:80",
	false, false},
    /* RFC 9112 3.2.2 */
    {"GET http://a.example/x?y HTTP/1.1\r\nHost: b\r\n\r\n", "/x?y",
	"a.example", false, false},
    {"GET HTTP://a.example HTTP/1.1\r\nHost: b\r\n\r\n", "/", "a.example",
	false, false},
    {"GET http://a.example?y HTTP/1.1\r\nHost: b\r\n\r\n", "/?y", "a.example",
	false, false},
    {"GET http://a.example/ HTTP/1.0\r\n\r\n", "/", "a.example", true, true},
    {"GET / HTTP/1.0\r\n\r\n", "/", "", true, true},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "/", "", false, true},
    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "/", "", true,
	true},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\t CLOSE ,,\r\n\r\n", "/", "a",
	true, false},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t, close \t ,x\r\n\r\n",
	"/", "a", true, false},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: xclose, closed\r\n\r\n", "/",
	"a", false, false},
    {"GET / HTTP/1.7\r\nHost: a\r\n\r\n", "/", "a", false, false},
};

START_TEST(these_are_requests)
{
	struct http_head h;

	ck_assert_int_eq(read_head(&h, good[_i].text), HTTP_DONE);
	ck_assert_str_eq(h.target, good[_i].target);
	ck_assert_str_eq(h.host, good[_i].host);
	ck_assert_int_eq(h.close, good[_i].close);
	ck_assert_int_eq(h.is_old, good[_i].is_old);
	http_head_fini(&h);
}
END_TEST

#define LINE "GET / HTTP/1.1\r\n"
#define HOST LINE "Host: a\r\n"

static const struct {
	const char *text;
	int status;
} bad[] = {
    /* RFC 9112 2.2 */
    {"GET / HTTP/1.1\nHost: a\n\n", 400},
    {LINE "Host: a\n\r\n", 400},
    {HOST "\n", 400},
    {HOST "X: a\rb\r\n\r\n", 400},
    {HOST "X: a\r\r\n\r\n", 400},
    {"GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"\r\n\r\n" HOST "\r\n", 400},
    {"\n" HOST "\r\n", 400},
    {LINE " Host: a\r\n\r\n", 400},
    /* RFC 9112 5.1, 5.2 */
    {HOST "Content-Length : 5\r\n\r\n", 400},
    {HOST "Content-Length\t: 5\r\n\r\n", 400},
    {LINE "Host : a\r\n\r\n", 400},
    {HOST "X: a\r\n b\r\n\r\n", 400},
    {HOST "X: a\r\n\tb\r\n\r\n", 400},
    {HOST ": a\r\n\r\n", 400},
    {HOST "X\r\n\r\n", 400},
    {HOST "X y: a\r\n\r\n", 400},
    {HOST "X(y): a\r\n\r\n", 400},
    {HOST "\xe9: a\r\n\r\n", 400},
    /* RFC 9110 5.5 */
    {HOST "X: a\x01\r\n\r\n", 400},
    {HOST "X: a\x7f\r\n\r\n", 400},
    {HOST "X: a\vb\r\n\r\n", 400},
    /* RFC 9112 6.3, RFC 9110 8.6 */
    {HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {HOST "Content-Length: 5, 5\r\n\r\n", 400},
    {HOST "Content-Length: 5,6\r\n\r\n", 400},
    {HOST "Content-Length: +5\r\n\r\n", 400},
    {HOST "Content-Length: -5\r\n\r\n", 400},
    {HOST "Content-Length: 0x5\r\n\r\n", 400},
    {HOST "Content-Length: 5 5\r\n\r\n", 400},
    {HOST "Content-Length: 5.0\r\n\r\n", 400},
    {HOST "Content-Length: \r\n\r\n", 400},
    {HOST "Content-Length: 18446744073709551621\r\n\r\n", 413},
    /* RFC 9112 6.1 */
    {HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
    {HOST "Transfer-Encoding: chunked\r\n\r\n", 501},
    {HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    /* RFC 9112 3.2 */
    {LINE "\r\n", 400},
    {HOST "Host: a\r\n\r\n", 400},
    {LINE "Host: a b\r\n\r\n", 400},
    {LINE "Host: a@b\r\n\r\n", 400},
    {LINE "Host: a/b\r\n\r\n", 400},
    {LINE "Host: a, b\r\n\r\n", 400},
    {LINE "Host: a:b\r\n\r\n", 400},
    {LINE "Host: [::1\r\n\r\n", 400},
    {LINE "Host: [x]\r\n\r\n", 400},
    {LINE "Host: \xc3\xa9.example\r\n\r\n", 400},
    /* RFC 9112 3 */
    {"GET /\r\n\r\n", 400},
    {"GET\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/+1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / ICY/1.1\r\nHost: a\r\n\r\n", 400},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501},
    /* RFC 9112 3.2, RFC 3986 */
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET metrics HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /<x> HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {HOST "Expect: 200-ok\r\n\r\n", 417},
    {HOST "Connection: a b\r\n\r\n", 400},
    /* TLS to a port without it */
    {"\x16\x03\x01\x02\x01\x01\r\n", 400},
};

START_TEST(these_are_refused)
{
	struct http_head h;

	ck_assert_msg(
	    read_head(&h, bad[_i].text) == HTTP_WRONG, "%s", bad[_i].text);
	ck_assert_msg(
	    h.status == bad[_i].status, "%d: %s", h.status, bad[_i].text);
	ck_assert_uint_gt(strlen(h.err.text), 0);
	http_head_fini(&h);
}
END_TEST

START_TEST(a_nul_is_refused)
{
	static const char text[] = HOST "X: a\0b\r\n\r\n";
	struct http_head h = {0};
	size_t used;

	ck_assert_int_eq(feed(&h, text, sizeof(text) - 1, &used), HTTP_WRONG);
	ck_assert_int_eq(h.status, 400);
	http_head_fini(&h);
}
END_TEST

/* As many of pattern as size octets hold, behind begin. */
static enum http_result
feed_long(
    struct http_head *h, const char *begin, const char *pattern, size_t size)
{
	char *text = calloc(1, strlen(begin) + size + 1);
	enum http_result result;
	size_t used;

	strcpy(text, begin);
	for (size_t i = 0; i < size; i++)
		text[strlen(begin) + i] = pattern[i % strlen(pattern)];
	result = feed(h, text, strlen(text), &used);
	free(text);
	return result;
}

START_TEST(what_is_too_long_is_refused_before_it_ends)
{
	struct http_head h = {0};

	ck_assert_int_eq(
	    feed_long(&h, "GET /", "a", HTTP_HEAD_MAX - 6), HTTP_MORE);
	http_head_fini(&h);
	ck_assert_int_eq(
	    feed_long(&h, "GET /", "a", HTTP_HEAD_MAX), HTTP_WRONG);
	ck_assert_int_eq(h.status, 414);
	http_head_fini(&h);
	ck_assert_int_eq(
	    feed_long(&h, HOST "X: ", "a", HTTP_HEAD_MAX), HTTP_WRONG);
	ck_assert_int_eq(h.status, 431);
	http_head_fini(&h);
	ck_assert_int_eq(
	    feed_long(&h, HOST, "X: a\r\n", 6 * HTTP_FIELDS_MAX), HTTP_WRONG);
	ck_assert_int_eq(h.status, 431);
	http_head_fini(&h);
}
END_TEST

START_TEST(a_target_has_a_bound_of_its_own)
{
	for (size_t longer = 0; longer < 2; longer++) {
		char text[HTTP_TARGET_MAX + 64] = "GET /";
		size_t n = HTTP_TARGET_MAX - 1 + longer;
		struct http_head h;

		memset(text + 5, 'a', n);
		strcpy(text + 5 + n, " HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_int_eq(
		    read_head(&h, text), longer ? HTTP_WRONG : HTTP_DONE);
		ck_assert_int_eq(longer ? h.status : 414, 414);
		ck_assert(longer || strlen(h.target) == HTTP_TARGET_MAX);
		http_head_fini(&h);
	}
}
END_TEST

/* Its last octet is that of the empty line: of all lines together, and of as
 * many fields as there may be. */
START_TEST(a_head_has_a_bound_for_all_its_lines)
{
	enum { FIELDS = HTTP_FIELDS_MAX - 1 };
	static const char begin[] = HOST;
	char text[HTTP_HEAD_MAX + 2], *at;
	struct http_head h;

	for (size_t total = HTTP_HEAD_MAX - 1; total <= HTTP_HEAD_MAX + 1;
	     total++) {
		size_t left = total - strlen(begin) - 2;

		at = stpcpy(text, begin);
		for (size_t i = FIELDS; i > 0; i--) {
			size_t n = i > 1 ? left / i : left;

			memset(at, 'x', n);
			memcpy(at, "X: ", 3);
			memcpy(at + n - 2, "\r\n", 2);
			at += n;
			left -= n;
		}
		strcpy(at, "\r\n");
		ck_assert_uint_eq(strlen(text), total);
		ck_assert_int_eq(read_head(&h, text),
		    total <= HTTP_HEAD_MAX ? HTTP_DONE : HTTP_WRONG);
		ck_assert_int_eq(total <= HTTP_HEAD_MAX ? 431 : h.status, 431);
		http_head_fini(&h);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http/head");
	TCase *t = tcase_create("http/head");
	SRunner *runner;
	int failed;

	tcase_add_test(t, a_request_is_read);
	tcase_add_test(t, one_more_field_can_be_wanted);
	tcase_add_test(t, octet_by_octet_is_the_same);
	tcase_add_loop_test(
	    t, these_are_requests, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(
	    t, these_are_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, a_nul_is_refused);
	tcase_add_test(t, what_is_too_long_is_refused_before_it_ends);
	tcase_add_test(t, a_target_has_a_bound_of_its_own);
	tcase_add_test(t, a_head_has_a_bound_for_all_its_lines);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
