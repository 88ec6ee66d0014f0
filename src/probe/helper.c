/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/user.h"

enum {
	NOT_FOUND = 127,
	ARGS_MAX = 128,
	STOP_TRIES = 100, /* of a helper that ends by itself */
	STOP_PAUSE_MS = 10
};

struct job {
	pid_t pid; /* and its process group */
	int out;
	uint64_t deadline_ms;
	size_t octets; /* of output */
	size_t text_len;
	bool line_ended, killed;
	struct helper_reply reply;
};

struct helper {
	int fd;
	VEC(struct job) jobs;
};

/* The daemon's end. */
static int helper_fd = -1;
static pid_t helper_pid;
static rlim_t descriptors; /* for commands, whatever the daemon needs */

static const char spawned[] = "meridian-helper"; /* argv[0] */
enum { SPAWNED_FD = 3 };

/* A command -------------------------------------------------------------- */

/* Between fork and exec: all descriptors but these are closed on exec. */
static void __attribute__((noreturn))
child_run(char **args, char **env, int out)
{
	static const int defaults[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
	const struct rlimit no_core = {0, 0};
	int null = open(_PATH_DEVNULL, O_RDONLY | O_CLOEXEC);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		signal(defaults[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
		execve(args[0], args, env);
	dprintf(out, "%s: %s\n", args[0], strerror(errno));
	_exit(NOT_FOUND);
}

/* Points args and env into a request; false: it is none. */
static bool
request_split(char *packet, size_t len, char **args, char **env)
{
	const struct helper_request *r = (const void *)packet;
	char *at = packet + sizeof(*r), *end = packet + len;

	if (len < sizeof(*r) || r->nargs == 0 || r->nargs >= ARGS_MAX ||
	    r->nenv >= ARGS_MAX)
		return false;
	for (unsigned i = 0; i < (unsigned)r->nargs + r->nenv; i++) {
		char *nul = memchr(at, '\0', (size_t)(end - at));

		if (nul == NULL)
			return false;
		if (i < r->nargs)
			args[i] = at;
		else
			env[i - r->nargs] = at;
		at = nul + 1;
	}
	args[r->nargs] = env[r->nenv] = NULL;
	return at == end;
}

/* Returns 0 or errno. */
static int
job_begin(struct job *j, char **args, char **env)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	j->pid = fork();
	if (j->pid == 0)
		child_run(args, env, ends[1]);
	error = errno;
	fd_close(&ends[1]);
	if (j->pid < 0) {
		fd_close(&ends[0]);
		return error;
	}
	/* In both processes: neither knows which is the first. */
	setpgid(j->pid, j->pid);
	j->out = ends[0];
	return 0;
}

static void
reply_send(const struct helper *h, const struct helper_reply *r)
{
	while (send(h->fd, r, sizeof(*r), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void
helper_request(struct helper *h, char *packet, size_t len)
{
	const struct helper_request *r = (const void *)packet;
	char *args[ARGS_MAX], *env[ARGS_MAX];
	struct job j = {.out = -1};

	if (!request_split(packet, len, args, env))
		return;
	j.reply.id = r->id;
	j.deadline_ms = clock_mono_ms() + r->timeout_ms;
	j.reply.value =
	    h->jobs.n < HELPER_JOBS_MAX ? job_begin(&j, args, env) : EAGAIN;
	if (j.reply.value == 0) {
		vec_push(&h->jobs, j);
		j.reply.end = HELPER_BEGUN;
		reply_send(h, &j.reply);
		return;
	}
	j.reply.end = HELPER_FAILED;
	reply_send(h, &j.reply);
}

static void
job_kill(struct job *j, enum helper_end why)
{
	if (j->killed)
		return;
	j->killed = true;
	j->reply.end = why;
	kill(-j->pid, SIGKILL);
}

/* Of the first line, what a terminal shows as it is. */
static void
job_output(struct job *j, const char *text, size_t n)
{
	j->octets += n;
	for (; n > 0 && !j->line_ended; n--, text++) {
		if (*text == '\n')
			j->line_ended = true;
		else if (j->text_len < HELPER_TEXT_MAX - 1)
			j->reply.text[j->text_len++] =
			    *text >= ' ' && *text < 0x7f ? *text : '?';
	}
	if (j->octets > HELPER_OUTPUT_MAX)
		job_kill(j, HELPER_OUTPUT);
}

static void
job_read(struct job *j)
{
	char buf[4096];
	ssize_t n;

	while (j->out >= 0 && !j->killed) {
		n = read(j->out, buf, sizeof(buf));
		if (n > 0) {
			job_output(j, buf, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN)
			fd_close(&j->out);
		return;
	}
}

/* It is over when the command has ended, whatever it left behind. */
static bool
job_ended(struct job *j)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)j->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
		0 ||
	    info.si_pid == 0)
		return false;
	job_read(j);
	/* While it is not reaped, its group's number is not another's. */
	kill(-j->pid, SIGKILL);
	waitpid(j->pid, NULL, 0);
	if (!j->killed) {
		j->reply.end =
		    info.si_code == CLD_EXITED ? HELPER_EXITED : HELPER_KILLED;
		j->reply.value = info.si_status;
	}
	fd_close(&j->out);
	return true;
}

/* The loop --------------------------------------------------------------- */

static void
helper_reap(struct helper *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->jobs.n; i++) {
		struct job *j = &h->jobs.at[i];

		job_read(j);
		if (clock_mono_ms() >= j->deadline_ms)
			job_kill(j, HELPER_TIMEOUT);
		if (job_ended(j))
			reply_send(h, &j->reply);
		else
			h->jobs.at[kept++] = *j;
	}
	h->jobs.n = kept;
}

/* Until a request, output, an end or a deadline. */
static void
helper_wait(const struct helper *h, const sigset_t *mask)
{
	struct pollfd fds[HELPER_JOBS_MAX + 1] = {{h->fd, POLLIN, 0}};
	uint64_t now = clock_mono_ms(), next = UINT64_MAX;
	struct timespec left;
	nfds_t n = 1;

	for (size_t i = 0; i < h->jobs.n; i++) {
		const struct job *j = &h->jobs.at[i];

		if (j->out >= 0 && !j->killed)
			fds[n++] = (struct pollfd){j->out, POLLIN, 0};
		if (!j->killed && j->deadline_ms < next)
			next = j->deadline_ms;
	}
	next = next > now ? next - now : 0;
	left.tv_sec = (time_t)(next / 1000);
	left.tv_nsec = (long)(next % 1000) * 1000000;
	ppoll(fds, n, h->jobs.n > 0 ? &left : NULL, mask);
}

static void
on_child(int number)
{
	(void)number;
}

/* A terminal's or service manager's signal is the daemon's to follow. */
static void
helper_signals(sigset_t *mask)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	const struct sigaction action = {.sa_handler = on_child};
	sigset_t child;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, mask);
	sigdelset(mask, SIGCHLD);
}

