/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/batch.h"

#include <stdlib.h>

#include "base/arena.h"
#include "state/state.h"

struct batch *
batch_new(const char *folder, struct journal *j)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->folder = xstrdup(folder);
	b->journal = j;
	return b;
}

void
batch_free(struct batch *b)
{
	text_fini(&b->drains);
	text_fini(&b->signals);
	text_fini(&b->lines);
	free(b->folder);
	free(b);
}

static bool
write_file(struct batch *b, enum batch_file file, const char *kind,
    const struct text *text)
{
	return state_write(b->folder, kind, text->at, text->len, &b->err[file]);
}

/* Where there is no room for the whole file there may be for a line. */
static bool
write_signals(struct batch *b)
{
	if (b->signals.len > 0 &&
	    write_file(b, BATCH_SIGNALS, "signals", &b->signals)) {
		b->whole = true;
		journal_clear(b->journal);
		return true;
	}
	return b->lines.len > 0 &&
	    journal_append(b->journal, b->folder, "signals", b->lines.at,
		b->lines.len, &b->err[BATCH_SIGNALS]);
}

void
batch_write(void *batch)
{
	struct batch *b = batch;

	if (b->wants[BATCH_DRAINS])
		b->ok[BATCH_DRAINS] =
		    write_file(b, BATCH_DRAINS, "drains", &b->drains);
	if (b->wants[BATCH_SIGNALS])
		b->ok[BATCH_SIGNALS] = write_signals(b);
}
