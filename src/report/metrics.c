/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/metrics.h"

#include "base/clock.h"
#include "base/number.h"
#include "life/watch.h"
#include "report/message.h"
#include "report/status.h"
#include "report/text.h"
#include "serve/count.h"
#include "snapshot/build.h"

struct printer {
	const struct status *status;
	const struct counters *sum;
	const char *name;
	struct text *text;
};

static unsigned long long
value(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void
put_label(
    struct printer *p, const char *before, const char *label, const char *text)
{
	text_add(p->text, "%s%s=", before, label);
	text_add_label(p->text, text);
}

static void
put_region(struct printer *p, const char *pool, const char *region)
{
	text_add(p->text, "%s", p->name);
	put_label(p, "{", "pool", pool);
	put_label(p, ",", "region", region);
}

static void
put_queries(struct printer *p)
{
	static const char *const protos[] = {"udp", "tcp"};
	static const char *const families[] = {"ipv4", "ipv6"};

	for (size_t i = 0; i < COUNT_PROTOS; i++)
		for (size_t j = 0; j < 2; j++)
			text_add(p->text,
			    "%s{proto=\"%s\",family=\"%s\"} %llu\n", p->name,
			    protos[i], families[j],
			    value(&p->sum->queries[i][j]));
}

static void
put_responses(struct printer *p)
{
	char rcode[RR_TEXT_MAX];

	for (uint16_t i = 0; i < DNS_RCODE_COUNT; i++)
		if (value(&p->sum->responses[i]) > 0)
			text_add(p->text, "%s{rcode=\"%s\"} %llu\n", p->name,
			    rr_rcode_format(rcode, i),
			    value(&p->sum->responses[i]));
}

static void
put_number(struct printer *p, unsigned long long n)
{
	text_add(p->text, "%s %llu\n", p->name, n);
}

/* The end of a line with labels. */
static void
put_fraction(struct printer *p, double n)
{
	char text[NUMBER_TEXT_MAX];

	text_add(p->text, "} %s\n", number_format(text, number_round(n)));
}

static void
put_counter(struct printer *p)
{
	put_number(p, series_counter(p->sum, p->name));
}

static void
put_cookies(struct printer *p)
{
	static const char *const states[COOKIE_STATES] = {
	    [COOKIE_CLIENT] = "client",
	    [COOKIE_BAD] = "bad",
	    [COOKIE_GOOD] = "good",
	};

	for (size_t i = COOKIE_NONE + 1; i < COOKIE_STATES; i++)
		text_add(p->text, "%s{state=\"%s\"} %llu\n", p->name, states[i],
		    value(&p->sum->cookies[i]));
}

static void
put_rate_limited(struct printer *p)
{
	static const char *const actions[] = {"dropped", "slipped", "observed"};

	for (size_t i = 0; i < COUNT_LIMITED; i++)
		text_add(p->text, "%s{action=\"%s\"} %llu\n", p->name,
		    actions[i], value(&p->sum->limited[i]));
}

static void
put_generation(struct printer *p)
{
	put_number(p, p->status->snapshot->generation);
}

/* Calls put for each region of each pool. */
static void
each_region(struct printer *p,
    void (*put)(struct printer *, const struct pool *, size_t, const char *))
{
	const struct snapshot *s = p->status->snapshot;

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *pool = &s->pools[i];

		for (size_t r = 0; r < pool->nregions; r++)
			put(p, pool, r,
			    s->conf->regions[pool->regions[r].region].name);
	}
}

static void
put_steered_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	for (unsigned i = 0; i < POOL_REASON_COUNT; i++) {
		put_region(p, pool->conf->name, region);
		text_add(p->text, ",reason=\"%s\"} %llu\n",
		    pool_reason_names[i],
		    (unsigned long long)snapshot_steered(
			p->status->snapshot, pool, r, (enum pool_reason)i));
	}
}

static void
put_steered(struct printer *p)
{
	each_region(p, put_steered_region);
}

static void
put_live_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	put_region(p, pool->conf->name, region);
	text_add(p->text, "} %d\n", (int)(pool_live(pool, POOL_ANY) >> r & 1));
}

static void
put_region_live(struct printer *p)
{
	each_region(p, put_live_region);
}

