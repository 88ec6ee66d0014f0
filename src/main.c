/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridiand: arguments, sockets, privileges; start threads, run, stop.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/ping.h"
#include "base/rcu.h"
#include "base/user.h"
#include "conf/load.h"
#include "conf/use.h"
#include "config.h"
#include "ctl/gate.h"
#include "ctl/reload.h"
#include "ctl/server.h"
#include "life/notify.h"
#include "probe/helper.h"
#include "report/check.h"
#include "report/text.h"
#include "serve/tcp.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"
#include "state/lock.h"

enum { SIGNALS = 3, PORT_TRIES = 5 };

struct daemon {
	const char *path;
	const char *user;
	struct event_base *base;
	struct endpoint *listen;
	size_t nlisten;
	struct endpoint http;
	struct control *control;
	struct server *server;
	struct udp_workers *udp;
	struct tcp_service *tcp;
	struct event *signals[SIGNALS];
};

static int
usage(void)
{
	fputs("usage: meridiand [-fhnV] [-c file] [-u user]\n", stderr);
	return 2;
}

static int
help(void)
{
	puts("usage: meridiand [-fhnV] [-c file] [-u user]\n\n"
	     "  -c, --config FILE  the configuration (" MERIDIAN_CONFIG ")\n"
	     "  -f, --foreground   stay in the foreground, as always\n"
	     "  -n, --check        say all that is wrong with it, and end\n"
	     "  -u, --user USER    become USER once the sockets are open\n"
	     "  -h, --help         print this\n"
	     "  -V, --version      print the version\n\n"
	     "meridiand(8), meridian.yaml(5)");
	return 0;
}

/* -n --------------------------------------------------------------------- */

static int
check_only(const char *path)
{
	json_t *report = check_report(path, NULL), *name;
	bool ok = json_is_true(json_object_get(report, "ok"));
	long long errors, warnings;
	size_t i;

	fputs(json_string_value(json_object_get(report, "text")), stdout);
	json_array_foreach(json_object_get(report, "names"), i, name)
	{
		const json_t *s = json_object_get(name, "cutover_s");
		const char *text =
		    json_string_value(json_object_get(name, "name"));

		if (json_is_null(s))
			printf("%s is not monitored\n", text);
		else
			printf(USE_CUTOVER "\n", text,
			    (long long)json_integer_value(s));
	}
	if (json_is_number(json_object_get(report, "frozen_s")))
		printf("when most targets or all anchors fail at once, up to "
		       "%g s longer (health.freeze_max)\n",
		    json_number_value(json_object_get(report, "frozen_s")));
	errors = json_integer_value(json_object_get(report, "errors"));
	warnings = json_integer_value(json_object_get(report, "warnings"));
	printf("%s: %lld error%s, %lld warning%s\n", path, errors,
	    text_plural((uint64_t)errors), warnings,
	    text_plural((uint64_t)warnings));
	json_decref(report);
	return ok ? 0 : 1;
}

/* Start ------------------------------------------------------------------ */

/* As many descriptors as may be: connections and probes each have one. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warning("setrlimit: %s", strerror(errno));
}

static bool
try_folder(const char *folder, struct error *err)
{
	struct error why;
	int lock;

	if (!file_make_folder(folder, 0750, &why))
		return error_set(err,
		    "%s: the state directory cannot be made; make it for the "
		    "daemon's user, with install -d -m 0750 -o USER %s",
		    why.text, folder);
	/* Answers do not wait for a disk. */
	if (access(folder, W_OK | X_OK) != 0)
		log_warning("%s: %s: nothing will be saved; the state "
			    "directory must be the daemon's own, with chown "
			    "USER %s",
		    folder, strerror(errno), folder);
	lock = state_lock(folder, err);
	if (lock < 0)
		return false;
	fd_close(&lock);
	return true;
}

/* TCP first: UDP would take queries off a daemon that has the port. */
static bool
try_endpoint(const struct endpoint *e, bool udp, struct error *err)
{
	int fd;

	if (e->port == 0)
		return true; /* the kernel chooses a free one */
	fd = net_listen_tcp(e, err);
	if (fd < 0)
		return false;
	fd_close(&fd);
	if (!udp)
		return true;
	fd = net_listen_udp(e, err);
	if (fd < 0)
		return false;
	fd_close(&fd);
	return true;
}

