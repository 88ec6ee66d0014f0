/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/health.h"

const char *const health_state_names[HEALTH_STATE_COUNT] = {
    "unknown", "up", "degraded", "down"};

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

	if (h->flaps == 0 || forgotten >= h->flaps) {
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
	h->unproven = false;
	h->state = state;
	h->since = now->wall_s;
	h->slows = 0;
	return true;
}

static bool
count_success(struct health *h, const struct conf_monitor *m,
    const struct health_time *now)
{
	bool quick = h->quicks > 0, unproven = h->unproven;
	unsigned rise = unproven ? 1 : health_rise(h, m);

	h->unproven = false;

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
	if (h->state == HEALTH_DOWN) {
		h->unproven = false;
		return false;
	}
	if (++h->failures < m->fall)
		return false;
	return become(h, m, HEALTH_DOWN, now);
}

uint32_t
health_change_ms(const struct health *h, const struct conf_monitor *m)
{
	unsigned fail = m->fall - h->failures, left;

	if (h->state == HEALTH_UNKNOWN || h->unproven)
		return 0;
	if (h->state == HEALTH_DOWN)
		left = health_rise(h, m) - h->successes;
	else if (h->state == HEALTH_DEGRADED)
		left = least(fail, health_rise(h, m) - h->quicks);
	else
		left = m->slow_ms != 0 ? least(fail, m->fall - h->slows) : fail;
	return left * m->interval_ms;
}

void
health_bound(struct health *h, const struct conf_monitor *m)
{
	unsigned most = m->damp.max_ms / m->interval_ms;
	unsigned last = m->fall - 1, rise;

	if (h->needed > m->rise)
		h->needed = least(h->needed, most > m->rise ? most : m->rise);
	rise = health_rise(h, m);
	h->failures = least(h->failures, last);
	h->slows = m->slow_ms != 0 ? least(h->slows, last) : 0;
	if (h->state == HEALTH_DOWN)
		h->successes = least(h->successes, rise - 1);
	if (h->state == HEALTH_DOWN || h->state == HEALTH_DEGRADED)
		h->quicks = least(h->quicks, rise - 1);
}
