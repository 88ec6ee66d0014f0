/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/control.h"

#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "ctl/commit.h"
#include "ctl/drain.h"
#include "ctl/failback.h"
#include "ctl/geoip.h"
#include "ctl/glass.h"
#include "ctl/monitor.h"
#include "ctl/reload.h"
#include "ctl/safety.h"
#include "ctl/stage.h"
#include "ctl/suspicion.h"
#include "probe/keeper.h"
#include "probe/probe.h"
#include "report/check.h"
#include "snapshot/caches.h"
#include "snapshot/publish.h"
#include "state/lock.h"
#include "state/state.h"
#include "state/what.h"

/* Refreshing ------------------------------------------------------------- */

static const char *
region_name(const struct control *c, const struct pool *p, size_t region)
{
	return c->status.snapshot->conf->regions[p->regions[region].region]
	    .name;
}

/* The last region goes out, or the first comes back. */
static void
family_tell(struct control *c, struct pool *p, enum pool_family f)
{
	char *way = status_all_down(c->status.snapshot, p, f);
	const char *family = status_family(f);
	bool out = way != NULL;

	if (out != p->out[f])
		event_put(c->events, out ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
		    "pool",
		    json_pack("{s:s, s:s?, s:b}", "pool", p->conf->name,
			"family", family, "live", !out),
		    out ? "pool %s: no region is live%s%s, %s"
			: "pool %s: a region is live again%s%s%s",
		    p->conf->name, family != NULL ? " for " : "",
		    family != NULL ? family : "", out ? way : "");
	p->out[f] = out;
	free(way);
}

static void
pool_tell(struct control *c, struct pool *p)
{
	if (!pool_is_apart(p)) {
		family_tell(c, p, POOL_ANY);
		return;
	}
	family_tell(c, p, POOL_IPV4);
	family_tell(c, p, POOL_IPV6);
}

static void
region_tell(
    struct control *c, const struct pool *p, size_t region, enum pool_family f)
{
	const struct pool_region *r = &p->regions[region];
	const char *name = region_name(c, p, region),
		   *family = status_family(f);
	bool live = pool_live(p, f) >> region & 1;
	size_t of = 0;
	struct share_left left;

	for (size_t i = 0; i < r->ntargets; i++)
		of += f == POOL_ANY ||
		    r->targets[i].conf->addr[f == POOL_IPV6].family != 0;
	event_put(c->events, live ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    "region",
	    json_pack("{s:s, s:s, s:s?, s:b}", "pool", p->conf->name, "region",
		name, "family", family, "live", live),
	    "pool %s: region %s is %s%s%s (%s%zu of %zu targets live%s)",
	    p->conf->name, name, live ? "live" : "out",
	    family != NULL ? " for " : "", family != NULL ? family : "",
	    r->drained ? "drained, " : "", r->nlive[f], of,
	    !live || !pool_left(p, region, &left) ? ""
		: left.manual ? ", waits for meridianctl failback"
			      : ", its clients return gradually");
}

static void
refresh(struct control *c, struct pool *p, size_t region)
{
	unsigned first = pool_is_apart(p) ? POOL_IPV4 : POOL_ANY;
	unsigned last = pool_is_apart(p) ? POOL_IPV6 : POOL_ANY;
	uint64_t before[POOL_FAMILIES];

	pool_live_words(p, before);
	if (pool_refresh(p, region, &c->drains))
		c->health_changed = true;
	for (unsigned f = first; f <= last; f++)
		if (before[f] != pool_live(p, (enum pool_family)f))
			region_tell(c, p, region, (enum pool_family)f);
	pool_tell(c, p);
}

void
control_refresh(struct control *c, const char *pool, const char *region)
{
	const struct snapshot *s = c->status.snapshot;

	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &s->pools[i];
		uint64_t before[POOL_FAMILIES];

		if (pool != NULL && strcmp(p->conf->name, pool) != 0)
			continue;
		pool_live_words(p, before);
		for (size_t r = 0; r < p->nregions; r++)
			if (region == NULL ||
			    strcmp(region_name(c, p, r), region) == 0)
				refresh(c, p, r);
		pool_refreshed(p, before);
	}
}

/* Verdicts of probes ----------------------------------------------------- */

static int
use_compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct use *)a)->watch;
	uintptr_t y = (uintptr_t)((const struct use *)b)->watch;

	return (x > y) - (x < y);
}

