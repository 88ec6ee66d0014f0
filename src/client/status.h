/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reply to GET /v1/status as tables and sentences for people, on standard
 * output.  One thread.
 */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

#include <jansson.h>

void status_show(const json_t *status);

#endif
