/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/layers.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "geo/intern.h"

enum { QUEUE = 32 };

/* A cover as it is gone through. */
struct layer_cover {
	struct cover cover;
	size_t at; /* the leaf that the present prefix begins in */
};

/* Places below a database, with records of it, to places: an index into those
 * of layers, where layers above add to them, and into complete ones. */
struct layer_database {
	struct layers_database *database;
	struct mmdb_walk walk;
	struct intern pairs, last;
	uint32_t record; /* of the present prefix; 0: none */
};

struct slot {
	uint32_t hash;  /* its low half */
	uint32_t place; /* 1 + the index in all; 0: free */
};

/* A leaf of the one database that is gone through alone. */
struct queued {
	uint32_t record;
	unsigned len;
};

/*
 * Each layer adds to the places of those before it; a place is an index into
 * places until it is complete.
 */
struct layers {
	const struct conf *conf;
	const struct latency *latency;
	struct layer_cover nets; /* places */
	struct layer_database *databases;
	size_t n;
	struct layer_cover orders; /* of measured latency */
	struct intern order_pairs;
	struct layer_cover embedding; /* 1: holds IPv4 addresses */
	VEC(struct place) places;
	VEC(uint32_t) complete; /* by place: 1 + the index in all; 0 */
	struct places *all;
	struct slot *slots; /* of all, by hash */
	size_t nslots;
	uint8_t family;
	struct cover *out;
	size_t open;    /* the database that is gone through alone, */
	uint32_t below; /* and the place below it */
	struct queued queue[QUEUE];
	size_t nqueued;
	struct error *err;
};

/* Complete places -------------------------------------------------------- */

static void
slots_grow(struct layers *l)
{
	const size_t n = l->nslots;
	struct slot *old = l->slots;

	l->nslots = n == 0 ? 1024 : 2 * n;
	l->slots = xcalloc(l->nslots, sizeof(*l->slots));
	for (size_t k = 0; k < n; k++) {
		size_t i = old[k].hash & (l->nslots - 1);

		if (old[k].place == 0)
			continue;
		while (l->slots[i].place != 0)
			i = (i + 1) & (l->nslots - 1);
		l->slots[i] = old[k];
	}
	free(old);
}

/* The place's slot, or the free one for it. */
static struct slot *
slot_of(const struct layers *l, const struct place *p, uint32_t hash)
{
	size_t i = hash & (l->nslots - 1);

	while (l->slots[i].place != 0 &&
	    (l->slots[i].hash != hash ||
		memcmp(&l->all->all.at[l->slots[i].place - 1], p, sizeof(*p)) !=
		    0))
		i = (i + 1) & (l->nslots - 1);
	return &l->slots[i];
}

/* The index of the place as it is when complete. */
static bool
put_complete(struct layers *l, struct place p, uint32_t *index)
{
	struct slot *slot;
	uint32_t hash;

	if (3 * l->all->all.n >= 2 * l->nslots)
		slots_grow(l);
	place_complete(&p);
	hash = (uint32_t)XXH3_64bits(&p, sizeof(p));
	slot = slot_of(l, &p, hash);
	if (slot->place == 0) {
		vec_push(&l->all->all, p);
		*slot = (struct slot){hash, (uint32_t)l->all->all.n};
	}
	*index = slot->place - 1;
	return *index < COVER_VALUE_MAX ||
	    error_set(l->err, "more than %u different places", COVER_VALUE_MAX);
}

static bool
complete(struct layers *l, uint32_t place, uint32_t *index)
{
	uint32_t *known = &l->complete.at[place];

	if (*known == 0) {
		if (!put_complete(l, l->places.at[place], index))
			return false;
		*known = *index + 1;
	}
	*index = *known - 1;
	return true;
}

/* Layers ------------------------------------------------------------------ */

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

static uint64_t
pair_key(uint32_t place, uint32_t record)
{
	return (uint64_t)record << 32 | place;
}

/* The place with what the record adds to it. */
static bool
read_record(struct layers *l, struct layer_database *d, uint32_t place,
    bool again, struct place *p)
{
	struct mmdb_survey *survey = again ? NULL : &d->database->survey;

	memcpy(p, &l->places.at[place], sizeof(*p));
	return mmdb_record(d->database->mmdb, d->record, p, survey, l->err) ||
	    error_prefix(l->err, "%s", d->database->path);
}

static bool
add_record(struct layers *l, struct layer_database *d, uint32_t *place)
{
	uint64_t key = pair_key(*place, d->record);
	struct interned *pair;
	struct place p;

	if (d->record == 0)
		return true;
	pair = intern_get(&d->pairs, key);
	if (pair->key == 0) {
		bool again = intern_get(&d->last, key)->key != 0;

		if (!read_record(l, d, *place, again, &p))
			return false;
		intern_put(&d->pairs, pair, key, add_place(l, &p));
	}
	*place = pair->value;
	return true;
}