static void
put_family_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	for (enum pool_family f = POOL_IPV4;
	     pool_is_apart(pool) && f < POOL_FAMILIES; f++) {
		put_region(p, pool->conf->name, region);
		put_label(p, ",", "family", f == POOL_IPV4 ? "ipv4" : "ipv6");
		text_add(p->text, "} %d\n", (int)(pool_live(pool, f) >> r & 1));
	}
}

static void
put_family_live(struct printer *p)
{
	each_region(p, put_family_region);
}

static void
put_share_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	put_region(p, pool->conf->name, region);
	put_fraction(p, pool_share(pool, r));
}

static void
put_region_share(struct printer *p)
{
	each_region(p, put_share_region);
}

static void
put_up_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	const struct pool_region *pr = &pool->regions[r];

	for (size_t i = 0; i < pr->ntargets; i++) {
		put_region(p, pool->conf->name, region);
		put_label(p, ",", "target", pr->targets[i].conf->label);
		text_add(p->text, "} %d\n",
		    pr->targets[i].health[POOL_ANY] != HEALTH_DOWN);
	}
}

static void
put_target_up(struct printer *p)
{
	each_region(p, put_up_region);
}

static void
put_certificate_region(
    struct printer *p, const struct pool *pool, size_t r, const char *region)
{
	const struct pool_region *pr = &pool->regions[r];
	int64_t now = clock_wall_s();

	for (size_t i = 0; i < pr->ntargets; i++) {
		const struct pool_target *t = &pr->targets[i];

		for (size_t k = 0; k < t->nwatches; k++) {
			const struct watch *w = t->watches[k];
			char address[ADDR_TEXT_MAX];

			if (w->certificate_until == 0)
				continue;
			put_region(p, pool->conf->name, region);
			put_label(p, ",", "target", t->conf->label);
			put_label(p, ",", "monitor", w->monitor->name);
			put_label(
			    p, ",", "address", addr_format(address, &w->addr));
			text_add(p->text, "} %lld\n",
			    (long long)(w->certificate_until - now));
		}
	}
}

static void
put_certificates(struct printer *p)
{
	each_region(p, put_certificate_region);
}

static void
put_probe_seconds(struct printer *p)
{
	histogram_print(&p->status->probe, p->name, p->text);
}

static void
put_probes_late(struct printer *p)
{
	put_number(p, p->status->late);
}

static void
put_probe_failures(struct printer *p)
{
	const struct failures *f = &p->status->failures;

	for (size_t i = 0; i < f->all.n; i++) {
		put_region(p, f->all.at[i].pool, f->all.at[i].region);
		put_label(p, ",", "reason", f->all.at[i].reason);
		text_add(
		    p->text, "} %llu\n", (unsigned long long)f->all.at[i].n);
	}
}

static void
put_drain(struct printer *p, const struct drain *d, int64_t left_s)
{
	text_add(p->text, "%s", p->name);
	put_label(p, "{", "what", d->what);
	if (left_s == INT64_MAX)
		text_add(p->text, "} +Inf\n");
	else
		text_add(p->text, "} %lld\n", (long long)left_s);
}

static void
put_capacity(struct printer *p, double (*of)(const struct capacity_region *r))
{
	const struct capacity *c = p->status->capacity;

	for (size_t i = 0; i < c->n; i++) {
		const struct capacity_region *r = &c->regions[i];

		if (r->capacity <= 0)
			continue;
		text_add(p->text, "%s", p->name);
		put_label(p, "{", "region",
		    p->status->snapshot->conf->regions[i].name);
		put_fraction(p, of(r));
	}
}

static double
fill_of(const struct capacity_region *r)
{
	return r->load / r->capacity;
}

static double
sent_on_of(const struct capacity_region *r)
{
	return r->sent_on;
}

static void
put_region_fill(struct printer *p)
{
	put_capacity(p, fill_of);
}

static void
put_region_sent_on(struct printer *p)
{
	put_capacity(p, sent_on_of);
}

static void
put_brownout(struct printer *p)
{
	put_number(p, p->status->capacity->brownout);
}

static void
put_frozen(struct printer *p)
{
	put_number(p, suspect_state(p->status->suspect)->frozen);
}

static void
put_freezes(struct printer *p)
{
	put_number(p, suspect_state(p->status->suspect)->times);
}

