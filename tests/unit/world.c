/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/home.h"
#include "conf/rule.h"
#include "dns/name.h"
#include "mmdb_make.h"

enum {
	REGIONS = 7,
	POOLS = 3,
	POLICIES = 3,
	NETS = 4,
	ROWS = 7,
	MONITORS = 2,
	SPARE = 256
};

uint32_t
world_dice(uint32_t sides)
{
	return (uint32_t)random() % sides;
}

static bool
chance(uint32_t percent)
{
	return world_dice(100) < percent;
}

void
world_addr_in(const struct prefix *p, struct addr *a)
{
	*a = p->addr;
	for (unsigned i = p->len; i < addr_bits(a); i++)
		if (chance(50))
			a->bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Few distinct ones, so that they meet and nest. */
static struct prefix
random_prefix(struct world *w)
{
	static const uint8_t v6[][4] = {{0x20, 0x01, 0x0d, 0xb8}, {0x20, 0x01},
	    {0x20, 0x02, 0xc0}, {0x20, 0x02}, {0x2a, 0x00}, {0}, {0xfd}};
	struct prefix p = {.addr.family = chance(60) ? 4 : 6};
	struct prefix low;

	if (w->nprefixes > 0 && chance(40)) {
		p = w->prefixes[world_dice((uint32_t)w->nprefixes)];
		if (p.len > 0)
			p.addr.bytes[(p.len - 1) / 8] ^=
			    (uint8_t)(chance(50) ? 0x80 >> (p.len - 1) % 8 : 0);
	} else if (p.addr.family == 4) {
		p.addr.bytes[0] = (uint8_t)(chance(50) ? 192 : random());
		p.addr.bytes[1] = (uint8_t)random();
		p.len = (uint8_t)world_dice(17);
	} else {
		memcpy(p.addr.bytes, v6[world_dice(7)], 4);
		p.len = (uint8_t)world_dice(40);
	}
	addr_mask(&p.addr, p.len);
	low = p;
	low.len = (uint8_t)(p.len +
	    world_dice(addr_bits(&p.addr) - p.len + 1) / (1 + world_dice(4)));
	world_addr_in(&low, &p.addr);
	p.len = low.len;
	addr_mask(&p.addr, p.len);
	w->prefixes[w->nprefixes++] = p;
	return p;
}

static const char *const countries[] = {"DE", "FR", "US", "JP", "ZA", "QQ"};
static const char *const continents[] = {"EU", "NA", "AS", "AF"};
static const char *const subdivisions[] = {"BE", "CA", "1"};
static const char *const cities[] = {"Berlin", "San Jose", "Q"};
static const char *const jurisdictions[] = {"EU", "US", NULL};

static void
subdivision_put(char subdivision[3])
{
	const char *s = subdivisions[world_dice(3)];

	memcpy(subdivision, s, strlen(s));
}

static void
nets_make(struct world *w)
{
	struct conf *c = w->conf;

	c->nnets = world_dice(NETS + 1);
	c->nets = arena_array(w->arena, c->nnets, sizeof(*c->nets));
	for (size_t i = 0; i < c->nnets; i++) {
		struct conf_net *net = &c->nets[i];

		net->name = arena_printf(w->arena, "net%zu", i);
		net->nprefixes = world_dice(4);
		net->prefixes = arena_array(
		    w->arena, net->nprefixes, sizeof(*net->prefixes));
		for (size_t k = 0; k < net->nprefixes; k++)
			net->prefixes[k] = random_prefix(w);
	}
}

/* Often one of a few, so that places lie on the edges of boxes. */
static float
random_degrees(uint32_t most)
{
	if (chance(60))
		return 30 * (float)world_dice(most / 15 + 1) - (float)most;
	return (float)world_dice(2 * most) - (float)most;
}

static void
row_make(struct world *w, struct mmdb_row *r)
{
	struct place *p = &r->place;

	memset(p, 0, sizeof(*p));
	r->prefix = random_prefix(w);
	if (chance(70))
		memcpy(p->country, countries[world_dice(6)], 2);
	if (chance(30))
		memcpy(p->continent, continents[world_dice(4)], 2);
	if (chance(40))
		subdivision_put(p->subdivision);
	if (chance(40))
		p->city = cities[world_dice(3)];
	if (p->city != NULL)
		p->city_len = (uint8_t)strlen(p->city);
	if (chance(30))
		p->city_id = 1 + world_dice(3);
	if (chance(40))
		p->asn = 64496 + world_dice(3);
	if (chance(30)) {
		p->located = true;
		p->latitude = random_degrees(90);
		p->longitude = random_degrees(180);
	}
}

static void
databases_make(struct world *w)
{
	struct mmdb_row rows[ROWS];
	struct conf *c = w->conf;

	c->ndatabases = world_dice(3);
	c->databases =
	    arena_array(w->arena, c->ndatabases, sizeof(*c->databases));
	for (size_t i = 0; i < c->ndatabases; i++) {
		char *path = arena_strdup(w->arena, "/tmp/world.XXXXXX");
		uint8_t family = chance(80) ? 6 : 4;
		enum mmdb_shape shape = chance(50) ? MMDB_NESTED : MMDB_FLAT;
		size_t n = world_dice(ROWS + 1);
		int fd = mkstemp(path);

		if (fd == -1)
			abort();
		close(fd);
		for (size_t k = 0; k < n; k++)
			row_make(w, &rows[k]);
		mmdb_make(path, family, shape, rows, n);
		c->databases[i].path = path;
	}
}

static void
regions_make(struct world *w)
{
	struct conf *c = w->conf;

	c->nregions = 1 + world_dice(REGIONS);
	c->regions = arena_array(w->arena, c->nregions, sizeof(*c->regions));
	for (size_t i = 0; i < c->nregions; i++) {
		struct conf_region *r = &c->regions[i];

		if (i > 0 && chance(30))
			*r = c->regions[i - 1]; /* for ties */
		r->name = arena_printf(w->arena, "r%zu", i);
		r->jurisdiction = jurisdictions[world_dice(3)];
		if (chance(30))
			r->bias = (int)world_dice(300) - 90;
		if (chance(20))
			continue;
		r->located = true;
		r->latitude = world_dice(180) - 90.0;
		r->longitude = world_dice(360) - 180.0;
	}
}

static void
latency_make(struct world *w)
{
	struct conf_latency *l = &w->conf->latency;

	l->nrows = world_dice(2) * world_dice(ROWS * 3);
	l->rows = arena_array(w->arena, l->nrows, sizeof(*l->rows));
	for (size_t i = 0; i < l->nrows; i++) {
		struct conf_latency_row *r = &l->rows[i];

		if (i > 0 && chance(60))
			r->prefix = l->rows[i - 1].prefix;
		else
			r->prefix = random_prefix(w);
		r->region = (uint16_t)world_dice((uint32_t)w->conf->nregions);
		r->us = world_dice(5) * 1000;
	}
}

/* Some of the regions, in any order, each once. */
static uint16_t *
some_regions(struct world *w, size_t *n)
{
	uint16_t *all = arena_array(w->arena, w->conf->nregions, sizeof(*all));

	for (uint16_t i = 0; i < w->conf->nregions; i++) {
		uint32_t at = world_dice(i + 1u);

		all[i] = all[at];
		all[at] = i;
	}
	*n = 1 + world_dice((uint32_t)w->conf->nregions);
	return all;
}

/* Few addresses, so that pools share some. */
static void
target_make(struct world *w, const struct conf_pool_region *r, size_t i,
    bool v4, bool v6)
{
	struct conf_target *t = &r->targets[i];
	/* In another order than their labels. */
	uint8_t last = (uint8_t)(1 + 3 * world_dice(2) + (i + r->region) % 3);

	if (v4)
		t->addr[0] =
		    (struct addr){{127, 0, (uint8_t)r->region, last}, 4};
	if (v6)
		t->addr[1] = (struct addr){
		    {0xfd, [14] = (uint8_t)r->region, [15] = last}, 6};
	t->label = arena_printf(
	    w->arena, v4 ? "127.0.%u.%u" : "fd00::%x%02x", r->region, last);
	t->weight = 1 + world_dice(10);
}

/* The first has all that the region must have. */
static void
targets_make(struct world *w, struct conf_pool_region *r, bool dual)
{
	r->ntargets = 1 + world_dice(3);
	r->targets = arena_array(w->arena, r->ntargets, sizeof(*r->targets));
	for (size_t i = 0; i < r->ntargets; i++) {
		bool v6 = dual && (i == 0 || chance(60));

		target_make(w, r, i, !v6 || i == 0 || chance(40), v6);
	}
}

static void
pools_make(struct world *w)
{
	struct conf *c = w->conf;
	bool dual = chance(50);

	c->npools = 1 + world_dice(POOLS);
	c->pools = arena_array(w->arena, c->npools, sizeof(*c->pools));
	for (size_t i = 0; i < c->npools; i++) {
		struct conf_pool *p = &c->pools[i];
		uint16_t *regions = some_regions(w, &p->nregions);

		p->name = arena_printf(w->arena, "p%zu", i);
		p->min_healthy = world_dice(3);
		p->max = 8;
		p->types[p->ntypes++] = DNS_A;
		if (dual)
			p->types[p->ntypes++] = DNS_AAAA;
		p->families = (enum conf_families)(dual && chance(30));
		p->monitors =
		    arena_array(w->arena, MONITORS, sizeof(*p->monitors));
		while (p->nmonitors < MONITORS && chance(60)) {
			p->monitors[p->nmonitors] = (uint16_t)p->nmonitors;
			p->nmonitors++;
		}
		p->require = world_dice((uint32_t)p->nmonitors + 1);
		p->cost = (double)(i % 2);
		p->regions =
		    arena_array(w->arena, p->nregions, sizeof(*p->regions));
		for (size_t k = 0; k < p->nregions; k++) {
			p->regions[k].region = regions[k];
			targets_make(w, &p->regions[k], dual);
		}
	}
}

static struct conf_geo
random_geo(void)
{
	struct conf_geo g = {.kind = (enum conf_geo_kind)world_dice(4)};

	if (g.kind == CONF_GEO_CONTINENT)
		memcpy(g.code, continents[world_dice(4)], 2);
	else
		memcpy(g.code, countries[world_dice(6)], 2);
	if (g.kind == CONF_GEO_SUBDIVISION)
		subdivision_put(g.subdivision);
	if (g.kind == CONF_GEO_CITY && chance(40))
		g.city_id = 1 + world_dice(3);
	else if (g.kind == CONF_GEO_CITY)
		g.city = cities[world_dice(3)];
	if (g.city != NULL && chance(40))
		subdivision_put(g.subdivision);
	return g;
}

static void
rule_match_make(struct world *w, struct conf_rule *r)
{
	r->by_net = w->conf->nnets > 0 && chance(35);
	r->by_asn = chance(25);
	r->by_box = chance(20);
	r->by_geo = !r->by_net && !r->by_asn && !r->by_box ? true : chance(30);
	r->box.south = random_degrees(90);
	r->box.north =
	    chance(50) ? random_degrees(90) : r->box.south + world_dice(90);
	r->box.west = random_degrees(180);
	r->box.east = random_degrees(180);
	r->nets = (uint64_t)random() & 0xf;
	r->nasn = 1 + world_dice(2);
	r->asn = arena_array(w->arena, r->nasn, sizeof(*r->asn));
	for (size_t i = 0; i < r->nasn; i++)
		r->asn[i] = 64496 + world_dice(3);
	r->ngeo = 1 + world_dice(3);
	r->geo = arena_array(w->arena, r->ngeo, sizeof(*r->geo));
	for (size_t i = 0; i < r->ngeo; i++)
		r->geo[i] = random_geo();
}

static const uint8_t owner[] = {1, '*', 1, 't', 0};
static const uint8_t tenants[][12] = {
    {1, 'a', 1, 't', 0},
    {1, 'b', 1, 't', 0},
    {1, 'c', 1, 't', 0},
    {1, 'd', 1, 't', 0},
    {3, 'w', 'w', 'w', 1, 'a', 1, 't', 0},
    {1, 'x', 1, 'y', 1, 'c', 1, 't', 0},
};

const uint8_t *
world_tenant(void)
{
	return tenants[world_dice(sizeof(tenants) / sizeof(*tenants))];
}

/* Of some of the first four, in any region. */
static void
homes_make(struct world *w, struct conf_rule *r)
{
	struct conf_homes *h = arena_alloc(w->arena, sizeof(*h));

	h->path = "homes";
	h->nslots = 8;
	h->slots = arena_array(w->arena, h->nslots, sizeof(*h->slots));
	for (size_t i = 0; i < 4; i++) {
		size_t at = name_hash(tenants[i], name_len(tenants[i])) % 8;

		while (h->slots[at].name != NULL)
			at = (at + 1) % 8;
		if (chance(60))
			h->slots[at] = (struct conf_home){tenants[i],
			    (uint16_t)world_dice((uint32_t)w->conf->nregions),
			    (unsigned)i + 1};
	}
	r->homes = h;
}

static void
draw_make(struct world *w, struct conf_rule *r)
{
	if (chance(25))
		r->trickle = 1 + world_dice(50);
	if (r->trickle > 0 || conf_rule_is_by_place(r) || chance(40))
		return;
	r->hash = (enum conf_hash)(1 + world_dice(3));
	if (r->hash == CONF_HASH_QNAME && chance(50))
		homes_make(w, r);
	if (r->order != CONF_ORDER_LIST || r->hash == CONF_HASH_QNAME ||
	    chance(30))
		return;
	r->weights = arena_array(w->arena, r->nregions, sizeof(*r->weights));
	for (size_t i = 0; i < r->nregions; i++)
		r->weights[i] = world_dice(4) * world_dice(1000);
}

static void
policies_make(struct world *w)
{
	struct conf *c = w->conf;

	c->npolicies = 1 + world_dice(POLICIES);
	c->policies = arena_array(w->arena, c->npolicies, sizeof(*c->policies));
	for (size_t i = 0; i < c->npolicies; i++) {
		struct conf_policy *p = &c->policies[i];

		p->name = arena_printf(w->arena, "policy%zu", i);
		p->nrules = 1 + world_dice(5);
		p->rules = arena_array(w->arena, p->nrules, sizeof(*p->rules));
		if (chance(40))
			p->failback = (struct conf_failback){
			    .hold_ms = 1000 * world_dice(60),
			    .ramp_ms = 1000 * world_dice(200),
			    .manual = chance(20)};
		if (chance(70))
			p->unlocated = some_regions(w, &p->nunlocated);
		for (size_t k = 0; k < p->nrules; k++) {
			struct conf_rule *r = &p->rules[k];

			r->owner = (uint16_t)i;
			r->number = (uint16_t)(k + 1);
			r->uses = CONF_NONE;
			if (i > 0 && chance(25))
				r->uses = (uint16_t)world_dice((uint32_t)i);
			if (k + 1 < p->nrules)
				rule_match_make(w, r);
			r->order = (enum conf_order)world_dice(4);
			if (r->order == CONF_ORDER_LIST)
				r->regions = some_regions(w, &r->nregions);
			draw_make(w, r);
			if (conf_rule_is_by_place(r) && chance(50))
				r->band_km = 1 + world_dice(8000);
			r->fence =
			    chance(20) ? jurisdictions[chance(30)] : NULL;
			r->when_down.action = (enum conf_all_down)world_dice(3);
			r->when_down.pool = CONF_NONE;
			if (r->when_down.action == CONF_DOWN_POOL)
				r->when_down.pool =
				    (uint16_t)world_dice((uint32_t)c->npools);
		}
	}
}

/* Where policies use earlier ones. */
static void
policies_unfold(struct world *w)
{
	struct diag d;
	struct schema_reader r = {.conf = w->conf, .d = &d};

	diag_init(&d);
	rule_unfold(&r);
	diag_fini(&d);
}

static void
names_make(struct world *w)
{
	struct conf *c = w->conf;

	c->nnames = c->npools * c->npolicies;
	c->names = arena_array(w->arena, c->nnames, sizeof(*c->names));
	for (size_t i = 0; i < c->nnames; i++) {
		memcpy(c->names[i].name, owner, sizeof(owner));
		c->names[i].pool = (uint16_t)(i % c->npools);
		c->names[i].policy = (uint16_t)(i / c->npools);
		c->names[i].ttl_min = 1 + world_dice(10);
		c->names[i].ttl_max = 10 + world_dice(60);
	}
}

void
world_new(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->arena = arena_new();
	w->conf = arena_alloc(w->arena, sizeof(*w->conf));
	w->conf->arena = w->arena;
	w->prefixes = arena_array(w->arena, SPARE, sizeof(*w->prefixes));
	w->conf->nmonitors = MONITORS;
	w->conf->monitors =
	    arena_array(w->arena, MONITORS, sizeof(*w->conf->monitors));
	for (uint16_t i = 0; i < MONITORS; i++)
		w->conf->monitors[i] = (struct conf_monitor){.name = "m",
		    .text = arena_printf(w->arena, "%u", i),
		    .port = i,
		    .interval_ms = 700 + world_dice(9000),
		    .slow_ms = chance(50) ? 100 : 0,
		    .damp = {world_dice(3), 60000, world_dice(60000)},
		    .fall = 1 + world_dice(4),
		    .rise = 1 + world_dice(4),
		    .clear = 1 + world_dice(4)};
	nets_make(w);
	databases_make(w);
	regions_make(w);
	latency_make(w);
	pools_make(w);
	policies_make(w);
	policies_unfold(w);
	names_make(w);
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->conf->ndatabases; i++)
		unlink(w->conf->databases[i].path);
	arena_free(w->arena);
}

