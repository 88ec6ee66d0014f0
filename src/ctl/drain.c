/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/drain.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/commit.h"
#include "ctl/monitor.h"
#include "ctl/safety.h"
#include "report/text.h"
#include "snapshot/caches.h"
#include "state/lease.h"
#include "state/wish.h"
#include "state/what.h"

/* What is on its way when a drain takes effect has been counted after so many
 * looks at the clock. */
enum { SETTLE_TICKS = 2 };

/* Saying it -------------------------------------------------------------- */

/* A lease that was given; old: the one that it renews, or NULL. */
static void
tell_put(struct control *c, const struct drain *d, const struct drain *old)
{
	json_t *details = lease_json(d);
	struct text t = {0};
	char at[CLOCK_TEXT_MAX];

	lease_describe(&t, d);
	text_add(&t, "%s%s by %s", d->at != 0 ? " announced" : "",
	    old == NULL      ? ""
		: d->at != 0 ? " anew"
			     : " renewed",
	    d->owner);
	if (d->at != 0)
		text_add(&t, " from %s", clock_format(at, d->at));
	lease_add_span(&t, d);
	if (d->forced)
		text_add(&t, ", forced");
	if (old != NULL) {
		if (d->until != DRAIN_FOREVER)
			lease_add_until(&t, ", until ", d->until);
		lease_add_until(&t, " (was until ", old->until);
		text_add(&t, " by %s)", old->owner);
		json_object_set_new(details, "renewed", lease_json(old));
	}
	event_put(c->events, LOG_LEVEL_WARNING,
	    old != NULL      ? "renewed"
		: d->at != 0 ? "announced"
			     : drain_kind_names[d->kind],
	    details, "%s: %s", t.at, d->reason);
	text_fini(&t);
}

/* Caches ----------------------------------------------------------------- */

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
			caches_look(c->status.snapshot, d);
		d->settling -= d->settling > 0;
		if (d->settling > 0 || d->let_go > clock_mono_s())
			continue;
		d->gone = true;
		event_put(c->events, LOG_LEVEL_INFO, "let_go", lease_json(d),
		    "every cached answer for %s, drained by %s, has expired",
		    d->what, d->owner);
	}
}

/* The commands ----------------------------------------------------------- */

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

/* What it renews in force was drained from then on, unless more clients go;
 * what grows does so from where the other is, so that no client comes back. */
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
}

/* Caches began to expire when the one that it renews began. */
static void
drain_continue_caches(struct drain *d, const struct drain *old)
{
	if (old == NULL || d->at != 0 || out_now(old) < d->share)
		return;
	d->let_go = old->let_go;
	d->settling = old->settling;
	d->gone = old->gone;
}

/* What was asked for ----------------------------------------------------- */

/* A lease to be given or ended, once that is on disk. */
struct lease_change {
	struct change change; /* first */
	enum drain_kind kind;
	struct drain *put; /* NULL: an end */
	char *what, *owner;
	bool in_force, announced; /* of an end: it ends such a one */
	json_t *effects;          /* of a drain */
	reply_fn *done;
	void *arg;
};

static void
wanted_put(struct drains *wanted, const struct lease_change *l)
{
	struct drain *d;

	if (l->put != NULL) {
		drains_replace(wanted, l->put);
		return;
	}
	for (int announced = 0; announced < 2; announced++) {
		d = drains_find(wanted, l->kind, l->what, announced);
		if (d != NULL)
			drains_remove(wanted, d);
	}
}

static void
wanted_add(const struct change *change, void *arg)
{
	wanted_put(arg, (const struct lease_change *)change);
}

const struct drains *
drain_wanted(struct control *c)
{
	struct drains *wanted = &c->wanted;

	if (!c->wanted_stale)
		return wanted;
	c->wanted_stale = false;
	drains_return(wanted);
	for (size_t i = 0; i < c->drains.all.n; i++)
		drains_lend(wanted, c->drains.all.at[i]);
	commit_each(c, BATCH_DRAINS, wanted_add, wanted);
	return wanted;
}

