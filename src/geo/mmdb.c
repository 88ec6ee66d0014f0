/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb.h"

#include <sys/mman.h>

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "geo/field.h"

enum { SEPARATOR = 16 }; /* octets between the tree and the data */

struct mmdb {
	MMDB_s db;                   /* maps the sealed copy */
	size_t data_len;             /* of the data, up to the metadata */
	unsigned bits;               /* of the tree: 32 or 128 */
	struct mmdb_step ipv4, ipv6; /* where the space of each begins */
};

static uint32_t
load_u32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return __builtin_bswap32(v);
}

/* As the MaxMind DB file format 2.0 has them ("Node Layout"). */
static uint32_t
child_of(const struct mmdb *m, uint32_t node, bool right)
{
	const uint8_t *tree = m->db.file_content;

	switch (m->db.full_record_byte_size) {
	case 6:
		tree += 6ul * node + (right ? 2 : 0);
		return right ? load_u32(tree) & 0xffffff : load_u32(tree) >> 8;
	case 7:
		tree += 7ul * node;
		return right ? load_u32(tree + 3) & 0xfffffff
			     : load_u32(tree) >> 8 | (tree[3] & 0xf0u) << 20;
	default:
		return load_u32(tree + 8ul * node + (right ? 4 : 0));
	}
}

/* False: the file is damaged. */
static inline bool
step_down(const struct mmdb *m, uint32_t node, bool right, struct mmdb_step *s)
{
	const uint32_t count = m->db.metadata.node_count;
	uint32_t child, offset;

	if (node >= count)
		return false;
	child = child_of(m, node, right);
	*s = (struct mmdb_step){child < count, child};
	/* No node leads back to the first one. */
	if (s->is_node)
		return child != 0;
	/* Below the data is the separator: such an offset wraps around. */
	offset = child - count - SEPARATOR;
	s->at = child == count ? 0 : offset + 1;
	return child == count || offset < m->data_len;
}

/* False: the file is damaged. */
static bool
find_roots(struct mmdb *m)
{
	m->ipv4 = (struct mmdb_step){.is_node = true};
	if (m->bits == 32)
		return true;
	m->ipv6 = m->ipv4;
	for (unsigned i = 0; i < 96 && m->ipv4.is_node; i++)
		if (!step_down(m, m->ipv4.at, false, &m->ipv4))
			return false;
	return true;
}

struct mmdb_step
mmdb_root(const struct mmdb *m, uint8_t family)
{
	return family == 4 ? m->ipv4 : m->ipv6;
}

/* IPv4 space stands in IPv6 only under addresses that count as IPv4. */
static inline void
skip_ipv4(const struct mmdb *m, uint8_t family, struct mmdb_step *s)
{
	if (family == 6 && s->is_node && m->ipv4.is_node && s->at == m->ipv4.at)
		*s = (struct mmdb_step){0};
}

/* False: the file is damaged. */
static inline bool
family_down(const struct mmdb *m, uint8_t family, uint32_t node, bool right,
    struct mmdb_step *s)
{
	if (!step_down(m, node, right, s))
		return false;
	skip_ipv4(m, family, s);
	return true;
}

static bool
metadata_is_sound(int fd, size_t len)
{
	void *file = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	bool ok = file != MAP_FAILED && field_metadata_is_sound(file, len);

	if (file != MAP_FAILED)
		munmap(file, len);
	return ok;
}

/* The library counts the metadata among the data.  False: the tree reaches into
 * them. */
static bool
measure_data(struct mmdb *m)
{
	ptrdiff_t octets = (const uint8_t *)m->db.metadata_section -
	    (const uint8_t *)m->db.data_section - FIELD_META_MARK;

	m->data_len = octets < 0 ? 0 : (size_t)octets;
	return octets >= 0;
}

struct mmdb *
mmdb_open(const char *path, struct error *err)
{
	struct mmdb *m = xcalloc(1, sizeof(*m));
	char copy[64];
	size_t len;
	int rc, fd = file_memfd(path, &len, err);

	if (fd == -1)
		goto fail;
	snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	rc = metadata_is_sound(fd, len)
	    ? MMDB_open(copy, MMDB_MODE_MMAP, &m->db)
	    : MMDB_INVALID_METADATA_ERROR;
	fd_close(&fd);
	if (rc != MMDB_SUCCESS) {
		error_set(err, "%s: %s", path, MMDB_strerror(rc));
		goto fail;
	}
	m->bits = m->db.metadata.ip_version == 6 ? 128 : 32;
	if (!measure_data(m) || !find_roots(m)) {
		error_set(err, "%s: damaged: a node of the tree points nowhere",
		    path);
		MMDB_close(&m->db);
		goto fail;
	}
	return m;
fail:
	free(m);
	return NULL;
}

void
mmdb_close(struct mmdb *m)
{
	if (m == NULL)
		return;
	MMDB_close(&m->db);
	free(m);
}

int64_t
mmdb_build_time(const struct mmdb *m)
{
	return (int64_t)m->db.metadata.build_epoch;
}

