/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command signal: what somebody says to a monitor of type external.  In
 * the state folder before it is believed.  Main thread.
 */
#ifndef CTL_SIGNAL_H
#define CTL_SIGNAL_H

#include "ctl/control.h"

enum { SIGNAL_DAYS_MAX = 7 };

/* {"what": "MONITOR" or "MONITOR/ADDRESS", "value": "up" or "down", "for_s"};
 * the reply. */
json_t *signal_set(struct control *c, const json_t *body, const char *owner);

/* Those that were saved and still hold. */
bool signal_load(struct control *c, struct error *err);

#endif
