/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/lease.h"

#include <string.h>

#include "base/clock.h"

const char *const lease_end_nouns[DRAIN_KIND_COUNT] =
    {[DRAIN_OUT] = "end of the drain", [DRAIN_UP] = "end of the force-up"};

json_t *
lease_moment(int64_t wall, int64_t none)
{
	return wall == none ? json_null() : json_integer(wall);
}

json_t *
lease_json(const struct drain *d)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:i, s:I}",
	    "kind", drain_kind_names[d->kind], "what", text_string(d->what),
	    "owner", text_string(d->owner), "reason", text_string(d->reason),
	    "at", lease_moment(d->at, 0), "until",
	    lease_moment(d->until, DRAIN_FOREVER), "forced", d->forced, "share",
	    (int)d->share, "over_s", (json_int_t)d->over_s);
}

void
lease_add_until(struct text *t, const char *before, int64_t until)
{
	char buf[CLOCK_TEXT_MAX];

	text_add(t, "%s%s", before,
	    until == DRAIN_FOREVER ? "cancelled" : clock_format(buf, until));
}

void
lease_describe(struct text *t, const struct drain *d)
{
	char span[CLOCK_TEXT_MAX];

	text_add(t, "%s of %s", drain_nouns[d->kind], d->what);
	if (d->share == DRAIN_WHOLE && d->over_s == 0)
		return;
	text_add(t, " (%u%%", d->share);
	if (d->over_s != 0)
		text_add(t, " over %s",
		    clock_format_span(span, (uint64_t)d->over_s * 1000));
	text_add(t, ")");
}

void
lease_add_span(struct text *t, const struct drain *d)
{
	int64_t left_s = d->at != 0 ? d->until - d->at : drain_left_s(d);
	char span[CLOCK_TEXT_MAX];

	/* The second may have changed since. */
	if (left_s < 1)
		left_s = 1;
	if (d->until == DRAIN_FOREVER)
		text_add(t, " until cancelled");
	else
		text_add(t, " for %s",
		    clock_format_span(span, (uint64_t)left_s * 1000));
}

/* The state file --------------------------------------------------------- */

const char *
lease_record(struct drain *d)
{
	json_t *json;

	if (d->record != NULL)
		return d->record;
	json = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:i, s:I}",
	    "kind", drain_kind_names[d->kind], "what", text_string(d->what),
	    "owner", text_string(d->owner), "reason", text_string(d->reason),
	    "since", (json_int_t)d->since, "until", (json_int_t)d->until, "at",
	    (json_int_t)d->at, "forced", d->forced, "share", (int)d->share,
	    "over_s", (json_int_t)d->over_s);
	d->record = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return d->record;
}

bool
lease_load(const json_t *entry, void *arg)
{
	struct drains *drains = arg;
	const char *kind = drain_kind_names[DRAIN_OUT], *what, *owner, *reason;
	json_int_t since, until, at = 0, share = DRAIN_WHOLE, over_s = 0;
	struct drain *d;
	unsigned k = 0;
	int forced;

	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s?s, s:s, s:s, s:s, s:I, s:I, s?I, s:b, s?I, s?I}", "kind",
		&kind, "what", &what, "owner", &owner, "reason", &reason,
		"since", &since, "until", &until, "at", &at, "forced", &forced,
		"share", &share, "over_s", &over_s) != 0)
		return false;
	while (k < DRAIN_KIND_COUNT && strcmp(kind, drain_kind_names[k]) != 0)
		k++;
	if (k == DRAIN_KIND_COUNT || at < 0 || share < 1 ||
	    share > DRAIN_WHOLE || over_s < 0 || over_s > DRAIN_OVER_MAX_S)
		return false;
	d = drain_new(what, owner, reason, since, until, forced, NULL);
	if (d == NULL)
		return false;
	d->kind = (enum drain_kind)k;
	d->at = at;
	d->share = (unsigned)share;
	d->over_s = over_s;
	if (at == 0)
		drain_start(d);
	drains_put(drains, d);
	return true;
}
