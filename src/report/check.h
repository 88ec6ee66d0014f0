/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to be said of a configuration: its errors and warnings, and how long
 * a cut-over may take.  Any one thread; the caller owns the JSON.
 */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include <jansson.h>

#include "conf/diag.h"
#include "conf/stage.h"
#include "snapshot/snapshot.h"

/* Builds all of path, with a step in force (NULL: as the state says), and
 * throws it away: {"file", "ok", "errors", "warnings",
 * "text", "diagnostics": [{"level", "file", "line", "column", "message"}],
 * "names":
 * [{"name", "cutover_s", "rto_s"}], "frozen_s", "tests"}; frozen_s is how much
 * longer it may take while health is frozen, null: it never is; tests as
 * tests_run() has them. */
json_t *check_report(const char *path, const struct stage_want *want);

/* The same of what has been built; conf is NULL when it failed. */
json_t *check_result(const char *path, const struct conf *conf,
    const struct diag *d, json_t *tests);

/* ["file:line:column: message"] of the warnings. */
json_t *check_warnings(const struct diag *d);

/* Adds a warning for each zone whose records have changed from one snapshot
 * (NULL: none) to the next, but not its serial. */
void check_serials(const struct snapshot *before, const struct snapshot *now,
    json_t *warnings);

#endif
