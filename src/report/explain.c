/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "report/hops.h"
#include "report/story.h"
#include "report/text.h"
#include "serve/answer.h"
#include "snapshot/build.h"
#include "steer/scope.h"

/* One question, with the snapshot as it would be. */
struct explain {
	struct asked asked;
	struct view view;
	const struct snapshot *snapshot; /* the view's */
	const struct drains *drains;
	struct oracle_assume assume;
	bool all_up; /* no daemon: health is assumed */
	bool deep;   /* the oracle finds the scope as well */

	bool believed;
	struct addr client; /* what counts */
	uint64_t random;    /* the state that the answer begins with */

	uint8_t *packet; /* the reply */
	struct message message;
	struct hops hops;
	struct found found; /* of the last hop */
	struct oracle_decision decision;
	struct answer_steer steer;
};

/* The answer ------------------------------------------------------------- */

static bool
is_steered(const struct explain *e)
{
	return e->found.kind == FIND_STEERED;
}

/* Step 1. */
static void
find_client(struct explain *e)
{
	const struct asked *a = &e->asked;
	const struct client_table *clients = e->snapshot->clients;
	const struct ecs *ecs = NULL;

	if (a->by_place)
		return;
	if (a->ecs.present && client_believes(clients, &a->resolver))
		ecs = &a->ecs;
	answer_client(clients, &a->resolver, ecs, &e->steer);
	e->believed = e->steer.by_ecs;
	e->client = e->steer.client;
}

static size_t
question_put(const struct asked *a, uint8_t *buf, size_t cap)
{
	struct edns_reply edns = {.ecs = &a->ecs};
	struct wire w;

	wire_init(&w, buf, cap);
	for (size_t i = 0; i < DNS_HEADER_SIZE / 2; i++)
		wire_put_u16(&w, i == 2 || (i == 5 && a->ecs.present));
	wire_put(&w, a->name, name_len(a->name));
	wire_put_u16(&w, a->type);
	wire_put_u16(&w, DNS_IN);
	if (a->ecs.present)
		edns_put(&w, &edns, edns_size(&edns));
	return w.len;
}

/* Over TCP, so that all of it comes. */
static void
ask(struct explain *e)
{
	struct counters *counters = xcalloc(1, sizeof(*counters));
	struct answerer a = {
	    .counters = counters, .random = e->random, .now_s = clock_mono_s()};
	uint8_t question[512];
	struct answer_input in = {.packet = question,
	    .source = e->asked.resolver,
	    .proto = COUNT_TCP};
	size_t len;

	in.len = question_put(&e->asked, question, sizeof(question));
	e->packet = xmalloc(DNS_MESSAGE_MAX);
	len = answer(&a, e->snapshot, &in, e->packet, DNS_MESSAGE_MAX);
	message_parse(&e->message, e->packet, len);
	free(counters);
}

static void
decide_place(
    struct explain *e, const struct oracle *o, const struct conf_name *name)
{
	const struct steered *st = &e->snapshot->steered[e->found.steered];
	struct rank_room room = {.order = {0}};
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

	place_from_geo(&place, &e->asked.geo);
	oracle_decide_place(o, name, &place, &e->assume, &e->decision);
	policy_rank(e->snapshot->conf, name->policy, name->pool, &place, &rank,
	    &room, &rule);
	q.name = e->assume.name;
	q.owner = name->name;
	q.random = e->assume.random;
	q.now_s = clock_mono_s();
	pick_region(e->snapshot->pools, &q, &e->steer.pick);
}

/* An answer of one body alone, for the last hop's name. */
static void
compose(struct explain *e, const struct body *body, struct message *m)
{
	const uint8_t *owner = e->hops.last->name;
	struct wire w;

	wire_init(&w, e->packet, DNS_MESSAGE_MAX);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, DNS_QR | DNS_AA);
	wire_put_u16(&w, 1);
	wire_put_u16(&w, body_an(body));
	wire_put_u16(&w, body_ns(body));
	wire_put_u16(&w, body_ar(body));
	wire_put(&w, owner, name_len(owner));
	wire_put_u16(&w, e->found.type);
	wire_put_u16(&w, DNS_IN);
	body_put(
	    &w, body, DNS_HEADER_SIZE, name_len(owner), e->steer.pick.ttl, 0);
	message_parse(m, e->packet, w.len);
}

/* A place has no address to ask with: the picked body is the answer. */
static void
compose_place(struct explain *e)
{
	message_fini(&e->message);
	compose(e, e->steer.pick.body, &e->message);
	e->hops.ends_early = false;
}

