/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/target.h"

#include "base/clock.h"

json_t *
target_lease(const struct drain *d)
{
	if (d == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:I}", "owner",
	    text_string(d->owner), "reason", text_string(d->reason), "at",
	    d->at == 0 ? json_null() : json_integer(d->at), "until",
	    d->until == DRAIN_FOREVER ? json_null() : json_integer(d->until),
	    "share", (int)d->share, "over_s", (json_int_t)d->over_s);
}

bool
target_is_damped(const struct watch *w)
{
	return (w->health.state == HEALTH_DOWN ||
		   w->health.state == HEALTH_DEGRADED) &&
	    health_rise(&w->health, w->monitor) > w->monitor->rise;
}

static json_t *
watch_report(const struct watch *w)
{
	char addr[ADDR_TEXT_MAX];

	return json_pack(
	    "{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:b, s:I, s:o, s:I, "
	    "s:I, s:b, s:b, s:o}",
	    "monitor", w->monitor->name, "address", addr_format(addr, &w->addr),
	    "state", health_state_names[w->health.state], "decides",
	    watch_decides(w), "since", (json_int_t)w->health.since, "failures",
	    (json_int_t)w->health.failures, "successes",
	    (json_int_t)w->health.successes, "needed",
	    (json_int_t)health_rise(&w->health, w->monitor), "damped",
	    target_is_damped(w), "flaps", (json_int_t)w->health.flaps, "last",
	    text_string(w->last), "last_at", (json_int_t)w->last_at,
	    "duration_ms", (json_int_t)w->last_ms, "restored", w->restored,
	    "unproven", w->health.unproven, "certificate_until",
	    w->certificate_until != 0 ? json_integer(w->certificate_until)
				      : json_null());
}

/* A target without a monitor, or with those alone that observe, counts as up,
 * which nobody has seen. */
static bool
is_monitored(const struct pool_target *t)
{
	for (size_t i = 0; i < t->nwatches; i++)
		if (!t->watches[i]->monitor->observe)
			return true;
	return false;
}

json_t *
target_report(const struct pool_target *t)
{
	json_t *watches = json_array();
	int64_t since = 0;

	for (size_t i = 0; i < t->nwatches; i++) {
		const struct watch *w = t->watches[i];

		json_array_append_new(watches, watch_report(w));
		if (watch_decides(w) && w->health.since > since)
			since = w->health.since;
	}
	return json_pack("{s:s, s:s, s:b, s:I, s:o, s:o, s:o, s:o}", "target",
	    t->conf->label, "health",
	    is_monitored(t) ? health_state_names[t->health[POOL_ANY]]
			    : "not_monitored",
	    "live", t->live[POOL_ANY], "since", (json_int_t)since, "drain",
	    target_lease(t->drain), "announced", target_lease(t->next),
	    "force_up", target_lease(t->up), "watches", watches);
}

/* For people ------------------------------------------------------------- */

void
target_describe_drain(struct text *t, const char *is, const struct drain *d)
{
	char span[CLOCK_TEXT_MAX];

	if (d == NULL)
		return;
	text_add(t, ", %s by %s (%s)", is, d->owner, d->reason);
	if (d->at != 0)
		text_add(t, " at %s", clock_format(span, d->at));
	else if (d->until == DRAIN_FOREVER)
		text_add(t, " until cancelled");
	else
		text_add(t, " for another %s",
		    clock_format_span(span, (uint64_t)drain_left_s(d) * 1000));
}

/* What it said last, and when; or what it is assumed to say. */
static void
watch_describe(struct text *t, const struct watch *w)
{
	const struct health *h = &w->health;
	int64_t age = clock_wall_s() - w->last_at;
	char span[CLOCK_TEXT_MAX];

	if (w->last_at == 0) {
		text_add(
		    t, ": %s", *w->last != '\0' ? w->last : "not probed yet");
		return;
	}
	/* A clock that was set back makes no age. */
	text_add(t, ": %s %s ago%s%s", w->last,
	    clock_format_span(span, age > 0 ? (uint64_t)age * 1000 : 0),
	    w->restored ? ", before the start" : "",
	    h->unproven ? ", before the monitor was changed" : "");
	if (target_is_damped(w))
		text_add(t, ", damped: %u of %u successes in a row",
		    h->state == HEALTH_DOWN ? h->successes : h->quicks,
		    health_rise(h, w->monitor));
	if (!watch_decides(w))
		text_add(t, " (decides nothing)");
}

static bool
has_two_addresses(const struct pool_target *target)
{
	for (size_t i = 1; i < target->nwatches; i++)
		if (!addr_equal(
			&target->watches[i]->addr, &target->watches[0]->addr))
			return true;
	return false;
}

static void
watches_describe(struct text *t, const struct pool_target *target, bool all_up)
{
	char addr[ADDR_TEXT_MAX];

	for (size_t i = 0; i < target->nwatches; i++) {
		const struct watch *w = target->watches[i];

		if (all_up && *w->last == '\0')
			continue;
		text_add(t, ", %s", w->monitor->name);
		if (has_two_addresses(target))
			text_add(t, " at %s", addr_format(addr, &w->addr));
		watch_describe(t, w);
	}
}

void
target_describe(struct text *t, const struct pool_target *target, bool all_up)
{
	const char *health = is_monitored(target) || all_up
	    ? health_state_names[target->health[POOL_ANY]]
	    : "not monitored";

	text_add(t, "\n  %s %s%s", target->conf->label,
	    all_up ? "assumed " : "", health);
	watches_describe(t, target, all_up);
	target_describe_drain(t, "drained", target->drain);
	target_describe_drain(t, "forced up", target->up);
	target_describe_drain(t, "to be drained", target->next);
}

void
target_describe_share(
    struct text *t, const struct oracle_region *r, const struct pool_region *pr)
{
	if (!r->shared)
		return;
	text_add(t,
	    "\n  takes %.1f%% of its clients (%s): cohort %u of %u, that of ",
	    100.0 * r->taken / SHARE_COHORTS,
	    pr->part != NULL ? "drained in part" : "coming back",
	    r->cohort.number, SHARE_COHORTS);
	if (r->cohort.len > 0)
		text_add(t, "the client's /%u", r->cohort.len);
	else
		text_add(t, "the tenant");
	text_add(
	    t, ", %s", r->cohort.number < r->taken ? "is taken" : "is not");
	if (pr->part != NULL)
		target_describe_drain(t, "drained", pr->part);
}

void
target_describe_full(struct text *t, const struct oracle_region *r)
{
	if (r->full)
		text_add(t,
		    "\n  full: it spills its most distant clients: the client ranks %u of %u by distance, those below %u stay",
		    r->position, SHARE_COHORTS, r->kept);
}
