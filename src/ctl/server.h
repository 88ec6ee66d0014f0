/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP: the operators' Unix socket with all commands, the readers' with those
 * that change nothing, and the TCP listener with what is public.  Each is a
 * server of its own: SO_PEERCRED succeeds on TCP sockets too.  Main thread.
 */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "ctl/command.h"

enum {
	SERVER_BODY_MAX = 64 << 10,
	SERVER_PEER_MAX = 64,      /* connections of a user, or an address */
	SERVER_FOLLOWERS_MAX = 64, /* of each socket; of a reader: half */
};

struct server;

struct server *server_new(struct control *c);

/* Could the path have a control socket?  Makes its folder, and takes a socket
 * away that is left over. */
bool server_try_control(const char *path, struct error *err);

/* The operators' (mode 0660) or the readers' (0666).  A socket that is left
 * over is replaced, a live one is not. */
bool server_open_control(
    struct server *s, enum role role, const char *path, struct error *err);

/* Port 0 gets one of the kernel's choice, written back. */
bool server_open_http(struct server *s, struct endpoint *e, struct error *err);

/* Closes all and removes the sockets. */
void server_free(struct server *s);

#endif
