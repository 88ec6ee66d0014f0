/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's sockets for commands: who may come where, and what is there. */
#include "ctl/server.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/user.h"
#include "service.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { WAIT_MS = 10000, REPLY_MAX = 1 << 17 };

static struct service s;
static struct server *server;
static struct endpoint http;
static char paths[ROLE_COUNT][SERVICE_PATH_MAX + 16];
static char reply[REPLY_MAX];

static void
setup(void)
{
	struct error err;

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	service_open(&s);
	server = server_new(s.control);
	snprintf(paths[ROLE_OPERATOR], sizeof(paths[0]), "%s/c", s.folder);
	snprintf(paths[ROLE_READER], sizeof(paths[0]), "%s/r", s.folder);
	for (enum role role = 0; role < ROLE_PUBLIC; role++)
		ck_assert_msg(
		    server_open_control(server, role, paths[role], &err), "%s",
		    err.text);
	ck_assert(endpoint_parse("127.0.0.1@0", &http, &err));
	ck_assert_msg(server_open_http(server, &http, &err), "%s", err.text);
	ck_assert_uint_ne(http.port, 0);
}

static void
teardown(void)
{
	server_free(server);
	for (enum role role = 0; role < ROLE_PUBLIC; role++)
		ck_assert_int_ne(access(paths[role], F_OK), 0);
	service_close(&s);
}

/* A client ----------------------------------------------------------------- */

static int
unix_client(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path, path);
	ck_assert_int_eq(
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static int
client(enum role role)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	if (role != ROLE_PUBLIC)
		return unix_client(paths[role]);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	len = addr_to_sockaddr(&http.addr, http.port, &ss);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

/* Puts what comes behind *len octets of the reply; false: the end. */
static bool
more(int fd, size_t *len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	for (int i = 0; poll(&p, 1, 1) == 0; i++) {
		ck_assert_int_lt(i, WAIT_MS);
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	}
	n = read(fd, reply + *len, sizeof(reply) - 1 - *len);
	ck_assert_int_ge(n, 0);
	*len += (size_t)n;
	reply[*len] = '\0';
	return n > 0;
}

static void
send_request(int fd, const char *method, const char *target, const char *fields,
    const char *body)
{
	static char text[REPLY_MAX];
	size_t len = strlen(body), sent = 0;

	snprintf(text, sizeof(text),
	    "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", method, target,
	    fields, len, body);
	len = strlen(text);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (sent < len) {
		ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		event_base_loop(s.base, EVLOOP_NONBLOCK);
		if (n < 0 && errno != EAGAIN)
			return; /* refused before all was sent */
	}
}

/* The status of the reply. */
static int
status_of(int fd)
{
	size_t len = 0;
	int status = 0;

	while (strstr(reply, "\r\n\r\n") == NULL || len == 0)
		if (!more(fd, &len))
			break;
	sscanf(reply, "HTTP/1.1 %d", &status);
	return status;
}

static int
ask(enum role role, const char *method, const char *target, const char *fields,
    const char *body)
{
	int fd = client(role), status;
	size_t len = 0;

	*reply = '\0';
	send_request(fd, method, target, fields, body);
	shutdown(fd, SHUT_WR);
	while (more(fd, &len))
		;
	status = len > 0 ? atoi(reply + strlen("HTTP/1.1 ")) : 0;
	close(fd);
	return status;
}

#define LOCAL "Host: localhost\r\n"

/* What each command's kind replies at each socket. */
static const struct {
	const char *method, *target, *fields, *body;
	int status[ROLE_COUNT]; /* operators, readers, the public */
} requests[] = {
    {"GET", "/", LOCAL, "", {200, 200, 200}},
    {"GET", "/metrics", LOCAL, "", {200, 200, 200}},
    {"HEAD", "/metrics", LOCAL, "", {200, 200, 200}},
    {"GET", "/v1/status", LOCAL, "", {200, 200, 200}},
    {"GET", "/v1/stats", LOCAL, "", {200, 200, 404}},
    {"GET", "/v1/drains", LOCAL, "", {200, 200, 404}},
    {"POST", "/v1/undrain", LOCAL, "{\"what\":\"eu\"}", {404, 403, 405}},
    {"POST", "/v1/reload", LOCAL, "{}", {200, 403, 405}},
    {"GET", "/v1/reload", LOCAL, "", {400, 403, 404}},
    {"GET", "/v1/nothing", LOCAL, "", {404, 404, 404}},
    /* Any Host will do on a Unix socket. */
    {"GET", "/metrics", "Host: example.net\r\n", "", {200, 200, 421}},
    {"GET", "/metrics", "Host: 192.0.2.1:80\r\n", "", {200, 200, 200}},
};

START_TEST(each_socket_has_its_commands)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		ck_assert_msg(
		    ask(role, requests[_i].method, requests[_i].target,
			requests[_i].fields,
			requests[_i].body) == requests[_i].status[role],
		    "role %d: %s", (int)role, reply);
}
END_TEST

