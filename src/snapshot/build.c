/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/build.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "conf/load.h"
#include "snapshot/fences.h"
#include "snapshot/locate.h"
#include "snapshot/reach.h"
#include "zone/pools.h"

enum { CACHE_LINE = 64 };

static bool
load_geo(struct snapshot *s, struct diag *d)
{
	const struct conf *conf = s->conf;
	const struct conf_mark whole = {.file = conf->path};
	const struct conf_mark *mark = &whole;
	struct error err = {""};

	s->geo = geo_load(conf, &err);
	for (size_t i = 0; s->geo != NULL && i < conf->ndatabases; i++) {
		const char *path;
		size_t len;
		const void *data =
		    mmdb_octets(geo_database(s->geo, i, &path), &len);

		diag_read(d, path, data, len);
	}
	if (s->geo != NULL)
		return true;
	for (size_t i = 0; i < conf->ndatabases; i++) {
		const struct conf_database *db = &conf->databases[i];

		if (strstr(err.text, db->path) != NULL ||
		    (db->file != NULL && strstr(err.text, db->file) != NULL))
			mark = &db->mark;
	}
	return diag_error(d, mark,
	    "%s: \"databases\" are files in the MMDB format (geoip/fetch-city gets one)",
	    err.text);
}

/* The pairs of policy and pool that names use, each once. */
struct table_pairs {
	VEC(struct policy_pair) all;
	VEC(uint16_t) names; /* the first one of each */
	struct intern known; /* both to their index */
};

/* Of a name; the index of its pair. */
static uint32_t
put_pair(struct table_pairs *p, const struct conf *conf, size_t i)
{
	const struct conf_name *name = &conf->names[i];
	const struct policy_pair both = {name->policy, name->pool};
	uint64_t key = ((uint64_t)name->policy << 16 | name->pool) + 1;
	struct interned *pair = intern_get(&p->known, key);

	if (pair->key != 0)
		return pair->value;
	vec_push(&p->all, both);
	vec_push(&p->names, (uint16_t)i);
	return intern_put(&p->known, pair, key, (uint32_t)p->all.n - 1);
}

static bool
build_policies(struct snapshot *s, struct diag *d)
{
	const struct conf *conf = s->conf;
	const struct conf_mark whole = {.file = conf->path};
	struct table_pairs pairs = {0};
	struct policy_table **tables;
	struct error err = {""};
	uint32_t *index = xcalloc(conf->nnames, sizeof(*index));
	bool ok;

	for (size_t i = 0; i < conf->nnames; i++)
		index[i] = put_pair(&pairs, conf, i);
	tables = xcalloc(pairs.all.n, sizeof(*tables));
	ok = policy_build(s->arena, conf, s->geo, pairs.all.at, pairs.all.n,
		 tables, &err) ||
	    diag_error(d, &whole, "%s", err.text);
	s->steered = arena_array(s->arena, conf->nnames, sizeof(*s->steered));
	for (size_t i = 0; i < conf->nnames; i++)
		s->steered[i] = (struct steered){
		    .pool = conf->names[i].pool,
		    .ttl_min = conf->names[i].ttl_min,
		    .ttl_max = conf->names[i].ttl_max,
		    .table = tables[index[i]],
		    .first = pairs.names.at[index[i]],
		};
	intern_free(&pairs.known);
	vec_free(&pairs.all);
	vec_free(&pairs.names);
	free(tables);
	free(index);
	return ok;
}

static void
survey_database(const struct snapshot *s, size_t i, struct diag *d)
{
	const struct conf_mark *mark = &s->conf->databases[i].mark;
	const struct mmdb_survey *survey = geo_survey(s->geo, i);
	const char *path;
	const struct mmdb *mmdb = geo_database(s->geo, i, &path);

	if (survey->records > 0 && !survey->useful)
		diag_warning(d, mark,
		    "%s (%s): no record has a key listed in meridian.yaml(5)",
		    path, mmdb_type(mmdb));
	for (enum fact f = 0; f < FACT_COUNT; f++) {
		if (survey->unusable[f] == 0)
			continue;
		diag_warning(d, mark,
		    "%s: %llu record%s an invalid %s: %s is not %s", path,
		    (unsigned long long)survey->unusable[f],
		    survey->unusable[f] == 1 ? " has" : "s have", fact_name(f),
		    survey->first[f], fact_form(f));
	}
}

static bool
build_geo(struct snapshot *s, struct diag *d)
{
	bool ok;

	if (!load_geo(s, d))
		return false;
	locate_check(s, d);
	ok = build_policies(s, d);
	if (ok)
		reach_check(s, d);
	for (size_t i = 0; ok && i < s->conf->ndatabases; i++)
		survey_database(s, i, d);
	return ok;
}

/* The tables that steer to each pool, a policy once. */
static void
link_tables(struct snapshot *s)
{
	const struct conf *conf = s->conf;

	for (size_t i = 0; i < conf->nnames; i++)
		s->pools[conf->names[i].pool].ntables +=
		    s->steered[i].first == i;
	for (size_t i = 0; i < conf->npools; i++) {
		struct pool *p = &s->pools[i];

		p->tables =
		    arena_array(s->arena, p->ntables, sizeof(*p->tables));
		p->ntables = 0;
	}
	for (size_t i = 0; i < conf->nnames; i++) {
		struct pool *p = &s->pools[conf->names[i].pool];

		if (s->steered[i].first == i)
			p->tables[p->ntables++] = (struct pool_table){
			    conf->names[i].policy, s->steered[i].table};
	}
}

