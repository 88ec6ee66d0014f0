/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "report/tests.h"
#include "report/text.h"
#include "state/state.h"
#include "traffic/difference.h"

enum { DIFF_ROWS = 20 };

static const char copies[] = "geoip";
static const char suffix[] = ".mmdb";

/* Entries ---------------------------------------------------------------- */

json_t *
gate_entry(const json_t *entries, const char *database)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		const char *name =
		    json_string_value(json_object_get(entry, "database"));

		if (name != NULL && strcmp(name, database) == 0)
			return entry;
	}
	return NULL;
}

static const char *
sha_of(const json_t *object)
{
	const char *sha = json_string_value(json_object_get(object, "sha256"));

	return sha != NULL ? sha : "";
}

static bool
is_sha(const json_t *entry, const char *key, const char *sha)
{
	return strcmp(sha_of(json_object_get(entry, key)), sha) == 0;
}

static bool
is_refused(const json_t *entry, const char *sha)
{
	const json_t *refused = json_object_get(entry, "refused"), *other;
	size_t i;

	json_array_foreach(refused, i, other)
	{
		if (strcmp(json_string_value(other), sha) == 0)
			return true;
	}
	return false;
}

/* A database of a snapshot. */
struct version {
	const char *path;
	const struct mmdb *mmdb;
	char sha[DIGEST_TEXT_MAX];
};

static struct version
version_of(const struct snapshot *s, size_t i)
{
	struct version v;
	struct digest digest;
	const void *data;
	size_t len;

	v.mmdb = geo_database(s->geo, i, &v.path);
	data = mmdb_octets(v.mmdb, &len);
	digest_make(&digest, data, len);
	digest_format(v.sha, &digest);
	return v;
}

/* It is the accepted one from now on; what was is the one before. */
static void
entry_accept(json_t *entries, const struct version *v, const char *by)
{
	json_t *entry = gate_entry(entries, v->path), *before = NULL;

	if (entry == NULL) {
		entry = json_object();
		json_array_append_new(entries, entry);
	} else {
		before = json_pack("{s:O, s:O}", "sha256",
		    json_object_get(entry, "sha256"), "built",
		    json_object_get(entry, "built"));
	}
	json_object_set_new(entry, "database", text_string(v->path));
	json_object_set_new(entry, "sha256", json_string(v->sha));
	json_object_set_new(
	    entry, "built", json_integer((json_int_t)mmdb_build_time(v->mmdb)));
	json_object_set_new(
	    entry, "since", json_integer((json_int_t)clock_wall_s()));
	json_object_set_new(entry, "by", text_string(by));
	json_object_set_new(
	    entry, "before", before != NULL ? before : json_null());
	json_object_set_new(entry, "held", json_null());
	json_object_set_new(entry, "accept", json_null());
	json_object_set_new(entry, "refused", json_array());
}

/* Copies ----------------------------------------------------------------- */

static char *
copy_path(const char *folder, const char *sha)
{
	char *path;

	if (asprintf(&path, "%s/%s/%s%s", folder, copies, sha, suffix) < 0)
		abort();
	return path;
}

static bool
folder_make(const char *folder, struct error *err)
{
	char *path;
	bool ok;

	if (asprintf(&path, "%s/%s", folder, copies) < 0)
		abort();
	ok = mkdir(path, 0750) == 0 || errno == EEXIST ||
	    error_set(err, "%s: %s", path, strerror(errno));
	free(path);
	return ok;
}

static bool
copy_write(const char *folder, const struct version *v, struct error *err)
{
	char *path = copy_path(folder, v->sha);
	size_t len;
	const void *data = mmdb_octets(v->mmdb, &len);
	struct stat st;
	bool ok = stat(path, &st) == 0 && (size_t)st.st_size == len;

	ok = ok ||
	    (folder_make(folder, err) && file_replace(path, data, len, err));
	free(path);
	return ok;
}

static bool
is_kept(const json_t *entries, const char *sha)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		if (strcmp(sha_of(entry), sha) == 0 ||
		    is_sha(entry, "before", sha))
			return true;
	}
	return false;
}

