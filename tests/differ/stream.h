/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches of queries over TCP, pipelined on one connection to each server.
 */
#ifndef DIFFER_STREAM_H
#define DIFFER_STREAM_H

#include "exchange.h"

/* Of 127.0.0.1. */
void stream_open(const uint16_t ports[SERVERS]);
void stream_batch(struct exchange *x, size_t n);

#endif
