/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS of probes: handshakes in memory with certificates of the test's own, and
 * what is said of each that is wrong. */
#include "probe/tls.h"

#include <check.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/clock.h"

static struct conf_monitor monitor;
static struct watch watch;
static struct tls_contexts *contexts;
static EVP_PKEY *key;
static char authorities[4096];

/* A certificate that ends at a moment "YYYYMMDDhhmmssZ". */
static X509 *
certificate(const char *subject, const char *issuer, const char *names,
    const char *from, const char *until)
{
	X509 *x = X509_new();
	X509_NAME *name;
	X509_EXTENSION *e;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	ASN1_TIME_set_string(X509_getm_notBefore(x), from);
	ASN1_TIME_set_string(X509_getm_notAfter(x), until);
	X509_set_pubkey(x, key);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)subject, -1, -1, 0);
	name = X509_get_issuer_name(x);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)issuer, -1, -1, 0);
	if (strcmp(subject, issuer) == 0) {
		e = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	if (names != NULL) {
		e = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_subject_alt_name, names);
		ck_assert_ptr_nonnull(e);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	return x;
}

static void
setup(void)
{
	X509 *ca;
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	key = EVP_EC_gen("P-256");
	ca = certificate(
	    "Root", "Root", NULL, "20200101000000Z", "20890101000000Z");
	PEM_write_bio_X509(bio, ca);
	n = BIO_read(bio, authorities, sizeof(authorities) - 1);
	ck_assert_int_gt(n, 0);
	authorities[n] = '\0';
	BIO_free(bio);
	X509_free(ca);
	contexts = tls_contexts_new();
	monitor = (struct conf_monitor){.type = CONF_MONITOR_HTTPS,
	    .host = "a.example",
	    .verify = CONF_VERIFY_ON,
	    .ca = "ca.pem",
	    .ca_pem = authorities};
	memset(&watch, 0, sizeof(watch));
	watch.monitor = &monitor;
	ck_assert(addr_parse("192.0.2.1", &watch.addr));
}

static void
teardown(void)
{
	tls_contexts_free(contexts);
	EVP_PKEY_free(key);
}

static char sent_name[256]; /* in the handshake; "": none */

/* With a server that has that certificate; true: it went well. */
static bool
shake(struct tls *t, X509 *x)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *client = tls_begin(t, contexts, &watch), *server;
	BIO *near, *far;
	const char *name;
	int c = 0, s = 0;

	ck_assert_ptr_nonnull(client);
	ck_assert_ptr_eq(t->ssl, client);
	SSL_CTX_use_certificate(ctx, x);
	SSL_CTX_use_PrivateKey(ctx, key);
	server = SSL_new(ctx);
	BIO_new_bio_pair(&near, 0, &far, 0);
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	ck_assert(!tls_is_begun(t));
	for (int i = 0; i < 10; i++) {
		c = SSL_do_handshake(client);
		s = SSL_do_handshake(server);
	}
	name = SSL_get_servername(server, TLSEXT_NAMETYPE_host_name);
	strcpy(sent_name, name != NULL ? name : "");
	ck_assert_int_eq(tls_is_begun(t), c == 1);
	tls_end(t, true);
	ck_assert_ptr_null(t->ssl);
	ck_assert(!tls_is_begun(t));
	if (c == 1 && s == 1) { /* it was told goodbye */
		char octet;

		ck_assert_int_eq(SSL_read(server, &octet, 1), 0);
		ck_assert_int_eq(
		    SSL_get_error(server, 0), SSL_ERROR_ZERO_RETURN);
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(ctx);
	X509_free(x);
	return c == 1;
}

#define GOOD "20200101000000Z", "20890101000000Z"
#define NO_NAME "the certificate has no subject alternative name"

