/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the names that a zone's records point to hold what is looked for there?
 * One thread, at load.
 */
#ifndef ZONE_VERIFY_H
#define ZONE_VERIFY_H

#include "zone/compile.h"

/*
 * NS, MX and SRV whose target lies in the same zone and has no address or is
 * an alias: an error for the apex's NS, otherwise a warning, as
 * named-checkzone(1) has it.  A warning for a zone that is signed.
 */
void zone_verify(const struct zones *z, uint16_t zone,
    const struct zone_records *records, struct diag *d);

/* A zone without SOA or NS at its apex: an error for each that is missing. */
void zone_verify_apex(
    const struct conf_zone *zone, bool soa, bool ns, struct diag *d);

/* Reports a name further from its slot than any is by chance (zone/node). */
void zone_verify_crowd(
    const struct conf *conf, const uint8_t *name, struct diag *d);

/* The aliases that steered names answer with: an error for one that leads back
 * to its name, a warning for one to a name that a zone here has not. */
void zone_verify_steered(const struct zones *z, struct diag *d);

/* Reports a steered name that no zone has, with the one that was meant: "www"
 * without its zone, "www.shop.exmaple" near to one. */
void zone_verify_outside(
    const struct conf *conf, const struct conf_name *name, struct diag *d);

#endif
