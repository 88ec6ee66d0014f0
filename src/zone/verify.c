/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/verify.h"

#include <string.h>

#include "dns/name.h"
#include "zone/find.h"
#include "zone/node.h"

static const struct pointer {
	uint16_t type;
	uint16_t offset; /* of the target in the record's data */
	const char *name;
	const char *no_alias; /* RFC that forbids one */
} pointers[] = {
    {DNS_NS, 0, "NS", "RFC 2181 10.3"},
    {DNS_MX, 2, "MX", "RFC 2181 10.3"},
    {DNS_SRV, 6, "SRV", "RFC 2782"},
};

static const struct pointer *
pointer_get(uint16_t type)
{
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (pointers[i].type == type)
			return &pointers[i];
	return NULL;
}

enum target_kind { TARGET_FINE, TARGET_ALIAS, TARGET_MISSING };

/* target: lower case. */
static enum target_kind
target_look(const struct zones *z, uint16_t zone, const uint8_t *target)
{
	static const uint16_t types[] = {DNS_A, DNS_AAAA};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct found f;

		zone_find(z, target, name_len(target), types[i], &f);
		if (f.zone != zone)
			return TARGET_FINE;
		if (f.kind == FIND_CNAME || f.kind == FIND_DNAME ||
		    (f.kind == FIND_STEERED && f.type == DNS_CNAME))
			return TARGET_ALIAS;
		if (f.kind != FIND_NODATA && f.kind != FIND_NXDOMAIN)
			return TARGET_FINE;
	}
	return TARGET_MISSING;
}

static void
pointer_verify(const struct zones *z, uint16_t zone,
    const struct zone_record *r, const struct pointer *p, struct diag *d)
{
	uint8_t target[DNS_NAME_MAX];
	char text[NAME_TEXT_MAX];
	bool fatal =
	    p->type == DNS_NS && name_equal(r->owner, z->zones[zone].origin);
	record_fn *say = fatal ? record_error : record_warning;
	enum target_kind kind;

	memcpy(target, r->rdata + p->offset, r->rdata_len - p->offset);
	/* "." is no target (RFC 7505, RFC 2782). */
	if (*target == 0)
		return;
	name_lower(target);
	kind = target_look(z, zone, target);
	name_format(text, target);
	if (kind == TARGET_ALIAS)
		say(d, r, "%s: %s is an alias (%s)", p->name, text,
		    p->no_alias);
	else if (kind == TARGET_MISSING)
		say(d, r, "%s: %s has no address", p->name, text);
}

static void
signatures_verify(const struct zone_records *records, struct diag *d)
{
	for (size_t i = 0; i < records->all.n; i++) {
		if (records->all.at[i].type != DNS_RRSIG)
			continue;
		record_warning(d, &records->all.at[i],
		    "a signed zone: answers come without signatures, and are "
		    "refused by who validates where a DS says that it is "
		    "signed");
		return;
	}
}

void
zone_verify(const struct zones *z, uint16_t zone,
    const struct zone_records *records, struct diag *d)
{
	signatures_verify(records, d);
	for (size_t i = 0; i < records->all.n; i++) {
		const struct zone_record *r = &records->all.at[i];
		const struct pointer *p = pointer_get(r->type);
		struct found f;

		if (p == NULL)
			continue;
		zone_find(z, r->owner, name_len(r->owner), DNS_SOA, &f);
		if (f.kind == FIND_DNAME)
			continue;
		if (f.kind != FIND_REFERRAL || r->type == DNS_NS)
			pointer_verify(z, zone, r, p, d);
	}
}

void
zone_verify_apex(
    const struct conf_zone *zone, bool soa, bool ns, struct diag *d)
{
	const struct conf_mark mark = {zone->path, 1, 1};

	if (!soa || !ns)
		record_show_source(d, zone->path);
	if (!soa)
		diag_error(d, &mark,
		    "zone %s: no SOA record at its apex: a zone begins with one, such as \"@ SOA ns1 hostmaster 1 2h 15m 14d 1m\"",
		    zone->origin);
	if (!ns)
		diag_error(d, &mark,
		    "zone %s: no NS record at its apex: a zone names its servers, such as \"@ NS ns1\"",
		    zone->origin);
}

