/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs about what would be: whatif, diff, and geoip, where a database
 * waits to be.  One thread.
 */
#ifndef CLIENT_FORESEE_H
#define CLIENT_FORESEE_H

#include "client/request.h"

/* Exit codes. */
int foresee_whatif(const struct arguments *a);
int foresee_diff(const struct arguments *a);
int foresee_geoip(const struct arguments *a);

#endif
