/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/geoip.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/gate.h"
#include "report/text.h"
#include "state/state.h"

/* Why one is held, after "GeoIP database X is held: ". */
static const struct {
	const char *reason, *text;
} reasons[] = {
    {"fails", "the configuration fails with it"},
    {"alone", "the configuration works with it alone"},
    {"refused", "it was rolled back"},
    {"beside", "another database was rolled back"},
};

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static const json_t *
held_of(const json_t *entry)
{
	const json_t *held = json_object_get(entry, "held");

	return json_is_object(held) ? held : NULL;
}

static bool
is_same_sha(const json_t *a, const json_t *b)
{
	return strcmp(text_of(a, "sha256"), text_of(b, "sha256")) == 0;
}

/* Events ----------------------------------------------------------------- */

static void
tell_held(struct control *c, const json_t *entry, const json_t *held)
{
	const char *reason = text_of(held, "reason");
	struct text why = {0};

	text_add(&why, "it would move %.2f%%, geoip.max_move is %lld%%",
	    json_number_value(json_object_get(held, "most")),
	    (long long)json_integer_value(json_object_get(held, "max")));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(reasons[i].reason, reason) != 0)
			continue;
		text_fini(&why);
		text_add(&why, "%s", reasons[i].text);
	}
	event_put(c->events, LOG_LEVEL_WARNING, "geoip_held",
	    json_pack("{s:O, s:O}", "database",
		json_object_get(entry, "database"), "held", held),
	    "GeoIP database %s is held: %s", text_of(entry, "database"),
	    why.at);
	text_fini(&why);
}

static void
tell_accepted(struct control *c, const json_t *entry)
{
	char built[CLOCK_TEXT_MAX];

	clock_format(
	    built, json_integer_value(json_object_get(entry, "built")));
	event_put(c->events, LOG_LEVEL_INFO, "geoip",
	    json_pack("{s:O, s:O, s:O, s:O}", "database",
		json_object_get(entry, "database"), "sha256",
		json_object_get(entry, "sha256"), "built",
		json_object_get(entry, "built"), "by",
		json_object_get(entry, "by")),
	    "GeoIP database %s of %s is accepted: %s",
	    text_of(entry, "database"), built, text_of(entry, "by"));
}

static void
tell(struct control *c, const json_t *old, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		const json_t *before =
		    gate_entry(old, text_of(entry, "database"));
		const json_t *held = held_of(entry);
		const json_t *was = before != NULL ? held_of(before) : NULL;

		if (held != NULL && (was == NULL || !is_same_sha(held, was)))
			tell_held(c, entry, held);
		if (before == NULL || !is_same_sha(entry, before))
			tell_accepted(c, entry);
	}
}

/* The list --------------------------------------------------------------- */

bool
geoip_save(const char *folder, const json_t *before, json_t *entries,
    struct error *err)
{
	return json_equal(entries, before) ||
	    state_save(folder, "geoip", json_incref(entries), err);
}

void
geoip_adopt(struct control *c, json_t *entries)
{
	json_t *old = c->status.geoip;

	c->status.geoip = json_incref(entries);
	tell(c, old, entries);
	json_decref(old);
}

static bool
entry_read(const json_t *entry, void *arg)
{
	if (text_of(entry, "sha256")[0] == '\0' ||
	    text_of(entry, "database")[0] == '\0')
		return false;
	json_array_append_new(arg, json_deep_copy(entry));
	return true;
}

void
geoip_load(struct control *c, const struct snapshot *s)
{
	json_t *entries = json_array();
	struct error err = {""};

	c->status.geoip = json_array();
	if (!state_load(c->folder, "geoip", entry_read, c->status.geoip, &err))
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "the accepted GeoIP databases are lost, those in service "
		    "are accepted: %s",
		    err.text);
	if (s->conf->geoip_max_move > 0) {
		json_decref(entries);
		entries = json_deep_copy(c->status.geoip);
	}
	if ((s->conf->geoip_max_move > 0 &&
		!gate_begin(c->folder, entries, s, &err)) ||
	    !geoip_save(c->folder, c->status.geoip, entries, &err))
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "a restart would not know the accepted GeoIP databases: "
		    "%s",
		    err.text);
	else
		geoip_adopt(c, entries);
	gate_sweep(c->folder, c->status.geoip);
	json_decref(entries);
}

bool
geoip_is_open(const struct control *c)
{
	const struct conf *conf = c->status.snapshot->conf;

	for (size_t i = 0; i < conf->ndatabases; i++) {
		const struct conf_database *db = &conf->databases[i];
		const json_t *entry = gate_entry(c->status.geoip, db->path);

		if (db->file != NULL && (entry == NULL || !held_of(entry)))
			return true;
	}
	return false;
}

json_t *
geoip_held(const struct control *c)
{
	json_t *list = json_array();
	const json_t *entry;
	size_t i;

	json_array_foreach(c->status.geoip, i, entry)
	{
		if (held_of(entry) != NULL)
			json_array_append(
			    list, json_object_get(entry, "database"));
	}
	return list;
}

json_t *
geoip_report(const struct control *c)
{
	return json_pack("{s:O}", "databases", c->status.geoip);
}

/* The operator's word ---------------------------------------------------- */

