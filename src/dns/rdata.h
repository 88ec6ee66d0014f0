/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data of records, as it is written and as it is sent, to one form that
 * can be compared: names in full and in lower case.  Pure; any thread.
 */
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "base/error.h"
#include "dns/cursor.h"
#include "dns/wire.h"

/* How the data of a type is made: n name, 4 and 6 addresses, 2 and l numbers
 * of 16 and 32 bits, t strings to the end; NULL: octets (RFC 3597 5). */
const char *rdata_form(uint16_t type);

/* From text as in a zone file ("192.0.2.1", "10 mail.example.com.", "\\# 2
 * abcd"); a missing final dot of a name is supplied. */
bool rdata_parse(
    uint16_t type, const char *text, struct wire *w, struct error *err);

/* The data of a well-formed SVCB or HTTPS record, without the address hints of
 * a family that is not kept, and without their keys among the mandatory ones
 * (RFC 9460 7.3, 8).  out: room for len octets; the length written. */
size_t rdata_drop_hints(uint8_t *out, const uint8_t *rdata, size_t len,
    bool keep_ipv4, bool keep_ipv6);

/* From a message: all octets up to the cursor's end. */
bool rdata_read(uint16_t type, struct cursor *c, struct wire *w);

#endif
