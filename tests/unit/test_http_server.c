/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server: replies octet by octet, and which connection makes room. */
#include "http/server.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/net.h"

enum { WALL = 1700000000, BODY_MAX = 100 };
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"

/* What follows the status line of every reply of that type. */
#define HEAD(type) \
	DATE "Content-Type: " type "\r\n" \
	     "Cache-Control: no-store\r\n" \
	     "X-Content-Type-Options: nosniff\r\n"

static struct event_base *base;
static struct http_server *server;
static struct http_service service;
static struct endpoint here;
static char said[1 << 16];        /* by the server, to the last client */
static struct http_request *kept; /* by the service */
static unsigned nlost, npumped;

static void
lost(struct http_request *r)
{
	(void)r;
	nlost++;
}

static void
pump(struct http_request *r)
{
	if (++npumped == 1)
		http_stream_add(r, "one\n", 4);
	else if (npumped == 2)
		http_stream_add(r, "two and more\n", 13);
	else if (strcmp(r->path, "/ending") == 0)
		http_stream_end(r);
}

static void
serve(struct http_request *r, void *arg)
{
	char text[512];
	int n;

	ck_assert_ptr_eq(arg, &service);
	if (strcmp(r->path, "/kept") == 0) {
		kept = r;
		return;
	}
	if (strcmp(r->path, "/stream") == 0 ||
	    strcmp(r->path, "/ending") == 0) {
		if (http_stream(r, "text/x", pump, lost))
			pump(r);
		return;
	}
	if (strncmp(r->path, "/status/", 8) == 0) {
		http_reply(r, atoi(r->path + 8), "text/x", "", 0);
		return;
	}
	n = snprintf(text, sizeof(text), "%d %s [%s] [%.*s] %d [%s]\n",
	    (int)r->method, r->path, r->query != NULL ? r->query : "none",
	    (int)r->len, (const char *)r->body, r->pid == getpid(), r->value);
	http_reply(r, strcmp(r->path, "/gone") == 0 ? 404 : 200, "text/plain",
	    text, (size_t)n);
}

static bool
has_host(const char *host, void *arg)
{
	(void)arg;
	return strcmp(host, "a.example") == 0;
}

static void
setup(void)
{
	struct error err;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	service = (struct http_service){.what = "test",
	    .methods = HTTP_GET | HTTP_HEAD | HTTP_POST,
	    .body_max = BODY_MAX,
	    .field = "X-User",
	    .peer_max = 100,
	    .serve = serve,
	    .arg = &service};
	addr_parse("127.0.0.1", &here.addr);
	here.port = 0;
	fd = net_listen_tcp(&here, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(net_bound_endpoint(fd, &here));
	clock_fake(1000000, WALL);
	server = http_server_new(base, fd, &service);
	kept = NULL;
	nlost = npumped = 0;
}

static void
teardown(void)
{
	http_server_free(server);
	event_base_free(base);
	clock_real();
}

/* From an address of the loopback. */
static int
client_from(const char *address)
{
	struct sockaddr_storage ss;
	struct addr from;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	ck_assert(addr_parse(address, &from));
	len = addr_to_sockaddr(&from, 0, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = addr_to_sockaddr(&here.addr, here.port, &ss);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static int
client(void)
{
	return client_from("127.0.0.1");
}

/* Rounds of the server's loop, with all that is ready. */
static void
turn(void)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
put(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), 0), (int)strlen(text));
}

/* What the server says until it says no more, or (whole) closes. */
static const char *
heard(int fd, bool to_the_end)
{
	struct pollfd p = {fd, POLLIN, 0};
	size_t len = 0;

	for (;;) {
		ssize_t n;

		turn();
		if (poll(&p, 1, to_the_end ? 1 : 0) == 0) {
			if (!to_the_end && len > 0)
				break;
			continue;
		}
		n = recv(fd, said + len, sizeof(said) - 1 - len, 0);
		if (n <= 0) {
			ck_assert_msg(to_the_end, "closed");
			break;
		}
		len += (size_t)n;
	}
	said[len] = '\0';
	return said;
}

static bool
is_open(int fd)
{
	char octet;

	turn();
	return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    errno == EAGAIN;
}

/* Requests and replies --------------------------------------------------- */

