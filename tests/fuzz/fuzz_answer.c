/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport, a resolver and a packet to a reply, which ldns can read. */
#include <ldns/ldns.h>
#include <stdlib.h>

#include "../unit/sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct snapshot *snapshot;
static struct counters counters;
static uint8_t out[DNS_MESSAGE_MAX];

static void
init(void)
{
	struct sample sample;
	struct diag d;

	diag_init(&d);
	sample_open(&sample);
	snapshot = snapshot_build(sample.conf, &d);
	sample_close(&sample);
	diag_fini(&d);
	if (snapshot == NULL)
		abort();
}

static void
check_reply(const struct answer_input *in, size_t len, size_t cap)
{
	ldns_pkt *reply;

	if (len > cap || len < DNS_HEADER_SIZE || out[0] != in->packet[0] ||
	    out[1] != in->packet[1] || !(out[2] & 0x80))
		abort();
	if (ldns_wire2pkt(&reply, out, len) != LDNS_STATUS_OK)
		abort();
	ldns_pkt_free(reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const resolvers[] = {
	    "127.0.0.1", "81.2.0.53", "2600:100::53", "2002:5102:35::1"};
	struct answerer a = {.counters = &counters, .random = 1};
	struct answer_input in = {0};
	size_t cap, len;

	if (snapshot == NULL)
		init();
	if (size < 1)
		return 0;
	in.proto = data[0] & 1 ? COUNT_TCP : COUNT_UDP;
	addr_parse(resolvers[data[0] >> 1 & 3], &in.source);
	in.packet = data + 1;
	in.len = size - 1;
	cap = in.proto == COUNT_UDP ? (size_t)DNS_UDP_EDNS : sizeof(out);
	len = answer(&a, snapshot, &in, out, cap);
	if (len > 0)
		check_reply(&in, len, cap);
	return 0;
}
