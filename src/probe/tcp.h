/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes that connect, and no more.  Main thread only.
 */
#ifndef PROBE_TCP_H
#define PROBE_TCP_H

#include "probe/probe.h"

extern const struct probe_type tcp_probe_type;

/* One attempt to connect to the probe's address and port. */
struct tcp_attempt {
	struct probe *probe;
	void (*done)(struct probe *p, int error); /* 0: connected */
	bool open;                                /* fd is */
	int fd;
	struct event *writable; /* NULL: none under way */
};

/* Calls done, maybe at once, unless attempt_stop() comes before.  The
 * connection stays open until attempt_stop(), or is the caller's by
 * attempt_take(). */
void attempt_begin(struct tcp_attempt *t, struct probe *p,
    void (*done)(struct probe *p, int error));
void attempt_stop(struct tcp_attempt *t);
int attempt_take(struct tcp_attempt *t);

#endif
