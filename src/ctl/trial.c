/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/trial.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "conf/load.h"
#include "ctl/server.h"
#include "state/lock.h"

static bool
try_folder(const char *folder, struct error *err)
{
	struct error why;
	int lock;

	if (!file_make_folder(folder, 0750, &why))
		return error_set(err,
		    "%s: the state directory cannot be created; create it for the daemon's user with install -d -m 0750 -o USER %s",
		    why.text, folder);
	/* Answers do not wait for a disk. */
	if (access(folder, W_OK | X_OK) != 0)
		log_warning(
		    "%s: %s: nothing will be saved; make the daemon's user the owner of the state directory with chown USER %s",
		    folder, strerror(errno), folder);
	lock = state_lock(folder, err);
	if (lock < 0)
		return false;
	fd_close(&lock);
	return true;
}

/* TCP first: UDP would take queries off a daemon that has the port. */
static bool
try_endpoint(const struct endpoint *e, bool udp, struct error *err)
{
	int fd;

	if (e->port == 0)
		return true; /* the kernel chooses a free one */
	fd = net_listen_tcp(e, err);
	if (fd < 0)
		return false;
	fd_close(&fd);
	if (!udp)
		return true;
	fd = net_listen_udp(e, err);
	if (fd < 0)
		return false;
	fd_close(&fd);
	return true;
}

static bool
try_endpoints(const struct conf_server *server, struct error *err)
{
	for (size_t i = 0; i < server->nlisten; i++)
		if (!try_endpoint(&server->listen[i], true, err))
			return false;
	return server->http.addr.family == 0 ||
	    try_endpoint(&server->http, false, err);
}

static bool
try_controls(const struct conf_server *server, struct error *err)
{
	return server_try_control(server->control, err) &&
	    (server->control_read == NULL ||
		server_try_control(server->control_read, err));
}

/* The folder before the sockets in it: another daemon there is told by its
 * process. */
static bool
try_server(const struct conf_server *server, struct error *err)
{
	return try_endpoints(server, err) && try_folder(server->state, err) &&
	    try_controls(server, err);
}

bool
trial_start(const char *path, struct error *err)
{
	struct diag d;
	struct conf *conf;
	bool ok;

	diag_init(&d);
	conf = conf_load(path, &d);
	ok = conf == NULL || try_server(&conf->server, err);
	conf_free(conf);
	diag_fini(&d);
	return ok;
}

bool
trial_bind(const char *path)
{
	struct error ignored;
	struct diag d;
	struct conf *conf;
	bool ok;

	diag_init(&d);
	conf = conf_load(path, &d);
	ok = conf != NULL && try_endpoints(&conf->server, &ignored) &&
	    try_controls(&conf->server, &ignored);
	conf_free(conf);
	diag_fini(&d);
	return ok;
}
