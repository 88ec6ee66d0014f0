/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a UDP worker lets packets gather before it takes the next batch:
 * waking up costs more than an answer, so that at moderate load several answers
 * share it.  As network cards coalesce interrupts.  One thread's.
 */
#ifndef SERVE_PACE_H
#define SERVE_PACE_H

#include <stdint.h>

struct pace {
	uint64_t last_us; /* when the batch before was taken; monotonic */
	uint32_t gap_us;  /* the average between packets, in 1/16 us */
};

void pace_init(struct pace *p, uint64_t now_us);

/*
 * A batch of got packets, at least one, was taken at now_us.  Returns most_us
 * if at least four packets are expected in that time, by the recent rate, else
 * 0. If the batch emptied the socket, the worker sleeps for that time, or until
 * the next packet.  An idle server and one with little to do answer at once.
 */
uint32_t pace_gather(
    struct pace *p, uint64_t now_us, unsigned got, uint32_t most_us);

#endif