static const struct {
	const char *host, *sni; /* both NULL: the address */
	const char *issuer, *names, *from, *until;
	const char *wrong; /* NULL: nothing */
} rows[] = {
    {"a.example", NULL, "Root", "DNS:a.example", GOOD, NULL},
    {"a.example", NULL, "Root", "DNS:b.example,DNS:a.example", GOOD, NULL},
    {"a.b.example", NULL, "Root", "DNS:*.b.example", GOOD, NULL},
    {"ab.b.example", NULL, "Root", "DNS:a*.b.example", GOOD,
	"the certificate is not for ab.b.example"},
    {"a.example", "b.example", "Root", "DNS:b.example", GOOD, NULL},
    {"a.example", "b.example", "Root", "DNS:a.example", GOOD,
	"the certificate is not for b.example"},
    {NULL, NULL, "Root", "IP:192.0.2.1", GOOD, NULL},
    {NULL, NULL, "Root", "IP:192.0.2.2", GOOD,
	"the certificate is not for 192.0.2.1"},
    {NULL, NULL, "Root", "DNS:a.example", GOOD,
	NO_NAME " of type IP: it is not for 192.0.2.1"},
    {"a.example", NULL, "Root", "IP:192.0.2.1", GOOD,
	NO_NAME " of type DNS: it is not for a.example"},
    /* Its common name is that of "leaf", which is none (RFC 9525). */
    {"leaf", NULL, "Root", NULL, GOOD, NO_NAME ": it is not for leaf"},
    {"a.example", NULL, "Other", "DNS:a.example", GOOD,
	"the certificate's issuer is unknown: Other"},
    {"a.example", NULL, "leaf", "DNS:a.example", GOOD,
	"the certificate's issuer is unknown: leaf"},
    {"a.example", NULL, "a\tb", "DNS:a.example", GOOD,
	"the certificate's issuer is unknown: a?b"},
    {"a.example", NULL, "Root", "DNS:a.example", "20200101000000Z",
	"20200102030405Z", "the certificate expired at 2020-01-02T03:04:05Z"},
    {"a.example", NULL, "Root", "DNS:a.example", "20880102030405Z",
	"20890101000000Z",
	"the certificate is not valid before 2088-01-02T03:04:05Z"},
};

START_TEST(a_certificate_is_told_what_is_wrong_with_it)
{
	struct tls t;
	bool ok;

	monitor.host = rows[_i].host;
	monitor.sni = rows[_i].sni;
	ok = shake(&t,
	    certificate("leaf", rows[_i].issuer, rows[_i].names, rows[_i].from,
		rows[_i].until));
	ck_assert_str_eq(t.wrong, rows[_i].wrong != NULL ? rows[_i].wrong : "");
	ck_assert_int_eq(ok, rows[_i].wrong == NULL);
	ck_assert_int_eq(watch.certificate_until,
	    strcmp(rows[_i].until, "20890101000000Z") == 0 ? 3755376000
							   : 1577934245);
	ck_assert_str_eq(sent_name,
	    rows[_i].sni != NULL        ? rows[_i].sni
		: rows[_i].host != NULL ? rows[_i].host
					: "");
}
END_TEST

START_TEST(nothing_is_wrong_where_nothing_is_verified)
{
	struct tls t;

	monitor.verify = CONF_VERIFY_OFF;
	ck_assert(shake(&t,
	    certificate(
		"leaf", "Other", NULL, "20200101000000Z", "20200102030405Z")));
	ck_assert_str_eq(t.wrong, "");
	ck_assert_int_eq(watch.certificate_until, 1577934245);
	/* And of monitors that differ in nothing else it is. */
	monitor.verify = CONF_VERIFY_ON;
	ck_assert(
	    !shake(&t, certificate("leaf", "Other", "DNS:a.example", GOOD)));
	ck_assert_str_ne(t.wrong, "");
}
END_TEST

