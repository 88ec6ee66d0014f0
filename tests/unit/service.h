/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A daemon's control in a folder of its own, without sockets, threads and
 * probes: for the tests and fuzz targets of report/ and ctl/.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "ctl/command.h"
#include "ctl/control.h"

enum { SERVICE_PATH_MAX = 128 };

struct service {
	char folder[SERVICE_PATH_MAX];
	char conf[SERVICE_PATH_MAX];
	struct event_base *base;
	struct control *control;
};

/* Aborts when it cannot. */
void service_open(struct service *s);
/* As after kill -9: nothing is saved that was not. */
void service_restart(struct service *s);
void service_close(struct service *s);

/* Writes a file of the folder. */
void service_write(const struct service *s, const char *name, const char *text);

/* The health of the watch at an address, and a look at the pools. */
void service_health(
    struct service *s, const char *address, enum health_state state);

/* Until all is saved that was asked for. */
void service_settle(struct service *s);

/* The live word of a pool. */
uint64_t service_live(const struct service *s, const char *pool);

/* n answers with a region of a pool, of a TTL. */
void service_answers(struct service *s, const char *pool, size_t region,
    uint64_t n, uint32_t ttl);

/* n answers of the i-th name, www, cdn or draw, to a client, as workers sample
 * them. */
void service_traffic(
    struct service *s, size_t name, const char *client, unsigned n);
/* Asked for records of a family. */
void service_traffic_of(struct service *s, size_t name, const char *client,
    unsigned n, enum pool_family family);

/* One command, its JSON reply (NULL when it is none) and status; waits for
 * what comes later. */
json_t *service_call(struct service *s, enum http_method method,
    const char *path, const char *query, const char *body, int *status);

#endif
