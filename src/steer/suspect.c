/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/suspect.h"

#include <stdlib.h>
#include <string.h>

/* A watch where it is used. */
struct member {
	struct watch *watch;
	uint16_t pool, region;
};

/* Failing together: a row of failures that began at from or later. Doing well
 * meanwhile: heard at since or later. */
struct window {
	int64_t from_us, since_us;
};

struct suspect {
	struct suspicion state;
	const struct conf_health *conf;
	VEC(struct member) members; /* by address */
	VEC(struct watch *) anchors;
	struct window window; /* of the freeze, or of what is to be looked at */
	int64_t frozen_us;
	bool pending; /* to be looked at at the next failure */
	int64_t looked_us;
};

struct suspect *
suspect_new(void)
{
	return xcalloc(1, sizeof(struct suspect));
}

void
suspect_free(struct suspect *s)
{
	vec_free(&s->members);
	vec_free(&s->anchors);
	free(s);
}

const struct suspicion *
suspect_state(const struct suspect *s)
{
	return &s->state;
}

struct watch *const *
suspect_anchors(const struct suspect *s, size_t *n)
{
	*n = s->anchors.n;
	return s->anchors.at;
}

/* Looking ---------------------------------------------------------------- */

struct sum {
	size_t failing, of; /* addresses */
	bool any;           /* pool and region are set */
	uint16_t pool, region;
	bool pools, regions; /* more than one of those that fail */
};

/* One that has never answered, a target or an anchor, may be a mistake in the
 * configuration, and proves nothing. */
static bool
fails_within(const struct watch *w, const struct window *window)
{
	return w->answered && w->failed && w->streak_us >= window->from_us;
}

static void
sum_related(struct sum *sum, const struct member *m)
{
	if (!sum->any) {
		sum->any = true;
		sum->pool = m->pool;
		sum->region = m->region;
	}
	sum->pools |= sum->pool != m->pool;
	sum->regions |= sum->region != m->region;
}

/* The members of one address: it fails when nothing of it does well. */
static void
sum_address(struct sum *sum, const struct member *m, size_t n,
    const struct window *window)
{
	bool failing = false, well = false;

	for (size_t i = 0; i < n; i++) {
		const struct watch *w = m[i].watch;

		failing |= fails_within(w, window);
		well |= !w->failed && w->heard_us != 0 &&
		    w->heard_us >= window->since_us;
	}
	if (!failing && !well)
		return;
	for (size_t i = 0; i < n && !well; i++)
		sum_related(sum, &m[i]);
	sum->of++;
	sum->failing += !well;
}

static void
sum_all(const struct suspect *s, struct sum *sum)
{
	size_t first = 0;

	memset(sum, 0, sizeof(*sum));
	for (size_t i = 1; i <= s->members.n; i++) {
		const struct member *m = &s->members.at[first];

		if (i < s->members.n &&
		    addr_equal(&m->watch->addr, &s->members.at[i].watch->addr))
			continue;
		sum_address(sum, m, i - first, &s->window);
		first = i;
	}
}

static bool
most_fail(const struct suspect *s, const struct sum *sum)
{
	return sum->of >= s->conf->suspect_min && sum->pools && sum->regions &&
	    100 * sum->failing >= s->conf->suspect * sum->of;
}

static bool
anchors_fail(const struct suspect *s)
{
	size_t failing = 0;

	for (size_t i = 0; i < s->anchors.n; i++) {
		const struct watch *w = s->anchors.at[i];

		if (w->answered && !w->failed)
			return false;
		failing += w->answered;
	}
	return failing > 0;
}

/* Do all anchors answer probes that began after that?  One that has never
 * answered does not count; where none has, nothing vouches. */
static bool
anchors_vouch(const struct suspect *s, int64_t since_us)
{
	size_t well = 0;

	for (size_t i = 0; i < s->anchors.n; i++) {
		const struct watch *w = s->anchors.at[i];

		if (!w->answered)
			continue;
		if (w->failed || w->asked_us < since_us)
			return false;
		well++;
	}
	return well > 0;
}

static bool
has_anchors(const struct suspect *s)
{
	for (size_t i = 0; i < s->anchors.n; i++)
		if (s->anchors.at[i]->answered)
			return true;
	return false;
}

/* Does a target answer as many probes in a row as failures take it down?  Those
 * that fail are of two regions at least, so that one of them is another one. */
