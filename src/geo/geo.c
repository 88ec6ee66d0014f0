/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "geo/intern.h"
#include "geo/nets.h"
#include "geo/prefix.h"

struct database {
	struct mmdb *mmdb;
	char *path;
	struct mmdb_survey survey; /* of the records of its leaves */
};

struct geo {
	const struct conf *conf;
	struct nets *nets;
	VEC(struct database) databases;
	struct latency *latency;
	VEC(struct place) places; /* what leaves refer to */
	struct cover leaves[2];   /* IPv4, IPv6 */
};

struct geo *
geo_load(const struct conf *conf, struct error *err)
{
	struct geo *g = xcalloc(1, sizeof(*g));

	g->conf = conf;
	g->nets = nets_new(conf);
	g->latency = latency_build(&conf->latency);
	for (size_t i = 0; i < conf->ndatabases; i++) {
		const struct conf_database *declared = &conf->databases[i];
		struct database d = {.path = xstrdup(declared->path)};

		d.mmdb = mmdb_open(
		    declared->file != NULL ? declared->file : d.path, err);
		vec_push(&g->databases, d);
		if (d.mmdb == NULL) {
			geo_free(g);
			return NULL;
		}
	}
	return g;
}

void
geo_free(struct geo *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->databases.n; i++) {
		mmdb_close(g->databases.at[i].mmdb);
		free(g->databases.at[i].path);
	}
	vec_free(&g->databases);
	latency_free(g->latency);
	nets_free(g->nets);
	vec_free(&g->places);
	geo_forget_leaves(g);
	free(g);
}

/* Direct lookup ---------------------------------------------------------- */

static void
raise_depth(unsigned *depth, unsigned to)
{
	if (*depth < to)
		*depth = to;
}

static void
find_nets(const struct geo *g, const struct addr *a, struct geo_found *f)
{
	struct nets_found found;

	nets_find(g->nets, a, &found);
	raise_depth(&f->depth, found.depth);
	f->place.nets = found.nets;
	if (found.net == CONF_NONE)
		return;
	f->net = g->conf->nets[found.net].name;
	f->net_prefix = found.longest;
}

static void
find_databases(const struct geo *g, const struct addr *a, struct geo_found *f)
{
	for (size_t i = 0; i < g->databases.n; i++) {
		const struct database *d = &g->databases.at[i];
		unsigned depth;
		bool found = mmdb_find(d->mmdb, a, &f->place, &depth);

		raise_depth(&f->depth, depth);
		if (!found || f->database != NULL)
			continue;
		f->database = d->path;
		f->database_prefix = (struct prefix){*a, (uint8_t)depth};
		addr_mask(&f->database_prefix.addr, depth);
	}
}

static void
find_latency(const struct geo *g, const struct addr *a, struct geo_found *f)
{
	unsigned depth;

	f->latency = latency_find(g->latency, a, &depth);
	raise_depth(&f->depth, depth);
	latency_tell(g->latency, f->latency, &f->place);
}

/* From the depth of what a counts as to that in a's own family. */
static void
find_depth(const struct addr *a, struct geo_found *f, unsigned offset)
{
	size_t n;
	const struct prefix *embedding = addr_embedding(&n);

	if (offset > 0)
		f->depth += offset;
	else if (a->family == 6)
		for (size_t i = 0; i < n; i++)
			raise_depth(
			    &f->depth, prefix_depth_beside(&embedding[i], a));
}

static unsigned
find_counted(const struct addr *a, struct geo_found *f)
{
	unsigned offset = 0;

	memset(f, 0, sizeof(*f));
	if (!addr_embedded(a, &f->counted, &offset))
		f->counted = *a;
	return offset;
}

void
geo_find(const struct geo *g, const struct addr *a, struct geo_found *f)
{
	unsigned offset = find_counted(a, f);

	find_nets(g, &f->counted, f);
	find_databases(g, &f->counted, f);
	find_latency(g, &f->counted, f);
	find_depth(a, f, offset);
	place_complete(&f->place);
}

void
geo_find_nets(const struct geo *g, const struct addr *a, struct nets_found *f)
{
	nets_find(g->nets, a, f);
}

