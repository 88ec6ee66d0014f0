/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the data of an SVCB or HTTPS record well-formed and does it fit together
 * (RFC 9460 2.2, 7, 8)?  Pure; any thread.
 */
#ifndef ZONE_SVCB_H
#define ZONE_SVCB_H

#include <stddef.h>
#include <stdint.h>

/* NULL, or what is wrong. */
const char *svcb_wrong(const uint8_t *rdata, size_t len);

#endif