static void
put_helper_up(struct printer *p)
{
	put_number(p, p->status->helper != NULL && p->status->helper->up);
}

static void
put_helper_restarts(struct printer *p)
{
	put_number(
	    p, p->status->helper != NULL ? p->status->helper->restarts : 0);
}

static void
put_leases(struct printer *p, enum drain_kind kind)
{
	const struct drains *drains = p->status->drains;

	for (size_t i = 0; i < drains->all.n; i++)
		if (drains->all.at[i]->kind == kind &&
		    drains->all.at[i]->at == 0)
			put_drain(p, drains->all.at[i],
			    drain_left_s(drains->all.at[i]));
}

static void
put_drains(struct printer *p)
{
	put_leases(p, DRAIN_OUT);
}

static void
put_force_ups(struct printer *p)
{
	put_leases(p, DRAIN_UP);
}

static void
put_unsaved(struct printer *p)
{
	put_number(p, status_nunsaved(p->status));
}

static void
put_announced(struct printer *p)
{
	const struct drains *drains = p->status->drains;

	for (size_t i = 0; i < drains->all.n; i++)
		if (drains->all.at[i]->at != 0)
			put_drain(p, drains->all.at[i],
			    drains->all.at[i]->at - clock_wall_s());
}

static void
put_stages(struct printer *p)
{
	const struct conf *conf = p->status->snapshot->conf;

	for (size_t i = 0; i < conf->nstages; i++) {
		const struct conf_stage *s = &conf->stages[i];

		for (size_t k = 0; k < s->nsteps; k++) {
			text_add(p->text, "%s", p->name);
			put_label(p, "{", "stage", s->name);
			put_label(p, ",", "step", s->steps[k].name);
			text_add(p->text, "} %d\n", k == s->step);
		}
	}
}

static void
put_cutover(struct printer *p)
{
	histogram_print(&p->status->cutover, p->name, p->text);
}

static void
put_geoip(struct printer *p)
{
	const struct geo *geo = p->status->snapshot->geo;

	for (size_t i = 0; i < geo_ndatabases(geo); i++) {
		const char *path;
		const struct mmdb *m = geo_database(geo, i, &path);

		text_add(p->text, "%s", p->name);
		put_label(p, "{", "database", path);
		text_add(p->text, "} %lld\n", (long long)mmdb_build_time(m));
	}
}

static void
put_geoip_held(struct printer *p)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(p->status->geoip, i, entry)
	{
		text_add(p->text, "%s", p->name);
		put_label(p, "{", "database",
		    json_string_value(json_object_get(entry, "database")));
		text_add(p->text, "} %d\n",
		    json_is_object(json_object_get(entry, "held")));
	}
}

static void
put_stall(struct printer *p)
{
	text_add(p->text, "%s %.3f\n", p->name,
	    (double)watch_stall_ms(clock_mono_ms()) / 1000);
}

static void
put_probe_age(struct printer *p)
{
	uint64_t last = prober_last_us(p->status->prober);

	if (last != 0)
		text_add(p->text, "%s %.3f\n", p->name,
		    (double)(clock_mono_us() - last) / 1000000);
}

static void
put_restarts(struct printer *p)
{
	put_number(p, p->status->restarts);
}

