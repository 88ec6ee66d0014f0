/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who goes where, as declared, and what must hold of it.  Part of struct conf:
 * see conf/conf.h.
 */
#ifndef CONF_POLICY_H
#define CONF_POLICY_H

#include "conf/rules.h"
#include "dns/rr.h"

/* How a region that is live again gets its clients back. */
struct conf_failback {
	uint32_t hold_ms; /* none of them so long, */
	uint32_t ramp_ms; /* then by and by for so long */
	uint32_t manual;  /* not before the operator says so */
};

struct conf_policy {
	const char *name;
	struct conf_rule *rules; /* the last one matches everything */
	size_t nrules;
	uint16_t *unlocated; /* ordered regions for nearest without a place;
				default: all in order of declaration */
	size_t nunlocated;
	struct conf_when_down when_down;
	struct conf_failback failback; /* all 0: at once */
	struct conf_mark mark;
};

struct conf_name {
	const char *text;           /* lower case, with the final dot */
	uint8_t name[DNS_NAME_MAX]; /* lower case */
	uint16_t pool, policy;
	bool staged;               /* the policy is that of a stage's step */
	uint32_t ttl_max, ttl_min; /* seconds; default 60, 10 */
	uint32_t rto_ms; /* a dead region must be left by then; 0: any time */
	struct conf_mark mark;
};

struct conf_safety {
	unsigned min_regions; /* default 1 */
	unsigned max_fill;    /* percent; default 100 */
};

#endif
