/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One query put to all servers, and what they said.  One thread.
 */
#ifndef DIFFER_EXCHANGE_H
#define DIFFER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum server { OURS, NSD, KNOT, BIND, SERVERS };

enum section { ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

enum {
	QUERY_MAX = 2048,
	REPLY_MAX = 65535,
	UDP_LIMIT = 1232, /* every server's largest UDP message */
	BATCH = 48,       /* queries put at once */
	TCP_EVERY = 10,   /* batches, of which one goes over TCP */
};

/* What replies are compared in; one bit each. */
enum aspect {
	IN_REPLY = 0x1, /* that there is one, and that it can be parsed */
	IN_FLAGS = 0x2, /* QR, opcode, RD, RA, Z, AD, CD */
	IN_RCODE = 0x4,
	IN_AA = 0x8,
	IN_TC = 0x10,
	IN_QUESTION = 0x20,
	IN_EDNS = 0x40, /* that there is an OPT, its version and DO */
	IN_ANSWER = 0x80,
	IN_AUTHORITY = 0x100,
	IN_ADDITIONAL = 0x200,
	IN_SECTIONS = IN_ANSWER | IN_AUTHORITY | IN_ADDITIONAL,
	IN_SAID = IN_RCODE | IN_AA | IN_TC | IN_SECTIONS,
	IN_ALL = 0x3ff,
};

struct query {
	uint64_t number;
	uint8_t wire[QUERY_MAX];
	size_t len;
	uint8_t name[256]; /* as asked, wire form */
	size_t name_len;
	uint16_t type, class, flags, size; /* size: 0 without EDNS */
	bool edns, cookie;
	unsigned odd; /* bits of enum oddity */
	bool tcp;
};

/* What is wrong, or strange, with a query. */
enum oddity {
	ODD_RESPONSE = 0x1,   /* QR */
	ODD_OPCODE = 0x2,     /* not QUERY */
	ODD_QDCOUNT = 0x4,    /* not 1 */
	ODD_TRAILING = 0x8,   /* octets after the last record */
	ODD_SHORT = 0x10,     /* cut */
	ODD_OPT_TWICE = 0x20, /* two OPT records */
	ODD_OPT_OWNER = 0x40, /* an OPT not of the root */
	ODD_RECORDS = 0x80,   /* records in the answer or authority section */
	ODD_POINTER = 0x100,  /* a pointer in the question's name */
	ODD_VERSION = 0x200,  /* an EDNS version above 0 */
	ODD_OPTION = 0x400,   /* an option longer than the OPT */
	ODD_CLASS = 0x800,    /* not IN */
	ODD_META = 0x1000,    /* a type that asks for no data */
	ODD_FLAGS = 0x2000,   /* AA, TC, RA, Z, AD or an rcode in a query */
	ODD_FIRST = 0x4000,   /* a record after the OPT */
	ODD_SIGNED = 0x8000,  /* with a key that no server knows */
};

/* A record in canonical wire form (RFC 4034 6.2). */
struct record {
	const uint8_t *wire;
	uint16_t len, type;
	uint16_t name_len; /* octets of its owner, at wire */
	uint32_t ttl;
};

struct record_set {
	struct record *at;
	size_t n;
};

struct reply {
	bool came, parsed;
	uint8_t wire[REPLY_MAX];
	size_t len;
	uint16_t flags, rcode; /* rcode: with the OPT's bits */
	uint32_t edns;         /* present, version, DO */
	size_t opt_len;        /* octets of the OPT */
	struct record_set question, sections[SECTIONS];
};

struct exchange {
	struct query query;
	struct reply replies[SERVERS];
};

extern const char *const server_names[SERVERS];

static inline uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline bool
flag(const struct reply *r, unsigned bit)
{
	return (r->flags & bit) != 0;
}

#endif
