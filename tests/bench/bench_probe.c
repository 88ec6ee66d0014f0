/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other side of bench_probe.py, one CPU's work each:
 *
 *    bench_probe serve KEY CERTIFICATE   targets on every address of loopback;
 *                                        prints the ports of HTTP and HTTPS
 *    bench_probe ask PORT SECONDS < PACKET  asks all the time; prints answers
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096, WINDOW = 64, PACKET_MAX = 512 };

static SSL_CTX *tls;

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
on_request(struct bufferevent *b, void *arg)
{
	static const char reply[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
	struct evbuffer *in = bufferevent_get_input(b);

	(void)arg;
	while (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos >= 0) {
		struct evbuffer_ptr end =
		    evbuffer_search(in, "\r\n\r\n", 4, NULL);

		evbuffer_drain(in, (size_t)end.pos + 4);
		bufferevent_write(b, reply, sizeof(reply) - 1);
	}
}

static void
on_end(struct bufferevent *b, short what, void *arg)
{
	(void)arg;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(b);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer,
    int len, void *context)
{
	struct event_base *base = evconnlistener_get_base(l);
	struct bufferevent *b;

	(void)peer;
	(void)len;
	if (context != NULL)
		b = bufferevent_openssl_socket_new(base, fd, SSL_new(context),
		    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	else
		b = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (b == NULL)
		fail("connection");
	bufferevent_setcb(b, on_request, NULL, on_end, NULL);
	bufferevent_enable(b, EV_READ | EV_WRITE);
}

static unsigned
listen_any(struct event_base *base, void *context)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	struct evconnlistener *l = evconnlistener_new_bind(base, on_accept,
	    context, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, BACKLOG,
	    (struct sockaddr *)&sin, sizeof(sin));

	if (l == NULL ||
	    getsockname(
		evconnlistener_get_fd(l), (struct sockaddr *)&sin, &len) != 0)
		fail("listen");
	return ntohs(sin.sin_port);
}

static int
serve(const char *key, const char *certificate)
{
	struct event_base *base = event_base_new();
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	tls = SSL_CTX_new(TLS_server_method());
	if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) !=
		1)
		fail("certificate");
	printf("%u", listen_any(base, NULL));
	printf(" %u\n", listen_any(base, tls));
	fflush(stdout);
	return event_base_dispatch(base);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
ask(const char *port, const char *length)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double end = seconds() + atof(length);
	uint8_t packet[PACKET_MAX], reply[PACKET_MAX];
	ssize_t len = read(STDIN_FILENO, packet, sizeof(packet));
	struct pollfd p = {.fd = fd, .events = POLLIN};
	unsigned long answers = 0;

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 || len <= 0)
		fail("ask");
	while (seconds() < end) {
		for (int i = 0; i < WINDOW; i++)
			if (send(fd, packet, (size_t)len, 0) != len)
				fail("send");
		for (int i = 0; i < WINDOW && poll(&p, 1, 100) == 1; i++)
			answers += recv(fd, reply, sizeof(reply), 0) > 0;
	}
	printf("%lu\n", answers);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	fprintf(stderr,
	    "usage: bench_probe serve KEY CERTIFICATE\n"
	    "       bench_probe ask PORT SECONDS < PACKET\n");
	return EXIT_FAILURE;
}
