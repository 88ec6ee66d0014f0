/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transfers of libcurl on the prober's loop: no thread, nothing that waits.
 * Main thread only.
 */
#ifndef PROBE_TRANSFER_H
#define PROBE_TRANSFER_H

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>

struct transfers;

/* done is called when one has ended, which is then stopped already; arg is its
 * CURLOPT_PRIVATE. */
struct transfers *transfers_new(
    struct event_base *base, void (*done)(void *arg, CURLcode code));
void transfers_free(struct transfers *t);

/* The handle stays the caller's. */
bool transfer_start(struct transfers *t, CURL *curl);
void transfer_stop(struct transfers *t, CURL *curl);

#endif
