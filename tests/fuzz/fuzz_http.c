/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heads of HTTP requests: what is read does not depend on how it is cut up, and
 * nothing that is read has an octet that another reader could take differently.
 * The first octet says where it is cut.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "http/head.h"
#include "http/host.h"
#include "http/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In pieces of so many octets; how many it has used in all goes to *end. */
static enum http_result
read_head(struct http_head *h, const char *text, size_t size, size_t piece,
    size_t *end)
{
	enum http_result result = HTTP_MORE;
	size_t come = 0, used;

	*end = 0;
	while (result == HTTP_MORE && come < size) {
		come = size - come > piece ? come + piece : size;
		result = http_head_feed(h, text + *end, come - *end, &used);
		*end += used;
		assert(*end <= come);
	}
	return result;
}

static void
look_at_lines(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		assert(text[i] != '\0');
		assert(text[i] != '\n' || (i > 0 && text[i - 1] == '\r'));
		assert(text[i] != '\r' || (i + 1 < len && text[i + 1] == '\n'));
	}
	assert(len >= 4 && memcmp(text + len - 4, "\r\n\r\n", 4) == 0);
}

static void
look_at(struct http_head *h)
{
	static const char *const names[] = {"metrics.example.net"};
	struct http_params params;
	struct error err;
	char *query;

	assert(h->target[0] == '/');
	assert(strpbrk(h->target, " \t\r\n#") == NULL);
	assert(h->is_old || h->has_host);
	assert(http_host_is_valid(h->host));
	if (http_host_is_own(h->host, names, 1))
		assert(strpbrk(h->host, "/@ ") == NULL);
	query = strchr(h->target, '?');
	if (query != NULL)
		*query++ = '\0';
	if (http_params_parse(&params, query, &err))
		for (size_t i = 0; i < params.list.n; i++)
			for (const char *c = params.list.at[i].value; *c; c++)
				assert((unsigned char)*c >= 0x20 && *c != 0x7f);
	http_params_fini(&params);
	http_decode(h->target, "the path", &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head whole = {0}, cut = {0};
	const char *text = (const char *)data + 1;
	enum http_result result;
	size_t end, cut_end;

	if (size == 0)
		return 0;
	size--;
	result = read_head(&whole, text, size, size + 1, &end);
	assert(read_head(&cut, text, size, data[0] + 1U, &cut_end) == result);
	assert(end == cut_end);
	assert(whole.status == cut.status);
	assert((result == HTTP_WRONG) == (whole.status != 0));
	if (result == HTTP_DONE) {
		assert(strcmp(whole.target, cut.target) == 0);
		assert(strcmp(whole.host, cut.host) == 0);
		assert(whole.length == cut.length);
		look_at_lines(text, end);
		look_at(&whole);
	}
	http_head_fini(&whole);
	http_head_fini(&cut);
	return 0;
}
