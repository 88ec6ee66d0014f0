/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/compile.h"

#include <string.h>

#include "dns/composer.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "zone/node.h"
#include "zone/verify.h"

struct compiler {
	struct arena *arena, *scratch; /* the latter until all is built */
	const struct conf *conf;
	struct zones *zones;
	struct diag *diag;
	struct node_builder nodes;
	struct zone_records *records; /* of each zone */
	bool *loaded;                 /* each zone, without errors */
	struct composer *composer;
};

/* The records of one RRset. */
struct set {
	const struct zone_record *at;
	size_t n;
	uint32_t ttl; /* the least (RFC 2181 5.2) */
};

/* Loading ----------------------------------------------------------------- */

/*
 * A record of a parent zone at or below another zone of ours is that zone's
 * business, but for the DS at its apex, which only the parent next to it has.
 */
static void
records_hand_down(struct compiler *c, size_t zone)
{
	struct zone_records *from = &c->records[zone];
	size_t kept = 0;

	for (size_t i = 0; i < from->all.n; i++) {
		struct zone_record r = from->all.at[i];
		uint16_t owner = node_zone(c->zones, r.owner);

		if (owner == zone)
			from->all.at[kept++] = r;
		else if (r.type == DNS_DS &&
		    c->zones->zones[owner].parent == zone &&
		    name_equal(r.owner, c->zones->zones[owner].origin))
			vec_push(&c->records[owner].all, r);
	}
	from->all.n = kept;
}

/* Origins and apexes of all zones, before any record is looked at. */
static void
zones_begin(struct compiler *c)
{
	struct zones *z = c->zones;

	for (size_t i = 0; i < z->nzones; i++) {
		struct zone *zone = &z->zones[i];

		zone->conf = &c->conf->zones[i];
		zone->origin = zone->conf->name;
		zone->origin_len = (uint8_t)name_len(zone->origin);
		zone->apex = node_put(&c->nodes, zone->origin, (uint16_t)i);
	}
	for (size_t i = 0; i < z->nzones; i++) {
		struct zone *zone = &z->zones[i];
		const uint8_t *up = name_parent(zone->origin);

		zone->parent =
		    zone->origin_len == 1 ? CONF_NONE : node_zone(z, up);
		/* The parent's names down to this zone exist. */
		if (zone->parent != CONF_NONE)
			node_put(&c->nodes, up, zone->parent);
	}
}

static void
zones_load(struct compiler *c)
{
	struct zones *z = c->zones;
	size_t owners = 0;

	for (size_t i = 0; i < z->nzones; i++) {
		c->loaded[i] = zone_load(c->arena, c->scratch,
		    &c->conf->zones[i], &c->records[i], c->diag);
		z->zones[i].nrecords = c->records[i].all.n;
	}
	for (size_t i = 0; i < z->nzones && z->nzones > 1; i++)
		records_hand_down(c, i);
	for (size_t i = 0; i < z->nzones; i++) {
		struct zone_records *r = &c->records[i];

		if (r->all.n > 0)
			qsort(r->all.at, r->all.n, sizeof(*r->all.at),
			    record_by_owner_and_type);
		records_mark_repeated(r);
		owners += records_owners(r);
	}
	node_reserve(&c->nodes, owners);
}

/* Nodes ------------------------------------------------------------------- */

static bool
is_apex(const struct compiler *c, uint32_t node)
{
	const struct zones *z = c->zones;

	return z->zones[z->nodes[node].zone].apex == node;
}

static void
nodes_put(struct compiler *c)
{
	struct zones *z = c->zones;

	for (size_t i = 0; i < z->nzones; i++) {
		const struct zone_record *at = c->records[i].all.at;

		for (size_t k = 0; k < c->records[i].all.n; k++)
			if (k == 0 || at[k].owner != at[k - 1].owner)
				node_put(&c->nodes, at[k].owner, (uint16_t)i);
	}
	for (size_t i = 0; i < c->conf->nnames; i++) {
		const struct conf_name *name = &c->conf->names[i];
		uint16_t zone = node_zone(z, name->name);
		uint32_t node;

		if (zone == CONF_NONE) {
			zone_verify_outside(c->conf, name, c->diag);
			continue;
		}
		node = node_put(&c->nodes, name->name, zone);
		if (node != ZONE_NONE)
			z->nodes[node].steered = (uint16_t)i;
	}
}

