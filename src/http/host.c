/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/host.h"

#include <string.h>
#include <strings.h>

#include "base/net.h"

enum { IPV6_TEXT_MAX = 64 };

/* RFC 3986 3.2.2: reg-name */
static const char of_name[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=";

/* The length of the host in "host:port"; false: there are other things. */
static bool
split(const char *host, size_t *len)
{
	const char *rest;

	if (*host == '[') {
		rest = strchr(host, ']');
		if (rest == NULL)
			return false;
		*len = (size_t)(++rest - host);
	} else {
		*len = strspn(host, of_name);
		rest = host + *len;
	}
	if (*rest == '\0')
		return true;
	return *rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] == '\0';
}

/* "[2001:db8::1]"; a zone belongs to the client (RFC 6874 1). */
static bool
is_ipv6(const char *host, size_t len)
{
	char text[IPV6_TEXT_MAX];
	struct addr a;
	char *zone;

	if (*host != '[' || len < 2 || len - 2 >= sizeof(text))
		return false;
	memcpy(text, host + 1, len - 2);
	text[len - 2] = '\0';
	zone = text + strcspn(text, "%");
	if (zone[strspn(zone, of_name)] != '\0')
		return false;
	*zone = '\0';
	return addr_parse(text, &a) && a.family == 6;
}

bool
http_host_is_valid(const char *host)
{
	size_t len;

	return split(host, &len) && (*host != '[' || is_ipv6(host, len)) &&
	    (len > 0 || *host == '\0');
}

static bool
is_ipv4(const char *host, size_t len)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return addr_parse(text, &a) && a.family == 4;
}

static size_t
without_dot(const char *name, size_t len)
{
	return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
is_name(const char *host, size_t len, const char *name)
{
	return without_dot(name, strlen(name)) == len &&
	    strncasecmp(host, name, len) == 0;
}

bool
http_host_is_own(const char *host, const char *const *names, size_t n)
{
	size_t len;

	if (!split(host, &len))
		return false;
	if (is_ipv6(host, len) || is_ipv4(host, len))
		return true;
	len = without_dot(host, len);
	if (len == 0)
		return false;
	if (is_name(host, len, "localhost"))
		return true;
	for (size_t i = 0; i < n; i++)
		if (is_name(host, len, names[i]))
			return true;
	return false;
}
