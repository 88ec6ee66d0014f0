/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "ctl/commit.h"
#include "probe/probe.h"
#include "report/text.h"
#include "state/state.h"
#include "state/what.h"

static const char *const values[] = {"down", "up"};

/* State ------------------------------------------------------------------ */

/* As the state folder has it. */
static char *
signal_record(const struct signal *s)
{
	char addr[ADDR_TEXT_MAX], *record;
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I}", "monitor",
	    s->monitor, "address",
	    s->addr.family != 0 ? addr_format(addr, &s->addr) : "", "value",
	    values[s->up], "owner", text_string(s->owner), "since",
	    (json_int_t)s->since, "until", (json_int_t)s->until);

	record = number_json(json, JSON_COMPACT);
	json_decref(json);
	return record;
}

/* Those on their way are from a moment before: a step is told once a second. */
void
monitor_set_clock(struct control *c, int64_t step_s)
{
	signals_set_clock(&c->signals, step_s);
	for (size_t i = 0; i < c->signals.all.n; i++) {
		struct signal *s = c->signals.all.at[i];

		free(s->record);
		s->record = signal_record(s);
	}
	commit_signals(c);
}

static char *
version_record(const struct control *c)
{
	char *record;

	if (asprintf(&record, "{\"version\":%lld}",
		(long long)c->signals_version) < 0)
		abort();
	return record;
}

void
monitor_version(const struct control *c, struct text *t)
{
	char *record = version_record(c);

	text_add(t, "%s\n", record);
	free(record);
}

void
monitor_records(struct control *c, struct text *t)
{
	char *record = version_record(c);

	state_add(t, record);
	free(record);
	signals_expire(&c->signals);
	for (size_t i = 0; i < c->signals.all.n; i++)
		state_add(t, c->signals.all.at[i]->record);
}

struct loader {
	struct signals *signals;
	int64_t file; /* the version of signals.json, */
	int64_t line; /* and what the lines of the journal follow */
};

/* A clock that was set back makes none last longer than was asked for. */
static bool
load_signal(const json_t *entry, struct signals *signals)
{
	const char *monitor, *address, *value, *owner;
	json_int_t since, until;
	int64_t now = clock_wall_s();
	struct addr addr = {.family = 0};
	struct signal *s;

	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s:s, s:s, s:s, s:s, s:I, s:I}", "monitor", &monitor,
		"address", &address, "value", &value, "owner", &owner, "since",
		&since, "until", &until) != 0 ||
	    (*address != '\0' && !addr_parse(address, &addr)) ||
	    (strcmp(value, values[0]) != 0 && strcmp(value, values[1]) != 0) ||
	    since < 0 || until < since ||
	    until - since > SIGNAL_DAYS_MAX * 86400)
		return false;
	if (until <= now)
		return true;
	s = signal_new(monitor, &addr, strcmp(value, values[1]) == 0, owner,
	    (uint64_t)(until - (now > since ? now : since)));
	s->since = since;
	s->record = signal_record(s);
	signal_free(signals_put(signals, s));
	return true;
}

static bool
is_version(const json_t *entry, int64_t *version)
{
	const json_t *number = json_object_get(entry, "version");

	if (!json_is_integer(number))
		return false;
	*version = json_integer_value(number);
	return true;
}

static bool
load_entry(const json_t *entry, void *arg)
{
	struct loader *l = arg;

	return is_version(entry, &l->file) || load_signal(entry, l->signals);
}

/* What is older than the file is in it, or was replaced since: a crash, or an
 * error, may have left the journal behind. */
static bool
load_line(const json_t *entry, void *arg)
{
	struct loader *l = arg;

	return is_version(entry, &l->line) || l->line < l->file ||
	    load_signal(entry, l->signals);
}

/* What the journal says is in the file from the next batch on. */
bool
monitor_load(struct control *c, struct error *err)
{
	struct loader l = {.signals = &c->signals};
	size_t len;
	bool ok = state_load(c->folder, "signals", load_entry, &l, err);

	ok = journal_load(
		 c->folder, "signals", load_line, &l, &len, ok ? err : NULL) &&
	    ok;
	c->signals_version = l.line > l.file ? l.line : l.file;
	if (!ok || len > 0)
		commit_signals(c);
	return ok;
}

/* The command ------------------------------------------------------------ */

/* What it goes to: the monitor's name, and the address after it. */
struct asked {
	char monitor[64]; /* longer ones are refused by the schema */
	struct addr addr;
	bool up;
	json_int_t for_s;
	int unsaved;
};

