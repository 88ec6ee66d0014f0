/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of a zone to compiled zones, and what a few names find there. */
#include <sys/mman.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dns/name.h"
#include "zone/find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_IN = 4096, DIGITS_MAX = 3 };

/* Long ranges of $GENERATE take long, and find no more than short ones; a file
 * that includes itself twice takes forever. */
static bool
is_slow(const uint8_t *data, size_t size)
{
	size_t digits = 0, includes = 0;
	bool generates = false;

	if (size > SIZE_MAX_IN)
		return true;
	for (size_t i = 0; i + 1 < size; i++) {
		digits = isdigit(data[i]) ? digits + 1 : 0;
		if (data[i] == '$') {
			generates |= tolower(data[i + 1]) == 'g';
			includes += tolower(data[i + 1]) == 'i';
		}
		if ((generates && digits > DIGITS_MAX) || includes > 1)
			return true;
	}
	return false;
}

static void
put_body(const struct body *b, const uint8_t *owner, size_t len)
{
	static uint8_t packet[2 * DNS_MESSAGE_MAX];
	struct wire w;

	wire_init(&w, packet, sizeof(packet));
	wire_put(&w, owner, len);
	body_put(&w, b, 0, len, 5, 0);
	if (body_target_len(b) > 0 &&
	    name_len(body_target(b)) != body_target_len(b))
		__builtin_trap();
}

static void
ask(const struct zones *z, const uint8_t *name)
{
	static const uint16_t types[] = {
	    DNS_A, DNS_NS, DNS_CNAME, DNS_SOA, DNS_DS, DNS_ANY, 65280};
	size_t len = name_len(name);
	struct found f;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		zone_find(z, name, len, types[i], &f);
		if (f.kind == FIND_FOREIGN)
			continue;
		if ((f.kind == FIND_STEERED) != (f.body == NULL))
			__builtin_trap();
		if (f.body != NULL)
			put_body(f.body, name, len);
	}
}

static void
ask_below(const struct zones *z, const uint8_t *name)
{
	uint8_t below[DNS_NAME_MAX];
	size_t len = name_len(name);

	if (len + 2 > sizeof(below))
		return;
	memcpy(below, "\1x", 2);
	memcpy(below + 2, name, len);
	ask(z, below);
}

static void
build(const char *path)
{
	struct conf_zone zones[] = {
	    {"a.b.", "\1a\1b", path, {"f", 1, 1}},
	    {"c.a.b.", "\1c\1a\1b", path, {"f", 2, 1}},
	};
	struct conf_pool pool = {.types = {DNS_A}, .ntypes = 1};
	struct conf_name name = {.text = "s.a.b.", .name = "\1s\1a\1b"};
	struct conf conf = {
	    .zones = zones,
	    .nzones = 2,
	    .pools = &pool,
	    .npools = 1,
	    .names = &name,
	    .nnames = 1,
	};
	struct arena *a = arena_new();
	struct diag d;
	struct zones *z;

	diag_init(&d);
	z = zones_build(a, &conf, &d);
	for (size_t i = 0; z != NULL && i < z->nnodes; i++) {
		ask(z, z->nodes[i].name);
		ask_below(z, z->nodes[i].name);
	}
	free(diag_text(&d));
	diag_fini(&d);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd;

	if (is_slow(data, size))
		return 0;
	fd = memfd_create("zone", 0);
	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		__builtin_trap();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	build(path);
	close(fd);
	return 0;
}
