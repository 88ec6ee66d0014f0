/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/sample.h"

#include <stdatomic.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

enum {
	SLOTS = 8192, /* of a table: in a minute of a thread */
	PROBES = 16,  /* slots that are looked at for a cell */
	BLOCK_IPV4_BITS = 16,
	BLOCK_IPV6_BITS = 32,
};

#define BLOCK_IPV4 UINT32_C(0x10000000)
#define BLOCK_IPV6 UINT32_C(0x80000000)
#define IPV6_MASK UINT32_C(0x1fffffff) /* below 2000::/3 */
#define FAMILY_SHIFT 29                /* beside a block, in a key */
#define FAMILY_MASK UINT32_C(3)
#define IPV6_UNICAST UINT32_C(0x20000000)

struct slot {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint64_t n;
};

/* The thread stores, main loads: what it read is good when the tag is the same
 * before and afterwards.  Whatever the thread stores is released, so that main
 * has seen the tag go when it sees a slot that was emptied. */
struct table {
	_Atomic uint64_t tag; /* generation and minute; 0: being emptied */
	struct slot slots[SLOTS];
};

struct sampler {
	struct table tables[2];
	/* The thread's: */
	_Alignas(64) uint64_t tag; /* of the table in use */
	unsigned use;
	uint32_t second, seen; /* answers in it */
	unsigned shift;        /* one of 1 << shift is counted */
	/* Main's: */
	_Alignas(64) uint64_t taken[2]; /* tags of tables that were told */
	struct sampler *next;
};

static struct sampler *samplers; /* main, before threads */

struct sampler *
sampler_new(void)
{
	size_t size = sizeof(struct sampler);
	struct sampler *t = aligned_alloc(_Alignof(struct sampler), size);

	if (t == NULL)
		abort();
	memset(t, 0, size);
	t->next = samplers;
	samplers = t;
	return t;
}

/* Blocks ----------------------------------------------------------------- */

