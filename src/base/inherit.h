/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets that an earlier image of this process left to this one (execve(2)
 * keeps descriptors), so that no query is lost and no address is bound anew.
 * What kind each is and where it is bound is asked of the socket itself. Before
 * threads start.
 */
#ifndef BASE_INHERIT_H
#define BASE_INHERIT_H

#include <sys/socket.h>

#include <stddef.h>

enum { INHERIT_MAX = 1024 };

/* Takes charge of descriptors, each closed on exec again; what is no bound
 * socket is none of them. */
void inherit_begin(const int *fds, size_t n);

/* One that is bound there: an Internet address (port 0: any port) or a path.
 * -1: there is none. */
int inherit_take(int type, const struct sockaddr *sa, socklen_t len);

/* One of a protocol (ICMP), of either type; its type goes to *type. */
int inherit_take_protocol(int domain, int protocol, int *type);

/* Closes what nobody took, and removes the paths. */
void inherit_end(void);

/* Those of this process that a later image can go on with: bound, with no peer.
 * Returns how many. */
size_t inherit_find(int fds[INHERIT_MAX]);

#endif