static const struct {
	const char *request;
	const char *status, *type, *more; /* fields behind those of HEAD() */
	const char *body;
	bool closes, no_body;
} exchanges[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK", "text/plain", "",
	"1 / [none] [] 0 []\n"},
    {"GET /a%20b?c=%20d HTTP/1.1\r\nHost: a\r\nX-User: ana\r\n\r\n", "200 OK",
	"text/plain", "", "1 /a b [c=%20d] [] 0 [ana]\n"},
    {"POST /? HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "200 OK",
	"text/plain", "", "4 / [] [hello] 0 []\n"},
    {"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found", "text/plain", "",
	"1 /gone [none] [] 0 []\n"},
    {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK", "text/plain", "",
	"2 / [none] [] 0 []\n", .no_body = true},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200 OK",
	"text/plain", "Connection: close\r\n", "1 / [none] [] 0 []\n",
	.closes = true},
    {"GET / HTTP/1.0\r\n\r\n", "200 OK", "text/plain", "Connection: close\r\n",
	"1 / [none] [] 0 []\n", .closes = true},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200 OK", "text/plain",
	"Connection: keep-alive\r\n", "1 / [none] [] 0 []\n"},
    {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request",
	"application/json", "Connection: close\r\n", NULL, .closes = true},
    {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "application/json",
	"Connection: close\r\n", NULL, .closes = true},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n",
	"413 Content Too Large", "application/json", "Connection: close\r\n",
	"{\"error\":\"the body is larger than 100 octets\",\"exit\":2}\n",
	.closes = true},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
     "Expect: 100-continue\r\n\r\nhello",
	"200 OK", "text/plain", "", "4 / [none] [hello] 0 []\n"},
};

static const char *
reply_of(const char *status, const char *type, const char *more,
    const char *body, bool no_body)
{
	static char text[2048];

	snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\n" DATE "Content-Type: %s\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "%sContent-Length: %zu\r\n\r\n%s",
	    status, type, more, strlen(body), no_body ? "" : body);
	return text;
}

/* Of the server's own words the JSON object. */
static const char *
own_words(void)
{
	const char *body = strstr(said, "\r\n\r\n");

	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(body[4], '{');
	return body + 4;
}

START_TEST(a_reply_has_its_head_and_body_and_no_more)
{
	int fd = client();
	const char *body = exchanges[_i].body;

	put(fd, exchanges[_i].request);
	heard(fd, exchanges[_i].closes);
	ck_assert_str_eq(said,
	    reply_of(exchanges[_i].status, exchanges[_i].type,
		exchanges[_i].more, body != NULL ? body : own_words(),
		exchanges[_i].no_body));
	if (!exchanges[_i].closes) { /* and the next one */
		put(fd, exchanges[_i].request);
		ck_assert_str_eq(heard(fd, false),
		    reply_of(exchanges[_i].status, exchanges[_i].type,
			exchanges[_i].more, body, exchanges[_i].no_body));
	}
	close(fd);
}
END_TEST

/* In the words of RFC 9110 15 and RFC 6585 5; of one without, none. */
static const struct {
	int status;
	const char *line, *more;
} statuses[] = {
    {200, "200 OK", ""},
    {299, "299 ", ""},
    {400, "400 Bad Request", ""},
    {403, "403 Forbidden", ""},
    {404, "404 Not Found", ""},
    {405, "405 Method Not Allowed", "Allow: GET, HEAD, POST\r\n"},
    {408, "408 Request Timeout", ""},
    {409, "409 Conflict", ""},
    {413, "413 Content Too Large", ""},
    {414, "414 URI Too Long", ""},
    {417, "417 Expectation Failed", ""},
    {421, "421 Misdirected Request", ""},
    {422, "422 Unprocessable Content", ""},
    {431, "431 Request Header Fields Too Large", ""},
    {501, "501 Not Implemented", ""},
    {503, "503 Service Unavailable", ""},
    {504, "504 Gateway Timeout", ""},
    {505, "505 HTTP Version Not Supported", ""},
    {599, "599 ", ""},
};

START_TEST(each_status_has_its_words)
{
	char request[128];
	int fd = client();

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(request, sizeof(request),
		    "GET /status/%d HTTP/1.1\r\nHost: a\r\n\r\n",
		    statuses[i].status);
		put(fd, request);
		ck_assert_str_eq(heard(fd, false),
		    reply_of(statuses[i].line, "text/x", statuses[i].more, "",
			false));
	}
	close(fd);
}
END_TEST

