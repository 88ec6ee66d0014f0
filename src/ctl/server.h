/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP: the control socket, with all commands, and the TCP listener, with
 * those that change nothing.  Two separate servers: SO_PEERCRED succeeds on
 * TCP sockets too.  Main thread.
 */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "ctl/control.h"

enum {
	SERVER_BODY_MAX = 1 << 20,
	SERVER_HEAD_MAX = 16 << 10,
	SERVER_TCP_IDLE_S = 10,
	SERVER_CONNECTIONS_MAX = 128, /* of each; others wait */
	SERVER_FOLLOWERS_MAX = 64,
	SERVER_PENDING_MAX = 1 << 20, /* unread events that end a follower */
};

struct server;

struct server *server_new(struct control *c);

/* Mode 0660. A socket that is left over is replaced, a live one is not. */
bool server_open_control(struct server *s, const char *path, struct error *err);

/* Port 0 gets one of the kernel's choice, written back. */
bool server_open_http(struct server *s, struct endpoint *e, struct error *err);

/* Closes all and removes the socket. */
void server_free(struct server *s);

#endif
