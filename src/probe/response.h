/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An HTTP/1.1 reply, read as it comes (RFC 9112).  Pure; a reader is used by
 * one thread at a time.
 *
 * Lines may end with a line feed alone, folded fields and blanks before a colon
 * are read as RFC 9112 2.2, 5.1 and 5.2 let a client do.  Everything is
 * bounded: heads, chunk lines and trailers together, and the body.
 */
#ifndef PROBE_RESPONSE_H
#define PROBE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { RESPONSE_HEAD_MAX = 16 * 1024, RESPONSE_LINE_MAX = 8 * 1024 };

enum response_result {
	RESPONSE_MORE,
	RESPONSE_DONE,
	RESPONSE_WRONG,   /* it is no HTTP: reader.err says why */
	RESPONSE_TOO_LONG /* a bound: likewise */
};

enum response_part {
	RESPONSE_STATUS_LINE,
	RESPONSE_FIELDS,
	RESPONSE_BODY, /* by its length, or up to the end of the connection */
	RESPONSE_CHUNK_SIZE,
	RESPONSE_CHUNK,
	RESPONSE_CHUNK_END,
	RESPONSE_TRAILERS
};

struct response_reader {
	bool is_head;       /* the request was HEAD: there is no body */
	size_t body_max;    /* octets */
	const char *wanted; /* a field whose value is kept; NULL: none */
	unsigned status;    /* of the final reply */
	bool keeps;         /* another request may follow on the connection */
	char value[128];    /* of the field wanted; "": not there, or longer */
	VEC(char) body;     /* what came of it */
	struct error err;

	/* While it is read. */
	enum response_part part;
	bool is_old, has_length, has_coding, is_chunked, to_the_end;
	uint64_t left;  /* of the body, or of the chunk */
	size_t octets;  /* of everything but the body */
	size_t scanned; /* of a line that has not ended */
};

/* Ready for the reply to a request; what it held is freed. */
void response_begin(struct response_reader *r, bool is_head, size_t body_max,
    const char *wanted);
void response_fini(struct response_reader *r);

/*
 * Takes the first *used octets; the caller gives the rest again when there is
 * more.  After RESPONSE_DONE what is left belongs to no reply.
 */
enum response_result response_feed(
    struct response_reader *r, const char *data, size_t len, size_t *used);

/* The connection has ended: RESPONSE_DONE where that is the end of the body. */
enum response_result response_end(struct response_reader *r);

#endif