static json_t *
asked_read(struct asked *a, const json_t *body)
{
	const char *what, *value, *slash;
	size_t len;

	a->unsaved = 0;
	if (json_unpack((json_t *)(uintptr_t)body, "{s:s, s:s, s:I, s?b !}",
		"what", &what, "value", &value, "for_s", &a->for_s, "unsaved",
		&a->unsaved) != 0)
		return text_error(EXIT_USAGE,
		    "a signal takes \"what\", \"value\", \"for_s\" and optionally \"unsaved\"");
	a->up = strcmp(value, values[1]) == 0;
	if (!a->up && strcmp(value, values[0]) != 0)
		return text_error(
		    EXIT_USAGE, "%s: a signal is up or down", value);
	if (a->for_s < 1 || a->for_s > SIGNAL_DAYS_MAX * 86400)
		return text_error(EXIT_USAGE,
		    "a signal holds for 1 s to %d days", SIGNAL_DAYS_MAX);
	slash = strchr(what, '/');
	len = slash != NULL ? (size_t)(slash - what) : strlen(what);
	if (len >= sizeof(a->monitor))
		return text_error(EXIT_NO_SUCH, "there is no monitor %s", what);
	memcpy(a->monitor, what, len);
	a->monitor[len] = '\0';
	a->addr.family = 0;
	if (slash != NULL && !addr_parse(slash + 1, &a->addr))
		return text_error(EXIT_USAGE, "%s: not an address", slash + 1);
	return NULL;
}