static bool
any_target_answers(const struct suspect *s)
{
	for (size_t i = 0; i < s->members.n; i++) {
		const struct watch *w = s->members.at[i].watch;

		if (w->well >= 2 && w->well >= w->monitor->fall)
			return true;
	}
	return false;
}

/* Looking at all of them costs about a microsecond each. */
static bool
looked_lately(struct suspect *s, int64_t now_us)
{
	if (now_us - s->looked_us < (int64_t)s->members.n)
		return true;
	s->looked_us = now_us;
	return false;
}

/* Freezing and thawing --------------------------------------------------- */

static void
take_back(struct suspect *s, struct watch *w)
{
	if (!fails_within(w, &s->window))
		return;
	if (w->health.state == HEALTH_DOWN &&
	    w->worse_us >= s->window.from_us) {
		w->health = w->before;
		s->state.taken_back++;
	}
	w->health.failures = w->health.slows = 0;
	w->first_failed_us = 0;
}

static void
freeze(struct suspect *s, const struct sum *sum, bool by_anchors,
    const struct health_time *now)
{
	s->state = (struct suspicion){.frozen = true,
	    .since = now->wall_s,
	    .times = s->state.times + 1,
	    .by_anchors = by_anchors,
	    .failing = sum->failing,
	    .of = sum->of,
	    .ends_ms = now->mono_ms + s->conf->freeze_max_ms};
	for (size_t i = 0; i < s->members.n; i++) {
		take_back(s, s->members.at[i].watch);
		s->members.at[i].watch->well = 0;
	}
	s->frozen_us = s->window.since_us = 1000 * now->mono_ms;
	s->pending = false;
}

static void
thaw(struct suspect *s, enum suspect_thaw why, const struct health_time *now)
{
	struct sum sum;

	sum_all(s, &sum);
	s->state.frozen = false;
	s->state.since = now->wall_s;
	s->state.thaw = why;
	s->state.overruled = most_fail(s, &sum);
	s->state.anchors_overruled = anchors_fail(s);
	s->pending = false;
}

static void
look(struct suspect *s, const struct health_time *now)
{
	struct sum sum;

	s->pending = looked_lately(s, 1000 * now->mono_ms);
	if (s->pending)
		return;
	sum_all(s, &sum);
	if (!s->state.overruled && !s->state.anchors_overruled &&
	    most_fail(s, &sum) && !anchors_vouch(s, s->window.since_us))
		freeze(s, &sum, anchors_fail(s), now);
}

/* All anchors fail, whatever targets do: the last good probe of one of them was
 * an interval before. */
static void
look_at_anchors(struct suspect *s, const struct health_time *now)
{
	const struct conf_health *h = s->conf;
	struct sum sum;
	int64_t first_us = INT64_MAX;

	if (s->state.anchors_overruled || !anchors_fail(s))
		return;
	for (size_t i = 0; i < s->anchors.n; i++)
		if (s->anchors.at[i]->answered &&
		    s->anchors.at[i]->streak_us < first_us)
			first_us = s->anchors.at[i]->streak_us;
	s->window = (struct window){.from_us = first_us -
		1000 * ((int64_t)h->anchor_interval_ms + h->anchor_timeout_ms),
	    .since_us = first_us};
	sum_all(s, &sum);
	freeze(s, &sum, true, now);
}

/* A probe succeeded: is there evidence that the network works? */
static void
look_again(struct suspect *s, const struct health_time *now)
{
	struct sum sum;

	sum_all(s, &sum);
	if (!anchors_fail(s) && !most_fail(s, &sum))
		thaw(s, THAW_CONDITION, now);
	else if (anchors_vouch(s, s->frozen_us))
		thaw(s, THAW_ANCHORS, now);
	else if (!has_anchors(s) && any_target_answers(s))
		thaw(s, THAW_TARGET, now);
}

/* A probe succeeded: is what was overruled over? */
static void
look_whether_over(struct suspect *s)
{
	struct sum sum;

	sum_all(s, &sum);
	s->state.overruled &= most_fail(s, &sum);
	s->state.anchors_overruled &= anchors_fail(s);
}

void
suspect_tick(struct suspect *s, const struct health_time *now)
{
	if (s->state.frozen && now->mono_ms >= s->state.ends_ms)
		thaw(s, THAW_LIMIT, now);
}

