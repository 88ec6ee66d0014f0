/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/pool.h"

#include <stdlib.h>
#include <string.h>

#include "conf/check.h"
#include "conf/monitor.h"
#include "conf/value.h"
#include "dns/name.h"
#include "dns/rr.h"

/* Records of a target ------------------------------------------------------ */

/* Types that a target cannot have, and why. */
static const struct refusal {
	uint16_t type;
	const char *why;
} refusals[] = {
    {DNS_A, "write addresses as \"addr\""},
    {DNS_AAAA, "write addresses as \"addr\""},
    {DNS_CNAME, "write it as \"cname\""},
    {DNS_NS, "the zone file says it"},
    {DNS_SOA, "the zone file says it"},
    {DNS_DNAME, "the zone file says it"},
    {DNS_DS, "the zone file says it"},
    {DNS_RRSIG, "the zone file says it"},
    {DNS_NSEC, "the zone file says it"},
    {DNS_DNSKEY, "the zone file says it"},
    {DNS_OPT, "no name has it"},
};

enum { META_FIRST = 128, META_LAST = 255 }; /* RFC 6895 3.1 */

static bool
type_read(struct schema_reader *r, const struct yaml_node *key, uint16_t *type)
{
	*type = rr_type_parse(key->text);
	if (*type == 0)
		return diag_error(r->d, &key->mark,
		    "\"%s\" is no record type: such as TXT, HTTPS or TYPE65280",
		    key->text);
	if (*type >= META_FIRST && *type <= META_LAST)
		return diag_error(r->d, &key->mark,
		    "%s is no record of a target: no name has it", key->text);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].type == *type)
			return diag_error(r->d, &key->mark,
			    "%s is no record of a target: %s", key->text,
			    refusals[i].why);
	return true;
}

static bool
record_read(struct schema_reader *r, const struct yaml_node *node,
    uint16_t type, struct conf_target *target)
{
	struct conf_record *record = &target->records[target->nrecords];

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_SCALAR || *node->text == '\0')
		return diag_error(r->d, &node->mark,
		    "a record is text as behind its type in a zone file");
	record->type = type;
	record->text = arena_strdup(r->conf->arena, node->text);
	record->mark = node->mark;
	target->nrecords++;
	return true;
}

static bool
records_read(struct schema_reader *r, const struct yaml_pair *pair,
    struct conf_target *target)
{
	const struct yaml_node *v = pair->value;
	uint16_t type;
	bool ok = true;

	if (!type_read(r, pair->key, &type))
		return false;
	if (v->kind != NODE_LIST)
		return record_read(r, v, type, target);
	if (v->n == 0)
		return diag_error(r->d, &v->mark, "no record of this type");
	for (size_t i = 0; i < v->n; i++)
		ok = record_read(r, v->items[i], type, target) && ok;
	return ok;
}

static size_t
records_count(const struct yaml_node *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++)
		n += map->pairs[i].value->kind == NODE_LIST
		    ? map->pairs[i].value->n
		    : 1;
	return n;
}

bool
value_records(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_target *target = field;
	size_t n;
	bool ok = true;

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_MAP)
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be a map of a record type to records",
		    k->name);
	n = records_count(node);
	if (n < k->nmin || n > k->nmax)
		return diag_error(r->d, &node->mark,
		    "a target has %zu to %zu records", k->nmin, k->nmax);
	target->records =
	    arena_array(r->conf->arena, n, sizeof(*target->records));
	for (size_t i = 0; i < node->n; i++)
		ok = records_read(r, &node->pairs[i], target) && ok;
	return ok;
}

/* Targets ------------------------------------------------------------------ */

static const char *
label_address(struct schema_reader *r, const struct yaml_node *node)
{
	const struct yaml_node *first =
	    node->kind == NODE_LIST && node->n > 0 ? node->items[0] : node;
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	if (first->kind != NODE_SCALAR || !addr_parse(first->text, &a))
		return "";
	return arena_strdup(r->conf->arena, addr_format(buf, &a));
}

static const char *
label_record(struct schema_reader *r, const struct conf_target *target)
{
	const struct conf_record *first = target->records;
	char type[RR_TEXT_MAX];

	if (target->nrecords == 0)
		return "";
	return arena_printf(r->conf->arena, "%s %s",
	    rr_type_format(type, first->type), first->text);
}

