/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Response rate limiting: how many replies of a kind the addresses of one
 * prefix get a second, so that a server that is asked in a victim's name does
 * not flood the victim.  One table of fixed size, shared by all UDP workers
 * without a lock; nothing is allocated after limit_new().
 */
#ifndef SERVE_LIMIT_H
#define SERVE_LIMIT_H

#include "conf/conf.h"

/* Counted apart, so that a flood of one does not silence the others. */
enum limit_kind {
	LIMIT_ANSWER,
	LIMIT_NEGATIVE, /* NXDOMAIN and NODATA */
	LIMIT_REFERRAL,
	LIMIT_ERROR, /* any other rcode */
};

struct limit;

struct limit *limit_new(struct error *err); /* NULL: err; before threads */
void limit_free(struct limit *l);           /* after them; NULL: nothing */

/*
 * Takes one reply from the credit of the client's prefix, per_second of it
 * after a second of rest.  False: none is left, and the client is not one of
 * those allowed.  now_us is monotonic, one reading a batch will do.
 */
bool limit_take(struct limit *l, const struct conf_limit *conf,
    const struct addr *client, enum limit_kind kind, uint64_t now_us);

#endif