bool
geo_find_key(const struct geo *g, const struct addr *a, struct geo_key *key,
    unsigned *depth)
{
	struct geo_found f;
	unsigned offset = find_counted(a, &f);

	if (g->databases.n > GEO_KEY_DATABASES)
		return false;
	memset(key, 0, sizeof(*key));
	find_nets(g, &f.counted, &f);
	find_latency(g, &f.counted, &f);
	key->nets = f.place.nets;
	key->quickest = f.place.quickest;
	for (size_t i = 0; i < g->databases.n; i++) {
		key->records[i] = mmdb_find_record(
		    g->databases.at[i].mmdb, &f.counted, depth);
		raise_depth(&f.depth, *depth);
	}
	find_depth(a, &f, offset);
	*depth = f.depth;
	return true;
}

/* Leaves ------------------------------------------------------------------ */

/* Laying covers over each other: each value is an index into places. */
struct layers {
	struct geo *geo;
	struct database *database;
	VEC(struct place) places;
	struct intern pairs;
	struct error *err;
	bool ok;
};

static uint32_t
net_value(uint64_t mask, void *arg)
{
	struct layers *l = arg;
	struct place p;

	for (size_t i = 0; i < l->places.n; i++)
		if (l->places.at[i].nets == mask)
			return (uint32_t)i;
	memset(&p, 0, sizeof(p));
	p.nets = mask;
	vec_push(&l->places, p);
	return (uint32_t)(l->places.n - 1);
}

static uint32_t
layer_value(uint32_t place, uint32_t record, void *arg)
{
	struct layers *l = arg;
	uint64_t key = (uint64_t)record << 32 | place;
	struct interned *pair;
	struct place p;

	if (record == 0)
		return place;
	pair = intern_get(&l->pairs, key);
	if (pair->key != 0)
		return pair->value;
	memcpy(&p, &l->places.at[place], sizeof(p));
	l->ok = mmdb_record(l->database->mmdb, record, &p, &l->database->survey,
		    l->err) &&
	    l->ok;
	vec_push(&l->places, p);
	return intern_put(&l->pairs, pair, key, (uint32_t)(l->places.n - 1));
}

static bool
walk_put(const struct prefix *p, uint32_t record, void *arg)
{
	cover_put(arg, p, record);
	return true;
}

static bool
layer_add(
    struct layers *l, struct database *d, uint8_t family, struct cover *cover)
{
	struct cover records = {0}, laid = {0};

	l->database = d;
	l->ok = mmdb_walk(d->mmdb, family, walk_put, &records, l->err);
	if (l->ok)
		cover_overlay(&laid, cover, &records, layer_value, l);
	cover_free(&records);
	cover_free(cover);
	*cover = laid;
	intern_free(&l->pairs);
	if (!l->ok)
		error_prefix(l->err, "%s", d->path);
	return l->ok;
}

static void
nets_cut(struct layers *l, uint8_t family, struct cover *cover)
{
	const struct conf *conf = l->geo->conf;
	VEC(struct prefix_member) members = {0};

	for (size_t i = 0; i < conf->nnets; i++) {
		const struct conf_net *net = &conf->nets[i];

		for (size_t k = 0; k < net->nprefixes; k++) {
			struct prefix_member m = {
			    net->prefixes[k], (uint64_t)1 << i};

			if (m.prefix.addr.family == family)
				vec_push(&members, m);
		}
	}
	cover_cut(cover, family, members.at, members.n, net_value, l);
	vec_free(&members);
}

static uint32_t
latency_value(uint32_t place, uint32_t order, void *arg)
{
	struct layers *l = arg;
	uint64_t key = (uint64_t)order << 32 | place;
	struct interned *pair;
	struct place p;

	if (order == 0)
		return place;
	pair = intern_get(&l->pairs, key);
	if (pair->key != 0)
		return pair->value;
	memcpy(&p, &l->places.at[place], sizeof(p));
	latency_tell_order(l->geo->latency, order, &p);
	vec_push(&l->places, p);
	return intern_put(&l->pairs, pair, key, (uint32_t)(l->places.n - 1));
}

static void
latency_add(struct layers *l, uint8_t family, struct cover *cover)
{
	struct cover orders = {0}, laid = {0};

	latency_cover(l->geo->latency, family, &orders);
	cover_overlay(&laid, cover, &orders, latency_value, l);
	cover_free(&orders);
	cover_free(cover);
	*cover = laid;
	intern_free(&l->pairs);
}

