/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/status.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "config.h"
#include "conf/use.h"
#include "probe/signal.h"
#include "report/message.h"
#include "report/target.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "traffic/forecast.h"

static json_t *
status_drain(const struct drain *d)
{
	bool ends = d->until != DRAIN_FOREVER, later = d->at != 0;
	int64_t now = clock_wall_s();
	json_t *o = json_pack(
	    "{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:b, s:b}", "what",
	    text_string(d->what), "owner", text_string(d->owner), "reason",
	    text_string(d->reason), "since", (json_int_t)d->since, "at",
	    later ? json_integer(d->at) : json_null(), "begins_s",
	    later ? json_integer(d->at > now ? d->at - now : 0) : json_null(),
	    "until", ends ? json_integer(d->until) : json_null(), "left_s",
	    ends ? json_integer(drain_left_s(d)) : json_null(), "forced",
	    d->forced, "unsaved", d->unsaved);
	/* What is not settled yet may be on its way. */
	int64_t let_go = d->let_go - clock_mono_s();

	if (let_go < (d->settling > 0))
		let_go = d->settling > 0;
	if (d->kind != DRAIN_OUT)
		return o;
	json_object_set_new(
	    o, "let_go_s", later ? json_null() : json_integer(let_go));
	json_object_set_new(o, "share", json_integer((json_int_t)d->share));
	json_object_set_new(o, "over_s", json_integer(d->over_s));
	return o;
}

static void
unsaved_signals(const struct signals *signals, json_t *list)
{
	char addr[ADDR_TEXT_MAX];

	for (size_t i = 0; i < signals->all.n; i++) {
		const struct signal *s = signals->all.at[i];

		if (!s->unsaved)
			continue;
		if (s->addr.family == 0)
			json_array_append_new(
			    list, json_sprintf("signal to %s", s->monitor));
		else
			json_array_append_new(list,
			    json_sprintf("signal to %s/%s", s->monitor,
				addr_format(addr, &s->addr)));
	}
}

static json_t *
status_unsaved(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->drains->all.n; i++) {
		const struct drain *d = s->drains->all.at[i];

		if (d->unsaved)
			json_array_append_new(list,
			    json_sprintf(
				"%s of %s", drain_nouns[d->kind], d->what));
	}
	for (size_t i = 0; i < s->ended->all.n; i++) {
		const struct drain *d = s->ended->all.at[i];

		json_array_append_new(list,
		    json_sprintf(
			"end of the %s of %s", drain_nouns[d->kind], d->what));
	}
	unsaved_signals(s->signals, list);
	return list;
}

size_t
status_nunsaved(const struct status *s)
{
	json_t *list = status_unsaved(s);
	size_t n = json_array_size(list);

	json_decref(list);
	return n;
}

json_t *
status_drains(const struct status *s)
{
	json_t *lists[DRAIN_KIND_COUNT] = {json_array(), json_array()};

	for (size_t i = 0; i < s->drains->all.n; i++) {
		const struct drain *d = s->drains->all.at[i];

		json_array_append_new(lists[d->kind], status_drain(d));
	}
	return json_pack("{s:o, s:o, s:o}", "drains", lists[DRAIN_OUT],
	    "force_ups", lists[DRAIN_UP], "unsaved", status_unsaved(s));
}

static json_t *
status_listen(const struct status *s)
{
	json_t *list = json_array();
	char buf[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < s->nlisten; i++)
		json_array_append_new(
		    list, json_string(endpoint_format(buf, &s->listen[i])));
	return list;
}

static json_t *
status_zones(const struct zones *zones)
{
	json_t *list = json_array();

	for (size_t i = 0; i < zones->nzones; i++) {
		const struct zone *z = &zones->zones[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:I, s:I, s:o}", "origin", z->conf->origin,
			"serial", (json_int_t)z->serial, "records",
			(json_int_t)z->nrecords, "path",
			text_string(z->conf->path)));
	}
	return list;
}

static json_t *
status_databases(const struct geo *geo)
{
	json_t *list = json_array();

	for (size_t i = 0; i < geo_ndatabases(geo); i++) {
		const char *path;
		const struct mmdb *m = geo_database(geo, i, &path);

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:I}", "path", text_string(path),
			"type", text_string(mmdb_type(m)), "built",
			(json_int_t)mmdb_build_time(m)));
	}
	return list;
}

