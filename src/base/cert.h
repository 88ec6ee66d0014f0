/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificates in PEM.  Any thread.
 */
#ifndef BASE_CERT_H
#define BASE_CERT_H

#include <stdbool.h>

#include "base/error.h"

/* Whether all of a text's certificates can be read, and there is one. */
bool cert_check(const char *pem, struct error *err);

#endif
