/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/locate.h"

#include <math.h>

/* A country's coordinates may be those of its middle, and addresses are said
 * to be where their holder is: only what is far off is a contradiction, and
 * less far where other coordinates would be much nearer. */
enum { FAR_KM = 2500, ABSURD_KM = 7000, NEARER = 2 };

/* The target of a region that is the nearest to its coordinates. */
struct nearest {
	struct addr addr;
	struct place place;
	double km; /* below 0: no target is located */
};

static void
nearest_take(struct nearest *n, const struct snapshot *s,
    const struct conf_region *region, const struct addr *a)
{
	struct geo_found f;
	double km;

	if (a->family == 0)
		return;
	geo_find(s->geo, a, &f);
	if (!f.place.located || f.place.country[0] == '\0')
		return;
	km = place_distance_km(region->latitude, region->longitude,
	    f.place.latitude, f.place.longitude);
	if (n->km < 0 || km < n->km)
		*n = (struct nearest){*a, f.place, km};
}

static struct nearest
nearest_find(const struct snapshot *s, size_t region)
{
	const struct conf *conf = s->conf;
	struct nearest n = {.km = -1};

	for (size_t i = 0; i < conf->npools; i++) {
		for (size_t k = 0; k < conf->pools[i].nregions; k++) {
			const struct conf_pool_region *r =
			    &conf->pools[i].regions[k];

			if (r->region != region)
				continue;
			for (size_t t = 0; t < r->ntargets; t++)
				for (size_t f = 0; f < 2; f++)
					nearest_take(&n, s,
					    &conf->regions[region],
					    &r->targets[t].addr[f]);
		}
	}
	return n;
}

/* What may have been meant by coordinates. */
static const struct meant {
	const char *mistake;
	int latitude, longitude; /* signs */
	bool swapped;
} all_meant[] = {
    {"are latitude and longitude swapped", 1, 1, true},
    {"is the sign of the longitude wrong", 1, -1, false},
    {"is the sign of the latitude wrong", -1, 1, false},
};

static bool
tell_meant(const struct conf_region *region, const struct nearest *n,
    const char *text, struct diag *d)
{
	for (size_t i = 0; i < sizeof(all_meant) / sizeof(*all_meant); i++) {
		const struct meant *m = &all_meant[i];
		double lat = m->latitude *
		    (m->swapped ? region->longitude : region->latitude);
		double lon = m->longitude *
		    (m->swapped ? region->latitude : region->longitude);

		if (fabs(lat) > 90 ||
		    place_distance_km(
			lat, lon, n->place.latitude, n->place.longitude) *
			    NEARER >
			n->km)
			continue;
		diag_warning(d, &region->mark, "%s; %s? [%g, %g] is near it",
		    text, m->mistake, lat, lon);
		return true;
	}
	return false;
}

static void
check_region(const struct snapshot *s, size_t i, struct diag *d)
{
	const struct conf_region *region = &s->conf->regions[i];
	struct nearest n;
	char addr[ADDR_TEXT_MAX];
	const char *text;

	if (!region->located)
		return;
	n = nearest_find(s, i);
	if (n.km < FAR_KM)
		return;
	text = arena_printf(d->arena,
	    "region \"%s\" is at [%g, %g], %.0f km from the location of its target %s in the database, in %.2s",
	    region->name, region->latitude, region->longitude, n.km,
	    addr_format(addr, &n.addr), n.place.country);
	if (!tell_meant(region, &n, text, d) && n.km > ABSURD_KM)
		diag_warning(d, &region->mark, "%s: check its location", text);
}

void
locate_check(const struct snapshot *s, struct diag *d)
{
	for (size_t i = 0; i < s->conf->nregions; i++)
		check_region(s, i, d);
}
