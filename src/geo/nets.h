/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's nets, asked directly: sorted prefixes, each with the one
 * around it, so that a question costs little however many there are.  Not what
 * policies are compiled from.  Immutable once built; any thread; nets_free().
 */
#ifndef GEO_NETS_H
#define GEO_NETS_H

#include "conf/conf.h"

struct nets;

struct nets *nets_new(const struct conf *conf);
void nets_free(struct nets *n);

struct nets_found {
	uint64_t nets;         /* bit i: in conf.nets[i] */
	unsigned depth;        /* of the prefix around the address in which
				  every one is in just these */
	uint16_t net;          /* of the longest prefix that covers, the last
				  declared; CONF_NONE: none */
	struct prefix longest; /* that */
};

void nets_find(
    const struct nets *n, const struct addr *a, struct nets_found *f);

#endif
