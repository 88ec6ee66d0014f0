/* SPDX-License-Identifier: BSD-3-Clause */
#include "make.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_MAX = 255,
	LABEL_MAX = 63,
	TYPES_MAX = 16,
	CLASS_IN = 1,
	TYPE_OPT = 41,
	OPTION_NSID = 3,
	OPTION_COOKIE = 10,
	OPTION_PADDING = 12,
	OPTION_LOCAL = 65001,
};

static struct name {
	uint8_t len, wire[NAME_MAX];
	uint8_t ntypes;
	uint16_t types[TYPES_MAX]; /* of data that is there */
} * names;
static size_t nnames, norigins; /* the first ones are origins of zones */

/* Random numbers (splitmix64) --------------------------------------------- */

static uint64_t state;

static uint64_t
next(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned
below(unsigned n)
{
	return (unsigned)((next() >> 32) * n >> 32);
}

/* True once in n. */
static bool
once_in(unsigned n)
{
	return below(n) == 0;
}

/* As once_in, for what ends a connection, or gets no answer there. */
static bool
wrong_once_in(const struct query *q, unsigned n)
{
	return once_in(n) && !q->tcp;
}

#define ONE_OF(a) ((a)[below(sizeof(a) / sizeof((a)[0]))])

/* Names ------------------------------------------------------------------- */

/* Octets in hexadecimal digits, then numbers of types. */
static void
name_load(const char *hex)
{
	struct name n = {0};
	unsigned octet;
	char *end;

	for (;
	     n.len < NAME_MAX && *hex != ' ' && sscanf(hex, "%2x", &octet) == 1;
	     hex += 2)
		n.wire[n.len++] = (uint8_t)octet;
	while (n.ntypes < TYPES_MAX) {
		unsigned long type = strtoul(hex, &end, 10);

		if (end == hex)
			break;
		n.types[n.ntypes++] = (uint16_t)type;
		hex = end;
	}
	names = reallocarray(names, nnames + 1, sizeof(*names));
	if (names == NULL)
		err(2, "names");
	names[nnames++] = n;
}

void
make_names_load(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[2 * NAME_MAX + 400];

	if (f == NULL)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		bool origin = line[0] == '=';

		norigins += origin;
		name_load(line + origin);
	}
	fclose(f);
	if (norigins == 0)
		errx(2, "%s: no zones", path);
}

static bool
is_name(const struct name *n, const uint8_t *name, size_t len)
{
	return n->len == len &&
	    strncasecmp((const char *)n->wire, (const char *)name, len) == 0;
}

bool
make_is_known(const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < nnames; i++)
		if (is_name(&names[i], name, len))
			return true;
	return false;
}

const uint8_t *
make_zone_of(const uint8_t *name, size_t len, unsigned above)
{
	for (;; len -= 1u + *name, name += 1u + *name) {
		for (size_t i = 0; i < norigins; i++) {
			if (!is_name(&names[i], name, len))
				continue;
			if (above-- == 0)
				return names[i].wire;
		}
		if (*name == 0)
			return NULL;
	}
}

static void
prepend(struct name *n, const void *label, size_t len)
{
	if (n->len + len + 1 > NAME_MAX)
		return;
	memmove(n->wire + len + 1, n->wire, n->len);
	n->wire[0] = (uint8_t)len;
	memcpy(n->wire + 1, label, len);
	n->len = (uint8_t)(n->len + len + 1);
}

static void
prepend_any(struct name *n)
{
	static const char *const labels[] = {
	    "a", "b", "c", "www", "*", "ns1", "x", "_tcp", "\1", "a.b", "\377"};
	uint8_t label[LABEL_MAX];
	const char *known = ONE_OF(labels);
	size_t len = once_in(4) ? LABEL_MAX : 1 + below(12);

	if (!once_in(4)) {
		prepend(n, known, strlen(known));
		return;
	}
	for (size_t i = 0; i < len; i++)
		label[i] = (uint8_t)below(256);
	prepend(n, label, len);
}

static void
drop_first(struct name *n)
{
	size_t len = n->wire[0] + 1u;

	if (n->len == 1)
		return;
	memmove(n->wire, n->wire + len, n->len - len);
	n->len = (uint8_t)(n->len - len);
}

static void
vary_case(struct name *n)
{
	for (size_t i = 0; i < n->len; i++) {
		uint8_t lower = n->wire[i] | 0x20;

		if (lower >= 'a' && lower <= 'z' && once_in(2))
			n->wire[i] ^= 0x20;
	}
	/* 65 to 122 never stand for a label's length. */
}

static void
make_name(struct name *n)
{
	*n = names[below((unsigned)nnames)];
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
		prepend_any(n);
		break;
	case 3:
		prepend_any(n);
		prepend_any(n);
		break;
	case 4:
		drop_first(n);
		break;
	case 5:
		drop_first(n);
		prepend_any(n);
		break;
	case 6:
		if (once_in(8))
			for (unsigned i = 0; i < 128; i++)
				prepend_any(n);
		break;
	default:
		break;
	}
	if (once_in(3))
		vary_case(n);
}

