/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/drain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *const drain_kind_names[DRAIN_KIND_COUNT] = {"drain", "force_up"};
const char *const drain_nouns[DRAIN_KIND_COUNT] = {"drain", "force-up"};

/* The parts of what: "region", "pool/region" or "pool/region/target". */
static bool
what_parse(struct drain *d, const char *what)
{
	const char *first = strchr(what, '/');
	const char *second = first != NULL ? strchr(first + 1, '/') : NULL;

	if (first == NULL) {
		d->region = xstrdup(what);
		return *what != '\0';
	}
	d->pool = strndup(what, (size_t)(first - what));
	if (second == NULL) {
		d->region = xstrdup(first + 1);
		return first > what && first[1] != '\0';
	}
	d->region = strndup(first + 1, (size_t)(second - first - 1));
	d->target = xstrdup(second + 1);
	return first > what && second > first + 1 && second[1] != '\0';
}

struct drain *
drain_new(const char *what, const char *owner, const char *reason,
    int64_t since, int64_t until, bool forced, struct error *err)
{
	struct drain *d = xcalloc(1, sizeof(*d));

	d->what = xstrdup(what);
	d->owner = xstrdup(owner);
	d->reason = xstrdup(reason);
	d->since = since;
	d->until = until;
	d->share = DRAIN_WHOLE;
	d->forced = forced;
	if (what_parse(d, what))
		return d;
	error_set(err,
	    "%.200s: neither region, pool/region nor "
	    "pool/region/target",
	    what);
	drain_free(d);
	return NULL;
}

void
drain_free(struct drain *d)
{
	if (d == NULL)
		return;
	free(d->what);
	free(d->pool);
	free(d->region);
	free(d->target);
	free(d->owner);
	free(d->reason);
	free(d->record);
	free(d);
}

/* What began later than now did so before the clock was set back: how long ago
 * nobody knows, and nobody is to come back for that.  Nor does such a clock
 * make a lease longer than it was given for. */
void
drain_start(struct drain *d)
{
	int64_t now = clock_wall_s(), gone_s = now - d->since;
	int64_t left_s = d->until - (gone_s > 0 ? now : d->since);

	d->whole_s = clock_mono_s();
	if (gone_s >= 0)
		d->whole_s += d->over_s - gone_s;
	d->end_ms = clock_boot_ms() + 1000 * left_s;
	if (d->until == DRAIN_FOREVER)
		d->end_ms = DRAIN_FOREVER;
}

/* One that was never started is a question only: what if? */
int64_t
drain_left_s(const struct drain *d)
{
	if (d->until == DRAIN_FOREVER)
		return INT64_MAX;
	if (d->at != 0 || d->end_ms == 0)
		return d->until - clock_wall_s();
	return (d->end_ms - clock_boot_ms() + 999) / 1000;
}

void
drain_set_clock(struct drain *d, int64_t step_s)
{
	if (d->at != 0)
		return;
	d->since += step_s;
	if (d->until != DRAIN_FOREVER)
		d->until = clock_wall_s() + drain_left_s(d);
	free(d->record);
	d->record = NULL;
}

void
drains_fini(struct drains *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		drain_free(t->all.at[i]);
	vec_free(&t->all);
}

static bool
is_announced(const struct drain *d)
{
	return d->at != 0;
}

static struct drain **
slot_of(const struct drains *t, enum drain_kind kind, const char *what,
    bool announced)
{
	for (size_t i = 0; i < t->all.n; i++) {
		const struct drain *d = t->all.at[i];

		if (d->kind == kind && is_announced(d) == announced &&
		    strcmp(d->what, what) == 0)
			return &t->all.at[i];
	}
	return NULL;
}

struct drain *
drains_replace(struct drains *t, struct drain *d)
{
	struct drain **slot = slot_of(t, d->kind, d->what, is_announced(d));
	struct drain *old;

	if (slot == NULL) {
		vec_push(&t->all, d);
		return NULL;
	}
	old = *slot;
	*slot = d;
	return old;
}

void
drains_put(struct drains *t, struct drain *d)
{
	drain_free(drains_replace(t, d));
}

struct drain *
drains_find(const struct drains *t, enum drain_kind kind, const char *what,
    bool announced)
{
	struct drain **slot = slot_of(t, kind, what, announced);

	return slot != NULL ? *slot : NULL;
}

static struct drain *
take_out(struct drains *t, struct drain **slot)
{
	struct drain *d = *slot;

	/* The others keep their order. */
	memmove(slot, slot + 1,
	    (size_t)(t->all.at + t->all.n - slot - 1) * sizeof(*slot));
	t->all.n--;
	return d;
}

struct drain *
drains_remove(struct drains *t, const struct drain *d)
{
	return take_out(t, slot_of(t, d->kind, d->what, is_announced(d)));
}

struct drain *
drains_expire(struct drains *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		if (drain_left_s(t->all.at[i]) <= 0)
			return take_out(t, &t->all.at[i]);
	return NULL;
}

struct drain *
drains_due(const struct drains *t, int64_t now)
{
	for (size_t i = 0; i < t->all.n; i++)
		if (is_announced(t->all.at[i]) && t->all.at[i]->at <= now)
			return t->all.at[i];
	return NULL;
}

struct drain *
drains_begin(struct drains *t, struct drain *d)
{
	struct drain **slot = slot_of(t, d->kind, d->what, false);
	struct drain *replaced = slot != NULL ? take_out(t, slot) : NULL;

	d->since = d->at;
	d->at = 0;
	d->gone = false;
	free(d->record);
	d->record = NULL;
	drain_start(d);
	return replaced;
}

static bool
covers(const struct drain *d, const char *pool, const char *region,
    const char *target)
{
	return strcmp(d->region, region) == 0 &&
	    (d->pool == NULL || strcmp(d->pool, pool) == 0) &&
	    (d->target == NULL ||
		(target != NULL && strcmp(d->target, target) == 0));
}

static bool
ends_later(const struct drain *a, const struct drain *b)
{
	if (b->until == DRAIN_FOREVER)
		return false;
	return a->until == DRAIN_FOREVER || a->until > b->until;
}

static bool
is_whole(const struct drain *d)
{
	return d->share == DRAIN_WHOLE && clock_mono_s() >= d->whole_s;
}

const struct drain *
drains_cover(const struct drains *t, enum drain_kind kind, const char *pool,
    const char *region, const char *target)
{
	const struct drain *last = NULL;

	for (size_t i = 0; i < t->all.n; i++) {
		const struct drain *d = t->all.at[i];

		if (d->kind == kind && (t->ahead || !is_announced(d)) &&
		    covers(d, pool, region, target) &&
		    (last == NULL || ends_later(d, last)) && is_whole(d))
			last = d;
	}
	return last;
}

const struct drain *
drains_next(const struct drains *t, const char *pool, const char *region,
    const char *target)
{
	const struct drain *first = NULL;

	for (size_t i = 0; i < t->all.n; i++) {
		const struct drain *d = t->all.at[i];

		if (d->kind == DRAIN_OUT && is_announced(d) &&
		    covers(d, pool, region, target) &&
		    (first == NULL || d->at < first->at))
			first = d;
	}
	return first;
}

const struct drain *
drains_part(const struct drains *t, const char *pool, const char *region)
{
	const struct drain *most = NULL;

	for (size_t i = 0; i < t->all.n; i++) {
		const struct drain *d = t->all.at[i];

		if (d->kind == DRAIN_OUT && (t->ahead || !is_announced(d)) &&
		    covers(d, pool, region, NULL) &&
		    (most == NULL || d->share > most->share) && !is_whole(d))
			most = d;
	}
	return most;
}
