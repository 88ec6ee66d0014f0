/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/rr.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dns/type.h"

static const struct {
	uint16_t value;
	const char *text;
} rcodes[] = {
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

enum { NRCODES = sizeof(rcodes) / sizeof(rcodes[0]) };

char *
rr_type_format(char buf[RR_TEXT_MAX], uint16_t type)
{
	const struct rr_type *row = type_get(type);

	if (row != NULL)
		snprintf(buf, RR_TEXT_MAX, "%s", row->name);
	else
		snprintf(buf, RR_TEXT_MAX, "TYPE%u", type);
	return buf;
}

uint16_t
rr_type_parse(const char *text)
{
	return type_find(text, strlen(text));
}

char *
rr_rcode_format(char buf[RR_TEXT_MAX], uint16_t rcode)
{
	for (size_t i = 0; i < NRCODES; i++) {
		if (rcodes[i].value == rcode) {
			snprintf(buf, RR_TEXT_MAX, "%s", rcodes[i].text);
			return buf;
		}
	}
	snprintf(buf, RR_TEXT_MAX, "RCODE%u", rcode);
	return buf;
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
