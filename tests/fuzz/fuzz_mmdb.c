/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file is opened as a database; every leaf of it is walked and every record
 * read, and the first address of a leaf is found as it was walked.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/mmdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 2000 }; /* read in one walk, to stay quick */

struct walked {
	const struct mmdb *mmdb;
	struct addr next; /* where the next leaf begins */
	unsigned left;
};

static bool
look(unsigned len, uint32_t record, void *arg)
{
	struct walked *w = arg;
	struct place walked, found;
	struct error err;
	unsigned depth;
	bool has;

	memset(&walked, 0, sizeof(walked));
	memset(&found, 0, sizeof(found));
	if (record != 0 && !mmdb_record(w->mmdb, record, &walked, NULL, &err))
		return false;
	has = mmdb_find(w->mmdb, &w->next, &found, &depth);
	if (has != (record != 0) || depth != len ||
	    memcmp(&walked, &found, sizeof(found)) != 0)
		abort();
	addr_next(&w->next, len);
	return --w->left > 0;
}

static void
walk(const char *path)
{
	struct error err;
	struct mmdb *m = mmdb_open(path, &err);

	if (m == NULL)
		return;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct walked walked = {m, {.family = family}, RECORDS_MAX};
		struct mmdb_walk w;

		mmdb_walk_init(&w, m, family);
		w.fn = look;
		w.arg = &walked;
		mmdb_walk(&w, mmdb_root(m, family), 0);
	}
	mmdb_close(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("mmdb", MFD_CLOEXEC);
	char path[64];

	if (fd == -1)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size)
		walk(path);
	close(fd);
	return 0;
}
