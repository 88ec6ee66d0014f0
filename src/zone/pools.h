/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records that pools answer with, from text to data.  Load time; any one
 * thread.
 */
#ifndef ZONE_POOLS_H
#define ZONE_POOLS_H

#include "conf/diag.h"

/* Reads the records of all pools; relative names are those below the root.
 * What is wrong with one, and two that are equal in a region, go to d: false.
 */
bool pools_read(struct conf *c, struct diag *d);

#endif
