/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/follow.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/number.h"
#include "client/show.h"
#include "client/table.h"

enum { AWAY_MS = 60 * 1000, AGAIN_MS = 200, SINCE_MAX = 64 };

struct follow {
	const struct arguments *a;
	VEC(char) line;
	json_t *refusal;      /* in place of events */
	const char *since;    /* where to go on; NULL: all */
	char last[SINCE_MAX]; /* "RUN:NUMBER" of the last one shown */
	char run[SINCE_MAX];  /* of that */
	bool is_away;         /* it was said */
};

static void
say_again(struct follow *f, const char *run)
{
	if (!f->is_away)
		return;
	f->is_away = false;
	fprintf(stderr, "meridianctl: the daemon is back%s%s\n",
	    strcmp(run, f->run) != 0 ? ", run " : "",
	    strcmp(run, f->run) != 0 ? run : "");
}

static void
take_event(struct follow *f, const json_t *event)
{
	const char *run = text_of(event, "run");

	say_again(f, run);
	snprintf(f->run, sizeof(f->run), "%s", run);
	f->since = f->last;
	snprintf(
	    f->last, sizeof(f->last), "%.32s:%lld", run, int_of(event, "seq"));
	if (f->a->given & OPT_JSON)
		puts(f->line.at);
	else
		event_show(event);
}

static void
take_line(struct follow *f)
{
	json_t *line = json_loads(f->line.at, 0, NULL);

	if (json_object_get(line, "seq") != NULL)
		take_event(f, line);
	if (json_object_get(line, "error") == NULL || f->refusal != NULL)
		json_decref(line);
	else
		f->refusal = line;
}

static size_t
write_events(char *data, size_t size, size_t n, void *arg)
{
	struct follow *f = arg;

	for (size_t i = 0; i < size * n; i++) {
		if (data[i] != '\n') {
			vec_push(&f->line, data[i]);
			continue;
		}
		vec_push(&f->line, '\0');
		take_line(f);
		f->line.n = 0;
	}
	fflush(stdout);
	return size * n;
}

static struct outcome
ask(struct follow *f)
{
	const struct arguments *a = f->a;
	char path[512] = "/v1/events";

	request_add(path, sizeof(path), "since", f->since);
	request_add(path, sizeof(path), "level", a->level);
	request_add(path, sizeof(path), "since_time", a->since_time);
	request_add(
	    path, sizeof(path), "follow", a->given & OPT_FOLLOW ? "1" : NULL);
	json_decref(f->refusal);
	f->refusal = NULL;
	f->line.n = 0; /* half a line comes again whole */
	return request_stream(a, path, write_events, f);
}

static void
pause_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

/* Once, and where to go on: a number without a run may be another event's
 * after a restart. */
static void
say_gone(struct follow *f, const struct outcome *o)
{
	if (f->is_away)
		return;
	f->is_away = true;
	fprintf(stderr, "meridianctl: %s; waiting for the daemon\n",
	    o->code != EXIT_DONE ? o->why : "the daemon is shutting down");
	if (f->since != NULL && strchr(f->since, ':') == NULL)
		f->since = "0:0";
}

/* The daemon is not there, or has no place: that passes. */
static bool
may_pass(const struct outcome *o)
{
	const long followed = 200, busy = 503;

	return o->status == followed || o->status == busy || o->is_away;
}

/* Until it is away for longer than limit_ms. */
static struct outcome
go_on(struct follow *f, struct outcome o, uint64_t limit_ms)
{
	uint64_t gone_ms = clock_mono_ms();

	while (may_pass(&o)) {
		if (o.status == 200)
			gone_ms = clock_mono_ms();
		if (clock_mono_ms() - gone_ms >= limit_ms)
			break;
		say_gone(f, &o);
		pause_ms(AGAIN_MS);
		o = ask(f);
	}
	return o;
}

static void
print_refusal(const struct follow *f)
{
	char *text;

	if (f->a->given & OPT_JSON) {
		text = number_json(f->refusal, JSON_COMPACT);
		puts(text);
		free(text);
	} else {
		fail(EXIT_WRONG, "%s", text_of(f->refusal, "error"));
	}
}

static int
finish(const struct follow *f, const struct outcome *o)
{
	if (f->refusal != NULL) {
		print_refusal(f);
		return (int)int_of(f->refusal, "exit");
	}
	return o->code != EXIT_DONE ? fail(o->code, "%s", o->why) : EXIT_DONE;
}

int
follow_events(const struct arguments *a)
{
	struct follow f = {.a = a, .since = a->since};
	uint64_t limit_ms = AWAY_MS;
	struct outcome o;
	int code;

	if (a->timeout != NULL && !clock_parse_span(a->timeout, &limit_ms))
		return fail(EXIT_USAGE, "--timeout %s: not a time, such as 10m",
		    a->timeout);
	o = ask(&f);
	if ((a->given & OPT_FOLLOW) && o.status == 200)
		o = go_on(&f, o, limit_ms);
	code = finish(&f, &o);
	if ((a->given & OPT_FOLLOW) && code == EXIT_DONE)
		code = fail(EXIT_NO_DAEMON, "the daemon has stopped");
	json_decref(f.refusal);
	vec_free(&f.line);
	return code;
}