/* In bits: the prefix around the client that the compiled path decides for. */
static unsigned
compiled_scope(const struct explain *e)
{
	const struct answer_steer *s = &e->steer;

	return s->hit.depth > s->pick.cohort_len ? s->hit.depth
						 : s->pick.cohort_len;
}

/* The client that it is decided for, which may be another of the subnet: as the
 * compiled path found it, or, at length, as the oracle does. */
static struct addr
find_decided(
    const struct explain *e, const struct oracle *o, const struct conf_name *n)
{
	const struct answer_steer *s = &e->steer;
	const struct prefix subnet = {e->asked.ecs.addr, e->asked.ecs.source};
	struct scope_fence f;

	if (!e->deep || !answer_is_mixed(s))
		return s->client;
	scope_find_fence(o, n, &subnet, &f);
	if (f.rule != NULL)
		return f.client;
	return s->fence != 0 ? *s->resolver : e->client;
}

/* Step 10: of the client that counts. */
static unsigned
find_scope(
    const struct explain *e, const struct oracle *o, const struct conf_name *n)
{
	struct geo_found found;
	unsigned scope;

	if (!e->deep || e->snapshot->geo == NULL)
		return compiled_scope(e);
	geo_find(e->snapshot->geo, &e->client, &found);
	scope = scope_find(o, n, &e->client, &found);
	return scope > e->decision.cohort_len ? scope : e->decision.cohort_len;
}

static void
decide(struct explain *e)
{
	const struct snapshot *s = e->snapshot;
	struct oracle o = {.conf = s->conf, .geo = s->geo, .pools = s->pools};
	const struct conf_name *name;
	struct addr decided;

	if (!is_steered(e))
		return;
	name = &s->conf->names[e->found.steered];
	if (e->asked.by_place) {
		decide_place(e, &o, name);
		compose_place(e);
		return;
	}
	answer_decide(s,
	    &(struct answer_question){
		.steered = e->found.steered,
		.type = e->found.type,
		.name = e->assume.name,
		.now_s = clock_mono_s(),
		.random = e->assume.random,
	    },
	    &e->steer);
	decided = find_decided(e, &o, name);
	oracle_decide(&o, name, &decided, &e->assume, false, &e->decision);
	e->decision.scope = find_scope(e, &o, name);
}

/* Telling it ------------------------------------------------------------- */

static const char *
why_not_believed(const struct explain *e)
{
	const struct asked *a = &e->asked;

	if (!client_believes(e->snapshot->clients, &a->resolver))
		return "ecs_from does not believe this resolver";
	return a->ecs.source == 0 ? "source length 0"
				  : "private, and in none of the nets";
}

/* The answer is decided for another client than the one that counts, as their
 * fence must hold. */
static bool
is_for_another(const struct explain *e)
{
	return is_steered(e) && !e->asked.by_place && e->steer.fence != 0 &&
	    (e->steer.other_fence != 0 ||
		!addr_equal(&e->steer.client, &e->client));
}

static void
add_fence(const struct explain *e, struct text *t)
{
	const struct conf *conf = e->snapshot->conf;
	const struct conf_name *name = &conf->names[e->found.steered];
	const struct conf_rule *rules = conf->policies[name->policy].rules;
	const struct conf_rule *rule = &rules[e->decision.rule];
	uint32_t other = e->steer.other_fence;
	struct prefix p = {e->asked.ecs.addr, e->asked.ecs.source};
	char subnet[PREFIX_TEXT_MAX], client[ADDR_TEXT_MAX];

	text_add(t,
	    "; a cache may keep the answer for all of %s, which contains clients of %s rule %u, fence %s",
	    prefix_format(subnet, &p), conf->policies[rule->owner].name,
	    rule->number, conf_rule_fence(rule));
	if (other != 0)
		text_add(t,
		    ", and clients of fence %s: no answer obeys both, so the reply is SERVFAIL",
		    conf_rule_fence(&rules[other - 1]));
	else
		text_add(t,
		    ": the answer obeys the fence, and is decided for client %s",
		    addr_format(client, &e->steer.client));
}

static json_t *
client_text(const struct explain *e)
{
	const struct asked *a = &e->asked;
	char resolver[ADDR_TEXT_MAX], subnet[PREFIX_TEXT_MAX];
	struct prefix p = {.addr = a->ecs.addr, .len = a->ecs.source};
	struct text t = {0};

	addr_format(resolver, &a->resolver);
	prefix_format(subnet, &p);
	if (a->by_place)
		text_add(&t, "any client in this place");
	else if (!a->ecs.present)
		text_add(&t, "%s, the resolver's address: no client subnet",
		    resolver);
	else if (e->believed)
		text_add(&t, "%s, the client subnet that resolver %s sends",
		    subnet, resolver);
	else
		text_add(&t,
		    "%s, the resolver's address: its client subnet "
		    "%s does not count (%s)",
		    resolver, subnet, why_not_believed(e));
	if (is_for_another(e))
		add_fence(e, &t);
	return text_json(&t);
}

