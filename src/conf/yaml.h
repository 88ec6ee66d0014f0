/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * YAML text to a tree of nodes that know where they stand.
 *
 * Strict: one document; no tags, merge keys, duplicate keys or anchors;
 * depth, size and number of nodes are bounded.  An alias is a copy of what its
 * anchor marks, with marks that say where both stand.  The tree lives in the
 * caller's arena.  Any one thread.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "conf/diag.h"

enum {
	YAML_SIZE_MAX = 16 << 20, /* octets of a file */
	YAML_NODES_MAX = 1000000, /* of a file */
	YAML_ANCHORS_MAX = 1000,  /* of a file */
	YAML_DEPTH_MAX = 16,
};

enum yaml_kind {
	NODE_BAD, /* reported already: says nothing */
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
};

struct yaml_pair {
	struct yaml_node *key; /* a scalar */
	struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	struct conf_mark mark;
	const char *text;         /* of a scalar */
	bool empty;               /* a scalar that is not there at all */
	struct yaml_node **items; /* of a list */
	struct yaml_pair *pairs;  /* of a map, as they stand */
	size_t n;
};

/* NULL when the text is no YAML or is beyond a bound; what is merely
 * forbidden is reported, and the rest read.  The text is UTF-8 behind a byte
 * order mark (input/input).  file must outlive the tree. */
struct yaml_node *yaml_read(struct arena *a, const char *file, const char *text,
    size_t len, struct diag *d);

/* The value of a key of a map, or NULL. */
struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

/* Reports each key that stands twice, and takes the later ones out. */
void yaml_keep_unique(struct yaml_node *map, struct diag *d);

#endif
