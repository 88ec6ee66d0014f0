/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The types of records (the IANA registry "Resource Record (RR) TYPEs"): what
 * they are called, and the fields of their data.  One row a type.  Pure; any
 * thread.
 */
#ifndef DNS_TYPE_H
#define DNS_TYPE_H

#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_NONE, /* behind the last field */
	FIELD_U8,   /* numbers in decimal digits */
	FIELD_U16,
	FIELD_U32,
	FIELD_TIME, /* seconds, or with units as in 1h30m */
	FIELD_DATE, /* YYYYMMDDHHmmSS, or seconds (RFC 4034 3.2) */
	FIELD_NAME,
	FIELD_NAMES, /* to the end, none too */
	FIELD_A,
	FIELD_AAAA,
	FIELD_STRING, /* RFC 1035 3.3: up to 255 octets behind their number */
	FIELD_STRING_OPTIONAL,
	FIELD_STRINGS, /* to the end, one at least */
	FIELD_DIGITS,  /* a string of four digits at least (RFC 1183 3.1) */
	FIELD_TAG,     /* a string of letters and digits (RFC 8659 4.1) */
	FIELD_TEXT,    /* one string that fills the rest, without a number */
	FIELD_HEX,     /* to the end, one octet at least */
	FIELD_BASE64,  /* to the end, one octet at least */
	FIELD_BASE64_OPTIONAL,
	FIELD_DATA, /* base64, or "-" for none (DOA) */
	FIELD_SALT, /* RFC 5155 3.3 */
	FIELD_HASH,
	FIELD_TYPES, /* RFC 4034 4.1.2, none too */
	FIELD_TYPES_SOME,
	FIELD_TYPE,
	FIELD_ALGORITHM, /* numbers with names */
	FIELD_DIGEST,
	FIELD_CERT,
	FIELD_SCHEME,
	FIELD_USAGE, /* RFC 7218 */
	FIELD_SELECTOR,
	FIELD_MATCHING,
	FIELD_PROTOCOL, /* RFC 2535 7.1 */
	FIELD_KEY_FLAGS,
	FIELD_EUI48, /* RFC 7043 */
	FIELD_EUI64,
	FIELD_LOCATOR, /* RFC 6742 2.1.1: 64 bits */
	FIELD_LOC,     /* RFC 1876 3 */
	FIELD_APL,     /* RFC 3123 5 */
	FIELD_GATEWAY, /* RFC 4025 2.1: type, algorithm, gateway */
	FIELD_RELAY,   /* RFC 8777 4.3: discovery optional, type, relay */
	FIELD_HIP,     /* RFC 8005 6 */
	FIELD_WKS,     /* RFC 1035 3.4.2: protocol and services */
	FIELD_NXT,     /* RFC 2535 5.2: types below 128 */
	FIELD_NSAP,    /* RFC 1706 7 */
	FIELD_ATMA,    /* AF-SAA-0069.000 */
	FIELD_A6,      /* RFC 2874 3.1 */
	FIELD_SVCB,    /* RFC 9460 2.1: parameters */
	FIELD_KIND_COUNT
};

enum { TYPE_FIELDS_MAX = 9 };

struct rr_field {
	enum field_kind kind;
	const char *name; /* as the RFC of the type has it */
};

struct rr_type {
	uint16_t value;
	const char *name;
	/* Without any: a type that asks (RFC 6895 3.1), or one that has no form
	 * but that of RFC 3597. */
	struct rr_field fields[TYPE_FIELDS_MAX + 1];
};

/* NULL: a type without a name. */
const struct rr_type *type_get(uint16_t value);

/* The type of that name, without case; TYPE and a number as well (RFC 3597 5).
 * 0: there is none. */
uint16_t type_find(const char *name, size_t len);

/* All rows, by value: for tests. */
const struct rr_type *type_rows(size_t *n);

#endif
