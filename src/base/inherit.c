/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/inherit.h"

#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

struct heir {
	int fd, type, protocol;
	struct sockaddr_storage at;
	socklen_t len;
};

static struct heir heirs[INHERIT_MAX];
static size_t nheirs;

static int
option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static bool
is_icmp(const struct heir *h)
{
	return h->protocol == IPPROTO_ICMP || h->protocol == IPPROTO_ICMPV6;
}

/* Bound for good, and with no peer of its own. */
static bool
heir_read(struct heir *h, int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	*h = (struct heir){.fd = fd,
	    .type = option(fd, SO_TYPE),
	    .protocol = option(fd, SO_PROTOCOL),
	    .len = sizeof(h->at)};
	if (h->type == -1 ||
	    getsockname(fd, (struct sockaddr *)&h->at, &h->len) != 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
		return false;
	if (is_icmp(h))
		return true;
	if (h->type == SOCK_STREAM)
		return option(fd, SO_ACCEPTCONN) == 1;
	return h->type == SOCK_DGRAM &&
	    ((h->at.ss_family == AF_INET &&
		 ((struct sockaddr_in *)&h->at)->sin_port != 0) ||
		(h->at.ss_family == AF_INET6 &&
		    ((struct sockaddr_in6 *)&h->at)->sin6_port != 0));
}

void
inherit_begin(const int *fds, size_t n)
{
	for (size_t i = 0; i < n && nheirs < INHERIT_MAX; i++) {
		if (fds[i] <= STDERR_FILENO ||
		    !heir_read(&heirs[nheirs], fds[i]))
			continue;
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		nheirs++;
	}
}

/* Takes the i-th out; those behind it stay in their order. */
static int
take(size_t i)
{
	int fd = heirs[i].fd;

	nheirs--;
	memmove(&heirs[i], &heirs[i + 1], (nheirs - i) * sizeof(heirs[0]));
	return fd;
}

static bool
is_same_place(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *x = (const void *)a;
		const struct sockaddr_in *y = (const void *)b;

		return x->sin_addr.s_addr == y->sin_addr.s_addr &&
		    (x->sin_port == y->sin_port || y->sin_port == 0);
	}
	if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *x = (const void *)a;
		const struct sockaddr_in6 *y = (const void *)b;

		return memcmp(&x->sin6_addr, &y->sin6_addr,
			   sizeof(x->sin6_addr)) == 0 &&
		    (x->sin6_port == y->sin6_port || y->sin6_port == 0);
	}
	return a->sa_family == AF_UNIX &&
	    strcmp(((const struct sockaddr_un *)a)->sun_path,
		((const struct sockaddr_un *)b)->sun_path) == 0;
}

int
inherit_take(int type, const struct sockaddr *sa, socklen_t len)
{
	(void)len;
	for (size_t i = 0; i < nheirs; i++)
		if (heirs[i].type == type && !is_icmp(&heirs[i]) &&
		    is_same_place((struct sockaddr *)&heirs[i].at, sa))
			return take(i);
	return -1;
}

int
inherit_take_protocol(int domain, int protocol, int *type)
{
	for (size_t i = 0; i < nheirs; i++) {
		if (heirs[i].protocol != protocol ||
		    option(heirs[i].fd, SO_DOMAIN) != domain)
			continue;
		*type = heirs[i].type;
		return take(i);
	}
	return -1;
}

void
inherit_end(void)
{
	while (nheirs > 0) {
		struct heir h = heirs[nheirs - 1];
		const struct sockaddr_un *sun = (void *)&h.at;

		if (h.at.ss_family == AF_UNIX && *sun->sun_path == '/')
			unlink(sun->sun_path);
		nheirs--;
		fd_close(&h.fd);
	}
}

size_t
inherit_find(int fds[INHERIT_MAX])
{
	struct heir h;
	size_t n = 0;

	for (int fd = STDERR_FILENO + 1; fd < INHERIT_MAX; fd++)
		if (heir_read(&h, fd))
			fds[n++] = fd;
	return n;
}
