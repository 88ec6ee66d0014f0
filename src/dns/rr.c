/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/rr.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct word {
	uint16_t value;
	const char *text;
};

/* Those that operators write; others go by number. */
static const struct word types[] = {
    {DNS_A, "A"},
    {DNS_NS, "NS"},
    {DNS_CNAME, "CNAME"},
    {DNS_SOA, "SOA"},
    {DNS_PTR, "PTR"},
    {DNS_HINFO, "HINFO"},
    {DNS_MX, "MX"},
    {DNS_TXT, "TXT"},
    {17, "RP"},
    {18, "AFSDB"},
    {DNS_AAAA, "AAAA"},
    {29, "LOC"},
    {DNS_SRV, "SRV"},
    {35, "NAPTR"},
    {37, "CERT"},
    {DNS_DNAME, "DNAME"},
    {DNS_DS, "DS"},
    {44, "SSHFP"},
    {45, "IPSECKEY"},
    {DNS_RRSIG, "RRSIG"},
    {DNS_NSEC, "NSEC"},
    {DNS_DNSKEY, "DNSKEY"},
    {50, "NSEC3"},
    {51, "NSEC3PARAM"},
    {52, "TLSA"},
    {53, "SMIMEA"},
    {59, "CDS"},
    {60, "CDNSKEY"},
    {61, "OPENPGPKEY"},
    {62, "CSYNC"},
    {DNS_SVCB, "SVCB"},
    {DNS_HTTPS, "HTTPS"},
    {99, "SPF"},
    {108, "EUI48"},
    {109, "EUI64"},
    {DNS_IXFR, "IXFR"},
    {DNS_AXFR, "AXFR"},
    {DNS_ANY, "ANY"},
    {256, "URI"},
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
    {DNS_NOTAUTH, "NOTAUTH"},
    {DNS_BADVERS, "BADVERS"},
    {DNS_BADCOOKIE, "BADCOOKIE"},
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
			snprintf(buf, RR_TEXT_MAX, "%s", words[i].text);
			return buf;
		}
	snprintf(buf, RR_TEXT_MAX, "%s%u", other, value);
	return buf;
}

char *
rr_type_format(char buf[RR_TEXT_MAX], uint16_t type)
{
	return word_format(buf, types, NTYPES, "TYPE", type);
}

char *
rr_rcode_format(char buf[RR_TEXT_MAX], uint16_t rcode)
{
	return word_format(buf, rcodes, NRCODES, "RCODE", rcode);
}

bool
rr_rcode_parse(const char *text, uint16_t *rcode)
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
rr_type_parse(const char *text)
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