/* A file that has changed since is read anew; others are as they were. */
START_TEST(authorities_are_those_of_the_monitor_now)
{
	struct tls t;

	ck_assert(
	    shake(&t, certificate("leaf", "Root", "DNS:a.example", GOOD)));
	monitor.ca_pem = "";
	ck_assert(
	    !shake(&t, certificate("leaf", "Root", "DNS:a.example", GOOD)));
	monitor.ca_pem = authorities;
	ck_assert(
	    shake(&t, certificate("leaf", "Root", "DNS:a.example", GOOD)));
	monitor.ca = "other.pem";
	monitor.ca_pem = "";
	ck_assert(
	    !shake(&t, certificate("leaf", "Root", "DNS:a.example", GOOD)));
	monitor.ca = "ca.pem";
	monitor.ca_pem = authorities;
	ck_assert(
	    shake(&t, certificate("leaf", "Root", "DNS:a.example", GOOD)));
}
END_TEST

START_TEST(the_name_is_that_of_sni_host_or_address)
{
	static const struct {
		const char *sni, *host, *address, *name;
	} names[] = {
	    {NULL, NULL, "192.0.2.1", "192.0.2.1"},
	    {NULL, NULL, "2001:db8::1", "2001:db8::1"},
	    {NULL, "a.example", "192.0.2.1", "a.example"},
	    {NULL, "a.example:8443", "192.0.2.1", "a.example"},
	    {NULL, "[2001:db8::2]:8443", "192.0.2.1", "2001:db8::2"},
	    {NULL, "[2001:db8::2]", "192.0.2.1", "2001:db8::2"},
	    {NULL, "a.example.", "192.0.2.1", "a.example"},
	    {"b.example.", "a.example", "192.0.2.1", "b.example"},
	    {".", NULL, "192.0.2.1", "."},
	};
	char name[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		monitor.sni = names[i].sni;
		monitor.host = names[i].host;
		ck_assert(addr_parse(names[i].address, &watch.addr));
		tls_name(name, sizeof(name), &watch);
		ck_assert_str_eq(name, names[i].name);
	}
}
END_TEST

START_TEST(days_that_are_left_are_whole_ones)
{
	enum { NOW = 1700000000, DAY = 86400 };
	static const struct {
		int64_t left_s;
		const char *said;
	} left[] = {
	    {-NOW, ""},
	    {0, ", certificate ends in 0 days"},
	    {DAY - 1, ", certificate ends in 0 days"},
	    {DAY, ", certificate ends in 1 day"},
	    {2 * DAY - 1, ", certificate ends in 1 day"},
	    {2 * DAY, ", certificate ends in 2 days"},
	    {-1, ", certificate ended 0 days ago"},
	    {-DAY, ", certificate ended 1 day ago"},
	    {-3 * DAY, ", certificate ended 3 days ago"},
	};
	char buf[TLS_LEFT_MAX];

	clock_fake(1, NOW);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		watch.certificate_until = NOW + left[i].left_s;
		ck_assert_str_eq(tls_left(buf, &watch), left[i].said);
	}
	clock_real();
}
END_TEST

/* The first that is said stays; what has no words says nothing. */
START_TEST(an_error_of_openssl_is_told_once)
{
	static const unsigned long wrong =
	    ERR_PACK(ERR_LIB_SSL, 0, SSL_R_WRONG_VERSION_NUMBER);
	struct tls t;

	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
	memset(&t, 'x', sizeof(t));
	t.wrong[0] = '\0';
	tls_blame(&t, 0);
	ck_assert_str_eq(t.wrong, "");
	tls_blame(&t, wrong);
	ck_assert_str_eq(t.wrong, "wrong version number");
	strcpy(t.wrong, "a");
	tls_blame(&t, wrong);
	ck_assert_str_eq(t.wrong, "a");
	strcpy(t.wrong, "said before");
	tls_blame(&t, wrong);
	ck_assert_str_eq(t.wrong, "said before");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *tc = tcase_create("tls");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_certificate_is_told_what_is_wrong_with_it, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, nothing_is_wrong_where_nothing_is_verified);
	tcase_add_test(tc, authorities_are_those_of_the_monitor_now);
	tcase_add_test(tc, the_name_is_that_of_sni_host_or_address);
	tcase_add_test(tc, days_that_are_left_are_whole_ones);
	tcase_add_test(tc, an_error_of_openssl_is_told_once);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
