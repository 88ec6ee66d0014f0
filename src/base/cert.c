/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stddef.h>

/* Of the last error: nothing but the end of the text is one too. */
static bool
is_end(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

bool
cert_check(const char *pem, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = NULL;
	size_t n = 0;
	bool whole;

	ERR_clear_error();
	while (bio != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		X509_free(x);
		n++;
	}
	whole = is_end();
	BIO_free(bio);
	ERR_clear_error();
	if (!whole)
		return error_set(
		    err, "certificate %zu of it cannot be read", n + 1);
	if (n > 0)
		return true;
	return error_set(err, "it contains no certificate%s",
	    strstr(pem, "PRIVATE KEY-----") != NULL
		? ", only a private key: give the file with the certificates of the authorities"
		: ": a PEM file with lines BEGIN CERTIFICATE is expected");
}