struct word {
	struct control *control;
	enum geoip_word word;
	char *owner;
	json_t *seen; /* [entry]: those that are meant, as they were */
	struct job_asker by;
};

static void
word_free(struct word *w)
{
	json_decref(w->seen);
	free(w->owner);
	free(w);
}

static json_t *
word_read(struct word *w, const struct control *c, const json_t *body)
{
	const char *database = NULL;
	const json_t *entry;
	size_t i;

	if (json_unpack((json_t *)(uintptr_t)body, "{s?s !}", "database",
		&database) != 0)
		return text_error(EXIT_USAGE, "it has a database, or nothing");
	if (database != NULL && gate_entry(c->status.geoip, database) == NULL)
		return text_error(EXIT_NO_SUCH,
		    "%s is no database that is kept (geoip.max_move)",
		    database);
	json_array_foreach(c->status.geoip, i, entry)
	{
		if (database == NULL ||
		    strcmp(text_of(entry, "database"), database) == 0)
			json_array_append_new(w->seen, json_deep_copy(entry));
	}
	return NULL;
}

/* The reply to a reload, with what has become of the databases. */
static void
word_done(json_t *reply, void *arg)
{
	struct word *w = arg;
	const json_t *entry;
	bool held = false;
	size_t i;

	json_array_foreach(w->control->status.geoip, i, entry)
	{
		held |= held_of(entry) != NULL &&
		    strcmp(text_of(held_of(entry), "reason"), "refused") != 0;
	}
	if (json_object_get(reply, "error") == NULL) {
		json_object_set(reply, "databases", w->control->status.geoip);
		if (held)
			json_object_set_new(
			    reply, "exit", json_integer(EXIT_WRONG));
	}
	w->by.done(reply, w->by.arg);
	word_free(w);
}

static bool
entry_accept(json_t *entry, const char *owner)
{
	const json_t *held = held_of(entry);

	if (held == NULL)
		return false;
	json_object_set_new(entry, "accept",
	    json_pack("{s:s, s:o}", "sha256", text_of(held, "sha256"), "by",
		text_string(owner)));
	return true;
}

/* What is held is refused; where nothing is, the one before comes back. */
static bool
entry_roll_back(json_t *entry, const char *owner)
{
	const json_t *held = held_of(entry);
	json_t *before = json_object_get(entry, "before");
	json_t *refused = json_object_get(entry, "refused");
	json_t *now;

	if (held == NULL && !json_is_object(before))
		return false;
	json_array_append(
	    refused, json_object_get(held != NULL ? held : entry, "sha256"));
	if (held != NULL)
		return true;
	now =
	    json_pack("{s:O, s:O}", "sha256", json_object_get(entry, "sha256"),
		"built", json_object_get(entry, "built"));
	json_object_update(entry, before);
	json_object_set_new(entry, "before", now);
	json_object_set_new(
	    entry, "since", json_integer((json_int_t)clock_wall_s()));
	json_object_set_new(entry, "by", text_string(owner));
	return true;
}

/* What a word does to an entry that is meant; false: there is nothing to do. */
static const struct {
	const char *name;
	bool (*entry)(json_t *entry, const char *owner);
	const char *none;
} words[] = {
    [GEOIP_ACCEPT] = {"geoip accept", entry_accept, "no database is held"},
    [GEOIP_ROLLBACK] = {"geoip rollback", entry_roll_back,
	"no database is held, and no earlier database is kept"},
};

/* Is it what was seen when the word was said? */
static bool
is_as_seen(const json_t *entry, const json_t *seen)
{
	const json_t *held = held_of(entry), *then = held_of(seen);

	return entry != NULL && is_same_sha(entry, seen) &&
	    (held != NULL) == (then != NULL) &&
	    (held == NULL || is_same_sha(held, then));
}

/* Changes entries; NULL, or why there is nothing to change. */
static json_t *
word_apply(const struct word *w, json_t *entries)
{
	const json_t *seen;
	size_t i, n = 0;

	json_array_foreach(w->seen, i, seen)
	{
		const char *database = text_of(seen, "database");
		json_t *entry = gate_entry(entries, database);

		if (!is_as_seen(entry, seen))
			return text_error(EXIT_WRONG,
			    "the held database %s has changed meanwhile: nothing was done; see meridianctl geoip",
			    database);
		n += words[w->word].entry(entry, w->owner);
	}
	return n == 0 ? text_error(EXIT_WRONG, "%s", words[w->word].none)
		      : NULL;
}

/* Its turn has come. */
static json_t *
word_prepare(struct control *c, struct gate_job *job, void *arg)
{
	(void)c;
	return word_apply(arg, job->entries);
}

void
geoip_say(struct control *c, enum geoip_word word, const json_t *body,
    const struct job_asker *by)
{
	struct word *w = xcalloc(1, sizeof(*w));
	struct job_asker asker = {by->owner, by->pid, word_done, w};
	json_t *error, *trial = json_deep_copy(c->status.geoip);

	w->control = c;
	w->word = word;
	w->owner = xstrdup(by->owner);
	w->seen = json_array();
	w->by = *by;
	error = word_read(w, c, body);
	if (error == NULL)
		error = word_apply(w, trial);
	json_decref(trial);
	if (error != NULL)
		word_done(error, w);
	else
		reload_prepared(c, words[word].name, word_prepare, &asker);
}
