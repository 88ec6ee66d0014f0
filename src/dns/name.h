/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Owner names in wire form: labels with their lengths, uncompressed, ended by
 * the root label (RFC 1035 3.1).  Pure; any thread.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "dns/rr.h"

enum { NAME_TEXT_MAX = 1024 + 4 };

/* Octets of the name, the root label included: 1..255. */
size_t name_len(const uint8_t *name);

/* Is there a whole name at p, of len octets at most? */
bool name_is_within(const uint8_t *p, size_t len);

/* Labels without the root's: 0..127. */
unsigned name_labels(const uint8_t *name);

/* Presentation form (RFC 1035 5.1, \\DDD and \\X escapes; a missing final dot
 * is supplied) to wire form.  Case is kept. */
bool name_parse(
    const char *text, uint8_t name[DNS_NAME_MAX], struct error *err);

/* The same of len characters, where a name without a final dot ends with
 * origin.  NULL, or what is wrong. */
const char *name_parse_under(const char *text, size_t len,
    const uint8_t *origin, uint8_t name[DNS_NAME_MAX]);

/* With the final dot. Returns buf. */
char *name_format(char buf[NAME_TEXT_MAX], const uint8_t *name);

/* A-Z to a-z, in place (RFC 4343: ASCII only). */
void name_lower(uint8_t *name);

/* The same of len octets of a name in wire form, copied: lengths of labels are
 * below 'A', so that all octets are alike.  Nothing overlaps. */
void name_copy_lower(uint8_t *to, const uint8_t *from, size_t len);

bool name_equal(const uint8_t *a, const uint8_t *b);       /* without case */
bool name_label_equal(const uint8_t *a, const uint8_t *b); /* the first ones */

/* name is suffix, or below it; without case. */
bool name_is_under(const uint8_t *name, const uint8_t *suffix);

/* The name without its first label; not for the root. */
const uint8_t *name_parent(const uint8_t *name);

bool name_is_wildcard(const uint8_t *name); /* first label is "*" */

/* The last word of len octets may begin within the one before it. */
static inline uint64_t
name_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Of less than a word: each octet stands in it, at some place. */
static inline uint64_t
name_short_word(const uint8_t *p, size_t len)
{
	uint32_t first, last;

	if (len < sizeof(first))
		return (uint64_t)p[len - 1] << 16 | (uint64_t)p[len / 2] << 8 |
		    p[0];
	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + len - sizeof(last), sizeof(last));
	return (uint64_t)last << 32 | first;
}

/* Of a lower-case name of len octets, at least one: all its bits are alike.
 * Without a key: only who writes zones could choose names that collide. */
static inline uint64_t
name_hash(const uint8_t *name, size_t len)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / phi */
	const size_t word = sizeof(uint64_t);
	uint64_t h = len * odd;

	if (len < word) {
		h = (h ^ name_short_word(name, len)) * odd;
	} else {
		for (size_t i = 0; i + word < len; i += word) {
			h = (h ^ name_word(name + i)) * odd;
			h ^= h >> 32;
		}
		h = (h ^ name_word(name + len - word)) * odd;
	}
	h ^= h >> 32;
	h *= odd;
	return h ^ h >> 29;
}

/* Both of len octets, octet by octet. */
static inline bool
name_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	const size_t word = sizeof(uint64_t);

	if (len < word)
		return name_short_word(a, len) == name_short_word(b, len);
	for (size_t i = 0; i + word < len; i += word)
		if (name_word(a + i) != name_word(b + i))
			return false;
	return name_word(a + len - word) == name_word(b + len - word);
}

#endif