const char *
mmdb_type(const struct mmdb *m)
{
	return m->db.metadata.database_type;
}

const void *
mmdb_octets(const struct mmdb *m, size_t *len)
{
	*len = (size_t)m->db.file_size;
	return m->db.file_content;
}

uint32_t
mmdb_find_record(const struct mmdb *m, const struct addr *a, unsigned *depth)
{
	struct mmdb_step s = mmdb_root(m, a->family);

	*depth = 0;
	for (; s.is_node && *depth < addr_bits(a); ++*depth)
		if (!family_down(m, a->family, s.at, addr_bit(a, *depth), &s))
			return 0;
	return s.is_node ? 0 : s.at;
}

bool
mmdb_find(const struct mmdb *m, const struct addr *a, struct place *p,
    unsigned *depth)
{
	uint32_t record = mmdb_find_record(m, a, depth);

	return record != 0 && mmdb_record(m, record, p, NULL, NULL);
}

static const char endless[] = "damaged: the tree does not end";
static const char nowhere[] = "damaged: a node of the tree points nowhere";

void
mmdb_walk_init(struct mmdb_walk *w, const struct mmdb *m, uint8_t family)
{
	*w = (struct mmdb_walk){
	    .m = m,
	    .family = family,
	    .left = 2 * (uint64_t)m->db.metadata.node_count + 256,
	};
}

static bool
damaged(struct mmdb_walk *w, const char *damage)
{
	w->damage = damage;
	return false;
}

static bool
walk_down(struct mmdb_walk *w, struct mmdb_step at, unsigned len, bool right,
    struct mmdb_step *half)
{
	if (len == (w->family == 4 ? 32 : 128))
		return damaged(w, endless);
	return family_down(w->m, w->family, at.at, right, half) ||
	    damaged(w, nowhere);
}

static bool
count_leaf(struct mmdb_walk *w)
{
	return w->left-- != 0 || damaged(w, endless);
}

bool
mmdb_walk_down(struct mmdb_walk *w, struct mmdb_step at, unsigned len,
    bool right, struct mmdb_step *half)
{
	return walk_down(w, at, len, right, half) &&
	    (half->is_node || count_leaf(w));
}

bool
mmdb_walk(struct mmdb_walk *w, struct mmdb_step at, unsigned len)
{
	struct mmdb_step half;

	if (!at.is_node)
		return count_leaf(w) && w->fn(len, at.at, w->arg);
	return walk_down(w, at, len, false, &half) &&
	    mmdb_walk(w, half, len + 1) && walk_down(w, at, len, true, &half) &&
	    mmdb_walk(w, half, len + 1);
}

/* A record while it is read. */
struct reader {
	const struct mmdb *m;
	uint64_t paths; /* those that its keys may lead to */
	struct mmdb_survey *survey;
	uint32_t values[64]; /* by path: of its key, the octet of the data */
};

static uint64_t
paths_of(struct mmdb_survey *survey, const char *key, size_t len)
{
	struct mmdb_key *known;

	if (survey == NULL)
		return fact_bits(key, len);
	known = &survey->keys[(uintptr_t)key % MMDB_KEYS];
	if (known->key != key || known->len != len)
		*known = (struct mmdb_key){key, len, fact_bits(key, len)};
	return known->paths;
}

/* If a key occurs twice, the first one counts. */
static void
add_key(const char *key, size_t len, size_t value, void *arg)
{
	struct reader *r = arg;
	uint64_t paths = paths_of(r->survey, key, len) & ~r->paths;

	r->paths |= paths;
	for (; paths != 0; paths &= paths - 1)
		r->values[__builtin_ctzll(paths)] = (uint32_t)value;
}

/* Beyond 2^53 it is rounded, as every fact ends below that. */
static double
wide_number(const MMDB_entry_data_s *d)
{
#if MMDB_UINT128_IS_BYTE_ARRAY
	double n = 0;

	for (size_t i = 0; i < sizeof(d->uint128); i++)
		n = n * 256 + d->uint128[i];
	return n;
#else
	return (double)d->uint128;
#endif
}

/* False: neither a number nor text. */
static bool
value_of(const MMDB_entry_data_s *d, struct fact_value *v)
{
	*v = (struct fact_value){0};
	switch (d->type) {
	case MMDB_DATA_TYPE_UTF8_STRING:
		v->text = d->utf8_string;
		v->len = d->data_size;
		return true;
	case MMDB_DATA_TYPE_DOUBLE:
		v->number = d->double_value;
		return true;
	case MMDB_DATA_TYPE_FLOAT:
		v->number = (double)d->float_value;
		return true;
	case MMDB_DATA_TYPE_UINT16:
		v->number = d->uint16;
		return true;
	case MMDB_DATA_TYPE_UINT32:
		v->number = d->uint32;
		return true;
	case MMDB_DATA_TYPE_INT32:
		v->number = d->int32;
		return true;
	case MMDB_DATA_TYPE_UINT64:
		v->number = (double)d->uint64;
		return true;
	case MMDB_DATA_TYPE_UINT128:
		v->number = wide_number(d);
		return true;
	default:
		return false;
	}
}

