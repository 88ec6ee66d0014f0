/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers queries that are always the same, for those who count instructions:
 * answers CONFIGURATION steered|static|nxdomain COUNT.  steered asks for
 * www.example.com A with the client subnets of pseudo-random /24s; static for
 * h0000000.example.com A to h0000999; nxdomain for those and as many that do
 * not exist.  All with EDNS, as resolvers ask.  Without arguments it says what
 * it was built with: counts are the same with the same alone.
 */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/sample.h"
#include "dns/rr.h"
#include "serve/answer.h"
#include "snapshot/build.h"

enum { HOSTS = 1000, PER_SECOND = 50000 };

static struct counters counters;
static struct answerer answerer = {.counters = &counters, .random = 1};
/* Through memory, so that it stays a function when all is optimised at once. */
static size_t (*volatile ask)(struct answerer *, const struct snapshot *,
    const struct answer_input *, uint8_t *, size_t) = answer;
static const struct addr resolver = {.bytes = {127, 0, 0, 1}, .family = 4};

/* Park and Miller's minimal standard generator: the same numbers everywhere. */
static uint32_t
dice(uint32_t sides)
{
	static uint64_t state = 1;

	state = state * 48271 % 2147483647;
	return (uint32_t)(state % sides);
}

static size_t
packet_make(uint8_t *packet, const char *kind)
{
	char name[64], ecs[PREFIX_TEXT_MAX];
	struct sample_query q = {.name = name,
	    .type = DNS_A,
	    .edns = true,
	    .udp_size = DNS_UDP_EDNS};

	if (strcmp(kind, "steered") == 0) {
		snprintf(name, sizeof(name), "www.example.com");
		snprintf(ecs, sizeof(ecs), "%u.%u.%u.0/24", 1 + dice(223),
		    dice(256), dice(256));
		q.ecs = ecs;
	} else {
		bool known = strcmp(kind, "static") == 0 || dice(2) != 0;

		snprintf(name, sizeof(name), "%s%07u.example.com",
		    known ? "h" : "no", dice(HOSTS));
	}
	return sample_packet(packet, &q);
}

/* As a thread that answered many in the second before: it counts a few. */
static void
sampler_warm(uint64_t generation)
{
	const struct sample_seen seen = {.generation = generation,
	    .now_s = answerer.now_s - 1,
	    .client = &resolver};

	answerer.sampler = sampler_new();
	for (unsigned i = 0; i < PER_SECOND; i++)
		sampler_add(answerer.sampler, &seen);
}

static bool
run(const struct snapshot *s, const char *kind, unsigned count)
{
	uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_UDP_EDNS];

	answerer_refresh(&answerer);
	sampler_warm(s->generation);
	for (unsigned i = 0; i < count; i++) {
		const struct answer_input in = {
		    .packet = packet,
		    .len = packet_make(packet, kind),
		    .source = resolver,
		    .proto = COUNT_UDP,
		};

		if (ask(&answerer, s, &in, out, sizeof(out)) == 0)
			return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct snapshot *s;
	struct diag d;
	bool ok;

	if (argc == 1) {
		printf("%s; %s; glibc %s\n", __VERSION__, FLAGS,
		    gnu_get_libc_version());
		return EXIT_SUCCESS;
	}
	if (argc != 4) {
		fprintf(
		    stderr, "usage: %s CONFIGURATION KIND COUNT\n", argv[0]);
		return 2;
	}
	diag_init(&d);
	s = snapshot_build(argv[1], &d);
	if (s == NULL)
		fprintf(stderr, "%s", diag_text(&d));
	diag_fini(&d);
	ok = s != NULL && run(s, argv[2], (unsigned)atoi(argv[3]));
	snapshot_free(s);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