/* Marks what is below a cut or DNAME; the one nearest to the apex counts. */
static void
nodes_cut(struct compiler *c)
{
	struct zones *z = c->zones;

	for (uint32_t i = 0; i < z->nnodes; i++) {
		struct zone_node *n = &z->nodes[i];

		for (uint32_t up = i; up != ZONE_NONE;
		     up = c->nodes.parents[up]) {
			enum zone_node_kind kind = z->nodes[up].kind;

			if (kind == ZONE_NODE_CUT ||
			    (kind == ZONE_NODE_DNAME && up != i))
				n->cut = up;
		}
		if (n->cut != ZONE_NONE && n->cut != i)
			n->kind = ZONE_NODE_BELOW;
	}
}

static bool
is_below_dname(const struct zones *z, uint32_t node)
{
	uint32_t cut = z->nodes[node].cut;

	return cut != ZONE_NONE && z->nodes[cut].kind == ZONE_NODE_DNAME;
}

/* RRsets ------------------------------------------------------------------ */

/* The next RRset from at on; the records are a node's, and sorted. */
static struct set
set_next(struct compiler *c, const struct zone_record *at,
    const struct zone_record *end)
{
	struct set s = {at, 0, at->ttl};
	bool differ = false;

	for (; at < end && at->type == s.at->type; at++) {
		differ = differ || at->ttl != s.at->ttl;
		if (at->ttl < s.ttl)
			s.ttl = at->ttl;
		s.n++;
	}
	if (differ)
		record_warning(c->diag, s.at,
		    "the TTLs of its records of one type differ: "
		    "%u is taken (RFC 2181 5.2)",
		    s.ttl);
	return s;
}

static bool
set_compose(struct compiler *c, const struct set *s, enum body_section section,
    bool optional)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->at[i].repeated &&
		    !composer_put(c->composer, section, s->at[i].owner,
			s->at[i].type, s->ttl, s->at[i].rdata,
			s->at[i].rdata_len, optional))
			return record_error(c->diag, s->at,
			    "its records do not fit "
			    "into a message");
	return true;
}

/* Are there records in it that differ? */
static bool
set_differs(const struct set *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (!s->at[i].repeated)
			return true;
	return false;
}

static const struct body *
body_end(struct compiler *c)
{
	return composer_end(c->composer,
	    arena_place(
		c->arena, composer_size(c->composer), _Alignof(struct body)));
}

static bool
set_is_wrong(struct compiler *c, uint32_t node, const struct set *s)
{
	const struct zone_node *n = &c->zones->nodes[node];

	if (s->at->type == DNS_SOA && !is_apex(c, node))
		return !record_error(
		    c->diag, s->at, "SOA below the zone's apex");
	if (s->at->type == DNS_SOA && set_differs(s))
		return !record_error(c->diag, &s->at[1], "a second SOA");
	if (s->at->type == DNS_NS && name_is_wildcard(n->name) &&
	    !is_apex(c, node))
		return !record_error(
		    c->diag, s->at, "NS at a wildcard (RFC 4592 4.2)");
	if (s->at->type == DNS_DNAME && name_is_wildcard(n->name))
		return !record_error(
		    c->diag, s->at, "DNAME at a wildcard (RFC 6672 3.3)");
	if (s->at->type == DNS_DNAME && n->kind == ZONE_NODE_CUT)
		return !record_error(
		    c->diag, s->at, "DNAME at a delegation (RFC 6672 2.3)");
	if (s->at->type == DNS_DNAME && set_differs(s))
		return !record_error(
		    c->diag, &s->at[1], "a second DNAME (RFC 6672 2.4)");
	if (s->at->type == DNS_CNAME && set_differs(s))
		return !record_error(c->diag, &s->at[1], "a second CNAME");
	return false;
}

