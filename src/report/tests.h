/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tests in a configuration: each asks explain, of a snapshot that is not
 * in service, in which all targets are up but for what the test assumes.  Any
 * one thread.
 */
#ifndef REPORT_TESTS_H
#define REPORT_TESTS_H

#include <jansson.h>

#include "conf/diag.h"
#include "conf/stage.h"
#include "snapshot/snapshot.h"

/*
 * False: some failed; each is an error of d, with the explanation.  Adds to
 * results (NULL: nowhere) {"name", "type", "from", "file", "line", "ok",
 * "message", "explanation"} of each; the last two are null when it passed.
 */
bool tests_run(const struct snapshot *s, struct diag *d, json_t *results);

/* snapshot_build_swapped(), and its tests; NULL: d says why. */
struct build_swap;
struct snapshot *tests_build(const char *path, const struct stage_state *stages,
    const struct build_swap *swap, struct diag *d, json_t *results);

#endif
