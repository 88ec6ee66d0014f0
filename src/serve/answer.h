/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The query path: packet in, packet out.  Read this first.
 */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include "dns/query.h"
#include "serve/count.h"
#include "serve/limit.h"
#include "snapshot/snapshot.h"
#include "steer/pick.h"
#include "traffic/sample.h"

enum { ANSWER_CHAIN_MAX = 16 }; /* CNAMEs followed in one answer */

/* One per thread that answers. */
struct answerer {
	struct counters *counters;
	unsigned row;        /* of tallies */
	uint64_t random;     /* state; never 0 */
	uint32_t now_s;      /* monotonic second, refreshed per batch */
	uint64_t now_us;     /* the same moment */
	uint32_t wall_s;     /* wall clock's, likewise */
	struct limit *limit; /* NULL: its clients have proven their address */
	struct sampler *sampler; /* NULL: what is answered is not traffic */
};

/* The next number of that state. */
uint32_t answer_random(uint64_t *state);

/* A batch begins. */
void answerer_refresh(struct answerer *a);

struct answer_input {
	const uint8_t *packet;
	size_t len;
	struct addr source; /* the resolver */
	enum count_proto proto;
	uint32_t idle_ms; /* TCP: after which it is closed */
};

/*
 * Writes the reply to out (cap octets, DNS_MESSAGE_MAX for TCP, at least
 * DNS_UDP_EDNS for UDP).  Returns its length; 0: say nothing.  Allocates
 * nothing, blocks nowhere.
 */
size_t answer(struct answerer *a, const struct snapshot *s,
    const struct answer_input *in, uint8_t *out, size_t cap);

/* The decision alone, as answer() makes it, for explain and tests: the client
 * that counts (step 1), the class, depth and pick. */
struct answer_steer {
	struct addr client; /* that it is decided for: the one that counts, or,
			       by fence, another within the subnet */
	bool by_ecs;        /* the client's address came by ECS */
	uint8_t near; /* bits: up to there ECS addresses count, or do not */
	const struct ecs
	    *subnet; /* that was sent; NULL: none, or of length 0 */
	const struct addr *resolver; /* for which some of subnet may count */
	struct lookup_hit hit;       /* class of client, depth of the address
					that counts */
	/* 1 + the rule whose fence holds as the subnet has clients of it, and
	 * of another that cannot hold as well; 0: none. */
	uint32_t fence, other_fence;
	struct pick pick;
	uint8_t scope; /* bits, of an ECS option (step 10) */
};
/* Sets client, by_ecs, near, subnet and resolver. ecs: NULL when none is
 * believed. */
void answer_client(const struct client_table *t, const struct addr *resolver,
    const struct ecs *ecs, struct answer_steer *steer);

/* Steps 2 to 4, after answer_client(): hit, and, where a fence asks for it,
 * another client, fence and other_fence. */
void answer_classify(const struct policy_table *t, struct answer_steer *steer);

/* Does the subnet hold addresses that are told apart by their class, or of
 * which some count and some do not?  After answer_classify(). */
bool answer_is_mixed(const struct answer_steer *steer);

struct answer_question {
	uint16_t steered; /* index in conf.names */
	uint16_t type;
	const uint8_t *name; /* that it steers, lower case */
	uint32_t now_s, random;
};

/* For steer->client; the scope is right after answer_client(). */
void answer_decide(const struct snapshot *s, const struct answer_question *q,
    struct answer_steer *steer);

#endif
