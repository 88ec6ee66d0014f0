/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/caches.h"

#include <string.h>

#include "base/clock.h"
#include "snapshot/build.h"

/* What whole seconds cut off: one by the clocks here, and one by a cache that
 * counts TTLs in whole seconds of its own (RFC 1035 3.2.1 has no smaller
 * unit). */
enum { CUT_OFF_S = 2 };

static bool
is_region(const struct drain *d, const struct conf *conf, uint16_t region)
{
	return strcmp(d->region, conf->regions[region].name) == 0;
}

static bool
is_pool(const struct drain *d, const struct conf_pool *p)
{
	return d->pool == NULL || strcmp(d->pool, p->name) == 0;
}

/* Seconds until the last answer given so far with what is drained has
 * expired. */
static uint32_t
given_out_s(const struct snapshot *s, const struct drain *d)
{
	uint32_t now = clock_mono_s(), last = now;

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; is_pool(d, p->conf) && r < p->nregions;
		     r++) {
			uint32_t end;

			if (!is_region(d, s->conf, p->regions[r].region))
				continue;
			end = snapshot_let_go(s, p, r);
			if (end + CUT_OFF_S > last && end > 0)
				last = end + CUT_OFF_S;
		}
	}
	return last - now;
}

void
caches_look(const struct snapshot *s, struct drain *d)
{
	int64_t left = given_out_s(s, d);
	int64_t grows = d->whole_s - clock_mono_s();

	if (d->over_s > 0 && grows >= left)
		left = grows + 1;
	if (clock_mono_s() + left > d->let_go)
		d->let_go = clock_mono_s() + left;
}

/* At best: TTLs end with its beginning, but none is below the least; and main
 * looks at the clock once a second. */
int64_t
caches_announced_s(const struct snapshot *s, const struct drain *d)
{
	int64_t given = given_out_s(s, d), left;
	uint32_t least = 0;

	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->conf->names[i].ttl_min > least)
			least = s->conf->names[i].ttl_min;
	left = d->at - clock_wall_s() + d->over_s + least + CUT_OFF_S;
	return left > given ? left : given;
}

void
caches_restore(const struct snapshot *s, struct drain *d)
{
	uint32_t most = 0;

	if (d->at != 0)
		return;
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->conf->names[i].ttl_max > most)
			most = s->conf->names[i].ttl_max;
	d->let_go = d->whole_s + most + CUT_OFF_S;
	d->gone = d->let_go <= clock_mono_s();
}
