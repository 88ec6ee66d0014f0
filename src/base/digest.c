/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

void
digest_make(struct digest *d, const void *data, size_t len)
{
	/* It fails without memory alone. */
	if (EVP_Digest(data, len, d->bytes, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

char *
digest_format(char buf[DIGEST_TEXT_MAX], const struct digest *d)
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(buf + 2 * i, 3, "%02x", d->bytes[i]);
	return buf;
}
