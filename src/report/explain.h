/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a client gets what it gets: the ten steps of the decision.
 *
 * The story is the oracle's, the answer that of answer() itself, over a view
 * of the snapshot in which what is assumed holds; where they differ the reply
 * says so.  The oracle's scope may take seconds to find (it looks at all that
 * the databases say), so that in a daemon the scope is the compiled one.  Main
 * thread; the caller owns the JSON.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <jansson.h>

#include "snapshot/snapshot.h"

struct explain_query {
	const char *name;
	const char *type;        /* NULL: A */
	const char *from;        /* an address, a prefix, or a geo code */
	const char *resolver;    /* NULL: the client itself */
	const char *const *down; /* regions assumed so */
	size_t ndown;
	const char *const *drain;
	size_t ndrain;
};

/*
 * {"name", "type", "client", "steps": [{"step", "title", "text"}], "answer":
 * {"rcode", "records", "ttl", "scope", "pool", "region", "reason"}}, and
 * "disagreement" if there is one; or {"error", "exit"}.
 */
json_t *explain_report(const struct snapshot *s, const struct drains *drains,
    const struct explain_query *q);

/* The same of a configuration file, without a daemon: all targets are up. */
json_t *explain_file(const char *path, const struct explain_query *q);

#endif
