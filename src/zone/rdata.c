/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/rdata.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <string.h>

#include "dns/rr.h"
#include "zone/field.h"
#include "zone/svcb.h"
#include "zone/text.h"

enum { LDNS_FIELDS = 255 }; /* it reads no more, and does not say so */

/* Does the record that ldns made hold all that its type needs? ldns takes what
 * it gets as RFC 3597 octets for a type it knows. */
static bool
is_whole(const ldns_rr *rr, const char *text, size_t len)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(ldns_rr_get_type(rr));

	/* Types without a name of their own have no form (RFC 3597 3). */
	if (ldns_rr_rd_count(rr) < ldns_rr_descriptor_minimum(d) &&
	    strncmp(d->_name, "TYPE", 4) != 0)
		return false;
	if (strncmp(text, "\\# ", 3) != 0)
		return true;
	text += 2 + strspn(text + 2, " ");
	return isdigit((unsigned char)*text) && strtoul(text, NULL, 10) == len;
}

/* ldns joins names and origins without a look at the length. */
static bool
names_fit(const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *f = ldns_rr_rdf(rr, i);

		if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_DNAME &&
		    ldns_rdf_size(f) > DNS_NAME_MAX)
			return false;
	}
	return true;
}

/* The text of an SVCB parameter's value, without a quote before it; NULL: there
 * is none. */
static const char *
param_find(const char *text, const char *key)
{
	const char *value = strstr(text, key);

	if (value == NULL)
		return NULL;
	value += strlen(key);
	return value + (*value == '"');
}

/* ldns takes a port modulo 65536, and base64 that is cut. */
static const char *
params_wrong(const char *text)
{
	const char *port = param_find(text, " port=");
	const char *ech = param_find(text, " ech=");

	if (port != NULL && strtoul(port, NULL, 10) > UINT16_MAX)
		return "port above 65535";
	return ech != NULL && strcspn(ech, " \"") % 4 != 0
	    ? "ech that is no base64"
	    : NULL;
}

const char *
rdata_put(ldns_buffer *buf, const ldns_rr *rr, const char *text)
{
	uint16_t type = (uint16_t)ldns_rr_get_type(rr);
	const char *wrong;

	if (!names_fit(rr))
		return "too long a name";
	if (ldns_rr_rd_count(rr) >= LDNS_FIELDS)
		return "too many strings";
	ldns_buffer_clear(buf);
	if (ldns_rr_rdata2buffer_wire(buf, rr) != LDNS_STATUS_OK ||
	    ldns_buffer_position(buf) > UINT16_MAX)
		return "too large a record";
	if (!is_whole(rr, text, ldns_buffer_position(buf)))
		return "data that its type does not have";
	wrong = field_wrong(rr, text);
	if (wrong != NULL || (type != DNS_SVCB && type != DNS_HTTPS))
		return wrong;
	wrong = params_wrong(text);
	if (wrong != NULL)
		return wrong;
	return svcb_wrong(ldns_buffer_begin(buf), ldns_buffer_position(buf));
}

/* Records of pools --------------------------------------------------------- */

struct reader {
	struct conf *conf;
	struct diag *diag;
	ldns_buffer *buffer;
	ldns_rdf *root;
	text_record joined, line; /* as it is written, as ldns gets it */
	VEC(const struct conf_record *) all; /* of one region and type */
};

/* What would stand in a zone file, as one line; where the data begins in
 * joined, or NULL. */
static const char *
line_make(struct reader *r, const struct conf_record *record)
{
	static const char before[] = ". 0 IN ";
	char type[RR_TEXT_MAX];
	const char *source = arena_printf(r->conf->arena, "%s %s",
	    rr_type_format(type, record->type), record->text);
	struct text t = {source, source + strlen(source), 1};
	text_record more = {0};
	struct error err = {""};
	unsigned line;
	bool ok = text_next(&t, &r->joined, &line, &err) == TEXT_RECORD;

	if (ok && text_next(&t, &more, &line, &err) != TEXT_END)
		error_set(&err, "more than one line");
	vec_free(&more);
	if (err.text[0] != '\0') {
		diag_error(r->diag, &record->mark, "%s", err.text);
		return NULL;
	}
	r->line.n = 0;
	text_append(&r->line, before, strlen(before));
	field_append(&r->line, r->joined.at);
	source = r->joined.at + strlen(type);
	return source + strspn(source, " ");
}

/* Words without quotes are strings of their own, which is seldom meant. */
static bool
is_split(const struct conf_record *record)
{
	return record->type == DNS_TXT &&
	    1u + record->rdata[0] < record->rdata_len &&
	    strchr(record->text, '"') == NULL;
}

static void
record_read(struct reader *r, struct conf_record *record)
{
	ldns_rr *rr = NULL;
	ldns_rdf *previous = NULL;
	const char *wrong, *text = line_make(r, record);
	ldns_status status;

	if (text == NULL)
		return;
	status = ldns_rr_new_frm_str(&rr, r->line.at, 0, r->root, &previous);
	wrong = status != LDNS_STATUS_OK ? ldns_get_errorstr_by_id(status)
					 : rdata_put(r->buffer, rr, text);
	if (wrong == NULL) {
		record->rdata_len = (uint16_t)ldns_buffer_position(r->buffer);
		record->rdata = arena_dup(r->conf->arena,
		    ldns_buffer_begin(r->buffer), record->rdata_len);
		if (is_split(record))
			diag_warning(r->diag, &record->mark,
			    "words without quotes are strings of their own: "
			    "write '\"%s\"' for one",
			    record->text);
	} else {
		diag_error(r->diag, &record->mark, "%s", wrong);
	}
	ldns_rr_free(rr);
	ldns_rdf_deep_free(previous);
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
		    "the record at %s:%u:%u says the same",
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
rdata_read_pools(struct conf *c, struct diag *d)
{
	size_t before = d->nerrors;
	struct reader r = {
	    .conf = c,
	    .diag = d,
	    .buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN),
	    .root = ldns_dname_new_frm_str("."),
	};

	for (size_t i = 0; i < c->npools; i++)
		for (size_t k = 0; k < c->pools[i].nregions; k++)
			region_read(&r, &c->pools[i], &c->pools[i].regions[k]);
	vec_free(&r.joined);
	vec_free(&r.line);
	vec_free(&r.all);
	ldns_rdf_deep_free(r.root);
	ldns_buffer_free(r.buffer);
	return d->nerrors == before;
}
