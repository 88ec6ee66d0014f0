/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measured latencies (conf.latency) as places know them: for each prefix the
 * regions that were measured, the quickest first.
 *
 * A region counts as measured for an address by the longest prefix with a row
 * for it.  Prefixes whose regions stand in the same order share it.  Immutable
 * once built; any thread.
 */
#ifndef GEO_LATENCY_H
#define GEO_LATENCY_H

#include "conf/conf.h"
#include "geo/place.h"
#include "geo/prefix.h"

enum { LATENCY_UNKNOWN = UINT32_MAX };

struct latency;
struct latency_entry; /* a prefix that has rows */

struct latency *latency_build(const struct conf_latency *conf);
void latency_free(struct latency *l);

/* The longest prefix that covers the address, or NULL; *depth: of the prefix
 * around it for which that is so. */
const struct latency_entry *latency_find(
    const struct latency *l, const struct addr *a, unsigned *depth);

/* Sets what the place knows of latencies; e may be NULL. */
void latency_tell(
    const struct latency *l, const struct latency_entry *e, struct place *p);

/* The same by number, as a cover has them; 0: nothing is known. */
void latency_tell_order(
    const struct latency *l, uint32_t order, struct place *p);
void latency_cover(
    const struct latency *l, uint8_t family, struct cover *cover);

/* In microseconds, or LATENCY_UNKNOWN; e may be NULL. */
uint32_t latency_us(
    const struct latency *l, const struct latency_entry *e, uint16_t region);

#endif
