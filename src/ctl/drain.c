/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/drain.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/safety.h"
#include "ctl/what.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "state/state.h"

/* What is on its way when a drain takes effect has been counted after so many
 * looks at the clock. */
enum { SETTLE_TICKS = 2 };

/* Saying it -------------------------------------------------------------- */

static const char *const nouns[DRAIN_KIND_COUNT] =
    {[DRAIN_OUT] = "drain", [DRAIN_UP] = "force-up"};

static json_t *
moment(int64_t wall, int64_t none)
{
	return wall == none ? json_null() : json_integer(wall);
}

static json_t *
drain_event(const struct drain *d)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:I}",
	    "kind", drain_kind_names[d->kind], "what", text_string(d->what),
	    "owner", text_string(d->owner), "reason", text_string(d->reason),
	    "at", moment(d->at, 0), "until", moment(d->until, DRAIN_FOREVER),
	    "forced", d->forced, "share", (int)d->share, "over_s",
	    (json_int_t)d->over_s);
}

static void
until_add(struct text *t, const char *before, int64_t until)
{
	char buf[CLOCK_TEXT_MAX];

	text_add(t, "%s%s", before,
	    until == DRAIN_FOREVER ? "cancelled" : clock_format(buf, until));
}

/* "drain of eu (50% over 10m)" */
static void
lease_add(struct text *t, const struct drain *d)
{
	char span[CLOCK_TEXT_MAX];

	text_add(t, "%s of %s", nouns[d->kind], d->what);
	if (d->share == DRAIN_WHOLE && d->over_s == 0)
		return;
	text_add(t, " (%u%%", d->share);
	if (d->over_s != 0)
		text_add(t, " over %s",
		    clock_format_span(span, (uint64_t)d->over_s * 1000));
	text_add(t, ")");
}

static void
span_add(struct text *t, const struct drain *d)
{
	int64_t left_s = d->until - (d->at != 0 ? d->at : clock_wall_s());
	char span[CLOCK_TEXT_MAX];

	/* The second may have changed since. */
	if (left_s < 1)
		left_s = 1;
	if (d->until == DRAIN_FOREVER)
		text_add(t, " until cancelled");
	else
		text_add(t, " for %s",
		    clock_format_span(span, (uint64_t)left_s * 1000));
}

/* A lease that was given; old: the one that it renews, or NULL. */
static void
tell_put(struct control *c, const struct drain *d, const struct drain *old)
{
	json_t *details = drain_event(d);
	struct text t = {0};
	char at[CLOCK_TEXT_MAX];

	lease_add(&t, d);
	text_add(&t, "%s%s by %s", d->at != 0 ? " announced" : "",
	    old == NULL      ? ""
		: d->at != 0 ? " anew"
			     : " renewed",
	    d->owner);
	if (d->at != 0)
		text_add(&t, " from %s", clock_format(at, d->at));
	span_add(&t, d);
	if (d->forced)
		text_add(&t, ", forced");
	if (old != NULL) {
		if (d->until != DRAIN_FOREVER)
			until_add(&t, ", until ", d->until);
		until_add(&t, " (was until ", old->until);
		text_add(&t, " by %s)", old->owner);
		json_object_set_new(details, "renewed", drain_event(old));
	}
	event_put(c->events, LOG_LEVEL_WARNING,
	    old != NULL      ? "renewed"
		: d->at != 0 ? "announced"
			     : drain_kind_names[d->kind],
	    details, "%s: %s", t.at, d->reason);
	text_fini(&t);
}

/* Caches ----------------------------------------------------------------- */

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

/* Seconds until the last answer given so far with what is drained has run out:
 * a second more, for what the whole seconds of both clocks have cut off. */
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
			if (end >= last)
				last = end + 1;
		}
	}
	return last - now;
}

/* When the last honest cache lets go of what is drained.  Of a target or a
 * share only what was given out until it was drained counts: the region still
 * is. */
static void
let_go_look(const struct control *c, struct drain *d)
{
	int64_t left = given_out_s(c->status.snapshot, d);
	int64_t grows = d->whole_s - clock_mono_s();

	if (d->over_s > 0 && grows >= left)
		left = grows + 1;
	if (clock_mono_s() + left > d->let_go)
		d->let_go = clock_mono_s() + left;
}

/* Seconds, of an announced one and at best: TTLs end with its beginning, but
 * none is below the least; and main looks at the clock once a second. */
static int64_t
let_go_announced(const struct control *c, const struct drain *d)
{
	const struct conf *conf = c->status.snapshot->conf;
	int64_t given = given_out_s(c->status.snapshot, d), left;
	uint32_t least = 0;

	for (size_t i = 0; i < conf->nnames; i++)
		if (conf->names[i].ttl_min > least)
			least = conf->names[i].ttl_min;
	left = d->at - clock_wall_s() + d->over_s + least + 1;
	return left > given ? left : given;
}

