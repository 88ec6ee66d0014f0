/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/lease.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/moment.h"
#include "client/show.h"

enum { POLL_MS = 250 };

static bool
read_span(const char *option, const char *text, uint64_t *ms)
{
	if (clock_parse_span(text, ms) && *ms >= 1000)
		return true;
	fail(EXIT_USAGE, "%s %s: not a time of at least 1s, such as 30m",
	    option, text);
	return false;
}

/* What drains and force-ups have in common; NULL: it was said what is wrong. */
static json_t *
lease_body(const struct arguments *a, const char *noun)
{
	uint64_t ms;
	json_t *body;

	if (a->reason == NULL) {
		fail(EXIT_USAGE, "a %s needs --reason TEXT", noun);
		return NULL;
	}
	if ((a->span != NULL) == ((a->given & OPT_UNTIL_CANCELLED) != 0)) {
		fail(EXIT_USAGE,
		    "a %s needs --for TIME, or --until-cancelled typed out",
		    noun);
		return NULL;
	}
	if (a->span != NULL && !read_span("--for", a->span, &ms))
		return NULL;
	body =
	    json_pack("{s:s, s:s}", "what", a->words[0], "reason", a->reason);
	if (a->span != NULL)
		json_object_set_new(
		    body, "for_s", json_integer((json_int_t)(ms / 1000)));
	else
		json_object_set_new(body, "until_cancelled", json_true());
	if (a->given & OPT_UNSAVED)
		json_object_set_new(body, "unsaved", json_true());
	return body;
}

/* "50%" or "50"; the daemon knows which are too many. */
static bool
read_percent(const char *text, json_int_t *percent)
{
	char *end;

	*percent = strtol(text, &end, 10);
	return end != text && (*end == '\0' || strcmp(end, "%") == 0);
}

static bool
add_share(const struct arguments *a, json_t *body)
{
	json_int_t percent;
	uint64_t ms;

	if (a->share != NULL) {
		if (!read_percent(a->share, &percent))
			return fail(EXIT_USAGE,
				   "--share %s: not a percentage, such as 50%%",
				   a->share) == EXIT_DONE;
		json_object_set_new(body, "share", json_integer(percent));
	}
	if (a->over != NULL) {
		if (!clock_parse_span(a->over, &ms))
			return fail(EXIT_USAGE,
				   "--over %s: not a time, such as 10m",
				   a->over) == EXIT_DONE;
		json_object_set_new(
		    body, "over_s", json_integer((json_int_t)(ms / 1000)));
	}
	return true;
}

/* Waiting ---------------------------------------------------------------- */

/* The drain of the same what that is in force, or the one announced for at. */
static const json_t *
find_drain(const json_t *drains, const char *what, const json_t *at)
{
	const json_t *d;
	size_t i;

	json_array_foreach(drains, i, d)
	{
		const json_t *name = json_object_get(d, "what");

		if (strcmp(json_string_value(name), what) == 0 &&
		    json_equal(json_object_get(d, "at"), at))
			return d;
	}
	return NULL;
}

/* True when the waiting is over, with *code; else *left_s is how long the
 * caches, or the announced drain's beginning, may still take. */
static bool
look(const struct arguments *a, const json_t *at, int *code, long long *left_s)
{
	const json_t *drains, *announced, *held;
	struct reply r;

	*code = request(a, "/v1/drains", NULL, &r);
	drains = json_object_get(r.json, "drains");
	announced =
	    json_is_null(at) ? NULL : find_drain(drains, a->words[0], at);
	held = find_drain(drains, a->words[0], json_null());
	*left_s = json_integer_value(announced != NULL
		? json_object_get(announced, "begins_s")
		: json_object_get(held, "let_go_s"));
	if (*code == EXIT_DONE && announced == NULL && held == NULL)
		*code = fail(EXIT_WRONG,
		    "the drain of %s has ended before all caches let go",
		    a->words[0]);
	reply_fini(&r);
	return *code != EXIT_DONE || (announced == NULL && *left_s <= 0);
}

/* Returns when every cached answer for the drained object has expired. */
static int
wait_for_caches(const struct arguments *a, const json_t *at, uint64_t limit_ms)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	uint64_t start = clock_mono_ms();
	struct arguments quiet = *a;
	long long left_s;
	int code;

	quiet.given &= ~(unsigned)OPT_JSON;
	while (!look(&quiet, at, &code, &left_s)) {
		if (limit_ms > 0 && clock_mono_ms() - start >= limit_ms)
			return fail(EXIT_TIMED_OUT,
			    "%s: not within %s: another %lld s", a->words[0],
			    a->timeout, left_s);
		nanosleep(&pause, NULL);
	}
	if (code == EXIT_DONE && !(a->given & OPT_JSON))
		printf("every cached answer for %s has expired\n", a->words[0]);
	return code;
}

