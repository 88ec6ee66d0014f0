/* SPDX-License-Identifier: BSD-3-Clause */
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/name.h"
#include "dns/rr.h"
#include "dns/wire.h"

static const char conf_text[] =
    "meridian: 1\n"
    "server:\n"
    "  listen: [\"127.0.0.1@0\"]\n"
    "  nsid: test-1\n"
    "  ecs_from: [127.0.0.0/8, \"::1/128\", 192.0.2.53/32, 81.2.0.53/32]\n"
    "geoip:\n"
    "  nets:\n"
    "    euro: [81.2.0.0/16, 10.0.0.0/8, \"2a01:100::/32\"]\n"
    "    amer: [64.10.0.0/16, \"2600:100::/32\"]\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US}\n"
    "pools:\n"
    "  www:\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]},\n"
    "           {addr: [192.0.2.11, \"2001:db8::11\"]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8:1::10\"]}]\n"
    "  still:\n"
    "    regions:\n"
    "      eu: [{cname: static.example.com.}]\n"
    "      us: [{cname: gone.example.com.}]\n"
    "  again:\n"
    "    regions:\n"
    "      eu: [{cname: www.example.com.}]\n"
    "      us: [{cname: alias.example.com.}]\n"
    "  mail:\n"
    "    answer: {max: 2}\n"
    "    regions:\n"
    "      eu: [{records: {MX: [10 eu1.example.com., 20 eu2.example.com.],\n"
    "                      TXT: '\"in (eu) ; 1\"'}},\n"
    "           {records: {MX: 30 eu3.example.com.}},\n"
    "           {records: {MX: 40 eu4.example.com.}}]\n"
    "      us: [{records: {MX: 10 us1.example.com., TXT: in-us}}]\n"
    "  svc:\n"
    "    answer: {mode: one}\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.30,\n"
    "            records: {HTTPS: 1 . alpn=h2 ipv4hint=192.0.2.30}}]\n"
    "      us: [{addr: 198.51.100.30, records: {TYPE65: 1 . alpn=h3}}]\n"
    "  away:\n"
    "    regions: {eu: [{cname: eu.example.net.}],\n"
    "              us: [{cname: us.example.net.}]}\n"
    "  cut:\n"
    "    regions: {eu: [{cname: x.sub.example.com.}],\n"
    "              us: [{cname: static.example.com.}]}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: euro, regions: [eu, us]}\n"
    "      - {nets: amer, regions: [us, eu]}\n"
    "      - {regions: [us, eu]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 60, min: 10}}\n"
    "  \"*.api.example.com\": {pool: www, policy: near}\n"
    "  still.example.com: {pool: still, policy: near}\n"
    "  again.example.com: {pool: again, policy: near}\n"
    "  away.example.com: {pool: away, policy: near}\n"
    "  mail.example.com: {pool: mail, policy: near}\n"
    "  \"*.svc.example.com\": {pool: svc, policy: near}\n"
    "  cut.example.com: {pool: cut, policy: near}\n";

static const char zone_text[] = "$ORIGIN example.com.\n"
				"$TTL 3600\n"
				"@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n"
				"@ NS ns1\n"
				"ns1 A 192.0.2.53\n"
				"ns1 AAAA 2001:db8::53\n"
				"static A 192.0.2.80\n"
				"static 1800 TXT \"plain\"\n"
				"alias CNAME www\n"
				"Alias2 CNAME ALIAS\n"
				"loop1 CNAME loop2\n"
				"loop2 CNAME loop1\n"
				"self CNAME self\n"
				"out CNAME www.example.net.\n"
				"nowhere CNAME nothere\n"
				"nodata CNAME static\n"
				"*.wild CNAME static\n"
				"ent.below TXT \"x\"\n"
				"sub NS ns.sub\n"
				"ns.sub A 192.0.2.54\n"
				"tosub CNAME x.sub\n"
				"old 120 DNAME new\n"
				"x.new A 192.0.2.81\n"
				"again.new CNAME x.old\n"
				"steered.new CNAME www\n"
				"in CNAME x.Old\n"
				"mail HINFO a b\n"
				"tosvc HTTPS 0 www.svc\n"
				"mx MX 1 www\n"
				"ping DNAME pong\n"
				"pong DNAME ping\n"
				"grow DNAME one.grow\n"
				"refer DNAME sub\n"
				"leave DNAME example.net.\n";

