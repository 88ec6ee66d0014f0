/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs of stages.  Each returns the program's exit code.  One thread.
 */
#ifndef CLIENT_STAGE_H
#define CLIENT_STAGE_H

#include "client/request.h"

int stage_list(const struct arguments *a);
int stage_promote(const struct arguments *a);
int stage_rollback(const struct arguments *a);

#endif