void
gate_sweep(const char *folder, const json_t *entries)
{
	char *path, sha[DIGEST_TEXT_MAX];
	struct dirent *file;
	DIR *dir;

	if (asprintf(&path, "%s/%s", folder, copies) < 0)
		abort();
	dir = opendir(path);
	free(path);
	while (dir != NULL && (file = readdir(dir)) != NULL) {
		if (strlen(file->d_name) != 2 * DIGEST_SIZE + strlen(suffix))
			continue;
		snprintf(sha, sizeof(sha), "%.64s", file->d_name);
		if (!is_kept(entries, sha))
			unlinkat(dirfd(dir), file->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

/* The accepted instead of what is there ----------------------------------- */

struct swap {
	const char *folder; /* NULL: the configuration's */
	const json_t *entries;
	json_t *loaded; /* entries, when they are the swap's own */
	bool gated;     /* only when the configuration has max_move */
	char *last;
	unsigned swapped;
	struct diag *diag;
};

static bool
file_sha(const char *path, char sha[DIGEST_TEXT_MAX])
{
	struct error err;
	struct mmdb *m = mmdb_open(path, &err);
	struct digest digest;
	const void *data;
	size_t len;

	if (m == NULL)
		return false;
	data = mmdb_octets(m, &len);
	digest_make(&digest, data, len);
	digest_format(sha, &digest);
	mmdb_close(m);
	return true;
}

static bool
entry_read(const json_t *entry, void *arg)
{
	json_array_append_new(arg, json_deep_copy(entry));
	return sha_of(entry)[0] != '\0' &&
	    json_is_string(json_object_get(entry, "database"));
}

static void
swap_load(struct swap *w, const struct conf *conf)
{
	struct error err;

	if (w->folder != NULL)
		return;
	w->folder = conf->server.state;
	w->entries = w->loaded = json_array();
	state_load(w->folder, "geoip", entry_read, w->loaded, &err);
}

/* The accepted copy, when the file is another; NULL: the file. */
static const char *
swap_file(const struct conf *conf, size_t i, void *arg)
{
	const struct conf_database *db = &conf->databases[i];
	char sha[DIGEST_TEXT_MAX] = "";
	struct swap *w = arg;
	const json_t *entry;

	swap_load(w, conf);
	entry = gate_entry(w->entries, db->path);
	if (entry == NULL || (w->gated && conf->geoip_max_move == 0) ||
	    (file_sha(db->path, sha) && strcmp(sha, sha_of(entry)) == 0))
		return NULL;
	free(w->last);
	w->last = copy_path(w->folder, sha_of(entry));
	if (!file_sha(w->last, sha) || strcmp(sha, sha_of(entry)) != 0) {
		diag_warning(w->diag, &db->mark,
		    "%s: the accepted copy is gone or damaged: the file itself "
		    "is used",
		    w->last);
		return NULL;
	}
	w->swapped++;
	return w->last;
}

static void
swap_fini(struct swap *w)
{
	json_decref(w->loaded);
	free(w->last);
}

struct snapshot *
gate_build_first(const char *path, struct diag *d)
{
	struct swap w = {.gated = true, .diag = d};
	const struct build_swap swap = {swap_file, &w};
	struct snapshot *s = tests_build(path, NULL, &swap, d, NULL);

	swap_fini(&w);
	return s;
}

/* Judging ---------------------------------------------------------------- */

/* Those without an entry. */
static bool
accept_first(const char *folder, json_t *entries, const struct snapshot *s,
    struct error *err)
{
	for (size_t i = 0; i < geo_ndatabases(s->geo); i++) {
		struct version v = version_of(s, i);

		if (gate_entry(entries, v.path) != NULL)
			continue;
		if (!copy_write(folder, &v, err))
			return false;
		entry_accept(entries, &v, "the first one");
	}
	return true;
}

bool
gate_begin(const char *folder, json_t *entries, const struct snapshot *s,
    struct error *err)
{
	if (!accept_first(folder, entries, s, err))
		return false;
	for (size_t i = 0; i < geo_ndatabases(s->geo); i++) {
		struct version v = version_of(s, i);

		if (strcmp(sha_of(gate_entry(entries, v.path)), v.sha) == 0)
			continue;
		if (!copy_write(folder, &v, err))
			return false;
		entry_accept(entries, &v, "the accepted one was lost");
	}
	return true;
}

static const char *
accepted_by(const json_t *entry, const char *sha)
{
	const json_t *accept = json_object_get(entry, "accept");

	return strcmp(sha_of(accept), sha) == 0
	    ? json_string_value(json_object_get(accept, "by"))
	    : NULL;
}

/* The databases of the new snapshot that are not the accepted ones. */
struct changes {
	VEC(struct version) all;
	bool refused, accepted; /* all of them */
};

static void
changes_find(struct changes *c, json_t *entries, const struct snapshot *s)
{
	memset(c, 0, sizeof(*c));
	c->accepted = true;
	for (size_t i = 0; i < geo_ndatabases(s->geo); i++) {
		struct version v = version_of(s, i);
		json_t *entry = gate_entry(entries, v.path);

		if (entry == NULL)
			continue;
		if (strcmp(sha_of(entry), v.sha) == 0) {
			json_object_set_new(entry, "held", json_null());
			continue;
		}
		c->refused |= is_refused(entry, v.sha);
		c->accepted &= accepted_by(entry, v.sha) != NULL;
		vec_push(&c->all, v);
	}
}

static bool
accept_all(struct gate_job *j, const struct changes *c)
{
	const struct conf_mark mark = {.file = j->path};
	struct error err = {""};
	bool ok = accept_first(j->folder, j->entries, j->snapshot, &err);

	for (size_t i = 0; ok && i < c->all.n; i++) {
		const struct version *v = &c->all.at[i];
		const char *by =
		    accepted_by(gate_entry(j->entries, v->path), v->sha);

		ok = copy_write(j->folder, v, &err);
		if (ok)
			entry_accept(j->entries, v,
			    by != NULL ? by : "less than max_move");
	}
	return ok ||
	    diag_error(&j->diag, &mark,
		"a GeoIP database cannot be kept, so that it would be lost by "
		"a "
		"restart: %s",
		err.text);
}

/* details: what else is to be said of it. */
static void
hold(struct gate_job *j, const char *path, const char *sha, int64_t built,
    const char *reason, const json_t *details)
{
	json_t *entry = gate_entry(j->entries, path);
	json_t *old = json_object_get(entry, "held");
	json_t *held = json_pack("{s:s, s:I, s:I, s:s}", "sha256", sha, "built",
	    (json_int_t)built, "since",
	    strcmp(sha_of(old), sha) == 0
		? json_integer_value(json_object_get(old, "since"))
		: (json_int_t)clock_wall_s(),
	    "reason", reason);

	json_object_update(held, (json_t *)(uintptr_t)details);
	json_object_set_new(entry, "held", held);
	json_object_set_new(entry, "accept", json_null());
}

/* Of several that are new, one that was refused holds the others, too. */
static void
hold_all(struct gate_job *j, const struct changes *c, const char *reason,
    const json_t *details)
{
	for (size_t i = 0; i < c->all.n; i++) {
		const struct version *v = &c->all.at[i];
		bool is_beside = strcmp(reason, "refused") == 0 &&
		    !is_refused(gate_entry(j->entries, v->path), v->sha);

		hold(j, v->path, v->sha, mmdb_build_time(v->mmdb),
		    is_beside ? "beside" : reason, details);
	}
}

/* The same configuration with what is accepted. */
static struct snapshot *
build_accepted(struct gate_job *j, struct diag *d, unsigned *swapped)
{
	struct swap w = {.folder = j->folder, .entries = j->entries, .diag = d};
	const struct build_swap swap = {swap_file, &w};
	struct snapshot *s = tests_build(j->path, &j->stages, &swap, d, NULL);

	*swapped = w.swapped;
	swap_fini(&w);
	return s;
}

/* Of each list the first ones: it is kept, and told each time. */
static json_t *
short_diff(struct compared *c)
{
	json_t *diff = compare_json(c), *list;
	const char *key;

	json_object_foreach(diff, key, list)
	{
		while (json_array_size(list) > DIFF_ROWS)
			json_array_remove(list, json_array_size(list) - 1);
	}
	return diff;
}

/* How much the new ones move; details are of it. */
static double
judge(const struct gate_job *j, const struct snapshot *accepted,
    const struct snapshot *next, json_t **details)
{
	struct traffic t = {.minutes = 1};
	struct compared c;
	double most;

	if (j->now != NULL)
		t = traffic_translate(&j->traffic, j->now, accepted);
	compare_find(&c, accepted, next, &t);
	most = compare_most(&c);
	json_decref(*details);
	*details = json_pack("{s:f, s:i, s:o}", "most", most, "max",
	    (int)next->conf->geoip_max_move, "diff", short_diff(&c));
	compare_fini(&c);
	traffic_fini(&t);
	return most;
}

/* d, which tells of s, takes the place of the job's. */
static void
take(struct gate_job *j, struct snapshot *s, struct diag *d)
{
	snapshot_free(j->snapshot);
	j->snapshot = s;
	diag_fini(&j->diag);
	j->diag = *d;
}

/* Whether they may come in; reason and details: why not.  Else accepted is the
 * snapshot to go on with, NULL when there is none. */
static bool
may_pass(struct gate_job *j, const struct changes *c,
    struct snapshot **accepted, const char **reason, json_t **details)
{
	const struct conf_mark mark = {.file = j->path};
	unsigned max = j->snapshot->conf->geoip_max_move, swapped;
	struct diag d;

	*reason = c->refused ? "refused" : "moves";
	if (c->all.n == 0 || c->accepted)
		return true;
	diag_init(&d);
	*accepted = build_accepted(j, &d, &swapped);
	if (*accepted == NULL) {
		*reason = "alone";
		diag_error(&d, &mark,
		    "with the accepted GeoIP databases this fails, and the new "
		    "ones are held");
	} else if (!c->refused &&
	    judge(j, *accepted, j->snapshot, details) <= max) {
		diag_fini(&d);
		return true;
	}
	diag_fini(&j->diag);
	j->diag = d;
	return false;
}

/* All that the configuration needs is there: may its databases come in? */
static void
gate_pass(struct gate_job *j)
{
	struct snapshot *accepted = NULL, *next = j->snapshot;
	json_t *details = json_object();
	const char *reason;
	struct changes c;

	changes_find(&c, j->entries, next);
	if (!may_pass(j, &c, &accepted, &reason, &details)) {
		hold_all(j, &c, reason, details);
		j->snapshot = accepted;
		accepted = next;
	} else if (!accept_all(j, &c)) {
		j->snapshot = NULL;
		snapshot_free(next);
	}
	snapshot_free(accepted);
	json_decref(details);
	vec_free(&c.all);
}

/* Nothing can be built of what is there: is that the databases' fault? */
static void
gate_fall_back(struct gate_job *j)
{
	struct snapshot *s;
	unsigned swapped;
	struct diag d;
	char *text;

	diag_init(&d);
	s = build_accepted(j, &d, &swapped);
	if (s == NULL || swapped == 0 || s->conf->geoip_max_move == 0) {
		snapshot_free(s);
		diag_fini(&d);
		return;
	}
	text = diag_text(&j->diag);
	for (size_t i = 0; i < s->conf->ndatabases; i++) {
		const struct conf_database *db = &s->conf->databases[i];
		char sha[DIGEST_TEXT_MAX] = "";
		json_t *details = json_pack("{s:o}", "text", text_string(text));

		if (db->file != NULL) {
			file_sha(db->path, sha);
			hold(j, db->path, sha, 0, "fails", details);
		}
		json_decref(details);
	}
	free(text);
	take(j, s, &d);
}

void
gate_build(struct gate_job *j)
{
	j->snapshot =
	    tests_build(j->path, &j->stages, NULL, &j->diag, j->tests);
	if (j->snapshot == NULL) {
		if (json_array_size(j->entries) > 0)
			gate_fall_back(j);
	} else if (j->snapshot->conf->geoip_max_move > 0) {
		gate_pass(j);
	} else {
		json_array_clear(j->entries);
	}
}
