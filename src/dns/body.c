/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/body.h"

#include <string.h>

enum { POINTER = 0xc000, POINTER_LIMIT = 0x3fff };

static const struct body_mixed *
body_mixed(const struct body *b)
{
	return (const struct body_mixed *)b;
}

uint16_t
body_an(const struct body *b)
{
	return b->plain != 0 ? b->plain : body_mixed(b)->an;
}

uint16_t
body_ns(const struct body *b)
{
	return b->plain != 0 ? 0 : body_mixed(b)->ns;
}

uint16_t
body_ar(const struct body *b)
{
	return b->plain != 0 ? 0 : body_mixed(b)->ar;
}

uint16_t
body_must_ar(const struct body *b)
{
	return b->plain != 0 ? 0 : body_mixed(b)->must_ar;
}

uint16_t
body_must_len(const struct body *b)
{
	return b->plain != 0 ? b->len : body_mixed(b)->must_len;
}

uint16_t
body_target_len(const struct body *b)
{
	return b->plain != 0 ? 0 : body_mixed(b)->target_len;
}

uint16_t
body_target_at(const struct body *b)
{
	return b->plain != 0 ? 0 : body_mixed(b)->target_at;
}

static size_t
plain_size(const struct body *b)
{
	return sizeof(*b) + b->len;
}

static size_t
mixed_size(const struct body_mixed *b)
{
	return sizeof(*b) + b->nfixes * sizeof(struct body_fix) + b->body.len +
	    b->target_len;
}

static size_t
rounded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

size_t
body_size(const struct body *b)
{
	return rounded(
	    b->plain != 0 ? plain_size(b) : mixed_size(body_mixed(b)));
}

static const struct body_fix *
body_fixes(const struct body_mixed *b)
{
	return (const struct body_fix *)(b + 1);
}

const uint8_t *
body_target(const struct body *b)
{
	const struct body_mixed *m = body_mixed(b);

	return (const uint8_t *)(body_fixes(m) + m->nfixes) + b->len;
}

/* Octets of the owner (a pointer), type and class, before the TTL. */
enum { RECORD_TTL = 6 };

size_t
body_suffix_at(const struct wire *w, size_t at, size_t len, size_t want)
{
	for (;;) {
		while (w->at[at] > DNS_LABEL_MAX)
			at = wire_get_u16(w->at + at) & POINTER_LIMIT;
		if (len <= want)
			return at;
		len -= 1u + w->at[at];
		at += 1u + w->at[at];
	}
}

enum {
	BLOCK = 16
}; /* octets of an A record, the least that most bodies have */

static inline void
octets_copy(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len < BLOCK) {
		memcpy(to, from, len);
		return;
	}
	/* The last block may begin within the one before it. */
	for (size_t i = 0; i + BLOCK < len; i += BLOCK)
		memcpy(to + i, from + i, BLOCK);
	memcpy(to + len - BLOCK, from + len - BLOCK, BLOCK);
}

static inline void
plain_put(struct wire *w, const struct body *b, size_t owner_at, uint32_t ttl,
    unsigned flags)
{
	size_t size, at = w->len;

	if (w->cap - at < b->len) {
		w->full = true;
		return;
	}
	octets_copy(w->at + at, (const uint8_t *)(b + 1), b->len);
	w->len += b->len;
	if (owner_at == DNS_HEADER_SIZE && flags & BODY_KEEP_TTL)
		return;
	size = b->plain == 1 ? b->len : b->len / b->plain;
	for (; at < w->len; at += size) {
		wire_set_u16(w, at, (uint16_t)(POINTER | owner_at));
		if (!(flags & BODY_KEEP_TTL))
			wire_set_u32(w, at + RECORD_TTL, ttl);
	}
}

static void
mixed_put(struct wire *w, const struct body_mixed *b, size_t owner_at,
    size_t owner_len, uint32_t ttl, unsigned flags)
{
	const struct body_fix *f = body_fixes(b), *end = f + b->nfixes;
	size_t len = flags & BODY_LEAVE_OPTIONAL ? b->must_len : b->body.len;
	size_t start = w->len, suffix = owner_len, suffix_at = owner_at;

	wire_put(w, end, len);
	if (w->full)
		return;
	for (; f < end && f->at < len; f++) {
		size_t at = start + f->at;

		if (f->kind == BODY_FIX_TTL) {
			if (!(flags & BODY_KEEP_TTL))
				wire_set_u32(w, at, ttl);
			continue;
		}
		if (f->kind == BODY_FIX_OWNER && f->value != suffix) {
			suffix = f->value;
			suffix_at =
			    body_suffix_at(w, owner_at, owner_len, suffix);
		}
		wire_set_u16(w, at,
		    (uint16_t)(POINTER |
			(f->kind == BODY_FIX_OWNER ? suffix_at
				: f->kind == BODY_FIX_WHOLE
				? owner_at
				: start + f->value)));
	}
}

void
body_put(struct wire *w, const struct body *b, size_t owner_at,
    size_t owner_len, uint32_t ttl, unsigned flags)
{
	if (b->plain != 0)
		plain_put(w, b, owner_at, ttl, flags);
	else
		mixed_put(w, body_mixed(b), owner_at, owner_len, ttl, flags);
}
