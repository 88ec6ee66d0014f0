/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Host of a request (RFC 9112 3.2): a host, and perhaps a port.  Pure; any
 * thread.
 */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* "" is valid: a URI without an authority has no host. */
bool http_host_is_valid(const char *host);

/*
 * Is it an address, "localhost" or one of the n names?  Port, case and final
 * dot do not matter.  A page that made its own name lead to this machine (DNS
 * rebinding) comes with that name, and is refused by this.
 */
bool http_host_is_own(const char *host, const char *const *names, size_t n);

#endif
