/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users, and which one the process is; that before any thread starts.
 */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum { USER_NAME_MAX = 64 };

/* Of a user, or "uid 1234"; returns buf.  Main thread; it may have to ask over
 * the network. */
char *user_name(char buf[USER_NAME_MAX], uid_t uid);

bool user_find(const char *name, uid_t *uid, gid_t *gid, struct error *err);

/* For good, with the user's own group and no other. */
bool user_become(const char *name, struct error *err);

#endif
