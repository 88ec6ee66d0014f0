/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics in the text format of Prometheus: one row of a table each.  Main
 * thread.
 */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "report/series.h"

struct status;
struct text;

/* All metrics. */
void metrics_print(const struct status *s, struct text *t);

/* The i-th name, or NULL beyond the last: for the test of the manual. */
const char *metrics_name(size_t i);

#endif
