/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/commit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ctl/drain.h"
#include "ctl/monitor.h"
#include "state/state.h"
#include "state/writer.h"

/* The journal of signals is as long as this, and as twice all signals. */
enum { JOURNAL_LEAST = 256 << 10 };

#define ENDS \
	"the daemon is shutting down before this is known to be saved: check after its next start"

static const char disk[] = "disk";
static const char *const nouns[BATCH_FILES] =
    {[BATCH_DRAINS] = "drains", [BATCH_SIGNALS] = "signals"};

/* Changes in the order in which they were asked for. */
struct changes {
	struct change *first, **last;
};

struct commit {
	struct writer *writer;
	struct event *ready;
	struct journal journal;
	struct changes queued;   /* for the next batch, */
	struct changes saving;   /* in this one */
	bool dirty[BATCH_FILES]; /* the file is to be written */
	bool told[BATCH_FILES];  /* that it cannot be */
	size_t grown, whole;     /* octets of the journal, of signals.json */
	uint32_t begun_s;        /* monotonic, of this batch */
	bool slow;               /* which was told to take long */
	bool ended;
	uint64_t
	    end_ms; /* monotonic: then the end waits no longer; 0: no end yet */
};

static void
changes_init(struct changes *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void
changes_add(struct changes *l, struct change *change)
{
	change->next = NULL;
	*l->last = change;
	l->last = &change->next;
}

/* The first of a file, taken out; NULL: none. */
static struct change *
changes_take(struct changes *l, enum batch_file file)
{
	struct change **at = &l->first, *change;

	while (*at != NULL && (*at)->file != file)
		at = &(*at)->next;
	change = *at;
	if (change == NULL)
		return NULL;
	*at = change->next;
	if (change->next == NULL)
		l->last = at;
	return change;
}

static bool
changes_have(const struct changes *l, enum batch_file file)
{
	const struct change *change = l->first;

	while (change != NULL && change->file != file)
		change = change->next;
	return change != NULL;
}

static bool
wants_unsaved(const struct changes *l, enum batch_file file)
{
	const struct change *change = l->first;

	while (change != NULL && (change->file != file || !change->unsaved))
		change = change->next;
	return change != NULL;
}

/* Telling ---------------------------------------------------------------- */

static void
show_fault(struct control *c, const char *file, const char *text)
{
	if (c->status.faults == NULL)
		c->status.faults = json_object();
	json_object_set_new(c->status.faults, file, text_string(text));
}

void
commit_fault(struct control *c, const char *file, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	event_put(c->events, LOG_LEVEL_ERROR, "state",
	    json_pack("{s:s, s:b}", "file", file, "saved", 0), "%s", text);
	show_fault(c, file, text);
	free(text);
}

void
commit_mended(struct control *c, const char *file)
{
	json_object_del(c->status.faults, file);
}

/* A batch ---------------------------------------------------------------- */

static void
batch_add_signals(struct control *c, struct batch *b)
{
	struct commit *m = c->commit;
	bool whole =
	    m->dirty[BATCH_SIGNALS] || m->grown > JOURNAL_LEAST + 2 * m->whole;

	/* Lines from now on follow this file, even if it cannot be written: it
	 * may be there all the same. */
	c->signals_version += whole;
	if (changes_have(&m->saving, BATCH_SIGNALS))
		monitor_version(c, &b->lines);
	for (struct change *s = m->saving.first; s != NULL; s = s->next)
		if (s->file == BATCH_SIGNALS)
			text_add(&b->lines, "%s\n", s->record);
	m->grown += b->lines.len;
	if (!whole)
		return;
	state_begin(&b->signals, "signals");
	monitor_records(c, &b->signals);
	for (struct change *s = m->saving.first; s != NULL; s = s->next)
		if (s->file == BATCH_SIGNALS)
			state_add(&b->signals, s->record);
	state_end(&b->signals);
}

/* The next batch, unless there is one on its way or nothing to do. */
static void
commit_go(struct control *c)
{
	struct commit *m = c->commit;
	bool wants[BATCH_FILES], any = false;
	struct batch *b;

	if (writer_is_busy(m->writer))
		return;
	for (unsigned i = 0; i < BATCH_FILES; i++) {
		wants[i] = m->dirty[i] || changes_have(&m->queued, i);
		any |= wants[i];
	}
	if (!any)
		return;
	m->saving = m->queued;
	if (m->saving.first == NULL)
		changes_init(&m->saving);
	changes_init(&m->queued);
	b = batch_new(c->folder, &m->journal);
	for (unsigned i = 0; i < BATCH_FILES; i++)
		b->wants[i] = wants[i];
	if (wants[BATCH_DRAINS])
		state_drains(drain_wanted(c), &b->drains);
	if (wants[BATCH_SIGNALS])
		batch_add_signals(c, b);
	m->dirty[BATCH_DRAINS] = m->dirty[BATCH_SIGNALS] = false;
	m->begun_s = clock_mono_s();
	m->slow = false;
	writer_start(m->writer, b);
	if (writer_fd(m->writer) < 0)
		event_active(m->ready, EV_READ, 0);
}

static void
saved(struct control *c, enum batch_file file)
{
	struct commit *m = c->commit;

	if (m->told[file])
		event_put(c->events, LOG_LEVEL_INFO, "state",
		    json_pack("{s:s, s:b}", "file", nouns[file], "saved", 1),
		    "the %s are saved again", nouns[file]);
	m->told[file] = false;
	commit_mended(c, nouns[file]);
	if (file == BATCH_DRAINS && !m->dirty[file])
		drain_saved(c);
}

/* What is on disk may be anything between before and after. */
static void
not_saved(struct control *c, enum batch_file file, const char *why)
{
	struct commit *m = c->commit;

	m->dirty[file] = true;
	if (!m->told[file])
		commit_fault(c, nouns[file], "the %s cannot be saved: %s",
		    nouns[file], why);
	m->told[file] = true;
}

/* What came after a change that is refused was judged with it: it is refused
 * too. */
static void
end_changes(struct control *c, enum batch_file file, const char *why)
{
	struct commit *m = c->commit;
	bool refused = why != NULL &&
	    (m->ended || m->slow || changes_have(&m->saving, file));
	struct change *change;

	while ((change = changes_take(&m->saving, file)) != NULL)
		change->end(c, change, why);
	while (refused && (change = changes_take(&m->queued, file)) != NULL)
		change->end(c, change, why);
}

static void
end_file(struct control *c, const struct batch *b, enum batch_file file)
{
	if (b->ok[file])
		saved(c, file);
	else
		not_saved(c, file, b->err[file].text);
	end_changes(c, file, b->ok[file] ? NULL : b->err[file].text);
}

static void
commit_done(struct control *c, struct batch *b)
{
	struct commit *m = c->commit;

	m->slow = false;
	commit_mended(c, disk);
	if (b->whole) {
		m->grown = 0;
		m->whole = b->signals.len;
		if (!m->dirty[BATCH_SIGNALS])
			monitor_saved(c);
	}
	if (m->journal.removed || (b->signals.len > 0 && !b->whole))
		m->dirty[BATCH_SIGNALS] = true;
	m->journal.removed = false;
	for (unsigned i = 0; i < BATCH_FILES; i++)
		if (b->wants[i])
			end_file(c, b, i);
	batch_free(b);
}

static void
commit_ready(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	struct batch *b = writer_collect(c->commit->writer);

	(void)fd;
	(void)what;
	if (b == NULL)
		return;
	commit_done(c, b);
	/* What cannot be saved waits for commit_tick(). */
	if (c->commit->queued.first != NULL)
		commit_go(c);
}

json_t *
commit_refused(const struct control *c, const char *why)
{
	if (c->commit->ended)
		return text_error(EXIT_WRONG, "%s", why);
	return text_error(EXIT_WRONG,
	    "nothing is changed, because it cannot be saved: %s; --unsaved applies it until a restart",
	    why);
}

/* For others ------------------------------------------------------------- */

struct commit *
commit_new(struct control *c)
{
	struct commit *m = xcalloc(1, sizeof(*m));

	m->writer = writer_new(batch_write, 0);
	m->journal.fd = -1;
	changes_init(&m->queued);
	changes_init(&m->saving);
	m->ready = event_new(c->base, writer_fd(m->writer),
	    EV_READ | EV_PERSIST, commit_ready, c);
	if (writer_fd(m->writer) >= 0)
		event_add(m->ready, NULL);
	return m;
}

void
commit_free(struct commit *m)
{
	if (m == NULL)
		return;
	event_free(m->ready);
	if (writer_is_busy(m->writer))
		return;
	writer_free(m->writer);
	journal_fini(&m->journal);
	free(m);
}

void
commit_add(struct control *c, struct change *change)
{
	if (c->commit->ended) {
		change->unsaved = false;
		change->end(c, change, ENDS);
		return;
	}
	changes_add(&c->commit->queued, change);
	commit_go(c);
}

void
commit_drains(struct control *c)
{
	c->commit->dirty[BATCH_DRAINS] = true;
}

void
commit_signals(struct control *c)
{
	c->commit->dirty[BATCH_SIGNALS] = true;
}

void
commit_each(const struct control *c, enum batch_file file,
    void (*fn)(const struct change *change, void *arg), void *arg)
{
	const struct changes *lists[] = {
	    &c->commit->saving, &c->commit->queued};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct change *l = lists[i]->first; l != NULL;
		     l = l->next)
			if (l->file == file)
				fn(l, arg);
}

