/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/signal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

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
	s->until_ms = clock_mono_ms() + 1000 * for_s;
	return s;
}

void
signal_free(struct signal *s)
{
	if (s == NULL)
		return;
	free(s->monitor);
	free(s->owner);
	free(s);
}

void
signals_fini(struct signals *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		signal_free(t->all.at[i]);
	vec_free(&t->all);
}

static bool
is_of(const struct signal *s, const char *monitor, const struct addr *addr)
{
	return addr_equal(&s->addr, addr) && strcmp(s->monitor, monitor) == 0;
}

struct signal *
signals_put(struct signals *t, struct signal *s)
{
	for (size_t i = 0; i < t->all.n; i++) {
		struct signal *old = t->all.at[i];

		if (!is_of(old, s->monitor, &s->addr))
			continue;
		t->all.at[i] = s;
		return old;
	}
	vec_push(&t->all, s);
	return NULL;
}

void
signals_remove(struct signals *t, const struct signal *s)
{
	for (size_t i = 0; i < t->all.n; i++) {
		if (t->all.at[i] != s)
			continue;
		t->all.at[i] = t->all.at[--t->all.n];
		return;
	}
}

const struct signal *
signals_find(
    const struct signals *t, const char *monitor, const struct addr *addr)
{
	static const struct addr every = {.family = 0};
	uint64_t now = clock_mono_ms();
	const struct signal *found = NULL;

	for (size_t i = 0; i < t->all.n; i++) {
		const struct signal *s = t->all.at[i];

		if (s->until_ms <= now)
			continue;
		if (is_of(s, monitor, addr))
			return s;
		if (is_of(s, monitor, &every))
			found = s;
	}
	return found;
}
