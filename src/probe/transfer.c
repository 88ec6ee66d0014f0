/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/transfer.h"

#include <stdlib.h>

#include "base/arena.h"

struct transfers {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	void (*done)(void *arg, CURLcode code);
};

static void
take_done(struct transfers *t)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left)) != NULL) {
		CURL *curl = message->easy_handle;
		CURLcode code = message->data.result;
		char *arg;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(curl, CURLINFO_PRIVATE, &arg);
		curl_multi_remove_handle(t->multi, curl);
		t->done(arg, code);
	}
}

static void
act(struct transfers *t, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(t->multi, fd, what, &running);
	take_done(t);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	act(arg, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) |
		(what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct transfers *t = arg;
	const struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		evtimer_del(t->timer);
	else
		evtimer_add(t->timer, &tv);
	return 0;
}

/* what each socket waits for; its event is kept beside it by libcurl. */
static int
set_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *event)
{
	struct transfers *t = arg;
	struct event *new = NULL;

	(void)curl;
	if (event != NULL)
		event_free(event);
	if (what != CURL_POLL_REMOVE) {
		new = event_new(t->base, fd,
		    EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
			(what & CURL_POLL_OUT ? EV_WRITE : 0),
		    on_socket, t);
		event_add(new, NULL);
	}
	curl_multi_assign(t->multi, fd, new);
	return 0;
}

struct transfers *
transfers_new(struct event_base *base, void (*done)(void *arg, CURLcode code))
{
	struct transfers *t = xcalloc(1, sizeof(*t));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (t->multi = curl_multi_init()) == NULL)
		abort();
	t->base = base;
	t->done = done;
	t->timer = evtimer_new(base, on_timer, t);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	return t;
}

void
transfers_free(struct transfers *t)
{
	curl_multi_cleanup(t->multi);
	event_free(t->timer);
	curl_global_cleanup();
	free(t);
}

bool
transfer_start(struct transfers *t, CURL *curl)
{
	return curl_multi_add_handle(t->multi, curl) == CURLM_OK;
}

void
transfer_stop(struct transfers *t, CURL *curl)
{
	curl_multi_remove_handle(t->multi, curl);
}
