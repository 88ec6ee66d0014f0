/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridiand: arguments, sockets, privileges; start threads, run, stop.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/inherit.h"
#include "base/log.h"
#include "base/ping.h"
#include "base/rcu.h"
#include "base/user.h"
#include "conf/use.h"
#include "config.h"
#include "ctl/gate.h"
#include "ctl/reload.h"
#include "ctl/server.h"
#include "ctl/trial.h"
#include "life/handover.h"
#include "life/notify.h"
#include "life/signals.h"
#include "life/watch.h"
#include "probe/helper.h"
#include "probe/probe.h"
#include "report/check.h"
#include "report/text.h"
#include "serve/tcp.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"
#include "state/state.h"

enum {
	PORT_TRIES = 5,
	FLUSH_ROUNDS = 3,
	PROBER_STALL_US = 10000000, /* without a probe, though some are due */
	HUNG_AGAIN_MS = 60000,      /* between attempts to restart in place */
	DOUBLED_MAX = 6,
};

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
	struct event *signals, *beat;
	char **argv;
	const struct handover *came; /* NULL: the process is a new one */
	long helper_before;          /* the helper of the image before */
	bool notify_beats;
	bool has_threads; /* all that it needs */
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
	     "  -n, --check        report all errors in it, and exit\n"
	     "  -u, --user USER    become USER once the sockets are open\n"
	     "  -h, --help         print this\n"
	     "  -V, --version      print the version\n\n"
	     "meridiand(8), meridian.yaml(5)");
	return 0;
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
		printf(
		    "when most targets or all anchors fail at once, up to %g s longer (health.freeze_max)\n",
		    json_number_value(json_object_get(report, "frozen_s")));
	errors = json_integer_value(json_object_get(report, "errors"));
	warnings = json_integer_value(json_object_get(report, "warnings"));
	printf("%s: %lld error%s, %lld warning%s\n", path, errors,
	    text_plural((uint64_t)errors), warnings,
	    text_plural((uint64_t)warnings));
	json_decref(report);
	return ok && (!handover_is_check() || trial_bind(path)) ? 0 : 1;
}

/* Opening ---------------------------------------------------------------- */

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
			    "running as root: name an unprivileged user with -u");
		return user_confine(USER_SERVES, err);
	}
	if (!user_find(m->user, &uid, &gid, err))
		return false;
	if (!state_give(server->state, uid, gid, err))
		return false;
	if (chown(server->control, uid, gid) != 0)
		return error_set(
		    err, "%s: %s", server->control, strerror(errno));
	return user_become(m->user, err) && user_confine(USER_SERVES, err);
}

/* Signals ---------------------------------------------------------------- */

static void
on_signals(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *m = arg;
	int end;

	(void)fd;
	(void)what;
	if (signals_take(&end))
		reload_signal(m->control);
	if (end == 0)
		return;
	log_info("shutting down: %s", strsignal(end));
	event_base_loopbreak(m->base);
}

/* Watchdog --------------------------------------------------------- */

/* Once a second: the main thread and the prober are alive. */
static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *m = arg;

	(void)fd;
	(void)what;
	if (m->helper_before > 0 &&
	    waitpid((pid_t)m->helper_before, NULL, WNOHANG) != 0)
		m->helper_before = 0;
	if (prober_stalled_us(m->control->prober, clock_mono_us()) >
	    PROBER_STALL_US)
		return;
	watch_beat(clock_mono_ms());
	if (m->notify_beats)
		notify("WATCHDOG=1");
}

static uint64_t beats_at_check; /* the watchdog's thread's */

static bool
is_still_hung(void)
{
	return watch_beats() == beats_at_check && signals_end_ms() == 0;
}

/* In the watchdog's thread.  If main hangs because nobody reads the log, it
 * would hang again after a restart. */
static uint64_t
on_hung(uint64_t stalled_ms)
{
	struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};

	beats_at_check = watch_beats();
	if (poll(&log, 1, 0) != 1)
		return HUNG_AGAIN_MS;
	log_error(
	    "the main thread or the prober has been stalled for %llu s: restarting in place with the open sockets, if meridiand -n accepts the configuration",
	    (unsigned long long)stalled_ms / 1000);
	if (!handover_check(is_still_hung))
		log_error(
		    "no restart in place: the main thread responds again, or meridiand -n fails; queries are answered as before");
	else if (is_still_hung())
		handover_go(stalled_ms, helper_process());
	return HUNG_AGAIN_MS;
}

/* A process that hangs again soon after a restart is given more time. */
static uint64_t
watchdog_limit_ms(const struct daemon *m, uint64_t limit_ms)
{
	unsigned doubled = m->came != NULL ? m->came->in_a_row : 0;

	return limit_ms << (doubled < DOUBLED_MAX ? doubled : DOUBLED_MAX);
}

