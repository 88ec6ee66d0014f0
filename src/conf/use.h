/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What objects make of each other: names that stand twice, what a name makes
 * of its policy and pool, what nothing uses.  Any one thread.
 */
#ifndef CONF_USE_H
#define CONF_USE_H

#include "conf/diag.h"

/* Tolerates what was reported already. */
void use_check(const struct conf *c, struct diag *d);

#endif
