/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

const char *
colour(const char *sequence)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return terminal ? sequence : "";
}

const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

long long
int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

const char *
span_of(const json_t *o, const char *key, char buf[CLOCK_TEXT_MAX])
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_number(v))
		return "-";
	return clock_format_span(buf, (uint64_t)(json_number_value(v) * 1e3));
}

struct libscols_table *
table_new(const char *const *titles)
{
	struct libscols_table *t = scols_new_table();

	for (; *titles != NULL; titles++)
		scols_table_new_column(t, *titles, 0, 0);
	scols_table_enable_colors(t, *colour("x") != '\0');
	return t;
}

struct libscols_line *
table_row(struct libscols_table *t, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(t, NULL);

	for (size_t i = 0; cells[i] != NULL; i++)
		scols_line_set_data(line, i, cells[i]);
	return line;
}

void
table_print(struct libscols_table *t)
{
	scols_print_table(t);
	scols_unref_table(t);
}
