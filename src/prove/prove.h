/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl prove: what can be said of every address and every state of
 * health, by walking all leaves of all compiled policies once, while the
 * oracle decides.  One thread; the caller owns the JSON.
 */
#ifndef PROVE_PROVE_H
#define PROVE_PROVE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * Builds all of path (stages: as conf/stage), proves it and throws it away:
 * {"file", "version", "at", "ok", "files": [{"file", "size", "sha256"}],
 * "claims": [{"claim", "ok", "wrong", "text"}], "findings": [{"claim", "file",
 * "line", "text"}], "fences", "rules", "tables", "aliases"} (meridianctl(8));
 * or {"error", "exit"}. *stop ends it early, with an error.
 */
struct stage_state;
json_t *prove_report(const char *path, const struct stage_state *stages,
    const _Atomic bool *stop);

/* The same of one that is built and not in service; NULL: stopped. */
struct snapshot;
json_t *prove_snapshot(const struct snapshot *s, const _Atomic bool *stop);

#endif