static uint32_t
first_bits(const struct addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	    (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

uint32_t
sample_block(const struct addr *client)
{
	uint32_t bits = first_bits(client);
	struct addr v4;
	unsigned offset;

	if (client->family == 4)
		return BLOCK_IPV4 | bits >> (32 - BLOCK_IPV4_BITS);
	if (addr_embedded(client, &v4, &offset))
		return BLOCK_IPV4 | first_bits(&v4) >> (32 - BLOCK_IPV4_BITS);
	if ((bits & ~IPV6_MASK) != IPV6_UNICAST)
		return SAMPLE_NOWHERE;
	return BLOCK_IPV6 | (bits & IPV6_MASK);
}

bool
sample_block_prefix(uint32_t block, struct prefix *p)
{
	uint32_t bits = IPV6_UNICAST | (block & IPV6_MASK);

	if (block == SAMPLE_NOWHERE)
		return false;
	*p = (struct prefix){.addr = {.family = 6}, .len = BLOCK_IPV6_BITS};
	if ((block & BLOCK_IPV6) == 0) {
		bits = block << (32 - BLOCK_IPV4_BITS);
		p->addr.family = 4;
		p->len = BLOCK_IPV4_BITS;
	}
	for (unsigned i = 0; i < 4; i++)
		p->addr.bytes[i] = (uint8_t)(bits >> (24 - 8 * i));
	return true;
}

/* Counting: the thread --------------------------------------------------- */

static void
table_empty(struct table *t, uint64_t tag)
{
	atomic_store_explicit(&t->tag, 0, memory_order_relaxed);
	for (size_t i = 0; i < SLOTS; i++) {
		atomic_store_explicit(
		    &t->slots[i].key, 0, memory_order_release);
		atomic_store_explicit(&t->slots[i].n, 0, memory_order_release);
	}
	atomic_store_explicit(&t->tag, tag, memory_order_release);
}

static uint64_t
tag_make(uint64_t generation, uint32_t now_s)
{
	return generation << 32 | (now_s / SAMPLE_MINUTE_S + 1);
}

/* Begins a second: how many answers there are in one is known of the last. */
static void
second_begin(struct sampler *t, const struct sample_seen *seen)
{
	uint64_t tag = tag_make(seen->generation, seen->now_s);

	t->shift = 0;
	while (t->seen >> t->shift > SAMPLE_PER_SECOND)
		t->shift++;
	t->second = seen->now_s;
	t->seen = 0;
	if (t->tag == tag)
		return;
	t->tag = tag;
	t->use ^= 1;
	table_empty(&t->tables[t->use], tag);
}

static void
slot_add(struct slot *s, uint64_t n)
{
	atomic_store_explicit(&s->n,
	    atomic_load_explicit(&s->n, memory_order_relaxed) + n,
	    memory_order_release);
}

static bool
table_add(struct table *t, uint64_t key, uint64_t n)
{
	size_t at = XXH3_64bits(&key, sizeof(key));

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &t->slots[(at + i) % SLOTS];
		uint64_t other =
		    atomic_load_explicit(&s->key, memory_order_relaxed);

		if (other != 0 && other != key)
			continue;
		slot_add(s, n);
		if (other == 0)
			atomic_store_explicit(
			    &s->key, key, memory_order_release);
		return true;
	}
	return false;
}

/* Never 0: a block is at least one bit, and nowhere has a mark of its own. */
static uint64_t
key_make(const struct sample_seen *seen, uint32_t block)
{
	uint16_t class = seen->class < SAMPLE_CLASS_MAX ? (uint16_t)seen->class
							: SAMPLE_CLASS_MAX;
	uint32_t where = block | (block == SAMPLE_NOWHERE) |
	    (uint32_t)seen->family << FAMILY_SHIFT;

	return (uint64_t)where << 32 | (uint32_t)seen->name << 16 | class;
}

void
sampler_add(struct sampler *t, const struct sample_seen *seen)
{
	struct table *table;
	uint64_t n;

	if (seen->now_s != t->second || seen->generation != t->tag >> 32)
		second_begin(t, seen);
	t->seen++;
	n = UINT64_C(1) << t->shift;
	if ((seen->random & (n - 1)) != 0)
		return;
	table = &t->tables[t->use];
	if (!table_add(table, key_make(seen, sample_block(seen->client)), n))
		table_add(table, key_make(seen, SAMPLE_NOWHERE), n);
}

/* Reading: main ---------------------------------------------------------- */

struct copy {
	uint64_t key, n;
};

/* False when the thread has begun it anew meanwhile. */
static bool
table_copy(const struct table *t, uint64_t tag, struct copy copies[SLOTS])
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *s = &t->slots[i];

		copies[i].key =
		    atomic_load_explicit(&s->key, memory_order_acquire);
		copies[i].n = atomic_load_explicit(&s->n, memory_order_acquire);
	}
	return atomic_load_explicit(&t->tag, memory_order_relaxed) == tag;
}

static void
copies_tell(const struct copy copies[SLOTS], sample_tell *tell, void *arg)
{
	for (size_t i = 0; i < SLOTS; i++) {
		uint64_t key = copies[i].key;
		uint32_t where = (uint32_t)(key >> 32);
		uint32_t block = where & ~(FAMILY_MASK << FAMILY_SHIFT);
		struct sample_cell cell = {
		    .name = (uint16_t)(key >> 16),
		    .class = (uint16_t)key,
		    .family = where >> FAMILY_SHIFT & FAMILY_MASK,
		    .block = block != 1 ? block : SAMPLE_NOWHERE,
		    .n = copies[i].n,
		};

		if (key != 0)
			tell(&cell, arg);
	}
}

static bool
is_over(uint64_t tag, uint32_t now_s)
{
	/* The minute's number is one more than that of its first second. */
	return now_s >= (uint32_t)tag * SAMPLE_MINUTE_S + SAMPLE_GRACE_S;
}

void
sample_take(uint64_t generation, uint32_t now_s, enum sample_what what,
    sample_tell *tell, void *arg)
{
	struct copy *copies = xcalloc(SLOTS, sizeof(*copies));

	for (struct sampler *t = samplers; t != NULL; t = t->next) {
		for (size_t i = 0; i < 2; i++) {
			uint64_t tag = atomic_load_explicit(
			    &t->tables[i].tag, memory_order_acquire);

			if (tag == 0 || tag == t->taken[i] ||
			    tag >> 32 != generation ||
			    (what == SAMPLE_OVER && !is_over(tag, now_s)))
				continue;
			if (what != SAMPLE_PEEK)
				t->taken[i] = tag;
			if (table_copy(&t->tables[i], tag, copies))
				copies_tell(copies, tell, arg);
		}
	}
	free(copies);
}
