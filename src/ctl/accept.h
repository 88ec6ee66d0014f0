/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What evhttp's listeners lack: a limit of connections, beyond which others
 * wait, and a pause when no file descriptors are left.  Main thread.
 */
#ifndef CTL_ACCEPT_H
#define CTL_ACCEPT_H

#include <event2/http.h>
#include <stdbool.h>

struct acceptor;

/* Lets http accept from fd, a listening socket, at most that many connections
 * at once; those of operators may have the last descriptors.  NULL: it cannot,
 * and fd stays the caller's. */
struct acceptor *accept_begin(struct event_base *base, struct evhttp *http,
    int fd, unsigned most, bool operators, const char *what);

/* Frees http, which closes the socket, and then the acceptor. NULL: nothing. */
void accept_end(struct acceptor *a);

#endif
