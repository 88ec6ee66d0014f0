/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clocks: monotonic for probes, TTLs and timeouts; boot, which counts while
 * the machine is suspended too, for leases in force; wall for moments of people
 * and across restarts.
 * Any thread.  Tests put a clock of their own in place (before threads start).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_us(void);
uint64_t clock_mono_ms(void);
uint32_t clock_mono_s(void);
int64_t clock_boot_ms(void);
int64_t clock_wall_s(void); /* seconds since 1970 */

/* From now on the clocks say exactly this, until clock_real(); and the boot
 * clock is so far ahead of the monotonic one (0 at first). */
void clock_fake(uint64_t mono_ms, int64_t wall_s);
void clock_fake_suspended(int64_t ms);
void clock_real(void);

enum { CLOCK_TEXT_MAX = 32 };

/* RFC 3339, UTC: 2026-01-31T04:05:06Z. Returns buf. */
char *clock_format(char buf[CLOCK_TEXT_MAX], int64_t wall_s);

/* "1h 5m", "45s", "800ms": for people. Returns buf. */
char *clock_format_span(char buf[CLOCK_TEXT_MAX], uint64_t ms);

/* A duration with its unit (ms, s, m, h, d), as "800ms" or "1h30m". False
 * when the text is none or overflows. */
bool clock_parse_span(const char *text, uint64_t *ms);

#endif