static bool
try_server(const struct conf_server *server, struct error *err)
{
	for (size_t i = 0; i < server->nlisten; i++)
		if (!try_endpoint(&server->listen[i], true, err))
			return false;
	if (server->http.addr.family != 0 &&
	    !try_endpoint(&server->http, false, err))
		return false;
	return try_folder(server->state, err) &&
	    server_try_control(server->control, err) &&
	    (server->control_read == NULL ||
		server_try_control(server->control_read, err));
}

/* Whether the start would fail for its sockets or folders, which is told before
 * databases and zones are read, as that takes long.  A configuration that
 * cannot be read is told of when it is built. */
static bool
try_start(const char *path, struct error *err)
{
	struct diag d;
	struct conf *conf;
	bool ok;

	diag_init(&d);
	conf = conf_load(path, &d);
	ok = conf == NULL || try_server(&conf->server, err);
	conf_free(conf);
	diag_fini(&d);
	return ok;
}

static struct snapshot *
first_snapshot(const char *path, struct diag *d)
{
	struct snapshot *s = gate_build_first(path, d);
	char *text = diag_text(d);

	fputs(text, stderr);
	free(text);
	if (s == NULL)
		log_error("%s: %zu error%s", path, d->nerrors,
		    text_plural(d->nerrors));
	return s;
}

static void
log_endpoint(const char *what, const struct endpoint *e)
{
	char buf[ENDPOINT_TEXT_MAX];

	log_info("%s %s", what, endpoint_format(buf, e));
}

static bool
has_port_0(const struct conf_server *server)
{
	for (size_t i = 0; i < server->nlisten; i++)
		if (server->listen[i].port == 0)
			return true;
	return false;
}

/* TCP first: connections come and go on many of the ports that the kernel
 * chooses from, so that one free for TCP is mostly free for UDP, but seldom
 * the other way round.  If it is not: again. */
static bool
open_service(
    struct daemon *m, const struct conf_server *server, struct error *err)
{
	m->nlisten = server->nlisten;
	m->listen = xcalloc(m->nlisten + 1, sizeof(*m->listen));
	for (size_t i = 0; i < PORT_TRIES && m->udp == NULL; i++) {
		memcpy(
		    m->listen, server->listen, m->nlisten * sizeof(*m->listen));
		if (m->tcp != NULL)
			tcp_stop(m->tcp);
		m->tcp = tcp_open(m->listen, m->nlisten, err);
		if (m->tcp == NULL)
			return false;
		m->udp = udp_open(m->listen, m->nlisten, server->workers, err);
		if (!has_port_0(server))
			break;
	}
	m->control->status.listen = m->listen;
	m->control->status.nlisten = m->nlisten;
	return m->udp != NULL;
}

static bool
open_sockets(
    struct daemon *m, const struct conf_server *server, struct error *err)
{
	if (!open_service(m, server, err))
		return false;
	m->http = server->http;
	m->server = server_new(m->control);
	if (!server_open_control(
		m->server, ROLE_OPERATOR, server->control, err))
		return false;
	if (server->control_read != NULL &&
	    !server_open_control(
		m->server, ROLE_READER, server->control_read, err))
		return false;
	return m->http.addr.family == 0 ||
	    server_open_http(m->server, &m->http, err);
}

static bool
drop_privileges(
    const struct daemon *m, const struct conf_server *server, struct error *err)
{
	uid_t uid;
	gid_t gid;

	if (m->user == NULL) {
		if (geteuid() == 0)
			log_warning(
			    "stays root: name a user of its own with -u");
		return user_confine(USER_SERVES, err);
	}
	if (!user_find(m->user, &uid, &gid, err))
		return false;
	if (chown(server->state, uid, gid) != 0)
		return error_set(err, "%s: %s", server->state, strerror(errno));
	if (chown(server->control, uid, gid) != 0)
		return error_set(
		    err, "%s: %s", server->control, strerror(errno));
	return user_become(m->user, err) && user_confine(USER_SERVES, err);
}