static json_t *
monitor_fail(const struct conf *conf, const char *name)
{
	const char **names = xcalloc(conf->nmonitors, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < conf->nmonitors; i++)
		if (conf->monitors[i].type == CONF_MONITOR_EXTERNAL)
			names[n++] = conf->monitors[i].name;
	near = diag_nearest(name, names, n);
	free(names);
	return text_error(EXIT_NO_SUCH,
	    "there is no monitor %s of type external%s%s%s", name,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

static bool
is_heard_by(const struct asked *a, const struct watch *w)
{
	return w->monitor->type == CONF_MONITOR_EXTERNAL &&
	    strcmp(w->monitor->name, a->monitor) == 0;
}

/* NULL: there is none of that name and of type external. */
static const struct conf_monitor *
heard_monitor(const struct control *c, const struct asked *a)
{
	const struct conf *conf = c->status.snapshot->conf;

	for (size_t i = 0; i < conf->nmonitors; i++)
		if (conf->monitors[i].type == CONF_MONITOR_EXTERNAL &&
		    strcmp(conf->monitors[i].name, a->monitor) == 0)
			return &conf->monitors[i];
	return NULL;
}

static json_t *
asked_check(const struct control *c, const struct asked *a)
{
	const struct conf_monitor *m = heard_monitor(c, a);
	char addr[ADDR_TEXT_MAX];

	if (m == NULL)
		return monitor_fail(c->status.snapshot->conf, a->monitor);
	if (a->addr.family != 0 &&
	    watches_find_at(c->watches, m, &a->addr) == NULL)
		return text_error(EXIT_NO_SUCH,
		    "monitor %s has no target at %s", a->monitor,
		    addr_format(addr, &a->addr));
	return NULL;
}

/* Calls fn for each watch that hears it. */
static size_t
each_heard(
    const struct control *c, const struct asked *a, void (*fn)(struct watch *))
{
	const struct conf_monitor *m;
	struct watch **all, *w;
	size_t n, heard = 0;

	if (a->addr.family != 0) {
		m = heard_monitor(c, a);
		w = m != NULL ? watches_find_at(c->watches, m, &a->addr) : NULL;
		if (w != NULL && fn != NULL)
			fn(w);
		return w != NULL;
	}
	all = watches_all(c->watches, &n);
	for (size_t i = 0; i < n; i++) {
		if (!is_heard_by(a, all[i]))
			continue;
		heard++;
		if (fn != NULL)
			fn(all[i]);
	}
	return heard;
}

/* One that is to be believed once it is on disk. */
struct signal_change {
	struct change change; /* first */
	struct asked asked;
	struct signal *signal;
	reply_fn *done;
	void *arg;
};

/* A watch never goes while its signal is looked at: nothing is bound anew. */
static json_t *
signal_believe(struct control *c, struct signal_change *l)
{
	char span[CLOCK_TEXT_MAX], addr[ADDR_TEXT_MAX] = "";
	const struct asked *a = &l->asked;
	const struct signal *s = l->signal;

	signal_free(signals_put(&c->signals, l->signal));
	if (a->addr.family != 0)
		addr_format(addr, &a->addr);
	event_put(c->events, s->unsaved ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
	    "signal",
	    json_pack("{s:s, s:s, s:s, s:o, s:I, s:b}", "monitor", a->monitor,
		"address", addr, "value", values[a->up], "owner",
		text_string(s->owner), "until", (json_int_t)s->until, "unsaved",
		s->unsaved),
	    "signal %s%s%s: %s for %s by %s%s", a->monitor,
	    *addr != '\0' ? "/" : "", addr, values[a->up],
	    clock_format_span(span, (uint64_t)a->for_s * 1000), s->owner,
	    s->unsaved ? "; not saved, a restart loses it" : "");
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "monitor",
	    a->monitor, "address", addr, "value", values[a->up], "until",
	    (json_int_t)s->until, "targets",
	    (json_int_t)each_heard(c, a, prober_now), "unsaved", s->unsaved);
}

static void
signal_end(struct control *c, struct change *change, const char *why)
{
	struct signal_change *l = (struct signal_change *)change;
	json_t *reply;

	l->signal->unsaved = why != NULL;
	if (why == NULL || change->unsaved) {
		reply = signal_believe(c, l);
	} else {
		signal_free(l->signal);
		reply = commit_refused(c, why);
	}
	l->done(reply, l->arg);
	free(l);
}

void
monitor_signal(struct control *c, const json_t *body, const char *owner,
    reply_fn *done, void *arg)
{
	struct signal_change *l;
	struct asked a;
	json_t *error = asked_read(&a, body);

	if (error == NULL)
		error = asked_check(c, &a);
	if (error != NULL) {
		done(error, arg);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	l->asked = a;
	l->signal =
	    signal_new(a.monitor, &a.addr, a.up, owner, (uint64_t)a.for_s);
	l->signal->record = signal_record(l->signal);
	l->done = done;
	l->arg = arg;
	l->change = (struct change){.file = BATCH_SIGNALS,
	    .unsaved = a.unsaved,
	    .record = l->signal->record,
	    .end = signal_end};
	commit_add(c, &l->change);
}

/* They are all in the file. */
void
monitor_saved(struct control *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->signals.all.n; i++) {
		n += c->signals.all.at[i]->unsaved;
		c->signals.all.at[i]->unsaved = false;
	}
	if (n > 0)
		event_put(c->events, LOG_LEVEL_WARNING, "saved",
		    json_pack("{s:I}", "changes", (json_int_t)n),
		    "%zu unsaved signal%s %s saved now", n, text_plural(n),
		    n == 1 ? "is" : "are");
}

/* Probes now ------------------------------------------------------------- */

struct
try {
	struct watch watch; /* first; its own: nothing of it is believed */
	struct probe *probe;
	struct tries *of;
	const struct use *use;
	json_t *said; /* NULL: not yet */
};

/* One request.  What it points to is of the snapshot in service. */
struct tries {
	struct tries *next;
	struct control *control;
	char *what;
	VEC(struct try *) all;
	size_t left;
	monitor_done *done;
	void *arg;
};

static void
tries_end(struct tries *t, json_t *reply)
{
	struct tries **at = &t->control->tries;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->done(reply, t->arg);
	for (size_t i = 0; i < t->all.n; i++) {
		struct try *try = t->all.at[i];

		if (try->probe != NULL)
			probe_cancel(try->probe);
		json_decref(try->said);
		free(try);
	}
	vec_free(&t->all);
	free(t->what);
	free(t);
}

static void
tries_reply(struct tries *t)
{
	json_t *probes = json_array();
	bool ok = true;

	for (size_t i = 0; i < t->all.n; i++) {
		json_t *said = t->all.at[i]->said;

		ok = ok && json_is_true(json_object_get(said, "ok"));
		json_array_append(probes, said);
	}
	tries_end(t,
	    json_pack("{s:o, s:b, s:o, s:i}", "what", text_string(t->what),
		"ok", ok, "probes", probes, "exit",
		ok ? EXIT_DONE : EXIT_WRONG));
}

static const struct pool_target *
target_of(const struct control *c, const struct use *use)
{
	const struct pool *p = &c->status.snapshot->pools[use->pool];

	return &p->regions[use->region].targets[use->target];
}

static void
try_done(struct watch *w, const struct verdict *v, void *arg)
{
	struct try *try = arg;
	struct tries *t = try->of;
	const struct conf_monitor *m = w->monitor;
	char addr[ADDR_TEXT_MAX];

	try->probe = NULL;
	try->said = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:s}",
	    "target", target_of(t->control, try->use)->conf->label, "address",
	    addr_format(addr, &w->addr), "monitor", m->name, "type",
	    conf_monitor_types[m->type], "ok",
	    v->counted ? json_boolean(v->ok) : json_null(), "reason",
	    v->counted ? v->reason : "not probed", "detail",
	    text_string(w->last), "duration_ms", (json_int_t)w->last_ms,
	    "believed", health_state_names[try->use->watch->health.state]);
	if (--t->left == 0)
		tries_reply(t);
}