/* RFC 4035 2.5 */
static bool
is_beside_cname(uint16_t type)
{
	return type == DNS_CNAME || type == DNS_RRSIG || type == DNS_NSEC ||
	    type == DNS_KEY;
}

/* All RRsets of a node: records from at on. */
static void
node_compose(struct compiler *c, uint32_t node, const struct zone_record *at,
    const struct zone_record *end)
{
	struct zone_node *n = &c->zones->nodes[node];
	VEC(struct zone_set) sets = {0};
	bool cname = false, other = false;

	while (at < end) {
		struct set s = set_next(c, at, end);
		struct zone_set set = {.type = s.at->type, .ttl = s.ttl};

		at += s.n;
		if (set_is_wrong(c, node, &s))
			continue;
		cname = cname || set.type == DNS_CNAME;
		other = other || !is_beside_cname(set.type);
		if (set.type == DNS_NS && !is_apex(c, node))
			n->kind = ZONE_NODE_CUT;
		if (set.type == DNS_DNAME)
			n->kind = ZONE_NODE_DNAME;
		composer_begin(c->composer, n->name, set.type == DNS_DNAME);
		set_compose(c, &s, BODY_ANSWER, false);
		set.body = body_end(c);
		vec_push(&sets, set);
	}
	/* RFC 1034 3.6.2 */
	if (cname && other)
		record_error(c->diag, end - 1, "CNAME beside other data");
	n->nsets = (uint16_t)sets.n;
	if (sets.n > 0)
		n->sets =
		    memcpy(arena_place(c->arena, sets.n * sizeof(*sets.at),
			       _Alignof(struct zone_set)),
			sets.at, sets.n * sizeof(*sets.at));
	vec_free(&sets);
}

static void
zone_compose(struct compiler *c, const struct zone_records *r)
{
	size_t next;

	for (size_t i = 0; i < r->all.n; i = next) {
		const struct zone_record *at = &r->all.at[i];

		for (next = i + 1; next < r->all.n; next++)
			if (!record_same_owner(&r->all.at[next], at))
				break;
		node_compose(c, node_find(c->zones, at->owner, at->owner_len),
		    at, at + (next - i));
	}
}

