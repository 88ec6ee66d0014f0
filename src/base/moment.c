/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/moment.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Local clocks are within so long of UTC, with room to spare. */
enum { MINUTE_S = 60, DAY_S = 86400, ZONE_MAX_S = 26 * 3600 };

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

/* A date and a time; what is left of the text is its offset, or empty. */
static bool
parse_dated(const char **text, struct tm *tm)
{
	struct tm valid;

	if (!parse_date(text, tm) || (**text != 'T' && **text != 't'))
		return false;
	(*text)++;
	if (!parse_time(text, tm))
		return false;
	valid = *tm;
	timegm(&valid);
	/* The 31st of a shorter month has become another day. */
	return valid.tm_mday == tm->tm_mday;
}

/* What the local clock shows, as if it were UTC. */
static int64_t
local_s(int64_t wall_s, struct tm *tm)
{
	time_t t = (time_t)wall_s;
	struct tm copy;

	if (localtime_r(&t, tm) == NULL)
		memset(tm, 0, sizeof(*tm));
	copy = *tm;
	return timegm(&copy);
}

/* A time of the local clock, of a day or of any. */
struct wanted {
	struct tm tm;
	bool dated;
};

/* The wanted time of the day on which the clock shows local, as if UTC. */
static int64_t
wanted_s(const struct wanted *w, int64_t local)
{
	struct tm copy = w->tm;
	int64_t of_day =
	    w->tm.tm_hour * 3600 + w->tm.tm_min * MINUTE_S + w->tm.tm_sec;

	return w->dated ? timegm(&copy) : local - local % DAY_S + of_day;
}

/* Between two minutes that follow each other the clock may skip it. */
static bool
is_skipped(const struct wanted *w, int64_t before, int64_t after)
{
	const int64_t days[] = {before, after};

	for (size_t i = 0; i < 2; i++) {
		int64_t wanted = wanted_s(w, days[i]);

		if (wanted >= before + MINUTE_S && wanted < after)
			return true;
	}
	return false;
}

static bool
skipped_fail(const char *text, int64_t before, int64_t after, struct error *err)
{
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];

	clock_format(from, before + MINUTE_S);
	clock_format(to, after);
	return error_set(err,
	    "%s: this local time does not exist, the clock goes from %.10s %.5s to %.5s: give a time before or after that",
	    text, from, from + 11, to + 11);
}

/* From minute to minute, whatever the zone's rules are. */
static bool
find_local(const char *text, const struct wanted *w, int64_t now,
    int64_t *wall_s, struct error *err)
{
	int64_t first = w->dated ? wanted_s(w, 0) - ZONE_MAX_S : now;
	int64_t at = first - first % MINUTE_S, before = INT64_MAX;
	bool found = false;

	for (; at < first + 2 * ZONE_MAX_S; at += MINUTE_S) {
		struct tm tm;
		int64_t local = local_s(at, &tm), minute = local - tm.tm_sec;
		int64_t wanted = wanted_s(w, local);

		if (wanted >= minute && wanted < minute + MINUTE_S) {
			*wall_s = at + wanted - local;
			found = true;
			if (*wall_s > now)
				return true;
		}
		if (before != INT64_MAX && is_skipped(w, before, minute))
			return skipped_fail(text, before, minute, err);
		before = minute;
	}
	return found && w->dated;
}

static bool
parse_local(const char *text, int64_t now, int64_t *wall_s, struct error *err)
{
	struct wanted w = {.dated = true};
	const char *rest = text;

	if (!parse_dated(&rest, &w.tm)) {
		w = (struct wanted){.dated = false};
		rest = text;
		if (!parse_time(&rest, &w.tm))
			return false;
	}
	return *rest == '\0' && find_local(text, &w, now, wall_s, err);
}

static bool
parse_rfc3339(const char *text, int64_t *wall_s)
{
	struct tm tm = {0};
	int64_t offset_s;

	if (!parse_dated(&text, &tm) || !parse_offset(text, &offset_s))
		return false;
	*wall_s = timegm(&tm) - offset_s;
	return true;
}

static bool
parse_relative(const char *text, int64_t now, int64_t *wall_s)
{
	uint64_t ms;

	if (*text != '+' || !clock_parse_span(text + 1, &ms) ||
	    ms / 1000 > INT32_MAX)
		return false;
	*wall_s = now + (int64_t)(ms / 1000);
	return true;
}

bool
moment_parse(const char *text, int64_t now, int64_t *wall_s, struct error *err)
{
	error_set(err,
	    "%.64s: not a time: write 22:30, +10m, 2026-01-31T22:30 or 2026-01-31T22:30:00Z",
	    text);
	return parse_relative(text, now, wall_s) ||
	    parse_rfc3339(text, wall_s) || parse_local(text, now, wall_s, err);
}
