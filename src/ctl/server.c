/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/user.h"
#include "ctl/accept.h"
#include "ctl/command.h"

enum { BACKLOG = 64 };

/* Of the Unix sockets. */
static const mode_t modes[ROLE_COUNT] =
    {[ROLE_OPERATOR] = 0660, [ROLE_READER] = 0666};

struct listener {
	struct server *server;
	struct acceptor *acceptor; /* NULL: not open */
	char *path;                /* of a Unix socket */
};

struct server {
	struct control *control;
	struct listener listeners[ROLE_COUNT]; /* by who comes there */
	VEC(struct follower) followers;
};

/* Who follows events. */
struct follower {
	struct evhttp_request *request;
	enum role role;
};

/* A request under way. */
struct exchange {
	struct call call;
	struct server *server;
	struct evhttp_request *request;
	char owner[USER_NAME_MAX];
};

/* Following events ------------------------------------------------------- */

static void
send_chunk(struct evhttp_request *request, const char *text)
{
	struct evbuffer *buf = evbuffer_new();

	evbuffer_add(buf, text, strlen(text));
	evhttp_send_reply_chunk(request, buf);
	evbuffer_free(buf);
}

/* It is gone, or does not read. */
static bool
follower_is_lost(struct evhttp_request *request)
{
	struct evhttp_connection *con = evhttp_request_get_connection(request);
	struct bufferevent *bev;

	if (con == NULL)
		return true;
	bev = evhttp_connection_get_bufferevent(con);
	return evbuffer_get_length(bufferevent_get_output(bev)) >
	    SERVER_PENDING_MAX;
}

static void
followers_sweep(struct server *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->followers.n; i++) {
		struct follower f = s->followers.at[i];

		if (follower_is_lost(f.request))
			evhttp_send_reply_end(f.request);
		else
			s->followers.at[kept++] = f;
	}
	s->followers.n = kept;
}

static void
server_event(const char *line, void *arg)
{
	struct server *s = arg;

	followers_sweep(s);
	for (size_t i = 0; i < s->followers.n; i++)
		send_chunk(s->followers.at[i].request, line);
}

/* Readers take none from operators. */
static bool
may_follow(struct server *s, enum role role)
{
	size_t n = 0;

	followers_sweep(s);
	for (size_t i = 0; i < s->followers.n; i++)
		n += s->followers.at[i].role == role;
	return n < SERVER_FOLLOWERS_MAX;
}

static void
follow(
    struct server *s, const struct call *call, struct evhttp_request *request)
{
	static const char full[] =
	    "{\"error\":\"too many follow the events already\",\"exit\":1}\n";
	const struct follower f = {request, call->role};
	bool may = may_follow(s, call->role);

	evhttp_send_reply_start(
	    request, may ? call->status : HTTP_SERVUNAVAIL, NULL);
	if (may && call->text.len > 0)
		send_chunk(request, call->text.at);
	if (may) {
		vec_push(&s->followers, f);
		return;
	}
	send_chunk(request, full);
	evhttp_send_reply_end(request);
}

/* Requests --------------------------------------------------------------- */

/* The reply is there. A request whose client is gone is only freed by what
 * libevent sends. */
static void
exchange_done(struct call *call)
{
	struct exchange *x = call->arg;
	struct evkeyvalq *headers =
	    evhttp_request_get_output_headers(x->request);
	struct evbuffer *buf;

	evhttp_add_header(headers, "Content-Type", call->type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	if (call->follow) {
		follow(x->server, call, x->request);
	} else {
		buf = evbuffer_new();
		if (call->text.len > 0)
			evbuffer_add(buf, call->text.at, call->text.len);
		evhttp_send_reply(x->request, call->status, NULL, buf);
		evbuffer_free(buf);
	}
	call_fini(call);
	free(x);
}

/* The user at the other end of the socket, and the process.  Only root may say
 * on whose behalf: what others claim would be a lie that the log believes. */
static void
find_owner(struct exchange *x)
{
	struct evhttp_connection *con =
	    evhttp_request_get_connection(x->request);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(con));
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		snprintf(x->owner, sizeof(x->owner), "unknown");
		return;
	}
	x->call.pid = cred.pid;
	user_name(x->owner, cred.uid);
	if (cred.uid == 0)
		user_behalf(x->owner,
		    evhttp_find_header(
			evhttp_request_get_input_headers(x->request),
			USER_BEHALF));
}

