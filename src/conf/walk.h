/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over a map by the schema's rows, which fills an object.  What is
 * declared here is for schema.c, walk.c and report/jsonschema; others use
 * conf/schema.h.
 */
#ifndef CONF_WALK_H
#define CONF_WALK_H

#include "conf/schema.h"

/* How a map is called, where an object of it keeps its mark, and who looks at
 * it next. */
struct walk_map {
	const char *title, *what;
	size_t mark; /* 0: none */
	void (*check)(struct schema_reader *r, const struct yaml_node *node,
	    void *object);
};

/* Where struct conf keeps the objects of a section. */
struct walk_section {
	const char *noun;
	enum schema_map map; /* of nets: none */
	size_t size, objects, count, name;
};

extern const struct walk_map walk_maps[SCHEMA_MAPS];
extern const struct walk_section walk_sections[SECTION_COUNT];

/* A field, the counter of a list, a pointer: by its offset in the object. */
void *walk_at(const void *object, size_t offset);
size_t walk_count(const void *object, size_t offset);
void *walk_pointer(const void *object, size_t offset);

enum { WALK_OBJECTS_MAX = CONF_NONE - 1 }; /* indices are 16 bits */

#endif