/* Messages ---------------------------------------------------------------- */

static void
put(struct query *q, const void *p, size_t len)
{
	memcpy(q->wire + q->len, p, len);
	q->len += len;
}

static void
put_u16(struct query *q, unsigned v)
{
	uint8_t octets[] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(q, octets, sizeof(octets));
}

static void
set_u16(struct query *q, size_t at, unsigned v)
{
	q->wire[at] = (uint8_t)(v >> 8);
	q->wire[at + 1] = (uint8_t)v;
}

static void
add_u16(struct query *q, size_t at)
{
	set_u16(q, at, get_u16(q->wire + at) + 1u);
}

static uint16_t
make_type(struct query *q, const struct name *n)
{
	static const uint16_t usual[] = {1, 1, 1, 1, 28, 28, 2, 2, 6, 5, 5, 15,
	    16, 16, 43, 43, 39, 39, 255, 33, 12, 64, 65, 65280};
	static const uint16_t rare[] = {3, 4, 7, 10, 11, 13, 14, 17, 18, 19, 21,
	    23, 24, 25, 26, 29, 30, 34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 47,
	    48, 49, 50, 51, 52, 53, 59, 60, 61, 62, 63, 99, 104, 105, 106, 107,
	    108, 109, 256, 257, 258, 700, 32768, 32769, 65535, 65534};
	static const uint16_t meta[] = {
	    0, 41, 249, 250, 251, 252, 253, 254, 128, 200};

	if (wrong_once_in(q, 100)) {
		q->odd |= ODD_META;
		return ONE_OF(meta);
	}
	if (n->ntypes > 0 && once_in(3))
		return n->types[below(n->ntypes)];
	if (once_in(60))
		return (uint16_t)(256 + below(65280));
	return once_in(8) ? ONE_OF(rare) : ONE_OF(usual);
}

static uint16_t
make_flags(struct query *q)
{
	static const uint16_t strange[] = {
	    0x400, 0x200, 0x80, 0x40, 0x20, 0x1, 0x5, 0xf};
	uint16_t flags = once_in(4) ? 0x100 : 0;

	if (once_in(10))
		flags |= 0x10;
	if (once_in(30)) {
		flags |= ONE_OF(strange);
		q->odd |= ODD_FLAGS;
	}
	if (wrong_once_in(q, 150)) {
		flags |= (uint16_t)(1 + below(15)) << 11;
		q->odd |= ODD_OPCODE;
	}
	if (wrong_once_in(q, 500)) {
		flags |= 0x8000;
		q->odd |= ODD_RESPONSE;
	}
	return flags;
}

static uint16_t
make_class(struct query *q)
{
	static const uint16_t others[] = {0, 2, 3, 4, 254, 255, 65535};

	if (!wrong_once_in(q, 120))
		return CLASS_IN;
	q->odd |= ODD_CLASS;
	return ONE_OF(others);
}

/* That every server takes, whether it knows the option or not. */
static void
put_known(struct query *q)
{
	static const struct {
		uint8_t len, octets[32];
	} options[] = {
	    {11, {0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2}},
	    {8, {0, 8, 0, 4, 0, 1, 0, 0}},
	    {15, {0, 8, 0, 11, 0, 2, 56, 0, 0x20, 1, 0x0d, 0xb8, 0, 1, 2}},
	    {4, {0, 9}},
	    {12, {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}},
	    {28, {0, 10, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8, 1}},
	    {4, {0, 11}},
	    {6, {0, 14, 0, 2, 0x12, 0x34}},
	};
	size_t i = below(sizeof(options) / sizeof(options[0]));

	put(q, options[i].octets, options[i].len);
	q->cookie |= options[i].octets[1] == OPTION_COOKIE;
}

static void
put_options(struct query *q)
{
	static const uint8_t zeros[64];
	size_t at = q->len, n = below(40);

	put_u16(q, 0);
	if (once_in(4)) {
		put_u16(q, OPTION_NSID);
		put_u16(q, 0);
	}
	if (once_in(6)) {
		put_u16(q, once_in(2) ? OPTION_LOCAL : OPTION_PADDING);
		put_u16(q, (unsigned)n);
		put(q, zeros, n);
	}
	if (once_in(5))
		put_known(q);
	if (wrong_once_in(q, 200)) {
		put_u16(q, OPTION_LOCAL);
		put_u16(q, 8);
		q->odd |= ODD_OPTION;
	}
	set_u16(q, at, (unsigned)(q->len - at - 2));
}

