/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over its seeds without a fuzzer: tests/fuzz/fuzz_NAME
 * over all files of $srcdir/tests/fuzz/seeds/NAME, or over those named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { SEED_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
replay(const char *path)
{
	struct error err;
	size_t len;
	char *data;
	uint8_t *exact;

	if (!file_read(path, SEED_MAX, &data, &len, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	/* Of the exact size, so that a sanitizer sees a step beyond it. */
	exact = malloc(len > 0 ? len : 1);
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	free(data);
	return true;
}

static int
replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char *seed;
	int n = 0;

	if (folder == NULL) {
		perror(path);
		return EXIT_FAILURE;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&seed, "%s/%s", path, entry->d_name) < 0 ||
		    !replay(seed))
			return EXIT_FAILURE;
		free(seed);
		n++;
	}
	closedir(folder);
	printf("%d seeds\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name;
	char path[4096];

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			if (!replay(argv[i]))
				return EXIT_FAILURE;
		return EXIT_SUCCESS;
	}
	name = strstr(argv[0], "fuzz_");
	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s",
	    srcdir != NULL ? srcdir : ".",
	    name != NULL ? name + strlen("fuzz_") : "");
	return replay_folder(path);
}
