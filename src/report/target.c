/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/target.h"

#include "report/text.h"
#include "steer/require.h"

json_t *
target_lease(const struct drain *d)
{
	if (d == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:I}", "owner",
	    text_string(d->owner), "reason", text_string(d->reason), "at",
	    d->at == 0 ? json_null() : json_integer(d->at), "until",
	    d->until == DRAIN_FOREVER ? json_null() : json_integer(d->until),
	    "share", (int)d->share, "over_s", (json_int_t)d->over_s);
}

bool
target_is_damped(const struct watch *w)
{
	return (w->health.state == HEALTH_DOWN ||
		   w->health.state == HEALTH_DEGRADED) &&
	    health_rise(&w->health, w->monitor) > w->monitor->rise;
}

static json_t *
watch_report(const struct watch *w)
{
	char addr[ADDR_TEXT_MAX];

	return json_pack(
	    "{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:b, s:I, s:o, s:I, "
	    "s:I, s:b, s:o}",
	    "monitor", w->monitor->name, "address", addr_format(addr, &w->addr),
	    "state", health_state_names[w->health.state], "decides",
	    watch_decides(w), "since", (json_int_t)w->health.since, "failures",
	    (json_int_t)w->health.failures, "successes",
	    (json_int_t)w->health.successes, "needed",
	    (json_int_t)health_rise(&w->health, w->monitor), "damped",
	    target_is_damped(w), "flaps", (json_int_t)w->health.flaps, "last",
	    text_string(w->last), "last_at", (json_int_t)w->last_at,
	    "duration_ms", (json_int_t)w->last_ms, "restored", w->restored,
	    "certificate_until",
	    w->certificate_until != 0 ? json_integer(w->certificate_until)
				      : json_null());
}

json_t *
target_report(const struct pool_target *t)
{
	json_t *watches = json_array();
	int64_t since = 0;

	for (size_t i = 0; i < t->nwatches; i++) {
		const struct watch *w = t->watches[i];

		json_array_append_new(watches, watch_report(w));
		if (watch_decides(w) && w->health.since > since)
			since = w->health.since;
	}
	return json_pack("{s:s, s:s, s:b, s:I, s:o, s:o, s:o, s:o}", "target",
	    t->conf->label, "health", health_state_names[t->health], "live",
	    t->live, "since", (json_int_t)since, "drain",
	    target_lease(t->drain), "announced", target_lease(t->next),
	    "force_up", target_lease(t->up), "watches", watches);
}
