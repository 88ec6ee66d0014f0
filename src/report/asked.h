/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What explain is asked, from words.  Any one thread.
 */
#ifndef REPORT_ASKED_H
#define REPORT_ASKED_H

#include <jansson.h>

#include "dns/edns.h"
#include "report/view.h"

struct explain_query {
	const char *name;
	const char *type;        /* NULL: A */
	const char *from;        /* an address, a prefix, or a geo code */
	const char *resolver;    /* NULL: the client itself */
	const char *const *down; /* regions assumed so */
	size_t ndown;
	const char *const *drain;
	size_t ndrain;
	const char *const *signals; /* "MONITOR[/ADDRESS]=up" */
	size_t nsignals;
};

struct asked {
	uint8_t name[DNS_NAME_MAX];
	uint16_t type;
	bool by_place;
	struct conf_geo geo;
	struct ecs ecs; /* present: the client's address comes by it */
	struct addr resolver;
	struct view_assume assume;
	bool *down, *drained; /* assume's */
	struct view_signal *signals;
};

/* NULL, or what is wrong: {"error", "exit"}.  asked_fini() in any case. */
json_t *asked_read(
    struct asked *a, const struct conf *conf, const struct explain_query *q);
void asked_fini(struct asked *a);

#endif
