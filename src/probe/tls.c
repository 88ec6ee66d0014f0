/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/tls.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/clock.h"

/* One for each set of authorities. */
struct context {
	char *ca;      /* the file's name; NULL: the system's */
	uint64_t hash; /* of the file's content */
	enum conf_verify verify;
	SSL_CTX *ctx;
};

struct tls_contexts {
	VEC(struct context) all;
};

struct tls_contexts *
tls_contexts_new(void)
{
	return xcalloc(1, sizeof(struct tls_contexts));
}

void
tls_contexts_free(struct tls_contexts *c)
{
	for (size_t i = 0; i < c->all.n; i++) {
		free(c->all.at[i].ca);
		SSL_CTX_free(c->all.at[i].ctx);
	}
	vec_free(&c->all);
	free(c);
}

/* What is wrong with a certificate ---------------------------------------- */

static int64_t
time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
say_time(struct tls *t, const char *what, const ASN1_TIME *at)
{
	char buf[CLOCK_TEXT_MAX];

	snprintf(t->wrong, sizeof(t->wrong), "%s %s", what,
	    clock_format(buf, time_of(at)));
}

static void
say_expired(struct tls *t, const X509 *x)
{
	say_time(t, "the certificate expired at", X509_get0_notAfter(x));
}

static void
say_early(struct tls *t, const X509 *x)
{
	say_time(
	    t, "the certificate is not valid before", X509_get0_notBefore(x));
}

/* RFC 9525 6.3: of other kinds it names no server that is asked for so. */
static bool
has_name_of(const X509 *x, int kind, bool *has_any)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	*has_any = X509_get_ext_by_NID(x, NID_subject_alt_name, -1) >= 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = sk_GENERAL_NAME_value(names, i)->type == kind;
	GENERAL_NAMES_free(names);
	return found;
}

static void
say_name(struct tls *t, const X509 *x)
{
	struct addr a;
	bool is_address = addr_parse(t->name, &a), has_any;
	const char *kind = "", *lacks = "";

	if (!has_name_of(x, is_address ? GEN_IPADD : GEN_DNS, &has_any)) {
		lacks = "has no subject alternative name";
		kind = !has_any  ? ": it "
		    : is_address ? " of type IP: it "
				 : " of type DNS: it ";
	}
	snprintf(t->wrong, sizeof(t->wrong),
	    "the certificate %s%sis not for %.60s", lacks, kind, t->name);
}

static void
say_issuer(struct tls *t, const X509 *x)
{
	char issuer[60] = "";

	X509_NAME_get_text_by_NID(
	    X509_get_issuer_name(x), NID_commonName, issuer, sizeof(issuer));
	for (char *s = issuer; *s != '\0'; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
	snprintf(t->wrong, sizeof(t->wrong),
	    "the certificate's issuer is unknown%s%s", *issuer ? ": " : "",
	    issuer);
}

static const struct fault {
	int error;
	void (*say)(struct tls *t, const X509 *x);
} faults[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, say_expired},
    {X509_V_ERR_CERT_NOT_YET_VALID, say_early},
    {X509_V_ERR_HOSTNAME_MISMATCH, say_name},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, say_name},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, say_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, say_issuer},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, say_issuer},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, say_issuer},
};

static void
say_fault(struct tls *t, int error, const X509 *x)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		if (faults[i].error == error && x != NULL) {
			faults[i].say(t, x);
			return;
		}
	}
	snprintf(t->wrong, sizeof(t->wrong), "%s",
	    X509_verify_cert_error_string(error));
}

static SSL *
ssl_of(X509_STORE_CTX *store)
{
	return X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
}

static int
keep_wrong(struct tls *t, int ok, X509_STORE_CTX *store)
{
	const X509 *leaf = X509_STORE_CTX_get0_cert(store);

	if (leaf != NULL)
		t->watch->certificate_until = time_of(X509_get0_notAfter(leaf));
	if (ok == 0 && t->wrong[0] == '\0' &&
	    SSL_get_verify_mode(ssl_of(store)) != SSL_VERIFY_NONE)
		say_fault(t, X509_STORE_CTX_get_error(store),
		    X509_STORE_CTX_get_current_cert(store));
	return ok;
}

static int
tls_verified(int ok, X509_STORE_CTX *store)
{
	return keep_wrong(SSL_get_app_data(ssl_of(store)), ok, store);
}

void
tls_blame(struct tls *t, unsigned long error)
{
	const char *reason = ERR_reason_error_string(error);

	if (t->wrong[0] == '\0' && reason != NULL)
		snprintf(t->wrong, sizeof(t->wrong), "%s", reason);
}

const char *
tls_left(char buf[TLS_LEFT_MAX], const struct watch *w)
{
	int64_t left_s = w->certificate_until - clock_wall_s();
	long long days = llabs(left_s) / 86400;
	const char *plural = days == 1 ? "" : "s";

	if (w->certificate_until == 0)
		return "";
	if (left_s < 0)
		snprintf(buf, TLS_LEFT_MAX,
		    ", certificate ended %lld day%s ago", days, plural);
	else
		snprintf(buf, TLS_LEFT_MAX, ", certificate ends in %lld day%s",
		    days, plural);
	return buf;
}

