/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"

#include <stdlib.h>
#include <string.h>

#include "geo/layers.h"
#include "geo/nets.h"

struct geo {
	const struct conf *conf;
	struct nets *nets;
	VEC(struct layers_database) databases;
	struct latency *latency;
	struct places places;   /* what leaves refer to */
	struct cover leaves[2]; /* IPv4, IPv6 */
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
		struct layers_database d = {.path = xstrdup(declared->path)};

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
		const struct layers_database *d = &g->databases.at[i];
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

const struct cover *
geo_leaves(struct geo *g, uint8_t family, struct error *err)
{
	if (g->leaves[0].leaves.n == 0 &&
	    !layers_walk(g->conf, g->databases.at, g->databases.n, g->latency,
		g->leaves, &g->places, err)) {
		geo_forget_leaves(g);
		return NULL;
	}
	return &g->leaves[family == 6];
}

bool
geo_walk(const struct geo *g, struct cover leaves[2], struct places *places,
    struct error *err)
{
	const size_t n = g->databases.n;
	struct layers_database *databases = xcalloc(n, sizeof(*databases));
	bool ok;

	for (size_t i = 0; i < n; i++) {
		databases[i].mmdb = g->databases.at[i].mmdb;
		databases[i].path = g->databases.at[i].path;
	}
	ok =
	    layers_walk(g->conf, databases, n, g->latency, leaves, places, err);
	free(databases);
	return ok;
}

const struct place *
geo_places(const struct geo *g, size_t *n)
{
	*n = g->places.all.n;
	return g->places.all.at;
}

void
geo_forget_leaves(struct geo *g)
{
	cover_free(&g->leaves[0]);
	cover_free(&g->leaves[1]);
	vec_free(&g->places.all);
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
