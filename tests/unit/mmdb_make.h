/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes small MMDB files for tests.
 */
#ifndef TESTS_MMDB_MAKE_H
#define TESTS_MMDB_MAKE_H

#include "geo/place.h"

enum mmdb_shape { MMDB_NESTED, MMDB_FLAT };

struct mmdb_row {
	struct prefix prefix;
	struct place place; /* what it does not know is left out */
};

/*
 * A file at path with a tree for IPv4 (4) or for both (6), the smallest prefix
 * of the rows deciding (sorts them).  In a tree for both, ::ffff:0:0/96 and
 * 2002::/16 are aliases of ::/96, as in MaxMind's own files.
 */
void mmdb_make(const char *path, uint8_t family, enum mmdb_shape shape,
    struct mmdb_row *rows, size_t n);

/*
 * A file with a tree for both in which every address has one record: text is
 * JSON.  Numbers are of the type that ends their key: "lat:float",
 * "lat:double", "lat:int32", "lat:uint16", "lat:uint32", "lat:uint64" or
 * "lat:uint128"; a text in their place is read by strtod(3) ("nan", "-inf").
 */
void mmdb_make_json(const char *path, const char *text);

#endif
