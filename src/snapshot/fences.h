/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What fences need beyond the regions of their own rules: that no alias leads
 * out of them, and that no client subnet has clients of two.
 *
 * Aliases are CNAMEs and DNAMEs, and the targets of HTTPS, SVCB, MX and SRV
 * records.  They are followed through the zones and names of the
 * configuration, for the clients of each fenced rule, by the places that geo's
 * leaves have, which are made where they are not.  One thread.
 */
#ifndef SNAPSHOT_FENCES_H
#define SNAPSHOT_FENCES_H

#include "snapshot/snapshot.h"

enum fences_lead {
	FENCES_OUTSIDE, /* to a region outside the fence */
	FENCES_UNKNOWN  /* to what has no region: addresses of a zone file, or
			   names that are not of the configuration */
};

/* mark: where the alias is declared. */
typedef void fences_tell(enum fences_lead lead, uint16_t name,
    const struct conf_mark *mark, const char *text, void *arg);

/* Where the aliases lead that clients of fenced rules may get, each once a
 * kind; policies: of each of conf's names, as it would be. */
void fences_follow(const struct snapshot *s, const uint16_t *policies,
    fences_tell *tell, void *arg);

/* The policies that are in force; the caller frees them. */
uint16_t *fences_policies(const struct conf *conf);

/* Errors and warnings of both; false: there were errors. */
bool fences_check(const struct snapshot *s, struct diag *d);

#endif
