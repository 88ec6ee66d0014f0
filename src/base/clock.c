/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Stored by tests before threads start, and by nobody else. */
static bool faked;
static uint64_t fake_us;
static int64_t fake_wall_s, fake_suspended_ms;

uint64_t
clock_mono_us(void)
{
	struct timespec ts;

	if (faked)
		return fake_us;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

uint32_t
clock_mono_s(void)
{
	return (uint32_t)(clock_mono_us() / 1000000);
}

int64_t
clock_boot_ms(void)
{
	struct timespec ts;

	if (faked)
		return (int64_t)fake_us / 1000 + fake_suspended_ms;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_s(void)
{
	return faked ? fake_wall_s : time(NULL);
}

void
clock_fake(uint64_t mono_ms, int64_t wall_s)
{
	faked = true;
	fake_us = mono_ms * 1000;
	fake_wall_s = wall_s;
}

void
clock_fake_suspended(int64_t ms)
{
	fake_suspended_ms = ms;
}

void
clock_real(void)
{
	faked = false;
	fake_suspended_ms = 0;
}

char *
clock_format(char buf[CLOCK_TEXT_MAX], int64_t wall_s)
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, CLOCK_TEXT_MAX, "%" PRId64, wall_s);
	return buf;
}

static const struct unit {
	const char *name;
	uint64_t ms;
} units[] = {
    {"d", 86400000},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

/* The two largest units that are not 0; fractions of a second below 10 s. */
char *
clock_format_span(char buf[CLOCK_TEXT_MAX], uint64_t ms)
{
	size_t i = 0;

	if (ms < 1000) {
		snprintf(buf, CLOCK_TEXT_MAX, "%" PRIu64 "ms", ms);
		return buf;
	}
	if (ms < 10000 && ms % 1000 != 0) {
		snprintf(buf, CLOCK_TEXT_MAX, "%.1fs", (double)ms / 1000);
		return buf;
	}
	while (ms < units[i].ms)
		i++;
	if (i == 3 || ms % units[i].ms < units[i + 1].ms)
		snprintf(buf, CLOCK_TEXT_MAX, "%" PRIu64 "%s", ms / units[i].ms,
		    units[i].name);
	else
		snprintf(buf, CLOCK_TEXT_MAX, "%" PRIu64 "%s %" PRIu64 "%s",
		    ms / units[i].ms, units[i].name,
		    ms % units[i].ms / units[i + 1].ms, units[i + 1].name);
	return buf;
}

static const struct unit *
unit_find(const char *text, size_t len)
{
	for (size_t i = 0; i < UNITS; i++)
		if (strlen(units[i].name) == len &&
		    memcmp(units[i].name, text, len) == 0)
			return &units[i];
	return NULL;
}

bool
clock_parse_span(const char *text, uint64_t *ms)
{
	uint64_t total = 0;

	if (*text == '\0')
		return false;
	while (*text != '\0') {
		const struct unit *u;
		uint64_t n = 0;
		size_t len = 0;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++)
			if (__builtin_mul_overflow(n, 10, &n) ||
			    __builtin_add_overflow(n, *text - '0', &n))
				return false;
		while (isalpha((unsigned char)text[len]))
			len++;
		u = unit_find(text, len);
		if (u == NULL || __builtin_mul_overflow(n, u->ms, &n) ||
		    __builtin_add_overflow(total, n, &total))
			return false;
		text += len;
	}
	*ms = total;
	return true;
}