static json_t *
status_names(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->nnames; i++) {
		const struct conf_name *n = &conf->names[i];
		int64_t s = use_cutover_s(conf, n);

		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "name", n->text,
			"pool", conf->pools[n->pool].name, "policy",
			conf->policies[n->policy].name, "ttl_min",
			(json_int_t)n->ttl_min, "ttl_max",
			(json_int_t)n->ttl_max, "cutover_s",
			s < 0 ? json_null() : json_integer(s)));
	}
	return list;
}

static json_t *
status_step(const struct conf *conf, const struct conf_step *step)
{
	json_t *policies = json_object();

	for (size_t i = 0; i < step->nchoices; i++)
		json_object_set_new(policies,
		    conf->names[step->choices[i].name].text,
		    json_string(conf->policies[step->choices[i].policy].name));
	return json_pack("{s:o, s:o}", "name", text_string(step->name),
	    "policies", policies);
}

json_t *
status_stages(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->nstages; i++) {
		const struct conf_stage *s = &conf->stages[i];
		json_t *steps = json_array();
		json_t *stage = json_pack("{s:s, s:o, s:I, s:o}", "stage",
		    s->name, "step", text_string(s->steps[s->step].name),
		    "number", (json_int_t)(s->step + 1), "steps", steps);

		for (size_t k = 0; k < s->nsteps; k++)
			json_array_append_new(
			    steps, status_step(conf, &s->steps[k]));
		if (s->since != 0) {
			json_object_set_new(
			    stage, "since", json_integer(s->since));
			json_object_set_new(
			    stage, "owner", text_string(s->owner));
			json_object_set_new(
			    stage, "reason", text_string(s->reason));
		}
		json_array_append_new(list, stage);
	}
	return list;
}

/* How a region comes back; null: it does not. */
static json_t *
status_back(const struct pool *p, size_t region)
{
	struct share_left left;

	if (!pool_left(p, region, &left))
		return json_null();
	return json_pack("{s:b, s:b, s:I, s:I}", "manual", left.manual,
	    "frozen", left.frozen, "hold_s", (json_int_t)left.hold_s, "left_s",
	    (json_int_t)left.all_s);
}

/* {"ipv4", "ipv6": {"live", "live_targets"}}; null: they are not apart. */
static json_t *
status_families(const struct pool *p, size_t region)
{
	const struct pool_region *r = &p->regions[region];

	if (!pool_is_apart(p))
		return json_null();
	return json_pack("{s:{s:b, s:I}, s:{s:b, s:I}}", "ipv4", "live",
	    (int)(pool_live(p, POOL_IPV4) >> region & 1), "live_targets",
	    (json_int_t)r->nlive[POOL_IPV4], "ipv6", "live",
	    (int)(pool_live(p, POOL_IPV6) >> region & 1), "live_targets",
	    (json_int_t)r->nlive[POOL_IPV6]);
}

static json_t *
status_region(const struct conf *conf, const struct pool *p, size_t i)
{
	const struct pool_region *r = &p->regions[i];
	json_t *targets = json_array();

	for (size_t t = 0; t < r->ntargets; t++)
		json_array_append_new(targets, target_report(&r->targets[t]));
	return json_pack("{s:s, s:o, s:b, s:b, s:f, s:o, s:o, s:o}", "region",
	    conf->regions[r->region].name, "families", status_families(p, i),
	    "live", (int)(pool_live(p, POOL_ANY) >> i & 1), "drained",
	    r->drained, "share", 100 * pool_share(p, i), "part",
	    target_lease(r->part), "back", status_back(p, i), "targets",
	    targets);
}

/* Does a rule of a name of the pool say so? */
static bool
is_said(const struct conf *conf, const struct pool *p,
    enum conf_all_down action, uint16_t pool)
{
	for (size_t i = 0; i < conf->nnames; i++) {
		const struct conf_policy *policy =
		    &conf->policies[conf->names[i].policy];

		for (size_t k = 0;
		     conf->names[i].pool == p->index && k < policy->nrules;
		     k++) {
			const struct conf_when_down *w =
			    &policy->rules[k].when_down;

			if (w->action == action &&
			    (action != CONF_DOWN_POOL || w->pool == pool))
				return true;
		}
	}
	return false;
}