static void
helper_serve(struct helper *h)
{
	char *packet = xmalloc(HELPER_REQUEST_MAX);
	sigset_t mask;
	ssize_t len;

	helper_signals(&mask);
	for (;;) {
		helper_wait(h, &mask);
		len = recv(h->fd, packet, HELPER_REQUEST_MAX, MSG_DONTWAIT);
		if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
			break;
		if (len > 0)
			helper_request(h, packet, (size_t)len);
		helper_reap(h);
	}
	for (size_t i = 0; i < h->jobs.n; i++)
		kill(-h->jobs.at[i].pid, SIGKILL);
	free(packet);
	vec_free(&h->jobs);
}

/* Start and end ---------------------------------------------------------- */

static void __attribute__((noreturn)) helper_main(int fd, const char *user)
{
	struct helper h = {.fd = fd};
	struct error err = {""};

	prctl(PR_SET_NAME, spawned);
	if ((user != NULL && !user_become(user, &err)) ||
	    !user_confine(USER_RUNS_COMMANDS, &err)) {
		send(fd, err.text, strlen(err.text), MSG_NOSIGNAL);
		_exit(1);
	}
	send(fd, "", 1, MSG_NOSIGNAL);
	helper_serve(&h);
	_exit(0);
}

bool
helper_start(const char *user, struct error *err)
{
	char said[sizeof(err->text)] = "";
	struct rlimit limit;
	int ends[2];
	ssize_t n;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		descriptors = limit.rlim_cur;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set(err,
		    "the helper process cannot be started: %s",
		    strerror(errno));
	helper_pid = fork();
	if (helper_pid == 0) {
		fd_close(&ends[0]);
		helper_main(ends[1], user);
	}
	fd_close(&ends[1]);
	if (helper_pid < 0) {
		fd_close(&ends[0]);
		return error_set(err,
		    "the helper process cannot be started: %s",
		    strerror(errno));
	}
	helper_fd = ends[0];
	n = recv(helper_fd, said, sizeof(said) - 1, 0);
	if (n == 1 && *said == '\0') {
		fcntl(helper_fd, F_SETFL, O_NONBLOCK);
		return true;
	}
	helper_stop();
	return error_set(err, "%s", n > 0 ? said : "the helper has ended");
}

