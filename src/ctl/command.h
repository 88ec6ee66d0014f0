/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands: one row of a table each; a request to a reply, without
 * sockets.  Main thread.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "ctl/control.h"
#include "report/text.h"

struct command;

/* What one may do, by the socket that he comes by. */
enum role {
	ROLE_OPERATOR, /* all */
	ROLE_READER,   /* what changes nothing */
	ROLE_PUBLIC,   /* metrics and status */
	ROLE_COUNT
};

/* One request, by whoever allocates it; done is called once, at once or later,
 * when the reply is there. */
struct call {
	struct control *control;
	enum role role;
	enum evhttp_cmd_type method;
	const char *owner; /* who asks */
	long pid;          /* by which process; 0: not known */
	void (*done)(struct call *call);
	void *arg;

	const struct command *command; /* NULL: no such one */
	struct evkeyvalq params;
	json_t *body;

	int status;       /* the reply: HTTP status */
	const char *type; /* of its content */
	struct text text;
	bool follow; /* events from now on belong to it as well */
};

/* Runs the command that path names.  query may be NULL. */
void command_run(struct call *call, const char *path, const char *query,
    const void *body, size_t len);

/* Frees what command_run() put into it. */
void call_fini(struct call *call);

/* "/v1/status" of the i-th row, or NULL: for the test of the manual. */
const char *command_path(size_t i);

#endif
