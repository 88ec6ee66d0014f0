/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small configuration with its zone, in a folder of its own, and queries to
 * ask of it: for the tests, fuzz targets and benches of the query path.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "base/net.h"

enum { SAMPLE_PATH_MAX = 128, SAMPLE_QUERY_MAX = 400 };

struct sample {
	char folder[SAMPLE_PATH_MAX];
	char conf[SAMPLE_PATH_MAX]; /* meridian.yaml in it */
};

/* Aborts when it cannot write. */
void sample_open(struct sample *s);
/* Writes the configuration anew, with more at its end (NULL: nothing). */
void sample_configure(const struct sample *s, const char *more);
/* The same with the first occurrence of old replaced. */
void sample_replace(const struct sample *s, const char *old, const char *new);
void sample_close(const struct sample *s);

struct sample_query {
	const char *name;
	uint16_t type;
	uint16_t class; /* 0: IN */
	uint16_t flags;
	bool edns, nsid, dnssec_ok;
	uint8_t version;
	uint16_t udp_size;
	const char *ecs;    /* "192.0.2.0/24"; NULL: none */
	const char *cookie; /* hexadecimal; NULL: none */
	bool keepalive;
};

size_t sample_packet(
    uint8_t packet[SAMPLE_QUERY_MAX], const struct sample_query *q);

#endif
