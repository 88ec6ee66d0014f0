/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/mmdb.h"

#include <sys/mman.h>

#include <ctype.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "geo/field.h"

/* A step down the tree ends in a node, a record or nothing. */
struct step {
	bool is_node;
	uint32_t node;
	uint32_t record; /* offset + 1; 0: none */
};

struct mmdb {
	MMDB_s db;              /* maps the sealed copy */
	unsigned bits;          /* of the tree: 32 or 128 */
	struct step ipv4, ipv6; /* where the space of each begins */
};

static bool
step_down(const struct mmdb *m, uint32_t node, bool right, struct step *s)
{
	MMDB_search_node_s n;
	uint64_t record;
	uint8_t type;

	if (MMDB_read_node(&m->db, node, &n) != MMDB_SUCCESS)
		return false;
	type = right ? n.right_record_type : n.left_record_type;
	record = right ? n.right_record : n.left_record;
	*s = (struct step){.is_node = type == MMDB_RECORD_TYPE_SEARCH_NODE};
	if (type == MMDB_RECORD_TYPE_INVALID)
		return false;
	if (s->is_node)
		s->node = (uint32_t)record;
	if (type == MMDB_RECORD_TYPE_DATA)
		s->record = (right ? n.right_record_entry.offset
				   : n.left_record_entry.offset) +
		    1;
	return true;
}

/* False: the file is damaged. */
static bool
find_roots(struct mmdb *m)
{
	m->ipv4 = (struct step){.is_node = true};
	if (m->bits == 32)
		return true;
	m->ipv6 = m->ipv4;
	for (unsigned i = 0; i < 96 && m->ipv4.is_node; i++)
		if (!step_down(m, m->ipv4.node, false, &m->ipv4))
			return false;
	return true;
}

static struct step
family_root(const struct mmdb *m, uint8_t family)
{
	return family == 4 ? m->ipv4 : m->ipv6;
}

