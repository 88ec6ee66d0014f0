/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* 15 digits are the most that every double keeps through text and back. */
enum { DIGITS = 15 };

double
number_round(double v)
{
	char buf[NUMBER_TEXT_MAX];

	if (!isfinite(v))
		return v;
	if (fabs(v) >= 1e6)
		return round(v);
	snprintf(buf, sizeof(buf), "%.6g", v);
	return strtod(buf, NULL);
}

char *
number_format(char buf[NUMBER_TEXT_MAX], double v)
{
	snprintf(buf, NUMBER_TEXT_MAX, "%.*g", DIGITS, v);
	return buf;
}

static void
round_all(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_real(json)) {
		json_real_set(json, number_round(json_real_value(json)));
	} else if (json_is_object(json)) {
		json_object_foreach(json, key, value)
		{
			round_all(value);
		}
	} else if (json_is_array(json)) {
		json_array_foreach(json, i, value)
		{
			round_all(value);
		}
	}
}

char *
number_json(json_t *json, size_t flags)
{
	round_all(json);
	return json_dumps(json, flags | JSON_REAL_PRECISION(DIGITS));
}
