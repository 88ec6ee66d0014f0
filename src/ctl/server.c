/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/server.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/inherit.h"
#include "base/user.h"
#include "ctl/command.h"
#include "http/host.h"
#include "http/server.h"

enum { BACKLOG = 1024, STATUS_BUSY = 503 };

/* Of the Unix sockets. */
static const mode_t modes[ROLE_COUNT] =
    {[ROLE_OPERATOR] = 0660, [ROLE_READER] = 0666};

struct listener {
	struct server *server;
	struct http_service service;
	struct http_server *http; /* NULL: not open */
	char *path;               /* of a Unix socket */
};

struct server {
	struct control *control;
	struct listener listeners[ROLE_COUNT]; /* by who comes there */
	LIST_HEAD(followers, exchange) followers;
};

/* A request under way, or who follows events. */
struct exchange {
	LIST_ENTRY(exchange) entry; /* of a follower */
	struct call call;
	struct server *server;
	struct http_request *request;
	char owner[USER_NAME_MAX];
};

/* Following events ------------------------------------------------------- */

static void
exchange_free(struct exchange *x)
{
	call_fini(&x->call);
	free(x);
}

static void
add_event(const char *line, void *request)
{
	http_stream_add(request, line, strlen(line));
}

/* Only what a follower is about to read is copied for it: the ring holds the
 * rest, for as long as it holds anything. */
static void
follower_pump(struct http_request *request)
{
	struct exchange *x = request->arg;

	while (http_stream_has_room(request) &&
	    event_next(
		x->call.control->events, &x->call.filter, add_event, request))
		;
}

static void
follower_lost(struct http_request *request)
{
	struct exchange *x = request->arg;

	LIST_REMOVE(x, entry);
	exchange_free(x);
}

static void
server_event(const char *line, void *arg)
{
	struct server *s = arg;
	struct exchange *x;

	(void)line;
	for (x = LIST_FIRST(&s->followers); x != NULL; x = LIST_NEXT(x, entry))
		follower_pump(x->request);
}

/* Readers take no place from operators, nor one reader those of all. */
static bool
may_follow(struct server *s, const struct exchange *asks)
{
	size_t n = 0, own = 0;
	const struct exchange *x;

	for (x = LIST_FIRST(&s->followers); x != NULL;
	     x = LIST_NEXT(x, entry)) {
		n += x->call.role == asks->call.role;
		own += x->call.role == asks->call.role &&
		    x->request->uid == asks->request->uid;
	}
	return n < SERVER_FOLLOWERS_MAX &&
	    (asks->call.role == ROLE_OPERATOR ||
		own < SERVER_FOLLOWERS_MAX / 2);
}

/* Requests --------------------------------------------------------------- */

static void
follow(struct exchange *x)
{
	static const char full[] =
	    "{\"error\":\"busy: too many clients follow the events\",\"exit\":1}\n";

	if (!may_follow(x->server, x)) {
		http_reply(x->request, STATUS_BUSY, "application/json", full,
		    sizeof(full) - 1);
		exchange_free(x);
	} else if (http_stream(x->request, x->call.type, follower_pump,
		       follower_lost)) {
		LIST_INSERT_HEAD(&x->server->followers, x, entry);
	} else {
		exchange_free(x);
	}
}

static void
exchange_done(struct call *call)
{
	struct exchange *x = call->arg;

	if (call->follow) {
		follow(x);
		return;
	}
	http_reply(x->request, call->status, call->type, call->text.at,
	    call->text.len);
	exchange_free(x);
}

/* The user at the other end of the socket, and the process.  Only root may say
 * on whose behalf: what others claim would be a lie that the log believes. */
static void
find_owner(struct exchange *x)
{
	x->call.pid = x->request->pid;
	user_name(x->owner, x->request->uid);
	if (x->request->uid == 0)
		user_behalf(x->owner, x->request->value);
}

static void
serve(struct http_request *request, void *arg)
{
	const struct listener *l = arg;
	struct server *s = l->server;
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->server = s;
	x->request = request;
	request->arg = x;
	x->call = (struct call){
	    .control = s->control,
	    .role = (enum role)(l - s->listeners),
	    .method = request->method,
	    .owner = x->owner,
	    .done = exchange_done,
	    .arg = x,
	};
	/* The user's name may come over the network: nobody who only looks is
	 * worth the wait. */
	if (l->service.is_unix && request->method == HTTP_POST)
		find_owner(x);
	command_run(&x->call, request->path, request->query, request->body,
	    request->len);
}

/* Opening ---------------------------------------------------------------- */

struct server *
server_new(struct control *c)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->control = c;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		s->listeners[i].server = s;
	events_listen(c->events, server_event, s);
	return s;
}

