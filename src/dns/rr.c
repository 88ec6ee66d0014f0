/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/rr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct word {
	uint16_t value;
	const char *text;
};

static const struct word types[] = {
    {DNS_A, "A"},
    {DNS_NS, "NS"},
    {DNS_CNAME, "CNAME"},
    {DNS_SOA, "SOA"},
    {DNS_PTR, "PTR"},
    {DNS_HINFO, "HINFO"},
    {DNS_MX, "MX"},
    {DNS_TXT, "TXT"},
    {DNS_AAAA, "AAAA"},
    {DNS_SRV, "SRV"},
    {35, "NAPTR"},
    {DNS_DNAME, "DNAME"},
    {DNS_DS, "DS"},
    {44, "SSHFP"},
    {52, "TLSA"},
    {DNS_SVCB, "SVCB"},
    {DNS_HTTPS, "HTTPS"},
    {DNS_ANY, "ANY"},
    {257, "CAA"},
};

static const struct word rcodes[] = {
    {DNS_NOERROR, "NOERROR"},
    {DNS_FORMERR, "FORMERR"},
    {DNS_SERVFAIL, "SERVFAIL"},
    {DNS_NXDOMAIN, "NXDOMAIN"},
    {DNS_NOTIMP, "NOTIMP"},
    {DNS_REFUSED, "REFUSED"},
    {DNS_YXDOMAIN, "YXDOMAIN"},
    {DNS_BADVERS, "BADVERS"},
};

enum {
	NTYPES = sizeof(types) / sizeof(types[0]),
	NRCODES = sizeof(rcodes) / sizeof(rcodes[0]),
};

static char *
word_format(char *buf, const struct word *words, size_t n, const char *other,
    uint16_t value)
{
	for (size_t i = 0; i < n; i++)
		if (words[i].value == value) {
			snprintf(buf, TYPE_TEXT_MAX, "%s", words[i].text);
			return buf;
		}
	snprintf(buf, TYPE_TEXT_MAX, "%s%u", other, value);
	return buf;
}

char *
type_format(char buf[TYPE_TEXT_MAX], uint16_t type)
{
	return word_format(buf, types, NTYPES, "TYPE", type);
}

char *
rcode_format(char buf[TYPE_TEXT_MAX], uint16_t rcode)
{
	return word_format(buf, rcodes, NRCODES, "RCODE", rcode);
}

bool
rcode_parse(const char *text, uint16_t *rcode)
{
	for (size_t i = 0; i < NRCODES; i++) {
		if (strcmp(rcodes[i].text, text) == 0) {
			*rcode = rcodes[i].value;
			return true;
		}
	}
	return false;
}

uint16_t
type_parse(const char *text)
{
	unsigned long value;
	char *end;

	for (size_t i = 0; i < NTYPES; i++)
		if (strcasecmp(types[i].text, text) == 0)
			return types[i].value;
	if (strncasecmp(text, "TYPE", 4) != 0 || text[4] < '0' || text[4] > '9')
		return 0;
	value = strtoul(text + 4, &end, 10);
	return *end == '\0' && value <= UINT16_MAX ? (uint16_t)value : 0;
}
