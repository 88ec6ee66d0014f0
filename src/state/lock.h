/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock of the state folder: two daemons on one folder would each undo what
 * the other has acknowledged.  Main thread.
 */
#ifndef STATE_LOCK_H
#define STATE_LOCK_H

#include "base/error.h"

/*
 * Opens the folder, which is made where it is missing, and locks it, whatever
 * path leads to it.  Nothing is written: a read-only folder can be locked too.
 * The lock ends when the descriptor is closed, by exec(2) and kill -9 as well.
 * Returns the descriptor; -1: another process holds the lock, as err says with
 * its number, or the folder cannot be opened.  A file system without locks is a
 * warning in the log.
 */
int state_lock(const char *folder, struct error *err);

#endif
