/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How full a target says it is: a number in a header, or a metric among lines
 * in the text format of Prometheus.  Pure; any thread.
 */
#ifndef PROBE_LOAD_H
#define PROBE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/watch.h"

/* header: its value, or NULL; body need not end with a NUL.  *load: 1 is full.
 * False: it is not there, or no number of at least 0. */
bool load_find(const struct conf_load *l, const char *header, const char *body,
    size_t len, double *load);

#endif
