/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moments as people write them, in the time zone of the process.  Any thread.
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Reads a moment (seconds since 1970): RFC 3339 (seconds may be left out),
 * "+10m" from now on, "22:30" or "2026-01-31T22:30" of the local clock.
 *
 * A local time is the next moment at which the local clock shows it: in an
 * hour that is repeated, as summer time ends, the first of the two that is
 * still to come.  One that the local clock skips is refused: a moment an hour
 * off, or a day, would not be what was meant.  A date that is over is read as
 * it stands.  False: err says what is wrong with it.
 */
bool moment_parse(
    const char *text, int64_t now, int64_t *wall_s, struct error *err);

#endif