/* Contexts ---------------------------------------------------------------- */

static void
add_authorities(SSL_CTX *ctx, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x);
		X509_free(x);
	}
	BIO_free(bio);
}

static SSL_CTX *
context_make(const struct conf_monitor *m)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		abort();
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* A length or the last chunk says whether a reply is whole. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_verify(ctx,
	    m->verify == CONF_VERIFY_ON ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
	    tls_verified);
	if (m->ca_pem != NULL)
		add_authorities(ctx, m->ca_pem);
	else if (m->verify == CONF_VERIFY_ON)
		SSL_CTX_set_default_verify_paths(ctx);
	ERR_clear_error();
	return ctx;
}

static bool
context_is(const struct context *c, const struct conf_monitor *m)
{
	return c->verify == m->verify &&
	    strcmp(c->ca != NULL ? c->ca : "", m->ca != NULL ? m->ca : "") == 0;
}

/* A file that has changed since gets a new one; connections keep theirs. */
static SSL_CTX *
context_get(struct tls_contexts *all, const struct conf_monitor *m)
{
	struct context new = {.verify = m->verify}, *c = NULL;
	uint64_t hash =
	    m->ca_pem != NULL ? XXH3_64bits(m->ca_pem, strlen(m->ca_pem)) : 0;

	for (size_t i = 0; i < all->all.n && c == NULL; i++)
		if (context_is(&all->all.at[i], m))
			c = &all->all.at[i];
	if (c == NULL) {
		new.ca = m->ca != NULL ? xstrdup(m->ca) : NULL;
		vec_push(&all->all, new);
		c = &all->all.at[all->all.n - 1];
	}
	if (c->ctx == NULL || c->hash != hash) {
		SSL_CTX_free(c->ctx);
		c->ctx = context_make(m);
		c->hash = hash;
	}
	return c->ctx;
}

/* Connections ------------------------------------------------------------- */

/* The Host header without its port, and an address without its brackets. */
static void
name_of_host(char *name, size_t size, const char *host)
{
	size_t len;

	if (*host == '[')
		len = strcspn(++host, "]");
	else
		len = strcspn(host, ":");
	snprintf(name, size, "%.*s", (int)len, host);
}

void
tls_name(char *name, size_t size, const struct watch *w)
{
	const struct conf_monitor *m = w->monitor;
	size_t len;

	if (m->sni != NULL)
		snprintf(name, size, "%s", m->sni);
	else if (m->host != NULL)
		name_of_host(name, size, m->host);
	else
		addr_format(name, &w->addr);
	/* RFC 6066 3: without the dot of the root, as in certificates. */
	len = strlen(name);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
}

static bool
expect_name(X509_VERIFY_PARAM *param, const char *name)
{
	struct addr a;

	if (addr_parse(name, &a))
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	/* RFC 9525 2, 6.3: the subject's common name is none. */
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

/* RFC 6066 3: an address is not sent. */
static bool
send_name(SSL *ssl, const char *name)
{
	struct addr a;

	/* SSL_set_tlsext_host_name() without its cast from const. */
	return addr_parse(name, &a) ||
	    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1;
}

static void
tls_init(struct tls *t, struct watch *w)
{
	memset(t, 0, sizeof(*t));
	t->watch = w;
	tls_name(t->name, sizeof(t->name), w);
}

SSL *
tls_begin(struct tls *t, struct tls_contexts *contexts, struct watch *w)
{
	tls_init(t, w);
	t->ssl = SSL_new(context_get(contexts, w->monitor));
	if (t->ssl == NULL)
		return NULL;
	SSL_set_app_data(t->ssl, t);
	if (!expect_name(SSL_get0_param(t->ssl), t->name) ||
	    !send_name(t->ssl, t->name)) {
		SSL_free(t->ssl);
		t->ssl = NULL;
	}
	ERR_clear_error();
	return t->ssl;
}

/* Of contexts that were adopted: the struct tls. */
static int
adopted_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static int
adopted_verified(int ok, X509_STORE_CTX *store)
{
	const SSL_CTX *ctx = SSL_get_SSL_CTX(ssl_of(store));

	return keep_wrong(SSL_CTX_get_ex_data(ctx, adopted_index()), ok, store);
}

void
tls_adopt(struct tls *t, struct tls_contexts *contexts, struct watch *w,
    void *context)
{
	SSL_CTX *ctx = context, *own = context_get(contexts, w->monitor);

	tls_init(t, w);
	if (SSL_CTX_set_ex_data(ctx, adopted_index(), t) != 1 ||
	    !expect_name(SSL_CTX_get0_param(ctx), t->name))
		abort();
	SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(own));
	SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(own), adopted_verified);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
}

void
tls_end(struct tls *t, bool there)
{
	if (t->ssl == NULL)
		return;
	/* libevent frees it later, when t may be gone. */
	SSL_set_app_data(t->ssl, NULL);
	if (there && SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	ERR_clear_error();
	t->ssl = NULL;
}

bool
tls_is_begun(const struct tls *t)
{
	return t->ssl != NULL && SSL_is_init_finished(t->ssl);
}
