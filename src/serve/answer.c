/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/answer.h"

#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "dns/name.h"
#include "serve/reply.h"
#include "snapshot/build.h"
#include "zone/find.h"

_Static_assert(REPLY_PARTS_MAX == ANSWER_CHAIN_MAX + 1,
    "a chain and its end fit into a reply");

enum { KEEPALIVE_UNIT_MS = 100 }; /* RFC 7828 3.1 */

/* Said where they tell more than the rcode, to who sent an OPT. */
static const struct edns_error not_ours = {DNS_ERROR_NOT_AUTHORITATIVE, ""};
static const struct edns_error not_done = {DNS_ERROR_NOT_SUPPORTED, ""};
static const struct edns_error all_down = {
    DNS_ERROR_OTHER, "no region is live"};
static const struct edns_error two_fences = {DNS_ERROR_OTHER,
    "the client subnet contains clients of two fences: send a longer prefix"};

/* One query on its way. */
struct walk {
	struct answerer *answerer;
	const struct snapshot *snapshot;
	const struct addr *source;
	struct reply *reply;
	enum cookie_state cookie_state;
	uint8_t cookie[COOKIE_SIZE]; /* the reply's */
	const uint8_t *name;         /* what is looked for, lower case */
	struct answer_steer steer;
	bool steered;
	uint16_t owner;                   /* that is: in conf.names */
	enum pool_family family;          /* that decided */
	uint64_t passed[REPLY_PARTS_MAX]; /* hashes of names with aliases */
	unsigned npassed;
};

void
answer_client(const struct client_table *t, const struct addr *resolver,
    const struct ecs *ecs, struct answer_steer *steer)
{
	struct client_hit hit = {false, 0};

	/* RFC 7871 7.1.2: with source length 0 the client does not want to be
	 * told apart from its resolver. */
	steer->resolver = resolver;
	steer->subnet = ecs != NULL && ecs->source > 0 ? ecs : NULL;
	if (steer->subnet != NULL)
		hit = client_find(t, &ecs->addr);
	steer->by_ecs = hit.counts;
	steer->near = hit.depth;
	steer->client = hit.counts ? ecs->addr : *resolver;
}

/*
 * Step 10.  An address within a prefix of the scope's length may be told apart
 * by its class, by its cohort while a share is in force, or by step 1: what is
 * unroutable counts as the resolver's address, and is told so with a scope that
 * covers all of that unroutable space and no other (RFC 7871 10).
 */
static uint8_t
scope_of(const struct policy_table *t, const struct answer_steer *steer)
{
	uint8_t cohort = steer->by_ecs ? steer->pick.cohort_len : 0;
	uint8_t depth = steer->by_ecs ? steer->hit.depth : 0;

	if (t->nranks == 1 && cohort == 0)
		return 0;
	if (depth < cohort)
		depth = cohort;
	return depth > steer->near ? depth : steer->near;
}

/* Else its first address stands for all: looking for fences in it would find
 * those of that address, and of nobody else. */
bool
answer_is_mixed(const struct answer_steer *steer)
{
	const struct ecs *subnet = steer->subnet;

	return subnet != NULL &&
	    (steer->near > subnet->source ||
		(steer->by_ecs && steer->hit.depth > subnet->source));
}

/*
 * A cache may give the answer to everyone in the subnet that it sent (RFC 7871
 * 7.3.1): if clients of a fenced rule are there, it is decided for the first of
 * them.  What does not count in a subnet of which some does is the resolver's.
 */
static void
keep_fence(const struct policy_table *t, struct answer_steer *steer)
{
	const struct prefix subnet = {
	    steer->subnet->addr, steer->subnet->source};
	struct span_hit in = spans_find(t->fences, &subnet);
	uint32_t own = 0;

	if (steer->near > subnet.len)
		own = spans_value(t->fences, steer->resolver);
	if (in.value == 0)
		in = (struct span_hit){own, 0, *steer->resolver};
	else if (own != in.value && in.other == 0)
		in.other = own;
	steer->fence = in.value;
	steer->other_fence = in.other;
	if (in.value == 0)
		return;
	steer->client = in.first;
	steer->hit.class = lookup_find(&t->lookup, &in.first).class;
}

