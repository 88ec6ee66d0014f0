/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The GeoIP gate: a database that is not the accepted one is compiled beside
 * it, both are compared, and it is held when it moves more than
 * geoip.max_move, or when the configuration fails with it.
 *
 * What is accepted is kept: a copy of each in the folder geoip of the state
 * folder, called by its SHA-256, and a list (an entry each) that main saves.
 * The copies are written before the list names them; main is told of the list
 * when it is saved.  The builder's thread, or
 * main's at the start.
 */
#ifndef CTL_GATE_H
#define CTL_GATE_H

#include <jansson.h>

#include "conf/diag.h"
#include "conf/stage.h"
#include "snapshot/build.h"
#include "traffic/traffic.h"

struct gate_job {
	const char *path;
	const char *folder; /* state */
	struct stage_state stages;
	/* [{"database", "sha256", "built", "since", "by", "before": {"sha256",
	 * "built"} or null, "held": {"sha256", "built", "since", "reason",
	 * "most", "max", "text", "diff"} or null, "refused": [sha256],
	 * "accept": {"sha256", "by"} or null}]: as kept, and as it is to be. */
	json_t *entries;
	const struct snapshot *now; /* in service; NULL: none */
	struct traffic traffic;     /* of now */
	struct snapshot *snapshot;  /* NULL: diag says why */
	struct diag diag;
	json_t *tests; /* what came of them; NULL: nobody asks */
};

void gate_build(struct gate_job *j);

/* At the start: with the accepted ones.  folder of the state is the
 * configuration's own. */
struct snapshot *gate_build_first(const char *path, struct diag *d);

/* What is in service when the daemon starts is accepted: the first ones, and
 * those whose accepted copy was lost.  False: a copy cannot be written. */
bool gate_begin(const char *folder, json_t *entries, const struct snapshot *s,
    struct error *err);

/* Removes copies that no entry names. */
void gate_sweep(const char *folder, const json_t *entries);

json_t *gate_entry(const json_t *entries, const char *database);

#endif
