/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/field.h"

#include <string.h>

/* As the MaxMind DB file format 2.0 numbers them. */
enum type {
	TYPE_POINTER = 1,
	TYPE_STRING = 2,
	TYPE_UINT32 = 6,
	TYPE_MAP = 7,
	TYPE_ARRAY = 11,
	TYPE_BOOLEAN = 14
};

enum {
	META_MAX = 128 * 1024, /* with its mark, as the library looks */
	NODE_OCTETS_MIN = 6,
	DEPTH_MAX = 32,     /* of a field; pointers count */
	FIELDS_MAX = 65536, /* of a record, or of the metadata, unfolded */
};

static const char meta_mark[FIELD_META_MARK + 1] = "\xab\xcd\xefMaxMind.com";

struct cursor {
	const uint8_t *begin, *at, *end; /* pointers count from begin */
	unsigned fields;                 /* that may follow */
	bool bad;
};

static inline const uint8_t *
take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	c->bad = c->bad || n > (size_t)(c->end - at);
	if (c->bad)
		return NULL;
	c->at += n;
	return at;
}

static inline uint32_t
take_number(struct cursor *c, size_t octets)
{
	const uint8_t *at = take(c, octets);
	uint32_t v = 0;

	for (size_t i = 0; at != NULL && i < octets; i++)
		v = v << 8 | at[i];
	return v;
}

/* Where a pointer leads; what of it stood in its control octet. */
static uint32_t
take_pointer(struct cursor *c, uint32_t control)
{
	static const uint32_t from[] = {0, 2048, 526336, 0};
	unsigned octets = control >> 3 & 3;
	uint32_t high = octets < 3 ? (control & 7) << 8 * (octets + 1) : 0;

	return high + take_number(c, octets + 1) + from[octets];
}

/* The type of the next field, and its size, or where the pointer leads. */
static unsigned
take_control(struct cursor *c, uint32_t *size)
{
	static const uint32_t from[] = {29, 285, 65821};
	uint32_t control = take_number(c, 1), type = control >> 5;

	if (type == 0)
		type = 7 + take_number(c, 1);
	*size = control & 31;
	if (type == TYPE_POINTER) {
		*size = take_pointer(c, control);
	} else if (*size >= 29) {
		*size = from[*size - 29] + take_number(c, *size - 28);
	}
	return type;
}

static void skip(struct cursor *c, unsigned depth);

static void
follow(struct cursor *c, uint32_t offset, unsigned depth)
{
	const uint8_t *at = c->at;

	c->bad = c->bad || offset >= (size_t)(c->end - c->begin);
	if (c->bad)
		return;
	c->at = c->begin + offset;
	skip(c, depth);
	c->at = at;
}

static void
skip(struct cursor *c, unsigned depth)
{
	uint32_t size;
	unsigned type = take_control(c, &size);

	c->bad = c->bad || depth == 0 || c->fields == 0;
	if (c->bad)
		return;
	c->fields--;
	if (type == TYPE_POINTER)
		follow(c, size, depth - 1);
	else if (type == TYPE_MAP || type == TYPE_ARRAY)
		for (size_t n = type == TYPE_MAP ? 2ul * size : size;
		     n > 0 && !c->bad; n--)
			skip(c, depth - 1);
	else if (type != TYPE_BOOLEAN)
		take(c, size);
}

/* The type and size of the next field, or of what it points to. */
static unsigned
take_pointed(struct cursor *c, uint32_t *size)
{
	unsigned type = take_control(c, size);

	if (type != TYPE_POINTER)
		return type;
	c->bad = c->bad || *size >= (size_t)(c->end - c->begin);
	c->at = c->bad ? c->at : c->begin + *size;
	return take_control(c, size);
}

/* A list or a map of strings alone comes next. */
static bool
are_strings(struct cursor c)
{
	uint32_t size;
	unsigned type = take_pointed(&c, &size);
	uint64_t left = type == TYPE_MAP ? 2ull * size : size;

	if (type != TYPE_MAP && type != TYPE_ARRAY)
		return false;
	for (; left > 0 && !c.bad; left--) {
		struct cursor at = c;

		if (take_pointed(&at, &size) != TYPE_STRING)
			return false;
		skip(&c, DEPTH_MAX);
	}
	return !c.bad;
}

static bool
is_key(const uint8_t *key, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(key, name, len) == 0;
}

/* No node_count is more than that many, and texts are texts. */
static bool
metadata_fits(struct cursor *c, size_t max)
{
	uint32_t pairs, size;

	if (take_control(c, &pairs) != TYPE_MAP)
		return false;
	for (; pairs > 0 && !c->bad; pairs--) {
		unsigned type = take_control(c, &size);
		const uint8_t *key = take(c, size);

		if (type != TYPE_STRING || key == NULL)
			return false;
		if ((is_key(key, size, "languages") ||
			is_key(key, size, "description")) &&
		    !are_strings(*c))
			return false;
		if (!is_key(key, size, "node_count")) {
			skip(c, DEPTH_MAX);
			continue;
		}
		if (take_control(c, &size) != TYPE_UINT32 || size > 4 ||
		    take_number(c, size) > max)
			return false;
	}
	return !c->bad;
}

bool
field_metadata_is_sound(const uint8_t *file, size_t len)
{
	const size_t mark = sizeof(meta_mark) - 1;

	if (len < mark || len > UINT32_MAX / 2)
		return false;
	/* The last one is it, as it is for the library. */
	for (const uint8_t *at = file + len - mark;; at--) {
		struct cursor c = {
		    at + mark, at + mark, file + len, FIELDS_MAX, false};

		if (memcmp(at, meta_mark, mark) == 0)
			return metadata_fits(&c, len / NODE_OCTETS_MIN);
		if (at == file || (size_t)(file + len - at) >= META_MAX)
			return false;
	}
}

static bool
take_key(struct cursor c, const char **key, uint32_t *size)
{
	if (take_pointed(&c, size) != TYPE_STRING)
		return false;
	*key = (const char *)take(&c, *size);
	return *key != NULL;
}

bool
field_is_sound(const uint8_t *section, size_t len, size_t at,
    void (*fn)(const char *key, size_t len, size_t value, void *arg), void *arg)
{
	struct cursor c = {
	    .begin = section,
	    .at = section,
	    .end = section + len,
	    .fields = FIELDS_MAX,
	};
	struct cursor map;
	const char *key;
	uint32_t pairs, size;

	take(&c, at);
	map = c;
	if (c.bad || take_pointed(&map, &pairs) != TYPE_MAP) {
		skip(&c, DEPTH_MAX);
		return !c.bad;
	}
	for (; pairs > 0 && !map.bad; pairs--) {
		bool is_key = take_key(map, &key, &size);

		skip(&map, DEPTH_MAX - 1);
		if (is_key)
			fn(key, size, (size_t)(map.at - section), arg);
		skip(&map, DEPTH_MAX - 1);
	}
	return !map.bad;
}