/* It is in the table of those that hold. */
static bool
is_held(const struct control *c, const struct drain *d)
{
	return drains_find(&c->drains, d->kind, d->what, d->at != 0) == d;
}

/* The drains in force have changed otherwise than by what was asked for. */
static void
drains_changed(struct control *c)
{
	c->wanted_stale = true;
	commit_drains(c);
}

static void
lease_ask(struct control *c, struct lease_change *l)
{
	drain_wanted(c);
	wanted_put(&c->wanted, l);
	commit_add(c, &l->change);
}

/* Replies, and frees it. */
static void
lease_reply(struct lease_change *l, json_t *reply)
{
	l->done(reply, l->arg);
	json_decref(l->effects);
	free(l->what);
	free(l->owner);
	free(l);
}

/* True: it takes effect all the same. */
static bool
lease_unsaved(struct control *c, struct lease_change *l, const char *why)
{
	drains_changed(c);
	if (l->change.unsaved)
		event_put(c->events, LOG_LEVEL_ERROR, "unsaved",
		    json_pack("{s:s, s:s, s:o}", "kind",
			drain_kind_names[l->kind], "what", l->what, "owner",
			text_string(l->owner)),
		    "%s of %s by %s is not saved, a restart loses it: %s",
		    l->put != NULL ? drain_nouns[l->kind]
				   : lease_end_nouns[l->kind],
		    l->what, l->owner, why);
	return l->change.unsaved;
}

static json_t *
put_reply(const struct control *c, const struct drain *d, json_t *renewed,
    json_t *effects)
{
	static const char *const keys[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "drained", [DRAIN_UP] = "forced_up"};
	int64_t left = d->at != 0 ? caches_announced_s(c->status.snapshot, d)
				  : d->let_go - clock_mono_s();
	json_t *reply = json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}",
	    keys[d->kind], d->what, "owner", text_string(d->owner), "since",
	    (json_int_t)d->since, "at", lease_moment(d->at, 0), "until",
	    lease_moment(d->until, DRAIN_FOREVER), "renewed", renewed);

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
static void
put_end(struct control *c, struct change *change, const char *why)
{
	struct lease_change *l = (struct lease_change *)change;
	struct drain *d = l->put, *old;
	json_t *renewed = json_null(), *reply;

	if (why != NULL && !lease_unsaved(c, l, why)) {
		drain_free(d);
		lease_reply(l, commit_refused(c, why));
		return;
	}
	d->unsaved = why != NULL;
	old = drains_find(&c->drains, d->kind, d->what, d->at != 0);
	drain_continue_caches(d, old);
	if (old != NULL)
		renewed = lease_json(old);
	tell_put(c, d, old);
	drain_free(drains_replace(&c->drains, d));
	control_refresh(c, d->pool, d->region);
	if (d->kind == DRAIN_OUT && d->at == 0 && d->settling > 0)
		caches_look(c->status.snapshot, d);
	reply = put_reply(c, d, renewed, json_incref(l->effects));
	json_object_set_new(reply, "unsaved", json_boolean(d->unsaved));
	lease_reply(l, reply);
}

static void
drain_put(struct control *c, struct lease_change *l)
{
	struct drain *d = l->put;

	drain_continue(
	    d, drains_find(drain_wanted(c), d->kind, d->what, d->at != 0));
	if (d->at == 0)
		drain_start(d);
	l->change.end = put_end;
	lease_ask(c, l);
}

static json_t *
drain_refuse(
    struct control *c, struct drain *d, struct text *fault, json_t *effects)
{
	json_t *error = text_error(EXIT_WRONG,
	    "draining %s would %s; --force overrides", d->what, fault->at);

	event_put(c->events, LOG_LEVEL_WARNING, "refused", lease_json(d),
	    "refused to %s: draining %s would %s", d->owner, d->what,
	    fault->at);
	json_object_update(error, effects);
	json_decref(effects);
	drain_free(d);
	return error;
}

