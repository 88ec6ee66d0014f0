/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/publish.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "snapshot/build.h"

static _Atomic(struct snapshot *) current; /* main stores, all load */
static uint64_t generation;                /* main */

struct snapshot *
snapshot_current(void)
{
	return atomic_load_explicit(&current, memory_order_acquire);
}

static const char *
region_name(const struct snapshot *s, const struct pool *p, size_t region)
{
	return s->conf->regions[p->regions[region].region].name;
}

/* The pool of that name; most reloads leave it where it was. */
static const struct pool *
find_pool(const struct snapshot *s, const struct pool *like)
{
	const char *name = like->conf->name;
	size_t n = s->conf->npools;

	if (like->index < n &&
	    strcmp(s->pools[like->index].conf->name, name) == 0)
		return &s->pools[like->index];
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s->pools[i].conf->name, name) == 0)
			return &s->pools[i];
	}
	return NULL;
}

static struct tally *
find_tally(const struct snapshot *s, const struct pool *p, const char *region)
{
	for (size_t i = 0; i < p->nregions; i++) {
		if (strcmp(region_name(s, p, i), region) == 0)
			return snapshot_row(s, s->nrows - 1) + p->first_tally +
			    i;
	}
	return NULL;
}

static void
carry_region(const struct snapshot *from, const struct pool *p, size_t region,
    struct tally *to)
{
	for (enum pool_reason i = 0; i < POOL_REASON_COUNT; i++)
		atomic_store_explicit(&to->steered[i],
		    snapshot_steered(from, p, region, i), memory_order_relaxed);
	atomic_store_explicit(&to->let_go, snapshot_let_go(from, p, region),
	    memory_order_relaxed);
}

/*
 * What from counted goes on in the last row of to.  It is stored, not added,
 * so that doing it again counts nothing twice.
 */
static void
carry(const struct snapshot *from, const struct snapshot *to)
{
	for (size_t i = 0; i < from->conf->npools; i++) {
		const struct pool *p = &from->pools[i];
		const struct pool *same = find_pool(to, p);

		for (size_t r = 0; same != NULL && r < p->nregions; r++) {
			struct tally *t =
			    find_tally(to, same, region_name(from, p, r));

			if (t != NULL)
				carry_region(from, p, r, t);
		}
	}
}

/* Cookies that were made by itself stay good. */
static void
carry_over(const struct snapshot *from, struct snapshot *to)
{
	carry(from, to);
	to->cookies.own = from->cookies.own;
}

/* No thread answers from it any more: its sums are final.  Callbacks run in
 * order, so its successor is still there. */
static void
retire(struct rcu_head *head)
{
	void *at = (char *)head - offsetof(struct snapshot, rcu);
	struct snapshot *s = at;

	if (s->next != NULL)
		carry(s, s->next);
	snapshot_free(s);
}

void
snapshot_publish(struct snapshot *s)
{
	struct snapshot *old =
	    atomic_load_explicit(&current, memory_order_relaxed);

	if (s != NULL)
		s->generation = ++generation;
	if (s != NULL && old != NULL)
		carry_over(old, s);
	atomic_store_explicit(&current, s, memory_order_release);
	if (old == NULL)
		return;
	old->next = s;
	rcu_defer(&old->rcu, retire);
}
