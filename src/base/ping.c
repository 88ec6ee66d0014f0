/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/ping.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/inherit.h"

enum { RECEIVE_BUFFER = 1 << 20, RANGE_MAX = 64 };

/* Of <linux/icmp.h>, which does not go with <netinet/ip_icmp.h>. */
enum { ICMP_FILTER_OPTION = 1 };

static const char range_file[] = "/proc/sys/net/ipv4/ping_group_range";

static struct {
	uint8_t family;
	int domain, protocol, fd;
	bool raw;
} sockets[] = {
    {4, AF_INET, IPPROTO_ICMP, -1, false},
    {6, AF_INET6, IPPROTO_ICMPV6, -1, false},
};

enum { FAMILIES = sizeof(sockets) / sizeof(sockets[0]) };

static int
try_open(size_t i, bool *raw)
{
	static const int types[] = {SOCK_DGRAM, SOCK_RAW};
	int type,
	    fd = inherit_take_protocol(
		sockets[i].domain, sockets[i].protocol, &type);

	if (fd != -1) {
		*raw = type == SOCK_RAW;
		return fd;
	}
	for (size_t t = 0; t < 2 && fd < 0; t++) {
		*raw = types[t] == SOCK_RAW;
		fd = socket(sockets[i].domain,
		    types[t] | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    sockets[i].protocol);
	}
	return fd;
}

/* A raw socket hears all ICMP of the machine: only replies are of use. */
static void
hear_replies(int fd, uint8_t family)
{
	const uint32_t v4 = ~(UINT32_C(1) << ICMP_ECHOREPLY);
	struct icmp6_filter v6;

	ICMP6_FILTER_SETBLOCKALL(&v6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
	if (family == 4)
		setsockopt(fd, SOL_RAW, ICMP_FILTER_OPTION, &v4, sizeof(v4));
	else
		setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
}

static void
open_one(size_t i)
{
	const int size = RECEIVE_BUFFER;
	int fd = try_open(i, &sockets[i].raw);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (sockets[i].raw)
		hear_replies(fd, sockets[i].family);
	sockets[i].fd = fd;
}

void
ping_open(void)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (sockets[i].fd < 0)
			open_one(i);
}

void
ping_close(void)
{
	for (size_t i = 0; i < FAMILIES; i++)
		fd_close(&sockets[i].fd);
}

int
ping_socket(uint8_t family, bool *raw)
{
	size_t i = family == 6;

	*raw = sockets[i].raw;
	return sockets[i].fd;
}

bool
ping_allowed(struct error *err)
{
	char *range = NULL;
	struct error ignored;
	size_t len;
	bool raw;
	int fd;

	if (sockets[0].fd >= 0)
		return true;
	fd = try_open(0, &raw);
	if (fd >= 0) {
		fd_close(&fd);
		return true;
	}
	if (file_read(range_file, RANGE_MAX, &range, &len, &ignored))
		range[strcspn(range, "\n")] = '\0';
	error_set(err,
	    "ICMP is not allowed here: it needs CAP_NET_RAW, or a group "
	    "within net.ipv4.ping_group_range (which is %s)",
	    range != NULL ? range : "not known");
	free(range);
	return false;
}