char *
status_all_down(
    const struct snapshot *s, const struct pool *p, enum pool_family f)
{
	const struct conf *conf = s->conf;
	struct text t = {0};

	if (pool_live(p, f) != 0)
		return NULL;
	if (is_said(conf, p, CONF_DOWN_ALL, 0))
		text_add(&t, "answering all");
	if (is_said(conf, p, CONF_DOWN_LAST_KNOWN, 0))
		text_add(&t, "%s the regions that were live last",
		    t.len > 0 ? " or" : "answering");
	for (uint16_t i = 0; i < conf->npools; i++)
		if (is_said(conf, p, CONF_DOWN_POOL, i))
			text_add(&t, "%s pool %s",
			    t.len > 0 ? " or" : "answering",
			    conf->pools[i].name);
	/* A pool of no name stands in for others. */
	if (t.len == 0)
		text_add(&t, "answering all");
	return t.at;
}

const char *
status_family(enum pool_family f)
{
	static const char *const words[POOL_FAMILIES] = {NULL, "IPv4", "IPv6"};

	return words[f];
}

/* Of each family for which no region is live; null: for none. */
static json_t *
status_all_down_json(const struct snapshot *s, const struct pool *p)
{
	bool apart = pool_is_apart(p);
	json_t *list = json_array();

	for (unsigned k = apart; k < (apart ? POOL_FAMILIES : 1); k++) {
		const char *family = status_family((enum pool_family)k);
		char *text = status_all_down(s, p, (enum pool_family)k);

		if (text != NULL)
			json_array_append_new(list,
			    json_pack("{s:o, s:o}", "family",
				family != NULL ? json_string(family)
					       : json_null(),
				"answering", text_string(text)));
		free(text);
	}
	return list;
}

static json_t *
status_pools(const struct snapshot *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];
		json_t *regions = json_array();

		for (size_t r = 0; r < p->nregions; r++)
			json_array_append_new(
			    regions, status_region(s->conf, p, r));
		json_array_append_new(list,
		    json_pack("{s:s, s:i, s:o, s:o}", "name", p->conf->name,
			"live_regions",
			__builtin_popcountll(pool_live(p, POOL_ANY)),
			"all_down", status_all_down_json(s, p), "regions",
			regions));
	}
	return list;
}

static json_t *
status_anchors(const struct suspect *s)
{
	json_t *list = json_array();
	struct watch *const *anchors;
	char buf[ENDPOINT_TEXT_MAX];
	size_t n;

	anchors = suspect_anchors(s, &n);
	for (size_t i = 0; i < n; i++) {
		const struct watch *w = anchors[i];
		const struct endpoint e = {w->addr, w->monitor->port};

		json_array_append_new(list,
		    json_pack("{s:s, s:b, s:b, s:o, s:I}", "anchor",
			endpoint_format(buf, &e), "fails", w->failed,
			"answered", w->answered, "last", text_string(w->last),
			"last_at", (json_int_t)w->last_at));
	}
	return list;
}

/* Did all that is probed of the region fail when it was asked last? */
static bool
region_fails(const struct pool_region *r)
{
	size_t asked = 0;

	for (size_t i = 0; i < r->ntargets; i++) {
		for (size_t k = 0; k < r->targets[i].nwatches; k++) {
			const struct watch *w = r->targets[i].watches[k];

			if (w->heard_us != 0 && !w->failed)
				return false;
			asked += w->heard_us != 0;
		}
	}
	return asked > 0;
}

/* What is answered while health is frozen: regions as they were, and whether
 * probes fail of them meanwhile. */
static json_t *
status_served(const struct snapshot *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];
		uint64_t live = pool_live(p, POOL_ANY);

		for (size_t r = 0; r < p->nregions; r++)
			if (p->conf->nmonitors > 0 && live >> r & 1)
				json_array_append_new(list,
				    json_pack("{s:s, s:s, s:b}", "pool",
					p->conf->name, "region",
					p->regions[r].name, "fails",
					region_fails(&p->regions[r])));
	}
	return list;
}

/* What the prober believes of itself. */
static json_t *
status_prober(const struct suspect *suspect, const struct snapshot *shot)
{
	const struct suspicion *s = suspect_state(suspect);
	int64_t left_ms = s->ends_ms - (int64_t)clock_mono_ms();

	return json_pack(
	    "{s:b, s:o, s:I, s:b, s:I, s:I, s:o, s:o, s:b, s:b, s:o}", "frozen",
	    s->frozen, "since",
	    s->since != 0 ? json_integer(s->since) : json_null(), "times",
	    (json_int_t)s->times, "by_anchors", s->by_anchors, "failing",
	    (json_int_t)s->failing, "of", (json_int_t)s->of, "anchors",
	    status_anchors(suspect), "left_s",
	    s->frozen ? json_integer(left_ms > 0 ? left_ms / 1000 : 0)
		      : json_null(),
	    "overruled", s->overruled, "anchors_overruled",
	    s->anchors_overruled, "served",
	    s->frozen ? status_served(shot) : json_null());
}