static struct lease_change *
lease_new(enum drain_kind kind, const char *what, const char *owner,
    reply_fn *done, void *arg)
{
	struct lease_change *l = xcalloc(1, sizeof(*l));

	l->change.file = BATCH_DRAINS;
	l->kind = kind;
	l->what = xstrdup(what);
	l->owner = xstrdup(owner);
	l->done = done;
	l->arg = arg;
	return l;
}

/* Why d, which it takes over, may not be; NULL: it is on its way. */
static json_t *
drain_ask(struct control *c, struct lease_change *l, struct drain *d)
{
	const struct snapshot *s = c->status.snapshot;
	json_t *error = what_reason_wrong(drain_nouns[d->kind], d->reason);
	struct text fault = {0};

	if (error == NULL)
		error = what_unknown(s->conf, d->what);
	if (error != NULL) {
		drain_free(d);
		return error;
	}
	l->effects = safety_judge(c, d, &fault);
	if (fault.len > 0 && !d->forced) {
		error = drain_refuse(c, d, &fault, json_incref(l->effects));
	} else {
		l->put = d;
		drain_put(c, l);
	}
	text_fini(&fault);
	return error;
}

void
drain_begin(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner, reply_fn *done, void *arg)
{
	struct lease_change *l;
	json_t *error;
	bool unsaved;
	struct drain *d = wish_drain(body, owner, kind, &unsaved, &error);

	if (d == NULL) {
		done(error, arg);
		return;
	}
	l = lease_new(kind, d->what, owner, done, arg);
	l->change.unsaved = unsaved;
	error = drain_ask(c, l, d);
	if (error != NULL)
		lease_reply(l, error);
}

/* One that a restart would bring back is remembered until it is saved. */
static void
end_one(struct control *c, enum drain_kind kind, const char *what,
    bool announced, const char *owner, bool unsaved)
{
	static const char *const types[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "undrain", [DRAIN_UP] = "force_up_end"};
	struct drain *d = drains_find(&c->drains, kind, what, announced);

	if (d == NULL)
		return;
	drains_remove(&c->drains, d);
	event_put(c->events, LOG_LEVEL_INFO, types[d->kind], lease_json(d),
	    "%s of %s%s ended by %s", drain_nouns[d->kind], d->what,
	    d->at != 0 ? ", announced," : "", owner);
	control_refresh(c, d->pool, d->region);
	if (unsaved && !d->unsaved)
		drains_put(&c->ended, d);
	else
		drain_free(d);
}

static void
end_end(struct control *c, struct change *change, const char *why)
{
	static const char *const keys[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "undrained", [DRAIN_UP] = "force_up_ended"};
	struct lease_change *l = (struct lease_change *)change;
	bool unsaved = why != NULL;
	json_t *reply;

	if (unsaved && !lease_unsaved(c, l, why)) {
		lease_reply(l, commit_refused(c, why));
		return;
	}
	end_one(c, l->kind, l->what, false, l->owner, unsaved);
	end_one(c, l->kind, l->what, true, l->owner, unsaved);
	reply = json_pack("{s:o, s:b, s:b, s:o, s:o, s:b}", keys[l->kind],
	    text_string(l->what), "in_force", l->in_force, "announced",
	    l->announced, "still", what_still(&c->drains, l->kind, l->what),
	    "within", what_within(&c->drains, l->kind, l->what), "unsaved",
	    unsaved);
	lease_reply(l, reply);
}

void
drain_end(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner, reply_fn *done, void *arg)
{
	const struct drains *wanted = drain_wanted(c);
	struct lease_change *l;
	const char *what;
	int unsaved = 0;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s, s?b !}", "what",
		&what, "unsaved", &unsaved) != 0) {
		done(
		    text_error(EXIT_USAGE,
			"the end of a %s takes \"what\" and optionally \"unsaved\"",
			drain_nouns[kind]),
		    arg);
		return;
	}
	l = lease_new(kind, what, owner, done, arg);
	l->change.end = end_end;
	l->change.unsaved = unsaved;
	l->in_force = drains_find(wanted, kind, what, false) != NULL;
	l->announced = drains_find(wanted, kind, what, true) != NULL;
	if (!l->in_force && !l->announced)
		lease_reply(l, what_not_leased(wanted, kind, what));
	else
		lease_ask(c, l);
}

