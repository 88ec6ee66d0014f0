/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How targets are watched, as declared: monitors.  Part of struct conf: see
 * conf/conf.h.
 */
#ifndef CONF_WATCH_H
#define CONF_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "conf/mark.h"

enum { CONF_HTTP_PORT = 80, CONF_HTTPS_PORT = 443 };

enum conf_monitor_type {
	CONF_MONITOR_TCP,
	CONF_MONITOR_HTTP,
	CONF_MONITOR_HTTPS,
	CONF_MONITOR_DNS,
	CONF_MONITOR_EXTERNAL,
	CONF_MONITOR_EXEC,
	CONF_MONITOR_ICMP,
	CONF_MONITOR_GRPC,
	CONF_MONITOR_TYPES
};

/* As they are written; ended by NULL. */
extern const char *const conf_monitor_types[CONF_MONITOR_TYPES + 1];

/* What a monitor of type dns asks. */
struct conf_query {
	const char *name; /* lower case, with the final dot */
	uint16_t type;
	unsigned recurse; /* asks for recursion: 0 or 1 */
};

/* What changed often must stay well longer. */
struct conf_damp {
	unsigned after;     /* changes for the worse that cost nothing */
	uint32_t forget_ms; /* after each of which one is forgotten */
	uint32_t max_ms;    /* the longest that it must stay well */
};

/* How targets say how full they are. */
struct conf_load {
	const char *header, *metric; /* one of them; both NULL: they do not */
	double full;                 /* what they say then */
};

/* What a monitor of type external does with nothing fresh. */
enum conf_stale { CONF_STALE_KEEP, CONF_STALE_DOWN, CONF_STALE_IGNORE };

enum conf_method {
	CONF_METHOD_GET,
	CONF_METHOD_HEAD,
	CONF_METHOD_POST,
	CONF_METHOD_PUT,
	CONF_METHOD_OPTIONS
};

/* Of a certificate: chain, name and expiry, or nothing. */
enum conf_verify { CONF_VERIFY_ON, CONF_VERIFY_OFF };

struct conf_monitor {
	const char *name;
	enum conf_monitor_type type;
	uint16_t port;
	const char *host; /* Host header; NULL: the address */
	const char *path;
	enum conf_method method;
	const char *headers; /* lines "Name: value\n"; NULL: none */
	const char *payload; /* NULL: none */
	uint16_t *statuses;  /* expected, one of these */
	size_t nstatuses;
	const char *body;    /* expected substring; NULL: any */
	uint32_t body_max;   /* octets */
	unsigned reconnect;  /* every n-th probe has its own connection */
	const char *service; /* grpc; NULL: the server as a whole */
	unsigned tls;        /* grpc: 0 or 1 */
	const char *sni;     /* the certificate's name; NULL: that of host */
	enum conf_verify verify;
	const char *ca;     /* a file of certificates; NULL: the system's */
	const char *ca_pem; /* what is in it */
	struct conf_query query;
	uint16_t rcode;       /* expected */
	const char **records; /* of the query's type: all must be there */
	size_t nrecords;
	const char **command; /* exec: the program's path, arguments */
	size_t ncommand;
	const char *file;  /* external: resolved; NULL: signals alone */
	uint32_t fresh_ms; /* the age up to which the file is believed */
	enum conf_stale on_stale;
	uint32_t interval_ms, timeout_ms;
	uint32_t slow_ms; /* an answer that takes longer degrades; 0: none */
	unsigned fall, rise, clear;
	struct conf_damp damp;
	struct conf_load load;
	unsigned observe; /* decides nothing: 0 or 1 */
	const char *text; /* all of this; equal for equal monitors */
	/* What a target is asked and what it must answer: equal for monitors
	 * that differ in nothing but how often and how long they ask, and what
	 * is made of the results. */
	const char *question;
	struct conf_mark mark;
};

#endif
