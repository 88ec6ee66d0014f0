/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/glass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/user.h"
#include "ctl/drain.h"
#include "input/bom.h"
#include "input/input.h"
#include "report/text.h"

enum { GLASS_MAX = 64 << 10 };

/* The file while it is taken, until all that it says is saved. */
struct glass {
	struct control *control;
	char *path;
	int fd;
	off_t at; /* what was read of it */
	char owner[USER_NAME_MAX];
	unsigned line, taken, wrong;
	size_t waiting; /* for the replies to so many lines, and the reader */
	bool renamed;
};

/* A line that is being saved. */
struct glass_line {
	struct glass *glass;
	unsigned line;
};

static void glass_fail(struct glass *g, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* line 0: all of it. */
static void
glass_fail(struct glass *g, unsigned line, const char *fmt, ...)
{
	char number[16] = "";
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	g->wrong++;
	if (line > 0)
		snprintf(number, sizeof(number), ":%u", line);
	event_put(g->control->events, LOG_LEVEL_ERROR, "break_glass",
	    json_pack("{s:s, s:I, s:s}", "file", g->path, "line",
		(json_int_t)line, "owner", g->owner),
	    "%s%s: %s", g->path, number, err.text);
}

static void glass_over(struct glass *g);

static void
line_done(json_t *reply, void *arg)
{
	struct glass_line *l = arg;
	struct glass *g = l->glass;
	const char *error = json_string_value(json_object_get(reply, "error"));

	if (error != NULL)
		glass_fail(g, l->line, "%s", error);
	else
		g->taken++;
	json_decref(reply);
	free(l);
	glass_over(g);
}

/* ms is 0: until cancelled.  In an emergency it holds unsaved, too. */
static void
glass_drain(struct glass *g, const char *what, uint64_t ms, const char *reason)
{
	json_t *body =
	    json_pack("{s:o, s:o, s:b, s:b}", "what", text_string(what),
		"reason", text_string(reason), "force", 1, "unsaved", 1);
	struct glass_line *l = xcalloc(1, sizeof(*l));

	*l = (struct glass_line){g, g->line};
	if (ms == 0)
		json_object_set_new(body, "until_cancelled", json_true());
	else
		json_object_set_new(
		    body, "for_s", json_integer((json_int_t)(ms / 1000)));
	g->waiting++;
	drain_begin(g->control, DRAIN_OUT, body, g->owner, line_done, l);
	json_decref(body);
}

static void
glass_line(struct glass *g, char *line)
{
	static const char blank[] = " \t\r";
	size_t len = strlen(line);
	char *rest = NULL;
	const char *what, *span;
	uint64_t ms = 0;

	while (len > 0 && strchr(blank, line[len - 1]) != NULL)
		line[--len] = '\0';
	what = strtok_r(line, blank, &rest);
	span = strtok_r(NULL, blank, &rest);
	g->line++;
	if (what == NULL || *what == '#')
		return;
	if (bom_find(what, strlen(what)) != NULL) {
		glass_fail(g, g->line,
		    "a byte order mark (U+FEFF) within the file: delete it");
		return;
	}
	if (span == NULL)
		glass_fail(g, g->line,
		    "no drain: WHAT TIME REASON, such as "
		    "\"eu 30m core switch\"");
	else if (strcmp(span, "until-cancelled") != 0 &&
	    (!clock_parse_span(span, &ms) || ms < 1000))
		glass_fail(g, g->line,
		    "%s: not a time of at least 1s, such as 30m, nor "
		    "until-cancelled",
		    span);
	else
		glass_drain(g, what, ms, rest + strspn(rest, blank));
}

static void
glass_lines(struct glass *g, char *text, size_t n)
{
	char *rest = NULL, *line;
	const char *odd = text;

	text[n] = '\0';
	while ((odd = input_control(odd, n - (size_t)(odd - text))) != NULL)
		text[odd - text] = '?';
	for (line = text; line != NULL; line = rest) {
		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		if (rest != NULL || *line != '\0')
			glass_line(g, line);
	}
}

/* What there is from at on, line by line. */
static void
glass_read(struct glass *g)
{
	char *text = xmalloc(GLASS_MAX + 1);
	ssize_t n = pread(g->fd, text, GLASS_MAX, g->at);
	const char *encoding = NULL;
	size_t skip = 0;

	if (n > 0 && g->at == 0) {
		encoding = bom_encoding(text, (size_t)n);
		skip = bom_len(text, (size_t)n);
	}
	if (n > 0)
		g->at += n;
	if (n < 0)
		glass_fail(g, 0, "%s", strerror(errno));
	else if (encoding != NULL)
		glass_fail(g, 0, "is %s: save it as UTF-8", encoding);
	else if ((size_t)n > skip)
		glass_lines(g, text + skip, (size_t)n - skip);
	free(text);
}

static void
glass_rename(struct glass *g)
{
	const char *what = g->wrong > 0 ? "wrong" : "taken";
	struct text to = {0};

	g->renamed = true;
	text_add(&to, "%s.%s", g->path, what);
	if (rename(g->path, to.at) != 0)
		event_put(g->control->events, LOG_LEVEL_ERROR, "break_glass",
		    NULL, "%s: %s: it is left, and not read again", g->path,
		    strerror(errno));
	else
		event_put(g->control->events, LOG_LEVEL_WARNING, "break_glass",
		    json_pack("{s:s, s:I, s:I}", "owner", g->owner, "taken",
			(json_int_t)g->taken, "wrong", (json_int_t)g->wrong),
		    "%s of %s: %u drain%s, %u line%s wrong; it is %s now",
		    g->path, g->owner, g->taken, text_plural(g->taken),
		    g->wrong, text_plural(g->wrong), to.at);
	text_fini(&to);
}

static void
glass_free(struct glass *g)
{
	fd_close(&g->fd);
	free(g->path);
	free(g);
}

/* One has come that it waits for.  What is written while it is renamed is taken
 * as well; a daemon that is killed before reads it again. */
static void
glass_over(struct glass *g)
{
	if (--g->waiting > 0)
		return;
	if (g->renamed) {
		glass_free(g);
		return;
	}
	glass_rename(g);
	g->waiting++;
	if (g->at > 0)
		glass_read(g);
	glass_over(g);
}

static void
glass_take(struct glass *g, const struct stat *st, int error)
{
	g->waiting = 1;
	user_name(g->owner, st->st_uid);
	if (!S_ISREG(st->st_mode) || st->st_size > GLASS_MAX)
		glass_fail(
		    g, 0, "not a regular file of at most %d octets", GLASS_MAX);
	else if (error != 0)
		glass_fail(g, 0, "%s", strerror(error));
	else
		glass_read(g);
	glass_over(g);
}

static bool
is_whole(int fd, const struct stat *st)
{
	char last;

	if (!S_ISREG(st->st_mode))
		return true;
	if (st->st_size == 0)
		return false;
	return (pread(fd, &last, 1, st->st_size - 1) == 1 && last == '\n') ||
	    time(NULL) - st->st_mtim.tv_sec > 1;
}

static bool
is_known(const struct control *c, const struct stat *st)
{
	return c->glass_inode == st->st_ino &&
	    c->glass_changed.tv_sec == st->st_ctim.tv_sec &&
	    c->glass_changed.tv_nsec == st->st_ctim.tv_nsec;
}

void
glass_look(struct control *c)
{
	struct glass *g = xcalloc(1, sizeof(*g));
	struct stat st;
	int error;

	g->control = c;
	if (asprintf(&g->path, "%s/" GLASS_FILE, c->folder) < 0)
		abort();
	g->fd = open(g->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	error = g->fd < 0 ? errno : 0;
	/* What cannot be opened has an owner, who is told. */
	if (error != 0 && error != ENOENT)
		g->fd = open(g->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (g->fd < 0 || fstat(g->fd, &st) != 0 || is_known(c, &st) ||
	    !is_whole(g->fd, &st)) {
		glass_free(g);
		return;
	}
	c->glass_inode = st.st_ino;
	c->glass_changed = st.st_ctim;
	glass_take(g, &st, error);
}
