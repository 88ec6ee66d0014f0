/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The helper: a process of its own that runs commands for the daemon, which
 * must not fork once it has threads and memory to copy.  Main starts it before
 * all else, sends requests over a socket of packets and gets replies to each;
 * probe/keeper starts it again when it has ended.
 *
 * A command has a process group of its own, is killed with it when its time is
 * over or it says too much, and gets no shell, no input and no environment but
 * what the request gives it.  The helper ends, and with it all commands, when
 * the other end of the socket is closed.
 */
#ifndef PROBE_HELPER_H
#define PROBE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	HELPER_JOBS_MAX = 256,
	HELPER_REQUEST_MAX = 128 * 1024, /* with its strings */
	HELPER_OUTPUT_MAX = 64 * 1024,   /* of one command */
	HELPER_TEXT_MAX = 128,
};

/* Then the arguments and the environment, each ended by NUL. */
struct helper_request {
	uint64_t id;
	uint32_t timeout_ms;
	uint16_t nargs, nenv;
};

enum helper_end {
	HELPER_BEGUN,  /* it runs: another reply says how it ended */
	HELPER_EXITED, /* value: exit code */
	HELPER_KILLED, /* value: signal, not the helper's */
	HELPER_TIMEOUT,
	HELPER_OUTPUT, /* more than HELPER_OUTPUT_MAX */
	HELPER_FAILED, /* not begun; value: errno */
};

struct helper_reply {
	uint64_t id;
	uint32_t end; /* enum helper_end */
	int32_t value;
	char text[HELPER_TEXT_MAX]; /* the output's first line */
};

/* Forks: before any thread starts.  user NULL: it stays who it is. */
bool helper_start(const char *user, struct error *err);

/* In place of one that has ended, with what rights the daemon has left; it says
 * over the socket, in a packet of text, that it has begun ("") or why not. */
bool helper_restart(struct error *err);

/* At the start of main(): does not return in a process that helper_restart()
 * has started. */
void helper_run_spawned(int argc, char **argv);

/* Of one whose end of the socket is closed: it is gone then.  why it ended: "it
 * was ended by signal 9 (Killed)". */
void helper_bury(char *why, size_t size);

/* Of the process's one helper; -1: none. */
int helper_socket(void);

/* Its number; 0: there is none. */
long helper_process(void);

/* Closes the socket; waits until the helper has ended, and ends it after a
 * second. */
void helper_stop(void);

#endif
