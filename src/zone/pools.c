/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/pools.h"

#include <string.h>

#include "conf/check.h"
#include "dns/name.h"
#include "rdata/param.h"
#include "rdata/rdata.h"

struct reader {
	struct conf *conf;
	struct diag *diag;
	struct wire wire;                    /* the data of a record */
	VEC(const struct conf_record *) all; /* of one region and type */
};

/* Words without quotes are strings of their own, which is seldom meant. */
static bool
is_split(const struct conf_record *record)
{
	return record->type == DNS_TXT &&
	    1u + record->rdata[0] < record->rdata_len &&
	    strchr(record->text, '"') == NULL;
}

/* The data of a text alone; relative names are those below the root. */
static bool
record_parse(struct reader *r, const struct conf_record *record, struct lex *l,
    struct lexeme *unicode)
{
	static const uint8_t root[] = {0};
	struct field_text t = {.lex = l, .origin = root, .w = &r->wire};
	bool blank, ok;

	r->wire.len = 0;
	r->wire.full = false;
	lex_init(l, record->text, strlen(record->text));
	lex_begin(l, &blank);
	ok = rdata_parse(record->type, &t);
	*unicode = t.unicode;
	return ok;
}

/* The region of the pool, but the one of self, that has a target with the
 * address; NULL: none. */
static const struct conf_pool_region *
region_of(const struct conf_pool *pool, const struct conf_pool_region *self,
    const struct addr *a)
{
	for (size_t i = 0; i < self->ntargets; i++)
		for (size_t k = 0; k < 2; k++)
			if (addr_equal(&self->targets[i].addr[k], a))
				return NULL;
	for (size_t i = 0; i < pool->nregions; i++)
		for (size_t k = 0; k < 2 * pool->regions[i].ntargets; k++)
			if (addr_equal(
				&pool->regions[i].targets[k / 2].addr[k % 2],
				a))
				return &pool->regions[i];
	return NULL;
}

/* A hint is an address that clients use, as those of A and AAAA. */
static void
hint_check(struct reader *r, const struct conf_pool *pool,
    const struct conf_pool_region *region, const struct conf_mark *mark,
    const struct addr *a)
{
	const struct conf_region *regions = r->conf->regions;
	const struct conf_pool_region *other = region_of(pool, region, a);
	char text[ADDR_TEXT_MAX];

	if (other == NULL)
		return;
	addr_format(text, a);
	if (!check_is_within(
		r->conf, other->region, regions[region->region].jurisdiction) ||
	    !check_is_within(
		r->conf, region->region, regions[other->region].jurisdiction))
		diag_error(r->diag, mark,
		    "the hint %s is an address of region \"%s\", whose jurisdiction is another",
		    text, regions[other->region].name);
	else
		diag_warning(r->diag, mark,
		    "the hint %s is an address of region \"%s\": it is answered while that region is down or drained",
		    text, regions[other->region].name);
}

static void
hints_check(struct reader *r, const struct conf_pool *pool,
    const struct conf_pool_region *region, const struct conf_record *record)
{
	struct params params;
	struct param p;

	if ((record->type != DNS_HTTPS && record->type != DNS_SVCB) ||
	    record->rdata == NULL)
		return;
	params.at = record->rdata + sizeof(uint16_t);
	params.at += name_len(params.at);
	params.end = record->rdata + record->rdata_len;
	while (param_next(&params, &p)) {
		size_t len = p.key == KEY_IPV4HINT ? 4
		    : p.key == KEY_IPV6HINT        ? 16
						   : 0;

		for (size_t at = 0; len > 0 && at + len <= p.len; at += len) {
			struct addr a = {.family = len == 4 ? 4 : 6};

			memcpy(a.bytes, p.value + at, len);
			hint_check(r, pool, region, &record->mark, &a);
		}
	}
}