static json_t *
status_fill(const struct forecast *f, const struct capacity *c, size_t region)
{
	const struct forecast_region *r = &f->regions[region];
	const struct capacity_region none = {0};
	const struct capacity_region *now =
	    c->regions != NULL ? &c->regions[region] : &none;

	return json_pack("{s:s, s:f, s:f, s:f, s:b, s:b, s:f, s:b}", "region",
	    f->snapshot->conf->regions[region].name, "capacity", r->capacity,
	    "load", r->fill[0] * r->capacity / 100, "fill", r->fill[0],
	    "reported", now->reported, "assumed", c->regions == NULL, "sent_on",
	    r->sent_on[0], "over", now->over);
}

/* What regions carry, where that is known; why says why it is not judged. */
static json_t *
status_capacity(const struct status *s)
{
	const struct snapshot *shot = s->snapshot;
	json_t *regions = json_array();
	bool declared = false, why;
	struct forecast f;
	json_t *report;

	forecast_now(&f, s->capacity, shot, s->traffic);
	for (size_t i = 0; i < shot->conf->nregions; i++) {
		declared |= f.regions[i].capacity > 0;
		if (!isnan(f.regions[i].fill[0]))
			json_array_append_new(
			    regions, status_fill(&f, s->capacity, i));
	}
	/* Who declares none waits for nothing. */
	why = declared && f.why[0] != '\0';
	report = json_pack("{s:b, s:i, s:b, s:o, s:o}", "brownout",
	    s->capacity->brownout, "max_fill", (int)shot->conf->safety.max_fill,
	    "judged", f.why[0] == '\0', "why",
	    why ? json_string(f.why) : json_null(), "regions", regions);
	forecast_fini(&f);
	return report;
}

json_t *
status_files(const struct snapshot *s)
{
	json_t *all = json_array();
	char digest[DIGEST_TEXT_MAX];

	for (size_t i = 0; i < s->nfiles; i++) {
		const struct diag_file *f = &s->files[i];

		json_array_append_new(all,
		    json_pack("{s:o, s:I, s:s}", "file", text_string(f->path),
			"size", (json_int_t)f->size, "sha256",
			digest_format(digest, &f->digest)));
	}
	return all;
}

static json_t *
status_faults(const struct status *s)
{
	json_t *list = json_array(), *text;
	const char *file;

	json_object_foreach(s->faults, file, text)
	{
		json_array_append(list, text);
	}
	return list;
}

static json_t *
status_helper(const struct keeper_state *h)
{
	return json_pack("{s:b, s:I, s:o, s:o}", "up", h->up, "restarts",
	    (json_int_t)h->restarts, "why",
	    h->up ? json_null() : text_string(h->why), "retry_s",
	    h->up ? json_null() : json_integer((json_int_t)keeper_due_s(h)));
}

json_t *
status_report(const struct status *s)
{
	const struct snapshot *shot = s->snapshot;
	json_t *report = status_drains(s);
	json_t *rest = json_pack(
	    "{s:s, s:s, s:I, s:o, s:I, s:I, s:I, s:o, s:I, s:O, s:o, s:o, s:o, "
	    "s:o, s:o, s:o}",
	    "version", PACKAGE_VERSION, "run", s->run, "generation",
	    (json_int_t)shot->generation, "config", text_string(s->config),
	    "loaded", (json_int_t)shot->loaded, "started",
	    (json_int_t)s->started, "uptime_s",
	    (json_int_t)(clock_mono_s() - s->started_s), "listen",
	    status_listen(s), "workers", (json_int_t)s->workers, "warnings",
	    s->warnings, "zones", status_zones(shot->zones), "databases",
	    status_databases(shot->geo), "names", status_names(shot->conf),
	    "stages", status_stages(shot->conf), "pools", status_pools(shot),
	    "prober", status_prober(s->suspect, shot));

	json_object_update(report, rest);
	json_decref(rest);
	json_object_set_new(report, "files", status_files(shot));
	json_object_set(report, "geoip", s->geoip);
	json_object_set_new(report, "state", status_faults(s));
	if (s->helper != NULL)
		json_object_set_new(report, "helper", status_helper(s->helper));
	json_object_set_new(report, "capacity", status_capacity(s));
	return report;
}