static void
tell_disagreement(const struct explain *e, json_t *report)
{
	const struct oracle_decision *d = &e->decision;
	const struct pick *p = &e->steer.pick;
	const struct conf *conf = e->snapshot->conf;
	uint16_t region = p->pool->regions[p->region].region;
	bool scope = e->asked.by_place || d->scope == compiled_scope(e);
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
	const struct conf *conf = e->snapshot->conf;
	const struct conf_name *name = &conf->names[e->found.steered];
	struct story story = {.snapshot = e->snapshot,
	    .drains = e->drains,
	    .assume = &e->assume,
	    .decision = &e->decision,
	    .name = name,
	    .type = e->found.type,
	    .by_place = e->asked.by_place,
	    .by_ecs = e->believed,
	    .scope = e->believed ? e->steer.scope : e->decision.scope,
	    .near = e->believed ? 0 : e->steer.scope,
	    .source = is_for_another(e) ? e->asked.ecs.source : 0,
	    .bits = addr_bits(&e->steer.client),
	    .all_up = e->all_up,
	    .place = from};

	story_tell(&story, steps);
	json_object_set_new(report, "steered",
	    json_pack("{s:s, s:s, s:s}", "name", name->text, "pool",
		conf->pools[name->pool].name, "policy",
		conf->policies[name->policy].name));
	tell_disagreement(e, report);
}

/* What one of several answers is drawn from, by weight. */
static json_t *
tell_drawn(struct explain *e)
{
	const struct pick *p = &e->steer.pick;
	const struct offer *o = atomic_load(&p->pool->regions[p->region].offer);
	size_t k = conf_pool_type(p->pool->conf, e->found.type);
	json_t *drawn = json_array();
	uint32_t before = 0;

	for (size_t i = 0; i < o->count[k]; i++) {
		const struct variant *v = &o->variants[k][i];
		struct message m;

		compose(e, v->body, &m);
		json_array_append_new(drawn,
		    json_pack("{s:I, s:O, s:O}", "weight",
			(json_int_t)(v->until - before), "records", m.answer,
			"addresses", m.addresses));
		before = v->until;
		message_fini(&m);
	}
	return drawn;
}

static json_t *
tell_answer(struct explain *e)
{
	char rcode[RR_TEXT_MAX];
	const struct message *m = &e->message;
	const struct pick *p = &e->steer.pick;
	const struct conf *conf = e->snapshot->conf;
	json_t *a = json_pack("{s:s, s:b, s:O, s:O, s:O, s:O, s:I, s:o, s:b}",
	    "rcode", rr_rcode_format(rcode, m->rcode), "authoritative",
	    m->authoritative, "records", m->answer, "authority", m->authority,
	    "additional", m->additional, "addresses", m->addresses, "ttl",
	    (json_int_t)m->ttl, "scope",
	    m->scope >= 0 ? json_integer(m->scope) : json_null(), "ends_early",
	    e->hops.ends_early);
	bool steered = is_steered(e) && e->steer.other_fence == 0;

	json_object_set_new(a, "pool",
	    steered ? json_string(p->pool->conf->name) : json_null());
	json_object_set_new(a, "region",
	    steered
		? json_string(
		      conf->regions[p->pool->regions[p->region].region].name)
		: json_null());
	json_object_set_new(a, "reason",
	    steered ? json_string(pool_reason_names[p->reason]) : json_null());
	json_object_set_new(
	    a, "drawn_from", steered ? tell_drawn(e) : json_null());
	return a;
}

static json_t *
tell(struct explain *e, const char *from)
{
	char type[RR_TEXT_MAX], name[NAME_TEXT_MAX];
	json_t *steps = json_array(), *report;

	story_step(steps, "Client", client_text(e));
	report = json_pack("{s:s, s:s, s:o, s:o, s:n, s:o}", "name",
	    name_format(name, e->asked.name), "type",
	    rr_type_format(type, e->asked.type), "client", text_string(from),
	    "hops", hops_report(&e->hops, e->snapshot), "steered", "steps",
	    steps);
	if (is_steered(e))
		tell_steered(e, report, steps, from);
	else
		hops_tell(&e->hops, e->snapshot, steps);
	json_object_set_new(report, "answer", tell_answer(e));
	return report;
}

