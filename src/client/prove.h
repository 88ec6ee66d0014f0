/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl prove: a report for people and auditors.  One thread.
 */
#ifndef CLIENT_PROVE_H
#define CLIENT_PROVE_H

#include "client/request.h"

/* Returns the exit code. */
int prove_run(const struct arguments *a);

#endif