/* glibc's is a vfork(2): nothing is copied, no thread of the daemon's is in it.
 * Returns 0 or an error number. */
static int
helper_spawn(int fd)
{
	char limit[NUMBER_TEXT_MAX], name[sizeof(spawned)];
	char *args[] = {strcpy(name, spawned), limit, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	snprintf(limit, sizeof(limit), "%ju", (uintmax_t)descriptors);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	error = posix_spawn_file_actions_adddup2(&actions, fd, SPAWNED_FD);
	if (error == 0)
		error = posix_spawn(&helper_pid, "/proc/self/exe", &actions,
		    &attributes, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

bool
helper_restart(struct error *err)
{
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set(err, "cannot start: %s", strerror(errno));
	error = helper_spawn(ends[1]);
	fd_close(&ends[1]);
	if (error != 0) {
		fd_close(&ends[0]);
		return error_set(err, "cannot start: %s", strerror(error));
	}
	helper_fd = ends[0];
	fcntl(helper_fd, F_SETFL, O_NONBLOCK);
	return true;
}

/* Only with that socket: nobody starts it by mistake. */
static bool
is_helper_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET;
}

void
helper_run_spawned(int argc, char **argv)
{
	struct rlimit limit;

	if (argc != 2 || strcmp(argv[0], spawned) != 0 ||
	    !is_helper_socket(SPAWNED_FD))
		return;
	/* A library in another thread may have opened one without O_CLOEXEC. */
	close_range(SPAWNED_FD + 1, ~0u, 0);
	fcntl(SPAWNED_FD, F_SETFD, FD_CLOEXEC);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = (rlim_t)strtoumax(argv[1], NULL, 10);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	helper_main(SPAWNED_FD, NULL);
}

int
helper_socket(void)
{
	return helper_fd;
}

long
helper_process(void)
{
	return helper_fd < 0 ? 0 : helper_pid;
}

void
helper_bury(char *why, size_t size)
{
	int status = 0;

	fd_close(&helper_fd);
	/* It may have closed its end and yet go on. */
	kill(helper_pid, SIGKILL);
	while (waitpid(helper_pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		snprintf(why, size, "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "exited with code %d", WEXITSTATUS(status));
}

void
helper_stop(void)
{
	const struct timespec pause = {.tv_nsec = STOP_PAUSE_MS * 1000000L};

	if (helper_fd < 0)
		return;
	fd_close(&helper_fd);
	for (unsigned i = 0; i < STOP_TRIES; i++) {
		if (waitpid(helper_pid, NULL, WNOHANG) != 0)
			return;
		nanosleep(&pause, NULL);
	}
	/* It hangs, or was stopped. */
	kill(helper_pid, SIGKILL);
	while (waitpid(helper_pid, NULL, 0) < 0 && errno == EINTR)
		;
}