/* The same where no layer adds to it: the index of what is complete. */
static bool
add_last(
    struct layers *l, struct layer_database *d, uint32_t place, uint32_t *index)
{
	uint64_t key = pair_key(place, d->record);
	struct interned *pair = intern_get(&d->last, key);
	struct place p;

	if (pair->key == 0) {
		bool again = intern_get(&d->pairs, key)->key != 0;

		if (!read_record(l, d, place, again, &p) ||
		    !put_complete(l, p, index))
			return false;
		intern_put(&d->last, pair, key, *index);
	}
	*index = pair->value;
	return true;
}

static uint32_t
add_order(struct layers *l, uint32_t place, uint32_t order)
{
	uint64_t key = pair_key(place, order);
	struct interned *pair = intern_get(&l->order_pairs, key);
	struct place p;

	if (pair->key != 0)
		return pair->value;
	memcpy(&p, &l->places.at[place], sizeof(p));
	latency_tell_order(l->latency, order, &p);
	return intern_put(&l->order_pairs, pair, key, add_place(l, &p));
}

static uint32_t
cover_value(const struct layer_cover *c)
{
	return cover_leaf_value(c->cover.leaves.at[c->at]);
}

static unsigned
cover_len(const struct layer_cover *c)
{
	return cover_leaf_len(c->cover.leaves.at[c->at]);
}

/* What is on the place as the layers before that database have it. */
static bool
add_layers(struct layers *l, size_t from, uint32_t place, uint32_t *index)
{
	uint32_t order = cover_value(&l->orders);
	size_t end = l->n;

	while (end > from && l->databases[end - 1].record == 0)
		end--;
	for (size_t i = from; i < end; i++) {
		struct layer_database *d = &l->databases[i];

		if (i == end - 1 && order == 0)
			return add_last(l, d, place, index);
		if (!add_record(l, d, &place))
			return false;
	}
	if (order != 0)
		place = add_order(l, place, order);
	return complete(l, place, index);
}

/* Of a prefix in which no layer has two values. */
static bool
put_leaf(struct layers *l, unsigned len, size_t from, uint32_t place)
{
	uint32_t index;

	if (!add_layers(l, from, place, &index))
		return false;
	cover_put(l->out, len,
	    cover_value(&l->embedding) != 0 ? COVER_VALUE_MAX : index);
	return true;
}

/* Walking ----------------------------------------------------------------- */

static bool
put_queued(struct layers *l)
{
	for (size_t i = 0; i < l->nqueued; i++) {
		l->databases[l->open].record = l->queue[i].record;
		if (!put_leaf(l, l->queue[i].len, l->open, l->below))
			return false;
	}
	l->nqueued = 0;
	return true;
}

/* What is known of the record is fetched from memory while others are put. */
static bool
queue_record(unsigned len, uint32_t record, void *arg)
{
	struct layers *l = arg;

	intern_prefetch(
	    &l->databases[l->open].last, pair_key(l->below, record));
	l->queue[l->nqueued++] = (struct queued){record, len};
	return l->nqueued < QUEUE || put_queued(l);
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
	l->nqueued = 0;
	return (mmdb_walk(&d->walk, at, len) || damaged(l, d)) && put_queued(l);
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
	const struct conf *conf = l->conf;
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
walk_family(struct layers *l, uint8_t family, struct cover *out)
{
	struct mmdb_step *steps = xcalloc(129 * l->n, sizeof(*steps));
	bool ok;

	l->family = family;
	l->out = out;
	nets_cut(l);
	latency_cover(l->latency, family, &l->orders.cover);
	embedding_cut(l);
	for (size_t i = 0; i < l->n; i++) {
		struct mmdb *mmdb = l->databases[i].database->mmdb;

		mmdb_walk_init(&l->databases[i].walk, mmdb, family);
		l->databases[i].walk.fn = queue_record;
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

bool
layers_walk(const struct conf *conf, struct layers_database *databases,
    size_t n, const struct latency *latency, struct cover leaves[2],
    struct places *places, struct error *err)
{
	struct layers l = {.conf = conf,
	    .latency = latency,
	    .n = n,
	    .all = places,
	    .err = err};
	bool ok;

	l.databases = xcalloc(n, sizeof(*l.databases));
	for (size_t i = 0; i < n; i++)
		l.databases[i].database = &databases[i];
	ok = walk_family(&l, 4, &leaves[0]) && walk_family(&l, 6, &leaves[1]);
	for (size_t i = 0; i < n; i++) {
		intern_free(&l.databases[i].pairs);
		intern_free(&l.databases[i].last);
	}
	intern_free(&l.order_pairs);
	vec_free(&l.places);
	vec_free(&l.complete);
	free(l.databases);
	free(l.slots);
	return ok;
}
