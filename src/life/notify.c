/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	static struct log_gate gate;
	socklen_t len;
	int fd;

	if (path == NULL || *path == '\0')
		return;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		if (log_is_due(&gate))
			log_warning(
			    "NOTIFY_SOCKET=%s: longer than a socket's name may be",
			    path);
		return;
	}
	strcpy(sun.sun_path, path);
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		sun.sun_path[0] = '\0'; /* an abstract name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(const struct sockaddr *)&sun, len) < 0 &&
	    log_is_due(&gate))
		log_warning(
		    "NOTIFY_SOCKET=%s: the service manager is not told: %s",
		    path, strerror(errno));
	fd_close(&fd);
}

bool
notify_watches(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	return us != NULL && strtoull(us, NULL, 10) > 0 &&
	    (pid == NULL || strtol(pid, NULL, 10) == getpid());
}
