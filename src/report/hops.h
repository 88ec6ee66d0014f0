/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names that an answer is about: the one asked for, and where aliases lead
 * from it; and the steps of an answer that nothing steers.  Pure; any thread.
 */
#ifndef REPORT_HOPS_H
#define REPORT_HOPS_H

#include <jansson.h>

#include "report/message.h"
#include "snapshot/snapshot.h"
#include "zone/find.h"

struct hop {
	uint8_t name[DNS_NAME_MAX]; /* lower case */
	struct found found;
	bool by_wildcard;
	bool transfer; /* is what is asked for */
};

struct hops {
	struct hop all[MESSAGE_CHAIN_MAX];
	size_t n;
	const struct hop *last; /* that is ours; the first that is steered */
	bool ends_early;        /* the answer stops before it (RFC 7871 7.2.1):
				   what is decided for a prefix follows no alias */
};

/* Of an answer, for the type asked for. */
void hops_find(struct hops *h, const struct snapshot *s,
    const struct message *m, uint16_t type);

/* [{"name", "found", "wildcard", "zone", "file", "steered"}] */
json_t *hops_report(const struct hops *h, const struct snapshot *s);

/* "alias.example.com.: an alias of the zone file (zone ...); then ..." */
json_t *hops_text(const struct hops *h, const struct snapshot *s);

/* Steps 2 to 10, when the last hop is not steered. */
void hops_tell(const struct hops *h, const struct snapshot *s, json_t *steps);

#endif
