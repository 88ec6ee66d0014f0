/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is wrong with a configuration: all of it, each with its place, the
 * source line, a caret and the nearest valid word.
 *
 * One thread; whoever calls diag_init() calls diag_fini().
 */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "conf/conf.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag_entry {
	enum diag_level level;
	struct conf_mark mark; /* line 0: the file as a whole */
	char *message;
	const char *note; /* lines below it; NULL: none */
};

/* One that was read. */
struct diag_file {
	const char *path;
	size_t size;
	struct digest digest;
};

struct diag {
	VEC(struct diag_entry) entries;
	size_t nerrors, nwarnings;
	struct arena *arena;
	VEC(struct diag_source {
		const char *file;
		const char *text;
	})
	sources;                     /* for source lines */
	VEC(struct diag_file) files; /* all that were read */
};

void diag_init(struct diag *d);
void diag_fini(struct diag *d);

/* Keeps the text of a file, to show lines of it. Copies both. */
void diag_source(struct diag *d, const char *file, const char *text);
/* A file was read, with these octets in it. */
void diag_read(struct diag *d, const char *path, const void *data, size_t len);

bool diag_has_source(const struct diag *d, const char *file);

/* Both return false. At most 1000 entries are kept. */
typedef bool diag_fn(struct diag *d, const struct conf_mark *mark,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool diag_error(struct diag *d, const struct conf_mark *mark, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
bool diag_warning(struct diag *d, const struct conf_mark *mark, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Lines below the last entry; NULL: none. */
void diag_note(struct diag *d, const char *text);

/* The valid word nearest to word (edit distance), or NULL when none is near. */
const char *diag_nearest(const char *word, const char *const *words, size_t n);

/* All entries as "file:line:column: error: message", source line and caret,
 * sorted by place; the caller frees it. */
char *diag_text(const struct diag *d);

#endif
