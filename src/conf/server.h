/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the daemon itself serves, as declared.  Part of struct conf: see
 * conf/conf.h.
 */
#ifndef CONF_SERVER_H
#define CONF_SERVER_H

#include "base/net.h"
#include "dns/cookie.h"

enum conf_limit_mode { CONF_LIMIT_ENFORCE, CONF_LIMIT_OBSERVE };

/* Replies over UDP to one prefix (serve/limit). */
struct conf_limit {
	unsigned per_second; /* of one kind; 0: no limit */
	unsigned slip;       /* every n-th beyond it goes with TC; 0: none */
	unsigned ipv4_prefix, ipv6_prefix; /* lengths */
	struct prefix *allow;              /* never limited */
	size_t nallow;
	enum conf_limit_mode mode;
};

struct conf_cookies {
	struct cookie_secret *secrets; /* the first one makes; none: our own */
	size_t nsecrets;
	uint16_t require;     /* 1: BADCOOKIE to who has a bad one */
	uint32_t max_without; /* octets over UDP to who has no good one */
};

struct conf_tcp {
	unsigned connections; /* in all */
	unsigned per_client;  /* from one address, or one IPv6 /64 */
	uint32_t idle_ms;
};

struct conf_server {
	struct endpoint *listen;
	size_t nlisten;
	unsigned workers;
	uint32_t coalesce_us; /* that UDP queries may wait for others */
	const char *state;    /* paths are resolved, from the file's folder */
	const char *control;
	const char *control_read; /* NULL: none */
	struct endpoint http;     /* addr.family 0: off */
	const char **http_names;  /* it is called by these, too */
	size_t nhttp_names;
	const char *nsid, *version; /* NULL: none */
	bool ecs_any;
	struct prefix *ecs_from; /* resolvers whose ECS is believed */
	size_t necs_from;
	struct conf_limit rate_limit;
	struct conf_cookies cookies;
	struct conf_tcp tcp;
	uint32_t watchdog_ms; /* 0: off */
};

#endif
