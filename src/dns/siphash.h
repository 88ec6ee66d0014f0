/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, INDOCRYPT 2012): a short keyed hash
 * that nobody without the key can foretell.  Pure; any thread.
 */
#ifndef DNS_SIPHASH_H
#define DNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_SIZE = 16 };

uint64_t siphash24(
    const uint8_t key[SIPHASH_KEY_SIZE], const void *data, size_t len);

#endif
