/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/compare.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "geo/origin.h"
#include "steer/pick.h"
#include "traffic/flow.h"
#include "traffic/stretch.h"

enum { IPV6_UNIT_BITS = 48 };

/* Where clients are told apart by their prefix (/24, /48), so many of a stretch
 * are asked, all as powers of two: each one that many of a stretch, as far as
 * that is within bounds.  A block of traffic has 256 of IPv4. */
static const struct {
	uint8_t each, least, most;
} draws[COMPARE_KINDS] = {
    [COMPARE_IPV4] = {4, 2, 10},
    [COMPARE_IPV6] = {10, 2, 8},
    [COMPARE_TRAFFIC] = {0, 4, 8},
};

const char *const compare_kind_names[COMPARE_KINDS] = {
    [COMPARE_IPV4] = "ipv4",
    [COMPARE_IPV6] = "ipv6",
    [COMPARE_TRAFFIC] = "traffic",
};

/* One name of both, as it is walked through. */
struct walk {
	struct compared *to;
	struct compare_sum *sum;
	const struct snapshot *snapshots[2];
	const struct origin_table *origins[2];
	struct pool *pools[2];            /* with all regions live */
	const struct steered *steered[2]; /* the name's */
	bool alike; /* of a stretch: whatever is up, the same is answered */
	/* Of a cell of traffic: */
	const struct traffic_cell *cell;
	double part; /* of its block: of its class */
};

/* Where a client goes ---------------------------------------------------- */

static struct pool *
pools_up(const struct snapshot *s)
{
	struct pool *pools = flow_pools(s);

	for (size_t i = 0; i < s->conf->npools; i++)
		pool_suppose_up(&pools[i]);
	return pools;
}

static const struct rank *
rank_of(const struct walk *w, size_t which, const struct stretch *s)
{
	return &w->steered[which]->table->ranks[s->class[which]];
}

static const char *
name_at(const struct walk *w, size_t which, uint8_t at)
{
	const struct pool *pools = w->pools[which];

	return pools[w->steered[which]->pool].regions[at].name;
}

/* Regions in the same order, drawn alike: whoever asks gets the same. */
static bool
is_same(const struct walk *w, const struct stretch *s)
{
	const struct rank *a = rank_of(w, 0, s), *b = rank_of(w, 1, s);

	if (a->n != b->n || a->hash != b->hash || a->trickle != b->trickle)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if ((a->hash != CONF_HASH_NONE &&
			a->lots[i].weight != b->lots[i].weight) ||
		    strcmp(name_at(w, 0, a->order[i]),
			name_at(w, 1, b->order[i])) != 0)
			return false;
	return true;
}

/* The same happens when all is down. */
static bool
is_same_down(const struct walk *w, const struct stretch *s)
{
	const struct rank *a = rank_of(w, 0, s), *b = rank_of(w, 1, s);
	const struct pool *p, *q;

	if (a->action != b->action || a->action != CONF_DOWN_POOL)
		return a->action == b->action;
	p = &w->pools[0][a->pool];
	q = &w->pools[1][b->pool];
	if (a->nfallback != b->nfallback ||
	    strcmp(p->conf->name, q->conf->name) != 0)
		return false;
	for (size_t i = 0; i < a->nfallback; i++)
		if (strcmp(p->regions[a->fallback[i]].name,
			q->regions[b->fallback[i]].name) != 0)
			return false;
	return true;
}

/* By what, but the class, is the region found? */
enum drawn { DRAWN_NOT, DRAWN_BY_PREFIX, DRAWN_ANYHOW };

static enum drawn
drawn_by(const struct walk *w, const struct stretch *s)
{
	enum drawn by = DRAWN_NOT;

	for (size_t i = 0; i < 2; i++) {
		const struct rank *rank = rank_of(w, i, s);

		if (rank->hash == CONF_HASH_RANDOM ||
		    rank->hash == CONF_HASH_QNAME)
			return DRAWN_ANYHOW;
		if (rank->hash == CONF_HASH_CLIENT || rank->trickle > 0)
			by = DRAWN_BY_PREFIX;
	}
	return by;
}

