/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that lives and dies together, and growable arrays.
 *
 * An arena is used by one thread at a time; once what it holds is immutable,
 * any thread may read it.  Whoever calls arena_new() calls arena_free().
 * Running out of memory ends the process: nothing here returns NULL.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);

/* Zeroed, aligned to 16 octets. */
void *arena_alloc(struct arena *a, size_t size);

/* The same aligned to align, a power of 2 up to 16: many small blocks of octets
 * stand close together. */
void *arena_place(struct arena *a, size_t size, size_t align);

/* n zeroed elements of size octets each; aborts on overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);

void *arena_dup(struct arena *a, const void *p, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Octets taken from the system. */
size_t arena_size(const struct arena *a);

/* malloc and realloc that never return NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);

/*
 * A growable array: VEC(struct foo) foos = {0}; vec_push(&foos, foo);
 * foos.at[i], foos.n; vec_free(&foos).
 */
#define VEC(type) \
	struct { \
		type *at; \
		size_t n, cap; \
	}

#define vec_reserve(v, want) \
	do { \
		if ((v)->cap < (want)) { \
			(v)->cap = \
			    (want) > 2 * (v)->cap ? (want) : 2 * (v)->cap; \
			(v)->at = xreallocarray( \
			    (v)->at, (v)->cap, sizeof(*(v)->at)); \
		} \
	} while (0)

#define vec_push(v, item) \
	do { \
		vec_reserve(v, (v)->n + 1); \
		(v)->at[(v)->n++] = (item); \
	} while (0)

#define vec_free(v) \
	do { \
		free((v)->at); \
		memset((v), 0, sizeof(*(v))); \
	} while (0)

#endif
