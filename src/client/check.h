/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl check: for people, for tools (--json) and for a CI (--junit).
 * One thread.
 */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

#include "client/request.h"

/* Returns the exit code. */
int check_run(const struct arguments *a);

/* A report of check as JUnit XML; the caller finishes the text. */
struct text;
void check_junit(const json_t *report, struct text *t);

#endif
