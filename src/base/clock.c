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
static int64_t fake_wall_s;

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
clock_real(void)
{
	faked = false;
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

/* n digits, the value within min..max. */
static bool
parse_digits(const char **text, int n, int min, int max, int *value)
{
	*value = 0;
	for (; n > 0; n--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return *value >= min && *value <= max;
}

static bool
parse_char(const char **text, char c)
{
	return *(*text)++ == c;
}

static bool
parse_date(const char **text, struct tm *tm)
{
	if (!parse_digits(text, 4, 1970, 9999, &tm->tm_year) ||
	    !parse_char(text, '-') ||
	    !parse_digits(text, 2, 1, 12, &tm->tm_mon) ||
	    !parse_char(text, '-') ||
	    !parse_digits(text, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return true;
}

static bool
parse_time(const char **text, struct tm *tm)
{
	if (!parse_digits(text, 2, 0, 23, &tm->tm_hour) ||
	    !parse_char(text, ':') ||
	    !parse_digits(text, 2, 0, 59, &tm->tm_min))
		return false;
	if (**text != ':')
		return true;
	(*text)++;
	return parse_digits(text, 2, 0, 59, &tm->tm_sec);
}

/* Z or +hh:mm (RFC 3339 5.6), and nothing after it. */
static bool
parse_offset(const char *text, int64_t *offset_s)
{
	int sign = *text == '-' ? -1 : 1, hours, minutes;

	*offset_s = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	if (!parse_digits(&text, 2, 0, 23, &hours) || !parse_char(&text, ':') ||
	    !parse_digits(&text, 2, 0, 59, &minutes))
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return *text == '\0';
}

static bool
parse_rfc3339(const char *text, int64_t *wall_s)
{
	struct tm tm = {0}, valid;
	int64_t offset_s;

	if (!parse_date(&text, &tm) || (*text != 'T' && *text != 't'))
		return false;
	text++;
	if (!parse_time(&text, &tm) || !parse_offset(text, &offset_s))
		return false;
	valid = tm;
	*wall_s = timegm(&valid);
	/* The 31st of a shorter month has become another day. */
	if (valid.tm_mday != tm.tm_mday)
		return false;
	*wall_s -= offset_s;
	return true;
}

static bool
parse_next(const char *text, int64_t now, int64_t *wall_s)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return false;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!parse_time(&text, &tm) || *text != '\0')
		return false;
	*wall_s = mktime(&tm);
	if (*wall_s > now)
		return true;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	*wall_s = mktime(&tm);
	return *wall_s > now;
}

bool
clock_parse_moment(const char *text, int64_t now, int64_t *wall_s)
{
	uint64_t ms;

	if (*text != '+')
		return parse_rfc3339(text, wall_s) ||
		    parse_next(text, now, wall_s);
	if (!clock_parse_span(text + 1, &ms) || ms / 1000 > INT32_MAX)
		return false;
	*wall_s = now + (int64_t)(ms / 1000);
	return true;
}
