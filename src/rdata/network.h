/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of networks and hosts: prefixes (APL), gateways and relays (IPSECKEY,
 * AMTRELAY), host identities (HIP), services (WKS), addresses of other networks
 * (NSAP, ATMA), and the bit map of NXT.  Rows of rdata/field.  Pure; any
 * thread.
 */
#ifndef RDATA_NETWORK_H
#define RDATA_NETWORK_H

#include "rdata/field.h"

bool apl_parse(struct field_text *t);
bool apl_read(struct field_wire *f);
void apl_format(struct cursor *c, struct wire *text);

/* Gateway type, algorithm, gateway. */
bool gateway_parse(struct field_text *t);
bool gateway_read(struct field_wire *f);
void gateway_format(struct cursor *c, struct wire *text);
/* Discovery optional and type, relay. */
bool relay_parse(struct field_text *t);
bool relay_read(struct field_wire *f);
void relay_format(struct cursor *c, struct wire *text);

bool hip_parse(struct field_text *t);
bool hip_read(struct field_wire *f);
void hip_format(struct cursor *c, struct wire *text);

bool wks_parse(struct field_text *t);
bool wks_read(struct field_wire *f);
void wks_format(struct cursor *c, struct wire *text);

bool nxt_parse(struct field_text *t);
bool nxt_read(struct field_wire *f);
void nxt_format(struct cursor *c, struct wire *text);

bool nsap_parse(struct field_text *t);
void nsap_format(struct cursor *c, struct wire *text);
bool atma_parse(struct field_text *t);
bool atma_read(struct field_wire *f);
void atma_format(struct cursor *c, struct wire *text);

#endif
