/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why libyaml cannot read a text, in words for whoever wrote it: the mistake,
 * its place and the mend, by libyaml's own message and by what stands there.
 * Pure; any thread.
 */
#ifndef INPUT_SYNTAX_H
#define INPUT_SYNTAX_H

#include <stddef.h>

#include "base/error.h"

/* Lines and columns from 1; columns count characters. */
struct syntax_place {
	unsigned line, column;
};

struct syntax {
	const char *text; /* all of it */
	size_t len;
	const char *problem;      /* libyaml's words */
	const char *context;      /* of what it was reading; "": it says none */
	struct syntax_place at;   /* of the problem */
	struct syntax_place from; /* of the context; line 0: none */
};

/* What to tell, and in *place, where.  A problem that is not known is told in
 * libyaml's words. */
void syntax_explain(
    const struct syntax *s, struct syntax_place *place, struct error *message);

#endif
