/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a proof finds: what is wrong with each of its claims.  One thread at a
 * time; whoever fills it calls findings_fini().
 */
#ifndef PROVE_FINDING_H
#define PROVE_FINDING_H

#include "base/arena.h"
#include "conf/mark.h"

enum claim {
	CLAIM_CLIENTS, /* whose address counts, and how far around it */
	CLAIM_SCOPES,  /* every client gets what the oracle says, and the
			  scope is the shortest that is right */
	CLAIM_FENCES,
	CLAIM_SUBNETS, /* none holds clients of two fences */
	CLAIM_NAMES,   /* each is answered, to every client */
	CLAIM_RULES,   /* each is the first that matches of some address */
	CLAIM_COUNT
};

struct finding {
	enum claim claim;
	struct conf_mark mark; /* file NULL: nowhere */
	char *text;
};

struct findings {
	VEC(struct finding) all; /* the first FINDINGS_MAX of each claim */
	size_t count[CLAIM_COUNT];
};

enum { FINDINGS_MAX = 50 };

void findings_add(struct findings *f, enum claim claim,
    const struct conf_mark *mark, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void findings_fini(struct findings *f);

#endif