/* "www/eu" and "www/eu/192.0.2.10". */
static bool
is_asked(const struct control *c, const struct use *use, const char *what)
{
	const struct snapshot *s = c->status.snapshot;
	const struct pool *p = &s->pools[use->pool];
	uint16_t region = p->regions[use->region].region;
	struct text t = {0};
	bool is;

	text_add(&t, "%s/%s", p->conf->name, s->conf->regions[region].name);
	is = strcmp(t.at, what) == 0;
	text_add(&t, "/%s", target_of(c, use)->conf->label);
	is = is || strcmp(t.at, what) == 0;
	text_fini(&t);
	return is;
}

/* As they are declared. */
static int
try_compare(const void *a, const void *b)
{
	const struct try *x = *(struct try *const *)a;
	const struct try *y = *(struct try *const *)b;
	int c = x->use->target - y->use->target;

	if (c == 0)
		c = x->watch.addr.family - y->watch.addr.family;
	if (c == 0)
		c = strcmp(x->watch.monitor->name, y->watch.monitor->name);
	return c;
}

static void
tries_find(struct tries *t)
{
	const struct control *c = t->control;

	for (size_t i = 0; i < c->uses.n; i++) {
		const struct use *use = &c->uses.at[i];
		struct try *try;

		if (!is_asked(c, use, t->what))
			continue;
		try = xcalloc(1, sizeof(*try));
		try->of = t;
		try->use = use;
		try->watch.addr = use->watch->addr;
		try->watch.monitor = use->watch->monitor;
		vec_push(&t->all, try);
	}
	if (t->all.n > 0)
		qsort(t->all.at, t->all.n, sizeof(*t->all.at), try_compare);
	t->left = t->all.n;
}

static void
tries_begin(struct tries *t)
{
	for (size_t i = 0; i < t->all.n; i++) {
		struct try *try = t->all.at[i];

		try->probe =
		    prober_once(t->control->prober, &try->watch, try_done, try);
	}
}

static json_t *
probe_refuse(const struct control *c, const char *what)
{
	json_t *unknown = what_unknown(c->status.snapshot->conf, what);

	if (unknown != NULL)
		return unknown;
	if (strchr(what, '/') == NULL)
		return text_error(EXIT_USAGE,
		    "%s: a region of a pool is probed (POOL/REGION), or a "
		    "target of it (POOL/REGION/TARGET)",
		    what);
	return NULL;
}

void
monitor_probe(
    struct control *c, const json_t *body, monitor_done *done, void *arg)
{
	const char *what;
	struct tries *t;
	json_t *error;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s !}", "what", &what))
		error = text_error(EXIT_USAGE, "a probe has what");
	else
		error = probe_refuse(c, what);
	if (error != NULL) {
		done(error, arg);
		return;
	}
	t = xcalloc(1, sizeof(*t));
	*t = (struct tries){.next = c->tries,
	    .control = c,
	    .what = xstrdup(what),
	    .done = done,
	    .arg = arg};
	c->tries = t;
	tries_find(t);
	if (t->all.n == 0)
		tries_end(t, text_error(EXIT_WRONG, "%s has no monitor", what));
	else if (t->all.n > MONITOR_TRIES_MAX)
		tries_end(t,
		    text_error(EXIT_WRONG,
			"%s has more than %d probes: name one target", what,
			MONITOR_TRIES_MAX));
	else
		tries_begin(t);
}

void
monitor_cancel(struct control *c, const char *why)
{
	while (c->tries != NULL)
		tries_end(c->tries, text_error(EXIT_WRONG, "%s", why));
}
