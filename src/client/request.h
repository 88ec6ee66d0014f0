/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl's side of the control socket: its arguments, and one HTTP
 * request with JSON.  One thread.
 */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/exit.h"

/* None is a letter, so that getopt_long can return them. */
enum given {
	OPT_SINCE_TIME = 0x1,
	OPT_LEVEL = 0x2,
	OPT_UNSAVED = 0x40, /* '@', which is no letter */
	OPT_MAX = 0x80,
	OPT_CONFIG = 0x100,
	OPT_FROM = 0x200,
	OPT_RESOLVER = 0x400,
	OPT_DOWN = 0x800,
	OPT_DRAIN = 0x1000,
	OPT_FOR = 0x2000,
	OPT_REASON = 0x4000,
	OPT_UNTIL_CANCELLED = 0x8000,
	OPT_FORCE = 0x10000,
	OPT_FOLLOW = 0x20000,
	OPT_SINCE = 0x40000,
	OPT_JSON = 0x80000,
	OPT_SOCKET = 0x100000,
	OPT_HELP = 0x200000,
	OPT_VERSION = 0x400000,
	OPT_SHARE = 0x800000,
	OPT_OVER = 0x1000000,
	OPT_AT = 0x2000000,
	OPT_WAIT = 0x4000000,
	OPT_TIMEOUT = 0x8000000,
	OPT_END = 0x10000000,
	OPT_SIGNAL = 0x20000000,
	OPT_JUNIT = 0x40000000,
};

enum { REPEAT_MAX = 64 };

struct arguments {
	unsigned given; /* of enum given */
	const char *config, *from, *resolver, *span, *reason, *since, *socket;
	const char *share, *over, *at, *timeout, *junit, *max;
	const char *since_time, *level;
	const char *down[REPEAT_MAX], *drain[REPEAT_MAX], *signals[REPEAT_MAX];
	size_t ndown, ndrain, nsignals;
	char **words; /* after the verb */
	int nwords;
};

struct reply {
	VEC(char) text;
	long status; /* of HTTP */
	int code;    /* exit code */
	json_t *json;
};

/* "meridianctl: ..." to standard error; returns code. */
int fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same; but whole lines, as check's, stand as they are. */
int fail_text(int code, const char *text);

/*
 * Sends the request (body is taken over; NULL: GET) and reads the reply; its
 * exit code.  With --json the reply is printed as it came, without it an
 * error's sentence.  The caller calls reply_fini() in any case.
 */
int request(
    const struct arguments *a, const char *path, json_t *body, struct reply *r);
void reply_fini(struct reply *r);

/* Is there a control socket at all? */
bool request_has_socket(const struct arguments *a);

/* How an exchange with the daemon went. */
struct outcome {
	int code;     /* exit code: EXIT_DONE when the reply is whole */
	bool is_away; /* nobody listens, or it ended before the reply did */
	bool may_again;
	long status;   /* of HTTP; 0: nothing came */
	char why[512]; /* for people; "" of EXIT_DONE */
};

/* A GET whose text goes to write as it comes. */
struct outcome request_stream(const struct arguments *a, const char *path,
    curl_write_callback write, void *arg);

/* The reply is for people, and says no error. */
bool reply_shows(const struct arguments *a, const struct reply *r);

/* Appends "?key=value" or "&key=value", escaped; nothing when value is NULL. */
void request_add(char *path, size_t size, const char *key, const char *value);

#endif