/* e: drains, all_up and deep. */
static json_t *
explain(
    struct explain *e, const struct snapshot *s, const struct explain_query *q)
{
	json_t *report = asked_read(&e->asked, s->conf, q);
	uint64_t state;

	if (report == NULL) {
		view_init(&e->view, s, e->drains, &e->asked.assume);
		e->snapshot = &e->view.snapshot;
		e->assume = (struct oracle_assume){.down = e->asked.assume.down,
		    .drained = e->asked.assume.drained};
		state = e->random = 1;
		e->assume.random = answer_random(&state);
		find_client(e);
		ask(e);
		hops_find(&e->hops, e->snapshot, &e->message, e->asked.type);
		e->found = e->hops.last->found;
		e->assume.type = e->found.type;
		e->assume.name = e->hops.last->name;
		decide(e);
		report = tell(e, q->from);
		message_fini(&e->message);
		free(e->packet);
		view_fini(&e->view);
	}
	asked_fini(&e->asked);
	free(e);
	return report;
}

json_t *
explain_report(const struct snapshot *s, const struct drains *drains,
    const struct explain_query *q)
{
	struct explain *e = xcalloc(1, sizeof(*e));

	e->drains = drains;
	return explain(e, s, q);
}

static const struct drains no_drains;

json_t *
explain_up(const struct snapshot *s, const struct explain_query *q)
{
	struct explain *e = xcalloc(1, sizeof(*e));

	e->drains = &no_drains;
	e->all_up = true;
	return explain(e, s, q);
}

json_t *
explain_file(const char *path, const struct explain_query *q)
{
	struct explain *e;
	struct snapshot *s;
	struct view up;
	struct diag d;
	json_t *report;

	diag_init(&d);
	s = snapshot_build(path, &d);
	if (s == NULL) {
		char *text = diag_text(&d);

		report = text_error(EXIT_WRONG, "%s", text);
		free(text);
	} else {
		e = xcalloc(1, sizeof(*e));
		e->drains = &no_drains;
		e->all_up = e->deep = true;
		view_init_up(&up, s);
		report = explain(e, &up.snapshot, q);
		view_fini(&up);
		snapshot_free(s);
	}
	diag_fini(&d);
	return report;
}

/* For people ------------------------------------------------------------- */

enum { TEXT_COLUMN = 17 };

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

static void
add_records(struct text *t, const json_t *answer, const char *section)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(answer, section), i, record)
	{
		text_add(t, "    %s", json_string_value(record));
		if (strcmp(section, "records") != 0)
			text_add(t, "  (%s)", section);
		text_add(t, "\n");
	}
}

/* Where one name alone, as it is, leads to, the steps tell. */
static void
add_hops(struct text *t, const json_t *report)
{
	const json_t *hops = json_object_get(report, "hops"), *hop;
	const json_t *answer = json_object_get(report, "answer");
	size_t i;

	json_array_foreach(hops, i, hop)
	{
		bool wild = json_is_true(json_object_get(hop, "wildcard"));

		if (json_array_size(hops) > 1 || wild)
			text_add(t, "    %s: %s%s\n", text_of(hop, "name"),
			    text_of(hop, "found"),
			    wild ? ", by a wildcard" : "");
	}
	if (json_is_true(json_object_get(answer, "ends_early")))
		text_add(t,
		    "    the answer ends with the alias: what is decided for "
		    "a client's prefix\n    does not follow it (RFC 7871 "
		    "7.2.1), so that the resolver asks again\n");
}

void
explain_text(
    const json_t *report, const struct explain_style *style, struct text *t)
{
	static const struct explain_style plain = {"", "", ""};
	const json_t *answer = json_object_get(report, "answer"), *step;
	size_t i;

	if (style == NULL)
		style = &plain;
	text_add(t, "%s%s %s%s\n", style->bold, text_of(report, "name"),
	    text_of(report, "type"), style->plain);
	add_hops(t, report);
	json_array_foreach(json_object_get(report, "steps"), i, step)
	{
		text_add(t, "%s%2zu. %-12s%s ", style->bold, i + 1,
		    text_of(step, "title"), style->plain);
		text_add_lines(t, text_of(step, "text"), TEXT_COLUMN);
	}
	if (json_object_get(report, "disagreement") != NULL)
		text_add(t, "%s%s%s\n", style->bad,
		    text_of(report, "disagreement"), style->plain);
	text_add(
	    t, "%s%s%s\n", style->bold, text_of(answer, "rcode"), style->plain);
	add_records(t, answer, "records");
	add_records(t, answer, "authority");
	add_records(t, answer, "additional");
}
