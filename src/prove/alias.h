/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aliases of fenced names, proven: none leads clients out of their fence, with
 * the policies in force and with those of each step of a stage.  One thread;
 * geo's leaves may be made.
 */
#ifndef PROVE_ALIAS_H
#define PROVE_ALIAS_H

#include <jansson.h>

#include "prove/finding.h"
#include "snapshot/snapshot.h"

/* The aliases that lead to what cannot be proven: [{"name", "pool", "file",
 * "line", "text"}]. */
json_t *alias_prove(const struct snapshot *s, struct findings *findings);

#endif