/* JSON of as many octets as are taken, and of one more. */
START_TEST(a_body_has_a_limit)
{
	static char body[SERVER_BODY_MAX + 2];

	memset(body, ' ', sizeof(body));
	memcpy(body, "{}", 2);
	body[SERVER_BODY_MAX] = '\0';
	ck_assert_int_eq(
	    ask(ROLE_OPERATOR, "POST", "/v1/reload", LOCAL, body), 200);
	body[SERVER_BODY_MAX] = ' ';
	body[SERVER_BODY_MAX + 1] = '\0';
	ck_assert_int_eq(
	    ask(ROLE_OPERATOR, "POST", "/v1/reload", LOCAL, body), 413);
}
END_TEST

START_TEST(the_owner_is_who_connects)
{
	static const char drain[] =
	    "{\"what\":\"us\",\"reason\":\"x\",\"for_s\":60,\"force\":true}";
	char name[USER_NAME_MAX], want[2 * USER_NAME_MAX];

	user_name(name, getuid());
	snprintf(want, sizeof(want), "\"owner\":\"%s\"", name);
	ck_assert_int_eq(
	    ask(ROLE_OPERATOR, "POST", "/v1/drain", LOCAL, drain), 200);
	ck_assert_ptr_nonnull(strstr(reply, want));
	ck_assert_int_eq(ask(ROLE_OPERATOR, "POST", "/v1/drain",
			     LOCAL USER_BEHALF ": alice\r\n", drain),
	    200);
	/* Root alone may say for whom. */
	if (getuid() == 0)
		snprintf(want, sizeof(want), "\"owner\":\"alice (%s)\"", name);
	ck_assert_ptr_nonnull(strstr(reply, want));
}
END_TEST

/* Paths -------------------------------------------------------------------- */

