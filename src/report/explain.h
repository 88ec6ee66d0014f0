/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a client gets what it gets: the ten steps of the decision.
 *
 * The story is the oracle's, the answer that of answer() itself, over a view
 * of the snapshot in which what is assumed holds; where they differ the reply
 * says so.  The oracle's scope may take seconds to find (it looks at all that
 * the databases say), so that only explain_file() looks for it; else the scope
 * is the compiled one.  The thread that may refresh the snapshot's pools; the
 * caller owns the JSON.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <jansson.h>

#include "report/asked.h"
#include "report/text.h"

/*
 * {"name", "type", "client", "hops", "steered": {"name", "pool", "policy"},
 * "steps": [{"step", "title", "text"}], "answer": {"rcode", "authoritative",
 * "records", "authority", "additional", "addresses", "ttl", "scope", "pool",
 * "region", "reason", "drawn_from"}}, and "disagreement" if there is one; or
 * {"error", "exit"}.  The manual says more (meridianctl(8)).
 */
json_t *explain_report(const struct snapshot *s, const struct drains *drains,
    const struct explain_query *q);

/* The same of a snapshot that is not in service: all targets are up, and no
 * drains (view_init_up). */
json_t *explain_up(const struct snapshot *s, const struct explain_query *q);

/* The same of a configuration file, whose tests may fail. */
json_t *explain_file(const char *path, const struct explain_query *q);

/* Sequences that a terminal shows them by. */
struct explain_style {
	const char *bold, *bad, *plain;
};

/* The ten steps and the answer as text for people; style NULL: none. */
void explain_text(
    const json_t *report, const struct explain_style *style, struct text *t);

#endif