/* Makes way for a new socket; false when a daemon listens on it. */
static bool
socket_replace(int fd, const struct sockaddr_un *sun, struct error *err)
{
	struct stat st;

	if (lstat(sun->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return error_set(
		    err, "%s: exists and is no socket", sun->sun_path);
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0)
		return error_set(
		    err, "%s: a daemon listens there already", sun->sun_path);
	if (errno != ECONNREFUSED || unlink(sun->sun_path) != 0)
		return error_set(err, "%s: %s", sun->sun_path, strerror(errno));
	return true;
}

static int
unix_socket(struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		error_set(err, "socket: %s", strerror(errno));
	return fd;
}

static bool
make_folder(const char *path, struct error *err)
{
	char *folder = xstrdup(path), *slash = strrchr(folder, '/');
	bool ok = true;

	if (slash != NULL && slash != folder) {
		*slash = '\0';
		ok = file_make_folder(folder, 0755, err);
	}
	free(folder);
	return ok;
}

static bool
unix_bind(int fd, const struct sockaddr_un *sun, mode_t mode, struct error *err)
{
	mode_t mask = umask(0777 & ~mode);
	int rc = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));

	umask(mask);
	if (rc != 0 || listen(fd, BACKLOG) != 0)
		return error_set(err, "%s: %s", sun->sun_path, strerror(errno));
	return true;
}

static bool
has_host(const char *host, void *arg)
{
	const struct listener *l = arg;
	const struct conf_server *server =
	    &l->server->control->status.snapshot->conf->server;

	return http_host_is_own(host, server->http_names, server->nhttp_names);
}

/* A browser can be made to ask the TCP listener in the name of another site,
 * but no Unix socket: there any Host will do. */
static void
listener_open(struct listener *l, int fd, const char *what)
{
	enum role role = (enum role)(l - l->server->listeners);
	bool is_tcp = role == ROLE_PUBLIC;

	l->service = (struct http_service){
	    .what = what,
	    .methods = HTTP_GET | HTTP_HEAD | (is_tcp ? 0 : HTTP_POST),
	    .body_max = is_tcp ? 0 : SERVER_BODY_MAX,
	    .peer_max =
		role == ROLE_OPERATOR ? HTTP_CONNECTIONS_MAX : SERVER_PEER_MAX,
	    .field = is_tcp ? NULL : USER_BEHALF,
	    .is_unix = !is_tcp,
	    .operators = role == ROLE_OPERATOR,
	    .has_host = is_tcp ? has_host : NULL,
	    .serve = serve,
	    .arg = l,
	};
	l->http = http_server_new(l->server->control->base, fd, &l->service);
}

/* Nothing has the path, but the socket of a daemon that is no more, which is
 * taken away. */
static bool
free_path(const char *path, struct sockaddr_un *sun, struct error *err)
{
	bool ok;
	int test;

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(sun->sun_path))
		return error_set(
		    err, "%s: too long for the path of a socket", path);
	memcpy(sun->sun_path, path, strlen(path) + 1);
	if (!make_folder(path, err))
		return false;
	test = unix_socket(err);
	ok = test >= 0 && socket_replace(test, sun, err);
	fd_close(&test);
	return ok;
}

/* The socket of an image of the process before, where it can still be found;
 * -1: there is none. */
static int
inherited(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = inherit_take(SOCK_STREAM, (struct sockaddr *)&sun, sizeof(sun));
	if (fd >= 0 && access(path, F_OK) != 0)
		fd_close(&fd);
	return fd;
}

bool
server_try_control(const char *path, struct error *err)
{
	struct sockaddr_un sun;
	int fd = inherited(path);
	bool ok = fd >= 0;

	fd_close(&fd);
	if (ok)
		return true;
	ok = free_path(path, &sun, err);
	if (ok) {
		fd = unix_socket(err);
		ok = fd >= 0 && unix_bind(fd, &sun, 0600, err);
		if (ok)
			unlink(path);
		fd_close(&fd);
	}
	return ok;
}

bool
server_open_control(
    struct server *s, enum role role, const char *path, struct error *err)
{
	struct listener *l = &s->listeners[role];
	struct sockaddr_un sun;
	int fd = inherited(path);

	if (fd >= 0)
		goto listen;
	if (!free_path(path, &sun, err))
		return false;
	fd = unix_socket(err);
	if (fd < 0 || !unix_bind(fd, &sun, modes[role], err))
		goto fail;
listen:
	listener_open(
	    l, fd, role == ROLE_OPERATOR ? "control socket" : "control_read");
	l->path = xstrdup(path);
	return true;
fail:
	fd_close(&fd);
	return false;
}

bool
server_open_http(struct server *s, struct endpoint *e, struct error *err)
{
	struct listener *l = &s->listeners[ROLE_PUBLIC];
	int fd = net_listen_tcp(e, err);

	if (fd < 0)
		return false;
	if (!net_bound_endpoint(fd, e)) {
		fd_close(&fd);
		return error_set(err, "http: %s", strerror(errno));
	}
	listener_open(l, fd, "http");
	return true;
}

void
server_free(struct server *s)
{
	events_listen(s->control->events, NULL, NULL);
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct listener *l = &s->listeners[i];

		http_server_free(l->http);
		if (l->path != NULL)
			unlink(l->path);
		free(l->path);
	}
	free(s);
}
