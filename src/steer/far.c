/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/far.h"

#include <math.h>
#include <stdlib.h>

#include "geo/geo.h"

/* Of a place that is not known: half around the world. */
#define FARTHEST_KM 20015.0

/* One group, as one region sees it. */
struct band {
	double km, mass;
	size_t group;
};

static double
distance_km(const struct place *p, const struct conf_region *r)
{
	if (!r->located)
		return 0;
	if (!p->located)
		return FARTHEST_KM;
	return place_distance_km((double)p->latitude, (double)p->longitude,
	    r->latitude, r->longitude);
}

static int
nearer(const void *x, const void *y)
{
	const struct band *a = x, *b = y;

	if (a->km != b->km)
		return a->km < b->km ? -1 : 1;
	/* Less is known of a wide group, as of the addresses of no net. */
	if (a->mass != b->mass)
		return a->mass < b->mass ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

/* Half of the positions go by the number of groups, so that none is crowded
 * together that many clients turn out to be of. */
static void
bands_cut(struct far *far, size_t step, const struct band *bands, size_t n,
    double total)
{
	double at = 0;

	for (size_t i = 0; i < n; i++) {
		struct far *f = &far[bands[i].group * step];

		f->from = (uint32_t)(at * SHARE_COHORTS);
		at += 0.5 / (double)n + 0.5 * bands[i].mass / total;
		f->to = i + 1 < n ? (uint32_t)(at * SHARE_COHORTS)
				  : (uint32_t)SHARE_COHORTS;
	}
}

/* bands: room for as many as there are groups. */
static void
region_cut(struct far *far, const struct far_table *t,
    const struct conf_region *region, const struct far_places *p,
    const uint32_t *group, struct band *bands)
{
	double total = 0;

	for (size_t i = 0; i < t->ngroups; i++)
		bands[i] = (struct band){.group = i};
	for (size_t i = 0; i < p->n; i++) {
		struct band *b = &bands[group[i]];

		b->km += p->mass[i] * distance_km(&p->places[i], region);
		b->mass += p->mass[i];
		total += p->mass[i];
	}
	/* Whole kilometres: the same distance is one whatever it was summed of.
	 */
	for (size_t i = 0; i < t->ngroups; i++)
		bands[i].km = round(bands[i].km / bands[i].mass);
	qsort(bands, t->ngroups, sizeof(*bands), nearer);
	bands_cut(far, t->nregions, bands, t->ngroups, total);
}

/* Groups ----------------------------------------------------------------- */

/* 0 below the first km, then one more each time that it is so many times as
 * far. */
static uint64_t
band_of(double km, double first_km, double times, uint64_t most)
{
	uint64_t band;

	if (km < first_km)
		return 0;
	band = 1 + (uint64_t)(log2(km / first_km) / log2(times));
	return band < most ? band : most;
}

static uint64_t
key_of(const struct conf *conf, uint16_t pool, const struct far_places *p,
    size_t i)
{
	const struct conf_pool_region *regions = conf->pools[pool].regions;
	const uint8_t *first = p->first[p->classes[i]];
	double km[2];

	for (size_t k = 0; k < 2; k++)
		km[k] = distance_km(
		    &p->places[i], &conf->regions[regions[first[k]].region]);
	return (uint64_t)p->classes[i] << 8 | band_of(km[0], 50, 1.5, 15) << 4 |
	    band_of(km[1], 100, 2, 7);
}

static int
key_compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

/* How many groups there are. */
static size_t
groups_find(const struct conf *conf, uint16_t pool, const struct far_places *p,
    uint32_t *group)
{
	uint64_t *keys = xcalloc(p->n, sizeof(*keys));
	uint64_t *all = xcalloc(p->n, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		all[i] = keys[i] = key_of(conf, pool, p, i);
	qsort(all, p->n, sizeof(*all), key_compare);
	for (size_t i = 0; i < p->n; i++)
		if (n == 0 || all[i] != all[n - 1])
			all[n++] = all[i];
	for (size_t i = 0; i < p->n; i++) {
		const uint64_t *at =
		    bsearch(&keys[i], all, n, sizeof(*all), key_compare);

		group[i] = (uint32_t)(at - all);
	}
	free(keys);
	free(all);
	return n;
}

struct far_table *
far_build(struct arena *a, const struct conf *conf, uint16_t pool,
    const struct far_places *p, uint32_t *group)
{
	const struct conf_pool *c = &conf->pools[pool];
	struct far_table *t;
	struct band *bands;
	struct far *far;

	if (c->cost <= 0)
		return NULL;
	t = arena_alloc(a, sizeof(*t));
	t->nregions = c->nregions;
	t->ngroups = groups_find(conf, pool, p, group);
	t->at = far = arena_array(a, t->ngroups * t->nregions, sizeof(*far));
	bands = xcalloc(t->ngroups, sizeof(*bands));
	for (size_t i = 0; i < c->nregions; i++)
		region_cut(far + i, t, &conf->regions[c->regions[i].region], p,
		    group, bands);
	free(bands);
	return t;
}

const struct far *
far_find(const struct far_table *t, const struct addr *client, uint8_t *depth)
{
	struct lookup_hit hit = lookup_find(&t->lookup, client);

	*depth = hit.depth;
	return &t->at[hit.class * t->nregions];
}

static void
mass_add(double *mass, const struct cover *leaves)
{
	for (size_t i = 0; i < leaves->leaves.n; i++) {
		uint32_t place = cover_leaf_value(leaves->leaves.at[i]);

		if (place != GEO_EMBEDDED)
			mass[place] += ldexp(
			    1, -(int)cover_leaf_len(leaves->leaves.at[i]));
	}
}

double *
far_mass(struct geo *geo)
{
	double *mass;
	size_t n;

	geo_places(geo, &n);
	mass = xcalloc(n, sizeof(*mass));
	/* A group of places without leaves is not nothing. */
	for (size_t i = 0; i < n; i++)
		mass[i] = 1e-12;
	mass_add(mass, geo_leaves(geo, 4, NULL));
	mass_add(mass, geo_leaves(geo, 6, NULL));
	return mass;
}