/* Completed, equal ones once: the leaves' values become indices into
 * geo.places. */
static void
places_intern(struct layers *l, struct cover *cover)
{
	uint32_t *map = xcalloc(l->places.n, sizeof(*map));
	struct geo *g = l->geo;
	struct intern seen = {0};

	for (size_t i = 0; i < l->places.n; i++) {
		struct place *p = &l->places.at[i];
		struct interned *pair;

		place_complete(p);
		pair = intern_get(&seen, XXH3_64bits(p, sizeof(*p)) | 1);
		if (pair->key != 0 &&
		    memcmp(&g->places.at[pair->value], p, sizeof(*p)) == 0) {
			map[i] = pair->value;
			continue;
		}
		map[i] = (uint32_t)g->places.n;
		if (pair->key == 0)
			intern_put(&seen, pair, XXH3_64bits(p, sizeof(*p)) | 1,
			    map[i]);
		vec_push(&g->places, *p);
	}
	for (size_t i = 0; i < cover->leaves.n; i++)
		cover->leaves.at[i].value = map[cover->leaves.at[i].value];
	intern_free(&seen);
	free(map);
}

static uint32_t
embedding_value(uint64_t mask, void *arg)
{
	(void)arg;
	return mask != 0;
}

static uint32_t
embedding_mark(uint32_t place, uint32_t is_embedding, void *arg)
{
	(void)arg;
	return is_embedding ? GEO_EMBEDDED : place;
}

/* In IPv6, a prefix whose addresses hold an IPv4 address is one leaf. */
static void
cover_mark_embedding(struct cover *cover)
{
	VEC(struct prefix_member) members = {0};
	struct cover marks = {0}, marked = {0};
	size_t n;
	const struct prefix *p = addr_embedding(&n);

	for (size_t i = 0; i < n; i++)
		vec_push(&members, ((struct prefix_member){p[i], 1}));
	cover_cut(&marks, 6, members.at, members.n, embedding_value, NULL);
	cover_overlay(&marked, cover, &marks, embedding_mark, NULL);
	marked.leaves.n = trie_merge(marked.leaves.at, marked.leaves.n);
	vec_free(&members);
	cover_free(&marks);
	cover_free(cover);
	*cover = marked;
}

static bool
leaves_make(struct geo *g, uint8_t family, struct error *err)
{
	struct cover *cover = &g->leaves[family == 6];
	struct layers l = {.geo = g, .err = err, .ok = true};
	bool ok = true;

	nets_cut(&l, family, cover);
	for (size_t i = 0; ok && i < g->databases.n; i++)
		ok = layer_add(&l, &g->databases.at[i], family, cover);
	if (ok) {
		latency_add(&l, family, cover);
		places_intern(&l, cover);
		if (family == 6)
			cover_mark_embedding(cover);
	} else {
		cover_free(cover);
	}
	vec_free(&l.places);
	return ok;
}

const struct trie_leaf *
geo_leaves(struct geo *g, uint8_t family, size_t *n, struct error *err)
{
	struct cover *cover = &g->leaves[family == 6];

	if (family == 6 && g->leaves[0].leaves.n == 0 &&
	    !leaves_make(g, 4, err))
		return NULL;
	if (cover->leaves.n == 0 && !leaves_make(g, family, err))
		return NULL;
	*n = cover->leaves.n;
	return cover->leaves.at;
}

const struct place *
geo_places(const struct geo *g, size_t *n)
{
	*n = g->places.n;
	return g->places.at;
}

void
geo_forget_leaves(struct geo *g)
{
	cover_free(&g->leaves[0]);
	cover_free(&g->leaves[1]);
	vec_free(&g->places);
}

uint32_t
geo_latency_us(const struct geo *g, const struct geo_found *f, uint16_t region)
{
	return latency_us(g->latency, f->latency, region);
}

size_t
geo_ndatabases(const struct geo *g)
{
	return g->databases.n;
}

const struct mmdb *
geo_database(const struct geo *g, size_t i, const char **path)
{
	*path = g->databases.at[i].path;
	return g->databases.at[i].mmdb;
}

const struct mmdb_survey *
geo_survey(const struct geo *g, size_t i)
{
	return &g->databases.at[i].survey;
}
