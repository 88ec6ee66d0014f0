/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files to snapshot: the one road of start, -n and reload (report/tests goes
 * it, too).  No globals; any one thread.
 */
#ifndef SNAPSHOT_BUILD_H
#define SNAPSHOT_BUILD_H

#include "conf/diag.h"
#include "snapshot/snapshot.h"

/*
 * conf, check, geo, policies, zones; the tests in the configuration are
 * report/tests'.  NULL when anything is wrong: d says what; warnings alone do
 * not stop it.
 */
struct snapshot *snapshot_build(const char *path, struct diag *d);

/* The same with the steps in force that stages says (conf/stage), and with
 * other files in place of the databases that it declares (NULL: none). */
struct stage_state;
struct build_swap {
	/* The one for the i-th database; NULL: itself. */
	const char *(*file)(const struct conf *conf, size_t i, void *arg);
	void *arg;
};

struct snapshot *snapshot_build_swapped(const char *path,
    const struct stage_state *stages, const struct build_swap *swap,
    struct diag *d);

/* Frees one that no reader sees. */
void snapshot_free(struct snapshot *s);

/* The row of a thread that answers. */
struct tally *snapshot_row(const struct snapshot *s, size_t row);

/* Sums of all rows for a pool's region. */
uint64_t snapshot_steered(const struct snapshot *s, const struct pool *p,
    size_t region, enum pool_reason reason);
uint32_t snapshot_let_go(
    const struct snapshot *s, const struct pool *p, size_t region);

#endif
