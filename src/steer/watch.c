/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/clock.h"

struct watches {
	VEC(struct watch *) all;
	uint32_t *slots; /* index + 1 into all; 0: free */
	size_t size;     /* a power of two */
};

struct watches *
watches_new(void)
{
	struct watches *w = xcalloc(1, sizeof(*w));

	w->size = 64;
	w->slots = xcalloc(w->size, sizeof(*w->slots));
	return w;
}

static void
watch_free(struct watch *w)
{
	free(w->key);
	free(w);
}

void
watches_free(struct watches *w)
{
	for (size_t i = 0; i < w->all.n; i++)
		watch_free(w->all.at[i]);
	vec_free(&w->all);
	free(w->slots);
	free(w);
}

static uint32_t *
slot_of(const struct watches *w, const char *key)
{
	size_t i = XXH3_64bits(key, strlen(key)) & (w->size - 1);

	while (w->slots[i] != 0 &&
	    strcmp(w->all.at[w->slots[i] - 1]->key, key) != 0)
		i = (i + 1) & (w->size - 1);
	return &w->slots[i];
}

static void
rehash(struct watches *w, size_t size)
{
	free(w->slots);
	w->size = size;
	w->slots = xcalloc(size, sizeof(*w->slots));
	for (size_t i = 0; i < w->all.n; i++)
		*slot_of(w, w->all.at[i]->key) = (uint32_t)i + 1;
}

static struct watch *
watch_add(struct watches *w, char *key, const struct addr *a)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->key = key;
	watch->addr = *a;
	watch->fresh = true;
	watch->health.since = clock_wall_s();
	if (2 * (w->all.n + 1) > w->size)
		rehash(w, 2 * w->size);
	vec_push(&w->all, watch);
	*slot_of(w, key) = (uint32_t)w->all.n;
	return watch;
}

static char *
key_of(const struct conf_monitor *m, const struct addr *a)
{
	char address[ADDR_TEXT_MAX], *key;

	if (asprintf(&key, "%s %s", addr_format(address, a), m->text) < 0)
		abort();
	return key;
}

struct watch *
watches_get(
    struct watches *w, const struct conf_monitor *m, const struct addr *a)
{
	char *key = key_of(m, a);
	struct watch *watch;
	uint32_t at;

	at = *slot_of(w, key);
	if (at == 0) {
		watch = watch_add(w, key, a);
	} else {
		watch = w->all.at[at - 1];
		free(key);
	}
	watch->monitor = m;
	return watch;
}

struct watch *
watches_find(const struct watches *w, const char *key)
{
	uint32_t at = *slot_of(w, key);

	return at != 0 ? w->all.at[at - 1] : NULL;
}

struct watch *
watches_find_at(
    const struct watches *w, const struct conf_monitor *m, const struct addr *a)
{
	char *key = key_of(m, a);
	struct watch *watch = watches_find(w, key);

	free(key);
	return watch;
}

struct watch **
watches_all(const struct watches *w, size_t *n)
{
	*n = w->all.n;
	return w->all.at;
}

/* Inheriting ------------------------------------------------------------- */

static int
compare_addresses(const void *a, const void *b)
{
	const struct watch *x = *(struct watch *const *)a;
	const struct watch *y = *(struct watch *const *)b;

	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

/* Watches by address. */
struct sorted {
	VEC(struct watch *) all;
};

static void
sorted_make(struct sorted *s, const struct watches *w, bool fresh_too)
{
	for (size_t i = 0; i < w->all.n; i++)
		if (fresh_too || !w->all.at[i]->fresh)
			vec_push(&s->all, w->all.at[i]);
	if (s->all.n > 0)
		qsort(
		    s->all.at, s->all.n, sizeof(*s->all.at), compare_addresses);
}

/* Those of one address: *n of them from the one returned on. */
static struct watch *const *
sorted_find(const struct sorted *s, const struct watch *w, size_t *n)
{
	size_t low = 0, high = s->all.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_addresses(&s->all.at[middle], &w) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < s->all.n &&
	     compare_addresses(&s->all.at[low + *n], &w) == 0;)
		++*n;
	return s->all.at + low;
}

static bool
asks_the_same(const struct watch *a, const struct watch *b)
{
	return strcmp(a->monitor->question, b->monitor->question) == 0;
}

/* Does nobody ask its question any more? */
static bool
is_gone(const struct watch *w, const struct sorted *now)
{
	size_t n;
	struct watch *const *at = sorted_find(now, w, &n);

	for (size_t i = 0; i < n; i++)
		if (at[i]->wanted && asks_the_same(at[i], w))
			return false;
	return true;
}

