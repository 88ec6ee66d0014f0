/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/far.h"

#include <stdlib.h>

/* Of a place that is not known: half around the world. */
#define FARTHEST_KM 20015.0

/* One class, as one region sees it. */
struct band {
	double km, mass;
	size_t class;
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
	return (a->class > b->class) - (a->class < b->class);
}

/* Half of the positions go by the number of classes, so that none is crowded
 * together that many clients turn out to be of. */
static void
bands_cut(struct far *far, size_t step, const struct band *bands, size_t n,
    double total)
{
	double at = 0;

	for (size_t i = 0; i < n; i++) {
		struct far *f = &far[bands[i].class * step];

		f->from = (uint32_t)(at * SHARE_COHORTS);
		at += 0.5 / (double)n + 0.5 * bands[i].mass / total;
		f->to = i + 1 < n ? (uint32_t)(at * SHARE_COHORTS)
				  : (uint32_t)SHARE_COHORTS;
	}
}

/* bands: room for as many as there are classes. */
static void
region_cut(struct far *far, size_t step, const struct conf_region *region,
    const struct far_places *p, struct band *bands)
{
	double total = 0;

	for (size_t i = 0; i < p->nclasses; i++)
		bands[i] = (struct band){.class = i};
	for (size_t i = 0; i < p->n; i++) {
		struct band *b = &bands[p->classes[i]];

		b->km += p->mass[i] * distance_km(&p->places[i], region);
		b->mass += p->mass[i];
		total += p->mass[i];
	}
	for (size_t i = 0; i < p->nclasses; i++)
		bands[i].km /= bands[i].mass;
	qsort(bands, p->nclasses, sizeof(*bands), nearer);
	bands_cut(far, step, bands, p->nclasses, total);
}

struct far *
far_build(struct arena *a, const struct conf *conf, uint16_t pool,
    const struct far_places *p)
{
	const struct conf_pool *c = &conf->pools[pool];
	struct band *bands;
	struct far *far;

	if (c->cost <= 0)
		return NULL;
	far = arena_array(a, p->nclasses * c->nregions, sizeof(*far));
	bands = xcalloc(p->nclasses, sizeof(*bands));
	for (size_t i = 0; i < c->nregions; i++)
		region_cut(far + i, c->nregions,
		    &conf->regions[c->regions[i].region], p, bands);
	free(bands);
	return far;
}
