/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_sample.h"

#include <check.h>
#include <ftw.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

void
zone_sample_open(struct zone_sample *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->folder, "/tmp/zone-sample-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->folder));
	s->arena = arena_new();
	diag_init(&s->diag);
	s->pool[POOL_IPV4] = (struct conf_pool){.types = {DNS_A}, .ntypes = 1};
	s->pool[POOL_BOTH] =
	    (struct conf_pool){.types = {DNS_A, DNS_AAAA}, .ntypes = 2};
	s->pool[POOL_CNAME] =
	    (struct conf_pool){.types = {DNS_CNAME}, .ntypes = 1};
	s->conf.zones = s->zone;
	s->conf.names = s->name;
	s->conf.pools = s->pool;
	s->conf.npools = POOL_COUNT;
}

void
zone_sample_close(struct zone_sample *s)
{
	diag_fini(&s->diag);
	arena_free(s->arena);
	nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
zone_sample_file(struct zone_sample *s, const char *file, const char *text)
{
	const char *path = arena_printf(s->arena, "%s/%s", s->folder, file);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

void
zone_sample_zone(struct zone_sample *s, const char *origin, const char *text)
{
	struct conf_zone *z = &s->zone[s->conf.nzones++];

	z->origin = origin;
	ck_assert(name_parse(origin, z->name, NULL));
	z->path =
	    zone_sample_file(s, origin[1] == '\0' ? "root" : origin, text);
	z->mark = (struct conf_mark){"meridian.yaml", 7, 3};
}

void
zone_sample_steer(
    struct zone_sample *s, const char *name, enum zone_sample_pool pool)
{
	struct conf_name *n = &s->name[s->conf.nnames++];

	n->text = name;
	n->pool = (uint16_t)pool;
	n->mark = (struct conf_mark){"meridian.yaml", 9, 3};
	ck_assert(name_parse(name, n->name, NULL));
}

bool
zone_sample_build(struct zone_sample *s)
{
	s->zones = zones_build(s->arena, &s->conf, &s->diag);
	return s->zones != NULL;
}

/* Only what stands at the start of lines with a message. */
const char *
zone_sample_diag(struct zone_sample *s)
{
	size_t skip = strlen(s->folder) + 1;
	char *out = s->text;

	*out = '\0';
	for (size_t i = 0; i < s->diag.entries.n; i++) {
		const struct diag_entry *e = &s->diag.entries.at[i];
		const char *file = e->mark.file;

		if (strncmp(file, s->folder, skip - 1) == 0)
			file += skip;
		out += snprintf(out, (size_t)(s->text + sizeof(s->text) - out),
		    "%s:%u: %s: %s\n", file, e->mark.line,
		    e->level == DIAG_ERROR ? "error" : "warning", e->message);
	}
	return s->text;
}

static char *
put_records(char *out, const char *section, const ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *text = ldns_rr2str(ldns_rr_list_rr(list, i));

		for (char *p = text; *p != '\0'; p++)
			if (*p == '\t')
				*p = ' ';
		out += sprintf(out, "%s %s", section, text);
		free(text);
	}
	return out;
}

const char *
zone_sample_body(
    struct zone_sample *s, const struct body *b, const uint8_t *owner)
{
	static uint8_t packet[DNS_MESSAGE_MAX];
	size_t len = name_len(owner);
	char *out = s->text + strlen(s->text);
	struct wire w;
	ldns_pkt *reply;

	wire_init(&w, packet, sizeof(packet));
	wire_put_u16(&w, 1);
	wire_put_u16(&w, DNS_QR);
	wire_put_u16(&w, 1);
	wire_put_u16(&w, body_an(b));
	wire_put_u16(&w, body_ns(b));
	wire_put_u16(&w, body_ar(b));
	wire_put(&w, owner, len);
	wire_put_u16(&w, DNS_A);
	wire_put_u16(&w, DNS_IN);
	body_put(&w, b, DNS_HEADER_SIZE, len, 0, BODY_KEEP_TTL);
	ck_assert(!w.full);
	ck_assert_int_eq(ldns_wire2pkt(&reply, packet, w.len), LDNS_STATUS_OK);
	out = put_records(out, "an", ldns_pkt_answer(reply));
	out = put_records(out, "ns", ldns_pkt_authority(reply));
	put_records(out, "ar", ldns_pkt_additional(reply));
	ldns_pkt_free(reply);
	return s->text;
}

const char *
zone_sample_ask(struct zone_sample *s, const char *name, const char *type)
{
	static const char *const kinds[] = {"foreign", "data", "cname", "dname",
	    "steered", "nodata", "nxdomain", "referral"};
	uint8_t wire[DNS_NAME_MAX];
	struct found *f = &s->found;
	char *out = s->text;

	ck_assert(name_parse(name, wire, NULL));
	name_lower(wire);
	zone_find(s->zones, wire, name_len(wire),
	    (uint16_t)ldns_get_rr_type_by_name(type), f);
	out += sprintf(out, "%s", kinds[f->kind]);
	if (f->kind == FIND_STEERED)
		out += sprintf(out, " %s type %u",
		    s->conf.names[f->steered].text, f->type);
	if (f->zone != CONF_NONE)
		out += sprintf(out, " in %s", s->zone[f->zone].origin);
	sprintf(out, "\n");
	if (f->body != NULL)
		zone_sample_body(s, f->body, wire);
	return s->text;
}
