/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A master file that is being read, and how its mistakes are said.  Load time;
 * any one thread.
 */
#ifndef ZONE_SOURCE_H
#define ZONE_SOURCE_H

#include "dns/lex.h"
#include "dns/wire.h"
#include "zone/record.h"

#define TTL_NONE UINT32_MAX

/* Reading one zone; includes share it. */
struct loader {
	struct arena *arena;   /* of owners and paths */
	struct arena *scratch; /* of data */
	const struct conf_zone *zone;
	struct zone_records *records;
	struct diag *diag;
	struct wire wire; /* the data of a record */
	uint32_t ttl;
	bool ttl_stated;      /* by $TTL; else the last record's is taken;
				 TTL_NONE before any */
	const uint8_t *owner; /* the last one stored, in the arena */
	uint8_t owner_len;
};

/* One file. */
struct source {
	struct loader *loader;
	const struct source *parent; /* that includes it */
	const char *path;
	const char *text;
	struct lex lex;
	uint8_t origin[DNS_NAME_MAX];
	bool origin_within;             /* it is in the zone */
	uint8_t previous[DNS_NAME_MAX]; /* the last stated owner, lower case, */
	bool previous_within;           /* in the zone or not */
	bool has_previous;
	const char *generated; /* the line that $GENERATE made; NULL: none */
	unsigned line;         /* where the entry begins */
	unsigned depth;
};

/* An error or a warning at a place; of a line that $GENERATE made the place is
 * the directive's, and the line is said.  Returns false. */
bool source_say_at(struct source *s, diag_fn *fn, unsigned line,
    unsigned column, const char *what);
/* The mistake that the reader keeps. Returns false. */
bool source_complain(struct source *s, const struct lex *l);
/* The mistake of a word. Returns false. */
bool source_wrong(struct source *s, struct lex *l, const struct lexeme *word,
    const char *what);
/* The mistake of a record as a whole. Returns false. */
bool source_wrong_record(struct source *s, const char *what);
void source_warn(struct source *s, const struct lexeme *word, const char *what);
/* A name in UTF-8: warns, and shows its A-labels (RFC 5890 2.3.2.1). */
void source_warn_unicode(struct source *s, const struct lexeme *word);

#endif
