/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/bom.h"

#include <stdbool.h>
#include <string.h>

static const char mark[] = BOM_UTF8;

enum { MARK_LEN = sizeof(mark) - 1 };

size_t
bom_len(const char *text, size_t len)
{
	return len >= MARK_LEN && memcmp(text, mark, MARK_LEN) == 0 ? MARK_LEN
								    : 0;
}

/* How a text begins: an octet, ANY one, or SET: one that is not 0. */
enum { ANY = 256, SET = 257 };

static const struct encoding {
	const char *name;
	unsigned first[4];
} encodings[] = {
    {"UTF-32", {0x00, 0x00, 0xfe, 0xff}},
    {"UTF-32", {0x00, 0x00, 0x00, SET}},
    {"UTF-32", {0xff, 0xfe, 0x00, 0x00}},
    {"UTF-32", {SET, 0x00, 0x00, 0x00}},
    {"UTF-16", {0xfe, 0xff, ANY, ANY}},
    {"UTF-16", {0x00, SET, ANY, ANY}},
    {"UTF-16", {0xff, 0xfe, ANY, ANY}},
    {"UTF-16", {SET, 0x00, ANY, ANY}},
};

static bool
begins_as(const char *text, size_t len, const unsigned first[4])
{
	for (size_t i = 0; i < 4 && first[i] != ANY; i++) {
		unsigned octet;

		if (i >= len)
			return false;
		octet = (unsigned char)text[i];
		if (first[i] == SET ? octet == 0 : octet != first[i])
			return false;
	}
	return true;
}

const char *
bom_encoding(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
		if (begins_as(text, len, encodings[i].first))
			return encodings[i].name;
	return NULL;
}

const char *
bom_find(const char *text, size_t len)
{
	return memmem(text, len, mark, MARK_LEN);
}
