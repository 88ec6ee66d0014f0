/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "base/file.h"
#include "dns/name.h"
#include "zone/load.h"

/* A file's text is not kept beyond its reading, unless something was wrong. */
void
record_show_source(struct diag *d, const char *file)
{
	char *text;
	size_t len;

	if (diag_has_source(d, file) ||
	    !file_read(file, ZONE_FILE_MAX, &text, &len, NULL))
		return;
	diag_source(d, file, text);
	free(text);
}

static bool __attribute__((format(printf, 4, 0))) say(diag_fn *fn,
    struct diag *d, const struct zone_record *r, const char *fmt, va_list ap)
{
	struct conf_mark mark = {r->file, r->line, 1};
	char name[NAME_TEXT_MAX];
	struct error e;

	record_show_source(d, r->file);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	return fn(d, &mark, "%s: %s", name_format(name, r->owner), e.text);
}

bool
record_error(struct diag *d, const struct zone_record *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(diag_error, d, r, fmt, ap);
	va_end(ap);
	return false;
}

bool
record_warning(
    struct diag *d, const struct zone_record *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(diag_warning, d, r, fmt, ap);
	va_end(ap);
	return false;
}

/* Data whose names, all between the octets before and after, are compared
 * without case (RFC 4034 6.2).  A label's length is no letter. */
static const struct {
	uint16_t type;
	uint8_t before, after;
} named[] = {
    {DNS_NS, 0, 0},
    {DNS_CNAME, 0, 0},
    {DNS_SOA, 0, 20},
    {DNS_PTR, 0, 0},
    {DNS_MX, 2, 0},
    {DNS_SRV, 6, 0},
    {DNS_DNAME, 0, 0},
};

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The octets of the record's data that are names. */
static void
find_names(const struct zone_record *r, size_t *from, size_t *to)
{
	*from = *to = 0;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (named[i].type == r->type && r->rdata_len > named[i].after) {
			*from = named[i].before;
			*to = (size_t)r->rdata_len - named[i].after;
		}
	}
}

/* Of records of one type. */
static int
record_order(const struct zone_record *a, const struct zone_record *b)
{
	size_t from, to;

	if (a->rdata_len != b->rdata_len)
		return a->rdata_len < b->rdata_len ? -1 : 1;
	find_names(a, &from, &to);
	for (size_t i = 0; i < a->rdata_len; i++) {
		bool name = i >= from && i < to;
		uint8_t x = a->rdata[i], y = b->rdata[i];

		if (name)
			x = lower(x), y = lower(y);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

bool
record_equal(const struct zone_record *a, const struct zone_record *b)
{
	return record_order(a, b) == 0;
}

/* Equal ones as they stand. */
static int
by_data(const void *x, const void *y)
{
	const struct zone_record *a = *(struct zone_record *const *)x;
	const struct zone_record *b = *(struct zone_record *const *)y;
	int order = record_order(a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

int
record_by_owner_and_type(const void *x, const void *y)
{
	const struct zone_record *a = x, *b = y;
	int order;

	if (a->owner_len != b->owner_len)
		return a->owner_len < b->owner_len ? -1 : 1;
	order =
	    a->owner == b->owner ? 0 : memcmp(a->owner, b->owner, a->owner_len);
	if (order != 0)
		return order;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static bool
is_same_set(const struct zone_record *a, const struct zone_record *b)
{
	return a->type == b->type && record_same_owner(a, b);
}

void
records_mark_repeated(struct zone_records *r)
{
	VEC(struct zone_record *) set = {0};
	size_t next;

	for (size_t i = 0; i < r->all.n; i = next) {
		set.n = 0;
		for (next = i; next < r->all.n &&
		     is_same_set(&r->all.at[i], &r->all.at[next]);
		     next++)
			vec_push(&set, &r->all.at[next]);
		if (set.n == 1)
			continue;
		qsort(set.at, set.n, sizeof(*set.at), by_data);
		for (size_t k = 1; k < set.n; k++)
			set.at[k]->repeated =
			    record_equal(set.at[k - 1], set.at[k]);
	}
	vec_free(&set);
}

size_t
records_owners(const struct zone_records *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->all.n; i++)
		n += i == 0 || r->all.at[i].owner != r->all.at[i - 1].owner;
	return n;
}

uint64_t
records_digest(const struct zone_records *all)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < all->all.n; i++) {
		const struct zone_record *r = &all->all.at[i];
		uint64_t seed = (uint64_t)r->type << 32 | r->ttl;

		if (r->repeated)
			continue;
		seed = XXH3_64bits_withSeed(r->owner, name_len(r->owner), seed);
		sum += XXH3_64bits_withSeed(r->rdata, r->rdata_len, seed);
	}
	return sum;
}
