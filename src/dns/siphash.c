/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void
mix(struct state *s, unsigned rounds)
{
	for (; rounds > 0; rounds--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 = rotate(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static uint64_t
read_word(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static void
take_word(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s, 2);
	s->v0 ^= word;
}

uint64_t
siphash24(const uint8_t key[SIPHASH_KEY_SIZE], const void *data, size_t len)
{
	uint64_t k0 = read_word(key), k1 = read_word(key + 8);
	struct state s = {
	    .v0 = k0 ^ UINT64_C(0x736f6d6570736575),
	    .v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
	    .v2 = k0 ^ UINT64_C(0x6c7967656e657261),
	    .v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *p = data;
	uint8_t last[8] = {0};
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		take_word(&s, read_word(p));
	if (left > 0)
		memcpy(last, p, left);
	last[7] = (uint8_t)len;
	take_word(&s, read_word(last));
	s.v2 ^= 0xff;
	mix(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