void
drain_restored(struct control *c)
{
	const struct conf *conf = c->status.snapshot->conf;
	uint32_t most = 0;

	for (size_t i = 0; i < conf->nnames; i++)
		if (conf->names[i].ttl_max > most)
			most = conf->names[i].ttl_max;
	for (size_t i = 0; i < c->drains.all.n; i++) {
		struct drain *d = c->drains.all.at[i];

		if (d->at != 0)
			continue;
		d->let_go = d->whole_s + most + 1;
		d->gone = d->let_go <= clock_mono_s();
	}
}

static void
let_go_tick(struct control *c)
{
	for (size_t i = 0; i < c->drains.all.n; i++) {
		struct drain *d = c->drains.all.at[i];

		if (d->kind != DRAIN_OUT || d->at != 0 || d->gone)
			continue;
		if (clock_mono_s() < d->whole_s)
			d->settling = SETTLE_TICKS;
		if (d->settling > 0 ||
		    (d->target == NULL && d->share == DRAIN_WHOLE))
			let_go_look(c, d);
		d->settling -= d->settling > 0;
		if (d->settling > 0 || d->let_go > clock_mono_s())
			continue;
		d->gone = true;
		event_put(c->events, LOG_LEVEL_INFO, "let_go", drain_event(d),
		    "the last honest cache has let go of %s, drained by %s",
		    d->what, d->owner);
	}
}

/* The commands ----------------------------------------------------------- */

/* What a request for a lease says. */
struct wish {
	const char *what, *reason;
	json_int_t for_s, at, share, over_s;
	int forever, force;
};

static json_t *
wish_read(struct wish *w, const json_t *body, enum drain_kind kind)
{
	const json_int_t longest = (json_int_t)DRAIN_YEARS_MAX * 366 * 86400;
	const int64_t now = clock_wall_s();
	const char *noun = nouns[kind];
	json_t *wrong;

	*w = (struct wish){.share = DRAIN_WHOLE};
	if (json_unpack((json_t *)(uintptr_t)body,
		kind == DRAIN_OUT ? "{s:s, s:s, s?I, s?b, s?I, s?b, s?I, s?I !}"
				  : "{s:s, s:s, s?I, s?b !}",
		"what", &w->what, "reason", &w->reason, "for_s", &w->for_s,
		"until_cancelled", &w->forever, "at", &w->at, "force",
		&w->force, "share", &w->share, "over_s", &w->over_s) != 0)
		return text_error(EXIT_USAGE,
		    "a %s has what, a reason, for_s or until_cancelled%s", noun,
		    kind == DRAIN_OUT
			? ", and perhaps at, force, share and over_s"
			: "");
	wrong = what_reason_wrong(noun, w->reason);
	if (wrong != NULL)
		return wrong;
	if ((w->for_s != 0) == (w->forever != 0) || w->for_s < 0 ||
	    w->for_s > longest)
		return text_error(EXIT_USAGE,
		    "a %s needs an expiry (for_s, 1 s to %d years), or "
		    "until_cancelled",
		    noun, DRAIN_YEARS_MAX);
	if (w->share < 1 || w->share > DRAIN_WHOLE || w->over_s < 0 ||
	    w->over_s > DRAIN_OVER_MAX_S)
		return text_error(EXIT_USAGE,
		    "share is a percentage (1 to %d), over_s 0 to %d",
		    DRAIN_WHOLE, DRAIN_OVER_MAX_S);
	if (w->over_s > 0 && !w->forever && w->over_s >= w->for_s)
		return text_error(EXIT_USAGE,
		    "a %s that grows over so long must last longer than that: "
		    "it would end before all of its share is out",
		    noun);
	if (w->at != 0 && (w->at <= now || w->at > now + longest))
		return text_error(EXIT_USAGE,
		    "a %s is announced for a moment to come (at, seconds since "
		    "1970), within %d years",
		    noun, DRAIN_YEARS_MAX);
	return NULL;
}

static struct drain *
drain_read(
    const json_t *body, const char *owner, enum drain_kind kind, json_t **error)
{
	int64_t now = clock_wall_s();
	struct drain *d;
	struct wish w;
	struct error err;

	*error = wish_read(&w, body, kind);
	if (*error != NULL)
		return NULL;
	d = drain_new(w.what, owner, w.reason, now,
	    w.forever ? DRAIN_FOREVER : (w.at != 0 ? w.at : now) + w.for_s,
	    w.force, &err);
	if (d == NULL) {
		*error = text_error(EXIT_USAGE, "%s", err.text);
		return NULL;
	}
	d->kind = kind;
	d->at = w.at;
	d->share = (unsigned)w.share;
	d->over_s = w.over_s;
	return d;
}

