/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/state.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/text.h"

enum { STATE_MAX = 64 << 20, STATE_VERSION = 1 };

static char *
state_path(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

/* {"version", kind: list}; takes list over. */
static bool
state_save(
    const char *folder, const char *kind, json_t *list, struct error *err)
{
	json_t *json =
	    json_pack("{s:i, s:o}", "version", STATE_VERSION, kind, list);
	struct text name = {0};
	char *path, *text;
	bool ok;

	text_add(&name, "%s.json", kind);
	path = state_path(folder, name.at);
	text = json_dumps(json, JSON_INDENT(1));
	ok = file_replace(path, text, strlen(text), err);
	free(text);
	free(path);
	text_fini(&name);
	json_decref(json);
	return ok;
}

static json_t *
drain_save(const struct drain *d)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:b}", "kind",
	    drain_kind_names[d->kind], "what", text_string(d->what), "owner",
	    text_string(d->owner), "reason", text_string(d->reason), "since",
	    (json_int_t)d->since, "until", (json_int_t)d->until, "at",
	    (json_int_t)d->at, "forced", d->forced);
}

bool
state_save_drains(
    const char *folder, const struct drains *drains, struct error *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < drains->all.n; i++)
		json_array_append_new(list, drain_save(drains->all.at[i]));
	return state_save(folder, "drains", list, err);
}

bool
state_save_health(
    const char *folder, const struct watches *watches, struct error *err)
{
	json_t *list = json_array();
	struct watch **all;
	size_t n;

	all = watches_all(watches, &n);
	for (size_t i = 0; i < n; i++) {
		const struct watch *w = all[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:s, s:I, s:I, s:I, s:o, s:I, s:I}", "key",
			text_string(w->key), "state",
			health_state_names[w->health.state], "failures",
			(json_int_t)w->health.failures, "successes",
			(json_int_t)w->health.successes, "since",
			(json_int_t)w->health.since, "last",
			text_string(w->last), "last_ms", (json_int_t)w->last_ms,
			"last_at", (json_int_t)w->last_at));
	}
	return state_save(folder, "health", list, err);
}

/* Loading ---------------------------------------------------------------- */

/* The file's list; each good entry of it is put by fn. */
static bool
state_read(const char *path, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, struct error *err)
{
	json_error_t wrong;
	json_t *json = NULL, *list, *entry;
	char *text = NULL;
	size_t len, i, bad = 0;
	bool ok = false;

	if (!file_read(path, STATE_MAX, &text, &len, err))
		return false;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &wrong);
	if (json == NULL) {
		error_set(err, "%s:%d:%d: %s", path, wrong.line, wrong.column,
		    wrong.text);
		goto out;
	}
	list = json_object_get(json, kind);
	if (json_integer_value(json_object_get(json, "version")) !=
		STATE_VERSION ||
	    !json_is_array(list)) {
		error_set(
		    err, "%s: no %s of version %d", path, kind, STATE_VERSION);
		goto out;
	}
	json_array_foreach(list, i, entry)
	{
		bad += !fn(entry, arg);
	}
	ok = bad == 0;
	if (!ok)
		error_set(err, "%s: %zu of %zu entries make no sense", path,
		    bad, json_array_size(list));
out:
	json_decref(json);
	free(text);
	return ok;
}

static bool
state_load(const char *folder, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, struct error *err)
{
	struct text name = {0};
	char *path, *bad;
	bool ok = true;

	text_add(&name, "%s.json", kind);
	path = state_path(folder, name.at);
	text_add(&name, ".bad");
	bad = state_path(folder, name.at);
	if (access(path, F_OK) == 0)
		ok = state_read(path, kind, fn, arg, err);
	if (!ok && rename(path, bad) == 0)
		error_prefix(err, "moved aside as %s", bad);
	text_fini(&name);
	free(path);
	free(bad);
	return ok;
}

static bool
drain_load(const json_t *entry, void *arg)
{
	struct drains *drains = arg;
	const char *kind = drain_kind_names[DRAIN_OUT], *what, *owner, *reason;
	json_int_t since, until, at = 0;
	struct drain *d;
	unsigned k = 0;
	int forced;

	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s?s, s:s, s:s, s:s, s:I, s:I, s?I, s:b}", "kind", &kind,
		"what", &what, "owner", &owner, "reason", &reason, "since",
		&since, "until", &until, "at", &at, "forced", &forced) != 0)
		return false;
	while (k < DRAIN_KIND_COUNT && strcmp(kind, drain_kind_names[k]) != 0)
		k++;
	if (k == DRAIN_KIND_COUNT || at < 0)
		return false;
	d = drain_new(what, owner, reason, since, until, forced, NULL);
	if (d == NULL)
		return false;
	d->kind = (enum drain_kind)k;
	d->at = at;
	drains_put(drains, d);
	return true;
}

bool
state_load_drains(const char *folder, struct drains *drains, struct error *err)
{
	return state_load(folder, "drains", drain_load, drains, err);
}

static struct watch *
watch_find(const struct watches *watches, const char *key)
{
	struct watch **all;
	size_t n;

	all = watches_all(watches, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i]->key, key) == 0)
			return all[i];
	return NULL;
}

static bool
health_load(const json_t *entry, void *arg)
{
	const char *key, *state, *last;
	json_int_t failures, successes, since, last_ms, last_at;
	struct watch *w;
	unsigned i = 0;

	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I}", "key", &key,
		"state", &state, "failures", &failures, "successes", &successes,
		"since", &since, "last", &last, "last_ms", &last_ms, "last_at",
		&last_at) != 0)
		return false;
	while (
	    i < HEALTH_STATE_COUNT && strcmp(state, health_state_names[i]) != 0)
		i++;
	if (i == HEALTH_STATE_COUNT || failures < 0 || successes < 0)
		return false;
	w = watch_find(arg, key);
	if (w == NULL)
		return true;
	if (i == HEALTH_DOWN ? successes >= w->monitor->rise
			     : failures >= w->monitor->fall)
		return false;
	w->health.state = (enum health_state)i;
	w->health.failures = (unsigned)failures;
	w->health.successes = (unsigned)successes;
	w->health.since = since;
	w->last_ms = (uint32_t)last_ms;
	w->last_at = last_at;
	snprintf(w->last, sizeof(w->last), "%s", last);
	return true;
}

bool
state_load_health(
    const char *folder, struct watches *watches, struct error *err)
{
	return state_load(folder, "health", health_load, watches, err);
}