START_TEST(sockets_are_for_a_group_or_for_all)
{
	static const mode_t modes[] = {
	    [ROLE_OPERATOR] = 0660, [ROLE_READER] = 0666};
	struct stat st;

	for (size_t i = 0; i < ROWS(modes); i++) {
		ck_assert_int_eq(stat(paths[i], &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, modes[i]);
		ck_assert(S_ISSOCK(st.st_mode));
	}
}
END_TEST

/* A path of so many octets, in the folder. */
static void
path_of(char *path, size_t len)
{
	size_t at = (size_t)sprintf(path, "%s/", s.folder);

	memset(path + at, 'x', len - at);
	path[len] = '\0';
}

START_TEST(a_path_that_is_taken_is_left_alone)
{
	const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	char path[256];
	struct error err;

	snprintf(path, sizeof(path), "%s/meridian.yaml", s.folder);
	ck_assert(!server_try_control(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "exists and is no socket"));
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert(!server_try_control(paths[ROLE_READER], &err));
	ck_assert_ptr_nonnull(
	    strstr(err.text, "a daemon listens there already"));
	ck_assert_int_eq(ask(ROLE_READER, "GET", "/metrics", LOCAL, ""), 200);
	path_of(path, most + 1);
	ck_assert(!server_try_control(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "too long"));
	path_of(path, most);
	ck_assert(server_try_control(path, &err));
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_socket_that_is_left_over_is_replaced)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct server *other = server_new(s.control);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct error err;

	/* Its folder is made, too. */
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/new/c", s.folder);
	ck_assert(server_try_control(sun.sun_path, &err));
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	ck_assert_int_eq(access(sun.sun_path, F_OK), 0);
	ck_assert_msg(
	    server_open_control(other, ROLE_OPERATOR, sun.sun_path, &err), "%s",
	    err.text);
	fd = unix_client(sun.sun_path);
	send_request(fd, "GET", "/metrics", LOCAL, "");
	*reply = '\0';
	ck_assert_int_eq(status_of(fd), 200);
	close(fd);
	server_free(other);
	ck_assert_int_ne(access(sun.sun_path, F_OK), 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/new", s.folder);
	ck_assert_int_eq(rmdir(sun.sun_path), 0);
}
END_TEST

/* Followers ---------------------------------------------------------------- */

static int
follow(enum role role)
{
	int fd = client(role);

	*reply = '\0';
	send_request(fd, "GET", "/v1/events?follow=1&since=0", LOCAL, "");
	return fd;
}

/* Half of the places for one reader; all for operators. */
START_TEST(followers_have_places_by_socket)
{
	static const size_t most[] = {[ROLE_OPERATOR] = SERVER_FOLLOWERS_MAX,
	    [ROLE_READER] = SERVER_FOLLOWERS_MAX / 2};
	int fds[ROLE_PUBLIC][SERVER_FOLLOWERS_MAX + 1];

	for (enum role role = 0; role < ROLE_PUBLIC; role++)
		for (size_t i = 0; i <= most[role]; i++) {
			fds[role][i] = follow(role);
			ck_assert_int_eq(status_of(fds[role][i]),
			    i < most[role] ? 200 : 503);
		}
	event_put(s.control->events, LOG_LEVEL_INFO, "test", NULL, "all");
	for (enum role role = 0; role < ROLE_PUBLIC; role++)
		for (size_t i = 0; i < most[role]; i++) {
			size_t len = 0;

			*reply = '\0';
			while (strstr(reply, "\"text\":\"all\"") == NULL)
				ck_assert(more(fds[role][i], &len));
			close(fds[role][i]);
		}
	for (enum role role = 0; role < ROLE_PUBLIC; role++)
		close(fds[role][most[role]]);
}
END_TEST

START_TEST(who_follows_no_longer_leaves_a_place)
{
	int fds[SERVER_FOLLOWERS_MAX / 2], fd;

	for (size_t i = 0; i < ROWS(fds); i++) {
		fds[i] = follow(ROLE_READER);
		ck_assert_int_eq(status_of(fds[i]), 200);
	}
	close(fds[7]);
	for (int i = 0; i < 10; i++)
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	fd = follow(ROLE_READER);
	ck_assert_int_eq(status_of(fd), 200);
	close(fd);
	for (size_t i = 0; i < ROWS(fds); i++)
		if (i != 7)
			close(fds[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tc = tcase_create("server");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, each_socket_has_its_commands, 0, ROWS(requests));
	tcase_add_test(tc, a_body_has_a_limit);
	tcase_add_test(tc, the_owner_is_who_connects);
	tcase_add_test(tc, sockets_are_for_a_group_or_for_all);
	tcase_add_test(tc, a_path_that_is_taken_is_left_alone);
	tcase_add_test(tc, a_socket_that_is_left_over_is_replaced);
	tcase_add_test(tc, followers_have_places_by_socket);
	tcase_add_test(tc, who_follows_no_longer_leaves_a_place);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
