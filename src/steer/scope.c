/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/scope.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "geo/prefix.h"
#include "steer/line.h"

/*
 * In Teredo's 2001::/32 only the last 32 bits matter (RFC 4380 4): one /96 of
 * it stands for all the others.
 */
static bool
is_teredo(const struct addr *a)
{
	static const struct addr teredo = {{0x20, 0x01}, 6};

	return addr_match(a, &teredo, 32);
}

static bool
step_teredo(struct addr *a, unsigned len, unsigned within)
{
	struct addr at = *a;

	if (!addr_next(a, len))
		return false;
	if (within > 32 || !is_teredo(&at) || addr_match(&at, a, 96))
		return true;
	*a = at;
	return addr_next(a, 32);
}

/* What is asked of every address beside the client, and the keys of places
 * that are known to get the same. */
enum { SEEN = 1024 };

struct beside {
	const struct oracle *oracle;
	const struct conf_name *name;
	struct oracle_verdict verdict;
	struct geo_key seen[SEEN];
	bool is_seen[SEEN];
};

/* Does a get the verdict?  *depth: and how far around it. */
static bool
gets_same(struct beside *b, const struct addr *a, unsigned *depth)
{
	struct oracle_verdict other;
	struct geo_found f;
	struct geo_key key;
	size_t slot = 0;
	bool has_key = geo_find_key(b->oracle->geo, a, &key, depth);

	if (has_key) {
		slot = XXH3_64bits(&key, sizeof(key)) % SEEN;
		if (b->is_seen[slot] &&
		    memcmp(&b->seen[slot], &key, sizeof(key)) == 0)
			return true;
	}
	geo_find(b->oracle->geo, a, &f);
	*depth = f.depth;
	oracle_judge(b->oracle, b->name, NULL, &f.place, &other);
	if (!oracle_verdict_equal(&b->verdict, &other))
		return false;
	if (has_key) {
		memcpy(&b->seen[slot], &key, sizeof(key));
		b->is_seen[slot] = true;
	}
	return true;
}

static bool
all_same(struct beside *b, const struct prefix *p)
{
	struct addr at = p->addr;
	unsigned depth;

	do {
		if (!gets_same(b, &at, &depth))
			return false;
	} while (step_teredo(&at, depth > p->len ? depth : p->len, p->len) &&
	    prefix_covers(p, &at));
	return true;
}

/* Could any place get another verdict? */
static bool
place_matters(const struct oracle *o, const struct conf_name *name)
{
	const struct conf_policy *p = &o->conf->policies[name->policy];
	struct place nowhere = {.nets = 0};
	struct oracle_verdict first, other;

	oracle_judge(o, name, &p->rules[0], &nowhere, &first);
	for (size_t i = 0; i < p->nrules; i++) {
		oracle_judge(o, name, &p->rules[i], &nowhere, &other);
		if (conf_rule_is_by_place(&p->rules[i]) ||
		    !oracle_verdict_equal(&first, &other))
			return true;
	}
	return false;
}

unsigned
scope_find(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct geo_found *f)
{
	struct beside *b;
	struct prefix p = {.addr = *client, .len = (uint8_t)f->depth};

	if (!place_matters(o, name))
		return 0;
	b = xcalloc(1, sizeof(*b));
	b->oracle = o;
	b->name = name;
	oracle_judge(o, name, NULL, &f->place, &b->verdict);
	for (; p.len > 0; p.len--) {
		struct prefix beside;
		unsigned last;

		if (p.len == 96 && is_teredo(client))
			p.len = 32;
		last = p.len - 1u;
		beside = p;
		addr_mask(&beside.addr, p.len);
		beside.addr.bytes[last / 8] ^= (uint8_t)(0x80 >> (last % 8));
		if (!all_same(b, &beside))
			break;
	}
	free(b);
	return p.len;
}

/* The fences of a subnet --------------------------------------------------- */

struct fences {
	const struct oracle *oracle;
	const struct conf_name *name;
	struct scope_fence *found;
	bool ipv4; /* all of it was looked at */
};

/* Is it a client's address?  *depth: and how far around it that is so. */
static bool
counts(const struct geo_found *g, const struct addr *a, unsigned *depth)
{
	size_t n;
	const struct prefix *p = addr_unroutable(&n);

	for (size_t i = 0; i < n && g->place.nets == 0; i++) {
		unsigned beside = 0;

		if (p[i].addr.family == a->family)
			beside = prefix_depth_beside(&p[i], a);
		if (beside > *depth)
			*depth = beside;
	}
	return g->place.nets != 0 || !addr_is_unroutable(a);
}

static void
look_at(struct fences *f, const struct addr *a, unsigned *depth)
{
	const struct conf *conf = f->oracle->conf;
	struct line_question q = {.oracle = f->oracle,
	    .conf = conf,
	    .name = f->name,
	    .policy = &conf->policies[f->name->policy]};
	struct scope_fence *to = f->found;
	struct geo_found g;
	const char *fence;

	geo_find(f->oracle->geo, a, &g);
	*depth = g.depth;
	q.place = &g.place;
	line_find_rule(&q);
	fence = conf_rule_fence(q.rule);
	if (fence == NULL || !counts(&g, a, depth))
		return;
	if (to->rule == NULL) {
		to->rule = q.rule;
		to->client = g.counted;
	} else if (strcmp(conf_rule_fence(to->rule), fence) != 0) {
		to->other = q.rule;
	}
}

/* The part of IPv6 that counts as IPv4 and that a is in. */
static unsigned
embedding_len(const struct addr *a)
{
	size_t n;
	const struct prefix *p = addr_embedding(&n);

	for (size_t i = 0; i < n; i++)
		if (prefix_covers(&p[i], a))
			return p[i].len;
	return 0;
}

static void
look_in(struct fences *f, const struct prefix *p)
{
	const struct prefix all = {.addr = {.family = 4}};
	struct addr at = p->addr;
	unsigned depth;

	do {
		depth = embedding_len(&at);
		if (depth == 0)
			look_at(f, &at, &depth);
		else if (!f->ipv4) {
			f->ipv4 = true;
			look_in(f, &all);
		}
	} while (f->found->other == NULL &&
	    addr_next(&at, depth > p->len ? depth : p->len) &&
	    prefix_covers(p, &at));
}

void
scope_find_fence(const struct oracle *o, const struct conf_name *name,
    const struct prefix *subnet, struct scope_fence *found)
{
	struct fences f = {.oracle = o, .name = name, .found = found};
	const struct conf_policy *policy = &o->conf->policies[name->policy];
	struct prefix p = {.len = 0};
	unsigned offset;
	size_t i = 0;

	memset(found, 0, sizeof(*found));
	while (i < policy->nrules && conf_rule_fence(&policy->rules[i]) == NULL)
		i++;
	if (i == policy->nrules)
		return;
	/* In Teredo, IPv4 goes downwards (RFC 4380 4). */
	if (addr_embedded(&subnet->addr, &p.addr, &offset) &&
	    subnet->len >= offset) {
		p.len = (uint8_t)(subnet->len - offset);
		p.len = p.len > 32 ? 32 : p.len;
		addr_mask(&p.addr, p.len);
	} else {
		p = *subnet;
	}
	look_in(&f, &p);
}