void
answer_classify(const struct policy_table *t, struct answer_steer *steer)
{
	steer->hit = lookup_find(&t->lookup, &steer->client);
	steer->fence = steer->other_fence = 0;
	if (t->fences != NULL && answer_is_mixed(steer))
		keep_fence(t, steer);
}

void
answer_decide(const struct snapshot *s, const struct answer_question *q,
    struct answer_steer *steer)
{
	const struct steered *n = &s->steered[q->steered];
	struct pick_question pick = {
	    .client = &steer->client,
	    .name = q->name,
	    .owner = s->conf->names[q->steered].name,
	    .pool = n->pool,
	    .type = q->type,
	    .ttl_min = n->ttl_min,
	    .ttl_max = n->ttl_max,
	    .now_s = q->now_s,
	    .random = q->random,
	};

	answer_classify(n->table, steer);
	pick.rank = &n->table->ranks[steer->hit.class];
	pick_region(s->pools, &pick, &steer->pick);
	steer->scope = scope_of(n->table, steer);
}

/* xorshift64* (Vigna 2016); its upper half is the good one. */
uint32_t
answer_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

/* No answer obeys both fences: there is none. */
static void
refuse_subnet(struct walk *w)
{
	w->reply->rcode = DNS_SERVFAIL;
	w->reply->authoritative = false;
	w->reply->edns.error = &two_fences;
	w->reply->edns.scope = w->steer.scope;
}

/*
 * NULL: what is decided for a prefix does not follow what is the same for all.
 * One scope covers the whole answer, so that the aliases before would be kept
 * for that prefix alone: the resolver asks for the rest (RFC 7871 7.2.1).
 */
static const struct body *
steer(struct walk *w, const struct found *f, uint32_t *ttl)
{
	struct answerer *a = w->answerer;
	struct answer_question q = {
	    .steered = f->steered,
	    .type = f->type,
	    .name = w->name,
	    .now_s = a->now_s,
	    .random = answer_random(&a->random),
	};
	const struct pool *asked;

	answer_client(
	    w->snapshot->clients, w->source, w->reply->edns.ecs, &w->steer);
	answer_decide(w->snapshot, &q, &w->steer);
	if (w->steer.scope > 0 && w->reply->nparts > 0)
		return NULL;
	if (w->steer.other_fence != 0) {
		refuse_subnet(w);
		return NULL;
	}
	w->steered = true;
	w->owner = f->steered;
	asked = &w->snapshot->pools[w->snapshot->steered[f->steered].pool];
	w->family = pool_is_apart(asked) ? pool_family(f->type) : POOL_ANY;
	if (w->steer.pick.reason == POOL_ALL_DOWN)
		w->reply->edns.error = &all_down;
	w->reply->edns.scope = w->steer.scope;
	*ttl = w->steer.pick.ttl;
	return w->steer.pick.body;
}

/* RFC 6672 3.2, 3C. */
static const struct body *
add_dname(struct walk *w, const struct found *f)
{
	struct reply *r = w->reply;

	if (f->prefix_len + body_target_len(f->body) > DNS_NAME_MAX) {
		if (reply_add_dname(r, f->body, f->ttl, 0))
			r->rcode = DNS_YXDOMAIN;
		return NULL;
	}
	if (!reply_add_dname(r, f->body, f->ttl, f->prefix_len))
		return NULL;
	/* The CNAME made of it is the answer. */
	if (r->query->type == DNS_CNAME)
		return NULL;
	return f->body;
}

/*
 * What says of a zone that it has no name, no type or no data.  It is so for
 * all clients, and an alias that was chosen for some of them does not come with
 * it: whether that alias's owner exists would depend on the client (RFC 7871
 * 7.4).  The resolver asks for the rest.
 */
