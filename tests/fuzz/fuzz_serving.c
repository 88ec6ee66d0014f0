/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The body of a reply to a gRPC health check: it says a status that has a
 * name, or none; and as the name of a service it makes a request of its
 * length.
 */
#include "probe/serving.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUEST_MAX = 300, SERVICE_MAX = 255 };

static void
put_request(const uint8_t *data, size_t size)
{
	uint8_t buf[REQUEST_MAX];
	char service[SERVICE_MAX + 1] = "";
	struct wire w;

	memcpy(service, data, size < SERVICE_MAX ? size : SERVICE_MAX);
	wire_init(&w, buf, sizeof(buf));
	serving_put_request(&w, service);
	if (w.full || wire_get_u32(buf + 1) != w.len - 5)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *status = serving_read_reply(data, size);

	if (status != NULL && strlen(status) == 0)
		abort();
	put_request(data, size);
	return 0;
}