/* A target's clients are those of its region. */
static json_t *
check_share(const struct drain *d)
{
	if (d->target == NULL || (d->share == DRAIN_WHOLE && d->over_s == 0))
		return NULL;
	return text_error(EXIT_USAGE,
	    "%s: a target is drained as a whole and at once: share and over "
	    "are for regions",
	    d->what);
}

/* The percentage of the clients that it takes out now. */
static double
out_now(const struct drain *d)
{
	int64_t left_s = d->whole_s - clock_mono_s();

	if (left_s <= 0)
		return d->share;
	return (double)d->share * (double)(d->over_s - left_s) /
	    (double)d->over_s;
}

/* What it renews in force was drained from then on, and caches began to let
 * go then, unless more clients go; what grows does so from where the other is,
 * so that no client comes back. */
static void
drain_continue(struct drain *d, const struct drain *old)
{
	double out;

	d->settling = SETTLE_TICKS;
	if (old == NULL || d->at != 0)
		return;
	out = out_now(old);
	if (d->over_s == 0 && out >= d->share)
		d->since = old->since;
	else if (d->over_s != 0)
		d->since -= (int64_t)((double)d->over_s *
		    (out < d->share ? out / d->share : 1));
	if (out < d->share)
		return;
	d->let_go = old->let_go;
	d->settling = old->settling;
	d->gone = old->gone;
}

/* The table with d in place of old, saved. */
static bool
save_with(struct control *c, const struct drain *old, const struct drain *d,
    struct error *err)
{
	struct drains next = {0};
	bool ok;

	for (size_t i = 0; i < c->drains.all.n; i++)
		if (c->drains.all.at[i] != old)
			vec_push(&next.all, c->drains.all.at[i]);
	vec_push(&next.all, (struct drain *)(uintptr_t)d);
	ok = state_save_drains(c->folder, &next, err);
	vec_free(&next.all);
	return ok;
}

static json_t *
put_reply(const struct control *c, const struct drain *d, json_t *renewed,
    json_t *effects)
{
	static const char *const keys[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "drained", [DRAIN_UP] = "forced_up"};
	int64_t left =
	    d->at != 0 ? let_go_announced(c, d) : d->let_go - clock_mono_s();
	json_t *reply = json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}",
	    keys[d->kind], d->what, "owner", text_string(d->owner), "since",
	    (json_int_t)d->since, "at", moment(d->at, 0), "until",
	    moment(d->until, DRAIN_FOREVER), "renewed", renewed);

	json_object_update(reply, effects);
	json_decref(effects);
	if (d->kind != DRAIN_OUT) {
		json_object_set_new(reply, "drained_by",
		    what_still(&c->drains, DRAIN_OUT, d->what));
		return reply;
	}
	json_object_set_new(
	    reply, "let_go_s", json_integer(left > 0 ? left : d->settling > 0));
	json_object_set_new(reply, "share", json_integer((json_int_t)d->share));
	json_object_set_new(reply, "over_s", json_integer(d->over_s));
	return reply;
}

/* Saved first: what takes effect outlives kill -9. */
static json_t *
drain_put(struct control *c, struct drain *d, json_t *effects)
{
	struct drain *old =
	    drains_find(&c->drains, d->kind, d->what, d->at != 0);
	json_t *renewed = json_null();
	struct error err;

	drain_continue(d, old);
	if (d->at == 0)
		drain_start(d);
	if (!save_with(c, old, d, &err)) {
		json_decref(effects);
		drain_free(d);
		return text_error(EXIT_WRONG,
		    "nothing is changed, as it cannot be saved: %s", err.text);
	}
	if (old != NULL)
		renewed = drain_event(old);
	tell_put(c, d, old);
	drains_put(&c->drains, d);
	control_refresh(c, d->pool, d->region);
	if (d->kind == DRAIN_OUT && d->at == 0 && d->settling > 0)
		let_go_look(c, d);
	return put_reply(c, d, renewed, effects);
}

static json_t *
drain_refuse(
    struct control *c, struct drain *d, struct text *fault, json_t *effects)
{
	json_t *error = text_error(EXIT_WRONG,
	    "draining %s would %s; --force overrides", d->what, fault->at);

	event_put(c->events, LOG_LEVEL_WARNING, "refused", drain_event(d),
	    "refused to %s: draining %s would %s", d->owner, d->what,
	    fault->at);
	json_object_update(error, effects);
	json_decref(effects);
	drain_free(d);
	return error;
}