static void
record_read(struct reader *r, struct conf_record *record)
{
	struct lexeme unicode;
	struct lex l;
	bool blank;

	if (!record_parse(r, record, &l, &unicode)) {
		diag_error(r->diag, &record->mark, "%s", l.error.text);
		return;
	}
	if (lex_begin(&l, &blank)) {
		diag_error(r->diag, &record->mark,
		    "more than one line: write the record on one, or in parentheses");
		return;
	}
	record->rdata_len = (uint16_t)r->wire.len;
	record->rdata =
	    arena_dup(r->conf->arena, r->wire.at, record->rdata_len);
	if (unicode.len > 0)
		diag_warning(r->diag, &record->mark,
		    "octets beyond ASCII stand for themselves: %.*s is written with labels xn--...",
		    (int)unicode.len, unicode.at);
	if (is_split(record))
		diag_warning(r->diag, &record->mark,
		    "words without quotes are separate strings: write '\"%s\"' for one",
		    record->text);
}

static int
by_data(const void *x, const void *y)
{
	const struct conf_record *a = *(const struct conf_record *const *)x;
	const struct conf_record *b = *(const struct conf_record *const *)y;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->rdata_len != b->rdata_len)
		return a->rdata_len < b->rdata_len ? -1 : 1;
	return a->rdata_len == 0 ? 0 : memcmp(a->rdata, b->rdata, a->rdata_len);
}

static bool
is_later(const struct conf_mark *a, const struct conf_mark *b)
{
	return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* RFC 2181 5: a record stands in an RRset once. */
static void
twice_check(struct reader *r)
{
	if (r->all.n > 0)
		qsort(r->all.at, r->all.n, sizeof(*r->all.at), by_data);
	for (size_t i = 1; i < r->all.n; i++) {
		const struct conf_record *a = r->all.at[i - 1];
		const struct conf_record *b = r->all.at[i];
		bool later = is_later(&a->mark, &b->mark);

		if (a->rdata == NULL || b->rdata == NULL ||
		    by_data(&a, &b) != 0)
			continue;
		diag_error(r->diag, later ? &a->mark : &b->mark,
		    "duplicate of the record at %s:%u:%u",
		    later ? b->mark.file : a->mark.file,
		    later ? b->mark.line : a->mark.line,
		    later ? b->mark.column : a->mark.column);
	}
}

/* Header, question, and what precedes the data of a record. */
enum { OTHERS = 512, RECORD_FIXED = 12 };

static void
size_check(struct reader *r, const struct conf_mark *mark)
{
	size_t size = OTHERS;

	for (size_t i = 0; i < r->all.n; i++)
		size += RECORD_FIXED + r->all.at[i]->rdata_len;
	if (size > DNS_MESSAGE_MAX)
		diag_error(
		    r->diag, mark, "its records do not fit into a message");
}

static void
region_read(struct reader *r, const struct conf_pool *pool,
    struct conf_pool_region *region)
{
	r->all.n = 0;
	for (size_t i = 0; i < region->ntargets; i++) {
		struct conf_target *t = &region->targets[i];

		for (size_t k = 0; k < t->nrecords; k++) {
			record_read(r, &t->records[k]);
			hints_check(r, pool, region, &t->records[k]);
			vec_push(&r->all, &t->records[k]);
		}
		if (pool->mode == CONF_ANSWER_ONE) {
			size_check(r, &t->mark);
			twice_check(r);
			r->all.n = 0;
		}
	}
	size_check(r, &region->mark);
	twice_check(r);
}

bool
pools_read(struct conf *c, struct diag *d)
{
	size_t before = d->nerrors;
	struct reader r = {.conf = c, .diag = d};
	uint8_t *octets = xmalloc(2 * DNS_MESSAGE_MAX);

	wire_init(&r.wire, octets, 2 * DNS_MESSAGE_MAX);
	for (size_t i = 0; i < c->npools; i++)
		for (size_t k = 0; k < c->pools[i].nregions; k++)
			region_read(&r, &c->pools[i], &c->pools[i].regions[k]);
	vec_free(&r.all);
	free(octets);
	return d->nerrors == before;
}
