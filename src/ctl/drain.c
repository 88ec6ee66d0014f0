/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/drain.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/state.h"
#include "report/text.h"
#include "snapshot/build.h"

/* Find ------------------------------------------------------------------- */

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

struct names {
	VEC(char *) all;
};

static void names_add(struct names *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
names_add(struct names *n, const char *fmt, ...)
{
	va_list ap;
	char *name;

	va_start(ap, fmt);
	if (vasprintf(&name, fmt, ap) < 0)
		abort();
	va_end(ap);
	vec_push(&n->all, name);
}

/* "; did you mean X?" of the nearest name, or "". */
static json_t *
names_fail(struct names *n, const char *what, const char *problem)
{
	const char *near =
	    diag_nearest(what, (const char *const *)n->all.at, n->all.n);
	json_t *error = control_error(EXIT_NO_SUCH, "%s %s%s%s%s", problem,
	    what, near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");

	for (size_t i = 0; i < n->all.n; i++)
		free(n->all.at[i]);
	vec_free(&n->all);
	return error;
}

static void
names_of_pool(
    struct names *n, const struct conf *conf, const struct conf_pool *p)
{
	for (size_t i = 0; i < p->nregions; i++) {
		const struct conf_pool_region *r = &p->regions[i];
		const char *region = conf->regions[r->region].name;

		names_add(n, "%s/%s", p->name, region);
		for (size_t t = 0; t < r->ntargets; t++)
			names_add(n, "%s/%s/%s", p->name, region,
			    r->targets[t].label);
	}
}

static bool
names_have(const struct names *n, const char *what)
{
	for (size_t i = 0; i < n->all.n; i++)
		if (strcmp(n->all.at[i], what) == 0)
			return true;
	return false;
}

json_t *
drain_unknown(const struct conf *conf, const struct drain *d)
{
	struct names names = {0};
	bool known;
	json_t *error;

	for (size_t i = 0; i < conf->nregions; i++)
		names_add(&names, "%s", conf->regions[i].name);
	for (size_t i = 0; i < conf->npools; i++)
		names_of_pool(&names, conf, &conf->pools[i]);
	known = names_have(&names, d->what);
	error = names_fail(&names, d->what, "there is no");
	if (!known)
		return error;
	json_decref(error);
	return NULL;
}

/* Safety ----------------------------------------------------------------- */

static bool
same_lease(const struct drain *a, const struct drain *b)
{
	return a->kind == b->kind && strcmp(a->what, b->what) == 0 &&
	    (a->at != 0) == (b->at != 0);
}

/* The table as it would be; the drains in it are not its own. */
static void
table_with(const struct drains *from, const struct drain *d, bool add,
    struct drains *to)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < from->all.n; i++)
		if (!same_lease(from->all.at[i], d))
			vec_push(&to->all, from->all.at[i]);
	if (add)
		vec_push(&to->all, (struct drain *)(uintptr_t)d);
}

/* A pool as it is and as it would be. */
struct effect {
	const struct snapshot *snapshot;
	const struct pool *pool;
	uint64_t before, after;              /* live words */
	unsigned out[CONF_POOL_REGIONS_MAX]; /* percent, by partial drains */
	double fill[CONF_POOL_REGIONS_MAX];  /* percent, after */
	bool filled;                         /* fill is known */
};

static uint64_t
capacity_of(const struct effect *e, size_t region)
{
	return e->snapshot->conf->regions[e->pool->regions[region].region]
	    .capacity;
}

static double
answers_of(const struct effect *e, size_t region)
{
	double n = 0;

	for (unsigned i = 0; i < POOL_REASON_COUNT; i++)
		n += (double)snapshot_steered(
		    e->snapshot, e->pool, region, (enum pool_reason)i);
	return n;
}

/* The share of the pool's answers of each region, and the load that they are
 * taken for (see the header); false when that cannot be said. */