static void
uses_add(struct control *c, const struct pool *p, size_t region, size_t target)
{
	const struct pool_target *t = &p->regions[region].targets[target];

	for (size_t i = 0; i < t->nwatches; i++) {
		const struct watch *w = t->watches[i];
		struct use use = {.watch = w,
		    .pool = p->index,
		    .region = (uint16_t)region,
		    .target = (uint16_t)target,
		    .change_ms = watch_change_ms(w)};

		vec_push(&c->uses, use);
	}
}

static void
uses_find(struct control *c, const struct snapshot *s)
{
	c->uses.n = 0;
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++)
			for (size_t t = 0; t < p->regions[r].ntargets; t++)
				uses_add(c, p, r, t);
	}
	if (c->uses.n > 0)
		qsort(c->uses.at, c->uses.n, sizeof(*c->uses.at), use_compare);
}

/* The first use of a watch; those that follow it are of the same. */
static size_t
uses_first(const struct control *c, const struct watch *w)
{
	size_t low = 0, high = c->uses.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)c->uses.at[middle].watch < (uintptr_t)w)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
health_event(struct control *c, const struct use *use, enum health_state old)
{
	const struct watch *w = use->watch;
	const struct pool *p = &c->status.snapshot->pools[use->pool];
	const char *region = region_name(c, p, use->region);
	const char *target =
	    p->regions[use->region].targets[use->target].conf->label;
	enum health_state state = w->health.state;
	bool good = state == HEALTH_UP;
	unsigned of = state == HEALTH_DOWN ? w->monitor->fall
	    : old == HEALTH_UNKNOWN        ? 1
	    : old == HEALTH_DOWN           ? w->health.successes
	    : good                         ? w->health.quicks
					   : w->monitor->fall;

	event_put(c->events, good ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    "health",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "pool",
		p->conf->name, "region", region, "target", target, "monitor",
		w->monitor->name, "state", health_state_names[state], "was",
		health_state_names[old], "reason", text_string(w->last),
		"duration_ms", (json_int_t)w->last_ms),
	    "target %s/%s/%s: %s: %s after %u of %u (%s)%s", p->conf->name,
	    region, target, w->monitor->name, health_state_names[state], of, of,
	    w->last, w->monitor->observe ? ", decides nothing" : "");
}

static void
count_failure(struct control *c, const struct use *use, const char *reason)
{
	const struct pool *p = &c->status.snapshot->pools[use->pool];

	failures_count(&c->status.failures, p->conf->name,
	    region_name(c, p, use->region), reason);
}

/* The pool is told when the time of its next change is another. */
static void
use_tell(struct control *c, struct use *use, bool changed)
{
	const struct watch *w = use->watch;
	uint32_t change_ms = watch_change_ms(w);

	if (!changed && change_ms == use->change_ms)
		return;
	use->change_ms = change_ms;
	refresh(c, &c->status.snapshot->pools[use->pool], use->region);
}

/* A freeze takes states back that pools were told of. */
void
control_suspicion(struct control *c, const char *owner, const char *reason)
{
	const struct suspicion *s = suspect_state(c->suspect);
	const struct snapshot *shot = c->status.snapshot;

	if (s->frozen == atomic_load(shot->frozen))
		return;
	atomic_store_explicit(shot->frozen, s->frozen, memory_order_release);
	suspicion_tell(c, owner, reason);
	uses_find(c, shot);
	control_refresh(c, NULL, NULL);
}

static void
control_verdict(struct watch *w, const struct verdict *v, void *arg)
{
	struct control *c = arg;

	control_suspicion(c, NULL, NULL);
	c->status.late += v->late;
	/* last_ms has lost its fraction: half of one, on average. */
	if (v->counted)
		histogram_add(&c->status.probe, (w->last_ms + 0.5) / 1000);
	for (size_t i = uses_first(c, w);
	     i < c->uses.n && c->uses.at[i].watch == w; i++) {
		struct use *use = &c->uses.at[i];

		if (!v->ok)
			count_failure(c, use, v->reason);
		if (v->changed)
			health_event(c, use, v->old);
		use_tell(c, use, v->changed || v->idle_changed);
	}
	if (v->changed && w->anchor)
		suspicion_anchor(c, w);
	if (v->changed && w->health.state == HEALTH_DOWN &&
	    w->first_failed_us != 0 && !w->anchor && watch_decides(w))
		histogram_add(&c->status.cutover,
		    (double)((int64_t)clock_mono_us() - w->first_failed_us) /
			1e6);
	c->health_changed = true;
}

/* Going into service ----------------------------------------------------- */

