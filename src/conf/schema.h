/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of the configuration: one row each, and the walk that reads a map
 * by them.  A key's kind (one of conf/value.h) decides its type, never its
 * content.  Any one thread.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdint.h>

#include "conf/section.h"
#include "conf/yaml.h"

/* What reading needs: where the result goes, and what is wrong with it. */
struct schema_reader {
	struct conf *conf; /* and its arena */
	struct diag *d;
	bool files; /* other files may be looked at */
};

struct schema_key;

/* Reads node into field; false: reported. */
typedef bool schema_kind(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field);

struct schema_key {
	enum schema_map map;
	const char *name;
	schema_kind *kind;
	size_t offset; /* of the field in the map's object */
	size_t size;   /* of the field, or of one element of a list */
	size_t count;  /* list: offset of the number of elements */
	bool list;     /* one alone need not be in brackets */
	bool required;
	int64_t min, max;         /* of the value, or of each of the list's */
	size_t nmin, nmax;        /* elements of a list */
	const char *fallback;     /* YAML; NULL: none, or made elsewhere */
	unsigned of;              /* which schema_map or schema_section */
	const char *const *words; /* ended by NULL */
};

/* All keys, those of one map together. */
const struct schema_key *schema_keys(size_t *n);

/* "monitors.NAME.expect": how the manual heads the keys of a map. */
const char *schema_title(enum schema_map map);

/* Keys of the top level that say nothing: they hold what aliases repeat. */
#define SCHEMA_ASIDE "x-"
bool schema_is_aside(const char *key);

/* Reads all keys of a map into object; unknown ones, missing ones and what
 * check.h says of the object are reported. */
bool schema_read(struct schema_reader *r, enum schema_map map,
    const struct yaml_node *node, void *object);

bool schema_read_key(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *object);

/* All that the keys of a map have set in the object, in the reader's arena:
 * equal for equal objects, however they are written.  without: keys of the map
 * that are left out, ended by NULL; NULL: none. */
const char *schema_text(struct schema_reader *r, enum schema_map map,
    const void *object, const char *const *without);

/* What one is called ("region"), how many there are, and the name of one. */
const char *schema_noun(enum schema_section s);
size_t schema_count(const struct conf *c, enum schema_section s);
const char *schema_name(const struct conf *c, enum schema_section s, size_t i);
/* The index of an object, or CONF_NONE. */
uint16_t schema_find(
    const struct conf *c, enum schema_section s, const char *name);

/* Is a key a word that objects may be called by?  Else it is reported. */
bool schema_check_word(struct schema_reader *r, const struct yaml_node *node);

/* Kinds that are maps themselves. */
schema_kind schema_read_map;     /* .of: a schema_map; absent: all defaults */
schema_kind schema_read_section; /* .of: a schema_section */

#endif