static bool
is_probed(const struct conf_target *t)
{
	return conf_target_probed(t, 0)->family != 0 ||
	    conf_target_probed(t, 1)->family != 0;
}

void
check_target(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *addr = yaml_find(node, "addr");
	const struct yaml_node *cname = yaml_find(node, "cname");
	const struct yaml_node *records = yaml_find(node, "records");
	const struct yaml_node *probe = yaml_find(node, "probe");
	struct conf_target *target = object;
	char text[NAME_TEXT_MAX];

	target->label = "";
	if (probe && !cname)
		diag_error(r->d, &probe->mark,
		    "\"probe\" is for a target with the key \"cname\": others are probed at their \"addr\"");
	if (!addr && !cname && !records)
		diag_error(r->d, &node->mark,
		    "a target needs one of the keys "
		    "\"addr\", \"cname\" and \"records\"");
	else if (cname && (addr || records))
		diag_error(r->d, &node->mark,
		    "a target with a CNAME has nothing else (RFC 1034 3.6.2)");
	else if (addr)
		target->label = label_address(r, addr);
	else if (records)
		target->label = label_record(r, target);
	else if (target->cname && (!probe || is_probed(target)))
		target->label = arena_strdup(
		    r->conf->arena, name_format(text, target->cname));
}

static bool
has_address(const struct conf_target *t)
{
	return t->addr[0].family != 0 || t->addr[1].family != 0;
}

/* Types -------------------------------------------------------------------- */

/* The types that a region of a pool offers, ascending. */
struct offer {
	uint16_t types[CONF_POOL_TYPES_MAX];
	unsigned n;
	bool damaged, full;
};

static void
offer_put(struct offer *o, uint16_t type)
{
	unsigned i = 0;

	while (i < o->n && o->types[i] < type)
		i++;
	if (i < o->n && o->types[i] == type)
		return;
	if (o->n == CONF_POOL_TYPES_MAX) {
		o->full = true;
		return;
	}
	memmove(
	    &o->types[i + 1], &o->types[i], (o->n++ - i) * sizeof(o->types[0]));
	o->types[i] = type;
}

static bool
offer_has(const struct offer *o, uint16_t type)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->types[i] == type)
			return true;
	return false;
}

static struct offer
offer_of(const struct conf_pool_region *region)
{
	struct offer o = {
	    .damaged = region->ntargets == 0 || region->region == CONF_NONE};
	size_t i, k;

	for (i = 0; i < region->ntargets; i++) {
		const struct conf_target *t = &region->targets[i];

		if (t->addr[0].family != 0)
			offer_put(&o, DNS_A);
		if (t->addr[1].family != 0)
			offer_put(&o, DNS_AAAA);
		if (t->cname != NULL)
			offer_put(&o, DNS_CNAME);
		for (k = 0; k < t->nrecords; k++)
			offer_put(&o, t->records[k].type);
		o.damaged |= !t->label || *t->label == '\0';
	}
	return o;
}

const char *
check_types(struct arena *a, const uint16_t *types, unsigned n)
{
	const char *text = "";
	char type[RR_TEXT_MAX];

	if (n == 1)
		return arena_printf(
		    a, "%s alone", rr_type_format(type, *types));
	for (unsigned i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text,
		    i == 0           ? ""
			: i == n - 1 ? " and "
				     : ", ",
		    rr_type_format(type, types[i]));
	return text;
}

bool
check_types_equal(const struct conf_pool *p, const uint16_t *types, unsigned n)
{
	return n == p->ntypes &&
	    memcmp(types, p->types, n * sizeof(*types)) == 0;
}

/* Regions ------------------------------------------------------------------ */

