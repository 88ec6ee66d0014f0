/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { WAIT_S = 5, LENGTH = 2, TRIES = 3 };

static struct sockaddr_in addresses[SERVERS];

void
stream_open(const uint16_t ports[SERVERS])
{
	for (int i = 0; i < SERVERS; i++)
		addresses[i] = (struct sockaddr_in){
		    .sin_family = AF_INET,
		    .sin_port = htons(ports[i]),
		    .sin_addr = {htonl(INADDR_LOOPBACK)},
		};
}

static bool
send_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A query's ID is its place in the batch. */
static bool
send_query(int fd, struct query *q, size_t id)
{
	uint8_t frame[LENGTH + QUERY_MAX] = {
	    (uint8_t)(q->len >> 8), (uint8_t)q->len};

	q->wire[0] = (uint8_t)(id >> 8);
	q->wire[1] = (uint8_t)id;
	memcpy(frame + LENGTH, q->wire, q->len);
	return send_all(fd, frame, LENGTH + q->len);
}

static bool
receive_all(int fd, uint8_t *p, size_t len)
{
	return recv(fd, p, len, MSG_WAITALL) == (ssize_t)len;
}

static bool
receive_reply(int fd, int server, struct exchange *x, size_t n)
{
	static uint8_t wire[REPLY_MAX];
	uint8_t length[LENGTH];
	struct reply *r;
	size_t len;

	if (!receive_all(fd, length, sizeof(length)))
		return false;
	len = get_u16(length);
	if (!receive_all(fd, wire, len))
		return false;
	if (len < LENGTH || get_u16(wire) >= n)
		return true;
	r = &x[get_u16(wire)].replies[server];
	r->came = true;
	r->len = len;
	memcpy(r->wire, wire, len);
	return true;
}

/* What it has not answered yet; true: that was nothing.  A connection is lost
 * now and then, with all that waits on it. */
static bool
ask_server(int server, struct exchange *x, size_t n)
{
	size_t asked = 0;
	struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool good = connect(fd, (void *)&addresses[server],
			sizeof(addresses[server])) == 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	for (size_t i = 0; i < n; i++) {
		if (x[i].replies[server].came)
			continue;
		good = good && send_query(fd, &x[i].query, i);
		asked++;
	}
	for (size_t i = 0; i < asked; i++)
		good = good && receive_reply(fd, server, x, n);
	close(fd);
	return asked == 0;
}

void
stream_batch(struct exchange *x, size_t n)
{
	for (int s = 0; s < SERVERS; s++) {
		for (size_t i = 0; i < n; i++)
			x[i].replies[s].came = false;
		for (int try = 0; try < TRIES && !ask_server(s, x, n); try++)
			;
	}
}
