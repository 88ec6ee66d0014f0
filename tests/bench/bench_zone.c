/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What reading a zone file costs, without the table of names: CPU seconds of
 *
 *	bench_zone ORIGIN FILE
 *
 * tests/bench/bench_zone.py makes the file and runs what others have beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/name.h"
#include "zone/load.h"

int
main(int argc, char **argv)
{
	struct zone_records records = {0};
	struct arena *a = arena_new();
	struct conf_zone zone = {0};
	struct timespec before, after;
	struct error err;
	struct diag d;
	char *text;
	bool ok;

	if (argc != 3 || !name_parse(argv[1], zone.name, &err)) {
		fputs("usage: bench_zone ORIGIN FILE\n", stderr);
		return 2;
	}
	zone.origin = argv[1];
	zone.path = argv[2];
	diag_init(&d);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	ok = zone_load(a, a, &zone, &records, &d);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	text = diag_text(&d);
	fputs(text, stderr);
	free(text);
	printf("%zu records %.3f s\n", records.all.n,
	    (double)(after.tv_sec - before.tv_sec) +
		1e-9 * (double)(after.tv_nsec - before.tv_nsec));
	vec_free(&records.all);
	diag_fini(&d);
	arena_free(a);
	return ok ? 0 : 1;
}
