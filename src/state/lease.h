/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A drain or force-up in words and as JSON: in events, in replies, in the state
 * file.  Main thread; the caller owns the JSON.
 */
#ifndef STATE_LEASE_H
#define STATE_LEASE_H

#include "report/text.h"
#include "steer/drain.h"

/* "end of the drain"; see drain_nouns. */
extern const char *const lease_end_nouns[DRAIN_KIND_COUNT];

/* A moment of the wall clock, or null where it is none. */
json_t *lease_moment(int64_t wall, int64_t none);

/* {"kind", "what", "owner", "reason", "at", "until", "forced", "share",
 * "over_s"}. */
json_t *lease_json(const struct drain *d);

/* "drain of eu (50% over 10m)". */
void lease_describe(struct text *t, const struct drain *d);
/* " for 30m" or " until cancelled". */
void lease_add_span(struct text *t, const struct drain *d);
/* before, and "2026-01-31T04:05:06Z" or "cancelled". */
void lease_add_until(struct text *t, const char *before, int64_t until);

/* As it stands in the state file; d keeps it, until it is another. */
const char *lease_record(struct drain *d);
/* Puts what stands there into drains (a struct drains); false: it makes no
 * sense. */
bool lease_load(const json_t *entry, void *drains);

#endif
