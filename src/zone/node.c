/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/node.h"

#include <string.h>

#include "dns/name.h"

enum { NODES_LEAST = 256 };

/* A slot holds a node and, above as many bits as nodes have, bits of its name's
 * hash, so that hardly any other node is read.  ZONE_NONE is free: the last
 * number of all is no node's. */
static uint32_t
node_mask(const struct zones *z)
{
	return (uint32_t)(z->mask >> 1);
}

static uint32_t
slot_tag(const struct zones *z, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~node_mask(z);
}

uint32_t
node_find(const struct zones *z, const uint8_t *name, size_t len)
{
	const uint64_t hash = name_hash(name, len);
	const uint32_t tag = slot_tag(z, hash);
	uint32_t slot;

	for (uint64_t i = hash & z->mask; (slot = z->slots[i]) != ZONE_NONE;
	     i = (i + 1) & z->mask) {
		/* Where the tags are the same, this is the node's number. */
		const uint32_t node = slot ^ tag;

		if (node <= node_mask(z) && z->nodes[node].name_len == len &&
		    name_same(z->nodes[node].name, name, len))
			return node;
	}
	return ZONE_NONE;
}

/* A name that is not in the table yet. */
static void
slot_put(struct node_builder *b, uint32_t node)
{
	struct zones *z = b->zones;
	const struct zone_node *n = &z->nodes[node];
	const uint64_t hash = name_hash(n->name, n->name_len);
	uint64_t i = hash & z->mask;

	while (z->slots[i] != ZONE_NONE)
		i = (i + 1) & z->mask;
	z->slots[i] = slot_tag(z, hash) | node;
	if (((i - hash) & z->mask) > NODE_PROBES)
		b->crowded = n->name;
}

uint16_t
node_zone(const struct zones *z, const uint8_t *name)
{
	size_t len = name_len(name);

	for (;;) {
		uint32_t node = node_find(z, name, len);

		if (node != ZONE_NONE)
			return z->nodes[node].zone;
		if (len == 1)
			return CONF_NONE;
		len -= 1u + *name;
		name = name_parent(name);
	}
}

static uint32_t *
slots_new(uint64_t size)
{
	uint32_t *slots = xmalloc(size * sizeof(*slots));

	memset(slots, 0xff, size * sizeof(*slots));
	return slots;
}

/* Room for cap nodes, a power of two. */
static void
resize(struct node_builder *b, size_t cap)
{
	struct zones *z = b->zones;

	z->nodes = xreallocarray(z->nodes, cap, sizeof(*z->nodes));
	b->parents = xreallocarray(b->parents, cap, sizeof(*b->parents));
	free(z->slots);
	z->mask = 2 * cap - 1;
	z->slots = slots_new(z->mask + 1);
	for (size_t i = 0; i < z->nnodes; i++)
		slot_put(b, (uint32_t)i);
}

void
node_begin(struct node_builder *b, struct arena *a, struct zones *z)
{
	*b = (struct node_builder){.arena = a, .zones = z};
	resize(b, NODES_LEAST);
}

void
node_reserve(struct node_builder *b, size_t n)
{
	const size_t room = node_mask(b->zones) + (size_t)1;
	size_t cap = room;

	/* The last number is no node's. */
	while (cap <= b->zones->nnodes + n)
		cap *= 2;
	if (cap > room)
		resize(b, cap);
}

static uint32_t
node_new(struct node_builder *b, const uint8_t *name, uint16_t zone)
{
	struct zones *z = b->zones;
	size_t len = name_len(name);
	unsigned labels = name_labels(name);
	uint32_t node;

	node_reserve(b, 1);
	node = (uint32_t)z->nnodes++;
	z->nodes[node] = (struct zone_node){
	    .name = name,
	    .name_len = (uint8_t)len,
	    .zone = zone,
	    .steered = CONF_NONE,
	    .wildcard = ZONE_NONE,
	    .cut = ZONE_NONE,
	};
	b->parents[node] = ZONE_NONE;
	slot_put(b, node);
	if (labels > z->max_labels)
		z->max_labels = labels;
	return node;
}

uint32_t
node_put(struct node_builder *b, const uint8_t *name, uint16_t zone)
{
	struct zones *z = b->zones;
	uint32_t node = node_find(z, name, name_len(name)), child, first;

	if (node != ZONE_NONE || b->crowded != NULL)
		return node;
	first = child = node_new(b, name, zone);
	while (z->nodes[child].name_len > z->zones[zone].origin_len) {
		const uint8_t *up = name_parent(z->nodes[child].name);
		uint32_t parent = node_find(z, up, name_len(up));
		bool known = parent != ZONE_NONE;

		if (!known)
			parent = node_new(b, up, zone);
		b->parents[child] = parent;
		if (name_is_wildcard(z->nodes[child].name))
			z->nodes[parent].wildcard = child;
		if (known)
			break;
		child = parent;
	}
	return first;
}

void
node_finish(struct node_builder *b)
{
	struct zones *z = b->zones;
	struct zone_node *nodes = z->nodes;
	uint32_t *slots = z->slots;

	z->nodes = arena_dup(b->arena, nodes, z->nnodes * sizeof(*nodes));
	z->slots = arena_dup(b->arena, slots, (z->mask + 1) * sizeof(*slots));
	free(nodes);
	free(slots);
	free(b->parents);
}
