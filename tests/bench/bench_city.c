/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A database as large as a city's is, 8 regions and 50 policies: how long it
 * takes to compile them, with which memory, to how many leaves, and how long
 * to prove them.  The database is made up: networks of the world as random
 * cuts, each block of a country, each network of one of its cities.
 *   bench_city [NETWORKS [FOLDER]]
 * With a folder the configuration and its database are only left there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "geo/country.h"
#include "../unit/mmdb_make.h"
#include "prove/prove.h"
#include "snapshot/build.h"

enum {
	NETWORKS = 3500000,
	CITIES = 500, /* of a country */
	BLOCK = 10,   /* a prefix as long as this is of one country */
	POLICIES = 50,
	REGIONS = 8,
	PATH_MAX_HERE = 128
};

struct bench {
	char folder[PATH_MAX_HERE];
	VEC(struct mmdb_row) rows;
	VEC(const struct country *) countries;
	double kept; /* of the cuts, so that there are as many networks */
};

/* CPU, so that it says the same on a machine at work. */
static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
peak_mib(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)r.ru_maxrss / 1024;
}

static double
dice(void)
{
	return (double)random() / RAND_MAX;
}

static FILE *
open_file(const struct bench *b, const char *name, char path[2 * PATH_MAX_HERE])
{
	FILE *f;

	snprintf(path, 2 * PATH_MAX_HERE, "%s/%s", b->folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		abort();
	return f;
}

/* The database ----------------------------------------------------------- */

static void
find_countries(struct bench *b)
{
	for (char first = 'A'; first <= 'Z'; first++) {
		for (char second = 'A'; second <= 'Z'; second++) {
			const char code[2] = {first, second};
			const struct country *c = country_find(code);

			if (c != NULL)
				vec_push(&b->countries, c);
		}
	}
}

static void
put_network(struct bench *b, const struct prefix *p, const struct country *c)
{
	struct mmdb_row row;
	uint32_t city = (uint32_t)(CITIES * dice() * dice());

	memset(&row, 0, sizeof(row));
	row.prefix = *p;
	memcpy(row.place.country, c->code, 2);
	memcpy(row.place.continent, c->continent, 2);
	row.place.located = true;
	row.place.latitude =
	    c->latitude * 0.9f + (float)(city % 25) * 0.3f - 3.6f;
	row.place.longitude =
	    c->longitude * 0.9f + (float)(city / 25) * 0.3f - 3.0f;
	row.place.city_id = 1 + city;
	vec_push(&b->rows, row);
}

static void
cut(struct bench *b, struct prefix p, unsigned longest, const struct country *c)
{
	if (p.len == BLOCK)
		c = b->countries.at[(size_t)random() % b->countries.n];
	if (p.len >= longest || (p.len > BLOCK && dice() > b->kept)) {
		put_network(b, &p, c);
		return;
	}
	p.len++;
	cut(b, p, longest, c);
	p.addr.bytes[(p.len - 1) / 8] |= (uint8_t)(0x80 >> (p.len - 1) % 8);
	cut(b, p, longest, c);
}

/* As many networks as wanted, about a tenth of them IPv6. */
static void
cut_all(struct bench *b, size_t networks)
{
	const struct prefix ipv4 = {{.family = 4}, 0};
	struct prefix ipv6 = {{{0x20}, 6}, BLOCK - 1};

	for (b->kept = 0.5; b->kept < 1; b->kept += 0.002) {
		b->rows.n = 0;
		srandom(1);
		cut(b, ipv4, 28, NULL);
		if (b->rows.n >= networks * 9 / 10)
			break;
	}
	for (size_t n = b->rows.n; b->rows.n < n + networks / 10;) {
		ipv6.addr.bytes[1] = (uint8_t)random();
		ipv6.addr.bytes[2] = (uint8_t)random();
		addr_mask(&ipv6.addr, ipv6.len);
		cut(b, ipv6, 44, NULL);
	}
}

static void
make_database(struct bench *b, size_t networks)
{
	char path[2 * PATH_MAX_HERE];

	find_countries(b);
	cut_all(b, networks);
	fclose(open_file(b, "city.mmdb", path));
	mmdb_make(path, 6, MMDB_NESTED, b->rows.at, b->rows.n);
	printf("%zu networks of %zu countries\n", b->rows.n, b->countries.n);
	vec_free(&b->rows);
	vec_free(&b->countries);
}

/* The configuration ------------------------------------------------------ */

static const char *const locations[REGIONS] = {"50.1, 8.7", "39.0, -77.5",
    "35.7, 139.7", "1.3, 103.8", "-33.9, 151.2", "-23.5, -46.6", "19.1, 72.9",
    "-26.2, 28.0"};

static void
put_policy(FILE *f, unsigned i)
{
	static const char *const geo[] = {"DE", "FR", "US", "JP", "BR", "IN"};

	fprintf(f,
	    "  p%u:\n    rules:\n"
	    "      - {geo: [%s], regions: [r%u], fence: J%u}\n"
	    "      - {geo: [EU, AF], regions: [r%u, r%u]}\n"
	    "      - {regions: nearest}\n",
	    i, geo[i % 6], i % REGIONS, i % REGIONS, i % REGIONS,
	    (i + 3) % REGIONS);
}

static void
put_conf(FILE *f)
{
	fputs("meridian: 1\ngeoip: {databases: [city.mmdb]}\n"
	      "server: {listen: [127.0.0.1@0], state: state,\n"
	      "  control: control.sock}\n"
	      "zones: {example.com: zone}\nregions:\n",
	    f);
	for (unsigned i = 0; i < REGIONS; i++)
		fprintf(f, "  r%u: {location: [%s], jurisdiction: J%u}\n", i,
		    locations[i], i);
	fputs("pools:\n  www:\n    regions:\n", f);
	for (unsigned i = 0; i < REGIONS; i++)
		fprintf(f, "      r%u: [{addr: 192.0.2.%u}]\n", i, i + 1);
	fputs("policies:\n", f);
	for (unsigned i = 0; i < POLICIES; i++)
		put_policy(f, i);
	fputs("names:\n", f);
	for (unsigned i = 0; i < POLICIES; i++)
		fprintf(
		    f, "  n%u.example.com: {pool: www, policy: p%u}\n", i, i);
}

static void
make_conf(const struct bench *b, char path[2 * PATH_MAX_HERE])
{
	FILE *f = open_file(b, "zone", path);

	fputs("@ 3600 SOA ns host 1 7200 3600 1209600 300\n@ 3600 NS ns\n"
	      "ns 3600 A 192.0.2.53\n",
	    f);
	fclose(f);
	f = open_file(b, "meridian.yaml", path);
	put_conf(f);
	fclose(f);
}

/* Figures ---------------------------------------------------------------- */

static void
measure_build(const char *path)
{
	double begin = now_s(), before = peak_mib();
	size_t leaves = 0, classes = 0;
	struct snapshot *s;
	struct diag d;

	diag_init(&d);
	s = snapshot_build(path, &d);
	if (s == NULL) {
		fputs(diag_text(&d), stderr);
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < s->conf->nnames; i++) {
		leaves += trie_leaves(s->steered[i].table->lookup.ipv4) +
		    trie_leaves(s->steered[i].table->lookup.ipv6);
		classes += s->steered[i].table->nranks;
	}
	printf(
	    "build: %.1f s of CPU, %.0f MiB more at the peak, %u policies, %zu "
	    "leaves, %zu classes\n",
	    now_s() - begin, peak_mib() - before, POLICIES, leaves, classes);
	snapshot_free(s);
	diag_fini(&d);
}

static void
measure_proof(const char *path)
{
	static _Atomic bool never;
	double begin = now_s();
	json_t *report = prove_report(path, NULL, &never);

	printf("build and prove: %.1f s of CPU, %.0f MiB at the peak: %s\n",
	    now_s() - begin, peak_mib(),
	    json_is_true(json_object_get(report, "ok")) ? "proven"
							: "NOT PROVEN");
	printf("%s\n",
	    json_string_value(json_object_get(
		json_array_get(json_object_get(report, "claims"), 1), "text")));
	json_decref(report);
}

static void
remove_files(const struct bench *b)
{
	static const char *const names[] = {
	    "city.mmdb", "zone", "meridian.yaml"};
	char path[2 * PATH_MAX_HERE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->folder, names[i]);
		unlink(path);
	}
	rmdir(b->folder);
}

int
main(int argc, char **argv)
{
	struct bench b = {.folder = "/tmp/meridian-bench-XXXXXX"};
	char path[2 * PATH_MAX_HERE];
	size_t networks = argc > 1 ? strtoul(argv[1], NULL, 10) : NETWORKS;

	if (argc > 2)
		snprintf(b.folder, sizeof(b.folder), "%s", argv[2]);
	else if (mkdtemp(b.folder) == NULL)
		return EXIT_FAILURE;
	make_database(&b, networks);
	make_conf(&b, path);
	if (argc > 2)
		return EXIT_SUCCESS;
	measure_build(path);
	measure_proof(path);
	remove_files(&b);
	return EXIT_SUCCESS;
}
