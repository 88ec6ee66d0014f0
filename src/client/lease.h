/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl's verbs for drains and force-ups; each returns the exit code.
 * One thread.
 */
#ifndef CLIENT_LEASE_H
#define CLIENT_LEASE_H

#include "client/request.h"

int lease_drain(const struct arguments *a);
int lease_undrain(const struct arguments *a);
int lease_drains(const struct arguments *a);
int lease_force_up(const struct arguments *a);
int lease_thaw(const struct arguments *a);

#endif