static void
tell_restart(const struct daemon *m)
{
	const struct handover *h = m->came;

	if (h == NULL)
		return;
	m->control->status.restarts = h->restarts;
	event_put(m->control->events, LOG_LEVEL_ERROR, "restart",
	    json_pack("{s:I, s:I}", "stalled_s",
		(json_int_t)(h->stalled_ms / 1000), "restarts",
		(json_int_t)h->restarts),
	    "the main thread or the prober had been stalled for %llu s: the process was restarted in place with its sockets (restarts since its start: %u)",
	    (unsigned long long)h->stalled_ms / 1000, h->restarts);
}

/* Run and stop ----------------------------------------------------------- */

static void *
do_nothing(void *arg)
{
	return arg;
}

/* liburcu ends the process where it cannot start its own. */
static bool
start_rcu(struct error *err)
{
	pthread_t trial;
	int rc = pthread_create(&trial, NULL, do_nothing, NULL);

	if (rc != 0)
		return error_set(err, "liburcu's thread cannot be started: %s",
		    strerror(rc));
	pthread_join(trial, NULL);
	rcu_release();
	return true;
}

/* All of them, or it does not serve: who has sockets and does not answer is
 * worse than who is not there. */
static bool
start_threads(struct daemon *m, struct error *err)
{
	uint32_t watchdog_ms =
	    m->control->status.snapshot->conf->server.watchdog_ms;
	struct error why;

	inherit_end();
	handover_prepare(m->argv, m->path);
	if (!watch_start(watchdog_limit_ms(m, watchdog_ms), on_hung, &why) ||
	    !udp_start(m->udp, &why) || !tcp_start(m->tcp, &why) ||
	    !start_rcu(&why))
		return error_set(err,
		    "%s: allow more threads (TasksMax= of systemd, ulimit -u)",
		    why.text);
	m->has_threads = true;
	return true;
}

static void
run(struct daemon *m)
{
	const struct timeval second = {.tv_sec = 1};

	for (size_t i = 0; i < m->nlisten; i++)
		log_endpoint("listening on", &m->listen[i]);
	if (m->http.addr.family != 0)
		log_endpoint("http on", &m->http);
	tell_restart(m);
	control_start(m->control);
	m->signals = event_new(
	    m->base, signals_ready(), EV_READ | EV_PERSIST, on_signals, m);
	event_add(m->signals, NULL);
	m->notify_beats = notify_watches();
	m->beat = event_new(m->base, -1, EV_PERSIST, on_beat, m);
	event_add(m->beat, &second);
	notify("READY=1");
	event_base_dispatch(m->base);
}

/* Those who wait for a reply get it before the sockets close. */
static bool
stop_control(struct daemon *m)
{
	bool all = jobs_end(m->control->jobs, JOBS_LEAVE_MS);

	control_end(m->control);
	for (int i = 0; i < FLUSH_ROUNDS; i++)
		event_base_loop(m->base, EVLOOP_NONBLOCK);
	if (m->server != NULL)
		server_free(m->server);
	control_save(m->control);
	return all;
}

/* Queries are answered until all that can take long is over. */
static void
stop(struct daemon *m, int code)
{
	bool all = m->control == NULL || stop_control(m);

	if (m->tcp != NULL)
		tcp_stop(m->tcp);
	if (m->udp != NULL)
		udp_stop(m->udp);
	helper_stop();
	/* The threads of jobs that are left behind may use anything; and what
	 * is freed later needs a thread. */
	if (!all || (m->control != NULL && !m->has_threads))
		_exit(code);
	if (m->control != NULL)
		control_free(m->control);
	if (m->signals != NULL)
		event_free(m->signals);
	if (m->beat != NULL)
		event_free(m->beat);
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
	if (!signals_begin()) {
		log_error("eventfd: %s", strerror(errno));
		return code;
	}
	/* While there are no threads and no memory to copy. */
	if (!helper_start(m->user, &err)) {
		log_error("%s", err.text);
		return code;
	}
	ping_open();
	diag_init(&d);
	if (m->came == NULL && !trial_start(m->path, &err)) {
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
	m->control = control_new(m->base, m->path, s, &d, &err);
	if (m->control == NULL) {
		snapshot_free(s);
		log_error("%s", err.text);
	} else if (!open_sockets(m, server, &err) ||
	    !drop_privileges(m, server, &err) || !start_threads(m, &err)) {
		log_error("%s", err.text);
	} else {
		run(m);
		code = 0;
	}
	notify("STOPPING=1");
	stop(m, code);
out:
	helper_stop();
	ping_close();
	diag_fini(&d);
	return code;
}

/* What a reload takes in large blocks goes back to the system when the snapshot
 * before it is freed: glibc would raise the bound above which it maps them, and
 * keep them in the heaps of threads. */
static void
memory_begin(void)
{
	enum { MAPPED_FROM = 128 * 1024 };

	mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
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
	struct daemon m = {.path = MERIDIAN_CONFIG, .argv = argv};
	bool check = false;
	int c;

	fd_begin();
	helper_run_spawned(argc, argv);
	memory_begin();
	m.came = handover_begin();
	if (m.came != NULL)
		m.helper_before = m.came->helper;
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
