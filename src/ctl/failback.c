/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/failback.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/drain.h"
#include "report/text.h"
#include "state/state.h"
#include "state/what.h"

static void
tell(struct control *c, const struct pool *p, size_t region, const char *text)
{
	const char *name = p->regions[region].name;
	double share = 100 * pool_share(p, region);

	event_put(c->events, LOG_LEVEL_INFO, "failback",
	    json_pack("{s:s, s:s, s:f}", "pool", p->conf->name, "region", name,
		"share", share),
	    "pool %s: region %s %s (%.1f%% of its clients)", p->conf->name,
	    name, text, share);
}

static void
region_tick(struct control *c, struct pool *p, size_t region)
{
	struct share *s = &p->regions[region].share;
	bool back = s->back, frozen = s->frozen_s != 0;
	struct share_left left;

	pool_share_tick(p, region);
	if (frozen != (s->frozen_s != 0) && pool_left(p, region, &left) &&
	    !left.manual)
		tell(c, p, region,
		    frozen ? "goes on coming back"
			   : "stops coming back, as probes of it fail");
	control_refresh(c, p->conf->name, p->regions[region].name);
	if (back && !s->back && pool_live(p, POOL_ANY) >> region & 1)
		tell(c, p, region, "is back");
}

void
failback_tick(struct control *c)
{
	const struct snapshot *s = c->status.snapshot;

	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &s->pools[i];
		uint64_t shared = atomic_load(&p->shared);

		for (size_t r = 0; shared >> r != 0 && r < p->nregions; r++)
			if ((shared >> r & 1) != 0)
				region_tick(c, p, r);
	}
}

static struct pool *
pool_find(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->conf->npools; i++)
		if (strcmp(s->pools[i].conf->name, name) == 0)
			return &s->pools[i];
	return NULL;
}

static size_t
region_find(const struct pool *p, const char *name)
{
	size_t i = 0;

	while (i < p->nregions && strcmp(p->regions[i].name, name) != 0)
		i++;
	return i;
}

static void
bit_copy(_Atomic uint64_t *to, size_t i, const _Atomic uint64_t *from, size_t k)
{
	uint64_t bit = UINT64_C(1) << i;

	if (atomic_load(from) >> k & 1)
		atomic_fetch_or(to, bit);
	else
		atomic_fetch_and(to, ~bit);
}

static void
pool_inherit(struct pool *to, const struct pool *from)
{
	for (size_t i = 0; i < to->nregions; i++) {
		size_t k = region_find(from, to->regions[i].name);

		if (k == from->nregions)
			continue;
		to->regions[i].share = from->regions[k].share;
		for (unsigned f = 0; f < POOL_FAMILIES; f++) {
			const struct pool_words *w = &from->words[f];

			bit_copy(&to->words[f].live, i, &w->live, k);
			bit_copy(
			    &to->words[f].last_known, i, &w->last_known, k);
		}
	}
	memcpy(to->out, from->out, sizeof(to->out));
}

/* The pool of now to which the first name is steered that is steered to the
 * pool of next, unless that has a pool of that name too; NULL: none. */
static const struct pool *
pool_renamed(const struct snapshot *now, const struct snapshot *next,
    const struct pool *pool)
{
	const struct conf *a = now->conf, *b = next->conf;

	for (size_t i = 0; i < b->nnames; i++) {
		for (size_t k = 0;
		     b->names[i].pool == pool->index && k < a->nnames; k++) {
			const char *name = a->pools[a->names[k].pool].name;

			if (strcmp(a->names[k].text, b->names[i].text) == 0 &&
			    pool_find(next, name) == NULL)
				return &now->pools[a->names[k].pool];
		}
	}
	return NULL;
}

void
failback_inherit(const struct control *c, struct snapshot *next)
{
	const struct snapshot *now = c->status.snapshot;

	for (size_t i = 0; now != NULL && i < next->conf->npools; i++) {
		struct pool *to = &next->pools[i];
		const struct pool *from = pool_find(now, to->conf->name);

		if (from == NULL)
			from = pool_renamed(now, next, to);
		if (from != NULL)
			pool_inherit(to, from);
	}
}

/* State ------------------------------------------------------------------ */

/* By family: for which the region is live, or was when a region was so last. */
static json_t *
bits_save(const struct pool *p, size_t region, bool last_known)
{
	json_t *list = json_array();

	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		const struct pool_words *w = &p->words[f];
		uint64_t word = last_known ? atomic_load(&w->last_known)
					   : atomic_load(&w->live);

		json_array_append_new(list, json_boolean(word >> region & 1));
	}
	return list;
}

