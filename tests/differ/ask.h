/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches of queries to all servers at once over UDP, and their replies.
 */
#ifndef DIFFER_ASK_H
#define DIFFER_ASK_H

#include "exchange.h"

/* Of 127.0.0.1.  Ends the program where a socket cannot be made. */
void ask_open(const uint16_t ports[SERVERS]);

/* All replies, or none where none came to a query asked three times. */
void ask_batch(struct exchange *x, size_t n);
void ask_close(void);

#endif