static const char *
region_of(const struct walk *w, size_t which, const struct stretch *s,
    const struct addr *client, uint32_t random)
{
	const struct steered *steered = w->steered[which];
	const struct pick_question q = {
	    .rank = rank_of(w, which, s),
	    .client = client,
	    .pool = steered->pool,
	    .type = w->pools[which][steered->pool].conf->types[0],
	    .ttl_max = steered->ttl_max,
	    .random = random,
	};
	struct pick pick;

	pick_region(w->pools[which], &q, &pick);
	return pick.pool->regions[pick.region].name;
}

/* Prefixes of a cohort in a stretch, as a power of two. */
static unsigned
cohort_bits(const struct stretch *s)
{
	unsigned len =
	    s->prefix.addr.family == 4 ? SHARE_PREFIX_IPV4 : SHARE_PREFIX_IPV6;

	return s->prefix.len < len ? len - s->prefix.len : 0;
}

/* So many clients of a stretch speak for it, as a power of two. */
static unsigned
draw_bits(const struct walk *w, const struct stretch *s, enum compare_kind kind)
{
	enum drawn by = drawn_by(w, s);
	unsigned all = cohort_bits(s);
	unsigned bits = all > draws[kind].each ? all - draws[kind].each : 0;

	if (by == DRAWN_NOT || is_same(w, s))
		return 0;
	if (bits < draws[kind].least)
		bits = draws[kind].least;
	if (bits > draws[kind].most)
		bits = draws[kind].most;
	return by == DRAWN_BY_PREFIX && bits > all ? all : bits;
}

/* One of a stretch's, spread evenly: the first of them begins it. */
static struct addr
client_of(const struct stretch *s, unsigned draw, unsigned bits)
{
	struct addr a = s->prefix.addr;
	unsigned n = bits < cohort_bits(s) ? bits : cohort_bits(s);

	for (unsigned i = 0; i < n; i++) {
		unsigned at = s->prefix.len + n - 1 - i;

		a.bytes[at / 8] |= (uint8_t)((draw >> i & 1) << (7 - at % 8));
	}
	return a;
}

/* Counting --------------------------------------------------------------- */

static struct compare_sum *
flow_get(struct compared *c, const char *from, const char *to)
{
	struct compare_row row = {.name = from, .to = to};

	for (size_t i = 0; i < c->flows.n; i++)
		if (strcmp(c->flows.at[i].name, from) == 0 &&
		    strcmp(c->flows.at[i].to, to) == 0)
			return &c->flows.at[i].sum;
	vec_push(&c->flows, row);
	return &c->flows.at[c->flows.n - 1].sum;
}

static uint16_t
country_of(const struct stretch *s)
{
	return s->country[1] != ORIGIN_UNKNOWN ? s->country[1] : s->country[0];
}

/* n of a kind, of one client of the stretch. */
static void
count(struct walk *w, const struct stretch *s, enum compare_kind kind,
    const struct addr *client, uint64_t draw, double n)
{
	struct compare_sum *country = &w->to->countries[country_of(s)];
	uint32_t random = (uint32_t)XXH3_64bits_withSeed(
	    client->bytes, sizeof(client->bytes), draw);
	const char *from = region_of(w, 0, s, client, random);
	const char *to = region_of(w, 1, s, client, random);

	w->sum->all[kind] += n;
	country->all[kind] += n;
	if (strcmp(from, to) == 0) {
		w->sum->reordered[kind] += w->alike ? 0 : n;
		country->reordered[kind] += w->alike ? 0 : n;
		return;
	}
	w->sum->moved[kind] += n;
	country->moved[kind] += n;
	flow_get(w->to, from, to)->moved[kind] += n;
}

static void
count_stretch(
    struct walk *w, const struct stretch *s, enum compare_kind kind, double n)
{
	unsigned bits = draw_bits(w, s, kind);

	w->alike = is_same(w, s) && is_same_down(w, s);
	for (unsigned i = 0; i < 1U << bits; i++) {
		struct addr client = client_of(s, i, bits);

		count(w, s, kind, &client, i, ldexp(n, -(int)bits));
	}
}

static void
count_addresses(const struct stretch *s, void *arg)
{
	bool ipv6 = s->prefix.addr.family == 6;
	int bits = ipv6 ? IPV6_UNIT_BITS : 32;
	struct addr v4;
	unsigned offset;

	if (country_of(s) != ORIGIN_UNKNOWN &&
	    !addr_embedded(&s->prefix.addr, &v4, &offset))
		count_stretch(arg, s, ipv6 ? COMPARE_IPV6 : COMPARE_IPV4,
		    ldexp(1, bits - s->prefix.len));
}

