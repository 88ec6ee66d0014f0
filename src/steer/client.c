/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/client.h"

#include <stdlib.h>

#include "geo/prefix.h"

/* What the prefixes of a cover stand for, and what a leaf's value is. */
enum mask { IS_UNROUTABLE = 1, IS_NET = 2, IS_EMBEDDING = 4, IS_RESOLVER = 8 };
enum value { COUNTS_NOT, COUNTS };

struct members {
	VEC(struct prefix_member) all;
};

static void
put_member(
    struct members *m, uint8_t family, const struct prefix *p, enum mask mask)
{
	const struct prefix_member member = {*p, mask};

	if (p->addr.family == family)
		vec_push(&m->all, member);
}

/* Does it count, as the answer is about it?  As addr_is_unroutable() and a
 * scan of the nets say; arg: the value of what has an IPv4 address in it. */
static uint32_t
counts_value(uint64_t mask, void *arg)
{
	const uint32_t *embedding = arg;

	if (mask & IS_EMBEDDING)
		return *embedding;
	return !(mask & IS_UNROUTABLE) || mask & IS_NET ? COUNTS : COUNTS_NOT;
}

static uint32_t
resolver_value(uint64_t mask, void *arg)
{
	(void)arg;
	return (mask & IS_RESOLVER) != 0;
}

static const struct trie *
build(struct arena *a, uint8_t family, struct members *m,
    uint32_t (*value)(uint64_t mask, void *arg), void *arg)
{
	struct cover cover = {0};
	const struct trie *t;

	cover_cut(&cover, family, m->all.at, m->all.n, value, arg);
	t = trie_build(a, &cover, family == 4 ? 32 : 128, NULL);
	vec_free(&m->all);
	return t;
}

static const struct trie *
build_counts(struct arena *a, const struct conf *conf, uint8_t family,
    uint32_t embedding)
{
	struct members m = {0};
	size_t n;
	const struct prefix *p = addr_unroutable(&n);

	for (size_t i = 0; i < n; i++)
		put_member(&m, family, &p[i], IS_UNROUTABLE);
	p = addr_embedding(&n);
	for (size_t i = 0; i < n; i++)
		put_member(&m, family, &p[i], IS_EMBEDDING);
	for (size_t i = 0; i < conf->nnets; i++)
		for (size_t k = 0; k < conf->nets[i].nprefixes; k++)
			put_member(
			    &m, family, &conf->nets[i].prefixes[k], IS_NET);
	return build(a, family, &m, counts_value, &embedding);
}

static const struct trie *
build_resolvers(
    struct arena *a, const struct conf_server *server, uint8_t family)
{
	struct members m = {0};

	for (size_t i = 0; i < server->necs_from; i++)
		put_member(&m, family, &server->ecs_from[i], IS_RESOLVER);
	return m.all.n > 0 ? build(a, family, &m, resolver_value, NULL) : NULL;
}

const struct client_table *
client_build(struct arena *a, const struct conf *conf)
{
	static const struct addr none = {.family = 4};
	struct client_table *t = arena_alloc(a, sizeof(*t));
	uint32_t embedding = GEO_EMBEDDED;

	t->counts.ipv4 = build_counts(a, conf, 4, COUNTS);
	/* All IPv4 alike: no look inside, nor a scope for it. */
	if (trie_leaves(t->counts.ipv4) == 1)
		embedding = trie_find(t->counts.ipv4, none.bytes).value;
	t->counts.ipv6 = build_counts(a, conf, 6, embedding);
	t->any = conf->server.ecs_any;
	t->resolvers[0] = build_resolvers(a, &conf->server, 4);
	t->resolvers[1] = build_resolvers(a, &conf->server, 6);
	return t;
}

bool
client_believes(const struct client_table *t, const struct addr *resolver)
{
	const struct trie *r = t->resolvers[resolver->family == 6];

	return t->any ||
	    (r != NULL && trie_find(r, resolver->bytes).value != 0);
}

struct client_hit
client_find(const struct client_table *t, const struct addr *a)
{
	struct lookup_hit hit = lookup_find(&t->counts, a);

	return (struct client_hit){hit.class == COUNTS, hit.depth};
}
