/* SPDX-License-Identifier: BSD-3-Clause */
#include "ask.h"

#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "make.h"

enum {
	TRIES = 3,
	WAIT_MS = 2000,    /* for the sentinel */
	STRAGGLER_MS = 10, /* for what comes after it */
	PLAIN_MS = 1000,   /* where silence cannot be meant */
	BUFFER = 4 << 20,
	HEADER = 12,
};

static int sockets[SERVERS];
static uint16_t last_id;
static struct query sentinel;

void
ask_open(const uint16_t ports[SERVERS])
{
	int size = BUFFER;

	make_sentinel(&sentinel);
	for (int i = 0; i < SERVERS; i++) {
		struct sockaddr_in a = {
		    .sin_family = AF_INET,
		    .sin_port = htons(ports[i]),
		    .sin_addr = {htonl(INADDR_LOOPBACK)},
		};

		sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (sockets[i] < 0 ||
		    connect(sockets[i], (void *)&a, sizeof(a)) != 0)
			err(2, "socket");
		setsockopt(
		    sockets[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
}

void
ask_close(void)
{
	for (int i = 0; i < SERVERS; i++)
		close(sockets[i]);
}

/* One server's part in a batch. */
struct round {
	struct exchange *x;
	size_t n;
	int server;
	uint16_t first_id;
	size_t missing, plain; /* plain: of them, which it must answer */
	bool sentinel_back;
};

/* What a server may say nothing to. */
static const unsigned silences[SERVERS] = {
    [OURS] = ODD_RESPONSE,
    [NSD] = ODD_RESPONSE,
    [KNOT] = ODD_RESPONSE | ODD_SHORT | ODD_POINTER | ODD_QDCOUNT |
	ODD_OPT_OWNER | ODD_OPTION,
    [BIND] = ODD_RESPONSE | ODD_CLASS,
};

static bool
is_plain(const struct query *q, int server)
{
	return q->len >= HEADER && (q->odd & silences[server]) == 0;
}

static void
send_id(int fd, struct query *q, uint16_t id)
{
	q->wire[0] = (uint8_t)(id >> 8);
	q->wire[1] = (uint8_t)id;
	/* Lost where the buffer is full: asked again. */
	(void)!send(fd, q->wire, q->len, 0);
}

static void
round_send(struct round *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->x[i].replies[r->server].came)
			send_id(sockets[r->server], &r->x[i].query,
			    (uint16_t)(r->first_id + i));
	r->sentinel_back = false;
	send_id(sockets[r->server], &sentinel, (uint16_t)(r->first_id + r->n));
}

static void
round_receive(struct round *r)
{
	static uint8_t buffer[REPLY_MAX];
	ssize_t len;

	while (
	    (len = recv(sockets[r->server], buffer, sizeof(buffer), 0)) >= 2) {
		uint16_t i = (uint16_t)(get_u16(buffer) - r->first_id);
		struct reply *reply;

		if (i == r->n)
			r->sentinel_back = true;
		if (i >= r->n)
			continue;
		reply = &r->x[i].replies[r->server];
		r->missing -= !reply->came;
		r->plain -= !reply->came && is_plain(&r->x[i].query, r->server);
		reply->came = true;
		reply->len = (size_t)len;
		memcpy(reply->wire, buffer, (size_t)len);
	}
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum wait { FOR_SENTINEL, FOR_PLAIN, FOR_ALL };

static bool
round_waits(const struct round *r, enum wait wait)
{
	if (wait == FOR_SENTINEL)
		return r->missing > 0 && !r->sentinel_back;
	return (wait == FOR_ALL ? r->missing : r->plain) > 0;
}

/* True if nothing is missing. */
static bool
rounds_wait(struct round rounds[SERVERS], int64_t end, enum wait wait)
{
	for (;;) {
		struct pollfd fds[SERVERS];
		bool missing = false, waiting = false;
		int64_t left = end - now_ms();

		for (int i = 0; i < SERVERS; i++) {
			struct round *r = &rounds[i];

			round_receive(r);
			missing = missing || r->missing > 0;
			waiting = waiting || round_waits(r, wait);
			fds[i] = (struct pollfd){
			    .fd = r->missing > 0 ? sockets[i] : -1,
			    .events = POLLIN,
			};
		}
		if (!waiting || left <= 0)
			return !missing;
		poll(fds, SERVERS, (int)left);
	}
}

void
ask_batch(struct exchange *x, size_t n)
{
	struct round rounds[SERVERS];

	for (int s = 0; s < SERVERS; s++) {
		rounds[s] =
		    (struct round){.x = x, .n = n, .server = s, .missing = n};
		for (size_t i = 0; i < n; i++) {
			x[i].replies[s].came = false;
			rounds[s].plain += is_plain(&x[i].query, s);
		}
	}
	for (int try = 0; try < TRIES; try++) {
		for (int s = 0; s < SERVERS; s++) {
			rounds[s].first_id = last_id;
			if (rounds[s].missing > 0)
				round_send(&rounds[s]);
		}
		last_id = (uint16_t)(last_id + n + 1);
		if (rounds_wait(rounds, now_ms() + WAIT_MS, FOR_SENTINEL) ||
		    rounds_wait(rounds, now_ms() + STRAGGLER_MS, FOR_ALL))
			return;
		rounds_wait(rounds, now_ms() + PLAIN_MS, FOR_PLAIN);
	}
}
