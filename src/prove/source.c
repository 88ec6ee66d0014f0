/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/source.h"

#include <string.h>

#include "serve/answer.h"

/* What resolvers send at most of a client's address (RFC 7871 11.1). */
enum { SENT_IPV4 = 24, SENT_IPV6 = 56 };

static bool
is_within(const struct conf *conf, uint16_t pool, const uint8_t *order,
    size_t n, const char *fence)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t region = conf->pools[pool].regions[order[i]].region;
		const char *own = conf->regions[region].jurisdiction;

		if (own == NULL || strcmp(own, fence) != 0)
			return false;
	}
	return true;
}

/* Whatever is up, down or drained. */
static bool
class_obeys(const struct source_proof *s, uint32_t class, const char *fence)
{
	const struct conf *conf = s->snapshot->conf;
	const struct rank *r = &s->table->ranks[class];

	return is_within(conf, s->table->pool, r->order, r->n, fence) &&
	    (r->action != CONF_DOWN_POOL ||
		is_within(conf, r->pool, r->fallback, r->nfallback, fence));
}

/* A query with this client subnet, as it is answered. */
static void
classify(const struct source_proof *s, const struct prefix *p,
    struct answer_steer *steer)
{
	static const struct addr nobody = {.family = 4};
	const struct ecs ecs = {
	    .addr = p->addr, .source = p->len, .present = true};

	answer_client(s->snapshot->clients, &nobody, &ecs, steer);
	answer_classify(s->table, steer);
	steer->subnet = NULL;
}

static void
leaks(struct source_proof *s, const struct source_node *n)
{
	const struct conf_rule *rule = n->rule;
	char text[PREFIX_TEXT_MAX];

	findings_add(s->findings, CLAIM_FENCES, &rule->mark,
	    "%s: the client subnet %s has clients of this rule and others, and is answered with regions outside the fence %s",
	    s->name->text, prefix_format(text, &n->prefix),
	    conf_rule_fence(rule));
}

static void
refused(struct source_proof *s, const struct source_node *n)
{
	char text[PREFIX_TEXT_MAX];

	findings_add(s->findings, CLAIM_SUBNETS, &n->rule->mark,
	    "%s: the client subnet %s has clients of fence %s and of fence %s: no answer obeys both",
	    s->name->text, prefix_format(text, &n->prefix),
	    conf_rule_fence(n->rule), conf_rule_fence(n->other));
}

static void
prove(struct source_proof *s, const struct source_node *n)
{
	struct answer_steer steer;
	char text[PREFIX_TEXT_MAX];

	/* Length 0 is no client subnet (RFC 7871 7.1.2). */
	if (n->prefix.len == 0)
		return;
	s->proven++;
	classify(s, &n->prefix, &steer);
	if (n->rule == NULL) {
		if (steer.fence != 0 && steer.near <= n->prefix.len)
			findings_add(s->findings, CLAIM_SCOPES, NULL,
			    "%s: the client subnet %s obeys a fence that applies to none of its clients",
			    s->name->text, prefix_format(text, &n->prefix));
		return;
	}
	if (n->other != NULL ? steer.other_fence == 0
			     : steer.other_fence == 0 &&
		    !class_obeys(s, steer.hit.class, conf_rule_fence(n->rule)))
		leaks(s, n);
}

/* Is b the right sibling of a? */
static bool
are_siblings(const struct prefix *a, const struct prefix *b)
{
	return a->addr.family == b->addr.family && a->len == b->len &&
	    b->len > 0 && addr_match(&a->addr, &b->addr, b->len - 1u) &&
	    addr_bit(&b->addr, b->len - 1u);
}

/* The fences of both halves. */
static void
join(struct source_node *n, const struct source_node *right)
{
	if (n->rule == NULL) {
		n->rule = right->rule;
		n->other = right->other;
	} else if (n->other == NULL && right->rule != NULL) {
		n->other = right->other;
		if (strcmp(conf_rule_fence(n->rule),
			conf_rule_fence(right->rule)) != 0)
			n->other = right->rule;
	}
}

static bool
is_sent(const struct prefix *p)
{
	struct addr v4;
	unsigned offset;

	if (addr_embedded(&p->addr, &v4, &offset))
		return false;
	return p->len >= (p->addr.family == 4 ? SENT_IPV4 : SENT_IPV6);
}

static void
merge(struct source_proof *s)
{
	while (s->stack.n > 1) {
		struct source_node *left = &s->stack.at[s->stack.n - 2];
		struct source_node *right = left + 1;
		bool were_whole = left->other == NULL && right->other == NULL;
		bool none = left->rule == NULL && right->rule == NULL;

		if (!are_siblings(&left->prefix, &right->prefix))
			return;
		/* What is beside clients of a fence obeys none. */
		if (!none && left->rule == NULL)
			prove(s, left);
		if (!none && right->rule == NULL)
			prove(s, right);
		join(left, right);
		left->prefix.len--;
		s->stack.n--;
		if (!none)
			prove(s, left);
		if (left->other != NULL && were_whole && is_sent(&left->prefix))
			refused(s, left);
	}
}

/* In Teredo, one /96 stands for all others (RFC 4380 4). */
static void
widen_teredo(struct source_proof *s)
{
	static const struct addr teredo = {{0x20, 0x01}, 6};
	struct source_node *top = &s->stack.at[s->stack.n - 1];

	if (top->prefix.len != 96 ||
	    !addr_match(&top->prefix.addr, &teredo, 32))
		return;
	while (top->prefix.len > 32) {
		top->prefix.len--;
		if (top->rule != NULL)
			prove(s, top);
	}
	merge(s);
}

static void
push(struct source_proof *s, const struct source_node *n)
{
	vec_push(&s->stack, *n);
	merge(s);
	widen_teredo(s);
}

/* The part of the prefix by which an address in it counts: IPv4 in IPv6 does
 * as such. */
static struct prefix
counted(const struct prefix *p)
{
	struct prefix in;
	unsigned offset;

	if (!addr_embedded(&p->addr, &in.addr, &offset) || p->len < offset)
		return *p;
	in.len = (uint8_t)(p->len - offset > 32 ? 32 : p->len - offset);
	addr_mask(&in.addr, in.len);
	return in;
}

/* Does the prefix hold unroutable addresses, and others? */
static bool
is_divided(const struct prefix *p)
{
	const struct prefix in = counted(p);
	bool divided = false;
	size_t n;
	const struct prefix *un = addr_unroutable(&n);

	for (size_t i = 0; i < n; i++) {
		if (un[i].len <= in.len && prefix_covers(&un[i], &in.addr))
			return false;
		divided |= prefix_covers(&in, &un[i].addr);
	}
	return divided;
}

void
source_put(struct source_proof *s, const struct prefix *segment,
    const struct conf_rule *rule, bool in_net)
{
	struct source_node n = {.prefix = *segment};
	struct prefix half = *segment;

	if (conf_rule_fence(rule) == NULL) {
		push(s, &n);
		return;
	}
	if (in_net || !is_divided(segment)) {
		/* Nobody's address, unless a net has it. */
		if (in_net || !addr_is_unroutable(&segment->addr))
			n.rule = rule;
		push(s, &n);
		return;
	}
	half.len++;
	source_put(s, &half, rule, in_net);
	half.addr.bytes[segment->len / 8] |=
	    (uint8_t)(0x80 >> (segment->len % 8));
	source_put(s, &half, rule, in_net);
}

void
source_fini(struct source_proof *s)
{
	vec_free(&s->stack);
}