/* Signals ---------------------------------------------------------------- */

static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *m = arg;

	(void)fd;
	(void)what;
	reload_signal(m->control);
}

static void
on_end(evutil_socket_t number, short what, void *arg)
{
	struct daemon *m = arg;

	(void)what;
	log_info("ends by %s", strsignal((int)number));
	event_base_loopbreak(m->base);
}

static void
watch_signals(struct daemon *m)
{
	signal(SIGPIPE, SIG_IGN);
	m->signals[0] = evsignal_new(m->base, SIGHUP, on_hangup, m);
	m->signals[1] = evsignal_new(m->base, SIGTERM, on_end, m);
	m->signals[2] = evsignal_new(m->base, SIGINT, on_end, m);
	for (size_t i = 0; i < SIGNALS; i++)
		event_add(m->signals[i], NULL);
}

/* Run and stop ----------------------------------------------------------- */

static void
run(struct daemon *m)
{
	rcu_release();
	udp_start(m->udp);
	tcp_start(m->tcp);
	for (size_t i = 0; i < m->nlisten; i++)
		log_endpoint("listening on", &m->listen[i]);
	if (m->http.addr.family != 0)
		log_endpoint("http on", &m->http);
	control_start(m->control);
	notify("READY=1");
	event_base_dispatch(m->base);
}

static void
stop(struct daemon *m)
{
	if (m->udp != NULL)
		udp_stop(m->udp);
	if (m->tcp != NULL)
		tcp_stop(m->tcp);
	if (m->control != NULL)
		jobs_end(m->control->jobs);
	if (m->control != NULL)
		control_end(m->control);
	if (m->server != NULL)
		server_free(m->server);
	if (m->control != NULL)
		control_free(m->control);
	for (size_t i = 0; i < SIGNALS; i++)
		if (m->signals[i] != NULL)
			event_free(m->signals[i]);
	snapshot_publish(NULL);
	rcu_drain();
	if (m->base != NULL)
		event_base_free(m->base);
	free(m->listen);
}

static int
serve(struct daemon *m)
{
	const struct conf_server *server;
	struct error err = {""};
	struct snapshot *s;
	struct diag d;
	int code = 1;

	rcu_hold();
	/* While there are no threads and no memory to copy. */
	if (!helper_start(m->user, &err)) {
		log_error("%s", err.text);
		return code;
	}
	ping_open();
	diag_init(&d);
	if (!try_start(m->path, &err)) {
		log_error("%s", err.text);
		goto out;
	}
	log_info("reads %s", m->path);
	s = first_snapshot(m->path, &d);
	if (s == NULL)
		goto out;
	raise_limits();
	server = &s->conf->server;
	m->base = event_base_new();
	watch_signals(m);
	m->control = control_new(m->base, m->path, s, &d, &err);
	if (m->control == NULL) {
		snapshot_free(s);
		log_error("%s", err.text);
	} else if (!open_sockets(m, server, &err) ||
	    !drop_privileges(m, server, &err)) {
		log_error("%s", err.text);
	} else {
		run(m);
		code = 0;
	}
	stop(m);
out:
	helper_stop();
	ping_close();
	diag_fini(&d);
	return code;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"foreground", no_argument, NULL, 'f'},
	    {"check", no_argument, NULL, 'n'},
	    {"user", required_argument, NULL, 'u'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct daemon m = {.path = MERIDIAN_CONFIG};
	bool check = false;
	int c;

	fd_begin();
	helper_run_spawned(argc, argv);
	while ((c = getopt_long(argc, argv, "c:fhnu:V", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			m.path = optarg;
			break;
		case 'f':
			break;
		case 'n':
			check = true;
			break;
		case 'u':
			m.user = optarg;
			break;
		case 'h':
			return help();
		case 'V':
			puts("meridiand " PACKAGE_VERSION);
			return 0;
		default:
			return usage();
		}
	}
	if (optind < argc)
		return usage();
	return check ? check_only(m.path) : serve(&m);
}
