/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration says by way of other files: patterns of names, zones
 * found by them, prefixes and secrets in files of their own.  Any one thread.
 */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include "conf/schema.h"

enum {
	FILES_SIZE_MAX = 64 << 20, /* octets of a file of lines */
	FILES_MATCHES_MAX = 65000, /* of one pattern */
};

/* The files that a pattern matches, as seen from the file that says it, in
 * order of name, in conf's arena; *n may be 0 (a warning). NULL: reported. */
const char **files_match(
    struct schema_reader *r, const struct yaml_node *node, size_t *n);

/* Each line that says something, without what follows a # and the space around
 * it; it may be written to.  False: reported, or the file cannot be read. */
typedef bool files_line(struct schema_reader *r, char *line,
    const struct conf_mark *mark, void *arg);
bool files_lines(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, files_line *read, void *arg);

/* The next word of a line, which goes on behind it; "": none is left. */
char *files_word(char **line);

schema_kind files_nets;    /* of conf: name to list of prefixes, or to a file */
schema_kind files_latency; /* of conf_latency: a table of what was measured */
schema_kind files_secret;  /* a cookie secret: 32 hexadecimal digits */
schema_kind files_secrets; /* of conf_cookies: a file with one a line */
schema_kind files_zones;   /* of conf: name to file, or patterns */

#endif
