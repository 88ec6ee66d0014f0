/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmdb_make.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

enum { NOTHING = -1, FIRST_RECORD = -2 }; /* records: FIRST_RECORD - i */

/* https://maxmind.github.io/MaxMind-DB/: types of the data section. */
enum {
	TYPE_STRING = 2,
	TYPE_DOUBLE = 3,
	TYPE_U16 = 5,
	TYPE_U32 = 6,
	TYPE_MAP = 7,
	TYPE_I32 = 8,
	TYPE_U64 = 9,
	TYPE_U128 = 10,
	TYPE_ARRAY = 11,
	TYPE_FLOAT = 15
};

struct node {
	int32_t child[2];
};

struct tree {
	VEC(struct node) nodes;
	VEC(uint8_t) data;
	VEC(uint32_t) offsets; /* of the records */
};

static void
put(struct tree *t, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vec_push(&t->data, ((const uint8_t *)p)[i]);
}

static void
put_number(struct tree *t, uint64_t v, size_t octets)
{
	while (octets-- > 0)
		vec_push(&t->data, (uint8_t)(v >> (8 * octets)));
}

static void
put_type(struct tree *t, unsigned type, size_t size)
{
	size_t low = size < 29 ? size : 29; /* 29: one more octet */

	put_number(t, type <= 7 ? type << 5 | low : low, 1);
	if (type > 7)
		put_number(t, type - 7, 1);
	if (low == 29)
		put_number(t, size - 29, 1);
}

static void
put_text(struct tree *t, const char *s, size_t n)
{
	put_type(t, TYPE_STRING, n);
	put(t, s, n);
}

static void
put_key(struct tree *t, const char *s)
{
	put_text(t, s, strlen(s));
}

static void
put_uint(
    struct tree *t, const char *key, unsigned type, uint64_t v, size_t octets)
{
	put_key(t, key);
	put_type(t, type, octets);
	put_number(t, v, octets);
}

static void
put_double(struct tree *t, const char *key, double v)
{
	uint64_t bits;

	put_key(t, key);
	put_type(t, TYPE_DOUBLE, 8);
	memcpy(&bits, &v, 8);
	put_number(t, bits, 8);
}

static void
put_code(struct tree *t, const char *outer, const char *inner, const char *code,
    size_t max)
{
	if (code[0] == '\0')
		return;
	put_key(t, outer);
	if (inner != NULL) {
		put_type(t, TYPE_MAP, 1);
		put_key(t, inner);
	}
	put_text(t, code, strnlen(code, max));
}

static void
put_location(struct tree *t, bool nested, const struct place *p)
{
	if (!p->located)
		return;
	if (nested) {
		put_key(t, "location");
		put_type(t, TYPE_MAP, 2);
	}
	put_double(t, "latitude", (double)p->latitude);
	put_double(t, "longitude", (double)p->longitude);
}

static void
put_city(struct tree *t, bool nested, const struct place *p)
{
	if (nested && (p->city_len > 0 || p->city_id != 0)) {
		put_key(t, "city");
		put_type(
		    t, TYPE_MAP, (size_t)(p->city_len > 0) + (p->city_id != 0));
	}
	if (p->city_id != 0)
		put_uint(t, nested ? "geoname_id" : "city_geoname_id", TYPE_U32,
		    p->city_id, 4);
	if (p->city_len == 0)
		return;
	if (nested) {
		put_key(t, "names");
		put_type(t, TYPE_MAP, 1);
	}
	put_key(t, nested ? "en" : "city");
	put_text(t, p->city, p->city_len);
}

static void
put_place(struct tree *t, bool nested, const struct place *p)
{
	size_t n = (p->continent[0] != '\0') + (p->country[0] != '\0') +
	    (p->asn != 0) + p->located * (nested ? 1u : 2u) +
	    (nested && p->subdivision[0] != '\0') +
	    (p->city_len > 0 || (nested && p->city_id != 0)) +
	    (!nested && p->city_id != 0);

	put_type(t, TYPE_MAP, n);
	put_code(t, nested ? "continent" : "continent_code",
	    nested ? "code" : NULL, p->continent, 2);
	put_code(t, nested ? "country" : "country_code",
	    nested ? "iso_code" : NULL, p->country, 2);
	if (nested && p->subdivision[0] != '\0') {
		put_key(t, "subdivisions");
		put_type(t, TYPE_ARRAY, 1);
		put_type(t, TYPE_MAP, 1);
		put_code(t, "iso_code", NULL, p->subdivision, 3);
	}
	put_city(t, nested, p);
	put_location(t, nested, p);
	if (p->asn != 0)
		put_uint(t, nested ? "autonomous_system_number" : "asn",
		    TYPE_U32, p->asn, 4);
}