static bool
is_of_cell(const struct walk *w, const struct stretch *s)
{
	return w->cell->class == SAMPLE_CLASS_MAX ||
	    w->cell->class == s->class[0];
}

static void
sum_cell(const struct stretch *s, void *arg)
{
	struct walk *w = arg;

	if (is_of_cell(w, s))
		w->part += s->part;
}

static void
count_cell(const struct stretch *s, void *arg)
{
	struct walk *w = arg;

	if (is_of_cell(w, s))
		count_stretch(
		    w, s, COMPARE_TRAFFIC, w->cell->n * s->part / w->part);
}

/* Walking ---------------------------------------------------------------- */

static struct stretch_by
cut_by(const struct walk *w, uint8_t ipv4, uint8_t ipv6)
{
	return (struct stretch_by){
	    .tables = {w->steered[0]->table, w->steered[1]->table},
	    .origins = {w->origins[0], w->origins[1]},
	    .finest = {ipv4, ipv6},
	};
}

static void
walk_addresses(struct walk *w)
{
	static const struct prefix all[] = {
	    {.addr = {.family = 4}, .len = 0},
	    {.addr = {.bytes = {0x20}, .family = 6}, .len = 3},
	};
	const struct stretch_by by = cut_by(w, 32, IPV6_UNIT_BITS);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		stretch_walk(&by, &all[i], count_addresses, w);
}

static void
walk_traffic(struct walk *w, const struct traffic *t)
{
	const struct stretch_by by =
	    cut_by(w, SHARE_PREFIX_IPV4, SHARE_PREFIX_IPV6);

	for (size_t i = 0; i < t->cells.n; i++) {
		const struct traffic_cell *c = &t->cells.at[i];
		struct prefix p;

		if (&w->snapshots[0]->steered[c->name] != w->steered[0] ||
		    !sample_block_prefix(c->block, &p))
			continue;
		w->cell = c;
		w->part = 0;
		stretch_walk(&by, &p, sum_cell, w);
		if (w->part > 0)
			stretch_walk(&by, &p, count_cell, w);
	}
}

static void
sum_add(struct compare_sum *to, const struct compare_sum *from)
{
	for (size_t i = 0; i < COMPARE_KINDS; i++) {
		to->all[i] += from->all[i];
		to->moved[i] += from->moved[i];
		to->reordered[i] += from->reordered[i];
	}
}

static int
name_compare(const void *x, const void *y)
{
	const struct conf_name *const *a = x, *const *b = y;

	return strcmp((*a)->text, (*b)->text);
}

/* The snapshot's names by their text; free() them. */
static const struct conf_name **
names_sort(const struct snapshot *s)
{
	size_t n = s->conf->nnames;
	const struct conf_name **names = xcalloc(n, sizeof(const void *));

	for (size_t i = 0; i < n; i++)
		names[i] = &s->conf->names[i];
	qsort(names, n, sizeof(const void *), name_compare);
	return names;
}

/* The one that is called as name is; CONF_NONE: none. */
static uint16_t
name_find(const struct snapshot *s, const struct conf_name *const *names,
    const struct conf_name *name)
{
	const struct conf_name *const *found = bsearch(
	    &name, names, s->conf->nnames, sizeof(const void *), name_compare);

	return found != NULL ? (uint16_t)(*found - s->conf->names) : CONF_NONE;
}

/* Names that share both tables are walked through once. */
struct pair {
	const struct policy_table *tables[2];
	size_t row;
};

struct pairs {
	VEC(struct pair) all;
};

static bool
pair_is_new(struct pairs *pairs, const struct walk *w, size_t *row)
{
	const struct pair pair = {
	    {w->steered[0]->table, w->steered[1]->table}, *row};

	for (size_t i = 0; i < pairs->all.n; i++) {
		if (pairs->all.at[i].tables[0] == pair.tables[0] &&
		    pairs->all.at[i].tables[1] == pair.tables[1]) {
			*row = pairs->all.at[i].row;
			return false;
		}
	}
	vec_push(&pairs->all, pair);
	return true;
}

/* Fences ----------------------------------------------------------------- */

