/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf/load.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "report/message.h"
#include "report/story.h"
#include "report/text.h"
#include "serve/answer.h"
#include "snapshot/build.h"
#include "zone/find.h"

enum { EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_NO_SUCH = 4 };

/* One question, read, with the snapshot as it would be. */
struct explain {
	struct snapshot view;
	const struct drains *drains;
	struct oracle_assume assume;
	bool all_up;

	uint8_t name[DNS_NAME_MAX];
	uint16_t type;
	bool by_place;
	struct conf_geo geo;
	struct ecs ecs;
	bool believed;
	struct addr resolver;
	struct addr client; /* what counts */

	uint8_t *packet; /* the reply */
	size_t len;
	struct message message;
	struct found found; /* of the last name of the chain, or the first
			       that is steered */
	const uint8_t *owner;
	struct oracle_decision decision;
	struct answer_steer steer;
	json_t *error;
};

static bool explain_fail(struct explain *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool
explain_fail(struct explain *e, int code, const char *fmt, ...)
{
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	e->error = json_pack(
	    "{s:o, s:i}", "error", text_string(err.text), "exit", code);
	return false;
}

/* What is asked ---------------------------------------------------------- */

static bool
read_from(struct explain *e, const struct explain_query *q)
{
	const struct ecs *ecs = NULL;
	struct prefix p;
	struct error err;

	if (q->resolver != NULL && !addr_parse(q->resolver, &e->resolver))
		return explain_fail(
		    e, EXIT_USAGE, "resolver %s: not an address", q->resolver);
	if (conf_geo_parse(q->from, &e->geo)) {
		e->by_place = true;
		if (q->resolver == NULL)
			addr_parse("0.0.0.0", &e->resolver);
		return true;
	}
	if (!prefix_parse(q->from, &p, &err))
		return explain_fail(e, EXIT_USAGE,
		    "from %s: neither an "
		    "address nor a prefix nor a place such as DE: %s",
		    q->from, err.text);
	e->ecs.addr = p.addr;
	e->ecs.source = p.len;
	e->ecs.present = q->resolver != NULL || strchr(q->from, '/') != NULL;
	if (q->resolver == NULL)
		e->resolver = p.addr;
	if (e->ecs.present && client_believes(e->view.clients, &e->resolver))
		ecs = &e->ecs;
	answer_client(e->view.clients, &e->resolver, ecs, &e->steer);
	e->believed = e->steer.by_ecs;
	e->client = e->steer.client;
	return true;
}

static bool
read_regions(
    struct explain *e, const char *const *names, size_t n, uint64_t *mask)
{
	const struct conf *conf = e->view.conf;

	for (size_t i = 0; i < n; i++) {
		uint16_t r = conf_find_region(conf, names[i]);
		const char **all, *near;

		if (r != CONF_NONE && r < 64) {
			*mask |= UINT64_C(1) << r;
			continue;
		}
		if (r != CONF_NONE)
			return explain_fail(e, EXIT_USAGE,
			    "region %s: only "
			    "the first 64 can be assumed so",
			    names[i]);
		all = xcalloc(conf->nregions + 1, sizeof(*all));
		for (size_t j = 0; j < conf->nregions; j++)
			all[j] = conf->regions[j].name;
		near = diag_nearest(names[i], all, conf->nregions);
		free(all);
		return explain_fail(e, EXIT_NO_SUCH, "no region %s%s%s%s",
		    names[i], near != NULL ? "; did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?" : "");
	}
	return true;
}

static bool
read_query(struct explain *e, const struct explain_query *q)
{
	const char *type = q->type != NULL ? q->type : "A";
	struct error err;

	if (q->name == NULL || q->from == NULL)
		return explain_fail(
		    e, EXIT_USAGE, "explain needs a name, and where from");
	if (!name_parse(q->name, e->name, &err))
		return explain_fail(e, EXIT_USAGE, "%s", err.text);
	e->type = rr_type_parse(type);
	if (e->type == 0)
		return explain_fail(e, EXIT_USAGE, "%s: no such type", type);
	return read_from(e, q) &&
	    read_regions(e, q->down, q->ndown, &e->assume.down) &&
	    read_regions(e, q->drain, q->ndrain, &e->assume.drained);
}

/* The view --------------------------------------------------------------- */

static void
view_assume(struct explain *e, struct pool *p)
{
	uint64_t live = atomic_load(&p->live);
	uint64_t drained = atomic_load(&p->drained);

	for (size_t i = 0; i < p->nregions; i++) {
		uint16_t r = p->regions[i].region;
		uint64_t bit = UINT64_C(1) << i;

		if (r >= 64)
			continue;
		if ((e->assume.down | e->assume.drained) >> r & 1) {
			live &= ~bit;
			drained &= ~bit;
		}
		if (e->assume.drained >> r & 1)
			drained |= bit;
	}
	atomic_store(&p->live, live);
	atomic_store(&p->drained, drained);
}

/* Copies what assumptions change and what answering counts into. */
static void
view_init(struct explain *e, const struct snapshot *s)
{
	e->view = *s;
	e->view.pools = xcalloc(s->conf->npools + 1, sizeof(*s->pools));
	for (size_t i = 0; i < s->conf->npools; i++)
		memcpy(&e->view.pools[i], &s->pools[i], sizeof(*s->pools));
	e->view.tallies = xcalloc(s->ntallies + 1, sizeof(*s->tallies));
	e->view.nrows = 1;
}

static void
view_fini(struct explain *e)
{
	free(e->view.pools);
	free(e->view.tallies);
}

/* The answer ------------------------------------------------------------- */

static size_t
question_put(struct explain *e, uint8_t *buf, size_t cap)
{
	struct edns_reply edns = {.ecs = &e->ecs};
	struct wire w;

	wire_init(&w, buf, cap);
	for (size_t i = 0; i < DNS_HEADER_SIZE / 2; i++)
		wire_put_u16(&w, i == 2 || (i == 5 && e->ecs.present));
	wire_put(&w, e->name, name_len(e->name));
	wire_put_u16(&w, e->type);
	wire_put_u16(&w, DNS_IN);
	if (e->ecs.present)
		edns_put(&w, &edns);
	return w.len;
}

static bool
ask(struct explain *e)
{
	static struct counters counters;
	struct answerer a = {
	    .counters = &counters, .random = 1, .now_s = clock_mono_s()};
	uint8_t question[512];
	struct answer_input in = {
	    .packet = question, .source = e->resolver, .proto = COUNT_TCP};

	in.len = question_put(e, question, sizeof(question));
	e->packet = xmalloc(DNS_MESSAGE_MAX);
	e->len = answer(&a, &e->view, &in, e->packet, DNS_MESSAGE_MAX);
	if (!message_parse(&e->message, e->packet, e->len))
		return explain_fail(e, EXIT_WRONG, "the answer cannot be read");
	return true;
}

/* Follows the aliases to the name that is steered, if one is. */
static void
find(struct explain *e)
{
	for (size_t i = 0; i < e->message.nchain; i++) {
		uint8_t *name = e->message.chain[i];
		struct found f;

		name_lower(name);
		zone_find(e->view.zones, name, name_len(name), e->type, &f);
		if (i > 0 && f.kind == FIND_FOREIGN)
			return;
		e->found = f;
		e->owner = name;
		if (f.kind == FIND_STEERED)
			return;
	}
}

static void
decide_place(
    struct explain *e, const struct oracle *o, const struct conf_name *name)
{
	const struct steered *st = &e->view.steered[e->found.steered];
	uint8_t order[CONF_POOL_REGIONS_MAX], fallback[CONF_POOL_REGIONS_MAX];
	struct place place;
	struct rank rank;
	struct pick_question q = {
	    .rank = &rank,
	    .pool = st->pool,
	    .type = e->found.type,
	    .ttl_min = st->ttl_min,
	    .ttl_max = st->ttl_max,
	};
	uint16_t rule;

	place_from_geo(&place, &e->geo);
	oracle_decide_place(o, name, &place, &e->assume, &e->decision);
	policy_rank(e->view.conf, name->policy, name->pool, &place, &rank,
	    order, fallback, &rule);
	q.now_s = clock_mono_s();
	pick_region(e->view.pools, &q, &e->steer.pick);
}

/* A place has no address to ask with: the picked body alone is the answer. Its
 * question becomes the message's, so that the owner is now the first. */
static bool
compose_place(struct explain *e)
{
	const struct pick *pick = &e->steer.pick;
	struct wire w;

	message_fini(&e->message);
	wire_init(&w, e->packet, DNS_MESSAGE_MAX);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, DNS_QR | DNS_AA);
	wire_put_u16(&w, 1);
	wire_put_u16(&w, pick->body != NULL ? pick->body->an : 0);
	wire_put_u16(&w, pick->body != NULL ? pick->body->ns : 0);
	wire_put_u16(&w, pick->body != NULL ? pick->body->ar : 0);
	wire_put(&w, e->owner, name_len(e->owner));
	wire_put_u16(&w, e->found.type);
	wire_put_u16(&w, DNS_IN);
	if (pick->body != NULL)
		body_put(&w, pick->body, DNS_HEADER_SIZE, name_len(e->owner),
		    pick->ttl, 0);
	if (!message_parse(&e->message, e->packet, w.len))
		return explain_fail(e, EXIT_WRONG, "the answer cannot be read");
	e->owner = e->message.chain[0];
	return true;
}

