/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 1, proven: which addresses of a client subnet count, and how far around
 * one that is so, against a scan of what is unroutable and of the nets.  Any
 * thread.
 */
#ifndef PROVE_SUBNET_H
#define PROVE_SUBNET_H

#include "prove/finding.h"
#include "snapshot/snapshot.h"

/* Returns the number of leaves that were walked. */
size_t subnet_prove(const struct snapshot *s, struct findings *findings);

#endif