static void
check_offer(struct schema_reader *r, const struct conf_pool *pool,
    const struct conf_pool_region *region)
{
	struct offer o = offer_of(region);
	struct arena *a = r->conf->arena;

	if (o.damaged)
		return;
	if (offer_has(&o, DNS_CNAME) && o.n > 1)
		diag_error(r->d, &region->mark,
		    "a pool of CNAMEs offers nothing else");
	else if (!check_types_equal(pool, o.types, o.n))
		diag_error(r->d, &region->mark,
		    "every region of a pool must offer the same types: this one offers %s, the first %s; give each region the same kinds of targets, or others a pool of their own",
		    check_types(a, o.types, o.n),
		    check_types(a, pool->types, pool->ntypes));
	if (o.full)
		diag_error(r->d, &region->mark,
		    "a pool offers %d types at most", CONF_POOL_TYPES_MAX);
	if (offer_has(&o, DNS_CNAME) && region->ntargets > 1 &&
	    pool->mode == CONF_ANSWER_ALL)
		diag_error(r->d, &region->mark,
		    "a name has one CNAME: "
		    "several targets need \"answer: {mode: one}\"");
	if (region->ntargets < pool->min_healthy)
		diag_error(r->d, &region->mark,
		    "%zu target%s: fewer than "
		    "\"min_healthy\", so the region would never be live",
		    region->ntargets, region->ntargets == 1 ? "" : "s");
}

/* An address, a CNAME or records of a region of a pool. */
struct said {
	const struct conf_target *target;
	struct addr addr;
	uint16_t region; /* from 1; without an address others' are others */
};

/* No length of a DNS label is a letter, and the root's ends the name. */
static const char *
said_text(const struct said *s)
{
	return s->target->cname ? (const char *)s->target->cname
				: s->target->label;
}

static int
compare_said(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int c = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	if (c == 0)
		c = (x->region > y->region) - (x->region < y->region);
	if (c == 0 && x->addr.family == 0)
		c = strcasecmp(said_text(x), said_text(y));
	return c;
}

static bool
is_later(const struct conf_mark *a, const struct conf_mark *b)
{
	return a->line > b->line ||
	    (a->line == b->line && a->column > b->column);
}

/* In two regions an address is up or down in both, but has one jurisdiction. */
static void
report_shared(struct schema_reader *r, const struct conf_pool *pool,
    const struct said *again, const struct said *first)
{
	const struct conf_region *regions = r->conf->regions;
	uint16_t in = pool->regions[first->region - 1].region;
	uint16_t also = pool->regions[again->region - 1].region;
	const struct conf_mark *mark = &again->target->mark;
	char text[ADDR_TEXT_MAX];

	if (in == CONF_NONE || also == CONF_NONE)
		return;
	addr_format(text, &again->addr);
	if (!check_is_within(r->conf, in, regions[also].jurisdiction) ||
	    !check_is_within(r->conf, also, regions[in].jurisdiction))
		diag_error(r->d, mark,
		    "%s is also in region \"%s\" (%s:%u), which has another jurisdiction: an address is in one jurisdiction",
		    text, regions[in].name, first->target->mark.file,
		    first->target->mark.line);
	else
		diag_warning(r->d, mark,
		    "%s is also in region \"%s\" (%s:%u): these regions go up and down together",
		    text, regions[in].name, first->target->mark.file,
		    first->target->mark.line);
}

/* Of two that are equal the later is at fault. */
static void
report_twice(struct schema_reader *r, const struct conf_pool *pool,
    const struct said *a, const struct said *b)
{
	bool later = is_later(&a->target->mark, &b->target->mark);
	const struct said *again = later ? a : b, *first = later ? b : a;

	if (again->region != first->region)
		report_shared(r, pool, again, first);
	else
		diag_error(r->d, &again->target->mark,
		    "duplicate of the target at %s:%u:%u: remove one of them",
		    first->target->mark.file, first->target->mark.line,
		    first->target->mark.column);
}

static bool
say_the_same(const struct said *a, const struct said *b)
{
	return a->addr.family != 0 ? addr_equal(&a->addr, &b->addr)
				   : compare_said(a, b) == 0;
}