/* In bits: the prefix around the client that the compiled path decides for. */
static unsigned
compiled_scope(const struct explain *e)
{
	const struct answer_steer *s = &e->steer;

	return s->hit.depth > s->pick.cohort_len ? s->hit.depth
						 : s->pick.cohort_len;
}

static bool
decide(struct explain *e)
{
	struct oracle o = {
	    .conf = e->view.conf, .geo = e->view.geo, .pools = e->view.pools};
	const struct conf_name *name;

	if (e->found.kind != FIND_STEERED)
		return true;
	name = &e->view.conf->names[e->found.steered];
	if (!e->by_place) {
		oracle_decide(
		    &o, name, &e->client, &e->assume, e->all_up, &e->decision);
		answer_decide(&e->view, e->found.steered, e->found.type,
		    &e->client, clock_mono_s(), 0, &e->steer);
		if (!e->all_up)
			e->decision.scope = compiled_scope(e);
		return true;
	}
	decide_place(e, &o, name);
	return compose_place(e);
}

/* Telling it ------------------------------------------------------------- */

static json_t *
client_text(const struct explain *e)
{
	char resolver[ADDR_TEXT_MAX], subnet[PREFIX_TEXT_MAX];
	struct prefix p = {.addr = e->ecs.addr, .len = e->ecs.source};
	struct text t = {0};

	addr_format(resolver, &e->resolver);
	prefix_format(subnet, &p);
	if (e->by_place)
		text_add(&t, "any client in this place");
	else if (!e->ecs.present)
		text_add(&t, "%s, the resolver's address: no client subnet",
		    resolver);
	else if (e->believed)
		text_add(&t, "%s, the client subnet that resolver %s sends",
		    subnet, resolver);
	else
		text_add(&t,
		    "%s, the resolver's address: its client subnet "
		    "%s does not count (%s)",
		    resolver, subnet,
		    e->ecs.source == 0 ? "source length 0"
			: e->view.conf->server.ecs_any ||
			    addr_is_unroutable(&e->ecs.addr)
			? "private, and in none of the nets"
			: "ecs_from does not believe this resolver");
	return text_json(&t);
}

