/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/story.h"

#include <string.h>

#include "conf/home.h"
#include "conf/load.h"
#include "dns/name.h"
#include "report/due.h"
#include "report/target.h"
#include "report/text.h"

json_t *
story_step(json_t *steps, const char *title, json_t *text)
{
	json_t *step = json_pack("{s:I, s:s, s:o}", "step",
	    (json_int_t)json_array_size(steps) + 1, "title", title, "text",
	    text);

	json_array_append_new(steps, step);
	return step;
}

/* Step 2 ----------------------------------------------------------------- */

/* Of a place its country's coordinates are all that is known. */
static void
story_asked_place(const struct story *s, json_t *steps)
{
	struct conf_geo geo;
	struct place place;
	struct text t = {0};

	text_add(&t, "%s, as asked", s->place);
	if (conf_geo_parse(s->place, &geo)) {
		place_from_geo(&place, &geo);
		if (place.located)
			text_add(&t, ", at %.2f,%.2f as all of %.2s",
			    (double)place.latitude, (double)place.longitude,
			    place.country);
		else
			text_add(&t, ", without coordinates");
	}
	story_step(steps, "Place", text_json(&t));
}

/* The databases that know the address, each with the prefix of its record. */
static void
databases_describe(const struct story *s, struct text *t)
{
	const struct geo *geo = s->snapshot->geo;
	const struct addr *a = &s->decision->found.counted;
	char prefix[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < geo_ndatabases(geo); i++) {
		const char *path;
		const struct mmdb *db = geo_database(geo, i, &path);
		unsigned depth;
		struct prefix p = {.addr = *a};

		if (mmdb_find_record(db, a, &depth) == 0)
			continue;
		p.len = (uint8_t)depth;
		addr_mask(&p.addr, depth);
		text_add(t, "; %s by %s", path, prefix_format(prefix, &p));
	}
}

