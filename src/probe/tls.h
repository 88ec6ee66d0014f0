/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS for probes: who must be at the other end, and what was wrong with it.
 * Main thread only.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include <openssl/types.h>
#include <stdbool.h>

#include "steer/watch.h"

/* One connection's; it must not move before tls_end(). */
struct tls {
	struct watch *watch;
	SSL *ssl;        /* NULL: none */
	char name[256];  /* that the certificate must have */
	char wrong[136]; /* "": nothing */
};

enum { TLS_LEFT_MAX = 48 };

/* ", certificate ends in 20 days", where one was seen. */
const char *tls_left(char buf[TLS_LEFT_MAX], const struct watch *w);

/* Of all probes; they are made as they are needed. */
struct tls_contexts;

struct tls_contexts *tls_contexts_new(void);
void tls_contexts_free(struct tls_contexts *c);

/* A client's SSL for a monitor at an address, which the caller frees after
 * tls_end(); NULL: cannot be made.  A certificate that is seen sets the watch's
 * certificate_until. */
SSL *tls_begin(struct tls *t, struct tls_contexts *contexts, struct watch *w);

/* The name that the certificate must have as a subject alternative name: sni,
 * that of host, or the address. */
void tls_name(char *name, size_t size, const struct watch *w);

/* The same for a connection that a library makes, with a context of its own
 * (an SSL_CTX), which it shows before.  t must not move while that lives. */
void tls_adopt(struct tls *t, struct tls_contexts *contexts, struct watch *w,
    void *context);

/* Says goodbye to the peer, when it is there. */
void tls_end(struct tls *t, bool there);

/* The handshake is over. */
bool tls_is_begun(const struct tls *t);

/* Keeps in t->wrong what an error of OpenSSL says; not one of the system's, and
 * not when something was said before. */
void tls_blame(struct tls *t, unsigned long error);

#endif