/* The RRset's records, by search in the zone's sorted ones. */
static struct set
set_find(struct compiler *c, uint32_t node, uint16_t type)
{
	const struct zone_node *n = &c->zones->nodes[node];
	struct zone_records *r = &c->records[n->zone];
	const struct zone_record key = {
	    .owner = n->name, .owner_len = n->name_len, .type = type};
	size_t low = 0, high = r->all.n;
	struct set s = {0};

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (record_by_owner_and_type(&r->all.at[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < r->all.n && r->all.at[low].type == type &&
	    record_same_owner(&r->all.at[low], &key)) {
		s.at = &r->all.at[low];
		s.ttl = s.at->ttl;
		while (low + s.n < r->all.n && s.at[s.n].type == type &&
		    record_same_owner(&s.at[s.n], &key)) {
			if (s.at[s.n].ttl < s.ttl)
				s.ttl = s.at[s.n].ttl;
			s.n++;
		}
	}
	return s;
}

/* Apexes and cuts --------------------------------------------------------- */

enum { SOA_NUMBERS = 20, SOA_SERIAL = 0, SOA_MINIMUM = 16 };

/*
 * The addresses of a name server that we hold; false if there are none.  Below
 * the cut they are needed, elsewhere they help (RFC 9471 2.1, 2.2).
 */
static bool
glue_compose(struct compiler *c, const uint8_t *server, bool optional)
{
	static const uint16_t types[] = {DNS_A, DNS_AAAA};
	uint8_t name[DNS_NAME_MAX];
	size_t len = name_len(server), found = 0;
	uint32_t node;

	memcpy(name, server, len);
	name_lower(name);
	node = node_find(c->zones, name, len);
	if (node == ZONE_NONE || is_below_dname(c->zones, node))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct set s = set_find(c, node, types[i]);

		found += s.n;
		set_compose(c, &s, BODY_ADDITIONAL, optional);
	}
	return found > 0;
}

/* Resolvers begin with a zone's servers: their addresses come along (RFC 1034
 * 4.3.2, step 6). */
static void
apex_servers_compose(
    struct compiler *c, struct zone_node *n, const struct set *ns)
{
	struct zone_set *sets =
	    arena_dup(c->arena, n->sets, n->nsets * sizeof(*sets));

	composer_begin(c->composer, n->name, false);
	set_compose(c, ns, BODY_ANSWER, false);
	for (size_t i = 0; i < ns->n; i++)
		if (!ns->at[i].repeated)
			glue_compose(c, ns->at[i].rdata, true);
	for (uint16_t i = 0; i < n->nsets; i++)
		if (sets[i].type == DNS_NS)
			sets[i].body = body_end(c);
	n->sets = sets;
}

static void
apex_compose(struct compiler *c, size_t zone)
{
	struct zone *z = &c->zones->zones[zone];
	struct set soa = set_find(c, z->apex, DNS_SOA);
	struct set ns = set_find(c, z->apex, DNS_NS);
	const uint8_t *numbers;
	uint32_t minimum;

	if (c->loaded[zone])
		zone_verify_apex(z->conf, soa.n > 0, ns.n > 0, c->diag);
	if (soa.n == 0 || ns.n == 0)
		return;
	numbers = soa.at->rdata + soa.at->rdata_len - SOA_NUMBERS;
	z->serial = wire_get_u32(numbers + SOA_SERIAL);
	minimum = wire_get_u32(numbers + SOA_MINIMUM);
	/* RFC 2308 5 */
	if (minimum < soa.ttl)
		soa.ttl = minimum;
	soa.n = 1;
	composer_begin(c->composer, z->origin, true);
	set_compose(c, &soa, BODY_AUTHORITY, false);
	z->negative = body_end(c);
	apex_servers_compose(c, &c->zones->nodes[z->apex], &ns);
}

static void
cut_compose(struct compiler *c, uint32_t node)
{
	struct zone_node *n = &c->zones->nodes[node];
	struct set ns = set_find(c, node, DNS_NS);
	struct zone_set *sets =
	    arena_array(c->arena, n->nsets + 1u, sizeof(*sets));

	memcpy(sets, n->sets, n->nsets * sizeof(*sets));
	n->sets = sets;
	composer_begin(c->composer, n->name, true);
	if (!set_compose(c, &ns, BODY_AUTHORITY, false))
		return;
	/* What may be left out comes last. */
	for (size_t i = 0; i < 2 * ns.n; i++) {
		size_t k = i % ns.n;
		bool optional = i >= ns.n;

		if (ns.at[k].repeated ||
		    name_is_under(ns.at[k].rdata, n->name) == optional)
			continue;
		if (!glue_compose(c, ns.at[k].rdata, optional) && !optional)
			record_warning(c->diag, &ns.at[k],
			    "a name server below the cut has "
			    "no glue");
	}
	sets[n->nsets].body = body_end(c);
}

/* RFC 6672 2.4: nothing exists below a DNAME. */
static void
below_dname_check(struct compiler *c, uint32_t node)
{
	const struct zones *z = c->zones;
	const struct zone_node *n = &z->nodes[node];
	char name[NAME_TEXT_MAX];
	struct set s;

	if (n->nsets == 0 || !is_below_dname(z, node))
		return;
	s = set_find(c, node, n->sets[0].type);
	record_warning(c->diag, s.at,
	    "never answered: below the DNAME of %s (RFC 6672 2.4)",
	    name_format(name, z->nodes[n->cut].name));
}

/* Steered names ----------------------------------------------------------- */

/* Both families belong to the pool, though it offers one. */
static bool
is_address(uint16_t type)
{
	return type == DNS_A || type == DNS_AAAA;
}

static bool
clashes(const struct conf_pool *pool, uint16_t type)
{
	return type == DNS_CNAME || conf_pool_has(pool, DNS_CNAME) ||
	    is_address(type) || conf_pool_has(pool, type);
}

static void
steered_check(struct compiler *c, uint32_t node)
{
	const struct zone_node *n = &c->zones->nodes[node];
	const struct conf_name *name = &c->conf->names[n->steered];
	const struct conf_pool *pool = &c->conf->pools[name->pool];

	if (n->cut != ZONE_NONE)
		diag_error(c->diag, &name->mark, "%s: %s", name->text,
		    is_below_dname(c->zones, node)
			? "below a DNAME"
			: "at or below a delegation");
	for (uint16_t i = 0; i < n->nsets; i++) {
		uint16_t type = n->sets[i].type;
		char text[RR_TEXT_MAX];
		struct set s;

		if (!clashes(pool, type))
			continue;
		s = set_find(c, node, type);
		diag_error(c->diag, &name->mark,
		    "%s: steered, but %s:%u has %s for it too: remove that line, or remove the name from \"names\"",
		    name->text, s.at->file, s.at->line,
		    conf_pool_has(pool, DNS_CNAME) ? "data"
			: is_address(type) || type == DNS_CNAME
			? "an address or CNAME"
			: rr_type_format(text, type));
	}
}

static void
compile(struct compiler *c)
{
	struct zones *z = c->zones;

	zones_begin(c);
	if (c->nodes.crowded == NULL) {
		zones_load(c);
		nodes_put(c);
	}
	if (c->nodes.crowded != NULL) {
		zone_verify_crowd(c->conf, c->nodes.crowded, c->diag);
		return;
	}
	for (size_t i = 0; i < z->nzones; i++)
		zone_compose(c, &c->records[i]);
	nodes_cut(c);
	for (size_t i = 0; i < z->nzones; i++)
		apex_compose(c, i);
	for (uint32_t i = 0; i < z->nnodes; i++) {
		if (z->nodes[i].kind == ZONE_NODE_CUT)
			cut_compose(c, i);
		below_dname_check(c, i);
		if (z->nodes[i].steered != CONF_NONE)
			steered_check(c, i);
	}
}

struct zones *
zones_build(struct arena *a, const struct conf *conf, struct diag *d)
{
	struct zones *z = arena_alloc(a, sizeof(*z));
	size_t before = d->nerrors;
	struct compiler c = {
	    .arena = a,
	    .scratch = arena_new(),
	    .conf = conf,
	    .zones = z,
	    .diag = d,
	    .records = xcalloc(conf->nzones, sizeof(*c.records)),
	    .loaded = xcalloc(conf->nzones, sizeof(*c.loaded)),
	    .composer = xmalloc(sizeof(*c.composer)),
	};

	z->conf = conf;
	z->nzones = conf->nzones;
	z->zones = arena_array(a, z->nzones, sizeof(*z->zones));
	node_begin(&c.nodes, a, z);
	compile(&c);
	node_finish(&c.nodes);
	for (size_t i = 0; i < z->nzones; i++)
		if (c.loaded[i] && c.nodes.crowded == NULL) {
			z->zones[i].content = records_digest(&c.records[i]);
			zone_verify(z, (uint16_t)i, &c.records[i], d);
		}
	if (d->nerrors == before)
		zone_verify_steered(z, d);
	for (size_t i = 0; i < z->nzones; i++)
		vec_free(&c.records[i].all);
	arena_free(c.scratch);
	free(c.records);
	free(c.loaded);
	free(c.composer);
	return d->nerrors == before ? z : NULL;
}
