/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/glass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/user.h"
#include "ctl/drain.h"
#include "input/bom.h"
#include "report/text.h"

enum { GLASS_MAX = 64 << 10 };

/* The file while it is taken. */
struct glass {
	struct control *control;
	const char *path;
	char owner[USER_NAME_MAX];
	unsigned line, taken, wrong;
};

static void glass_fail(struct glass *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
glass_fail(struct glass *g, const char *fmt, ...)
{
	char line[16] = "";
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	g->wrong++;
	if (g->line > 0)
		snprintf(line, sizeof(line), ":%u", g->line);
	event_put(g->control->events, LOG_LEVEL_ERROR, "break_glass",
	    json_pack("{s:s, s:I, s:s}", "file", g->path, "line",
		(json_int_t)g->line, "owner", g->owner),
	    "%s%s: %s", g->path, line, err.text);
}

/* ms is 0: until cancelled. */
static void
glass_drain(struct glass *g, const char *what, uint64_t ms, const char *reason)
{
	json_t *body = json_pack("{s:o, s:o, s:b}", "what", text_string(what),
	    "reason", text_string(reason), "force", 1);
	json_t *reply;
	const char *error;

	if (ms == 0)
		json_object_set_new(body, "until_cancelled", json_true());
	else
		json_object_set_new(
		    body, "for_s", json_integer((json_int_t)(ms / 1000)));
	reply = drain_begin(g->control, DRAIN_OUT, body, g->owner);
	error = json_string_value(json_object_get(reply, "error"));
	if (error != NULL)
		glass_fail(g, "%s", error);
	else
		g->taken++;
	json_decref(reply);
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
		glass_fail(
		    g, "a byte order mark (U+FEFF) within the file: delete it");
		return;
	}
	if (span == NULL)
		glass_fail(g,
		    "no drain: WHAT TIME REASON, such as "
		    "\"eu 30m core switch\"");
	else if (strcmp(span, "until-cancelled") != 0 &&
	    (!clock_parse_span(span, &ms) || ms < 1000))
		glass_fail(g,
		    "%s: not a time of at least 1s, such as 30m, nor "
		    "until-cancelled",
		    span);
	else
		glass_drain(g, what, ms, rest + strspn(rest, blank));
}

static bool
is_odd(char c)
{
	return ((unsigned char)c < ' ' && strchr("\t\r\n", c) == NULL) ||
	    c == '\0' || c == 0x7f;
}

static void
glass_lines(struct glass *g, char *text, size_t n)
{
	char *rest = NULL, *line;

	text[n] = '\0';
	for (line = text; line < text + n; line++)
		if (is_odd(*line))
			*line = '?';
	for (line = text; line != NULL; line = rest) {
		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		if (rest != NULL || *line != '\0')
			glass_line(g, line);
	}
}

/* What there is from *at on, line by line. */
static void
glass_read(struct glass *g, int fd, off_t *at)
{
	char *text = xmalloc(GLASS_MAX + 1);
	ssize_t n = pread(fd, text, GLASS_MAX, *at);
	const char *encoding = NULL;
	size_t skip = 0;

	if (n > 0 && *at == 0) {
		encoding = bom_encoding(text, (size_t)n);
		skip = bom_len(text, (size_t)n);
	}
	if (n > 0)
		*at += n;
	if (n < 0)
		glass_fail(g, "%s", strerror(errno));
	else if (encoding != NULL)
		glass_fail(g, "is %s: save it as UTF-8", encoding);
	else if ((size_t)n > skip)
		glass_lines(g, text + skip, (size_t)n - skip);
	free(text);
}

static void
glass_rename(const struct glass *g)
{
	const char *what = g->wrong > 0 ? "wrong" : "taken";
	struct text to = {0};

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

/* What is written while it is renamed is taken as well. */
static void
glass_take(struct glass *g, int fd, const struct stat *st, int error)
{
	off_t at = 0, before;

	user_name(g->owner, st->st_uid);
	if (!S_ISREG(st->st_mode) || st->st_size > GLASS_MAX)
		glass_fail(
		    g, "not a regular file of at most %d octets", GLASS_MAX);
	else if (error != 0)
		glass_fail(g, "%s", strerror(error));
	if (g->wrong > 0) {
		glass_rename(g);
		return;
	}
	glass_read(g, fd, &at);
	glass_rename(g);
	do {
		before = at;
		glass_read(g, fd, &at);
	} while (at > before);
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
	struct glass g = {.control = c};
	struct text path = {0};
	struct stat st;
	int fd, error;

	text_add(&path, "%s/" GLASS_FILE, c->folder);
	g.path = path.at;
	fd = open(path.at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	error = fd < 0 ? errno : 0;
	/* What cannot be opened has an owner, who is told. */
	if (error != 0 && error != ENOENT)
		fd = open(path.at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && !is_known(c, &st) &&
	    is_whole(fd, &st)) {
		c->glass_inode = st.st_ino;
		c->glass_changed = st.st_ctim;
		glass_take(&g, fd, &st, error);
	}
	fd_close(&fd);
	text_fini(&path);
}
