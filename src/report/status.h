/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon says of itself as JSON.  Main thread; the caller owns the
 * JSON.
 */
#ifndef REPORT_STATUS_H
#define REPORT_STATUS_H

#include <jansson.h>

#include "probe/keeper.h"
#include "probe/probe.h"
#include "report/metrics.h"
#include "snapshot/snapshot.h"
#include "steer/suspect.h"
#include "traffic/capacity.h"

struct signals;

struct status {
	const struct snapshot *snapshot; /* the current one */
	const struct drains *drains;
	const struct drains *ended; /* drains whose end is not saved */
	const struct signals *signals;
	const struct suspect *suspect;
	const struct keeper_state *helper;
	struct capacity *capacity;
	const struct traffic *traffic;
	const char *config;
	const char *run;               /* the id of this run: ctl/event */
	int64_t started;               /* wall */
	uint32_t started_s;            /* monotonic */
	const struct endpoint *listen; /* as bound */
	size_t nlisten;
	unsigned workers;
	json_t *warnings;         /* of the configuration in service */
	json_t *geoip;            /* databases accepted and held: ctl/gate */
	json_t *faults;           /* of the state directory, by file: texts */
	struct histogram cutover; /* first failed probe to answers without */
	struct histogram probe;
	uint64_t late; /* probes */
	struct failures failures;
	const struct prober *prober; /* NULL: none */
	unsigned restarts;           /* in place, by the watchdog */
};

json_t *status_report(const struct status *s);

/* What clients of a pool get while no region of it is live for the family, by
 * the policies of its names: "answering all", or NULL: one is live.  Free it.
 */
char *status_all_down(
    const struct snapshot *s, const struct pool *p, enum pool_family f);

/* "IPv4"; NULL: any. */
const char *status_family(enum pool_family f);

/* [{"stage", "step", "number", "steps": [{"name", "policies": {name: policy}}],
 * "since", "owner", "reason"}]; the last three of those that were promoted. */
json_t *status_stages(const struct conf *conf);

/* [{"file", "size", "sha256"}] of all that were read for it. */
json_t *status_files(const struct snapshot *s);

/* {"drains", "force_ups": [{"what", "owner", "reason", "since", "at",
 * "begins_s", "until", "left_s", "forced", "let_go_s", "unsaved"}],
 * "unsaved": ["end of the drain of eu"]}; at and begins_s are null of one in
 * force, until and left_s until cancelled, let_go_s of one announced; unsaved
 * is all that a restart forgets. */
json_t *status_drains(const struct status *s);

/* How many changes a restart forgets. */
size_t status_nunsaved(const struct status *s);

#endif
