/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that may wait for others in the daemon, or for its disk: people are
 * told what for, and there is no end of their patience while the daemon lives.
 * One thread.
 */
#ifndef CLIENT_WAIT_H
#define CLIENT_WAIT_H

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One such request; curl has it until the exchange is over. */
struct wait {
	const char *socket;
	uint64_t looked_ms, heard_ms;
	int64_t before; /* jobs, as was told; -1: nothing was */
	bool told;      /* what is wrong with the state directory */
	bool lost;      /* the daemon is silent: the exchange was aborted */
};

/* Is the request of such a path one of them? */
bool wait_is_for(const char *path);

void wait_begin(struct wait *w, const char *socket, CURL *curl);

/* What is to be said of a request of this process, by a reply to /v1/status;
 * its length, 0: it does not wait. *before is the number of jobs before it. */
size_t wait_text(
    const json_t *status, long pid, int64_t *before, char *text, size_t size);

#endif