bool
commit_is_busy(const struct control *c)
{
	return writer_is_busy(c->commit->writer) ||
	    c->commit->queued.first != NULL;
}

/*
 * Who asked with --unsaved waits for the disk no longer; and then nobody does
 * who was judged with that, or was to come before it.
 */
static void
end_unsaved(struct control *c, enum batch_file file)
{
	struct commit *m = c->commit;
	char why[64];

	if (!wants_unsaved(&m->saving, file) &&
	    !wants_unsaved(&m->queued, file))
		return;
	snprintf(why, sizeof(why), "the disk has not answered for %u s",
	    clock_mono_s() - m->begun_s);
	m->dirty[file] = true;
	end_changes(c, file, why);
}

void
commit_tick(struct control *c)
{
	struct commit *m = c->commit;
	char text[4096];

	commit_go(c);
	if (!writer_is_busy(m->writer) ||
	    clock_mono_s() - m->begun_s < COMMIT_SLOW_S)
		return;
	snprintf(text, sizeof(text),
	    "the disk of %.3000s has not answered for %u s: changes wait for it, but for those with --unsaved",
	    c->folder, clock_mono_s() - m->begun_s);
	if (!m->slow)
		event_put(
		    c->events, LOG_LEVEL_WARNING, "state", NULL, "%s", text);
	show_fault(c, disk, text);
	m->slow = true;
	for (unsigned i = 0; i < BATCH_FILES; i++)
		end_unsaved(c, i);
}

int
commit_left_ms(struct control *c)
{
	uint64_t now = clock_mono_ms();

	if (c->commit->end_ms == 0)
		c->commit->end_ms = now + COMMIT_END_MS;
	return now < c->commit->end_ms ? (int)(c->commit->end_ms - now) : 0;
}

void
commit_finish(struct control *c, int ms)
{
	struct commit *m = c->commit;
	uint64_t end = clock_mono_ms() + (uint64_t)ms, now;
	struct batch *b;

	commit_go(c);
	while ((now = clock_mono_ms()) <= end &&
	    (b = writer_wait(m->writer, (int)(end - now))) != NULL) {
		commit_done(c, b);
		if (m->queued.first != NULL)
			commit_go(c);
	}
	m->ended = true;
	for (unsigned i = 0; i < BATCH_FILES; i++) {
		for (struct change *l = m->saving.first; l != NULL; l = l->next)
			l->unsaved = false;
		for (struct change *l = m->queued.first; l != NULL; l = l->next)
			l->unsaved = false;
		end_changes(c, i, ENDS);
	}
}
