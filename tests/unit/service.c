/* SPDX-License-Identifier: BSD-3-Clause */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "ctl/commit.h"
#include "ctl/gate.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
    "         control: control.sock}\n"
    "geoip: {nets: {euro: [81.2.0.0/16], home: [10.0.0.0/8]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU, capacity: 100}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US, capacity: 100}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP, capacity: 100}\n"
    "monitors:\n"
    "  web: {type: tcp, port: 80, interval: 2s, timeout: 500ms, fall: 3,\n"
    "        rise: 2, clear: 4}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: web\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10]}, {addr: [192.0.2.11]}]\n"
    "      us: [{addr: [198.51.100.10]}]\n"
    "      ap: [{addr: [203.0.113.10]}]\n"
    "  sorry: {regions: {eu: [{addr: [192.0.2.250]}]}}\n"
    "  cdn: {regions: {eu: [{cname: eu.example.net.}],\n"
    "                  us: [{cname: us.example.net.}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: euro, regions: [eu, us], fence: EU,\n"
    "         when_all_down: {pool: sorry}}\n"
    "      - {nets: home, regions: [us, eu]}\n"
    "      - {geo: [DE], regions: [eu, us, ap]}\n"
    "      - {regions: nearest}\n"
    "    unlocated: [us, eu, ap]\n"
    "  line: {rules: [{regions: [eu, us]}]}\n"
    "  draw: {rules: [{regions: {eu: 3, us: 1}}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 60, min: 5}}\n"
    "  cdn.example.com: {pool: cdn, policy: line}\n"
    "  draw.example.com: {pool: www, policy: draw}\n"
    "safety: {min_regions: 1, max_fill: 85%}\n";

static const char zone_text[] = "$ORIGIN example.com.\n"
				"$TTL 3600\n"
				"@ SOA ns1 hostmaster 7 7200 3600 1209600 300\n"
				"@ NS ns1\n"
				"@ MX 10 static\n"
				"ns1 A 192.0.2.53\n"
				"static A 192.0.2.80\n"
				"static AAAA 2001:db8::80\n"
				"static TXT \"a \\\"b\\\"\"\n"
				"alias CNAME www\n"
				"sub NS ns.sub\n"
				"ns.sub A 192.0.2.54\n";

void
service_write(const struct service *s, const char *name, const char *text)
{
	char path[SERVICE_PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
start(struct service *s)
{
	struct snapshot *snapshot;
	struct error err;
	struct diag d;

	diag_init(&d);
	s->base = event_base_new();
	snapshot = gate_build_first(s->conf, &d);
	if (snapshot == NULL) {
		fputs(diag_text(&d), stderr);
		abort();
	}
	s->control = control_new(s->base, s->conf, snapshot, &d, &err);
	if (s->control == NULL)
		abort();
	diag_fini(&d);
}

static void
stop(struct service *s)
{
	s->control->health_changed = false;
	control_free(s->control);
	snapshot_publish(NULL);
	rcu_drain();
	event_base_free(s->base);
}

void
service_open(struct service *s)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(s->folder, sizeof(s->folder), "%.80s/meridian-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(s->folder) == NULL)
		abort();
	snprintf(s->conf, sizeof(s->conf), "%.100s/meridian.yaml", s->folder);
	service_write(s, "meridian.yaml", conf_text);
	service_write(s, "example.com.zone", zone_text);
	start(s);
}

void
service_restart(struct service *s)
{
	stop(s);
	start(s);
}

void
service_close(struct service *s)
{
	static const char *const names[] = {"state/drains.json",
	    "state/drains.json.bad", "state/health.json",
	    "state/health.json.bad", "state/failback.json",
	    "state/signals.json", "state/signals.journal", "meridian.yaml",
	    "example.com.zone"};
	char path[SERVICE_PATH_MAX + 64];

	stop(s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/state", s->folder);
	rmdir(path);
	rmdir(s->folder);
}

void
service_health(struct service *s, const char *address, enum health_state state)
{
	struct watch **all;
	struct addr a;
	size_t n;

	addr_parse(address, &a);
	all = watches_all(s->control->watches, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_equal(&all[i]->addr, &a))
			all[i]->health.state = state;
	control_refresh(s->control, NULL, NULL);
}

static const struct pool *
find_pool(const struct service *s, const char *name)
{
	const struct snapshot *shot = s->control->status.snapshot;

	for (size_t i = 0; i < shot->conf->npools; i++)
		if (strcmp(shot->conf->pools[i].name, name) == 0)
			return &shot->pools[i];
	abort();
}

uint64_t
service_live(const struct service *s, const char *pool)
{
	return pool_live(find_pool(s, pool), POOL_ANY);
}

void
service_answers(struct service *s, const char *pool, size_t region, uint64_t n,
    uint32_t ttl)
{
	const struct pool *p = find_pool(s, pool);
	struct tally *t = snapshot_row(s->control->status.snapshot, 0) +
	    p->first_tally + region;

	atomic_store(&t->steered[POOL_FIRST], n);
	atomic_store(&t->let_go, clock_mono_s() + ttl);
}

void
service_traffic(struct service *s, size_t name, const char *client, unsigned n)
{
	service_traffic_of(s, name, client, n, POOL_ANY);
}

void
service_traffic_of(struct service *s, size_t name, const char *client,
    unsigned n, enum pool_family family)
{
	static struct sampler *sampler;
	const struct snapshot *shot = s->control->status.snapshot;
	struct addr a;
	struct sample_seen seen = {
	    .generation = shot->generation,
	    .now_s = clock_mono_s(),
	    .name = shot->steered[name].first,
	    .family = (uint8_t)family,
	    .client = &a,
	};

	if (sampler == NULL)
		sampler = sampler_new();
	if (!addr_parse(client, &a))
		abort();
	seen.class = lookup_find(&shot->steered[name].table->lookup, &a).class;
	while (n-- > 0)
		sampler_add(sampler, &seen);
}

void
service_settle(struct service *s)
{
	while (commit_is_busy(s->control))
		event_base_loop(s->base, EVLOOP_ONCE);
}

static void
done(struct call *call)
{
	*(bool *)call->arg = true;
}

json_t *
service_call(struct service *s, enum http_method method, const char *path,
    const char *query, const char *body, int *status)
{
	bool finished = false;
	struct call call = {
	    .control = s->control,
	    .method = method,
	    .owner = "ana",
	    .done = done,
	    .arg = &finished,
	};
	json_t *reply;

	command_run(&call, path, query, body, body != NULL ? strlen(body) : 0);
	while (!finished)
		event_base_loop(s->base, EVLOOP_ONCE);
	*status = call.status;
	reply = json_loads(call.text.at != NULL ? call.text.at : "", 0, NULL);
	call_fini(&call);
	return reply;
}
