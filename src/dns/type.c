/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/type.h"

#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

static const struct rr_type types[] = {
    {1, "A", {{FIELD_A, "address"}}},
    {2, "NS", {{FIELD_NAME, "host"}}},
    {3, "MD", {{FIELD_NAME, "host"}}},
    {4, "MF", {{FIELD_NAME, "host"}}},
    {5, "CNAME", {{FIELD_NAME, "target"}}},
    {6, "SOA",
	{{FIELD_NAME, "mname"}, {FIELD_NAME, "rname"}, {FIELD_U32, "serial"},
	    {FIELD_TIME, "refresh"}, {FIELD_TIME, "retry"},
	    {FIELD_TIME, "expire"}, {FIELD_TIME, "minimum"}}},
    {7, "MB", {{FIELD_NAME, "host"}}},
    {8, "MG", {{FIELD_NAME, "mailbox"}}},
    {9, "MR", {{FIELD_NAME, "mailbox"}}},
    {10, "NULL", {{FIELD_NONE, NULL}}},
    {11, "WKS", {{FIELD_A, "address"}, {FIELD_WKS, "services"}}},
    {12, "PTR", {{FIELD_NAME, "target"}}},
    {13, "HINFO", {{FIELD_STRING, "cpu"}, {FIELD_STRING, "os"}}},
    {14, "MINFO", {{FIELD_NAME, "rmailbx"}, {FIELD_NAME, "emailbx"}}},
    {15, "MX", {{FIELD_U16, "preference"}, {FIELD_NAME, "exchange"}}},
    {16, "TXT", {{FIELD_STRINGS, "text"}}},
    {17, "RP", {{FIELD_NAME, "mailbox"}, {FIELD_NAME, "text"}}},
    {18, "AFSDB", {{FIELD_U16, "subtype"}, {FIELD_NAME, "host"}}},
    {19, "X25", {{FIELD_DIGITS, "address"}}},
    {20, "ISDN",
	{{FIELD_STRING, "address"}, {FIELD_STRING_OPTIONAL, "subaddress"}}},
    {21, "RT", {{FIELD_U16, "preference"}, {FIELD_NAME, "host"}}},
    {22, "NSAP", {{FIELD_NSAP, "address"}}},
    {23, "NSAP-PTR", {{FIELD_NAME, "owner"}}},
    {24, "SIG",
	{{FIELD_TYPE, "type covered"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_U8, "labels"}, {FIELD_U32, "original TTL"},
	    {FIELD_DATE, "expiration"}, {FIELD_DATE, "inception"},
	    {FIELD_U16, "key tag"}, {FIELD_NAME, "signer"},
	    {FIELD_BASE64, "signature"}}},
    {25, "KEY",
	{{FIELD_KEY_FLAGS, "flags"}, {FIELD_PROTOCOL, "protocol"},
	    {FIELD_ALGORITHM, "algorithm"}, {FIELD_BASE64_OPTIONAL, "key"}}},
    {26, "PX",
	{{FIELD_U16, "preference"}, {FIELD_NAME, "map822"},
	    {FIELD_NAME, "mapx400"}}},
    {27, "GPOS",
	{{FIELD_STRING, "longitude"}, {FIELD_STRING, "latitude"},
	    {FIELD_STRING, "altitude"}}},
    {28, "AAAA", {{FIELD_AAAA, "address"}}},
    {29, "LOC", {{FIELD_LOC, "location"}}},
    {30, "NXT", {{FIELD_NAME, "next"}, {FIELD_NXT, "types"}}},
    {31, "EID", {{FIELD_HEX, "identifier"}}},
    {32, "NIMLOC", {{FIELD_HEX, "locator"}}},
    {33, "SRV",
	{{FIELD_U16, "priority"}, {FIELD_U16, "weight"}, {FIELD_U16, "port"},
	    {FIELD_NAME, "target"}}},
    {34, "ATMA", {{FIELD_ATMA, "address"}}},
    {35, "NAPTR",
	{{FIELD_U16, "order"}, {FIELD_U16, "preference"},
	    {FIELD_STRING, "flags"}, {FIELD_STRING, "services"},
	    {FIELD_STRING, "regexp"}, {FIELD_NAME, "replacement"}}},
    {36, "KX", {{FIELD_U16, "preference"}, {FIELD_NAME, "exchanger"}}},
    {37, "CERT",
	{{FIELD_CERT, "type"}, {FIELD_U16, "key tag"},
	    {FIELD_ALGORITHM, "algorithm"}, {FIELD_BASE64, "certificate"}}},
    {38, "A6", {{FIELD_A6, "address"}}},
    {39, "DNAME", {{FIELD_NAME, "target"}}},
    {40, "SINK",
	{{FIELD_U8, "coding"}, {FIELD_U8, "subcoding"},
	    {FIELD_BASE64_OPTIONAL, "data"}}},
    {41, "OPT", {{FIELD_NONE, NULL}}},
    {42, "APL", {{FIELD_APL, "prefixes"}}},
    {43, "DS",
	{{FIELD_U16, "key tag"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_DIGEST, "digest type"}, {FIELD_HEX, "digest"}}},
    {44, "SSHFP",
	{{FIELD_U8, "algorithm"}, {FIELD_U8, "type"},
	    {FIELD_HEX, "fingerprint"}}},
    {45, "IPSECKEY",
	{{FIELD_U8, "precedence"}, {FIELD_GATEWAY, "gateway"},
	    {FIELD_BASE64_OPTIONAL, "key"}}},
    {46, "RRSIG",
	{{FIELD_TYPE, "type covered"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_U8, "labels"}, {FIELD_U32, "original TTL"},
	    {FIELD_DATE, "expiration"}, {FIELD_DATE, "inception"},
	    {FIELD_U16, "key tag"}, {FIELD_NAME, "signer"},
	    {FIELD_BASE64, "signature"}}},
    {47, "NSEC", {{FIELD_NAME, "next"}, {FIELD_TYPES_SOME, "types"}}},
    {48, "DNSKEY",
	{{FIELD_U16, "flags"}, {FIELD_U8, "protocol"},
	    {FIELD_ALGORITHM, "algorithm"}, {FIELD_BASE64, "key"}}},
    {49, "DHCID", {{FIELD_BASE64, "digest"}}},
    {50, "NSEC3",
	{{FIELD_U8, "hash algorithm"}, {FIELD_U8, "flags"},
	    {FIELD_U16, "iterations"}, {FIELD_SALT, "salt"},
	    {FIELD_HASH, "next"}, {FIELD_TYPES, "types"}}},
    {51, "NSEC3PARAM",
	{{FIELD_U8, "hash algorithm"}, {FIELD_U8, "flags"},
	    {FIELD_U16, "iterations"}, {FIELD_SALT, "salt"}}},
    {52, "TLSA",
	{{FIELD_USAGE, "usage"}, {FIELD_SELECTOR, "selector"},
	    {FIELD_MATCHING, "matching type"}, {FIELD_HEX, "data"}}},
    {53, "SMIMEA",
	{{FIELD_USAGE, "usage"}, {FIELD_SELECTOR, "selector"},
	    {FIELD_MATCHING, "matching type"}, {FIELD_HEX, "data"}}},
    {55, "HIP",
	{{FIELD_HIP, "host identity"}, {FIELD_NAMES, "rendezvous server"}}},
    {56, "NINFO", {{FIELD_STRINGS, "text"}}},
    {57, "RKEY",
	{{FIELD_U16, "flags"}, {FIELD_U8, "protocol"},
	    {FIELD_ALGORITHM, "algorithm"}, {FIELD_BASE64, "key"}}},
    {58, "TALINK", {{FIELD_NAME, "previous"}, {FIELD_NAME, "next"}}},
    {59, "CDS",
	{{FIELD_U16, "key tag"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_DIGEST, "digest type"}, {FIELD_HEX, "digest"}}},
    {60, "CDNSKEY",
	{{FIELD_U16, "flags"}, {FIELD_U8, "protocol"},
	    {FIELD_ALGORITHM, "algorithm"}, {FIELD_BASE64, "key"}}},
    {61, "OPENPGPKEY", {{FIELD_BASE64, "key"}}},
    {62, "CSYNC",
	{{FIELD_U32, "serial"}, {FIELD_U16, "flags"}, {FIELD_TYPES, "types"}}},
    {63, "ZONEMD",
	{{FIELD_U32, "serial"}, {FIELD_U8, "scheme"}, {FIELD_U8, "hash"},
	    {FIELD_HEX, "digest"}}},
    {64, "SVCB",
	{{FIELD_U16, "priority"}, {FIELD_NAME, "target"},
	    {FIELD_SVCB, "parameter"}}},
    {65, "HTTPS",
	{{FIELD_U16, "priority"}, {FIELD_NAME, "target"},
	    {FIELD_SVCB, "parameter"}}},
    {66, "DSYNC",
	{{FIELD_TYPE, "type"}, {FIELD_SCHEME, "scheme"}, {FIELD_U16, "port"},
	    {FIELD_NAME, "target"}}},
    {67, "HHIT", {{FIELD_BASE64, "data"}}},
    {68, "BRID", {{FIELD_BASE64, "data"}}},
    {99, "SPF", {{FIELD_STRINGS, "text"}}},
    {100, "UINFO", {{FIELD_NONE, NULL}}},
    {101, "UID", {{FIELD_NONE, NULL}}},
    {102, "GID", {{FIELD_NONE, NULL}}},
    {103, "UNSPEC", {{FIELD_NONE, NULL}}},
    {104, "NID", {{FIELD_U16, "preference"}, {FIELD_LOCATOR, "node"}}},
    {105, "L32", {{FIELD_U16, "preference"}, {FIELD_A, "locator"}}},
    {106, "L64", {{FIELD_U16, "preference"}, {FIELD_LOCATOR, "locator"}}},
    {107, "LP", {{FIELD_U16, "preference"}, {FIELD_NAME, "target"}}},
    {108, "EUI48", {{FIELD_EUI48, "address"}}},
    {109, "EUI64", {{FIELD_EUI64, "address"}}},
    {128, "NXNAME", {{FIELD_NONE, NULL}}},
    {249, "TKEY", {{FIELD_NONE, NULL}}},
    {250, "TSIG", {{FIELD_NONE, NULL}}},
    {251, "IXFR", {{FIELD_NONE, NULL}}},
    {252, "AXFR", {{FIELD_NONE, NULL}}},
    {253, "MAILB", {{FIELD_NONE, NULL}}},
    {254, "MAILA", {{FIELD_NONE, NULL}}},
    {255, "ANY", {{FIELD_NONE, NULL}}},
    {256, "URI",
	{{FIELD_U16, "priority"}, {FIELD_U16, "weight"},
	    {FIELD_TEXT, "target"}}},
    {257, "CAA",
	{{FIELD_U8, "flags"}, {FIELD_TAG, "tag"}, {FIELD_TEXT, "value"}}},
    {258, "AVC", {{FIELD_STRINGS, "text"}}},
    {259, "DOA",
	{{FIELD_U32, "enterprise"}, {FIELD_U32, "type"}, {FIELD_U8, "location"},
	    {FIELD_STRING, "media type"}, {FIELD_DATA, "data"}}},
    {260, "AMTRELAY", {{FIELD_U8, "precedence"}, {FIELD_RELAY, "relay"}}},
    {261, "RESINFO", {{FIELD_STRINGS, "text"}}},
    {262, "WALLET", {{FIELD_STRINGS, "text"}}},
    {263, "CLA", {{FIELD_STRINGS, "text"}}},
    {264, "IPN", {{FIELD_BASE64, "data"}}},
    {32768, "TA",
	{{FIELD_U16, "key tag"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_DIGEST, "digest type"}, {FIELD_HEX, "digest"}}},
    {32769, "DLV",
	{{FIELD_U16, "key tag"}, {FIELD_ALGORITHM, "algorithm"},
	    {FIELD_DIGEST, "digest type"}, {FIELD_HEX, "digest"}}},
};

enum { NTYPES = sizeof(types) / sizeof(types[0]) };

static int
by_value(const void *key, const void *row)
{
	int value = *(const uint16_t *)key;

	return value - ((const struct rr_type *)row)->value;
}

const struct rr_type *
type_get(uint16_t value)
{
	return bsearch(&value, types, NTYPES, sizeof(types[0]), by_value);
}

/* RFC 3597 5 */
static uint16_t
number_find(const char *name, size_t len)
{
	enum { WORD = 4, DIGITS = 5 };
	unsigned value = 0;

	if (len <= WORD || len > WORD + DIGITS ||
	    strncasecmp(name, "TYPE", WORD) != 0)
		return 0;
	for (size_t i = WORD; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(name[i] - '0');
	}
	return value <= UINT16_MAX ? (uint16_t)value : 0;
}

uint16_t
type_find(const char *name, size_t len)
{
	for (size_t i = 0; i < NTYPES; i++)
		if ((types[i].name[0] ^ name[0]) % 32 == 0 &&
		    strncasecmp(types[i].name, name, len) == 0 &&
		    types[i].name[len] == '\0')
			return types[i].value;
	return number_find(name, len);
}

const struct rr_type *
type_rows(size_t *n)
{
	*n = NTYPES;
	return types;
}
