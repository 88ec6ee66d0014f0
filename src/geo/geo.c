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

/* A cover as it is gone through. */
struct layer_cover {
	struct cover cover;
	size_t at; /* the leaf that the present prefix begins in */
};

struct layer_database {
	struct database *database;
	struct mmdb_walk walk;
	struct intern pairs; /* place below it and record, to the place */
	uint32_t record;     /* of the present prefix */
};

/*
 * All that says where clients are, gone through at once.  Each layer adds to
 * the places of those before it; a place is an index into places.
 */
struct layers {
	struct geo *geo;
	struct layer_cover nets; /* places */
	struct layer_database *databases;
	size_t n;
	struct layer_cover orders; /* of measured latency */
	struct intern order_pairs;
	struct layer_cover embedding; /* 1: holds IPv4 addresses */
	VEC(struct place) places;
	VEC(uint32_t) complete; /* by place: 1 + the index in geo.places */
	struct intern seen;     /* a hash of each of geo.places */
	uint8_t family;
	struct cover *out;
	size_t open;    /* the one database that is gone through alone, */
	uint32_t below; /* and the place below it */
	struct error *err;
};

static uint32_t
add_place(struct layers *l, const struct place *p)
{
	vec_push(&l->places, *p);
	vec_push(&l->complete, 0);
	return (uint32_t)(l->places.n - 1);
}

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
	return add_place(l, &p);
}

static bool
add_record(struct layers *l, struct layer_database *d, uint32_t *place)
{
	uint64_t key = (uint64_t)d->record << 32 | *place;
	struct interned *pair;
	struct place p;

	if (d->record == 0)
		return true;
	pair = intern_get(&d->pairs, key);
	if (pair->key == 0) {
		memcpy(&p, &l->places.at[*place], sizeof(p));
		if (!mmdb_record(d->database->mmdb, d->record, &p,
			&d->database->survey, l->err))
			return error_prefix(l->err, "%s", d->database->path);
		intern_put(&d->pairs, pair, key, add_place(l, &p));
	}
	*place = pair->value;
	return true;
}

static uint32_t
add_order(struct layers *l, uint32_t place, uint32_t order)
{
	uint64_t key = (uint64_t)order << 32 | place;
	struct interned *pair;
	struct place p;

	if (order == 0)
		return place;
	pair = intern_get(&l->order_pairs, key);
	if (pair->key != 0)
		return pair->value;
	memcpy(&p, &l->places.at[place], sizeof(p));
	latency_tell_order(l->geo->latency, order, &p);
	return intern_put(&l->order_pairs, pair, key, add_place(l, &p));
}

/* Its index in geo.places, where equal ones stand once. */
static uint32_t
put_complete(struct layers *l, struct place p)
{
	struct geo *g = l->geo;
	struct interned *slot;
	uint64_t hash;

	place_complete(&p);
	hash = XXH3_64bits(&p, sizeof(p)) | 1;
	slot = intern_get(&l->seen, hash);
	if (slot->key != 0 &&
	    memcmp(&g->places.at[slot->value], &p, sizeof(p)) == 0)
		return slot->value;
	if (slot->key == 0)
		intern_put(&l->seen, slot, hash, (uint32_t)g->places.n);
	vec_push(&g->places, p);
	return (uint32_t)g->places.n - 1;
}

static bool
complete(struct layers *l, uint32_t *place)
{
	uint32_t *index = &l->complete.at[*place];

	if (*index == 0)
		*index = 1 + put_complete(l, l->places.at[*place]);
	*place = *index - 1;
	return *place < GEO_EMBEDDED ||
	    error_set(l->err, "more than %u different places", GEO_EMBEDDED);
}

static uint32_t
cover_value(const struct layer_cover *c)
{
	return c->cover.leaves.at[c->at] >> 8;
}

static unsigned
cover_len(const struct layer_cover *c)
{
	return c->cover.leaves.at[c->at] & 0xff;
}

/* The leaf of a prefix in which no layer has two values: of the place as the
 * layers before that database have it. */
static bool
put_leaf(struct layers *l, unsigned len, size_t from, uint32_t place)
{
	for (size_t i = from; i < l->n; i++)
		if (!add_record(l, &l->databases[i], &place))
			return false;
	place = add_order(l, place, cover_value(&l->orders));
	if (!complete(l, &place))
		return false;
	cover_put(l->out, len,
	    cover_value(&l->embedding) != 0 ? GEO_EMBEDDED : place);
	return true;
}

static bool
put_record(unsigned len, uint32_t record, void *arg)
{
	struct layers *l = arg;

	l->databases[l->open].record = record;
	return put_leaf(l, len, l->open, l->below);
}

static bool
damaged(struct layers *l, const struct layer_database *d)
{
	if (d->walk.damage != NULL)
		error_set(l->err, "%s: %s", d->database->path, d->walk.damage);
	return false;
}