void
zone_verify_crowd(const struct conf *conf, const uint8_t *name, struct diag *d)
{
	const struct conf_mark whole = {.file = conf->path};
	char text[NAME_TEXT_MAX];

	diag_error(d, &whole,
	    "%s: more than %d names have the same hash, which never happens by chance: remove such names from their zone",
	    name_format(text, name), NODE_PROBES);
}

static void
target_verify(const struct zones *z, uint16_t name, const struct conf_target *t,
    struct diag *d)
{
	const struct conf_name *n = &z->conf->names[name];
	uint8_t target[DNS_NAME_MAX];
	struct found f;

	memcpy(target, t->cname, name_len(t->cname));
	name_lower(target);
	zone_find(z, target, name_len(target), DNS_CNAME, &f);
	if (f.kind == FIND_STEERED && f.steered == name)
		diag_error(
		    d, &t->mark, "%s leads %s to itself", t->label, n->text);
	else if (f.kind == FIND_NXDOMAIN)
		diag_warning(d, &t->mark, "%s, where %s leads, does not exist",
		    t->label, n->text);
}

/* An asterisk elsewhere than as the whole first label stands for itself (RFC
 * 4592 2.1.1, 2.3), which is seldom meant; in the zone's own name it is. */
static void
asterisks_verify(const struct zones *z, uint16_t zone,
    const struct conf_name *n, struct diag *d)
{
	unsigned labels = name_labels(n->name);
	const uint8_t *label = n->name;

	for (labels -= name_labels(z->zones[zone].origin); labels > 0;
	     labels--) {
		if (memchr(label + 1, '*', *label) != NULL &&
		    (label != n->name || *label != 1)) {
			diag_error(d, &n->mark,
			    "\"%s\": the asterisk of a wildcard must be the whole first label",
			    n->text);
			return;
		}
		label = name_parent(label);
	}
}

static void
pool_verify(const struct zones *z, uint16_t name, struct diag *d)
{
	const struct conf_pool *pool =
	    &z->conf->pools[z->conf->names[name].pool];

	for (size_t k = 0; k < pool->nregions; k++) {
		const struct conf_pool_region *r = &pool->regions[k];

		for (size_t m = 0; m < r->ntargets; m++)
			if (r->targets[m].cname != NULL)
				target_verify(z, name, &r->targets[m], d);
	}
}

void
zone_verify_steered(const struct zones *z, struct diag *d)
{
	for (uint16_t i = 0; i < z->conf->nnames; i++) {
		const struct conf_name *n = &z->conf->names[i];
		struct found f;

		zone_find(z, n->name, name_len(n->name), DNS_SOA, &f);
		asterisks_verify(z, f.zone, n, d);
		pool_verify(z, i, d);
	}
}

enum { NEAREST_OF_MAX = 1000 };

void
zone_verify_outside(
    const struct conf *conf, const struct conf_name *name, struct diag *d)
{
	const char *dot = strchr(name->text, '.'), *near = NULL;
	size_t n = conf->nzones < NEAREST_OF_MAX ? conf->nzones : 0;
	const char **origins = xcalloc(n + 1, sizeof(*origins));

	for (size_t i = 0; i < n; i++)
		origins[i] = conf->zones[i].origin;
	if (dot[1] != '\0')
		near = diag_nearest(dot + 1, origins, n);
	else if (n > 0)
		near = origins[0];
	free(origins);
	if (near != NULL)
		diag_error(d, &name->mark,
		    "%s: in none of the zones; did you mean \"%.*s.%s\"?",
		    name->text, (int)(dot - name->text), name->text, near);
	else
		diag_error(d, &name->mark,
		    "%s: in none of the zones: write the full name, with its zone",
		    name->text);
}