/* It is on disk: so is what was not. */
void
drain_saved(struct control *c)
{
	size_t n = c->ended.all.n;

	for (size_t i = 0; i < c->drains.all.n; i++) {
		n += c->drains.all.at[i]->unsaved;
		c->drains.all.at[i]->unsaved = false;
	}
	drains_fini(&c->ended);
	if (n > 0)
		event_put(c->events, LOG_LEVEL_WARNING, "saved",
		    json_pack("{s:I}", "changes", (json_int_t)n),
		    "%zu unsaved change%s of drains %s saved now", n,
		    text_plural(n), n == 1 ? "is" : "are");
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
	lease_describe(&t, d);
	text_add(&t, " by %s begins as announced,", d->owner);
	lease_add_span(&t, d);
	event_put(c->events, LOG_LEVEL_WARNING, drain_kind_names[d->kind],
	    lease_json(d), "%s: %s", t.at, d->reason);
	if (fault.len > 0)
		event_put(c->events, LOG_LEVEL_ERROR, "unsafe", lease_json(d),
		    "drain of %s began as announced, but was to %s", d->what,
		    fault.at);
	control_refresh(c, d->pool, d->region);
	caches_look(c->status.snapshot, d);
	drain_free(replaced);
	text_fini(&fault);
	text_fini(&t);
}

static int64_t
clock_apart_s(void)
{
	return clock_wall_s() - clock_boot_ms() / 1000;
}

void
drain_clock_init(struct control *c)
{
	c->clock_apart_s = clock_apart_s();
}

/* How long leases last is not changed by it, but by which moments they do; and
 * by those they are known after a restart. */
static void
leases_set_clock(struct control *c, int64_t step_s)
{
	const struct drains *wanted = drain_wanted(c);

	for (size_t i = 0; i < c->drains.all.n; i++)
		drain_set_clock(c->drains.all.at[i], step_s);
	for (size_t i = 0; i < wanted->all.n; i++)
		if (!is_held(c, wanted->all.at[i]))
			drain_set_clock(wanted->all.at[i], step_s);
	drains_changed(c);
	monitor_set_clock(c, step_s);
	control_refresh(c, NULL, NULL);
}

void
drain_clock(struct control *c)
{
	int64_t step_s = clock_apart_s() - c->clock_apart_s;
	char span[CLOCK_TEXT_MAX];

	/* Each of the two is rounded down, and told at its own moment. */
	if (step_s >= -CLOCK_STEP_S && step_s <= CLOCK_STEP_S)
		return;
	c->clock_apart_s += step_s;
	clock_format_span(
	    span, 1000 * (uint64_t)(step_s < 0 ? -step_s : step_s));
	event_put(c->events, LOG_LEVEL_WARNING, "clock",
	    json_pack("{s:I}", "step_s", (json_int_t)step_s),
	    "the wall clock was set %s by %s: announced drains follow it; the duration of drains and signals does not change",
	    step_s < 0 ? "back" : "forward", span);
	leases_set_clock(c, step_s);
}

void
drain_tick(struct control *c)
{
	struct drain *d;

	while ((d = drains_due(&c->drains, clock_wall_s())) != NULL) {
		begin_announced(c, d);
		drains_changed(c);
	}
	while ((d = drains_expire(&c->drains)) != NULL) {
		event_put(c->events, LOG_LEVEL_INFO, "expired", lease_json(d),
		    "%s of %s by %s has expired", drain_nouns[d->kind], d->what,
		    d->owner);
		control_refresh(c, d->pool, d->region);
		drain_free(d);
		drains_changed(c);
	}
	let_go_tick(c);
}
