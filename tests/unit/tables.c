/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables of the program that end where a page begins that nobody may touch, for
 * tests whose linker leads here (Makefile.am): one that is read beyond its end
 * ends the test.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/net.h"

const struct prefix *__real_addr_unroutable(size_t *n);
const struct prefix *__real_addr_embedding(size_t *n);
const struct prefix *__wrap_addr_unroutable(size_t *n);
const struct prefix *__wrap_addr_embedding(size_t *n);

static const struct prefix *
copy(const struct prefix *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = n * sizeof(*p);
	size_t all = (size + page - 1) / page * page;
	char *pages = mmap(NULL, all + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + all, page, PROT_NONE) != 0)
		abort();
	return memcpy(pages + all - size, p, size);
}

const struct prefix *
__wrap_addr_unroutable(size_t *n)
{
	static const struct prefix *all;
	const struct prefix *own = __real_addr_unroutable(n);

	return all != NULL ? all : (all = copy(own, *n));
}

const struct prefix *
__wrap_addr_embedding(size_t *n)
{
	static const struct prefix *all;
	const struct prefix *own = __real_addr_embedding(n);

	return all != NULL ? all : (all = copy(own, *n));
}
