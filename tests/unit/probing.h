/* SPDX-License-Identifier: BSD-3-Clause */
/* A prober with one watch, whose target is this process on the loopback. */
#ifndef TESTS_UNIT_PROBING_H
#define TESTS_UNIT_PROBING_H

#include "probe/probe.h"

struct probing {
	struct event_base *base;
	struct watches *watches;
	struct suspect *suspect;
	struct prober *prober;
	struct conf_monitor monitor; /* to be changed before a probe */
	struct watch watch;
	struct verdict told; /* the last */
	unsigned ntold;
	size_t descriptors; /* that were open before */
};

/* A monitor of that type of 127.0.0.1, each 5 s, with a timeout of 5 s; no
 * probe is under way yet.  Descriptors that the test opens must be closed
 * before probing_close(), which looks for those that probes left open. */
void probing_open(struct probing *g, enum conf_monitor_type type);
void probing_close(struct probing *g);

/* One probe of the prober, beside its schedule; its verdict. */
struct probe *probing_once(struct probing *g);

/* Goes on until the next verdict; until fd can be read, before any verdict. */
void probing_wait(struct probing *g);
void probing_wait_for(struct probing *g, int fd);

/* A listener on the target's address, whose port is the monitor's from now on;
 * a socket for datagrams on the port of a listener as well. */
int probing_listen(struct probing *g);
int probing_datagrams(struct probing *g, int *listener);

/* The next connection to a listener. */
int probing_accept(struct probing *g, int listener);

/* The last probe's words, its duration as "in # ms". */
const char *probing_said(const struct probing *g);

#endif
