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

/* The header by which root says on whose behalf it asks. */
#define USER_BEHALF "Meridian-Sudo-User"

/* Of a user, or "uid 1234"; returns buf.  Main thread; it may have to ask over
 * the network. */
char *user_name(char buf[USER_NAME_MAX], uid_t uid);

/* It has the form of a user's name (POSIX 3.437, or a $ at its end). */
bool user_is_name(const char *name);

/* Appends to the name in buf on whose behalf root acts, as sudo(8) says:
 * "alice (root)".  Nothing where claimed is NULL, root, or no name of a user.
 */
void user_behalf(char buf[USER_NAME_MAX], const char *claimed);

bool user_find(const char *name, uid_t *uid, gid_t *gid, struct error *err);

/* For good, with the user's own group and no other. */
bool user_become(const char *name, struct error *err);

/* What the process does from now on. */
enum user_work {
	USER_SERVES,       /* as the daemon, with its sockets open */
	USER_RUNS_COMMANDS /* as the helper */
};

/*
 * Gives up for good what that work does not need.  No program that is run later
 * gains rights (PR_SET_NO_NEW_PRIVS): set-user-ID bits and file capabilities
 * are ignored.  Of the capabilities that it has, the daemon keeps
 * CAP_DAC_OVERRIDE, for files of other users that a reload reads; the helper
 * also those that commands use, CAP_NET_RAW, CAP_SETUID and CAP_SETGID.  Root
 * has no supplementary groups then.  It must be the only thread: others would
 * keep what they have.
 */
bool user_confine(enum user_work work, struct error *err);

#endif
