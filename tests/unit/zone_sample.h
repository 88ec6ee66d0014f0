/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zones made of text, in a folder of their own, with steered names: for the
 * tests of zone/.  What it finds comes back as text, read by ldns.
 */
#ifndef ZONE_SAMPLE_H
#define ZONE_SAMPLE_H

#include "zone/find.h"

enum {
	ZONE_SAMPLE_ZONES = 8,
	ZONE_SAMPLE_NAMES = 8,
	ZONE_SAMPLE_TEXT = 65536,
};

/* Pools that names may be steered by. */
enum zone_sample_pool { POOL_IPV4, POOL_BOTH, POOL_CNAME, POOL_COUNT };

struct zone_sample {
	char folder[64];
	struct arena *arena;
	struct diag diag;
	struct conf conf;
	struct conf_zone zone[ZONE_SAMPLE_ZONES];
	struct conf_name name[ZONE_SAMPLE_NAMES];
	struct conf_pool pool[POOL_COUNT];
	struct zones *zones;
	struct found found; /* by the last zone_sample_ask() */
	char text[ZONE_SAMPLE_TEXT];
};

void zone_sample_open(struct zone_sample *s);
void zone_sample_close(struct zone_sample *s);

/* Writes a file of the folder; its path. */
const char *zone_sample_file(
    struct zone_sample *s, const char *file, const char *text);

/* Adds a zone of this text; the file has the origin's name. */
void zone_sample_zone(
    struct zone_sample *s, const char *origin, const char *text);
void zone_sample_steer(
    struct zone_sample *s, const char *name, enum zone_sample_pool pool);
bool zone_sample_build(struct zone_sample *s);

/* The errors and warnings, without the folder's name. */
const char *zone_sample_diag(struct zone_sample *s);

/*
 * What there is for a name: one line with the kind, the zone's origin and the
 * steered name, then a line per record: "an|ns|ar owner ttl type rdata".
 */
const char *zone_sample_ask(
    struct zone_sample *s, const char *name, const char *type);

/* The records of a body alone. */
const char *zone_sample_body(
    struct zone_sample *s, const struct body *b, const uint8_t *owner);

#endif
