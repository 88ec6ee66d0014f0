/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests to the control socket: method, path and query on the first line,
 * the body after it.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service s;

static void
end(void)
{
	service_close(&s);
}

static void
ignore(struct call *call)
{
	*(bool *)call->arg = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool done = false;
	struct call call = {.owner = "fuzz", .done = ignore, .arg = &done};
	char line[1024], *query;
	const uint8_t *body = memchr(data, '\n', size);
	size_t len = body != NULL ? (size_t)(body - data) : size;

	if (len == 0 || len >= sizeof(line))
		return 0;
	if (s.control == NULL) {
		log_set_level(LOG_LEVEL_ERROR);
		service_open(&s);
		atexit(end);
	}
	memcpy(line, data, len);
	line[len] = '\0';
	query = strchr(line, '?');
	if (query != NULL)
		*query++ = '\0';
	call.control = s.control;
	call.method = line[0] == 'P' ? HTTP_POST : HTTP_GET;
	call.role = line[0] == 'R' ? ROLE_PUBLIC : ROLE_OPERATOR;
	command_run(&call, line + 1, query, body != NULL ? body + 1 : NULL,
	    body != NULL ? size - len - 1 : 0);
	while (!done)
		event_base_loop(s.base, EVLOOP_ONCE);
	call_fini(&call);
	return 0;
}