static bool
effect_load(
    const struct effect *e, double share[CONF_POOL_REGIONS_MAX], double *load)
{
	double total = 0, capacity = 0, largest = 0;

	for (size_t i = 0; i < e->pool->nregions; i++) {
		double c = (double)capacity_of(e, i);

		if (c <= 0)
			return false;
		capacity += c;
		largest = c > largest ? c : largest;
		share[i] = answers_of(e, i);
		total += share[i];
	}
	if (total < DRAIN_ANSWERS_MIN || e->pool->nregions < 2)
		return false;
	*load =
	    (capacity - largest) * e->snapshot->conf->safety.max_fill / 100.0;
	for (size_t i = 0; i < e->pool->nregions; i++) {
		double most;

		share[i] /= total;
		most = (double)capacity_of(e, i);
		if (share[i] * *load > most)
			*load = most / share[i];
	}
	return true;
}

static void
effect_fill(struct effect *e)
{
	double share[CONF_POOL_REGIONS_MAX], load, moved = 0, left = 0;

	if (e->after == 0 || !effect_load(e, share, &load))
		return;
	for (size_t i = 0; i < e->pool->nregions; i++) {
		double out = e->after >> i & 1 ? e->out[i] / 100.0 : 1;

		left += (double)capacity_of(e, i) * (1 - out);
		moved += share[i] * load * out;
		share[i] *= 1 - out;
	}
	for (size_t i = 0; i < e->pool->nregions; i++) {
		double c = (double)capacity_of(e, i);

		if (e->after >> i & 1)
			e->fill[i] = 100 *
			    (share[i] * load / c +
				moved * (100 - e->out[i]) / 100 / left);
	}
	e->filled = true;
}

/* False when the drain does not touch the pool. */
static bool
effect_find(struct effect *e, const struct snapshot *s, size_t pool,
    const struct drain *d, const struct drains *next)
{
	const struct pool *p = &s->pools[pool];
	const struct drain *part;
	bool touched = false;

	memset(e, 0, sizeof(*e));
	e->snapshot = s;
	e->pool = p;
	e->before = atomic_load(&p->live);
	if (!is_pool(d, p->conf))
		return false;
	for (size_t i = 0; i < p->nregions; i++) {
		touched |= is_region(d, s->conf, p->regions[i].region);
		if (pool_region_would_live(p, i, next))
			e->after |= UINT64_C(1) << i;
		part = drains_part(next, p->conf->name, p->regions[i].name);
		e->out[i] = part != NULL ? part->share : 0;
	}
	if (touched)
		effect_fill(e);
	return touched;
}

static const char *
effect_region(const struct effect *e, size_t region)
{
	return e->snapshot->conf->regions[e->pool->regions[region].region].name;
}

/* A pool that only stands in when others are down may be emptied. */
static bool
pool_is_named(const struct snapshot *s, const struct pool *p)
{
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->conf->names[i].pool == p->index)
			return true;
	return false;
}

static json_t *
effect_refuse(const struct effect *e, const struct drain *d)
{
	const struct conf_safety *safety = &e->snapshot->conf->safety;
	const char *pool = e->pool->conf->name;
	unsigned before = (unsigned)__builtin_popcountll(e->before);
	unsigned after = (unsigned)__builtin_popcountll(e->after);

	if (!pool_is_named(e->snapshot, e->pool) ||
	    (e->before == e->after && d->share == DRAIN_WHOLE))
		return NULL;
	if (after < before && after < safety->min_regions)
		return control_error(EXIT_WRONG,
		    "draining %s would leave pool "
		    "%s with %u live regions of %u now; safety.min_regions is "
		    "%u; --force overrides",
		    d->what, pool, after, before, safety->min_regions);
	for (size_t i = 0; e->filled && i < e->pool->nregions; i++) {
		if (e->fill[i] > safety->max_fill + 0.5)
			return control_error(EXIT_WRONG,
			    "draining %s would "
			    "fill region %s of pool %s to %.0f%% of its "
			    "capacity; safety.max_fill is %u%%; --force "
			    "overrides",
			    d->what, effect_region(e, i), pool, e->fill[i],
			    safety->max_fill);
	}
	return NULL;
}

