/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who the process is.  Before any thread starts.
 */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

bool user_find(const char *name, uid_t *uid, gid_t *gid, struct error *err);

/* For good, with the user's own group and no other. */
bool user_become(const char *name, struct error *err);

#endif
