/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/composer.h"

#include <string.h>

#include "dns/name.h"

/* While a body is composed, its pointers say what they point to: an octet of
 * the body, or how many last octets of the owner name.  body_put() replaces
 * them all. */
enum {
	POINTER = 0xc000,
	POINTER_OWNER = 0x8000,
	POINTER_KIND = 0xc000,
	POINTER_LIMIT = 0x3fff,
};

enum { QUESTION_FIXED = 4 }; /* type and class */

void
composer_begin(struct composer *c, const uint8_t *owner, bool any_below)
{
	c->owner_len = (uint8_t)name_len(owner);
	wire_init(&c->wire, c->bytes,
	    sizeof(c->bytes) - DNS_HEADER_SIZE - c->owner_len - QUESTION_FIXED);
	c->below = any_below;
	c->wildcard = !any_below && name_is_wildcard(owner);
	c->class = DNS_IN;
	name_copy_lower(c->owner, owner, c->owner_len);
	memset(&c->head, 0, sizeof(c->head));
	c->nnames = 0;
}

static bool
fix_add(struct composer *c, enum body_fix_kind kind, size_t value)
{
	if (c->head.nfixes == COMPOSER_FIXES)
		return false;
	c->fixes[c->head.nfixes++] = (struct body_fix){
	    .at = (uint16_t)c->wire.len,
	    .kind = kind & 3,
	    .value = value & POINTER_LIMIT,
	};
	return true;
}

/* Does the name asked end with this suffix, whatever the name asked is? The
 * root is no suffix: never pointed to, it would gain nothing. */
static bool
ends_owner(const struct composer *c, const uint8_t *suffix)
{
	const uint8_t *known = c->owner;

	if (c->wildcard)
		known = name_parent(known);
	return name_is_under(known, suffix);
}

/* Past a pointer, if there is one at p. */
static const uint8_t *
follow(const struct composer *c, const uint8_t *p)
{
	while (*p > DNS_LABEL_MAX) {
		unsigned v = wire_get_u16(p);

		if ((v & POINTER_KIND) == POINTER_OWNER)
			p = c->owner + c->owner_len - (v & POINTER_LIMIT);
		else
			p = c->bytes + (v & POINTER_LIMIT);
	}
	return p;
}

static bool
stands_at(const struct composer *c, size_t at, const uint8_t *name)
{
	const uint8_t *p = follow(c, c->bytes + at);

	for (; *p == *name && *name != 0; name = name_parent(name)) {
		if (!name_label_equal(p, name))
			return false;
		p = follow(c, name_parent(p));
	}
	return *p == *name;
}

/* Where in the body this name stands already. */
static bool
find_in_body(const struct composer *c, const uint8_t *name, uint16_t *at)
{
	for (size_t i = 0; i < c->nnames; i++) {
		if (stands_at(c, c->names[i], name)) {
			*at = c->names[i];
			return true;
		}
	}
	return false;
}

/* Later names may point to each of this one's own labels. */
static void
remember(struct composer *c, size_t start)
{
	const uint8_t *p = c->bytes + start;

	for (; *p != 0 && *p <= DNS_LABEL_MAX; p = name_parent(p)) {
		size_t at = (size_t)(p - c->bytes);

		if (c->nnames == COMPOSER_NAMES || at >= BODY_POINTER_MAX)
			return;
		c->names[c->nnames++] = (uint16_t)at;
	}
}

/* The rest of a name as a pointer, when that rest is known already. */
static bool
pointer_put(struct composer *c, const uint8_t *name, bool *put)
{
	uint16_t at;

	*put = true;
	if (ends_owner(c, name)) {
		size_t len = name_len(name);

		if (!fix_add(c, BODY_FIX_OWNER, len))
			return false;
		wire_put_u16(&c->wire, (uint16_t)(POINTER_OWNER | len));
		return true;
	}
	if (find_in_body(c, name, &at)) {
		if (!fix_add(c, BODY_FIX_BODY, at))
			return false;
		wire_put_u16(&c->wire, (uint16_t)(POINTER | at));
		return true;
	}
	*put = false;
	return true;
}

static bool
name_put(struct composer *c, const uint8_t *name)
{
	size_t start = c->wire.len;
	bool pointed = false;

	for (; *name != 0; name = name_parent(name)) {
		if (!pointer_put(c, name, &pointed))
			return false;
		if (pointed)
			break;
		wire_put(&c->wire, name, 1u + *name);
	}
	if (!pointed)
		wire_put_u8(&c->wire, 0);
	if (!c->wire.full)
		remember(c, start);
	return !c->wire.full;
}

static bool
owner_put(struct composer *c, const uint8_t *owner)
{
	/* The name asked itself: its own, or synthesised from a wildcard. */
	if (name_equal(owner, c->owner) && !c->below) {
		if (!fix_add(c, BODY_FIX_WHOLE, 0))
			return false;
		wire_put_u16(&c->wire, POINTER);
		return true;
	}
	return name_put(c, owner);
}

/* How many octets precede the names in rdata, and how many names there are. */
struct rdata_shape {
	uint16_t type;
	uint8_t before, names;
};

/* The types of RFC 1035 whose names may be compressed (RFC 3597 4). */
static const struct rdata_shape shapes[] = {
    {DNS_NS, 0, 1},
    {DNS_CNAME, 0, 1},
    {DNS_PTR, 0, 1},
    {DNS_SOA, 0, 2},
    {DNS_MX, 2, 1},
};