static bool
is_of_zone(enum find_kind kind)
{
	return kind == FIND_NODATA || kind == FIND_NXDOMAIN ||
	    kind == FIND_REFERRAL;
}

/* Adds what was found; the CNAME or DNAME to follow, or NULL. */
static const struct body *
add_found(struct walk *w, const struct found *f)
{
	const struct query *q = w->reply->query;
	const struct body *b = f->body;
	uint8_t flags = BODY_KEEP_TTL;
	uint32_t ttl = 0;

	if (f->kind == FIND_FOREIGN || (w->steered && is_of_zone(f->kind)))
		return NULL;
	if (f->kind == FIND_DNAME)
		return add_dname(w, f);
	if (f->kind == FIND_STEERED) {
		/* One decision an answer: its class, counters and TTL. */
		b = w->steered ? NULL : steer(w, f, &ttl);
		if (b == NULL)
			return NULL;
		flags = 0;
	}
	if (!reply_add(w->reply, b, ttl, flags))
		return NULL;
	if (f->kind == FIND_NXDOMAIN)
		w->reply->rcode = DNS_NXDOMAIN;
	if (f->type != DNS_CNAME || q->type == DNS_CNAME || q->type == DNS_ANY)
		return NULL;
	return b;
}

static bool
has_passed(const struct walk *w, uint64_t name)
{
	for (unsigned i = 0; i < w->npassed; i++) {
		if (w->passed[i] == name)
			return true;
	}
	return false;
}

/* What is found where the aliases lead to, step by step, until they are back
 * at a name that they passed. */
static void
follow(struct walk *w, struct found *f)
{
	const struct query *q = w->reply->query;
	const uint8_t *name = q->name;
	size_t len = q->name_len;
	uint8_t next[DNS_NAME_MAX];
	const struct body *alias;

	w->name = name;
	while ((alias = add_found(w, f)) != NULL) {
		w->passed[w->npassed++] = XXH3_64bits(name, len);
		memmove(next, name, f->prefix_len);
		memcpy(next + f->prefix_len, body_target(alias),
		    body_target_len(alias));
		name_lower(next + f->prefix_len);
		w->name = name = next;
		len = f->prefix_len + (size_t)body_target_len(alias);
		if (has_passed(w, XXH3_64bits(name, len)))
			return;
		zone_find(w->snapshot->zones, name, len, q->type, f);
	}
}

/* Zone transfers are refused, as are classes that no zone is of. */
static bool
is_refused(const struct query *q)
{
	return q->class != DNS_IN || q->type == DNS_AXFR || q->type == DNS_IXFR;
}

static void
refuse(struct walk *w, const struct edns_error *why)
{
	w->reply->rcode = DNS_REFUSED;
	w->reply->edns.error = why;
}

static void
decide_chaos(struct walk *w)
{
	const struct query *q = w->reply->query;
	const struct body *b =
	    chaos_find(&w->snapshot->chaos, q->name, q->type);

	if (b == NULL) {
		refuse(w, &not_ours);
		return;
	}
	w->reply->authoritative = true;
	reply_add(w->reply, b, 0, BODY_KEEP_TTL);
}

static void
decide(struct walk *w)
{
	const struct query *q = w->reply->query;
	struct found f;

	if (q->class == DNS_CH) {
		decide_chaos(w);
		return;
	}
	if (is_refused(q)) {
		refuse(w, &not_done);
		return;
	}
	zone_find(w->snapshot->zones, q->name, q->name_len, q->type, &f);
	if (f.kind == FIND_FOREIGN) {
		refuse(w, &not_ours);
		return;
	}
	/* Of a chain, the AA bit is about the first owner (RFC 1035 4.1.1),
	 * the rcode about the last (RFC 6604 3). */
	w->reply->authoritative = f.kind != FIND_REFERRAL;
	follow(w, &f);
}

/*
 * RFC 6891 6.2.3; no more than what passes without fragments, nor than what
 * may be sent to an address that could be forged.
 */