static int32_t
node_new(struct tree *t, int32_t fill)
{
	struct node n = {{fill, fill}};

	vec_push(&t->nodes, n);
	return (int32_t)(t->nodes.n - 1);
}

static void
insert(struct tree *t, const struct addr *a, unsigned len, int32_t value)
{
	int32_t at = 0;

	for (unsigned i = 0; i < len; i++) {
		unsigned bit = addr_bit(a, i);
		int32_t child = t->nodes.at[at].child[bit];

		if (i + 1 == len) {
			t->nodes.at[at].child[bit] = value;
			return;
		}
		if (child < 0) {
			child = node_new(t, child);
			t->nodes.at[at].child[bit] = child;
		}
		at = child;
	}
	t->nodes.at[0] = (struct node){{value, value}};
}

static void
insert_row(
    struct tree *t, uint8_t family, const struct mmdb_row *row, int32_t value)
{
	struct addr a = row->prefix.addr;
	unsigned len = row->prefix.len;

	if (family == 4 && a.family == 6)
		return;
	if (family == 6 && a.family == 4) {
		memset(a.bytes, 0, 12);
		memcpy(a.bytes + 12, row->prefix.addr.bytes, 4);
		a.family = 6;
		len += 96;
	}
	insert(t, &a, len, value);
}

static void
insert_aliases(struct tree *t)
{
	static const struct addr mapped = {{[10] = 0xff, [11] = 0xff}, 6};
	static const struct addr six_to_four = {{0x20, 0x02}, 6};
	int32_t root = 0;

	for (unsigned i = 0; i < 96; i++) {
		if (t->nodes.at[root].child[0] < 0)
			return;
		root = t->nodes.at[root].child[0];
	}
	insert(t, &mapped, 96, root);
	insert(t, &six_to_four, 16, root);
}

static void
put_metadata(struct tree *t, uint8_t family)
{
	put(t, "\xab\xcd\xefMaxMind.com", 14);
	put_type(t, TYPE_MAP, 9);
	put_uint(t, "binary_format_major_version", TYPE_U16, 2, 2);
	put_uint(t, "binary_format_minor_version", TYPE_U16, 0, 2);
	put_uint(t, "build_epoch", TYPE_U64, 1767225600, 8);
	put_key(t, "database_type");
	put_key(t, "Test-City");
	put_key(t, "description");
	put_type(t, TYPE_MAP, 0);
	put_uint(t, "ip_version", TYPE_U16, family, 2);
	put_key(t, "languages");
	put_type(t, TYPE_ARRAY, 0);
	put_uint(t, "node_count", TYPE_U32, t->nodes.n, 4);
	put_uint(t, "record_size", TYPE_U16, 32, 2);
}

static uint32_t
child_number(const struct tree *t, int32_t child)
{
	if (child >= 0)
		return (uint32_t)child;
	if (child == NOTHING)
		return (uint32_t)t->nodes.n;
	return (uint32_t)t->nodes.n + 16 + t->offsets.at[FIRST_RECORD - child];
}

static void
write_file(const char *path, const struct tree *t)
{
	FILE *f = fopen(path, "w");
	uint8_t between[16] = {0};

	if (f == NULL)
		abort();
	for (size_t i = 0; i < 2 * t->nodes.n; i++) {
		uint32_t v = __builtin_bswap32(
		    child_number(t, t->nodes.at[i / 2].child[i % 2]));

		fwrite(&v, 4, 1, f);
	}
	fwrite(between, sizeof(between), 1, f);
	fwrite(t->data.at, 1, t->data.n, f);
	if (fclose(f) != 0)
		abort();
}

/* Equal places have one record, as in databases that are for sale. */
struct places {
	uint32_t *slots; /* of rows: + 1; 0: free */
	size_t n;
};

static uint32_t *
place_slot(
    const struct places *p, const struct mmdb_row *rows, const struct place *at)
{
	size_t i = XXH3_64bits(at, sizeof(*at)) & (p->n - 1);

	while (p->slots[i] != 0 &&
	    memcmp(&rows[p->slots[i] - 1].place, at, sizeof(*at)) != 0)
		i = (i + 1) & (p->n - 1);
	return &p->slots[i];
}

