/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that a query reads.  Immutable but for the words that say so (pools,
 * tallies); replaced as a whole.
 */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include "base/rcu.h"
#include "conf/diag.h"
#include "geo/geo.h"
#include "steer/client.h"
#include "steer/pool.h"
#include "zone/chaos.h"
#include "zone/compile.h"

/* What a name steers by: names[i] of conf.names[i]. */
struct steered {
	const struct policy_table *table;
	uint16_t first; /* name with that table */
	uint16_t pool;
	uint32_t ttl_min, ttl_max;
};

/* What was answered with one region of one pool. One row of all regions per
 * worker: it alone stores, main loads. */
struct tally {
	_Atomic uint64_t steered[POOL_REASON_COUNT];
	_Atomic uint32_t let_go; /* monotonic second at which the longest TTL
				    given out ends */
};

struct snapshot {
	struct rcu_head rcu;
	struct arena *arena; /* of everything here but conf, geo and offers */
	struct conf *conf;
	struct geo *geo;
	struct zones *zones;
	struct chaos chaos;
	const struct client_table *clients;
	struct pool *pools;            /* conf->npools */
	struct steered *steered;       /* conf->nnames */
	struct tally *tallies;         /* nrows rows of ntallies */
	size_t ntallies;               /* regions of all pools */
	const struct diag_file *files; /* all that were read for it */
	size_t nfiles;
	struct cookie_secrets cookies; /* all: conf's */
	size_t nrows;          /* SNAPSHOT_ROWS of workers, and a last one
				  with what earlier snapshots counted */
	_Atomic bool *frozen;  /* health, as the prober suspects itself: main
				  stores, workers load */
	uint64_t generation;   /* from 1; set when published */
	int64_t loaded;        /* wall */
	struct snapshot *next; /* the one that replaced it */
};

enum { SNAPSHOT_ROWS = 256 }; /* threads that answer, at most */

#endif
