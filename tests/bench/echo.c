/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends each packet back, by the same socket calls as a UDP worker and with
 * nothing else: what the kernel's part of an answer costs.
 * echo ADDRESS@PORT
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/net.h"

enum { BATCH = 32, OCTETS = 1232 };

static struct mmsghdr m[BATCH];
static struct iovec iov[BATCH];
static struct sockaddr_storage peer[BATCH];
static uint8_t octets[BATCH][OCTETS];

static void
prepare(void)
{
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *h = &m[i].msg_hdr;

		iov[i] = (struct iovec){octets[i], OCTETS};
		*h = (struct msghdr){.msg_iov = &iov[i],
		    .msg_iovlen = 1,
		    .msg_name = &peer[i],
		    .msg_namelen = sizeof(peer[i])};
	}
}

int
main(int argc, char **argv)
{
	struct endpoint e;
	struct error err;
	struct pollfd p = {.events = POLLIN};

	if (argc != 2 || !endpoint_parse(argv[1], &e, &err)) {
		fprintf(stderr, "usage: %s ADDRESS@PORT\n", argv[0]);
		return 2;
	}
	p.fd = net_listen_udp(&e, &err);
	if (p.fd == -1) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	for (;;) {
		int n;

		prepare();
		n = recvmmsg(p.fd, m, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0) {
			poll(&p, 1, -1);
			continue;
		}
		for (int i = 0; i < n; i++)
			iov[i].iov_len = m[i].msg_len;
		sendmmsg(p.fd, m, (unsigned)n, 0);
	}
}