static void
check_twice(struct schema_reader *r, const struct conf_pool *pool)
{
	VEC(struct said) all = {0};
	size_t i, j;

	for (i = 0; i < pool->nregions; i++) {
		const struct conf_pool_region *region = &pool->regions[i];

		for (j = 0; j < 2 * region->ntargets; j++) {
			const struct conf_target *t = &region->targets[j / 2];
			struct said said = {
			    t, t->addr[j % 2], (uint16_t)(i + 1)};

			/* One that could not be read says nothing. */
			if (said.addr.family != 0 ||
			    (!has_address(t) && j % 2 == 0 &&
				said_text(&said) != NULL))
				vec_push(&all, said);
		}
	}
	if (all.n > 0)
		qsort(all.at, all.n, sizeof(*all.at), compare_said);
	for (i = 1; i < all.n; i++)
		if (say_the_same(&all.at[i - 1], &all.at[i]))
			report_twice(r, pool, &all.at[i - 1], &all.at[i]);
	vec_free(&all);
}

/* Probes go to addresses, and what cannot be probed must not make a region
 * count as live. */
static void
check_probed(struct schema_reader *r, const struct conf_pool *pool,
    const struct conf_target *target)
{
	bool alone = target->nrecords > 0 || target->cname != NULL;

	/* What could not be read was told. */
	if (!target->label || *target->label == '\0')
		return;
	if (pool->nmonitors == 0 && target->cname != NULL && is_probed(target))
		diag_error(r->d, &target->mark,
		    "\"probe\" has no effect in a pool without a monitor: give the pool a \"monitor\", or remove \"probe\"");
	if (pool->nmonitors == 0 || is_probed(target) || !alone)
		return;
	if (target->cname != NULL)
		diag_error(r->d, &target->mark,
		    "probes go to addresses, and a CNAME has none: give the target the addresses of its name as \"probe\"");
	else
		diag_error(r->d, &target->mark,
		    "probes go to addresses: a target of a pool with a monitor needs one");
}

static void
check_all_probed(struct schema_reader *r, const struct conf_pool *pool)
{
	for (size_t i = 0; i < pool->nregions; i++)
		for (size_t k = 0; k < pool->regions[i].ntargets; k++)
			check_probed(r, pool, &pool->regions[i].targets[k]);
}

void
check_pool(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_pool *pool = object;
	struct offer o = {0};

	for (size_t i = 0; i < pool->nregions; i++) {
		o = offer_of(&pool->regions[i]);
		if (!o.damaged)
			break;
	}
	memcpy(pool->types, o.types, sizeof(pool->types));
	pool->ntypes = o.n;
	for (size_t i = 0; i < pool->nregions; i++)
		check_offer(r, pool, &pool->regions[i]);
	check_all_probed(r, pool);
	check_require(r, node, pool);
	check_twice(r, pool);
}

/* Loads -------------------------------------------------------------------- */

/* What its monitors read of targets' load is of no use without a cost. */
static void
warn_cost(const struct conf *c, const struct conf_pool *p, struct diag *d)
{
	for (size_t i = 0; i < p->nmonitors; i++) {
		const struct conf_monitor *m = &c->monitors[p->monitors[i]];

		if (m->load.header != NULL || m->load.metric != NULL)
			diag_warning(d, &p->mark,
			    "monitor \"%s\" reads the load of pool \"%s\", which has no cost: the reported load is ignored; give the pool a \"cost\", or remove \"load\" from the monitor",
			    m->name, p->name);
	}
}

static void
warn_capacity(const struct conf *c, const struct conf_pool *p, struct diag *d)
{
	size_t n = 0;

	for (size_t i = 0; i < p->nregions; i++)
		n += c->regions[p->regions[i].region].capacity > 0;
	if (n == 0)
		diag_warning(d, &p->mark,
		    "pool \"%s\" has a cost, but none of its regions has a capacity: the cost is ignored; give the regions a \"capacity\", or remove \"cost\"",
		    p->name);
	for (size_t i = 0; n > 0 && i < p->nregions; i++) {
		const struct conf_region *r = &c->regions[p->regions[i].region];

		if (r->capacity == 0)
			diag_warning(d, &p->regions[i].mark,
			    "region \"%s\" has no capacity: it receives all clients that full regions of pool \"%s\" spill, and is never full; give it a \"capacity\"",
			    r->name, p->name);
	}
}

void
check_loads(const struct conf *c, struct diag *d)
{
	for (size_t i = 0; i < c->npools; i++) {
		if (c->pools[i].cost > 0)
			warn_capacity(c, &c->pools[i], d);
		else
			warn_cost(c, &c->pools[i], d);
	}
}