static const struct metric {
	const char *name, *type, *help;
	void (*put)(struct printer *p);
} metrics[] = {
    {"meridian_queries_total", "counter", "Queries received.", put_queries},
    {"meridian_responses_total", "counter", "Replies sent.", put_responses},
    {"meridian_ecs_queries_total", "counter", "Queries with a client subnet.",
	put_counter},
    {"meridian_cookie_queries_total", "counter",
	"Queries with a cookie: the client's alone, a bad one, a good one.",
	put_cookies},
    {"meridian_truncated_total", "counter", "Replies with TC set.",
	put_counter},
    {"meridian_dropped_total", "counter", "Packets that get no reply.",
	put_counter},
    {"meridian_source_port_dropped_total", "counter",
	"UDP packets dropped for their source port (echo, chargen and the like).",
	put_counter},
    {"meridian_rate_limited_total", "counter", "Replies beyond the rate limit.",
	put_rate_limited},
    {"meridian_send_failed_total", "counter",
	"Replies that the kernel refused to send.", put_counter},
    {"meridian_udp_overflows_total", "counter",
	"Queries that the kernel dropped: the workers were too slow.",
	put_counter},
    {"meridian_tcp_connections", "gauge", "TCP connections open now.",
	put_counter},
    {"meridian_tcp_refused_total", "counter",
	"TCP connections closed because there were too many.", put_counter},
    {"meridian_tcp_starved_total", "counter",
	"TCP connections that no file descriptor was left for.", put_counter},
    {"meridian_steered_total", "counter", "Steered answers.", put_steered},
    {"meridian_region_live", "gauge", "1 when the region is live in the pool.",
	put_region_live},
    {"meridian_region_family_live", "gauge",
	"1 when the region is live for the address family.", put_family_live},
    {"meridian_region_share", "gauge",
	"Part of its clients that the region takes when it is live, 0 to 1.",
	put_region_share},
    {"meridian_region_fill", "gauge",
	"Part of the region's capacity that it carries; above 1: over it.",
	put_region_fill},
    {"meridian_region_sent_on", "gauge",
	"Part of the traffic that a full region would have taken, 0 to 1.",
	put_region_sent_on},
    {"meridian_brownout", "gauge",
	"1 while regions are over safety.max_fill together.", put_brownout},
    {"meridian_target_up", "gauge", "1 unless the target is believed down.",
	put_target_up},
    {"meridian_probe_seconds", "histogram", "Duration of probes.",
	put_probe_seconds},
    {"meridian_probes_late_total", "counter",
	"Probes begun too late by a tenth of their interval.", put_probes_late},
    {"meridian_probe_failures_total", "counter", "Failed probes.",
	put_probe_failures},
    {"meridian_exec_helper_up", "gauge",
	"1 while the helper process of exec monitors is running.",
	put_helper_up},
    {"meridian_exec_helper_restarts_total", "counter",
	"Restarts of the helper process of exec monitors.",
	put_helper_restarts},
    {"meridian_last_probe_age_seconds", "gauge",
	"Seconds since the last probe ended.", put_probe_age},
    {"meridian_main_stall_seconds", "gauge",
	"Longest recent stall of the main loop, in seconds.", put_stall},
    {"meridian_watchdog_restarts_total", "counter",
	"Restarts in place by the watchdog.", put_restarts},
    {"meridian_health_frozen", "gauge",
	"1 while the prober suspects itself and believes no change.",
	put_frozen},
    {"meridian_health_freezes_total", "counter",
	"Times that the prober began to suspect itself.", put_freezes},
    {"meridian_certificate_expires_seconds", "gauge",
	"Seconds until a target's certificate ends.", put_certificates},
    {"meridian_drain_expires_seconds", "gauge", "Seconds until a drain ends.",
	put_drains},
    {"meridian_drain_begins_seconds", "gauge",
	"Seconds until an announced drain begins.", put_announced},
    {"meridian_force_up_expires_seconds", "gauge",
	"Seconds until a force-up ends.", put_force_ups},
    {"meridian_unsaved_changes", "gauge",
	"Drains, force-ups, their ends and signals that are not saved.",
	put_unsaved},
    {"meridian_stage_step", "gauge",
	"1 for the step of a stage that is in force.", put_stages},
    {"meridian_cutover_seconds", "histogram",
	"From the first failed probe to answers without the target.",
	put_cutover},
    {"meridian_geoip_build_timestamp_seconds", "gauge",
	"When a database was built.", put_geoip},
    {"meridian_geoip_held", "gauge",
	"1 while a new database is held and the accepted one is in service.",
	put_geoip_held},
    {"meridian_config_generation", "gauge",
	"Grows by one with each configuration that went into service.",
	put_generation},
};

enum { NMETRICS = sizeof(metrics) / sizeof(metrics[0]) };

void
metrics_print(const struct status *s, struct text *t)
{
	struct printer p = {.status = s, .text = t};
	struct counters sum;

	count_sum(&sum);
	p.sum = &sum;
	for (size_t i = 0; i < NMETRICS; i++) {
		p.name = metrics[i].name;
		text_add(t, "# HELP %s %s\n# TYPE %s %s\n", p.name,
		    metrics[i].help, p.name, metrics[i].type);
		metrics[i].put(&p);
	}
}

const char *
metrics_name(size_t i)
{
	return i < NMETRICS ? metrics[i].name : NULL;
}