/* IPv4 space stands in IPv6 only under addresses that count as IPv4. */
static void
skip_ipv4(const struct mmdb *m, uint8_t family, struct step *s)
{
	if (family == 6 && s->is_node && m->ipv4.is_node &&
	    s->node == m->ipv4.node)
		*s = (struct step){0};
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
	if (!find_roots(m)) {
		error_set(err, "%s: damaged: a node out of the tree", path);
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
	struct step s = family_root(m, a->family);

	*depth = 0;
	for (; s.is_node && *depth < addr_bits(a); ++*depth) {
		if (!step_down(m, s.node, addr_bit(a, *depth), &s))
			return 0;
		skip_ipv4(m, a->family, &s);
	}
	return s.record;
}

bool
mmdb_find(const struct mmdb *m, const struct addr *a, struct place *p,
    unsigned *depth)
{
	uint32_t record = mmdb_find_record(m, a, depth);

	return record != 0 && mmdb_record(m, record, p, NULL);
}

struct walk {
	const struct mmdb *m;
	bool (*fn)(const struct prefix *p, uint32_t record, void *arg);
	void *arg;
	uint64_t left; /* leaves that a tree of this size can have */
	bool damaged;
};

static bool
walk(struct walk *w, struct prefix p, struct step at)
{
	struct prefix high;
	struct step child;

	skip_ipv4(w->m, p.addr.family, &at);
	if (!at.is_node) {
		if (w->left-- != 0)
			return w->fn(&p, at.record, w->arg);
		w->damaged = true;
		return false;
	}
	if (p.len == addr_bits(&p.addr) ||
	    at.node >= w->m->db.metadata.node_count)
		goto damaged;
	high = p;
	high.addr.bytes[p.len / 8] |= (uint8_t)(0x80 >> (p.len % 8));
	high.len = ++p.len;
	if (!step_down(w->m, at.node, false, &child))
		goto damaged;
	if (!walk(w, p, child))
		return false;
	if (!step_down(w->m, at.node, true, &child))
		goto damaged;
	return walk(w, high, child);
damaged:
	w->damaged = true;
	return false;
}

bool
mmdb_walk(const struct mmdb *m, uint8_t family,
    bool (*fn)(const struct prefix *p, uint32_t record, void *arg), void *arg,
    struct error *err)
{
	struct walk w = {
	    m, fn, arg, 2 * (uint64_t)m->db.metadata.node_count + 256, false};
	struct prefix all = {.addr.family = family};

	if (walk(&w, all, family_root(m, family)))
		return true;
	if (w.damaged)
		error_set(err, "damaged: the tree does not end");
	return false;
}

static bool
get(const struct mmdb *m, uint32_t record, const char *const *path,
    MMDB_entry_data_s *data)
{
	MMDB_entry_s entry = {.mmdb = &m->db, .offset = record - 1};

	return MMDB_aget_value(&entry, data, path) == MMDB_SUCCESS &&
	    data->has_data;
}

/* The paths of one fact in the shapes that files come in. */
struct fact {
	const char *const *paths[2];
};

#define PATH(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

static const struct fact continent_fact = {
    {PATH("continent", "code"), PATH("continent_code")}};
static const struct fact country_fact = {
    {PATH("country", "iso_code"), PATH("country_code")}};
static const struct fact subdivision_fact = {
    {PATH("subdivisions", "0", "iso_code"), PATH("subdivision_code")}};
static const struct fact city_fact = {
    {PATH("city", "names", "en"), PATH("city")}};
static const struct fact city_id_fact = {
    {PATH("city", "geoname_id"), PATH("city_geoname_id")}};
static const struct fact latitude_fact = {
    {PATH("location", "latitude"), PATH("latitude")}};
static const struct fact longitude_fact = {
    {PATH("location", "longitude"), PATH("longitude")}};
static const struct fact asn_fact = {
    {PATH("autonomous_system_number"), PATH("asn")}};

static bool
get_fact(const struct mmdb *m, uint32_t record, const struct fact *f,
    MMDB_entry_data_s *data)
{
	return get(m, record, f->paths[0], data) ||
	    get(m, record, f->paths[1], data);
}

/* An upper-case code of min to max octets; anything else counts as absent. */
static void
get_code(const struct mmdb *m, uint32_t record, const struct fact *f,
    char *code, size_t min, size_t max)
{
	MMDB_entry_data_s d;

	if (!get_fact(m, record, f, &d) ||
	    d.type != MMDB_DATA_TYPE_UTF8_STRING || d.data_size < min ||
	    d.data_size > max)
		return;
	for (size_t i = 0; i < d.data_size; i++)
		if (!isupper((unsigned char)d.utf8_string[i]) &&
		    (max == 2 || !isdigit((unsigned char)d.utf8_string[i])))
			return;
	memcpy(code, d.utf8_string, d.data_size);
}

/* Not copied: it stays in the database's memory. */
static void
get_city(const struct mmdb *m, uint32_t record, struct place *p)
{
	MMDB_entry_data_s d;

	if (!get_fact(m, record, &city_fact, &d) ||
	    d.type != MMDB_DATA_TYPE_UTF8_STRING || d.data_size == 0 ||
	    d.data_size > CONF_CITY_MAX)
		return;
	p->city = d.utf8_string;
	p->city_len = (uint8_t)d.data_size;
}

static bool
get_number(
    const struct mmdb *m, uint32_t record, const struct fact *f, double *v)
{
	MMDB_entry_data_s d;
	char text[32];

	if (!get_fact(m, record, f, &d))
		return false;
	switch (d.type) {
	case MMDB_DATA_TYPE_DOUBLE:
		*v = d.double_value;
		return true;
	case MMDB_DATA_TYPE_FLOAT:
		*v = (double)d.float_value;
		return true;
	case MMDB_DATA_TYPE_UINT16:
		*v = d.uint16;
		return true;
	case MMDB_DATA_TYPE_UINT32:
		*v = d.uint32;
		return true;
	case MMDB_DATA_TYPE_UTF8_STRING:
		snprintf(text, sizeof(text), "%.*s", (int)d.data_size,
		    d.utf8_string);
		*v =
		    strtod(strncmp(text, "AS", 2) == 0 ? text + 2 : text, NULL);
		return d.data_size > 0;
	default:
		return false;
	}
}

/* A subdivision and a city are of their country. */
static void
get_country(const struct mmdb *m, uint32_t record, struct place *p)
{
	char code[2] = {0};
	double id;

	get_code(m, record, &country_fact, code, 2, 2);
	if (p->country[0] == '\0')
		memcpy(p->country, code, sizeof(code));
	else if (memcmp(p->country, code, sizeof(code)) != 0)
		return;
	if (p->subdivision[0] == '\0')
		get_code(m, record, &subdivision_fact, p->subdivision, 1, 3);
	if (p->city_len > 0 || p->city_id != 0)
		return;
	get_city(m, record, p);
	if (get_number(m, record, &city_id_fact, &id) && id > 0 &&
	    id <= UINT32_MAX)
		p->city_id = (uint32_t)id;
}

bool
mmdb_record(
    const struct mmdb *m, uint32_t record, struct place *p, struct error *err)
{
	MMDB_entry_s entry = {.mmdb = &m->db, .offset = record - 1};
	MMDB_entry_data_s d;
	double lat, lon, asn;
	int rc;

	if (!field_is_sound(
		m->db.data_section, m->db.data_section_size, record - 1))
		return error_set(err, "damaged: a record without end");
	rc = MMDB_aget_value(&entry, &d, PATH("country_code"));
	if (rc != MMDB_SUCCESS &&
	    rc != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		return error_set(err, "damaged: %s", MMDB_strerror(rc));
	if (p->country[0] == '\0' && p->continent[0] == '\0')
		get_code(m, record, &continent_fact, p->continent, 2, 2);
	get_country(m, record, p);
	if (!p->located && get_number(m, record, &latitude_fact, &lat) &&
	    get_number(m, record, &longitude_fact, &lon) && lat >= -90 &&
	    lat <= 90 && lon >= -180 && lon <= 180) {
		p->latitude = (float)lat;
		p->longitude = (float)lon;
		p->located = true;
	}
	if (p->asn == 0 && get_number(m, record, &asn_fact, &asn) && asn > 0 &&
	    asn <= UINT32_MAX)
		p->asn = (uint32_t)asn;
	return true;
}
