/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl events: those that are kept, and with --follow those to come,
 * across restarts of the daemon.  One thread.
 */
#ifndef CLIENT_FOLLOW_H
#define CLIENT_FOLLOW_H

#include "client/request.h"

/* The exit code. */
int follow_events(const struct arguments *a);

#endif