static void
places_new(struct places *p, size_t nrows)
{
	p->n = 16;
	while (p->n < 2 * nrows)
		p->n *= 2;
	p->slots = xcalloc(p->n, sizeof(*p->slots));
}

static unsigned
depth_of(const struct mmdb_row *r)
{
	return r->prefix.len + (r->prefix.addr.family == 4 ? 96u : 0u);
}

static int
compare(const void *x, const void *y)
{
	return (int)depth_of(x) - (int)depth_of(y);
}

void
mmdb_make(const char *path, uint8_t family, enum mmdb_shape shape,
    struct mmdb_row *rows, size_t n)
{
	struct tree t = {0};
	struct places places;

	places_new(&places, n);
	node_new(&t, NOTHING);
	if (n > 0)
		qsort(rows, n, sizeof(*rows), compare);
	for (size_t i = 0; i < n; i++) {
		uint32_t *slot = place_slot(&places, rows, &rows[i].place);
		uint32_t offset = (uint32_t)t.data.n;

		if (*slot != 0)
			offset = t.offsets.at[*slot - 1];
		else
			put_place(&t, shape == MMDB_NESTED, &rows[i].place);
		*slot = (uint32_t)i + 1;
		vec_push(&t.offsets, offset);
		insert_row(&t, family, &rows[i], FIRST_RECORD - (int32_t)i);
	}
	if (family == 6)
		insert_aliases(&t);
	put_metadata(&t, family);
	write_file(path, &t);
	vec_free(&t.nodes);
	vec_free(&t.data);
	vec_free(&t.offsets);
	free(places.slots);
}

static const struct {
	const char *name;
	unsigned type;
	size_t octets;
} numbers[] = {
    {":double", TYPE_DOUBLE, 8},
    {":float", TYPE_FLOAT, 4},
    {":int32", TYPE_I32, 4},
    {":uint16", TYPE_U16, 2},
    {":uint32", TYPE_U32, 4},
    {":uint64", TYPE_U64, 8},
    {":uint128", TYPE_U128, 16},
};

static void
put_typed(struct tree *t, size_t kind, double v)
{
	const double two_64 = 18446744073709551616.0;
	size_t octets = numbers[kind].octets;
	float single = (float)v;
	uint32_t single_bits;
	uint64_t bits;

	put_type(t, numbers[kind].type, octets);
	if (numbers[kind].type == TYPE_DOUBLE) {
		memcpy(&bits, &v, 8);
	} else if (numbers[kind].type == TYPE_FLOAT) {
		memcpy(&single_bits, &single, 4);
		bits = single_bits;
	} else if (v < 0) {
		bits = (uint64_t)(int64_t)v;
	} else if (octets < 16) {
		bits = (uint64_t)v;
	} else {
		put_number(t, (uint64_t)(v / two_64), 8);
		bits = (uint64_t)fmod(v, two_64);
		octets = 8;
	}
	put_number(t, bits, octets);
}

static void put_json(struct tree *t, json_t *j);

static void
put_pair(struct tree *t, const char *key, json_t *j)
{
	const char *colon = strrchr(key, ':');

	if (colon == NULL) {
		put_key(t, key);
		put_json(t, j);
		return;
	}
	put_text(t, key, (size_t)(colon - key));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, colon) == 0)
			put_typed(t, i,
			    json_is_string(j)
				? strtod(json_string_value(j), NULL)
				: json_number_value(j));
}

static void
put_json(struct tree *t, json_t *j)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(j)) {
		put_key(t, json_string_value(j));
	} else if (json_is_array(j)) {
		put_type(t, TYPE_ARRAY, json_array_size(j));
		json_array_foreach(j, i, value) put_json(t, value);
	} else if (json_is_object(j)) {
		put_type(t, TYPE_MAP, json_object_size(j));
		json_object_foreach(j, key, value) put_pair(t, key, value);
	} else {
		abort();
	}
}

void
mmdb_make_json(const char *path, const char *text)
{
	struct tree t = {0};
	json_t *j = json_loads(text, 0, NULL);

	if (j == NULL)
		abort();
	node_new(&t, FIRST_RECORD);
	vec_push(&t.offsets, 0);
	put_json(&t, j);
	json_decref(j);
	put_metadata(&t, 6);
	write_file(path, &t);
	vec_free(&t.nodes);
	vec_free(&t.data);
	vec_free(&t.offsets);
}
