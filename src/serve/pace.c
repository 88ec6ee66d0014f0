/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/pace.h"

#include <assert.h>

enum {
	UNIT = 16,      /* of gap_us, in a microsecond */
	LONG_US = 1000, /* what is longer is no load */
	WEIGHT = 8,     /* of the past, against one batch */
	EXPECTED = 4, /* packets that are worth a timer: it costs two wakeups */
};

void
pace_init(struct pace *p, uint64_t now_us)
{
	p->last_us = now_us;
	p->gap_us = LONG_US * UNIT;
}

uint32_t
pace_gather(struct pace *p, uint64_t now_us, unsigned got, uint32_t most_us)
{
	uint64_t since = now_us - p->last_us;
	uint32_t gap;

	assert(got > 0);
	p->last_us = now_us;
	if (since > LONG_US)
		since = LONG_US;
	gap = (uint32_t)since * UNIT / got;
	p->gap_us = (p->gap_us * (WEIGHT - 1) + gap) / WEIGHT;
	return p->gap_us * EXPECTED <= most_us * UNIT ? most_us : 0;
}