/* How much of old holds for w: 0 is nothing. */
static unsigned
kinship(
    const struct watch *w, const struct watch *old, const struct sorted *now)
{
	if (old->health.state == HEALTH_UNKNOWN && !old->answered &&
	    old->last_at == 0)
		return 0;
	if (strcmp(w->monitor->text, old->monitor->text) == 0)
		return 5;
	if (asks_the_same(w, old))
		return old->wanted ? 3 : 4;
	if (w->anchor || old->anchor || old->monitor->observe ||
	    !is_gone(old, now))
		return 0;
	return strcmp(w->monitor->name, old->monitor->name) == 0 ? 2 : 1;
}

static void
inherit_all(struct watch *w, const struct watch *old)
{
	struct watch own = *w;

	*w = *old;
	w->key = own.key;
	w->monitor = own.monitor;
	w->anchor = own.anchor;
	w->wanted = own.wanted;
	w->fresh = own.fresh;
	w->probe = own.probe;
	health_bound(&w->health, w->monitor);
	health_bound(&w->before, w->monitor);
}

static void
inherit_state(struct watch *w, const struct watch *old)
{
	w->health = (struct health){.state = old->health.state,
	    .unproven = old->health.state != HEALTH_UNKNOWN,
	    .since = old->health.since};
	memcpy(w->last, old->last, sizeof(w->last));
	w->last_ms = old->last_ms;
	w->last_at = old->last_at;
	w->restored = old->restored;
	/* Whether its address is reached is the same question. */
	w->answered = old->answered;
	w->failed = old->failed;
	w->asked_us = old->asked_us;
	w->heard_us = old->heard_us;
	w->streak_us = old->streak_us;
}

static void
inherit(struct watch *w, const struct sorted *old, const struct sorted *now)
{
	size_t n;
	struct watch *const *at = sorted_find(old, w, &n);
	const struct watch *best = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned k = kinship(w, at[i], now);

		/* Of equals the worst, as all must pass by default. */
		if (k < most || k == 0 ||
		    (k == most && at[i]->health.state <= best->health.state))
			continue;
		best = at[i];
		most = k;
	}
	if (most > 2)
		inherit_all(w, best);
	else if (most > 0)
		inherit_state(w, best);
}

void
watches_inherit(struct watches *w, const struct watches *from)
{
	struct sorted old = {0}, now = {0};

	sorted_make(&old, from, from != w);
	sorted_make(&now, w, true);
	for (size_t i = 0; i < w->all.n && old.all.n > 0; i++)
		if (from != w || w->all.at[i]->fresh)
			inherit(w->all.at[i], &old, &now);
	for (size_t i = 0; i < w->all.n; i++)
		w->all.at[i]->fresh = false;
	vec_free(&old.all);
	vec_free(&now.all);
}

void
watches_sweep(
    struct watches *w, void (*gone)(struct watch *, void *), void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->all.n; i++) {
		struct watch *watch = w->all.at[i];

		if (watch->wanted) {
			w->all.at[kept++] = watch;
			continue;
		}
		gone(watch, arg);
		watch_free(watch);
	}
	w->all.n = kept;
	rehash(w, w->size);
}

bool
watch_has_load(const struct watch *w)
{
	const struct conf_monitor *m = w->monitor;
	int64_t age_ms = clock_mono_ms() - w->load_ms;

	return w->load_ms != 0 &&
	    age_ms <= 2 * ((int64_t)m->interval_ms + m->timeout_ms);
}

/* What several monitors say -------------------------------------------- */

/* By how little they are to be trusted. */
static const enum health_state order[HEALTH_STATE_COUNT] = {
    HEALTH_UP, HEALTH_UNKNOWN, HEALTH_DEGRADED, HEALTH_DOWN};

bool
watch_decides(const struct watch *w)
{
	return !w->monitor->observe && !w->idle;
}

/* What is idle may be heard again, and then fall. */
uint32_t
watch_change_ms(const struct watch *w)
{
	const struct conf_monitor *m = w->monitor;

	if (m->observe)
		return UINT32_MAX;
	return w->idle ? m->fall * m->interval_ms
		       : health_change_ms(&w->health, m);
}

/* The place in order of one address's state. */
static size_t
address_rank(
    unsigned require, struct watch *const *watches, size_t n, uint8_t family)
{
	unsigned count[HEALTH_STATE_COUNT] = {0}, deciding = 0, seen = 0;
	size_t rank = 0;

	for (size_t i = 0; i < n; i++) {
		const struct watch *w = watches[i];

		if (w->addr.family != family || !watch_decides(w))
			continue;
		deciding++;
		count[w->health.state]++;
	}
	if (deciding == 0)
		return 0;
	if (require == 0 || require > deciding)
		require = deciding;
	while ((seen += count[order[rank]]) < require)
		rank++;
	return rank;
}

enum health_state
require_health(unsigned require, struct watch *const *watches, size_t n)
{
	size_t v4 = address_rank(require, watches, n, 4);
	size_t v6 = address_rank(require, watches, n, 6);

	return order[v4 > v6 ? v4 : v6];
}

enum health_state
require_family(
    unsigned require, struct watch *const *watches, size_t n, uint8_t family)
{
	return order[address_rank(require, watches, n, family)];
}
