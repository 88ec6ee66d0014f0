/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What several monitors say together of one target.  Pure; main thread.
 */
#ifndef STEER_REQUIRE_H
#define STEER_REQUIRE_H

#include "steer/watch.h"

/* Neither mode: observe nor idle. */
bool watch_decides(const struct watch *w);

/* health_change_ms() of a watch, whose word counts or not: UINT32_MAX when it
 * never does. */
uint32_t watch_change_ms(const struct watch *w);

/*
 * The worst of a target's addresses; of each the state that so many of the
 * watches that decide have, or a better one (0, or more than there are: all of
 * them).  Up where none decides.
 */
enum health_state require_health(
    unsigned require, struct watch *const *watches, size_t n);

#endif