static json_t *
effect_json(const struct effect *e)
{
	json_t *fill = json_object();

	for (size_t i = 0; e->filled && i < e->pool->nregions; i++)
		if (e->after >> i & 1)
			json_object_set_new(
			    fill, effect_region(e, i), json_real(e->fill[i]));
	return json_pack("{s:s, s:i, s:i, s:o}", "pool", e->pool->conf->name,
	    "live_before", __builtin_popcountll(e->before), "live_after",
	    __builtin_popcountll(e->after), "fill",
	    e->filled ? fill : (json_decref(fill), json_null()));
}

/* The effects on all pools touched; or the refusal. */
static json_t *
drain_effects(const struct snapshot *s, const struct drain *d,
    const struct drains *next, json_t **refusal)
{
	json_t *pools = json_array();
	struct effect e;

	for (size_t i = 0; i < s->conf->npools && *refusal == NULL; i++) {
		if (!effect_find(&e, s, i, d, next))
			continue;
		if (!d->forced)
			*refusal = effect_refuse(&e, d);
		json_array_append_new(pools, effect_json(&e));
	}
	return pools;
}

/* Seconds until the last answer with what is drained has run out: a second
 * more, for what the whole seconds of both clocks have cut off. */
static uint32_t
drain_let_go_s(const struct snapshot *s, const struct drain *d)
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
			if (end >= last)
				last = end + 1;
		}
	}
	return last - now;
}

/* The commands ----------------------------------------------------------- */

static struct drain *
drain_read(const json_t *body, const char *owner, json_t **error)
{
	const json_int_t longest = (json_int_t)DRAIN_YEARS_MAX * 366 * 86400;
	const char *what, *reason;
	json_int_t for_s = 0, over_s = 0, share = DRAIN_WHOLE;
	int forever = 0, force = 0;
	int64_t now = clock_wall_s();
	struct drain *d;
	struct error err;

	if (json_unpack((json_t *)(uintptr_t)body,
		"{s:s, s:s, s?I, s?b, s?b, s?I, s?I !}", "what", &what,
		"reason", &reason, "for_s", &for_s, "until_cancelled", &forever,
		"force", &force, "share", &share, "over_s", &over_s) != 0) {
		*error = control_error(EXIT_USAGE,
		    "a drain has what, a reason, for_s or until_cancelled, and "
		    "perhaps force, share and over_s");
		return NULL;
	}
	if (reason[strspn(reason, " \t\r\n")] == '\0') {
		*error = control_error(EXIT_USAGE, "a drain needs a reason");
		return NULL;
	}
	if ((for_s != 0) == (forever != 0) || for_s < 0 || for_s > longest) {
		*error = control_error(EXIT_USAGE,
		    "a drain needs an expiry "
		    "(for_s, 1 s to %d years), or until_cancelled",
		    DRAIN_YEARS_MAX);
		return NULL;
	}
	if (share < 1 || share > DRAIN_WHOLE || over_s < 0 ||
	    over_s > DRAIN_OVER_MAX_S) {
		*error = control_error(EXIT_USAGE,
		    "share is a percentage (1 to %d), over_s 0 to %d",
		    DRAIN_WHOLE, DRAIN_OVER_MAX_S);
		return NULL;
	}
	d = drain_new(what, owner, reason, now,
	    forever ? DRAIN_FOREVER : now + for_s, force, &err);
	if (d == NULL) {
		*error = control_error(EXIT_USAGE, "%s", err.text);
		return NULL;
	}
	d->share = (unsigned)share;
	d->over_s = over_s;
	return d;
}

/* A target's clients are those of its region. */
static json_t *
drain_check_share(const struct drain *d)
{
	if (d->target == NULL || (d->share == DRAIN_WHOLE && d->over_s == 0))
		return NULL;
	return control_error(EXIT_USAGE,
	    "%s: a target is drained as a whole and at once: share and over "
	    "are for regions",
	    d->what);
}

static json_t *
drain_event(const struct drain *d)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:i, s:I}", "what",
	    text_string(d->what), "owner", text_string(d->owner), "reason",
	    text_string(d->reason), "until",
	    d->until == DRAIN_FOREVER ? json_null() : json_integer(d->until),
	    "forced", d->forced, "share", (int)d->share, "over_s",
	    (json_int_t)d->over_s);
}

