/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/find.h"

#include "dns/name.h"
#include "zone/node.h"

static void
found_negative(
    const struct zones *z, uint16_t zone, enum find_kind kind, struct found *f)
{
	f->kind = kind;
	f->zone = zone;
	f->body = z->zones[zone].negative;
}

static const struct zone_set *
set_of(const struct zone_node *n, uint16_t type)
{
	const struct zone_set *set = n->sets;

	for (uint16_t left = n->nsets; left > 0; left--, set++)
		if (set->type == type)
			return set;
	return NULL;
}

static void
found_set(const struct zone_set *set, enum find_kind kind, struct found *f)
{
	f->kind = kind;
	f->type = set->type;
	f->body = set->body;
}

/* An alias does not stand for the types that may be beside it (RFC 4035
 * 2.5). */
static bool
is_beside_cname(uint16_t type)
{
	return type == DNS_RRSIG || type == DNS_NSEC;
}

/* Does the pool of the steered name answer this type? ANY is its first. */
static bool
steers(const struct zones *z, uint16_t name, uint16_t *type)
{
	const struct conf *conf = z->conf;
	const struct conf_pool *pool = &conf->pools[conf->names[name].pool];

	if (*type == DNS_ANY ||
	    (conf_pool_has(pool, DNS_CNAME) && !is_beside_cname(*type)))
		*type = pool->types[0];
	return conf_pool_has(pool, *type);
}

/* The name exists, and is the zone's own. */
static void
find_data(const struct zones *z, const struct zone_node *n, uint16_t type,
    struct found *f)
{
	const struct zone_set *set;

	f->zone = n->zone;
	f->steered = n->steered;
	if (n->steered != CONF_NONE) {
		f->type = type;
		if (steers(z, n->steered, &f->type)) {
			f->kind = FIND_STEERED;
			return;
		}
		f->type = type;
	}
	/* RFC 8482 4.1: one RRset stands for ANY. */
	set = type == DNS_ANY && n->nsets > 0 ? n->sets : set_of(n, type);
	if (set != NULL) {
		found_set(set, FIND_DATA, f);
		return;
	}
	set = set_of(n, DNS_CNAME);
	if (set != NULL && !is_beside_cname(type))
		found_set(set, FIND_CNAME, f);
	else
		found_negative(z, n->zone, FIND_NODATA, f);
}

/* RFC 6672 3.2, 3C: names below a DNAME are those below its target. */
static void
found_dname(const struct zone_node *n, size_t name_len, struct found *f)
{
	const struct zone_set *set = set_of(n, DNS_DNAME);

	found_set(set, FIND_DNAME, f);
	f->zone = n->zone;
	f->prefix_len = (uint8_t)(name_len - n->name_len);
	f->ttl = set->ttl;
}

/* What is at or below the cut, or below the DNAME. */
static void
found_cut(const struct zone_node *cut, size_t name_len, struct found *f)
{
	if (cut->kind == ZONE_NODE_DNAME) {
		found_dname(cut, name_len, f);
		return;
	}
	f->kind = FIND_REFERRAL;
	f->zone = cut->zone;
	f->body = cut->sets[cut->nsets].body;
}

/* RFC 4035 3.1.4.1: DS belongs to the parent's side of a cut. */
static void
find_ds(const struct zones *z, const struct zone_node *n, uint16_t parent,
    struct found *f)
{
	const struct zone_set *set = set_of(n, DNS_DS);

	f->zone = parent;
	if (set != NULL)
		found_set(set, FIND_DATA, f);
	else
		found_negative(z, parent, FIND_NODATA, f);
}

/* The same at the apex of a zone whose parent is served here too. */
static void
find_ds_above(const struct zones *z, const struct zone_node *n, struct found *f)
{
	const uint8_t *name = name_parent(n->name);
	uint32_t up = node_find(z, name, n->name_len - 1u - n->name[0]);
	uint32_t cut = z->nodes[up].cut;

	if (z->nodes[up].kind == ZONE_NODE_DNAME)
		cut = up;
	if (cut != ZONE_NONE)
		found_cut(&z->nodes[cut], n->name_len, f);
	else
		find_ds(z, n, z->zones[n->zone].parent, f);
}

static void
find_at(const struct zones *z, const struct zone_node *n, uint16_t type,
    struct found *f)
{
	const struct zone *zone = &z->zones[n->zone];

	if (type == DNS_DS && n->kind == ZONE_NODE_CUT)
		find_ds(z, n, n->zone, f);
	else if (type == DNS_DS && n == &z->nodes[zone->apex] &&
	    zone->parent != CONF_NONE)
		find_ds_above(z, n, f);
	else if (n->cut != ZONE_NONE)
		found_cut(&z->nodes[n->cut], n->name_len, f);
	else
		find_data(z, n, type, f);
}

/* The closest encloser of a name that does not exist (RFC 4592 3.3.1). */
static const struct zone_node *
closest_encloser(const struct zones *z, const uint8_t *name, size_t len)
{
	unsigned labels = name_labels(name);

	while (labels-- > 0) {
		uint32_t node;

		len -= 1u + *name;
		name = name_parent(name);
		if (labels > z->max_labels)
			continue;
		node = node_find(z, name, len);
		if (node != ZONE_NONE)
			return &z->nodes[node];
	}
	return NULL;
}

void
zone_find(const struct zones *z, const uint8_t *name, size_t name_len,
    uint16_t type, struct found *f)
{
	const struct zone_node *n;
	uint32_t node;

	*f = (struct found){
	    .steered = CONF_NONE, .type = type, .zone = CONF_NONE};
	node = node_find(z, name, name_len);
	if (node != ZONE_NONE) {
		find_at(z, &z->nodes[node], type, f);
		return;
	}
	n = closest_encloser(z, name, name_len);
	if (n == NULL)
		f->kind = FIND_FOREIGN;
	else if (n->cut != ZONE_NONE)
		found_cut(&z->nodes[n->cut], name_len, f);
	else if (n->kind == ZONE_NODE_DNAME)
		found_dname(n, name_len, f);
	else if (n->wildcard != ZONE_NONE)
		find_data(z, &z->nodes[n->wildcard], type, f);
	else
		found_negative(z, n->zone, FIND_NXDOMAIN, f);
}