/* Rows start on lines of their own: each has one writer. */
static void
make_tallies(struct snapshot *s)
{
	const size_t step = CACHE_LINE * 7 / sizeof(struct tally);
	uintptr_t at;

	_Static_assert(CACHE_LINE * 7 % sizeof(struct tally) == 0,
	    "a few tallies fill whole lines");
	for (size_t i = 0; i < s->conf->npools; i++)
		s->ntallies += s->conf->pools[i].nregions;
	s->ntallies = (s->ntallies + step - 1) / step * step;
	s->nrows = SNAPSHOT_ROWS + 1;
	at = (uintptr_t)arena_alloc(s->arena,
	    s->nrows * s->ntallies * sizeof(struct tally) + CACHE_LINE);
	s->tallies = (struct tally *)((at + CACHE_LINE - 1) &
	    ~(uintptr_t)(CACHE_LINE - 1));
}

/* Of its own, where none are declared: snapshot_publish() keeps those. */
static bool
make_cookies(struct snapshot *s, struct diag *d)
{
	const struct conf_cookies *conf = &s->conf->server.cookies;
	const struct conf_mark mark = {.file = s->conf->path};
	struct cookie_secret *own = &s->cookies.own;

	s->cookies.all = conf->secrets;
	s->cookies.n = conf->nsecrets;
	return getrandom(own, sizeof(*own), 0) == (ssize_t)sizeof(*own) ||
	    diag_error(d, &mark, "getrandom: %s", strerror(errno));
}

static void
swap_databases(struct conf *conf, const struct build_swap *swap)
{
	for (size_t i = 0; i < conf->ndatabases; i++) {
		const char *file = swap->file(conf, i, swap->arg);

		if (file != NULL)
			conf->databases[i].file =
			    arena_strdup(conf->arena, file);
	}
}

static void
keep_files(struct snapshot *s, const struct diag *d)
{
	struct diag_file *files =
	    arena_array(s->arena, d->files.n, sizeof(*files));

	for (size_t i = 0; i < d->files.n; i++) {
		files[i] = d->files.at[i];
		files[i].path = arena_strdup(s->arena, files[i].path);
	}
	s->files = files;
	s->nfiles = d->files.n;
}

struct snapshot *
snapshot_build(const char *path, struct diag *d)
{
	return snapshot_build_swapped(path, NULL, NULL, d);
}

struct snapshot *
snapshot_build_swapped(const char *path, const struct stage_state *stages,
    const struct build_swap *swap, struct diag *d)
{
	struct conf *conf = conf_load_stages(path, stages, d);
	struct arena *arena;
	struct snapshot *s;
	bool ok;

	if (conf == NULL)
		return NULL;
	if (swap != NULL)
		swap_databases(conf, swap);
	arena = arena_new();
	s = arena_alloc(arena, sizeof(*s));
	s->arena = arena;
	s->conf = conf;
	s->loaded = clock_wall_s();
	s->frozen = arena_alloc(arena, sizeof(*s->frozen));
	/* What does not need the step before runs all the same, so that all
	 * errors come out at once. */
	ok = pools_read(conf, d);
	ok = build_geo(s, d) && ok;
	ok = make_cookies(s, d) && ok;
	s->clients = client_build(arena, conf);
	chaos_build(&s->chaos, arena, &conf->server);
	s->zones = zones_build(arena, conf, d);
	if (ok) { /* a record that could not be read has no data */
		s->pools = pools_build(arena, conf);
		link_tables(s);
		make_tallies(s);
	}
	keep_files(s, d);
	ok = ok && s->zones != NULL;
	if (ok)
		ok = fences_check(s, d);
	if (s->geo != NULL)
		geo_forget_leaves(s->geo);
	if (ok)
		return s;
	snapshot_free(s);
	return NULL;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	if (s->pools != NULL)
		pools_fini(s->pools, s->conf->npools);
	if (s->geo != NULL)
		geo_free(s->geo);
	conf_free(s->conf);
	arena_free(s->arena);
}

struct tally *
snapshot_row(const struct snapshot *s, size_t row)
{
	return s->tallies + row * s->ntallies;
}

uint64_t
snapshot_steered(const struct snapshot *s, const struct pool *p, size_t region,
    enum pool_reason reason)
{
	uint64_t sum = 0;

	for (size_t row = 0; row < s->nrows; row++) {
		const struct tally *t =
		    snapshot_row(s, row) + p->first_tally + region;

		sum += atomic_load_explicit(
		    &t->steered[reason], memory_order_relaxed);
	}
	return sum;
}

uint32_t
snapshot_let_go(const struct snapshot *s, const struct pool *p, size_t region)
{
	uint32_t last = 0;

	for (size_t row = 0; row < s->nrows; row++) {
		const struct tally *t =
		    snapshot_row(s, row) + p->first_tally + region;
		uint32_t end =
		    atomic_load_explicit(&t->let_go, memory_order_relaxed);

		last = end > last ? end : last;
	}
	return last;
}
