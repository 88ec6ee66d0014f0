/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <paths.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/inherit.h"

#define VARIABLE "MERIDIAN_HANDOVER"
#define CHECK_VARIABLE "MERIDIAN_HANDOVER_CHECK"

enum {
	TEXT_MAX = 16 << 10,
	CHECK_MS = 300000,
	ROW_MS = 600000, /* of life, after which a restart is the first again */
};

static const char self[] = "/proc/self/exe";
static struct handover came;
static bool is_check;

/* Prepared: the thread that goes may take no lock that main holds. */
static struct {
	char **argv, *check[5];
	char **env, **check_env;
	char text[TEXT_MAX], check_text[TEXT_MAX]; /* of them, each the last */
	int fds[INHERIT_MAX];
	size_t nfds;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
} next;

/* The numbers after "fds=", with commas between them. */
static size_t
read_fds(const char *text, int fds[INHERIT_MAX])
{
	size_t n = 0;
	char *end;

	for (; n < INHERIT_MAX; text = end + 1) {
		long fd = strtol(text, &end, 10);

		if (end == text || fd < 0 || fd > 1 << 20)
			break;
		fds[n++] = (int)fd;
		if (*end != ',')
			break;
	}
	return n;
}

static void
check_begin(void)
{
	const char *text = getenv(CHECK_VARIABLE);
	int fds[INHERIT_MAX];

	is_check = text != NULL;
	if (is_check)
		inherit_begin(fds, read_fds(text, fds));
	unsetenv(CHECK_VARIABLE);
}

bool
handover_is_check(void)
{
	return is_check;
}

const struct handover *
handover_begin(void)
{
	const char *text = getenv(VARIABLE);
	struct handover h = {0};
	int fds[INHERIT_MAX], at = 0;
	long pid = 0;
	bool ok;

	check_begin();
	if (text == NULL)
		return NULL;
	ok = sscanf(text,
		 "pid=%ld restarts=%u in_a_row=%u at_ms=%" SCNu64
		 " stalled_ms=%" SCNu64 " helper=%ld fds=%n",
		 &pid, &h.restarts, &h.in_a_row, &h.at_ms, &h.stalled_ms,
		 &h.helper, &at) == 6 &&
	    at > 0 && pid == getpid();
	if (ok) {
		came = h;
		inherit_begin(fds, read_fds(text + at, fds));
	}
	unsetenv(VARIABLE);
	return ok ? &came : NULL;
}

/* "3,4,5" behind what is in text. */
static void
write_fds(char text[TEXT_MAX], int at)
{
	for (size_t i = 0; i < next.nfds && at < TEXT_MAX; i++)
		at += snprintf(text + at, TEXT_MAX - (size_t)at, "%s%d",
		    i > 0 ? "," : "", next.fds[i]);
}

/* The environment, and text. */
static char **
with_text(char *text)
{
	char **env;
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	env = xcalloc(n + 2, sizeof(*env));
	memcpy(env, environ, n * sizeof(*env));
	env[n] = text;
	return env;
}

static void
prepare_check(const char *config)
{
	sigset_t none, all;

	write_fds(next.check_text,
	    snprintf(next.check_text, TEXT_MAX, CHECK_VARIABLE "="));
	next.check[0] = next.argv[0];
	next.check[1] = xstrdup("-n");
	next.check[2] = xstrdup("-c");
	next.check[3] = xstrdup(config);
	posix_spawn_file_actions_init(&next.actions);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(
		    &next.actions, fd, _PATH_DEVNULL, O_RDWR, 0);
	/* To itself: it is not closed on exec. */
	for (size_t i = 0; i < next.nfds; i++)
		posix_spawn_file_actions_adddup2(
		    &next.actions, next.fds[i], next.fds[i]);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&next.attributes);
	posix_spawnattr_setsigmask(&next.attributes, &none);
	posix_spawnattr_setsigdefault(&next.attributes, &all);
	posix_spawnattr_setflags(
	    &next.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

void
handover_prepare(char **argv, const char *config)
{
	next.argv = argv;
	next.env = with_text(next.text);
	next.check_env = with_text(next.check_text);
	next.nfds = inherit_find(next.fds);
	prepare_check(config);
}

bool
handover_check(bool (*go_on)(void))
{
	const struct timespec pause = {.tv_nsec = 100000000};
	uint64_t end_ms = clock_mono_ms() + CHECK_MS;
	int status = -1;
	pid_t pid, got;

	if (posix_spawn(&pid, self, &next.actions, &next.attributes, next.check,
		next.check_env) != 0)
		return false;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 ||
	    (got < 0 && errno == EINTR)) {
		if (clock_mono_ms() > end_ms || !go_on()) {
			kill(pid, SIGKILL);
			end_ms = UINT64_MAX;
		}
		nanosleep(&pause, NULL);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* True: all are closed on exec, or none is. */
static void
keep(bool kept)
{
	for (size_t i = 0; i < next.nfds; i++)
		fcntl(next.fds[i], F_SETFD, kept ? 0 : FD_CLOEXEC);
}

void
handover_go(uint64_t stalled_ms, long helper)
{
	uint64_t now_ms = clock_mono_ms();
	bool in_a_row = came.restarts > 0 && now_ms - came.at_ms < ROW_MS;
	int at = snprintf(next.text, sizeof(next.text),
	    VARIABLE "=pid=%ld restarts=%u in_a_row=%u at_ms=%" PRIu64
		     " stalled_ms=%" PRIu64 " helper=%ld fds=",
	    (long)getpid(), came.restarts + 1, in_a_row ? came.in_a_row + 1 : 1,
	    now_ms, stalled_ms, helper);

	write_fds(next.text, at);
	keep(true);
	execve(self, next.argv, next.env);
	keep(false);
}
