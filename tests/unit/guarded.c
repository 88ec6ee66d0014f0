/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In place of base/arena, for tests that are linked with this: each block ends
 * where a page begins that nobody may touch, and is out of reach when it was
 * freed, so that the test ends where a table is read beyond its end.
 * Sanitizers see that by themselves.
 */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer) && \
    !__has_feature(thread_sanitizer)
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"

/* Two mappings a block, of 65530 that a process may have. */
enum { ALIGN_MAX = 8, UNUSED = 0xa5, BLOCKS_MAX = 24000 };

#define RESERVED ((size_t)1 << 38)

struct arena {
	void **blocks;
	size_t n, size;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *reserved;
static size_t page, taken, blocks;

/* That of the C library, as its manual permits ("Replacing malloc"). */
void __libc_free(void *p);

static void *
checked(void *p)
{
	if (p == NULL || p == MAP_FAILED)
		abort();
	return p;
}

static bool
is_guarded(const void *p)
{
	uintptr_t at = (uintptr_t)p, first = (uintptr_t)reserved;

	return first != 0 && at >= first && at - first < RESERVED;
}

/* Its size stands at the begin of its pages. */
static size_t
pages_size(size_t size)
{
	return (sizeof(size) + ALIGN_MAX + size + page - 1) / page * page;
}

/* NULL: there are too many. */
static char *
pages_take(size_t size)
{
	char *pages = NULL;

	pthread_mutex_lock(&mutex);
	if (reserved == NULL) {
		page = (size_t)sysconf(_SC_PAGESIZE);
		reserved = checked(mmap(NULL, RESERVED, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	}
	if (blocks < BLOCKS_MAX &&
	    taken + pages_size(size) + page <= RESERVED) {
		pages = reserved + taken;
		taken += pages_size(size) + page;
		blocks++;
	}
	pthread_mutex_unlock(&mutex);
	return pages;
}

/* That of what is as large, so that nothing is between its end and the page's;
 * of an odd size there are bodies and texts alone. */
static size_t
align_of(size_t size)
{
	size_t align = size & -size;

	return align < 2 || align > ALIGN_MAX ? ALIGN_MAX : align;
}

/* Zeroed. */
static void *
guarded(size_t size)
{
	char *pages = pages_take(size), *p;
	size_t all;

	if (pages == NULL)
		return checked(calloc(size + (size == 0), 1));
	all = pages_size(size);
	if (mprotect(pages, all, PROT_READ | PROT_WRITE) != 0)
		abort();
	p = pages + (all - size) / align_of(size) * align_of(size);
	memcpy(pages, &size, sizeof(size));
	memset(p + size, UNUSED, (size_t)(pages + all - p) - size);
	return p;
}

/* The begin of a block's pages: it stands less than a page and 16 behind. */
static char *
pages_of(void *p)
{
	return (char *)p - sizeof(size_t) - ALIGN_MAX -
	    ((uintptr_t)p - sizeof(size_t) - ALIGN_MAX) % page;
}

static size_t
size_of(void *p)
{
	size_t size;

	memcpy(&size, pages_of(p), sizeof(size));
	return size;
}

void
free(void *p)
{
	size_t all;

	if (!is_guarded(p)) {
		__libc_free(p);
		return;
	}
	all = pages_size(size_of(p));
	madvise(pages_of(p), all, MADV_DONTNEED);
	mprotect(pages_of(p), all, PROT_NONE);
	pthread_mutex_lock(&mutex);
	blocks--;
	pthread_mutex_unlock(&mutex);
}

static size_t
product(size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all))
		abort();
	return all;
}

void *
xmalloc(size_t size)
{
	return memset(guarded(size), UNUSED, size);
}

void *
xcalloc(size_t n, size_t size)
{
	return guarded(product(n, size));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t all = product(n, size), was;
	void *new;

	if (p != NULL && !is_guarded(p))
		return checked(realloc(p, all + (all == 0)));
	new = xmalloc(all);
	if (p == NULL)
		return new;
	was = size_of(p);
	memcpy(new, p, was < all ? was : all);
	free(p);
	return new;
}

char *
xstrdup(const char *s)
{
	return strcpy(xmalloc(strlen(s) + 1), s);
}

struct arena *
arena_new(void)
{
	return checked(calloc(1, sizeof(struct arena)));
}

void
arena_free(struct arena *a)
{
	for (size_t i = 0; a != NULL && i < a->n; i++)
		free(a->blocks[i]);
	if (a != NULL)
		free(a->blocks);
	free(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	if ((a->n & (a->n - 1)) == 0)
		a->blocks = checked(
		    realloc(a->blocks, 2 * (a->n + 1) * sizeof(*a->blocks)));
	a->size += size;
	return a->blocks[a->n++] = guarded(size);
}

void *
arena_place(struct arena *a, size_t size, size_t align)
{
	(void)align;
	return arena_alloc(a, size);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_alloc(a, product(n, size));
}

void *
arena_dup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	return size > 0 ? memcpy(copy, p, size) : copy;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	return memcpy(copy, s, len);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text, *copy;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	copy = arena_strdup(a, text);
	free(text);
	return copy;
}

size_t
arena_size(const struct arena *a)
{
	return a->size;
}
#else
/* ISO C has no empty translation unit. */
extern int sanitizers_see_it;
#endif