/* From a list, or one word for all families; what is not said stays as it is.
 */
static void
bits_load(const json_t *bits, struct pool *p, size_t region, bool last_known)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		struct pool_words *w = &p->words[f];

		if (json_is_false(
			json_is_array(bits) ? json_array_get(bits, f) : bits))
			atomic_fetch_and(last_known ? &w->last_known : &w->live,
			    ~(UINT64_C(1) << region));
	}
}

static bool
entry_load(const json_t *entry, void *arg)
{
	const struct snapshot *s = arg;
	const json_t *live, *last_known = NULL;
	const char *pool, *region;
	json_int_t since;
	int resumed;
	struct pool *p;
	size_t i;

	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s:s, s:s, s:I, s:b, s:o, s?o}", "pool", &pool, "region",
		&region, "since", &since, "resumed", &resumed, "live", &live,
		"last_known", &last_known) != 0)
		return false;
	p = pool_find(s, pool);
	i = p != NULL ? region_find(p, region) : 0;
	if (p == NULL || i == p->nregions)
		return true;
	bits_load(live, p, i, false);
	bits_load(last_known, p, i, true);
	if (pool_live(p, POOL_ANY) >> i & 1 && since != 0)
		p->regions[i].share = (struct share){.back = true,
		    .resumed = resumed,
		    .back_s = clock_mono_s() + since - clock_wall_s()};
	return true;
}

bool
failback_load(const char *folder, struct snapshot *s, struct error *err)
{
	return state_load(folder, "failback", entry_load, s, err);
}

/* Is the region live for each family? */
static bool
is_whole(const struct pool *p, size_t region)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		if ((pool_live(p, (enum pool_family)f) >> region & 1) == 0)
			return false;
	return true;
}

/* What is as after a start without a state goes without saying. */
static void
region_save(json_t *list, const struct pool *p, size_t i)
{
	const struct pool_region *r = &p->regions[i];
	struct share share = r->share;
	json_int_t since;

	if (is_whole(p, i) && !share.back)
		return;
	share_thaw(&share, clock_mono_s());
	since = clock_wall_s() + share.back_s - clock_mono_s();
	json_array_append_new(list,
	    json_pack("{s:s, s:s, s:I, s:b, s:o, s:o}", "pool", p->conf->name,
		"region", r->name, "since", share.back ? since : 0, "resumed",
		share.resumed, "live", bits_save(p, i, false), "last_known",
		bits_save(p, i, true)));
}

json_t *
failback_list(const struct snapshot *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf->npools; i++)
		for (size_t r = 0; r < s->pools[i].nregions; r++)
			region_save(list, &s->pools[i], r);
	return list;
}

/* The command ------------------------------------------------------------ */

static size_t
resume(struct control *c, const struct drain *what)
{
	const struct snapshot *s = c->status.snapshot;
	size_t resumed = 0;

	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &s->pools[i];
		size_t r = region_find(p, what->region);

		if ((what->pool == NULL ||
			strcmp(what->pool, p->conf->name) == 0) &&
		    r < p->nregions)
			resumed += pool_resume(p, r);
	}
	return resumed;
}

static json_t *
resume_all(struct control *c, const struct drain *what)
{
	json_t *error = what_unknown(c->status.snapshot->conf, what->what);
	size_t n;

	if (error != NULL)
		return error;
	if (what->target != NULL)
		return text_error(EXIT_USAGE,
		    "%s: regions come back, not their targets", what->what);
	n = resume(c, what);
	if (n == 0)
		return text_error(EXIT_WRONG,
		    "%s is not coming back: it is wholly in service, or out",
		    what->what);
	event_put(c->events, LOG_LEVEL_WARNING, "failback",
	    json_pack("{s:s, s:s}", "what", what->what, "owner", what->owner),
	    "%s comes back now, by %s", what->what, what->owner);
	control_refresh(c, what->pool, what->region);
	return json_pack(
	    "{s:s, s:I}", "resumed", what->what, "pools", (json_int_t)n);
}

json_t *
failback_resume(struct control *c, const json_t *body, const char *owner)
{
	const char *what;
	struct error err;
	struct drain *d;
	json_t *reply;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s !}", "what", &what) !=
	    0)
		return text_error(EXIT_USAGE, "failback has what");
	d = drain_new(what, owner, "", 0, DRAIN_FOREVER, false, &err);
	if (d == NULL)
		return text_error(EXIT_USAGE, "%s", err.text);
	reply = resume_all(c, d);
	drain_free(d);
	return reply;
}