static size_t
size_limit(const struct walk *w, enum count_proto proto, size_t cap)
{
	const struct query *q = w->reply->query;
	size_t limit = DNS_MESSAGE_MAX;

	if (proto == COUNT_UDP) {
		size_t most = w->cookie_state == COOKIE_GOOD
		    ? (size_t)DNS_UDP_EDNS
		    : w->snapshot->conf->server.cookies.max_without;

		limit = q->udp_size < most ? q->udp_size : most;
	}
	return limit < cap ? limit : cap;
}

static void
count_steered(const struct walk *w)
{
	struct answerer *a = w->answerer;
	const struct pick *p = &w->steer.pick;
	struct tally *t = snapshot_row(w->snapshot, a->row) +
	    p->pool->first_tally + p->region;
	uint32_t end = a->now_s + p->ttl;
	const struct sample_seen seen = {
	    .generation = w->snapshot->generation,
	    .now_s = a->now_s,
	    .random = answer_random(&a->random),
	    .class = w->steer.hit.class,
	    .name = w->snapshot->steered[w->owner].first,
	    .family = (uint8_t)w->family,
	    .client = &w->steer.client,
	};

	count_add(&t->steered[p->reason], 1);
	if (end > atomic_load_explicit(&t->let_go, memory_order_relaxed))
		atomic_store_explicit(&t->let_go, end, memory_order_relaxed);
	if (a->sampler != NULL)
		sampler_add(a->sampler, &seen);
}

static void
count_reply(const struct walk *w)
{
	struct counters *c = w->answerer->counters;

	count_add(&c->responses[w->reply->rcode], 1);
	if (w->reply->query->ecs.present)
		count_add(&c->ecs_queries, 1);
	if (w->cookie_state != COOKIE_NONE)
		count_add(&c->cookies[w->cookie_state], 1);
	if (w->reply->truncated)
		count_add(&c->truncated, 1);
	else if (w->steered)
		count_steered(w);
}

static enum limit_kind
kind_of(const struct reply *r)
{
	if (r->rcode != DNS_NOERROR)
		return r->rcode == DNS_NXDOMAIN ? LIMIT_NEGATIVE : LIMIT_ERROR;
	if (!r->authoritative)
		return LIMIT_REFERRAL;
	for (size_t i = 0; i < r->nparts; i++)
		if (body_an(r->parts[i].body) > 0)
			return LIMIT_ANSWER;
	return LIMIT_NEGATIVE;
}

/* False: the reply is not sent. */
static bool
keep_limit(struct walk *w)
{
	const struct conf_limit *limit = &w->snapshot->conf->server.rate_limit;
	struct answerer *a = w->answerer;
	enum count_limited action = COUNT_LIMITED_DROPPED;

	/* RFC 7873 5.2.5: a good cookie shows that nobody else asked. */
	if (a->limit == NULL || limit->per_second == 0 ||
	    w->cookie_state == COOKIE_GOOD ||
	    limit_take(
		a->limit, limit, w->source, kind_of(w->reply), a->now_us))
		return true;
	if (limit->mode == CONF_LIMIT_OBSERVE) {
		action = COUNT_LIMITED_OBSERVED;
	} else if (limit->slip > 0 &&
	    answer_random(&a->random) % limit->slip == 0) {
		action = COUNT_LIMITED_SLIPPED;
		reply_truncate(w->reply);
	}
	count_add(&a->counters->limited[action], 1);
	return action != COUNT_LIMITED_DROPPED;
}

void
answerer_refresh(struct answerer *a)
{
	a->now_us = clock_mono_us();
	a->now_s = (uint32_t)(a->now_us / 1000000);
	a->wall_s = (uint32_t)clock_wall_s();
}

