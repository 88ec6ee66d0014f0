/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The traffic of the last minutes in words that another build of snapshots
 * understands: names, orders of regions, blocks.  One thread; the caller owns
 * the JSON.
 */
#ifndef TRAFFIC_EXPORT_H
#define TRAFFIC_EXPORT_H

#include <jansson.h>

#include "traffic/traffic.h"

/* {"minutes", "cells": [[name, "eu us ap", block or null, n]]}: the regions are
 * those of the class, best first; n is of answers in those minutes. */
json_t *traffic_export(const struct traffic *t, const struct snapshot *s);

/* Into t; what s does not know is left out. False: it is no such
 * JSON. */
bool traffic_import(
    struct traffic *t, const struct snapshot *s, const json_t *json);

#endif
