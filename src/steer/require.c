/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/require.h"

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
