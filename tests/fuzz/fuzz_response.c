/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reply to a probe by HTTP: read whole and in pieces it is the same, and what
 * it keeps is bounded.
 */
#include "probe/response.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 1000 };

/* Octets taken in *used. */
static enum response_result
feed(struct response_reader *r, const uint8_t *data, size_t size, size_t piece,
    size_t *used)
{
	enum response_result result = RESPONSE_MORE;
	size_t given = 0, n;

	*used = 0;
	while (result == RESPONSE_MORE && given < size) {
		given = size - given < piece ? size : given + piece;
		/* A copy, so that ASan sees its end. */
		char *part = malloc(given - *used + 1);

		memcpy(part, data + *used, given - *used);
		result = response_feed(r, part, given - *used, &n);
		free(part);
		if (n > given - *used)
			abort();
		*used += n;
	}
	return result == RESPONSE_MORE ? response_end(r) : result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response_reader whole = {0}, cut = {0};
	enum response_result a, b;
	size_t used_a, used_b;

	if (size < 2)
		return 0;
	response_begin(&whole, data[0] % 2 != 0, BODY_MAX, "load");
	response_begin(&cut, data[0] % 2 != 0, BODY_MAX, "load");
	a = feed(&whole, data + 2, size - 2, size, &used_a);
	b = feed(&cut, data + 2, size - 2, 1u + data[1] % 16, &used_b);
	if (a != b || whole.body.n > BODY_MAX || cut.body.n > BODY_MAX ||
	    strcmp(whole.value, cut.value) != 0)
		abort();
	/* Of a body that is too long nothing is read: what is held of it
	 * depends on the pieces. */
	if (a != RESPONSE_TOO_LONG &&
	    (whole.body.n != cut.body.n ||
		(whole.body.n > 0 &&
		    memcmp(whole.body.at, cut.body.at, whole.body.n) != 0)))
		abort();
	if (a == RESPONSE_DONE &&
	    (used_a != used_b || whole.status != cut.status ||
		whole.keeps != cut.keeps || whole.status < 200 ||
		whole.status > 999))
		abort();
	response_fini(&whole);
	response_fini(&cut);
	return 0;
}