static const char *const found_texts[] = {
    [FIND_FOREIGN] = "in none of the zones: refused",
    [FIND_DATA] = "the records of the zone file",
    [FIND_CNAME] = "an alias of the zone file",
    [FIND_DNAME] = "an alias by the DNAME above it",
    [FIND_STEERED] = "steered",
    [FIND_NODATA] = "the name has no record of this type: the zone's SOA",
    [FIND_NXDOMAIN] = "there is no such name: the zone's SOA",
    [FIND_REFERRAL] = "delegated: a referral to the zone below",
};

static void
tell_static(struct explain *e, json_t *steps)
{
	static const char *const none[] = {
	    "Place", "Rule", "Fence", "Live", "Pick", "Nothing left"};
	char name[NAME_TEXT_MAX];
	struct text t = {0};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		story_step(steps, none[i],
		    text_string(i == 1 ? "none: the name is not steered"
				       : "does not apply"));
	text_add(&t, "%s: %s", name_format(name, e->owner),
	    found_texts[e->found.kind]);
	if (e->found.kind != FIND_FOREIGN)
		text_add(&t, " (zone %s, %s)",
		    e->view.conf->zones[e->found.zone].origin,
		    e->view.conf->zones[e->found.zone].path);
	story_step(steps, "Targets", text_json(&t));
	story_step(steps, "TTL",
	    text_string(e->found.kind == FIND_FOREIGN
		    ? "does not apply"
		    : "as the zone file says"));
	story_step(steps, "Scope",
	    text_string("/0: the client does not "
			"matter"));
}