static void
write_file(const struct sample *s, const char *name, const char *text,
    const char *more)
{
	char path[SAMPLE_PATH_MAX + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		abort();
	fputs(text, f);
	if (more != NULL)
		fputs(more, f);
	if (fclose(f) != 0)
		abort();
}

/* Names that need many lines: a chain longer than is followed, RRsets that do
 * not fit in 512 and 1232 octets, and a referral whose glue does not in 512,
 * beside one that can do without it. */
static void
write_zone(const struct sample *s)
{
	char more[16384];
	size_t at = 0;

	for (int i = 0; i < 20; i++)
		at += (size_t)snprintf(more + at, sizeof(more) - at,
		    "chain%d CNAME chain%d\n", i, i + 1);
	for (int i = 0; i < 30; i++)
		at += (size_t)snprintf(more + at, sizeof(more) - at,
		    "%s TXT \"%02d %050d\"\n", i < 10 ? "medium" : "big", i, i);
	for (int i = 0; i < 12; i++)
		at += (size_t)snprintf(more + at, sizeof(more) - at,
		    "many NS ns%d.many\nkin NS ns%d.many\n"
		    "ns%d.many A 192.0.2.%d\nns%d.many AAAA 2001:db8::%d\n",
		    i, i, i, i, i, i);
	write_file(s, "example.com.zone", zone_text, more);
}

void
sample_open(struct sample *s)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(s->folder, sizeof(s->folder), "%.80s/meridian-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(s->folder) == NULL)
		abort();
	snprintf(s->conf, sizeof(s->conf), "%.100s/meridian.yaml", s->folder);
	sample_configure(s, NULL);
	write_zone(s);
}

void
sample_configure(const struct sample *s, const char *more)
{
	write_file(s, "meridian.yaml", conf_text, more);
}

void
sample_replace(const struct sample *s, const char *old, const char *new)
{
	const char *at = strstr(conf_text, old);
	char text[sizeof(conf_text) + 256];

	if (at == NULL)
		abort();
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - conf_text),
	    conf_text, new, at + strlen(old));
	write_file(s, "meridian.yaml", text, NULL);
}

void
sample_close(const struct sample *s)
{
	char path[SAMPLE_PATH_MAX + 32];

	unlink(s->conf);
	snprintf(path, sizeof(path), "%s/example.com.zone", s->folder);
	unlink(path);
	rmdir(s->folder);
}

static void
put_ecs(struct wire *w, const char *text)
{
	struct prefix p;
	size_t octets;

	if (!prefix_parse(text, &p, NULL))
		abort();
	octets = (p.len + 7u) / 8;
	wire_put_u16(w, DNS_OPTION_ECS);
	wire_put_u16(w, (uint16_t)(4 + octets));
	wire_put_u16(w, p.addr.family == 4 ? 1 : 2);
	wire_put_u8(w, p.len);
	wire_put_u8(w, 0);
	wire_put(w, p.addr.bytes, octets);
}

static void
put_cookie(struct wire *w, const char *hex)
{
	size_t n = strlen(hex) / 2;
	unsigned octet;

	wire_put_u16(w, DNS_OPTION_COOKIE);
	wire_put_u16(w, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
			abort();
		wire_put_u8(w, (uint8_t)octet);
	}
}

static void
put_opt(struct wire *w, const struct sample_query *q)
{
	size_t at;

	wire_put_u8(w, 0);
	wire_put_u16(w, DNS_OPT);
	wire_put_u16(w, q->udp_size != 0 ? q->udp_size : DNS_UDP_EDNS);
	wire_put_u8(w, 0);
	wire_put_u8(w, q->version);
	wire_put_u16(w, q->dnssec_ok ? 0x8000 : 0);
	at = w->len;
	wire_put_u16(w, 0);
	if (q->nsid) {
		wire_put_u16(w, DNS_OPTION_NSID);
		wire_put_u16(w, 0);
	}
	if (q->ecs != NULL)
		put_ecs(w, q->ecs);
	if (q->cookie != NULL)
		put_cookie(w, q->cookie);
	if (q->keepalive) {
		wire_put_u16(w, DNS_OPTION_KEEPALIVE);
		wire_put_u16(w, 0);
	}
	wire_set_u16(w, at, (uint16_t)(w->len - at - 2));
}

size_t
sample_packet(uint8_t packet[SAMPLE_QUERY_MAX], const struct sample_query *q)
{
	uint8_t name[DNS_NAME_MAX];
	bool opt = q->edns || q->ecs != NULL || q->cookie != NULL;
	struct wire w;

	if (!name_parse(q->name, name, NULL))
		abort();
	wire_init(&w, packet, SAMPLE_QUERY_MAX);
	wire_put_u16(&w, 0x1234);
	wire_put_u16(&w, q->flags);
	wire_put_u16(&w, 1);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, opt);
	wire_put(&w, name, name_len(name));
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, q->class != 0 ? q->class : DNS_IN);
	if (opt)
		put_opt(&w, q);
	return w.len;
}