static void
serve(struct evhttp_request *request, void *arg)
{
	const struct listener *l = arg;
	struct server *s = l->server;
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	struct exchange *x = xcalloc(1, sizeof(*x));
	size_t len = evbuffer_get_length(in);

	x->server = s;
	x->request = request;
	x->call = (struct call){
	    .control = s->control,
	    .role = (enum role)(l - s->listeners),
	    .method = evhttp_request_get_command(request),
	    .owner = x->owner,
	    .done = exchange_done,
	    .arg = x,
	};
	/* The user's name may come over the network: nobody who only looks is
	 * worth the wait. */
	if (l->path != NULL &&
	    evhttp_request_get_command(request) == EVHTTP_REQ_POST)
		find_owner(x);
	command_run(&x->call, path != NULL && *path != '\0' ? path : "/",
	    uri != NULL ? evhttp_uri_get_query(uri) : NULL,
	    evbuffer_pullup(in, -1), len);
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

static struct evhttp *
http_new(struct listener *l, unsigned methods)
{
	struct evhttp *http = evhttp_new(l->server->control->base);

	evhttp_set_max_headers_size(http, SERVER_HEAD_MAX);
	evhttp_set_max_body_size(http, SERVER_BODY_MAX);
	evhttp_set_allowed_methods(http, (ev_uint16_t)methods);
	evhttp_set_gencb(http, serve, l);
	return http;
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

/* The readers of the TCP listener are strangers, who may not stay. */
static bool
listener_open(struct listener *l, int fd, unsigned methods, const char *what)
{
	struct event_base *base = l->server->control->base;
	struct evhttp *http = http_new(l, methods);

	if (l == &l->server->listeners[ROLE_PUBLIC])
		evhttp_set_timeout(http, SERVER_TCP_IDLE_S);
	l->acceptor = accept_begin(base, http, fd, SERVER_CONNECTIONS_MAX,
	    l == &l->server->listeners[ROLE_OPERATOR], what);
	if (l->acceptor == NULL)
		evhttp_free(http);
	return l->acceptor != NULL;
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
		    err, "%s: longer than a socket's name may be", path);
	memcpy(sun->sun_path, path, strlen(path) + 1);
	if (!make_folder(path, err))
		return false;
	test = unix_socket(err);
	ok = test >= 0 && socket_replace(test, sun, err);
	fd_close(&test);
	return ok;
}

bool
server_try_control(const char *path, struct error *err)
{
	struct sockaddr_un sun;
	int fd = -1;
	bool ok = free_path(path, &sun, err);

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
	int fd;

	if (!free_path(path, &sun, err))
		return false;
	fd = unix_socket(err);
	if (fd < 0 || !unix_bind(fd, &sun, modes[role], err))
		goto fail;
	if (listener_open(
		l, fd, EVHTTP_REQ_GET | EVHTTP_REQ_POST, "control socket")) {
		l->path = xstrdup(path);
		return true;
	}
	error_set(err, "%s: cannot be listened on", path);
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
	if (net_bound_endpoint(fd, e) &&
	    listener_open(l, fd, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD, "http"))
		return true;
	fd_close(&fd);
	return error_set(err, "http: cannot be listened on");
}

void
server_free(struct server *s)
{
	events_listen(s->control->events, NULL, NULL);
	for (size_t i = 0; i < s->followers.n; i++)
		evhttp_send_reply_end(s->followers.at[i].request);
	vec_free(&s->followers);
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		struct listener *l = &s->listeners[i];

		accept_end(l->acceptor);
		if (l->path != NULL)
			unlink(l->path);
		free(l->path);
	}
	free(s);
}
