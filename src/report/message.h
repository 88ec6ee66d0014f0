/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A DNS message to text, as dig would print it.  Every read is checked against
 * the message's length.  Pure; any thread; the caller owns the JSON.
 */
#ifndef REPORT_MESSAGE_H
#define REPORT_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rr.h"

enum { MESSAGE_CHAIN_MAX = 20 };

struct message {
	uint16_t rcode; /* with the upper bits of the OPT */
	int scope;      /* of the ECS option; -1: none */
	json_t *answer; /* ["www.example.com. 10 IN A 192.0.2.1"] */
	json_t *authority;
	json_t *additional; /* without the OPT */
	json_t *addresses;  /* of the answer's A and AAAA: ["192.0.2.1"] */
	bool authoritative;
	uint32_t ttl; /* the least of the answer section; 0: none */
	uint8_t chain[MESSAGE_CHAIN_MAX][DNS_NAME_MAX]; /* the question's name,
				and where the answer's CNAMEs lead from it */
	size_t nchain;
};

/* False when it is no message; m is to be finished in any case. */
bool message_parse(struct message *m, const uint8_t *packet, size_t len);
void message_fini(struct message *m);

#endif
