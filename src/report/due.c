/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/due.h"

#include "base/clock.h"
#include "steer/watch.h"

static void
least_watch(struct due *due, const struct watch *w)
{
	uint32_t ms = watch_change_ms(w);

	if (ms != UINT32_MAX && ms / 1000 < due->seconds)
		*due = (struct due){.seconds = ms / 1000, .watch = w};
}

static void
least_drain(struct due *due, const struct drain *d, bool begins)
{
	int64_t left;

	if (d == NULL || (!begins && d->until == DRAIN_FOREVER))
		return;
	left = begins ? d->at - clock_wall_s() : drain_left_s(d);
	if (left < due->seconds)
		*due = (struct due){.seconds = left > 0 ? left : 0,
		    .drain = d,
		    .begins = begins};
}

void
due_find(struct due *due, const struct pool_region *r)
{
	least_drain(due, r->drain, false);
	least_drain(due, r->part, false);
	least_drain(due, r->next, true);
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		for (size_t k = 0; t->up == NULL && k < t->nwatches; k++)
			least_watch(due, t->watches[k]);
		least_drain(due, t->up, false);
		least_drain(due, t->drain, false);
		least_drain(due, t->next, true);
	}
}

void
due_describe(const struct due *due, struct text *t)
{
	char addr[ADDR_TEXT_MAX], span[CLOCK_TEXT_MAX];
	const struct watch *w = due->watch;
	uint32_t left;

	if (w == NULL) {
		text_add(t, "the %s of %s %s in %s",
		    drain_kind_names[due->drain->kind], due->drain->what,
		    due->begins ? "begins" : "ends",
		    clock_format_span(span, (uint64_t)due->seconds * 1000));
		return;
	}
	left = watch_change_ms(w) / w->monitor->interval_ms;
	text_add(
	    t, "%s at %s: ", w->monitor->name, addr_format(addr, &w->addr));
	if (left == 0)
		text_add(t, "not probed yet");
	else
		text_add(t, "%u check%s left, one each %s", left,
		    left == 1 ? "" : "s",
		    clock_format_span(span, w->monitor->interval_ms));
}