/* The first rule of a policy with the fence; nrules: none has it. */
static size_t
rule_with(const struct conf_policy *p, const char *fence)
{
	size_t i = 0;

	while (i < p->nrules &&
	    (conf_rule_fence(&p->rules[i]) == NULL ||
		strcmp(conf_rule_fence(&p->rules[i]), fence) != 0))
		i++;
	return i;
}

static const struct conf_policy *
policy_of(const struct walk *w, size_t which)
{
	return &w->snapshots[which]
		    ->conf->policies[w->steered[which]->table->policy];
}

static void
measure(const struct walk *w, size_t which, const char *fence, double size[2])
{
	const struct conf_policy *p = policy_of(w, which);
	const struct spans *spans = w->steered[which]->table->fences;
	size_t rule = rule_with(p, fence);

	size[0] = size[1] = 0;
	if (rule < p->nrules && spans != NULL)
		spans_measure(spans, (uint32_t)rule + 1, size);
}

static void
compare_fences(struct walk *w, const char *name)
{
	struct compare_fence f = {.name = name};

	for (size_t which = 0; which < 2; which++) {
		const struct conf_policy *p = policy_of(w, which);

		for (size_t i = 0; i < p->nrules; i++) {
			f.fence = conf_rule_fence(&p->rules[i]);
			/* Each once: those of the first, then the others. */
			if (f.fence == NULL || rule_with(p, f.fence) < i ||
			    (which == 1 &&
				rule_with(policy_of(w, 0), f.fence) <
				    policy_of(w, 0)->nrules))
				continue;
			measure(w, 0, f.fence, f.before);
			measure(w, 1, f.fence, f.after);
			if (f.before[0] != f.after[0] ||
			    f.before[1] != f.after[1])
				vec_push(&w->to->fences, f);
		}
	}
}

static void
walk_name(struct walk *w, struct pairs *pairs, uint16_t a, uint16_t b,
    const struct traffic *t)
{
	struct compared *c = w->to;
	struct compare_row row = {.name = w->snapshots[0]->conf->names[a].text};
	size_t at = c->names.n;

	/* Traffic is counted by the first name that is steered so. */
	w->steered[0] =
	    &w->snapshots[0]->steered[w->snapshots[0]->steered[a].first];
	w->steered[1] = &w->snapshots[1]->steered[b];
	w->sum = &row.sum;
	if (pair_is_new(pairs, w, &at)) {
		walk_addresses(w);
		if (t != NULL)
			walk_traffic(w, t);
		sum_add(&c->total, &row.sum);
	} else {
		row.sum = c->names.at[at].sum;
	}
	compare_fences(w, row.name);
	vec_push(&c->names, row);
}

void
compare_find(struct compared *c, const struct snapshot *a,
    const struct snapshot *b, const struct traffic *t)
{
	struct walk w = {
	    .to = c, .snapshots = {a, b}, .pools = {pools_up(a), pools_up(b)}};
	const struct conf_name **in_a = names_sort(a), **in_b = names_sort(b);
	struct arena *arena = arena_new();
	struct pairs pairs = {0};
	struct error err;

	/* It was walked when it was loaded, so that it is not damaged. */
	for (size_t i = 0; i < 2; i++)
		w.origins[i] = origin_build(arena, w.snapshots[i]->geo, &err);
	memset(c, 0, sizeof(*c));
	c->countries = xcalloc(ORIGIN_COUNT, sizeof(*c->countries));
	for (uint16_t i = 0; i < a->conf->nnames; i++) {
		const struct conf_name *name = &a->conf->names[i];
		uint16_t k = name_find(b, in_b, name);

		if (k != CONF_NONE)
			walk_name(&w, &pairs, i, k, t);
		else
			vec_push(&c->removed, name->text);
	}
	for (size_t i = 0; i < b->conf->nnames; i++)
		if (name_find(a, in_a, &b->conf->names[i]) == CONF_NONE)
			vec_push(&c->added, b->conf->names[i].text);
	free(in_a);
	free(in_b);
	vec_free(&pairs.all);
	free(w.pools[0]);
	free(w.pools[1]);
	arena_free(arena);
}

void
compare_fini(struct compared *c)
{
	free(c->countries);
	vec_free(&c->names);
	vec_free(&c->flows);
	vec_free(&c->fences);
	vec_free(&c->added);
	vec_free(&c->removed);
}
