/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What objects make of each other: names that stand twice, what a name makes
 * of its policy and pool, what nothing uses.  Any one thread.
 */
#ifndef CONF_USE_H
#define CONF_USE_H

#include "conf/conf.h"
#include "conf/diag.h"

/* Tolerates what was reported already. */
void use_check(const struct conf *c, struct diag *d);

/*
 * Seconds within which a resolver that honours TTLs has left a dead region:
 * fall x interval + timeout + 1 s + max(interval, ttl min), for the slowest
 * of the pool's monitors, rounded up.  Below 0: nothing monitors it.
 */
int64_t use_cutover_s(const struct conf *conf, const struct conf_name *name);

/* How all who tell it do: with the name and the seconds as long long. */
#define USE_CUTOVER "%s leaves a dead region within %lld s"

#endif
