/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/* Handlers store, main loads and takes. */
static _Atomic bool ready, hangup;
static _Atomic int end;
static _Atomic uint64_t end_ms;
static int wake_fd = -1;

/* By what a handler may call (signal-safety(7)). */
static void
end_at_once(void)
{
	static const char text[] = "ended by a signal before it was ready\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	_exit(0);
}

static void
on_signal(int number)
{
	const uint64_t one = 1;
	int error = errno;
	uint64_t none = 0;
	ssize_t n;

	if (number == SIGHUP) {
		atomic_store(&hangup, true);
	} else if (!atomic_load(&ready)) {
		end_at_once();
	} else {
		atomic_store(&end, number);
		atomic_compare_exchange_strong(&end_ms, &none, clock_mono_ms());
	}
	n = write(wake_fd, &one, sizeof(one));
	(void)n;
	errno = error;
}

bool
signals_begin(void)
{
	static const int numbers[] = {SIGHUP, SIGTERM, SIGINT};
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return false;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	/* They are blocked where another image of this process began this one
	 * (life/handover). */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return true;
}

int
signals_ready(void)
{
	atomic_store(&ready, true);
	return wake_fd;
}

bool
signals_take(int *number)
{
	uint64_t n;
	ssize_t got = read(wake_fd, &n, sizeof(n));

	(void)got;
	*number = atomic_exchange(&end, 0);
	return atomic_exchange(&hangup, false);
}

uint64_t
signals_end_ms(void)
{
	return atomic_load(&end_ms);
}