static void
watch_gone(struct watch *w, void *arg)
{
	struct control *c = arg;

	prober_remove(c->prober, w);
}

static void
control_bind(struct control *c, struct snapshot *s)
{
	const struct health_time now = {
	    clock_wall_s(), (int64_t)clock_mono_ms()};

	pools_bind(s->pools, s->conf->npools, s->conf, c->watches);
	suspect_bind(c->suspect, s->conf, s->pools, c->watches);
	/* At a start, what was saved is inherited. */
	if (c->status.snapshot != NULL)
		watches_inherit(c->watches, c->watches);
	suspect_review(c->suspect, &now);
	/* What changes is told once it is in service. */
	atomic_init(s->frozen,
	    c->status.snapshot != NULL &&
		atomic_load(c->status.snapshot->frozen));
	watches_sweep(c->watches, watch_gone, c);
	uses_find(c, s);
}

static void
probe_all(struct control *c)
{
	struct watch **all;
	size_t n;

	all = watches_all(c->watches, &n);
	for (size_t i = 0; i < n; i++)
		prober_add(c->prober, all[i]);
}

/* What made sense of a file that was moved aside is in none now: it is saved
 * again. */
static void
load_state(struct control *c, struct snapshot *s)
{
	struct error err;

	if (!state_load_drains(c->folder, &c->drains, &err)) {
		commit_fault(
		    c, "drains.json", "DRAINS MAY BE LOST: %s", err.text);
		commit_drains(c);
	}
	c->wanted_stale = true;
	if (!state_load_health(
		c->folder, c->watches, s->conf->health.keep_ms / 1000, &err))
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "health begins as unknown: %s", err.text);
	geoip_load(c, s);
	stage_load(c, s);
	if (!failback_load(c->folder, s, &err))
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "regions do not come back by and by: %s", err.text);
	if (!monitor_load(c, &err))
		commit_fault(
		    c, "signals.json", "signals are lost: %s", err.text);
}

/* The first one gets the saved state, once there are watches to take it. */
void
control_adopt(struct control *c, struct snapshot *s, json_t *warnings)
{
	monitor_cancel(
	    c, "the configuration was read again meanwhile: ask again");
	control_bind(c, s);
	failback_inherit(c, s);
	if (c->status.snapshot == NULL)
		load_state(c, s);
	reload_warn(c, s, warnings);
	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &s->pools[i];
		uint64_t before[POOL_FAMILIES];

		pool_live_words(p, before);
		for (size_t r = 0; r < p->nregions; r++)
			pool_refresh(p, r, &c->drains);
		pool_refreshed(p, before);
	}
	if (c->status.snapshot != NULL)
		traffic_move(
		    &c->traffic, c->status.snapshot, s, clock_mono_s());
	capacity_adopt(&c->capacity, s, c->status.snapshot, clock_mono_s());
	snapshot_publish(s);
	c->status.snapshot = s;
	control_suspicion(c, NULL, NULL);
	for (size_t i = 0; c->tick != NULL && i < s->conf->npools; i++)
		pool_tell(c, &s->pools[i]);
	json_decref(c->status.warnings);
	c->status.warnings = warnings;
	if (c->tick != NULL)
		probe_all(c);
}

/* Start and end ---------------------------------------------------------- */

/* To start without the drains that were acknowledged is worse than not to
 * start, and whoever starts it is there to see to it. */
static bool
open_state(struct control *c, struct error *err)
{
	c->lock = state_lock(c->folder, err);
	if (c->lock < 0)
		return false;
	if (state_can_read(c->folder, "drains", err))
		return true;
	error_prefix(err,
	    "the drains cannot be read, and would be lost: repair the file or "
	    "move it away");
	return false;
}

static void
finish_saving(struct control *c, int ms)
{
	bool busy = saver_is_busy(c->saver);
	struct error err;

	if (!saver_finish(c->saver, ms, &err)) {
		if (log_is_due(&c->health_unsaved))
			commit_fault(c, "health", "health cannot be saved: %s",
			    err.text);
		c->health_changed = true;
	} else if (busy && !saver_is_busy(c->saver)) {
		commit_mended(c, "health");
	}
}

static void
save_health(struct control *c)
{
	if (!c->health_changed)
		return;
	c->health_changed = false;
	saver_start(c->saver, c->watches, failback_list(c->status.snapshot));
}

