/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test of the configuration, as declared.  Part of struct conf: see
 * conf/conf.h.
 */
#ifndef CONF_TEST_H
#define CONF_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/net.h"
#include "conf/mark.h"

/* What is expected of an answer beside its region; bits of given. */
enum conf_expected {
	CONF_EXPECT_ADDRESSES = 1,
	CONF_EXPECT_TTL = 2,
	CONF_EXPECT_SCOPE = 4,
	CONF_EXPECT_ALL_DOWN = 8,
	CONF_EXPECT_RCODE = 16,
};

struct conf_expect {
	const char *either;    /* a region of the name's pool, or another pool;
				  NULL: as region and pool say */
	uint16_t region, pool; /* CONF_NONE: any */
	unsigned given;
	struct addr *addresses; /* these and no others */
	size_t naddresses;
	uint32_t ttl, scope;
	unsigned all_down; /* 0 or 1 */
	uint16_t rcode;
};

/* A step of a stage. */
struct conf_at {
	uint16_t stage, step;
};

struct conf_test {
	const char *name; /* lower case, with the final dot */
	uint16_t type;
	const char *from;     /* an address, a prefix or a place */
	const char *resolver; /* an address; NULL: the client itself */
	uint16_t *down_regions;
	size_t ndown;
	uint16_t *drained_regions;
	size_t ndrained;
	const char **signals; /* "MONITOR[/ADDRESS]=up" */
	size_t nsignals;
	struct conf_at *steps; /* it holds in these alone; none: always */
	size_t nsteps;
	struct conf_expect expect;
	struct conf_mark mark;
};

#endif
