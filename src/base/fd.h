/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing descriptors.  Each one that this program opened is closed here, so
 * that a wrong close is seen at once: a descriptor that is closed twice, or
 * that was never opened but left at 0, may be somebody else's by then.  Any
 * thread.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>

/* Opens /dev/null for each of 0, 1 and 2 that is closed, so that no socket or
 * file is one of them.  At the start of main(). */
void fd_begin(void);

/*
 * Closes *fd, which becomes -1; nothing when it is -1 already.  Asserts that it
 * is open and none of 0, 1 and 2.  False, with errno: the last of what was
 * written is lost; *fd is closed all the same.
 */
bool fd_close(int *fd);

/* fd is another name of the file of source from now on, closed on exec; what it
 * was is closed, with the assertions of fd_close().  False: it is as before. */
bool fd_replace(int fd, int source);

#endif
