/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of zone files.  Each line of the input is an origin, a tab, and
 * a path.  For each, the output has a line per record: owner (hexadecimal),
 * type, line, data (hexadecimal), with tabs between; lines that begin with
 * "said", a tab, and a line of our messages; and "end".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "zone/load.h"

static void
put_hex(const uint8_t *p, size_t len, char end)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar(end);
}

static void
put_messages(struct diag *d)
{
	char *text = diag_text(d), *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			printf("said\t%s\n", line);
	free(text);
}

static void
put_file(const struct conf_zone *zone)
{
	struct zone_records records = {0};
	struct arena *a = arena_new();
	struct diag d;

	diag_init(&d);
	zone_load(a, a, zone, &records, &d);
	for (size_t i = 0; i < records.all.n; i++) {
		const struct zone_record *r = &records.all.at[i];

		put_hex(r->owner, name_len(r->owner), '\t');
		printf("%u\t%u\t", r->type, r->line);
		put_hex(r->rdata, r->rdata_len, '\n');
	}
	put_messages(&d);
	puts("end");
	vec_free(&records.all);
	diag_fini(&d);
	arena_free(a);
}

int
main(void)
{
	static char line[70000];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct conf_zone zone = {.origin = line};
		char *path = strchr(line, '\t');
		struct error err;

		if (path == NULL)
			return 2;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		zone.path = path;
		if (!name_parse(line, zone.name, &err)) {
			fprintf(stderr, "%s: %s\n", line, err.text);
			return 2;
		}
		name_lower(zone.name);
		put_file(&zone);
	}
	return 0;
}