/* The verbs -------------------------------------------------------------- */

int
lease_drain(const struct arguments *a)
{
	uint64_t limit_ms = 0;
	json_t *body, *at;
	struct error err;
	struct reply r;
	int64_t wall;
	int code;

	if (a->timeout != NULL && !(a->given & OPT_WAIT))
		return fail(EXIT_USAGE, "--timeout is for --wait");
	if (a->timeout != NULL &&
	    !read_span("--timeout", a->timeout, &limit_ms))
		return EXIT_USAGE;
	if (a->at != NULL && !moment_parse(a->at, clock_wall_s(), &wall, &err))
		return fail(EXIT_USAGE, "--at %s", err.text);
	body = lease_body(a, "drain");
	if (body == NULL)
		return EXIT_USAGE;
	json_object_set_new(
	    body, "force", json_boolean((a->given & OPT_FORCE) != 0));
	if (a->at != NULL)
		json_object_set_new(body, "at", json_integer(wall));
	if (!add_share(a, body)) {
		json_decref(body);
		return EXIT_USAGE;
	}
	code = request(a, "/v1/drain", body, &r);
	if (reply_shows(a, &r))
		drain_show(r.json);
	at = json_incref(json_object_get(r.json, "at"));
	reply_fini(&r);
	if (code == EXIT_DONE && a->given & OPT_WAIT)
		code = wait_for_caches(a, at, limit_ms);
	json_decref(at);
	return code;
}

static int
lease_end(const struct arguments *a, const char *path, const char *noun)
{
	json_t *body = json_pack("{s:s, s:b}", "what", a->words[0], "unsaved",
	    (a->given & OPT_UNSAVED) != 0);
	const json_t *still;
	struct reply r;
	size_t i;
	int code = request(a, path, body, &r);

	if (reply_shows(a, &r)) {
		if (json_is_true(json_object_get(r.json, "in_force")))
			printf("the %s of %s has ended\n", noun, a->words[0]);
		if (json_is_true(json_object_get(r.json, "announced")))
			printf("the announced %s of %s is cancelled\n", noun,
			    a->words[0]);
		json_array_foreach(json_object_get(r.json, "still"), i, still)
		{
			printf("the %s of %s still holds for it\n", noun,
			    json_string_value(still));
		}
		json_array_foreach(json_object_get(r.json, "within"), i, still)
		{
			printf(
			    "%s, a part of it, has its own %s, which remains in force\n",
			    json_string_value(still), noun);
		}
		unsaved_show(json_object_get(r.json, "unsaved"));
	}
	reply_fini(&r);
	return code;
}

int
lease_undrain(const struct arguments *a)
{
	return lease_end(a, "/v1/undrain", "drain");
}

int
lease_drains(const struct arguments *a)
{
	struct reply r;
	int code = request(a, "/v1/drains", NULL, &r);

	if (reply_shows(a, &r))
		drains_show(r.json);
	reply_fini(&r);
	return code;
}

int
lease_force_up(const struct arguments *a)
{
	const unsigned lease = OPT_FOR | OPT_UNTIL_CANCELLED | OPT_REASON;
	struct reply r;
	json_t *body;
	int code;

	if (a->given & OPT_END) {
		if (a->given & lease)
			return fail(EXIT_USAGE, "--end takes no lease");
		return lease_end(a, "/v1/force_up_end", "force-up");
	}
	body = lease_body(a, "force-up");
	if (body == NULL)
		return EXIT_USAGE;
	code = request(a, "/v1/force_up", body, &r);
	if (reply_shows(a, &r))
		drain_show(r.json);
	reply_fini(&r);
	return code;
}

int
lease_thaw(const struct arguments *a)
{
	struct reply r;
	int code;

	if (a->reason == NULL)
		return fail(EXIT_USAGE, "thaw needs --reason TEXT");
	code =
	    request(a, "/v1/thaw", json_pack("{s:s}", "reason", a->reason), &r);
	if (reply_shows(a, &r)) {
		puts("health is no longer frozen: probes count from now on");
		if (json_is_true(json_object_get(r.json, "most_fail")))
			puts(
			    "most targets still fail: health does not freeze again for this reason until fewer fail");
		if (json_is_true(json_object_get(r.json, "anchors_fail")))
			puts(
			    "all anchors still fail: health does not freeze again for this reason until one answers");
	}
	reply_fini(&r);
	return code;
}
