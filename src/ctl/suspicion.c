/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/suspicion.h"

#include "base/clock.h"
#include "report/text.h"
#include "state/what.h"

static void
describe_freeze(const struct suspicion *s, struct text *t)
{
	if (s->by_anchors)
		text_add(t, "the prober suspects itself: all anchors fail");
	else
		text_add(t,
		    "the prober suspects itself: %zu of %zu targets fail within one interval",
		    s->failing, s->of);
	text_add(t, ": health is frozen, %zu state change%s reverted",
	    s->taken_back, text_plural(s->taken_back));
}

static void
describe_thaw(const struct control *c, const struct suspicion *s,
    const char *owner, const char *reason, struct text *t)
{
	uint32_t max_ms = c->status.snapshot->conf->health.freeze_max_ms;
	char span[CLOCK_TEXT_MAX];

	switch (s->thaw) {
	case THAW_CONDITION:
		text_add(t, "probes succeed again");
		break;
	case THAW_ANCHORS:
		text_add(t, "all anchors answer, the network works");
		break;
	case THAW_TARGET:
		text_add(
		    t, "a target answers probe after probe, the network works");
		break;
	case THAW_LIMIT:
		text_add(t, "health was frozen for %s (health.freeze_max)",
		    clock_format_span(span, max_ms));
		break;
	case THAW_OPERATOR:
		text_add(t, "lifted by %s: %s", owner, reason);
		break;
	}
	text_add(t, ": health is no longer frozen");
	if (s->overruled || s->anchors_overruled)
		text_add(t, ", although %s still fail",
		    s->overruled ? "most targets" : "all anchors");
}

void
suspicion_tell(struct control *c, const char *owner, const char *reason)
{
	const struct suspicion *s = suspect_state(c->suspect);
	bool overruled = s->overruled || s->anchors_overruled;
	struct text t = {0};
	json_t *details = json_pack("{s:b, s:b, s:I, s:I, s:I, s:b}", "frozen",
	    s->frozen, "by_anchors", s->by_anchors, "failing",
	    (json_int_t)s->failing, "of", (json_int_t)s->of, "taken_back",
	    (json_int_t)s->taken_back, "overruled", overruled);

	if (s->frozen)
		describe_freeze(s, &t);
	else
		describe_thaw(c, s, owner, reason, &t);
	if (owner != NULL) {
		json_object_set_new(details, "owner", text_string(owner));
		json_object_set_new(details, "reason", text_string(reason));
	}
	event_put(c->events,
	    s->frozen       ? LOG_LEVEL_ERROR
		: overruled ? LOG_LEVEL_WARNING
			    : LOG_LEVEL_INFO,
	    "suspicion", details, "%s", t.at);
	text_fini(&t);
}

static struct health_time
time_now(void)
{
	return (struct health_time){clock_wall_s(), (int64_t)clock_mono_ms()};
}

void
suspicion_tick(struct control *c)
{
	const struct health_time now = time_now();

	suspect_tick(c->suspect, &now);
	control_suspicion(c, NULL, NULL);
}

json_t *
suspicion_lift(struct control *c, const json_t *body, const char *owner)
{
	const struct suspicion *s = suspect_state(c->suspect);
	const struct health_time now = time_now();
	const char *reason;
	json_t *error;

	if (json_unpack(
		(json_t *)(uintptr_t)body, "{s:s !}", "reason", &reason) != 0)
		return text_error(EXIT_USAGE, "thaw needs a reason");
	error = what_reason_wrong("thaw", reason);
	if (error != NULL)
		return error;
	if (!suspect_lift(c->suspect, &now))
		return text_error(EXIT_WRONG, "health is not frozen");
	control_suspicion(c, owner, reason);
	return json_pack("{s:b, s:b, s:b}", "thawed", 1, "most_fail",
	    s->overruled, "anchors_fail", s->anchors_overruled);
}

void
suspicion_anchor(struct control *c, const struct watch *w)
{
	const struct endpoint e = {w->addr, w->monitor->port};
	const char *state = health_state_names[w->health.state];
	char anchor[ENDPOINT_TEXT_MAX];

	event_put(c->events,
	    w->health.state == HEALTH_UP ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    "anchor",
	    json_pack("{s:s, s:s, s:o}", "anchor", endpoint_format(anchor, &e),
		"state", state, "reason", text_string(w->last)),
	    "anchor %s: %s (%s)", anchor, state, w->last);
}