json_t *
drain_begin(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner)
{
	const struct snapshot *s = c->status.snapshot;
	struct text fault = {0};
	json_t *error, *effects, *reply;
	struct drain *d = drain_read(body, owner, kind, &error);

	if (d == NULL)
		return error;
	error = what_unknown(s->conf, d->what);
	if (error == NULL)
		error = check_share(d);
	if (error != NULL) {
		drain_free(d);
		return error;
	}
	effects = safety_judge(c, d, &fault);
	if (fault.len > 0 && !d->forced)
		reply = drain_refuse(c, d, &fault, effects);
	else
		reply = drain_put(c, d, effects);
	text_fini(&fault);
	return reply;
}

static void
end_one(struct control *c, struct drain *d, const char *owner)
{
	static const char *const types[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "undrain", [DRAIN_UP] = "force_up_end"};

	drains_remove(&c->drains, d);
	event_put(c->events, LOG_LEVEL_INFO, types[d->kind], drain_event(d),
	    "%s of %s%s ended by %s", nouns[d->kind], d->what,
	    d->at != 0 ? ", announced," : "", owner);
	control_refresh(c, d->pool, d->region);
	drain_free(d);
}

static bool
save_without(struct control *c, const struct drain *a, const struct drain *b,
    struct error *err)
{
	struct drains next = {0};
	bool ok;

	for (size_t i = 0; i < c->drains.all.n; i++)
		if (c->drains.all.at[i] != a && c->drains.all.at[i] != b)
			vec_push(&next.all, c->drains.all.at[i]);
	ok = state_save_drains(c->folder, &next, err);
	vec_free(&next.all);
	return ok;
}

json_t *
drain_end(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner)
{
	static const char *const keys[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "undrained", [DRAIN_UP] = "force_up_ended"};
	struct drain *held, *announced;
	struct error err;
	const char *what;
	json_t *reply;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s !}", "what", &what) !=
	    0)
		return text_error(
		    EXIT_USAGE, "the end of a %s has what", nouns[kind]);
	held = drains_find(&c->drains, kind, what, false);
	announced = drains_find(&c->drains, kind, what, true);
	if (held == NULL && announced == NULL)
		return what_not_leased(&c->drains, kind, what);
	if (!save_without(c, held, announced, &err))
		return text_error(EXIT_WRONG,
		    "nothing is changed, as it cannot be saved: %s", err.text);
	reply = json_pack("{s:o, s:b, s:b}", keys[kind], text_string(what),
	    "in_force", held != NULL, "announced", announced != NULL);
	if (held != NULL)
		end_one(c, held, owner);
	if (announced != NULL)
		end_one(c, announced, owner);
	json_object_set_new(reply, "still", what_still(&c->drains, kind, what));
	return reply;
}

/* The clock -------------------------------------------------------------- */

/* Whatever the pools look like by now: it was announced, and is relied on. */
static void
begin_announced(struct control *c, struct drain *d)
{
	struct text fault = {0}, t = {0};
	struct drain *replaced;

	json_decref(safety_judge(c, d, &fault));
	replaced = drains_begin(&c->drains, d);
	d->settling = SETTLE_TICKS;
	lease_add(&t, d);
	text_add(&t, " by %s begins as announced,", d->owner);
	span_add(&t, d);
	event_put(c->events, LOG_LEVEL_WARNING, drain_kind_names[d->kind],
	    drain_event(d), "%s: %s", t.at, d->reason);
	if (fault.len > 0)
		event_put(c->events, LOG_LEVEL_ERROR, "unsafe", drain_event(d),
		    "drain of %s began as announced, but was to %s", d->what,
		    fault.at);
	control_refresh(c, d->pool, d->region);
	let_go_look(c, d);
	drain_free(replaced);
	text_fini(&fault);
	text_fini(&t);
}

/* What has changed by itself; again each second until it could be saved. */
static void
save_changed(struct control *c)
{
	struct error err;

	if (!c->drains_changed)
		return;
	if (state_save_drains(c->folder, &c->drains, &err)) {
		c->drains_changed = c->drains_unsaved = false;
		return;
	}
	if (!c->drains_unsaved)
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "drains that began or ended cannot be saved: %s", err.text);
	c->drains_unsaved = true;
}

void
drain_tick(struct control *c)
{
	struct drain *d;

	while ((d = drains_due(&c->drains, clock_wall_s())) != NULL) {
		begin_announced(c, d);
		c->drains_changed = true;
	}
	while ((d = drains_expire(&c->drains, clock_wall_s())) != NULL) {
		event_put(c->events, LOG_LEVEL_INFO, "expired", drain_event(d),
		    "%s of %s by %s is over", nouns[d->kind], d->what,
		    d->owner);
		control_refresh(c, d->pool, d->region);
		drain_free(d);
		c->drains_changed = true;
	}
	save_changed(c);
	let_go_tick(c);
}