/* The databases before it have one record each in the prefix. */
static bool
walk_alone(struct layers *l, size_t open, struct mmdb_step at, unsigned len)
{
	struct layer_database *d = &l->databases[open];

	l->open = open;
	l->below = cover_value(&l->nets);
	for (size_t i = 0; i < open; i++)
		if (!add_record(l, &l->databases[i], &l->below))
			return false;
	return mmdb_walk(&d->walk, at, len) || damaged(l, d);
}

/* at: of each database; behind them is room for those of longer prefixes. */
static bool
walk_down(struct layers *l, struct mmdb_step *at, unsigned len, bool right)
{
	for (size_t i = 0; i < l->n; i++) {
		struct layer_database *d = &l->databases[i];

		at[l->n + i] = at[i];
		if (at[i].is_node &&
		    !mmdb_walk_down(&d->walk, at[i], len, right, &at[l->n + i]))
			return damaged(l, d);
	}
	return true;
}

static bool
walk(struct layers *l, struct mmdb_step *at, unsigned len)
{
	struct layer_cover *covers[] = {&l->nets, &l->orders, &l->embedding};
	size_t nopen = 0, open = 0;
	bool ends[3], ok;

	for (size_t i = 0; i < 3; i++) {
		ends[i] = cover_len(covers[i]) == len;
		nopen += cover_len(covers[i]) > len ? 2 : 0;
	}
	for (size_t i = 0; i < l->n; i++) {
		l->databases[i].record = at[i].is_node ? 0 : at[i].at;
		nopen += at[i].is_node;
		open = at[i].is_node ? i : open;
	}
	if (nopen == 0)
		ok = put_leaf(l, len, 0, cover_value(&l->nets));
	else if (nopen == 1)
		ok = walk_alone(l, open, at[open], len);
	else
		ok = walk_down(l, at, len, false) &&
		    walk(l, at + l->n, len + 1) &&
		    walk_down(l, at, len, true) && walk(l, at + l->n, len + 1);
	for (size_t i = 0; i < 3; i++)
		covers[i]->at += ends[i];
	return ok;
}

static void
nets_cut(struct layers *l)
{
	const struct conf *conf = l->geo->conf;
	VEC(struct prefix_member) members = {0};

	for (size_t i = 0; i < conf->nnets; i++) {
		const struct conf_net *net = &conf->nets[i];

		for (size_t k = 0; k < net->nprefixes; k++) {
			struct prefix_member m = {
			    net->prefixes[k], (uint64_t)1 << i};

			if (m.prefix.addr.family == l->family)
				vec_push(&members, m);
		}
	}
	cover_cut(
	    &l->nets.cover, l->family, members.at, members.n, net_value, l);
	vec_free(&members);
}

static uint32_t
embedding_value(uint64_t mask, void *arg)
{
	(void)arg;
	return mask != 0;
}

static void
embedding_cut(struct layers *l)
{
	VEC(struct prefix_member) members = {0};
	size_t n;
	const struct prefix *p = addr_embedding(&n);

	for (size_t i = 0; i < n; i++)
		if (p[i].addr.family == l->family)
			vec_push(&members, ((struct prefix_member){p[i], 1}));
	cover_cut(&l->embedding.cover, l->family, members.at, members.n,
	    embedding_value, NULL);
	vec_free(&members);
}

static bool
walk_family(struct layers *l, uint8_t family)
{
	struct mmdb_step *steps = xcalloc(129 * l->n, sizeof(*steps));
	bool ok;

	l->family = family;
	l->out = &l->geo->leaves[family == 6];
	nets_cut(l);
	latency_cover(l->geo->latency, family, &l->orders.cover);
	embedding_cut(l);
	for (size_t i = 0; i < l->n; i++) {
		struct mmdb *mmdb = l->databases[i].database->mmdb;

		mmdb_walk_init(&l->databases[i].walk, mmdb, family);
		l->databases[i].walk.fn = put_record;
		l->databases[i].walk.arg = l;
		steps[i] = mmdb_root(mmdb, family);
	}
	ok = walk(l, steps, 0);
	cover_free(&l->nets.cover);
	cover_free(&l->orders.cover);
	cover_free(&l->embedding.cover);
	l->nets.at = l->orders.at = l->embedding.at = 0;
	free(steps);
	return ok;
}

static bool
leaves_make(struct geo *g, struct error *err)
{
	struct layers l = {.geo = g, .n = g->databases.n, .err = err};
	bool ok;

	l.databases = xcalloc(l.n, sizeof(*l.databases));
	for (size_t i = 0; i < l.n; i++)
		l.databases[i].database = &g->databases.at[i];
	ok = walk_family(&l, 4) && walk_family(&l, 6);
	if (!ok)
		geo_forget_leaves(g);
	for (size_t i = 0; i < l.n; i++)
		intern_free(&l.databases[i].pairs);
	intern_free(&l.order_pairs);
	intern_free(&l.seen);
	vec_free(&l.places);
	vec_free(&l.complete);
	free(l.databases);
	return ok;
}

const struct cover *
geo_leaves(struct geo *g, uint8_t family, struct error *err)
{
	if (g->leaves[0].leaves.n == 0 && !leaves_make(g, err))
		return NULL;
	return &g->leaves[family == 6];
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
