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

static bool
become(struct health *h, enum health_state state, int64_t now)
{
	if (h->state == state)
		return false;
	h->state = state;
	h->since = now;
	h->failures = 0;
	return true;
}

static bool
count_success(struct health *h, const struct conf_monitor *m, int64_t now)
{
	h->successes++;
	if (h->successes >= m->clear)
		h->failures = 0;
	if (h->state == HEALTH_UNKNOWN ||
	    (h->state == HEALTH_DOWN && h->successes >= m->rise))
		return become(h, HEALTH_UP, now);
	return false;
}

bool
health_count(
    struct health *h, const struct conf_monitor *m, bool ok, int64_t now)
{
	if (ok)
		return count_success(h, m, now);
	h->successes = 0;
	if (h->state == HEALTH_DOWN)
		return false;
	if (++h->failures < m->fall)
		return false;
	return become(h, HEALTH_DOWN, now);
}

uint32_t
health_change_ms(const struct health *h, const struct conf_monitor *m)
{
	unsigned left;

	if (h->state == HEALTH_UNKNOWN)
		return 0;
	left = h->state == HEALTH_DOWN ? m->rise - h->successes
				       : m->fall - h->failures;
	return left * m->interval_ms;
}

char *
health_key(
    char *buf, size_t size, const struct conf_monitor *m, const struct addr *a)
{
	char address[ADDR_TEXT_MAX];

	snprintf(buf, size, "%d|%s|%u|%s|%s|%u|%s|%u|%u|%u|%u|%u", (int)m->type,
	    addr_format(address, a), m->port, m->host != NULL ? m->host : "",
	    m->path != NULL ? m->path : "", m->status,
	    m->body != NULL ? m->body : "", m->interval_ms, m->timeout_ms,
	    m->fall, m->rise, m->clear);
	return buf;
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
	const struct conf_monitor *m = &w->monitor;
	const char *const texts[] = {
	    m->name, m->host, m->path, m->body, m->mark.file, w->key};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free((void *)(uintptr_t)texts[i]);
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

static char *
copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static struct watch *
watch_new(const char *key, const struct conf_monitor *m, const struct addr *a)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->key = xstrdup(key);
	w->addr = *a;
	w->monitor = *m;
	w->monitor.name = copy(m->name);
	w->monitor.host = copy(m->host);
	w->monitor.path = copy(m->path);
	w->monitor.body = copy(m->body);
	w->monitor.mark.file = copy(m->mark.file);
	w->health.since = clock_wall_s();
	return w;
}

struct watch *
watches_get(
    struct watches *w, const struct conf_monitor *m, const struct addr *a)
{
	char key[4096];
	struct watch *watch;

	health_key(key, sizeof(key), m, a);
	if (*slot_of(w, key) != 0)
		return w->all.at[*slot_of(w, key) - 1];
	if (2 * (w->all.n + 1) > w->size)
		rehash(w, 2 * w->size);
	watch = watch_new(key, m, a);
	vec_push(&w->all, watch);
	*slot_of(w, key) = (uint32_t)w->all.n;
	return watch;
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
