/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the prober believes itself: when most unrelated targets fail within
 * one interval, or all anchors fail, it is more likely cut off than they are
 * dead.  Health is then frozen: no probe changes it until there is evidence
 * that the network works, the time for it is over, or an operator says so.
 *
 * Main thread only.  It looks when a state is about to become down, so that
 * nothing is believed before, and when an anchor fails; what was believed
 * within that interval is taken back.  Counters start from zero when it thaws.
 * Monotonic clock.
 */
#ifndef STEER_SUSPECT_H
#define STEER_SUSPECT_H

#include "steer/pool.h"

struct suspect;

/* Why it thawed. */
enum suspect_thaw {
	THAW_CONDITION, /* fewer targets fail */
	THAW_ANCHORS,   /* all anchors answer */
	THAW_TARGET,    /* no anchor ever answered, but a target does */
	THAW_LIMIT,     /* it was frozen for freeze_max */
	THAW_OPERATOR
};

struct suspicion {
	bool frozen;
	int64_t since;  /* wall, of the last freeze or thaw; 0: none yet */
	uint64_t times; /* that it froze */
	/* Of the last freeze: */
	bool by_anchors;
	size_t failing, of; /* targets, by address */
	size_t taken_back;  /* states that had been believed */
	int64_t ends_ms;    /* monotonic: it thaws then at the latest */
	/* Of the last thaw: */
	enum suspect_thaw thaw;
	bool overruled; /* though most fail still: they are believed until
			   fewer do, when it may freeze again */
	bool anchors_overruled; /* though all anchors fail still */
};

struct suspect *suspect_new(void);
void suspect_free(struct suspect *s);

/* After pools_bind(): who is related to whom; makes the anchors' watches. */
void suspect_bind(struct suspect *s, const struct conf *conf,
    const struct pool *pools, struct watches *w);

/* After suspect_bind() and watches_inherit(): what is frozen stays so, if there
 * is still reason. */
void suspect_review(struct suspect *s, const struct health_time *now);

/* Counts one probe, begun at started_us, into the watch's health.  True when
 * its state changed; suspect_state() may have changed, and then other states
 * as well. */
bool suspect_count(struct suspect *s, struct watch *w,
    enum health_result result, int64_t started_us,
    const struct health_time *now);

/* Each second: thaws what has been frozen for too long. */
void suspect_tick(struct suspect *s, const struct health_time *now);

/* By an operator's word: what is observed counts.  False: nothing is frozen. */
bool suspect_lift(struct suspect *s, const struct health_time *now);

const struct suspicion *suspect_state(const struct suspect *s);
struct watch *const *suspect_anchors(const struct suspect *s, size_t *n);

#endif
