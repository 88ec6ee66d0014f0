/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "report/text.h"
#include "state/lease.h"
#include "state/writer.h"

enum { STATE_MAX = 64 << 20, STATE_VERSION = 1, SAVER_NICE = 10 };

#define FLAP_AGE_MAX_MS INT64_C(1000000000000000)

static char *
state_path(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

bool
state_write(const char *folder, const char *kind, const char *text, size_t len,
    struct error *err)
{
	struct text name = {0};
	char *path;
	bool ok;

	text_add(&name, "%s.json", kind);
	path = state_path(folder, name.at);
	ok = file_replace(path, text, len, err);
	free(path);
	text_fini(&name);
	return ok;
}

bool
state_save(
    const char *folder, const char *kind, json_t *list, struct error *err)
{
	json_t *json =
	    json_pack("{s:i, s:o}", "version", STATE_VERSION, kind, list);
	char *text = json_dumps(json, JSON_INDENT(1));
	bool ok = state_write(folder, kind, text, strlen(text), err);

	free(text);
	json_decref(json);
	return ok;
}

void
state_begin(struct text *t, const char *kind)
{
	text_add(t, "{\n \"version\": %d,\n \"%s\": [", STATE_VERSION, kind);
}

void
state_add(struct text *t, const char *record)
{
	text_add(t, "%s\n  %s", t->at[t->len - 1] == '[' ? "" : ",", record);
}

void
state_end(struct text *t)
{
	text_add(t, "\n ]\n}\n");
}

void
state_drains(const struct drains *drains, struct text *t)
{
	state_begin(t, "drains");
	for (size_t i = 0; i < drains->all.n; i++)
		state_add(t, lease_record(drains->all.at[i]));
	state_end(t);
}

/* A watch as it was; strings are copies. */
struct copy {
	struct watch watch;
	char *monitor, *text, *question;
	bool observe;
};

static json_t *
watch_save(const struct copy *c, const struct health_time *now)
{
	const struct watch *w = &c->watch;
	const struct health *h = &w->health;
	char address[ADDR_TEXT_MAX];

	return json_pack(
	    "{s:s, s:o, s:o, s:o, s:b, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, "
	    "s:I, s:I, s:o, s:I, s:I}",
	    "address", addr_format(address, &w->addr), "monitor",
	    text_string(c->monitor), "text", text_string(c->text), "question",
	    text_string(c->question), "observe", c->observe, "state",
	    health_state_names[h->state], "unproven", h->unproven, "failures",
	    (json_int_t)h->failures, "successes", (json_int_t)h->successes,
	    "slows", (json_int_t)h->slows, "quicks", (json_int_t)h->quicks,
	    "flaps", (json_int_t)h->flaps, "needed", (json_int_t)h->needed,
	    "flap_age_ms",
	    (json_int_t)(h->flaps > 0 ? now->mono_ms - h->flap_ms : 0), "since",
	    (json_int_t)h->since, "last", text_string(w->last), "last_ms",
	    (json_int_t)w->last_ms, "last_at", (json_int_t)w->last_at);
}

static struct health_time
time_now(void)
{
	return (struct health_time){clock_wall_s(), (int64_t)clock_mono_ms()};
}

struct copies {
	VEC(struct copy) all;
};

static void
copies_make(struct copies *c, const struct watches *watches)
{
	size_t n;
	struct watch **all = watches_all(watches, &n);

	vec_reserve(&c->all, n);
	for (size_t i = 0; i < n; i++) {
		const struct conf_monitor *m = all[i]->monitor;

		vec_push(&c->all,
		    ((struct copy){*all[i], xstrdup(m->name), xstrdup(m->text),
			xstrdup(m->question), m->observe}));
	}
}

static void
copies_free(struct copies *c)
{
	for (size_t i = 0; i < c->all.n; i++) {
		free(c->all.at[i].monitor);
		free(c->all.at[i].text);
		free(c->all.at[i].question);
	}
	vec_free(&c->all);
}

static bool
copies_save(const char *folder, const struct copies *c, struct error *err)
{
	struct health_time now = time_now();
	json_t *list = json_array();

	for (size_t i = 0; i < c->all.n; i++)
		json_array_append_new(list, watch_save(&c->all.at[i], &now));
	return state_save(folder, "health", list, err);
}

/* Beside main ------------------------------------------------------------ */

/* What is saved at once; the writer has it until it is collected. */
struct saving {
	char *folder;
	struct copies copies;
	json_t *failback;
	bool ok;
	struct error err;
};

struct saver {
	char *folder;
	struct writer *writer;
	struct saving saving;
};

static void
saving_write(void *arg)
{
	struct saving *s = arg;
	bool ok = copies_save(s->folder, &s->copies, &s->err);

	s->ok = state_save(
		    s->folder, "failback", s->failback, ok ? &s->err : NULL) &&
	    ok;
	copies_free(&s->copies);
}

struct saver *
saver_new(const char *folder)
{
	struct saver *s = xcalloc(1, sizeof(*s));

	s->folder = xstrdup(folder);
	s->writer = writer_new(saving_write, SAVER_NICE);
	return s;
}

void
saver_start(struct saver *s, const struct watches *watches, json_t *failback)
{
	s->saving = (struct saving){.folder = s->folder, .failback = failback};
	copies_make(&s->saving.copies, watches);
	writer_start(s->writer, &s->saving);
}

bool
saver_finish(struct saver *s, int ms, struct error *err)
{
	const struct saving *over = writer_wait(s->writer, ms);

	return over == NULL || over->ok || error_set(err, "%s", over->err.text);
}

bool
saver_is_busy(const struct saver *s)
{
	return writer_is_busy(s->writer);
}

/* What goes on is left behind. */
void
saver_free(struct saver *s)
{
	if (s == NULL || saver_is_busy(s))
		return;
	writer_free(s->writer);
	free(s->folder);
	free(s);
}

/* Owners ----------------------------------------------------------------- */

struct owner {
	uid_t uid;
	gid_t gid;
};

static bool give_folder(int fd, const struct owner *to, unsigned depth);

/* False: errno.  What has a second name may be somebody else's file, and a
 * symbolic link leads to one.  The owner of break-glass is who drained. */
static bool
give_file(int folder, const char *name, const struct owner *to, unsigned depth)
{
	struct stat st;
	bool ok = true;
	int fd;

	if (*name == '.' || strncmp(name, "break-glass", 11) == 0)
		return true;
	fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO;
	if (fstat(fd, &st) != 0)
		ok = false;
	else if (S_ISDIR(st.st_mode) && depth > 0)
		ok = give_folder(fd, to, depth - 1);
	else if (S_ISREG(st.st_mode) && st.st_nlink == 1)
		ok = fchown(fd, to->uid, to->gid) == 0;
	fd_close(&fd);
	return ok;
}

static bool
give_folder(int fd, const struct owner *to, unsigned depth)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy != -1 ? fdopendir(copy) : NULL;
	bool ok = dir != NULL && fchown(fd, to->uid, to->gid) == 0;
	const struct dirent *file;

	while (ok && (file = readdir(dir)) != NULL)
		ok = give_file(fd, file->d_name, to, depth);
	if (dir != NULL)
		closedir(dir);
	else
		fd_close(&copy);
	return ok;
}