bool
suspect_lift(struct suspect *s, const struct health_time *now)
{
	if (!s->state.frozen)
		return false;
	thaw(s, THAW_OPERATOR, now);
	return true;
}

/* Counting --------------------------------------------------------------- */

static void
hear(const struct suspect *s, struct watch *w, bool failed, int64_t started_us,
    const struct health_time *now)
{
	if (failed && !w->failed)
		w->streak_us = started_us;
	w->well = failed ? 0 : w->well + (started_us >= s->frozen_us);
	w->asked_us = started_us;
	w->failed = failed;
	w->answered |= !failed;
	w->heard_us = 1000 * now->mono_ms;
}

static void
count(struct suspect *s, struct watch *w, enum health_result result,
    const struct health_time *now)
{
	const struct conf_monitor *m = w->monitor;
	struct health before = w->health;

	if (!health_count(&w->health, m, result, now) ||
	    w->health.state != HEALTH_DOWN || w->anchor)
		return;
	w->before = before;
	w->worse_us = 1000 * now->mono_ms;
	s->window = (struct window){.from_us = w->streak_us -
		1000 * ((int64_t)m->interval_ms + m->timeout_ms),
	    .since_us = w->streak_us};
	s->pending = true;
}

/* Who signals has not asked over the network that may be cut off. */
static bool
is_evidence(const struct watch *w)
{
	return w->monitor->type != CONF_MONITOR_EXTERNAL;
}

static void
look_for_the_better(struct suspect *s, const struct health_time *now)
{
	bool overruled = s->state.overruled || s->state.anchors_overruled;

	if ((!s->state.frozen && !overruled) ||
	    looked_lately(s, 1000 * now->mono_ms))
		return;
	if (s->state.frozen)
		look_again(s, now);
	else
		look_whether_over(s);
}

bool
suspect_count(struct suspect *s, struct watch *w, enum health_result result,
    int64_t started_us, const struct health_time *now)
{
	enum health_state old = w->health.state;

	if (!is_evidence(w))
		return health_count(&w->health, w->monitor, result, now);
	hear(s, w, result == HEALTH_FAILED, started_us, now);
	if (result != HEALTH_FAILED)
		look_for_the_better(s, now);
	else if (w->anchor && !s->state.frozen)
		look_at_anchors(s, now);
	if (s->state.frozen && !w->anchor)
		return false;
	count(s, w, result, now);
	if (s->pending && result == HEALTH_FAILED)
		look(s, now);
	return w->health.state != old;
}

/* Binding ---------------------------------------------------------------- */

static int
compare_members(const void *a, const void *b)
{
	const struct addr *x = &((const struct member *)a)->watch->addr;
	const struct addr *y = &((const struct member *)b)->watch->addr;

	return memcmp(x, y, sizeof(*x));
}

static void
target_add(struct suspect *s, const struct pool *p, const struct pool_region *r,
    const struct pool_target *t)
{
	for (size_t i = 0; i < t->nwatches; i++) {
		struct member m = {t->watches[i], p->index, r->region};

		if (is_evidence(m.watch))
			vec_push(&s->members, m);
	}
}

static void
anchors_bind(struct suspect *s, struct watches *w)
{
	const struct conf_health *h = s->conf;

	s->anchors.n = 0;
	for (size_t i = 0; i < h->nanchors; i++) {
		struct watch *watch =
		    watches_get(w, &h->anchor_monitors[i], &h->anchors[i].addr);

		watch->wanted = watch->anchor = true;
		vec_push(&s->anchors, watch);
	}
}

void
suspect_bind(struct suspect *s, const struct conf *conf,
    const struct pool *pools, struct watches *w)
{
	s->conf = &conf->health;
	s->members.n = 0;
	for (size_t i = 0; i < conf->npools; i++)
		for (size_t r = 0; r < pools[i].nregions; r++)
			for (size_t t = 0; t < pools[i].regions[r].ntargets;
			     t++)
				target_add(s, &pools[i], &pools[i].regions[r],
				    &pools[i].regions[r].targets[t]);
	if (s->members.n > 0)
		qsort(s->members.at, s->members.n, sizeof(*s->members.at),
		    compare_members);
	anchors_bind(s, w);
}

void
suspect_review(struct suspect *s, const struct health_time *now)
{
	struct sum sum;

	sum_all(s, &sum);
	if (s->state.frozen && !anchors_fail(s) && !most_fail(s, &sum))
		thaw(s, THAW_CONDITION, now);
}
