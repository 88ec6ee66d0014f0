/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands: one row of a table each; a request to a reply, without
 * sockets.  Main thread.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "ctl/control.h"
#include "ctl/event.h"
#include "http/head.h"
#include "http/param.h"
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
	enum http_method method;
	const char *owner; /* who asks */
	long pid;          /* by which process; 0: not known */
	void (*done)(struct call *call);
	void *arg;

	const struct command *command; /* NULL: no such one */
	struct http_params params;
	json_t *body;

	int status;       /* the reply: HTTP status */
	const char *type; /* of its content */
	struct text text;
	bool follow; /* in place of a text: these events, and those to come */
	struct event_filter filter;
};

/* Runs the command that path names.  query may be NULL. */
void command_run(struct call *call, const char *path, const char *query,
    const void *body, size_t len);

/* Frees what command_run() put into it. */
void call_fini(struct call *call);

/* "/v1/status" of the i-th row, or NULL: for the test of the manual. */
const char *command_path(size_t i);

#endif
