/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/signal.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"

enum { SLOTS_LEAST = 16 };

struct signal *
signal_new(const char *monitor, const struct addr *addr, bool up,
    const char *owner, uint64_t for_s)
{
	struct signal *s = xcalloc(1, sizeof(*s));

	s->monitor = xstrdup(monitor);
	if (addr->family != 0)
		s->addr = *addr;
	s->up = up;
	s->owner = xstrdup(owner);
	s->since = clock_wall_s();
	s->until = s->since + (int64_t)for_s;
	s->until_ms = clock_boot_ms() + 1000 * (int64_t)for_s;
	return s;
}

void
signal_free(struct signal *s)
{
	if (s == NULL)
		return;
	free(s->monitor);
	free(s->owner);
	free(s->record);
	free(s);
}

void
signals_fini(struct signals *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		signal_free(t->all.at[i]);
	vec_free(&t->all);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

static bool
is_of(const struct signal *s, const char *monitor, const struct addr *addr)
{
	return addr_equal(&s->addr, addr) && strcmp(s->monitor, monitor) == 0;
}

static uint64_t
hash_of(const char *monitor, const struct addr *addr)
{
	uint64_t seed = XXH3_64bits(monitor, strlen(monitor));

	return addr->family == 0
	    ? seed
	    : XXH3_64bits_withSeed(addr->bytes, sizeof(addr->bytes), seed);
}

/* Where it is, or belongs; there are slots. */
static uint32_t *
slot_of(const struct signals *t, const char *monitor, const struct addr *addr)
{
	size_t i = hash_of(monitor, addr) & (t->size - 1);

	while (t->slots[i] != 0 &&
	    !is_of(t->all.at[t->slots[i] - 1], monitor, addr))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void
rehash(struct signals *t)
{
	while (t->size < 2 * (t->all.n + 1))
		t->size = t->size == 0 ? SLOTS_LEAST : 2 * t->size;
	free(t->slots);
	t->slots = xcalloc(t->size, sizeof(*t->slots));
	for (size_t i = 0; i < t->all.n; i++) {
		const struct signal *s = t->all.at[i];

		*slot_of(t, s->monitor, &s->addr) = (uint32_t)i + 1;
	}
}

static struct signal *
find(const struct signals *t, const char *monitor, const struct addr *addr)
{
	uint32_t at = t->size > 0 ? *slot_of(t, monitor, addr) : 0;

	return at != 0 ? t->all.at[at - 1] : NULL;
}

struct signal *
signals_put(struct signals *t, struct signal *s)
{
	struct signal *old = find(t, s->monitor, &s->addr);

	if (old != NULL) {
		t->all.at[*slot_of(t, s->monitor, &s->addr) - 1] = s;
		return old;
	}
	vec_push(&t->all, s);
	if (2 * t->all.n > t->size)
		rehash(t);
	else
		*slot_of(t, s->monitor, &s->addr) = (uint32_t)t->all.n;
	return NULL;
}

void
signals_expire(struct signals *t)
{
	int64_t now = clock_boot_ms();
	size_t kept = 0;

	for (size_t i = 0; i < t->all.n; i++) {
		if (t->all.at[i]->until_ms > now)
			t->all.at[kept++] = t->all.at[i];
		else
			signal_free(t->all.at[i]);
	}
	if (kept == t->all.n)
		return;
	t->all.n = kept;
	rehash(t);
}

void
signals_set_clock(struct signals *t, int64_t step_s)
{
	for (size_t i = 0; i < t->all.n; i++) {
		t->all.at[i]->since += step_s;
		t->all.at[i]->until += step_s;
	}
}

const struct signal *
signals_find(
    const struct signals *t, const char *monitor, const struct addr *addr)
{
	static const struct addr every = {.family = 0};
	int64_t now = clock_boot_ms();
	const struct signal *s = find(t, monitor, addr);

	if (s == NULL || s->until_ms <= now)
		s = find(t, monitor, &every);
	return s != NULL && s->until_ms > now ? s : NULL;
}
