/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/clock.h"

const char *const health_state_names[HEALTH_STATE_COUNT] = {
    "unknown", "up", "degraded", "down"};

struct watches {
	VEC(struct watch *) all;
	uint32_t *slots; /* index + 1 into all; 0: free */
	size_t size;     /* a power of two */
};

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
health_rise(const struct health *h, const struct conf_monitor *m)
{
	return h->needed > m->rise ? h->needed : m->rise;
}

static void
forget_flaps(struct health *h, const struct conf_monitor *m, int64_t now_ms)
{
	int64_t forgotten = m->damp.forget_ms > 0
	    ? (now_ms - h->flap_ms) / m->damp.forget_ms
	    : h->flaps;

	if (forgotten >= h->flaps) {
		h->flaps = 0;
		h->flap_ms = now_ms;
	} else if (forgotten > 0) {
		h->flaps -= (unsigned)forgotten;
		h->flap_ms += forgotten * m->damp.forget_ms;
	}
}

/* What the bound cuts off is not remembered: it would be forgotten too late. */
static void
damp(struct health *h, const struct conf_monitor *m, int64_t now_ms)
{
	unsigned most = m->damp.max_ms / m->interval_ms, n = m->damp.after;

	forget_flaps(h, m, now_ms);
	h->flaps++;
	h->needed = m->rise;
	for (; n < h->flaps && h->needed < most; n++)
		h->needed = least(2 * h->needed, most);
	if (h->flaps > n)
		h->flaps = n;
}

static bool
become(struct health *h, const struct conf_monitor *m, enum health_state state,
    const struct health_time *now)
{
	if (h->state == state)
		return false;
	if (state == HEALTH_DOWN ||
	    (state == HEALTH_DEGRADED && h->state == HEALTH_UP))
		damp(h, m, now->mono_ms);
	/* What fails and is slow as well must not take longer to be down. */
	if (state == HEALTH_DOWN || h->state == HEALTH_DOWN ||
	    h->state == HEALTH_UNKNOWN)
		h->failures = 0;
	h->state = state;
	h->since = now->wall_s;
	h->slows = 0;
	return true;
}

static bool
count_success(struct health *h, const struct conf_monitor *m,
    const struct health_time *now)
{
	bool quick = h->quicks > 0;
	unsigned rise = health_rise(h, m);

	if (h->successes >= m->clear)
		h->failures = 0;
	if (h->quicks >= m->clear)
		h->slows = 0;
	switch (h->state) {
	case HEALTH_UNKNOWN:
		return become(h, m, quick ? HEALTH_UP : HEALTH_DEGRADED, now);
	case HEALTH_DOWN:
		if (h->successes < rise)
			return false;
		return become(
		    h, m, h->quicks >= rise ? HEALTH_UP : HEALTH_DEGRADED, now);
	case HEALTH_DEGRADED:
		return h->quicks >= rise && become(h, m, HEALTH_UP, now);
	default:
		return !quick && ++h->slows >= m->fall &&
		    become(h, m, HEALTH_DEGRADED, now);
	}
}

bool
health_count(struct health *h, const struct conf_monitor *m,
    enum health_result result, const struct health_time *now)
{
	h->successes = result == HEALTH_FAILED ? 0 : h->successes + 1;
	h->quicks = result == HEALTH_OK ? h->quicks + 1 : 0;
	if (result != HEALTH_FAILED)
		return count_success(h, m, now);
	if (h->state == HEALTH_DOWN)
		return false;
	if (++h->failures < m->fall)
		return false;
	return become(h, m, HEALTH_DOWN, now);
}

uint32_t
health_change_ms(const struct health *h, const struct conf_monitor *m)
{
	unsigned fail = m->fall - h->failures, left;

	if (h->state == HEALTH_UNKNOWN)
		return 0;
	if (h->state == HEALTH_DOWN)
		left = health_rise(h, m) - h->successes;
	else if (h->state == HEALTH_DEGRADED)
		left = least(fail, health_rise(h, m) - h->quicks);
	else
		left = m->slow_ms != 0 ? least(fail, m->fall - h->slows) : fail;
	return left * m->interval_ms;
}

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
	watch->health.since = clock_wall_s();
	if (2 * (w->all.n + 1) > w->size)
		rehash(w, 2 * w->size);
	vec_push(&w->all, watch);
	*slot_of(w, key) = (uint32_t)w->all.n;
	return watch;
}

struct watch *
watches_get(
    struct watches *w, const struct conf_monitor *m, const struct addr *a)
{
	char address[ADDR_TEXT_MAX], *key;
	struct watch *watch;
	uint32_t at;

	if (asprintf(&key, "%s %s", addr_format(address, a), m->text) < 0)
		abort();
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

struct watch **
watches_all(const struct watches *w, size_t *n)
{
	*n = w->all.n;
	return w->all.at;
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
