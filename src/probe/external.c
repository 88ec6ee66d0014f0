/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/external.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "input/bom.h"
#include "input/input.h"
#include "probe/signal.h"

enum { EXTERNAL_BY_MAX = 100 };

/* Nothing fresh: on_stale says what that means. */
static void
external_stale(struct probe *p, const char *why)
{
	switch (p->watch->monitor->on_stale) {
	case CONF_STALE_KEEP:
		probe_pass(p, p->watch->idle, "%s: kept as it was", why);
		break;
	case CONF_STALE_IGNORE:
		probe_pass(p, true, "%s: ignored", why);
		break;
	case CONF_STALE_DOWN:
		probe_done(p, false, "stale", "%s", why);
		break;
	}
}

static void
external_say(struct probe *p, bool up, const char *by)
{
	probe_done(p, up, up ? "ok" : "signal", "%s by %.100s",
	    up ? "up" : "down", by);
}

static void
external_signal(struct probe *p, const struct signal *s)
{
	char by[EXTERNAL_BY_MAX], until[CLOCK_TEXT_MAX];

	snprintf(by, sizeof(by), "%.60s until %s", s->owner,
	    clock_format(until, s->until));
	external_say(p, s->up, by);
}

/* The file ---------------------------------------------------------------- */

/* "up", "down", either after an address; false: the line is neither. */
static bool
line_read(char *line, struct addr *a, bool *up)
{
	char *save, *word = strtok_r(line, " \t\r", &save);

	a->family = 0;
	if (word != NULL && addr_parse(word, a))
		word = strtok_r(NULL, " \t\r", &save);
	if (word == NULL || strtok_r(NULL, " \t\r", &save) != NULL)
		return false;
	*up = strcmp(word, "up") == 0;
	return *up || strcmp(word, "down") == 0;
}

enum found { FOUND_NOTHING, FOUND_UP, FOUND_DOWN, FOUND_BROKEN };

static const char broken[] =
    "the file has a line that is not [ADDRESS] up|down";
static const char controlled[] =
    "the file has a control character, or carriage returns alone as line ends";
static const char marked[] =
    "the file has a byte order mark (U+FEFF) within it: delete it";

/* What is said of the address beats what is said of all. */
static enum found
text_find(char *text, const struct addr *a)
{
	enum found all = FOUND_NOTHING, own = FOUND_NOTHING;
	char *save, *line = strtok_r(text, "\n", &save);

	for (; line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct addr of;
		bool up;

		line[strcspn(line, "#")] = '\0';
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		if (!line_read(line, &of, &up))
			return FOUND_BROKEN;
		if (of.family == 0)
			all = up ? FOUND_UP : FOUND_DOWN;
		else if (addr_equal(&of, a))
			own = up ? FOUND_UP : FOUND_DOWN;
	}
	return own != FOUND_NOTHING ? own : all;
}

/* A file from the future is as little to be believed as an old one. */
static bool
is_fresh(const struct conf_monitor *m, const struct stat *st)
{
	int64_t age_s = clock_wall_s() - st->st_mtime;

	return llabs(age_s) <= m->fresh_ms / 1000;
}

static void
external_file(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	struct stat st;
	struct error err;
	struct input file;
	enum found found;
	bool has_mark, has_control;

	if (stat(m->file, &st) != 0) {
		external_stale(
		    p, errno == ENOENT ? "there is no file" : strerror(errno));
		return;
	}
	if (!is_fresh(m, &st)) {
		external_stale(p, "the file is not fresh");
		return;
	}
	if (!input_read(m->file, EXTERNAL_FILE_MAX, &file, &err)) {
		external_stale(p, err.text);
		return;
	}
	has_mark = bom_find(file.text, file.len) != NULL;
	has_control = input_control(file.text, file.len) != NULL;
	found =
	    has_control ? FOUND_BROKEN : text_find(file.text, &p->watch->addr);
	free(file.octets);
	if (found == FOUND_UP || found == FOUND_DOWN)
		external_say(p, found == FOUND_UP, "the file");
	else if (found == FOUND_BROKEN)
		external_stale(p,
		    has_mark          ? marked
			: has_control ? controlled
				      : broken);
	else
		external_stale(p, "the file does not say");
}

static void
external_start(struct probe *p)
{
	const struct watch *w = p->watch;
	const struct signal *s =
	    signals_find(probe_signals(p), w->monitor->name, &w->addr);

	if (s != NULL)
		external_signal(p, s);
	else if (w->monitor->file != NULL)
		external_file(p);
	else
		external_stale(p, "no signal holds");
}

/* It is never under way, and keeps nothing. */
static void
external_nothing(struct probe *p)
{
	(void)p;
}

const struct probe_type external_probe_type = {
    external_start, external_nothing, external_nothing};