static void
story_place(const struct story *s, json_t *steps)
{
	const struct geo_found *f = &s->decision->found;
	char buf[PLACE_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
	char addr[ADDR_TEXT_MAX];
	struct text t = {0};
	json_t *step;

	if (f->counted.family != (s->bits == 32 ? 4 : 6))
		text_add(&t, "counts as %s; ", addr_format(addr, &f->counted));
	text_add(&t, "%s", place_format(buf, &f->place));
	if (f->net != NULL)
		text_add(&t, "; net %s by %s", f->net,
		    prefix_format(prefix, &f->net_prefix));
	databases_describe(s, &t);
	if (f->net == NULL && f->database == NULL)
		text_add(&t, "; in no net and no database");
	step = story_step(steps, "Place", text_json(&t));
	json_object_set_new(step, "place", text_string(buf));
}

/* Step 3 ----------------------------------------------------------------- */

static void
rule_describe(
    struct text *t, const struct conf *conf, const struct conf_rule *r)
{
	char geo[CONF_GEO_MAX];

	if (r->by_net)
		text_add(t, " nets");
	for (size_t i = 0; r->by_net && i < conf->nnets; i++)
		if (r->nets >> i & 1)
			text_add(t, " %s", conf->nets[i].name);
	if (r->by_geo)
		text_add(t, " geo");
	for (size_t i = 0; i < r->ngeo; i++)
		text_add(t, " %s", conf_geo_format(geo, &r->geo[i]));
	if (r->by_asn)
		text_add(t, " asn");
	for (size_t i = 0; i < r->nasn; i++)
		text_add(t, " %u", r->asn[i]);
	if (r->by_box)
		text_add(t, " box %.2f,%.2f to %.2f,%.2f", (double)r->box.south,
		    (double)r->box.west, (double)r->box.north,
		    (double)r->box.east);
	if (conf_rule_is_catch_all(r))
		text_add(t, " everyone");
}

static void
region_distance(struct text *t, const struct oracle_region *r, int bias)
{
	if (r->distance_km < 0)
		return;
	text_add(t, " %.0f km", r->distance_km);
	if (r->band > 0)
		text_add(t, " in band %u", r->band);
	if (bias != 0)
		text_add(t, " (%.0f km with bias %d)", r->adjusted_km, bias);
}

static const struct conf_rule *
story_the_rule(const struct story *s)
{
	const struct conf *conf = s->snapshot->conf;

	return &conf->policies[s->name->policy].rules[s->decision->rule];
}

static void
latency_describe(const struct story *s, struct text *t, uint16_t region)
{
	uint32_t us = LATENCY_UNKNOWN;

	if (story_the_rule(s)->order == CONF_ORDER_LATENCY && !s->by_place)
		us = geo_latency_us(
		    s->snapshot->geo, &s->decision->found, region);
	if (us != LATENCY_UNKNOWN)
		text_add(t, " %.3f ms", us / 1000.0);
}

static const char *const hash_texts[] = {
    [CONF_HASH_NONE] = "",
    [CONF_HASH_CLIENT] = ", drawn by the client's prefix",
    [CONF_HASH_QNAME] = ", drawn by the tenant's name",
    [CONF_HASH_RANDOM] = ", drawn at random, here for one query",
};

/* What the regions were drawn by, if they were. */
static void
draw_describe(const struct story *s, struct text *t)
{
	enum conf_hash hash = story_the_rule(s)->hash;
	char name[NAME_TEXT_MAX];

	if (s->decision->drawn)
		text_add(t, "%s", hash_texts[hash]);
	else if (s->by_place && hash == CONF_HASH_CLIENT)
		text_add(t,
		    ", drawn by the client's prefix, which a place has not: "
		    "as declared");
	if (s->decision->drawn && hash == CONF_HASH_QNAME &&
	    s->assume->name != NULL)
		text_add(t, " %s",
		    name_format(name,
			rendezvous_tenant(s->assume->name, s->name->name)));
}

static const char *const order_texts[] = {
    [CONF_ORDER_LIST] = "regions",
    [CONF_ORDER_ALL] = "all regions",
    [CONF_ORDER_NEAREST] = "nearest",
    [CONF_ORDER_LATENCY] = "latency",
};

/* Whose policy it is now. */
static void
stage_describe(
    struct text *t, const struct conf *conf, const struct conf_name *name)
{
	for (size_t i = 0; name->staged && i < conf->nstages; i++) {
		const struct conf_stage *s = &conf->stages[i];
		const struct conf_step *step = &s->steps[s->step];

		for (size_t k = 0; k < step->nchoices; k++)
			if (&conf->names[step->choices[k].name] == name)
				text_add(t, "(stage %s in step %s) ", s->name,
				    step->name);
	}
}

/* From the name's policy to the one that the rule is of. */
static void
rule_tell(struct text *t, const struct story *s, const struct conf_rule *rule)
{
	const struct conf *conf = s->snapshot->conf;

	if (rule->outer != NULL) {
		rule_tell(t, s, rule->outer);
		text_add(t, "; ");
	}
	text_add(t, "%s ", conf->policies[rule->owner].name);
	if (rule->outer == NULL)
		stage_describe(t, conf, s->name);
	text_add(t, "rule %u (%s:%u):", rule->number, rule->mark.file,
	    rule->mark.line);
	rule_describe(t, conf, rule);
}

static void
story_rule(const struct story *s, json_t *steps)
{
	const struct conf *conf = s->snapshot->conf;
	const struct oracle_decision *d = s->decision;
	const struct conf_policy *policy = &conf->policies[s->name->policy];
	const struct conf_rule *rule = story_the_rule(s);
	struct text t = {0};
	json_t *step;

	rule_tell(&t, s, rule);
	text_add(&t, "; %s", order_texts[rule->order]);
	draw_describe(s, &t);
	if (d->unlocated)
		text_add(&t,
		    ", but where the client is is unknown: the unlocated list");
	for (size_t i = 0; i < d->nregions; i++) {
		const struct oracle_region *r = &d->regions[i];

		text_add(&t, "%s %s", i > 0 ? "," : ":",
		    conf->regions[r->region].name);
		if (rule->weights != NULL)
			text_add(&t, " weight %u", r->weight);
		latency_describe(s, &t, r->region);
		region_distance(&t, r,
		    conf_rule_is_by_place(rule) ? conf->regions[r->region].bias
						: 0);
	}
	if (rule->trickle > 0)
		text_add(&t, "; trickle %u%%", rule->trickle);
	if (d->home != NULL)
		text_add(&t, "; %s by %s:%u",
		    conf->regions[d->home->region].name, rule->homes->path,
		    d->home->line);
	step = story_step(steps, "Rule", text_json(&t));
	json_object_set_new(step, "policy", json_string(policy->name));
	json_object_set_new(
	    step, "rule", json_integer(conf_rule_outermost(rule)->number));
	json_object_set_new(step, "file", text_string(rule->mark.file));
	json_object_set_new(step, "line", json_integer(rule->mark.line));
	json_object_set_new(step, "drawn_by",
	    rule->hash == CONF_HASH_NONE
		? json_null()
		: json_string(conf_hash_names[rule->hash]));
}

/* Step 4 ----------------------------------------------------------------- */

static void
story_struck(const struct story *s, struct text *t, enum oracle_struck why)
{
	const char *before = "";

	for (size_t i = 0; i < s->decision->nregions; i++) {
		const struct oracle_region *r = &s->decision->regions[i];

		if (r->struck != why)
			continue;
		text_add(t, "%s%s", before,
		    s->snapshot->conf->regions[r->region].name);
		before = ", ";
	}
	if (*before == '\0')
		text_add(t, "nothing");
}

static void
story_fence(const struct story *s, json_t *steps)
{
	const char *fence = conf_rule_fence(story_the_rule(s));
	struct text t = {0};

	if (fence == NULL) {
		text_add(&t, "none in this rule");
	} else {
		text_add(&t, "%s strikes out ", fence);
		story_struck(s, &t, STRUCK_FENCE);
	}
	story_step(steps, "Fence", text_json(&t));
}

/* Step 5 ----------------------------------------------------------------- */

static const struct pool_region *
region_of(const struct pool *p, uint16_t region)
{
	for (size_t i = 0; i < p->nregions; i++)
		if (p->regions[i].region == region)
			return &p->regions[i];
	return NULL;
}

static bool
assumed(const bool *regions, uint16_t region)
{
	return regions != NULL && regions[region];
}

/* What the question sees of a pool whose families are apart. */
static enum pool_family
family_of(const struct story *s, const struct pool *p)
{
	return pool_is_apart(p) ? pool_family(s->type) : POOL_ANY;
}

static void
live_describe(const struct story *s, struct text *t, const struct pool *p,
    const struct pool_region *r)
{
	enum pool_family f = family_of(s, p);
	size_t of = 0, needed = p->conf->min_healthy;

	for (size_t i = 0; i < r->ntargets; i++)
		of += f == POOL_ANY ||
		    r->targets[i].conf->addr[f == POOL_IPV6].family != 0;
	text_add(t, ", %zu of %zu%s targets live, %zu needed", r->nlive[f], of,
	    f == POOL_IPV4       ? " IPv4"
		: f == POOL_IPV6 ? " IPv6"
				 : "",
	    of < needed ? of : needed);
}

static void
region_describe(
    const struct story *s, struct text *t, const struct oracle_region *r)
{
	const struct pool *pool = &s->snapshot->pools[s->name->pool];
	const struct pool_region *pr = region_of(pool, r->region);
	const char *name = s->snapshot->conf->regions[r->region].name;

	text_add(t, "%s%s: %s", t->len > 0 ? "\n" : "", name,
	    r->struck == STRUCK_NOT ? "live" : oracle_struck_names[r->struck]);
	if (assumed(s->assume->down, r->region))
		text_add(t, ", assumed down");
	if (assumed(s->assume->drained, r->region))
		text_add(t, ", assumed drained");
	if (pr == NULL)
		return;
	live_describe(s, t, pool, pr);
	target_describe_share(t, r, pr);
	target_describe_full(t, r);
	for (size_t i = 0; i < pr->ntargets; i++)
		target_describe(t, &pr->targets[i], s->all_up);
}

static json_t *
region_details(const struct story *s, const struct oracle_region *r)
{
	const struct pool *pool = &s->snapshot->pools[s->name->pool];
	const struct pool_region *pr = region_of(pool, r->region);
	json_t *targets = json_array();

	for (size_t i = 0; pr != NULL && i < pr->ntargets; i++)
		json_array_append_new(targets, target_report(&pr->targets[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "region",
	    s->snapshot->conf->regions[r->region].name, "weight",
	    story_the_rule(s)->weights != NULL ? json_integer(r->weight)
					       : json_null(),
	    "distance_km",
	    r->distance_km < 0 ? json_null() : json_real(r->distance_km),
	    "adjusted_km",
	    r->distance_km < 0 ? json_null() : json_real(r->adjusted_km),
	    "struck",
	    r->struck == STRUCK_NOT
		? json_null()
		: json_string(oracle_struck_names[r->struck]),
	    "targets", targets);
}

static void
story_live(const struct story *s, json_t *steps)
{
	struct text t = {0};
	json_t *regions = json_array(), *step;

	for (size_t i = 0; i < s->decision->nregions; i++) {
		const struct oracle_region *r = &s->decision->regions[i];

		json_array_append_new(regions, region_details(s, r));
		if (r->struck != STRUCK_FENCE &&
		    r->struck != STRUCK_NOT_IN_POOL)
			region_describe(s, &t, r);
	}
	if (t.len == 0)
		text_add(&t, "no region is left to look at");
	if (!s->all_up && atomic_load(s->snapshot->frozen))
		text_add(&t,
		    "\nthe prober suspects itself: health is frozen as it was");
	step = story_step(steps, "Live", text_json(&t));
	json_object_set_new(step, "regions", regions);
}

/* Steps 6 to 8 ----------------------------------------------------------- */

static const char *const down_names[] = {
    [CONF_DOWN_ALL] = "all",
    [CONF_DOWN_LAST_KNOWN] = "last_known",
    [CONF_DOWN_POOL] = "pool",
};

static void
story_pick(const struct story *s, json_t *steps)
{
	const struct conf *conf = s->snapshot->conf;
	const struct oracle_decision *d = s->decision;
	const struct conf_when_down *w = &story_the_rule(s)->when_down;
	const char *region = conf->regions[d->region].name;
	struct text pick = {0}, left = {0};

	if (d->reason == POOL_ALL_DOWN) {
		text_add(&pick, "no region is left");
		text_add(&left, "when_all_down: %s%s%s: %s of pool %s",
		    down_names[w->action],
		    w->action == CONF_DOWN_POOL ? " " : "",
		    w->action == CONF_DOWN_POOL ? conf->pools[w->pool].name
						: "",
		    region, conf->pools[d->pool].name);
	} else {
		text_add(&pick,
		    d->trickled ? "%s, the next region left: the client is of "
				  "those that keep it warm (%s)"
				: "%s, the first region left (%s)",
		    region, pool_reason_names[d->reason]);
		text_add(&left, "does not apply");
	}
	story_step(steps, "Pick", text_json(&pick));
	story_step(steps, "Nothing left", text_json(&left));
}

/* A live one that others are better than. */
static bool
target_is_left_out(
    const struct pool *p, const struct pool_region *r, uint16_t type)
{
	enum pool_family f = pool_family(type);

	for (size_t i = 0; i < r->ntargets; i++)
		if (r->targets[i].live[f] && !oracle_uses(p, r, i, type) &&
		    r->targets[i].health[f] == HEALTH_DEGRADED)
			return true;
	return false;
}

static void
story_targets(const struct story *s, json_t *steps)
{
	const struct pool *pool = &s->snapshot->pools[s->decision->pool];
	const struct pool_region *r = region_of(pool, s->decision->region);
	/* A name has one CNAME (RFC 2181 10.1). */
	bool one = pool->conf->mode == CONF_ANSWER_ONE ||
	    conf_pool_has(pool->conf, DNS_CNAME);
	uint16_t type =
	    conf_pool_has(pool->conf, DNS_CNAME) ? DNS_CNAME : s->type;
	struct text t = {0};

	if (one)
		text_add(&t, "one by weight of");
	else
		text_add(&t, "up to %u of", pool->conf->max);
	for (size_t i = 0; r != NULL && i < r->ntargets; i++) {
		const struct pool_target *target = &r->targets[i];

		if (!oracle_uses(pool, r, i, type))
			continue;
		text_add(&t, " %s", target->conf->label);
		if (one)
			text_add(&t, " (weight %u)", target->conf->weight);
	}
	if (r != NULL && r->nlive[family_of(s, pool)] == 0)
		text_add(&t, " (none is live: all of them)");
	else if (r != NULL && target_is_left_out(pool, r, type))
		text_add(&t, " (better than those that are degraded)");
	story_step(steps, "Targets", text_json(&t));
}

/* Steps 9 and 10 --------------------------------------------------------- */

/* What set the TTL: of the name's pool, or of when_all_down's. */
static void
story_due(const struct story *s, struct text *t)
{
	const struct oracle_decision *d = s->decision;
	const uint16_t pools[] = {s->name->pool, d->pool};
	struct due due = {.seconds = INT64_MAX};

	for (size_t i = 0; i < 2; i++) {
		const struct pool_region *r =
		    region_of(&s->snapshot->pools[pools[i]], d->ttl_region);

		if (r != NULL)
			due_find(&due, r);
	}
	if (due.seconds <= d->ttl)
		due_describe(&due, t);
	else
		text_add(t, "its share goes on, by cohorts");
}

static void
story_ttl(const struct story *s, json_t *steps)
{
	const struct oracle_decision *d = s->decision;
	const struct conf *conf = s->snapshot->conf;
	struct text t = {0};
	json_t *step;

	text_add(&t, "%u s: ", d->ttl);
	if (d->ttl_region == CONF_NONE) {
		text_add(&t, "nothing can change this answer sooner");
	} else {
		text_add(&t, "the earliest change is that of %s (",
		    conf->regions[d->ttl_region].name);
		story_due(s, &t);
		text_add(&t, ")");
	}
	text_add(&t, ", within %u..%u", s->name->ttl_min, s->name->ttl_max);
	step = story_step(steps, "TTL", text_json(&t));
	json_object_set_new(step, "ttl", json_integer(d->ttl));
	json_object_set_new(step, "min", json_integer(s->name->ttl_min));
	json_object_set_new(step, "max", json_integer(s->name->ttl_max));
}

static void
story_scope(const struct story *s, json_t *steps)
{
	struct text t = {0};
	json_t *step;

	if (s->by_place)
		text_add(&t, "does not apply to a place");
	else if (s->source > 0)
		text_add(&t,
		    "/%u is returned: clients in the /%u that was sent are treated differently, so a longer prefix may get another answer",
		    s->by_ecs ? s->scope : s->near, s->source);
	else
		text_add(&t,
		    "/%u is the shortest prefix around the client in "
		    "which every address gets this decision",
		    s->scope);
	if (!s->by_place && s->decision->cohort_len > 0)
		text_add(&t, "; %s tells clients apart by their /%u",
		    s->decision->drawn               ? "a draw"
			: story_the_rule(s)->trickle ? "a trickle"
						     : "a share in force",
		    s->decision->cohort_len);
	if (!s->by_place && s->near > 0 && s->source == 0)
		text_add(&t,
		    "; /%u is said, around the client subnet: none of it "
		    "counts (RFC 7871 10)",
		    s->near);
	else if (!s->by_place && !s->by_ecs && s->source == 0)
		text_add(&t,
		    "; not said, as the client's address did not "
		    "come by client subnet");
	step = story_step(steps, "Scope", text_json(&t));
	if (!s->by_place)
		json_object_set_new(step, "scope", json_integer(s->scope));
}

void
story_tell(const struct story *s, json_t *steps)
{
	if (s->by_place)
		story_asked_place(s, steps);
	else
		story_place(s, steps);
	story_rule(s, steps);
	story_fence(s, steps);
	story_live(s, steps);
	story_pick(s, steps);
	story_targets(s, steps);
	story_ttl(s, steps);
	story_scope(s, steps);
}