static size_t
descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* What it still sends is read, so that it gets all of the reply. */
START_TEST(after_the_last_reply_the_client_ends_first)
{
	static const char last[] =
	    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	size_t before = descriptors();
	int fd = client();

	put(fd, last);
	heard(fd, true);
	ck_assert_uint_eq(descriptors(), before + 2);
	put(fd, "more");
	turn();
	ck_assert_uint_eq(descriptors(), before + 2);
	close(fd);
	turn();
	ck_assert_uint_eq(descriptors(), before);
	/* One that has ended already is closed at once. */
	fd = client();
	put(fd, last);
	shutdown(fd, SHUT_WR);
	heard(fd, true);
	ck_assert_uint_eq(descriptors(), before + 1);
	close(fd);
}
END_TEST

START_TEST(a_request_may_come_in_pieces)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\n"
				   "Content-Length: 100\r\n\r\n";
	char body[BODY_MAX + 1], want[256];
	int fd = client();

	memset(body, 'b', BODY_MAX);
	body[BODY_MAX] = '\0';
	for (size_t i = 0; text[i] != '\0'; i++) {
		send(fd, text + i, 1, 0);
		turn();
	}
	for (size_t i = 0; i < BODY_MAX; i++) {
		ck_assert(is_open(fd)); /* nothing is said before the end */
		send(fd, body + i, 1, 0);
	}
	snprintf(want, sizeof(want), "4 / [none] [%s] 0 []\n", body);
	ck_assert_str_eq(heard(fd, false),
	    reply_of("200 OK", "text/plain", "", want, false));
	close(fd);
}
END_TEST

/* RFC 9110 10.1.1. */
START_TEST(a_client_that_waits_for_it_is_told_to_continue)
{
	int fd = client();

	put(fd,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
	    "Expect: 100-continue\r\n\r\n");
	ck_assert_str_eq(heard(fd, false), "HTTP/1.1 100 Continue\r\n\r\n");
	put(fd, "hi");
	ck_assert_str_eq(heard(fd, false),
	    reply_of(
		"200 OK", "text/plain", "", "4 / [none] [hi] 0 []\n", false));
	close(fd);
}
END_TEST

START_TEST(requests_in_a_row_are_served_in_order)
{
	int fd = client();
	char want[4096];

	put(fd,
	    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	    "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	snprintf(want, sizeof(want), "%s",
	    reply_of(
		"200 OK", "text/plain", "", "1 /1 [none] [] 0 []\n", false));
	strcat(want,
	    reply_of("200 OK", "text/plain", "Connection: close\r\n",
		"1 /2 [none] [] 0 []\n", false));
	ck_assert_str_eq(heard(fd, true), want);
	close(fd);
}
END_TEST

/* A client that sends no more reads what it has asked for. */
START_TEST(a_client_may_end_before_its_reply)
{
	int fd = client();

	put(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(heard(fd, true),
	    reply_of(
		"200 OK", "text/plain", "", "1 / [none] [] 0 []\n", false));
	close(fd);
	fd = client();
	put(fd, "GET / HTTP/1.1\r\n");
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(heard(fd, true), "");
	close(fd);
}
END_TEST

static const struct {
	const char *request, *error; /* NULL: it is served */
	unsigned methods;
} guarded[] = {
    {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL, HTTP_GET},
    {"GET / HTTP/1.0\r\n\r\n", NULL, HTTP_GET},
    {"GET / HTTP/1.0\r\nHost: b\r\n\r\n", "421 Misdirected Request", HTTP_GET},
    {"GET / HTTP/1.1\r\nHost: b\r\n\r\n", "421 Misdirected Request", HTTP_GET},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "421 Misdirected Request", HTTP_GET},
    {"POST / HTTP/1.0\r\n\r\n", "405 Method Not Allowed", HTTP_GET},
    {"GET / HTTP/1.0\r\n\r\n", "405 Method Not Allowed", HTTP_POST},
};

#define ALLOW(more) "Allow: GET, HEAD" more "\r\nConnection: close\r\n"