bool
state_give(const char *folder, uid_t uid, gid_t gid, struct error *err)
{
	const struct owner to = {uid, gid};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd != -1 && give_folder(fd, &to, 1);

	if (!ok)
		error_set(err, "%s: its files cannot be given to user %u: %s",
		    folder, (unsigned)uid, strerror(errno));
	fd_close(&fd);
	return ok;
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
	size_t len, i, bad = 0, first = 0;
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
		if (!fn(entry, arg) && bad++ == 0)
			first = i + 1;
	}
	ok = bad == 0;
	if (!ok)
		error_set(err,
		    "%s: %zu of %zu entries cannot be understood, first "
		    "number %zu",
		    path, bad, json_array_size(list), first);
out:
	json_decref(json);
	free(text);
	return ok;
}

bool
state_can_read(const char *folder, const char *kind, struct error *err)
{
	struct text name = {0};
	char *path, *text;
	size_t len;
	bool ok = true;

	text_add(&name, "%s.json", kind);
	path = state_path(folder, name.at);
	if (file_may_exist(path)) {
		ok = file_read(path, STATE_MAX, &text, &len, err);
		if (ok)
			free(text);
	}
	text_fini(&name);
	free(path);
	return ok;
}

bool
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
	if (file_may_exist(path))
		ok = state_read(path, kind, fn, arg, err);
	if (!ok && rename(path, bad) == 0)
		error_prefix(err, "moved aside as %s", bad);
	text_fini(&name);
	free(path);
	free(bad);
	return ok;
}

bool
state_load_drains(const char *folder, struct drains *drains, struct error *err)
{
	return state_load(folder, "drains", lease_load, drains, err);
}