static void
tell_disagreement(const struct explain *e, json_t *report)
{
	const struct oracle_decision *d = &e->decision;
	const struct pick *p = &e->steer.pick;
	const struct conf *conf = e->view.conf;
	uint16_t region = p->pool->regions[p->region].region;
	bool scope = e->by_place || d->scope == compiled_scope(e);
	uint32_t apart = d->ttl > p->ttl ? d->ttl - p->ttl : p->ttl - d->ttl;
	struct text t = {0};

	if (p->pool->index == d->pool && region == d->region &&
	    p->reason == d->reason && scope && apart <= 1)
		return;
	text_add(&t,
	    "THIS IS A BUG: the compiled path answers %s/%s (%s, "
	    "TTL %u, scope %u), the oracle %s/%s (%s, TTL %u, scope %u)",
	    p->pool->conf->name, conf->regions[region].name,
	    pool_reason_names[p->reason], p->ttl, compiled_scope(e),
	    conf->pools[d->pool].name, conf->regions[d->region].name,
	    pool_reason_names[d->reason], d->ttl, d->scope);
	json_object_set_new(report, "disagreement", text_json(&t));
}

static void
tell_steered(struct explain *e, json_t *report, json_t *steps, const char *from)
{
	struct story story = {.snapshot = &e->view,
	    .drains = e->drains,
	    .assume = &e->assume,
	    .decision = &e->decision,
	    .name = &e->view.conf->names[e->found.steered],
	    .type = e->found.type,
	    .by_place = e->by_place,
	    .by_ecs = e->believed,
	    .scope = e->believed ? e->steer.scope : e->decision.scope,
	    .near = e->believed ? 0 : e->steer.scope,
	    .bits = addr_bits(&e->client),
	    .all_up = e->all_up,
	    .place = from};
	const struct pick *p = &e->steer.pick;
	json_t *a = json_object_get(report, "answer");

	story_tell(&story, steps);
	json_object_set_new(a, "pool", json_string(p->pool->conf->name));
	json_object_set_new(a, "region",
	    json_string(
		e->view.conf->regions[p->pool->regions[p->region].region]
		    .name));
	json_object_set_new(
	    a, "reason", json_string(pool_reason_names[p->reason]));
	tell_disagreement(e, report);
}

static json_t *
tell(struct explain *e, const char *from)
{
	char type[RR_TEXT_MAX], rcode[RR_TEXT_MAX], name[NAME_TEXT_MAX];
	const struct message *m = &e->message;
	json_t *steps = json_array(), *report;

	story_step(steps, "Client", client_text(e));
	report = json_pack("{s:s, s:s, s:o, s:o, s:{s:s, s:O, s:O, s:I, s:o}}",
	    "name", name_format(name, e->name), "type",
	    rr_type_format(type, e->type), "client", text_string(from), "steps",
	    steps, "answer", "rcode", rr_rcode_format(rcode, m->rcode),
	    "records", m->answer, "authority", m->authority, "ttl",
	    (json_int_t)m->ttl, "scope",
	    m->scope >= 0 ? json_integer(m->scope) : json_null());
	if (e->found.kind == FIND_STEERED)
		tell_steered(e, report, steps, from);
	else
		tell_static(e, steps);
	return report;
}

static json_t *
explain(const struct snapshot *s, const struct drains *drains,
    const struct explain_query *q, bool all_up)
{
	struct explain *e = xcalloc(1, sizeof(*e));
	json_t *report;

	e->drains = drains;
	e->all_up = all_up;
	view_init(e, s);
	if (!read_query(e, q))
		goto out;
	for (size_t i = 0; i < s->conf->npools; i++)
		view_assume(e, &e->view.pools[i]);
	if (!ask(e))
		goto out;
	find(e);
	decide(e);
out:
	report = e->error != NULL ? e->error : tell(e, q->from);
	message_fini(&e->message);
	free(e->packet);
	view_fini(e);
	free(e);
	return report;
}

json_t *
explain_report(const struct snapshot *s, const struct drains *drains,
    const struct explain_query *q)
{
	return explain(s, drains, q, false);
}

json_t *
explain_file(const char *path, const struct explain_query *q)
{
	struct watches *watches = watches_new();
	struct drains drains = {0};
	struct snapshot *s;
	struct diag d;
	struct watch **all;
	json_t *report;
	size_t n;

	diag_init(&d);
	s = snapshot_build(path, &d);
	if (s == NULL) {
		char *text = diag_text(&d);

		report = json_pack("{s:o, s:i}", "error", text_string(text),
		    "exit", EXIT_WRONG);
		free(text);
		goto out;
	}
	pools_bind(s->pools, s->conf->npools, s->conf, watches);
	all = watches_all(watches, &n);
	for (size_t i = 0; i < n; i++)
		all[i]->health.state = HEALTH_UP;
	for (size_t i = 0; i < s->conf->npools; i++)
		for (size_t r = 0; r < s->pools[i].nregions; r++)
			pool_refresh(&s->pools[i], r, &drains);
	report = explain(s, &drains, q, true);
	snapshot_free(s);
out:
	watches_free(watches);
	diag_fini(&d);
	return report;
}
