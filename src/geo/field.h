/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of an MMDB file, looked at before libmaxminddb is: it multiplies
 * node_count without regard to overflow and then reads where no file is; it
 * descends into what it skips by as many calls as there are levels, and unfolds
 * what pointers repeat; of languages that are no strings it forgets what it has
 * allocated.  Pure; any thread.
 */
#ifndef GEO_FIELD_H
#define GEO_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELD_META_MARK = 14 }; /* octets between the data and the metadata */

/* Has the file, whole, metadata that the library can be told of? */
bool field_metadata_is_sound(const uint8_t *file, size_t len);

/*
 * Does the field at an octet of the data section end, with all that it points
 * to and within bounds?  Of a map, fn is called before that is known with each
 * key and the octet of its value.
 */
bool field_is_sound(const uint8_t *section, size_t len, size_t at,
    void (*fn)(const char *key, size_t len, size_t value, void *arg),
    void *arg);

#endif