static void
control_tick(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	glass_look(c);
	drain_clock(c);
	drain_tick(c);
	failback_tick(c);
	traffic_look(&c->traffic, c->status.snapshot, clock_mono_s());
	safety_tick(c);
	suspicion_tick(c);
	commit_tick(c);
	finish_saving(c, 0);
	if (!saver_is_busy(c->saver) && ++c->ticks % HEALTH_SAVE_S == 0)
		save_health(c);
}

static void
helper_tell(const struct keeper_state *s, void *arg)
{
	struct control *c = arg;

	if (s->up)
		event_put(c->events, LOG_LEVEL_INFO, "helper_started",
		    json_pack("{s:I}", "restarts", (json_int_t)s->restarts),
		    "the exec helper was restarted: monitors of type exec run again");
	else
		event_put(c->events, LOG_LEVEL_ERROR, "helper_lost",
		    json_pack("{s:s, s:I}", "why", s->why, "retry_s",
			(json_int_t)keeper_due_s(s)),
		    "the exec helper is not running (%s): monitors of type exec keep their state, restart within %llu s",
		    s->why, (unsigned long long)keeper_due_s(s));
}

struct control *
control_new(struct event_base *base, const char *path, struct snapshot *s,
    const struct diag *d, struct error *err)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->lock = -1;
	c->base = base;
	c->path = xstrdup(path);
	c->folder = xstrdup(s->conf->server.state);
	c->saver = saver_new(c->folder);
	c->commit = commit_new(c);
	c->watches = watches_new();
	c->events = events_new();
	c->suspect = suspect_new();
	keeper_begin(base, helper_tell, c);
	c->status.helper = keeper_state();
	c->prober = prober_new(base, c->suspect, control_verdict, c);
	prober_set_signals(c->prober, &c->signals);
	c->status.suspect = c->suspect;
	c->status.prober = c->prober;
	c->status.drains = &c->drains;
	c->status.ended = &c->ended;
	c->status.signals = &c->signals;
	c->status.capacity = &c->capacity;
	c->status.traffic = &c->traffic;
	c->status.config = c->path;
	c->status.run = events_run(c->events);
	drain_clock_init(c);
	c->status.started = clock_wall_s();
	c->status.started_s = clock_mono_s();
	c->status.workers = s->conf->server.workers;
	c->jobs = jobs_new(base, err);
	if (c->jobs == NULL || !open_state(c, err)) {
		control_free(c);
		return NULL;
	}
	control_adopt(c, s, check_warnings(d));
	for (size_t i = 0; i < c->drains.all.n; i++)
		caches_restore(s, c->drains.all.at[i]);
	drain_tick(c);
	return c;
}

void
control_start(struct control *c)
{
	const struct timeval second = {.tv_sec = 1};

	c->tick = event_new(c->base, -1, EV_PERSIST, control_tick, c);
	event_add(c->tick, &second);
	control_refresh(c, NULL, NULL);
	probe_all(c);
	event_put(c->events, LOG_LEVEL_INFO, "start", NULL,
	    "%s is in service, generation %llu, %zu drain%s", c->path,
	    (unsigned long long)c->status.snapshot->generation, c->drains.all.n,
	    text_plural(c->drains.all.n));
	if (geoip_is_open(c))
		reload_signal(c);
}

void
control_end(struct control *c)
{
	monitor_cancel(c, "the daemon is shutting down");
	commit_finish(c, commit_left_ms(c));
}

void
control_save(struct control *c)
{
	commit_finish(c, commit_left_ms(c));
	finish_saving(c, commit_left_ms(c));
	if (!saver_is_busy(c->saver))
		save_health(c);
	finish_saving(c, commit_left_ms(c));
}

void
control_free(struct control *c)
{
	if (c->tick != NULL)
		event_free(c->tick);
	control_save(c);
	saver_free(c->saver);
	commit_free(c->commit);
	drains_return(&c->wanted);
	drains_fini(&c->ended);
	prober_free(c->prober);
	keeper_end();
	suspect_free(c->suspect);
	watches_free(c->watches);
	drains_fini(&c->drains);
	signals_fini(&c->signals);
	events_free(c->events);
	failures_fini(&c->status.failures);
	traffic_fini(&c->traffic);
	capacity_fini(&c->capacity);
	json_decref(c->status.warnings);
	json_decref(c->status.geoip);
	json_decref(c->status.faults);
	json_decref(c->stages);
	jobs_free(c->jobs);
	for (size_t i = 0; i < CONTROL_FIXED; i++)
		free(c->fixed[i]);
	vec_free(&c->uses);
	fd_close(&c->lock);
	free(c->path);
	free(c->folder);
	free(c);
}