static void
exchange_cookies(struct walk *w)
{
	const struct cookie_secrets *secrets = &w->snapshot->cookies;
	const struct query *q = w->reply->query;
	uint32_t now_s = w->answerer->wall_s;

	if (q->cookie_len == 0)
		return;
	w->cookie_state =
	    cookie_check(secrets, q->cookie, q->cookie_len, w->source, now_s);
	cookie_make(secrets, q->cookie, w->source, now_s, w->cookie);
	w->reply->edns.cookie = w->cookie;
}

/* What the OPT asks for beside the answer. */
static void
answer_options(struct walk *w, const struct answer_input *in)
{
	const struct query *q = w->reply->query;
	struct edns_reply *edns = &w->reply->edns;

	if (q->nsid)
		edns->nsid = w->snapshot->conf->server.nsid;
	/* RFC 7871 7.2.1: for a resolver outside ecs_from the option is not
	 * enabled, so that it is ignored and the reply has none.  To the
	 * others it is always returned. */
	if (q->ecs.present && client_believes(w->snapshot->clients, w->source))
		edns->ecs = &q->ecs;
	exchange_cookies(w);
	/* RFC 7828 3.3.2: over TCP alone, and to who asked. */
	if (in->proto == COUNT_TCP && q->keepalive == KEEPALIVE_ASKED)
		edns->keepalive = (uint16_t)(in->idle_ms / KEEPALIVE_UNIT_MS);
}

/*
 * Before any answer: what the cookie and the transport say.  A client with a
 * cookie of its own can have one of ours by asking again (RFC 7873 5.2.3);
 * over TCP it has shown where it is.
 */
static uint16_t
refuse_early(const struct walk *w, enum query_verdict verdict,
    const struct answer_input *in)
{
	const struct query *q = w->reply->query;

	/* RFC 7871 7.2.1 */
	if (q->ecs.wrong && client_believes(w->snapshot->clients, w->source))
		return DNS_FORMERR;
	if (in->proto == COUNT_TCP && q->keepalive == KEEPALIVE_WRONG)
		return DNS_FORMERR;
	if (verdict == QUERY_COOKIE)
		return w->cookie_state == COOKIE_BAD ? DNS_BADCOOKIE
						     : DNS_NOERROR;
	if (in->proto == COUNT_UDP &&
	    w->snapshot->conf->server.cookies.require != 0 &&
	    (w->cookie_state == COOKIE_CLIENT || w->cookie_state == COOKIE_BAD))
		return DNS_BADCOOKIE;
	return DNS_NOERROR;
}

/* The rest is set where it is decided. */
static void
walk_begin(struct walk *w, struct answerer *a, const struct snapshot *s,
    const struct answer_input *in, struct reply *r)
{
	w->answerer = a;
	w->snapshot = s;
	w->source = &in->source;
	w->reply = r;
	w->cookie_state = COOKIE_NONE;
	w->steered = false;
	w->npassed = 0;
}

size_t
answer(struct answerer *a, const struct snapshot *s,
    const struct answer_input *in, uint8_t *out, size_t cap)
{
	struct query q;
	struct reply r;
	struct walk w;
	uint16_t rcode;
	enum query_verdict verdict;
	size_t len;

	walk_begin(&w, a, s, in, &r);
	count_add(&a->counters->queries[in->proto][in->source.family == 6], 1);
	verdict = query_parse(&q, in->packet, in->len, &rcode);
	if (verdict == QUERY_DROP) {
		count_add(&a->counters->dropped, 1);
		return 0;
	}
	reply_begin(&r, &q);
	if (q.options) {
		answer_options(&w, in);
		if (rcode == DNS_NOERROR)
			rcode = refuse_early(&w, verdict, in);
	}
	if (rcode == DNS_NOERROR && verdict == QUERY_ANSWER) {
		decide(&w);
	} else {
		r.rcode = rcode;
		r.tsig = rcode == DNS_NOTAUTH ? &q.tsig : NULL;
	}
	if (!keep_limit(&w))
		return 0;
	len = reply_end(&r, out, size_limit(&w, in->proto, cap));
	count_reply(&w);
	return len;
}
