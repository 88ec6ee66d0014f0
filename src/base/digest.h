/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SHA-256 (FIPS 180-4).  Any thread.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_TEXT_MAX = 2 * DIGEST_SIZE + 1 };

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

void digest_make(struct digest *d, const void *data, size_t len);

/* 64 hexadecimal digits.  Returns buf. */
char *digest_format(char buf[DIGEST_TEXT_MAX], const struct digest *d);

#endif