/* Saved first: what takes effect outlives kill -9. */
static json_t *
drain_put(struct control *c, struct drain *d, const struct drains *next,
    json_t *pools)
{
	char span[CLOCK_TEXT_MAX] = "";
	uint32_t let_go_s = drain_let_go_s(c->status.snapshot, d);
	struct error err;

	if (!state_save_drains(c->folder, next, &err)) {
		drain_free(d);
		json_decref(pools);
		return control_error(EXIT_WRONG,
		    "not drained, as it cannot be saved: %s", err.text);
	}
	drains_put(&c->drains, d);
	if (d->until != DRAIN_FOREVER)
		clock_format_span(span, (uint64_t)(d->until - d->since) * 1000);
	event_put(c->events, LOG_LEVEL_WARNING, "drain", drain_event(d),
	    "drain of %s by %s%s%s%s: %s", d->what, d->owner,
	    *span != '\0' ? " for " : " until cancelled", span,
	    d->forced ? ", forced" : "", d->reason);
	control_refresh(c, d->pool, d->region);
	return json_pack("{s:s, s:s, s:o, s:I, s:o}", "drained", d->what,
	    "owner", d->owner, "until",
	    d->until == DRAIN_FOREVER ? json_null() : json_integer(d->until),
	    "let_go_s", (json_int_t)let_go_s, "pools", pools);
}

json_t *
drain_begin(struct control *c, const json_t *body, const char *owner)
{
	const struct snapshot *s = c->status.snapshot;
	json_t *error = NULL, *pools, *reply;
	struct drain *d = drain_read(body, owner, &error), end;
	struct drains next;

	if (d == NULL)
		return error;
	error = drain_unknown(s->conf, d);
	if (error == NULL)
		error = drain_check_share(d);
	if (error != NULL) {
		drain_free(d);
		return error;
	}
	/* Judged by how it ends. */
	end = *d;
	end.over_s = 0;
	table_with(&c->drains, &end, true, &next);
	pools = drain_effects(s, d, &next, &error);
	vec_free(&next.all);
	table_with(&c->drains, d, true, &next);
	if (error != NULL) {
		log_warning("refused to %s: %s", owner,
		    json_string_value(json_object_get(error, "error")));
		json_object_set_new(error, "pools", pools);
		drain_free(d);
		reply = error;
	} else {
		reply = drain_put(c, d, &next, pools);
	}
	vec_free(&next.all);
	return reply;
}

static json_t *
drain_not_drained(const struct control *c, const char *what)
{
	struct names names = {0};

	for (size_t i = 0; i < c->drains.all.n; i++)
		names_add(&names, "%s", c->drains.all.at[i]->what);
	return names_fail(&names, what, "there is no drain of");
}

json_t *
drain_end(struct control *c, const json_t *body, const char *owner)
{
	const char *what;
	const struct drain *found;
	struct drain *d;
	struct drains next;
	struct error err;
	bool saved;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s !}", "what", &what) !=
	    0)
		return control_error(EXIT_USAGE, "undrain has what");
	found = drains_find(&c->drains, DRAIN_OUT, what, false);
	if (found == NULL)
		return drain_not_drained(c, what);
	table_with(&c->drains, found, false, &next);
	saved = state_save_drains(c->folder, &next, &err);
	vec_free(&next.all);
	if (!saved)
		return control_error(EXIT_WRONG,
		    "still drained, as it cannot be saved: %s", err.text);
	d = drains_remove(&c->drains, found);
	event_put(c->events, LOG_LEVEL_INFO, "undrain", drain_event(d),
	    "drain of %s ended by %s", d->what, owner);
	control_refresh(c, d->pool, d->region);
	drain_free(d);
	return json_pack("{s:o}", "undrained", text_string(what));
}

void
drain_expire(struct control *c)
{
	struct drain *d;
	struct error err;
	bool changed = false;

	while ((d = drains_expire(&c->drains, clock_wall_s())) != NULL) {
		event_put(c->events, LOG_LEVEL_INFO, "expired", drain_event(d),
		    "drain of %s by %s is over", d->what, d->owner);
		control_refresh(c, d->pool, d->region);
		drain_free(d);
		changed = true;
	}
	if (changed && !state_save_drains(c->folder, &c->drains, &err))
		log_error("%s", err.text);
}