START_TEST(hosts_and_methods_are_those_of_the_service)
{
	int fd = client();
	const char *error = guarded[_i].error;
	char start[64];

	service.has_host = has_host;
	service.methods = guarded[_i].methods;
	put(fd, guarded[_i].request);
	heard(fd, error != NULL || strstr(guarded[_i].request, "1.0") != NULL);
	snprintf(start, sizeof(start), "HTTP/1.1 %s\r\n",
	    error != NULL ? error : "200 OK");
	ck_assert_mem_eq(said, start, strlen(start));
	if (error != NULL) /* and nothing else */
		ck_assert_str_eq(said,
		    reply_of(error, "application/json",
			error[2] == '1' ? "Connection: close\r\n"
			    : guarded[_i].methods == HTTP_GET ? ALLOW("")
							      : ALLOW(", POST"),
			own_words(), false));
	close(fd);
}
END_TEST

START_TEST(a_reply_may_come_later_or_for_nobody)
{
	int fd = client();

	put(fd, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(is_open(fd));
	ck_assert_ptr_nonnull(kept);
	http_reply(kept, 409, "t", "late", 4);
	ck_assert_str_eq(
	    heard(fd, false), reply_of("409 Conflict", "t", "", "late", false));
	put(fd, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(is_open(fd));
	{
		const struct linger now = {1, 0};

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
	}
	turn();
	http_reply(kept, 200, "t", "late", 4);
	fd = client();
	put(fd, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(is_open(fd));
	http_server_free(server);
	server = NULL;
	heard(fd, true);
	ck_assert_ptr_nonnull(strstr(said, "HTTP/1.1 503 Service Unavailable"));
	ck_assert_str_eq(own_words(),
	    "{\"error\":\"the daemon is shutting down\",\"exit\":3}\n");
	http_reply(kept, 200, "t", "late", 4);
	close(fd);
}
END_TEST

/* Streams ---------------------------------------------------------------- */

START_TEST(a_stream_is_chunked_until_it_ends)
{
	static const char chunks[] =
	    "4\r\none\n\r\nd\r\ntwo and more\n\r\n0\r\n\r\n";
	static const char head[] = "HTTP/1.1 200 OK\r\n" HEAD(
	    "text/x") "Transfer-Encoding: chunked\r\n\r\n";
	int fd = client();

	put(fd, "GET /ending HTTP/1.1\r\nHost: a\r\n\r\n");
	while (npumped < 3)
		turn();
	heard(fd, false);
	ck_assert_mem_eq(said, head, strlen(head));
	ck_assert_str_eq(said + strlen(head), chunks);
	ck_assert_uint_eq(nlost, 0);
	put(fd, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(heard(fd, false), head);
	close(fd);
}
END_TEST

START_TEST(an_old_client_gets_a_stream_as_it_is)
{
	int fd = client();

	put(fd, "GET /ending HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	ck_assert_str_eq(heard(fd, true),
	    "HTTP/1.1 200 OK\r\n" HEAD("text/x") "Connection: close\r\n\r\n"
						 "one\ntwo and more\n");
	close(fd);
}
END_TEST

START_TEST(a_stream_whose_client_leaves_is_lost_once)
{
	int fd = client();

	put(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	heard(fd, false);
	ck_assert_uint_eq(nlost, 0);
	close(fd);
	while (nlost == 0)
		turn();
	turn();
	ck_assert_uint_eq(nlost, 1);
	fd = client();
	put(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	heard(fd, false);
	http_server_free(server); /* the stream is ended, and lost */
	server = NULL;
	ck_assert_uint_eq(nlost, 2);
	heard(fd, true);
	ck_assert_ptr_nonnull(strstr(said, "0\r\n\r\n"));
	close(fd);
}
END_TEST

/* Places ----------------------------------------------------------------- */

/* Connections in this order, each in its state; who makes room for one more
 * that comes from the last address of from. */
static const struct {
	const char *from;   /* of each the last octet of its address: '1'... */
	const char *states; /* i: idle, r: reading, b: busy */
	unsigned peer_max;
	int victim; /* -1: the new one is refused */
} crowds[] = {
    {"111", "ii", 2, 0}, /* the one that waits longest */
    {"111", "ri", 2, 1}, /* idle before reading */
    {"111", "rr", 2, 0},
    {"111", "bi", 2, 1},
    {"111", "br", 2, 1},
    {"111", "bb", 2, -1},
    {"2111", "iii", 2, 1}, /* one's own */
    {"2111", "ibb", 2, -1},
    {"222111", "iiirr", 2, 3},
};

static const char *const requests[] = {
    ['i'] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ['r'] = "GET / HTTP/1.1\r\n",
    ['b'] = "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n",
};

static int
open_one(char who, char state)
{
	char address[] = "127.0.0.?";
	int fd;

	address[8] = who;
	fd = client_from(address);
	put(fd, requests[(unsigned char)state]);
	if (state == 'i')
		heard(fd, false);
	turn();
	return fd;
}

START_TEST(who_waits_longest_makes_room_for_its_own)
{
	const char *from = crowds[_i].from, *states = crowds[_i].states;
	int fds[8], n = (int)strlen(states), last;
	struct http_request *busy[8] = {NULL};
	uint64_t now = 1000000;

	service.peer_max = 3;
	for (int i = 0; i < n; i++) {
		clock_fake(++now, WALL);
		kept = NULL;
		fds[i] = open_one(from[i], states[i]);
		busy[i] = kept;
	}
	service.peer_max = crowds[_i].peer_max;
	clock_fake(++now, WALL);
	last = client_from(from[n] == '1' ? "127.0.0.1" : "127.0.0.2");
	put(last, requests['i']);
	heard(last, crowds[_i].victim < 0);
	ck_assert_ptr_nonnull(strstr(said,
	    crowds[_i].victim < 0 ? "HTTP/1.1 503 Service Unavailable\r\n"
				  : "HTTP/1.1 200 OK\r\n"));
	if (crowds[_i].victim < 0)
		ck_assert_str_eq(own_words(),
		    "{\"error\":\"busy: all connections are in use: try again, "
		    "or close some of them\",\"exit\":1}\n");
	for (int i = 0; i < n; i++) {
		ck_assert_msg(
		    is_open(fds[i]) == (i != crowds[_i].victim), "%d", i);
		if (i == crowds[_i].victim && states[i] == 'r') {
			heard(fds[i], true);
			ck_assert_str_eq(own_words(),
			    "{\"error\":\"busy: closed to make room for "
			    "another connection\",\"exit\":1}\n");
		}
		if (busy[i] != NULL)
			http_reply(busy[i], 200, "t", "", 0);
		close(fds[i]);
	}
	close(last);
}
END_TEST

START_TEST(all_places_can_be_taken_and_then_one_makes_room)
{
	int fds[HTTP_CONNECTIONS_MAX + 1];

	service.peer_max = 1000;
	for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		clock_fake(1000000 + (uint64_t)i, WALL);
		fds[i] = open_one('1', 'i');
	}
	ck_assert(is_open(fds[0]));
	fds[HTTP_CONNECTIONS_MAX] = open_one('2', 'i');
	ck_assert(!is_open(fds[0]));
	for (int i = 1; i <= HTTP_CONNECTIONS_MAX; i++)
		ck_assert(is_open(fds[i]));
	for (int i = 0; i <= HTTP_CONNECTIONS_MAX; i++)
		close(fds[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_server");
	TCase *tc = tcase_create("server");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_reply_has_its_head_and_body_and_no_more, 0,
	    sizeof(exchanges) / sizeof(exchanges[0]));
	tcase_add_test(tc, each_status_has_its_words);
	tcase_add_test(tc, after_the_last_reply_the_client_ends_first);
	tcase_add_test(tc, a_request_may_come_in_pieces);
	tcase_add_test(tc, a_client_that_waits_for_it_is_told_to_continue);
	tcase_add_test(tc, requests_in_a_row_are_served_in_order);
	tcase_add_test(tc, a_client_may_end_before_its_reply);
	tcase_add_loop_test(tc, hosts_and_methods_are_those_of_the_service, 0,
	    sizeof(guarded) / sizeof(guarded[0]));
	tcase_add_test(tc, a_reply_may_come_later_or_for_nobody);
	tcase_add_test(tc, a_stream_is_chunked_until_it_ends);
	tcase_add_test(tc, an_old_client_gets_a_stream_as_it_is);
	tcase_add_test(tc, a_stream_whose_client_leaves_is_lost_once);
	tcase_add_loop_test(tc, who_waits_longest_makes_room_for_its_own, 0,
	    sizeof(crowds) / sizeof(crowds[0]));
	tcase_add_test(tc, all_places_can_be_taken_and_then_one_makes_room);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