/* The value at a path, if there is one. */
static bool
get(struct reader *r, enum fact f, size_t i, struct fact_value *v)
{
	uint64_t bit = fact_bit(f, i);
	MMDB_entry_s entry = {.mmdb = &r->m->db};
	MMDB_entry_data_s d;

	if ((r->paths & bit) == 0)
		return false;
	entry.offset = r->values[__builtin_ctzll(bit)];
	return MMDB_aget_value(&entry, &d, fact_path(f, i) + 1) ==
	    MMDB_SUCCESS &&
	    d.has_data && value_of(&d, v) && !fact_is_absent(f, v);
}

/* Of numbers, and of countries; of other facts other text has other uses. */
static void
count_unusable(struct reader *r, enum fact f, const struct fact_value *v)
{
	if (r->survey != NULL && r->survey->unusable[f]++ == 0)
		fact_format(r->survey->first[f], v);
}

static bool
get_number(struct reader *r, enum fact f, double *number)
{
	struct fact_value v, unusable = {0};
	bool found = false;

	for (size_t i = 0; fact_path(f, i) != NULL; i++) {
		if (!get(r, f, i, &v))
			continue;
		if (fact_number(f, &v, number))
			return true;
		unusable = found ? unusable : v;
		found = true;
	}
	if (found)
		count_unusable(r, f, &unusable);
	return false;
}

/* Copies what is a code; anything else counts as absent. */
static void
get_code(struct reader *r, enum fact f, char *code)
{
	struct fact_value v, unusable = {0};
	bool found = false;

	for (size_t i = 0; fact_path(f, i) != NULL; i++) {
		if (!get(r, f, i, &v))
			continue;
		if (fact_is_code(f, &v)) {
			memcpy(code, v.text, v.len);
			return;
		}
		unusable = found ? unusable : v;
		found = true;
	}
	if (found && f == FACT_COUNTRY)
		count_unusable(r, f, &unusable);
}

/* Not copied: it stays in the database's memory. */
static void
get_city(struct reader *r, struct place *p)
{
	struct fact_value v;

	for (size_t i = 0; fact_path(FACT_CITY, i) != NULL; i++) {
		if (!get(r, FACT_CITY, i, &v) || !fact_is_city(&v))
			continue;
		p->city = v.text;
		p->city_len = (uint8_t)v.len;
		return;
	}
}

/* A subdivision and a city are of their country. */
static void
get_country(struct reader *r, struct place *p)
{
	char code[2] = {0};
	double id;

	get_code(r, FACT_COUNTRY, code);
	if (p->country[0] == '\0')
		memcpy(p->country, code, sizeof(code));
	else if (memcmp(p->country, code, sizeof(code)) != 0)
		return;
	if (p->subdivision[0] == '\0')
		get_code(r, FACT_SUBDIVISION, p->subdivision);
	if (p->city_len > 0 || p->city_id != 0)
		return;
	get_city(r, p);
	if (get_number(r, FACT_CITY_ID, &id))
		p->city_id = (uint32_t)id;
}

static void
get_place(struct reader *r, struct place *p)
{
	double lat, lon, asn;

	if (p->country[0] == '\0' && p->continent[0] == '\0')
		get_code(r, FACT_CONTINENT, p->continent);
	get_country(r, p);
	if (!p->located && get_number(r, FACT_LATITUDE, &lat) &&
	    get_number(r, FACT_LONGITUDE, &lon)) {
		p->latitude = (float)lat;
		p->longitude = (float)lon;
		p->located = true;
	}
	if (p->asn == 0 && get_number(r, FACT_ASN, &asn))
		p->asn = (uint32_t)asn;
}

/* Useful is a record that tells something to who knows nothing. */
static void
survey_record(struct reader *r, struct mmdb_survey *survey)
{
	struct place p = {0};

	survey->records++;
	if (survey->useful)
		return;
	r->survey = NULL;
	get_place(r, &p);
	survey->useful = p.continent[0] != '\0' || p.country[0] != '\0' ||
	    p.city_len > 0 || p.city_id != 0 || p.located || p.asn != 0;
}

bool
mmdb_record(const struct mmdb *m, uint32_t record, struct place *p,
    struct mmdb_survey *survey, struct error *err)
{
	MMDB_entry_s entry = {.mmdb = &m->db, .offset = record - 1};
	MMDB_entry_data_s d;
	struct reader r;
	int rc;

	r.m = m;
	r.paths = 0;
	r.survey = survey;
	if (!field_is_sound(
		m->db.data_section, m->data_len, record - 1, add_key, &r))
		return error_set(err, "damaged: a record without end");
	rc = MMDB_aget_value(
	    &entry, &d, (const char *const[]){"country_code", NULL});
	if (rc != MMDB_SUCCESS &&
	    rc != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		return error_set(err, "damaged: %s", MMDB_strerror(rc));
	get_place(&r, p);
	if (survey != NULL)
		survey_record(&r, survey);
	return true;
}