/* One address further or back, now and then. */
static void
nudge(struct addr *a)
{
	size_t i = addr_bits(a) / 8;
	uint8_t by = chance(50) ? 1 : 0xff, limit = by == 1 ? 0 : 0xff;

	if (chance(60))
		return;
	while (i-- > 0) {
		a->bytes[i] = (uint8_t)(a->bytes[i] + by);
		if (a->bytes[i] != limit)
			return;
	}
}

/* As IPv4-mapped, 6to4 or Teredo address. */
static void
embed(struct addr *a)
{
	static const struct prefix within[] = {
	    {{{[10] = 0xff, [11] = 0xff}, 6}, 96}, {{{0x20, 0x02}, 6}, 16},
	    {{{0x20, 0x01}, 6}, 32}};
	uint32_t kind = world_dice(3);
	struct addr v4 = *a;

	world_addr_in(&within[kind], a);
	for (size_t i = 0; i < 4; i++)
		a->bytes[(kind == 1 ? 2 : 12) + i] =
		    (uint8_t)(v4.bytes[i] ^ (kind == 2 ? 0xff : 0));
}

void
world_addr(const struct world *w, struct addr *a)
{
	struct prefix p = {.addr.family = chance(50) ? 4 : 6};

	if (w->nprefixes > 0 && chance(80))
		p = w->prefixes[world_dice((uint32_t)w->nprefixes)];
	if (chance(50)) {
		*a = p.addr;
		nudge(a);
	} else {
		world_addr_in(&p, a);
	}
	if (a->family == 4 && chance(40))
		embed(a);
}