/* What was saved, as watches of monitors in the arena, and when it is too old.
 */
struct health_loader {
	struct watches *watches;
	struct arena *arena;
	int64_t keep_s;
	struct health_time now;
};

static bool
health_read(const json_t *entry, struct health *h, json_int_t *flap_age_ms)
{
	json_int_t failures, successes, slows = 0, quicks = 0, flaps = 0;
	json_int_t needed = 0, since;
	const char *state;
	unsigned i = 0;
	int unproven = 0;

	*flap_age_ms = 0;
	if (json_unpack((json_t *)(uintptr_t)entry,
		"{s:s, s:I, s:I, s:I, s?I, s?I, s?I, s?I, s?I, s?b}", "state",
		&state, "failures", &failures, "successes", &successes, "since",
		&since, "slows", &slows, "quicks", &quicks, "flaps", &flaps,
		"needed", &needed, "flap_age_ms", flap_age_ms, "unproven",
		&unproven) != 0)
		return false;
	while (
	    i < HEALTH_STATE_COUNT && strcmp(state, health_state_names[i]) != 0)
		i++;
	if (i == HEALTH_STATE_COUNT ||
	    (failures | successes | slows | quicks | flaps | needed) >> 31 !=
		0 ||
	    *flap_age_ms < 0 || *flap_age_ms > FLAP_AGE_MAX_MS)
		return false;
	*h = (struct health){.state = (enum health_state)i,
	    .unproven = unproven,
	    .failures = (unsigned)failures,
	    .successes = (unsigned)successes,
	    .slows = (unsigned)slows,
	    .quicks = (unsigned)quicks,
	    .flaps = (unsigned)flaps,
	    .needed = (unsigned)needed,
	    .since = since};
	return true;
}

/* A clock that was set back makes the age as uncertain as a long one.  Moments
 * are whole seconds: what is of this one is too old, too, when none is kept. */
static bool
is_too_old(const struct health_loader *l, int64_t at)
{
	return l->keep_s == 0 || at < l->now.wall_s - l->keep_s ||
	    at > l->now.wall_s + l->keep_s;
}

/* The watch that was saved; NULL: the entry says of no address or monitor. */
static struct watch *
watch_load(const json_t *entry, const struct health_loader *l)
{
	const char *address, *name, *text, *question;
	struct conf_monitor *m;
	struct addr a;
	int observe;

	if (json_unpack((json_t *)(uintptr_t)entry, "{s:s, s:s, s:s, s:s, s:b}",
		"address", &address, "monitor", &name, "text", &text,
		"question", &question, "observe", &observe) != 0 ||
	    !addr_parse(address, &a))
		return NULL;
	m = arena_array(l->arena, 1, sizeof(*m));
	m->name = arena_strdup(l->arena, name);
	m->text = arena_strdup(l->arena, text);
	m->question = arena_strdup(l->arena, question);
	m->observe = (unsigned)observe;
	return watches_get(l->watches, m, &a);
}

static bool
health_load(const json_t *entry, void *arg)
{
	const struct health_loader *l = arg;
	json_int_t last_ms, last_at, flap_age_ms;
	const char *last;
	struct health h;
	struct watch *w;

	/* Of a daemon that knew what was watched by another key. */
	if (json_object_get(entry, "key") != NULL)
		return true;
	if (json_unpack((json_t *)(uintptr_t)entry, "{s:s, s:I, s:I}", "last",
		&last, "last_ms", &last_ms, "last_at", &last_at) != 0 ||
	    !health_read(entry, &h, &flap_age_ms))
		return false;
	if (is_too_old(l, last_at))
		return true;
	w = watch_load(entry, l);
	if (w == NULL)
		return false;
	h.flap_ms =
	    l->now.mono_ms - flap_age_ms - 1000 * (l->now.wall_s - last_at);
	w->health = h;
	w->restored = true;
	w->answered =
	    !h.unproven && (h.state == HEALTH_UP || h.state == HEALTH_DEGRADED);
	w->last_ms = (uint32_t)last_ms;
	w->last_at = last_at;
	snprintf(w->last, sizeof(w->last), "%s", last);
	return true;
}

bool
state_load_health(const char *folder, struct watches *watches, int64_t keep_s,
    struct error *err)
{
	struct health_loader l = {
	    watches_new(), arena_new(), keep_s, time_now()};
	bool ok = state_load(folder, "health", health_load, &l, err);

	watches_inherit(watches, l.watches);
	watches_free(l.watches);
	arena_free(l.arena);
	return ok;
}
