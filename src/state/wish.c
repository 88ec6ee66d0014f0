/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/wish.h"

#include "base/clock.h"
#include "report/text.h"

/* What a request for a lease says. */
struct wish {
	const char *what, *reason;
	json_int_t for_s, at, share, over_s;
	int forever, force, unsaved;
};

static json_t *
wish_read(struct wish *w, const json_t *body, enum drain_kind kind)
{
	const json_int_t longest = (json_int_t)DRAIN_YEARS_MAX * 366 * 86400;
	const int64_t now = clock_wall_s();
	const char *noun = drain_nouns[kind];
	char at[CLOCK_TEXT_MAX], is[CLOCK_TEXT_MAX];

	*w = (struct wish){.share = DRAIN_WHOLE};
	if (json_unpack((json_t *)(uintptr_t)body,
		kind == DRAIN_OUT
		    ? "{s:s, s:s, s?I, s?b, s?b, s?I, s?b, s?I, s?I !}"
		    : "{s:s, s:s, s?I, s?b, s?b !}",
		"what", &w->what, "reason", &w->reason, "for_s", &w->for_s,
		"until_cancelled", &w->forever, "unsaved", &w->unsaved, "at",
		&w->at, "force", &w->force, "share", &w->share, "over_s",
		&w->over_s) != 0)
		return text_error(EXIT_USAGE,
		    "a %s takes \"what\", \"reason\", \"for_s\" or \"until_cancelled\", and optionally \"unsaved\"%s",
		    noun,
		    kind == DRAIN_OUT
			? ", \"at\", \"force\", \"share\" and \"over_s\""
			: "");
	if ((w->for_s != 0) == (w->forever != 0) || w->for_s < 0 ||
	    w->for_s > longest)
		return text_error(EXIT_USAGE,
		    "a %s needs an expiry (for_s, 1 s to %d years), or until_cancelled",
		    noun, DRAIN_YEARS_MAX);
	if (w->share < 1 || w->share > DRAIN_WHOLE)
		return text_error(EXIT_USAGE,
		    "a share of %lld%%: it must be 1%% to %d%%",
		    (long long)w->share, DRAIN_WHOLE);
	if (w->over_s < 0 || w->over_s > DRAIN_OVER_MAX_S)
		return text_error(EXIT_USAGE,
		    "growing over %lld s: it must be 0 to %d s",
		    (long long)w->over_s, DRAIN_OVER_MAX_S);
	if (!w->forever && w->over_s >= w->for_s)
		return text_error(EXIT_USAGE,
		    "a %s must last longer than it takes to grow: it would end before it reaches its full share",
		    noun);
	if (w->at != 0 && (w->at <= now || w->at > now + longest))
		return text_error(EXIT_USAGE,
		    "at %s: it is %s now, and a %s must begin after that, within %d years",
		    clock_format(at, w->at), clock_format(is, now), noun,
		    DRAIN_YEARS_MAX);
	return NULL;
}

/* A target's clients are those of its region. */
static json_t *
wish_check_share(const struct drain *d)
{
	if (d->target == NULL || (d->share == DRAIN_WHOLE && d->over_s == 0))
		return NULL;
	return text_error(EXIT_USAGE,
	    "%s: a target is drained as a whole and at once: a share and a growth are for regions",
	    d->what);
}

struct drain *
wish_drain(const json_t *body, const char *owner, enum drain_kind kind,
    bool *unsaved, json_t **error)
{
	int64_t now = clock_wall_s();
	struct drain *d;
	struct wish w;
	struct error err;

	*error = wish_read(&w, body, kind);
	*unsaved = w.unsaved;
	if (*error != NULL)
		return NULL;
	d = drain_new(w.what, owner, w.reason, now,
	    w.forever ? DRAIN_FOREVER : (w.at != 0 ? w.at : now) + w.for_s,
	    w.force, &err);
	if (d == NULL) {
		*error = text_error(EXIT_USAGE, "%s", err.text);
		return NULL;
	}
	d->kind = kind;
	d->at = w.at;
	d->share = (unsigned)w.share;
	d->over_s = w.over_s;
	*error = wish_check_share(d);
	if (*error == NULL)
		return d;
	drain_free(d);
	return NULL;
}