static void
put_opt(struct query *q)
{
	static const uint16_t sizes[] = {
	    0, 100, 511, 512, 513, 1000, 1231, 1232, 1233, 1400, 4096, 65535};
	unsigned version = 0;
	uint8_t owner[] = {0, 0, 0};

	q->edns = true;
	q->size = once_in(3) ? (uint16_t)(512 + below(800)) : ONE_OF(sizes);
	if (once_in(100)) {
		version = 1 + below(255);
		q->odd |= ODD_VERSION;
	}
	if (once_in(300)) {
		owner[0] = 1;
		owner[1] = 'a';
		q->odd |= ODD_OPT_OWNER;
	}
	put(q, owner, owner[0] != 0 ? 3 : 1);
	put_u16(q, TYPE_OPT);
	put_u16(q, q->size);
	put_u16(q, version);
	put_u16(
	    q, (once_in(4) ? 0x8000 : 0) | (once_in(50) ? below(32768) : 0));
	put_options(q);
	add_u16(q, 10);
}

/* A record that no query needs; count: where its section is counted. */
static void
put_record(struct query *q, size_t count)
{
	static const uint8_t a[] = {
	    0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1};

	put(q, a, sizeof(a));
	add_u16(q, count);
}

static void
put_tsig(struct query *q)
{
	static const uint8_t tsig[] = {3, 'k', 'e', 'y', 0, 0, 250, 0, 255, 0,
	    0, 0, 0, 0, 61, 11, 'h', 'm', 'a', 'c', '-', 's', 'h', 'a', '2',
	    '5', '6', 0, 0, 0, 0x6b, 1, 0x85, 0xcd, 1, 0x2c, 0, 32};
	static const uint8_t zeros[32 + 6];

	put(q, tsig, sizeof(tsig));
	put(q, zeros, sizeof(zeros));
	add_u16(q, 10);
	q->odd |= ODD_SIGNED;
}

static void
put_question(struct query *q, const struct name *n)
{
	put(q, n->wire, n->len);
	if (wrong_once_in(q, 1000)) {
		/* In place of the root label: to the name itself, ahead. */
		q->len--;
		put_u16(q, once_in(2) ? 0xc00c : 0xc000 + (unsigned)q->len + 6);
		q->odd |= ODD_POINTER;
	}
	put_u16(q, q->type);
	put_u16(q, q->class);
}

static void
put_some(struct query *q)
{
	if (once_in(400)) {
		put_record(q, once_in(2) ? 6 : 8);
		q->odd |= ODD_RECORDS;
	}
	if (once_in(3))
		return;
	put_opt(q);
	if (once_in(400)) {
		put_record(q, 10);
		q->odd |= ODD_FIRST;
	}
	if (wrong_once_in(q, 400)) {
		put_opt(q);
		q->odd |= ODD_OPT_TWICE;
	}
}

static void
put_additional(struct query *q)
{
	put_some(q);
	if (!once_in(200))
		return;
	put_tsig(q);
	if (wrong_once_in(q, 4))
		put_record(q, 10);
}

static void
make_wrong(struct query *q)
{
	static const uint8_t junk[] = {0, 1, 2, 3, 4, 5};

	if (wrong_once_in(q, 300)) {
		put(q, junk, 1 + below(sizeof(junk)));
		q->odd |= ODD_TRAILING;
	}
	if (wrong_once_in(q, 300)) {
		q->len = once_in(4) ? 2 + below(10)
				    : 12 + below((unsigned)q->len - 12);
		q->odd |= ODD_SHORT;
	}
}

void
make_query(struct query *q, uint64_t seed, uint64_t number)
{
	static const uint8_t header[12];
	struct name n;

	state = seed * UINT64_C(0x2545f4914f6cdd1d) ^ number << 20;
	next();
	memset(q, 0, offsetof(struct query, wire));
	q->number = number;
	q->len = 0;
	q->odd = 0;
	q->edns = q->cookie = false;
	q->tcp = number / BATCH % TCP_EVERY == 0;
	q->size = 0;
	make_name(&n);
	memcpy(q->name, n.wire, n.len);
	q->name_len = n.len;
	q->flags = make_flags(q);
	q->type = make_type(q, &n);
	q->class = make_class(q);
	put(q, header, sizeof(header));
	set_u16(q, 2, q->flags);
	if (wrong_once_in(q, 600)) {
		q->odd |= ODD_QDCOUNT;
		if (once_in(2)) {
			set_u16(q, 4, 2);
			put_question(q, &n);
			put_question(q, &n);
		}
	} else {
		set_u16(q, 4, 1);
		put_question(q, &n);
	}
	put_additional(q);
	make_wrong(q);
}

void
make_sentinel(struct query *q)
{
	static const uint8_t header[12] = {0, 0, 0, 0, 0, 1};

	memset(q, 0, sizeof(*q));
	put(q, header, sizeof(header));
	put(q, names[0].wire, names[0].len);
	put_u16(q, 6);
	put_u16(q, CLASS_IN);
}