static bool
shape_fits(const struct rdata_shape *shape, const uint8_t *rdata, size_t len)
{
	size_t at = shape->before;

	for (unsigned i = 0; i < shape->names; i++) {
		if (at >= len || !name_is_within(rdata + at, len - at))
			return false;
		at += name_len(rdata + at);
	}
	return true;
}

static bool
rdata_names_put(struct composer *c, const struct rdata_shape *shape,
    const uint8_t *rdata, uint16_t len)
{
	const uint8_t *p = rdata + shape->before;

	wire_put(&c->wire, rdata, shape->before);
	for (unsigned i = 0; i < shape->names; i++) {
		if (!name_put(c, p))
			return false;
		p += name_len(p);
	}
	wire_put(&c->wire, p, len - (size_t)(p - rdata));
	return true;
}

static bool
rdata_put(struct composer *c, uint16_t type, const uint8_t *rdata, uint16_t len)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].type == type &&
		    shape_fits(&shapes[i], rdata, len))
			return rdata_names_put(c, &shapes[i], rdata, len);
	wire_put(&c->wire, rdata, len);
	return true;
}

static void
count(struct composer *c, enum body_section section, bool optional)
{
	struct body_mixed *h = &c->head;

	h->body.len = (uint16_t)c->wire.len;
	if (section == BODY_ANSWER)
		h->an++;
	else if (section == BODY_AUTHORITY)
		h->ns++;
	else
		h->ar++;
	if (!optional) {
		h->must_len = h->body.len;
		h->must_ar = h->ar;
	}
}

static bool
record_put(struct composer *c, const uint8_t *owner, uint16_t type,
    uint32_t ttl, const uint8_t *rdata, uint16_t rdata_len)
{
	size_t rdlen_at;

	if (!owner_put(c, owner))
		return false;
	wire_put_u16(&c->wire, type);
	wire_put_u16(&c->wire, c->class);
	if (!fix_add(c, BODY_FIX_TTL, 0))
		return false;
	wire_put_u32(&c->wire, ttl);
	rdlen_at = c->wire.len;
	wire_put_u16(&c->wire, 0);
	if (!rdata_put(c, type, rdata, rdata_len) || c->wire.full)
		return false;
	wire_set_u16(
	    &c->wire, rdlen_at, (uint16_t)(c->wire.len - rdlen_at - 2));
	c->head.target_at = (uint16_t)(rdlen_at + 2);
	return true;
}

static void
target_keep(
    struct composer *c, uint16_t type, const uint8_t *rdata, uint16_t len)
{
	bool alias = type == DNS_CNAME || type == DNS_DNAME;

	c->head.target_len = alias && len <= DNS_NAME_MAX ? len : 0;
	memcpy(c->target, rdata, c->head.target_len);
}

bool
composer_put(struct composer *c, enum body_section section,
    const uint8_t *owner, uint16_t type, uint32_t ttl, const uint8_t *rdata,
    uint16_t rdata_len, bool optional)
{
	size_t nnames = c->nnames;
	uint16_t nfixes = c->head.nfixes;

	if (!record_put(c, owner, type, ttl, rdata, rdata_len)) {
		/* As it was, so that the body can do without this record. */
		c->wire.len = c->head.body.len;
		c->wire.full = false;
		c->nnames = nnames;
		c->head.nfixes = nfixes;
		return false;
	}
	target_keep(c, type, rdata, rdata_len);
	count(c, section, optional);
	return true;
}

/* The records of a plain body; 0: it is none. */
static uint16_t
plain_records(const struct composer *c)
{
	const struct body_mixed *h = &c->head;
	uint16_t n = h->an;
	size_t size;

	if (n == 0 || h->ns + h->ar > 0 || h->target_len > 0 ||
	    h->nfixes != 2 * n || h->body.len % n != 0)
		return 0;
	size = h->body.len / n;
	for (size_t i = 0; i < n; i++) {
		const struct body_fix *owner = &c->fixes[2 * i];

		if (owner->kind != BODY_FIX_WHOLE || owner->at != i * size ||
		    owner[1].kind != BODY_FIX_TTL)
			return 0;
	}
	return n;
}

size_t
composer_size(const struct composer *c)
{
	struct body_mixed head = c->head;

	head.body.plain = plain_records(c);
	return body_size(&head.body);
}

/* Its owners point to the name asked behind a header, where it mostly is. */
static struct body *
plain_end(const struct composer *c, uint16_t n, struct body *b)
{
	uint8_t *octets = (uint8_t *)(b + 1);
	size_t size = c->head.body.len / n;
	struct wire w = {.at = octets, .cap = c->head.body.len};

	*b = (struct body){c->head.body.len, n};
	wire_put(&w, c->bytes, b->len);
	for (size_t at = 0; at < b->len; at += size)
		wire_set_u16(&w, at, POINTER | DNS_HEADER_SIZE);
	return b;
}

struct body *
composer_end(struct composer *c, void *memory)
{
	struct body_mixed *b = memory;
	struct body_fix *fixes = (struct body_fix *)(b + 1);
	uint16_t plain = plain_records(c);

	if (plain != 0)
		return plain_end(c, plain, memory);
	*b = c->head;
	memcpy(fixes, c->fixes, b->nfixes * sizeof(*fixes));
	memcpy(fixes + b->nfixes, c->bytes, b->body.len);
	memcpy((uint8_t *)(fixes + b->nfixes) + b->body.len, c->target,
	    b->target_len);
	return &b->body;
}
