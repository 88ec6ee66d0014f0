/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/hops.h"

#include <string.h>

#include "dns/name.h"
#include "report/story.h"
#include "report/text.h"
#include "zone/node.h"

static const struct {
	const char *word, *text;
} kinds[] = {
    [FIND_FOREIGN] = {"foreign", "in none of the zones: refused"},
    [FIND_DATA] = {"records", "the records of the zone file"},
    [FIND_CNAME] = {"alias", "an alias of the zone file"},
    [FIND_DNAME] = {"dname", "an alias by the DNAME above it"},
    [FIND_STEERED] = {"steered", "steered"},
    [FIND_NODATA] = {"nodata",
	"the name has no record of this type: the zone's SOA"},
    [FIND_NXDOMAIN] = {"nxdomain", "there is no such name: the zone's SOA"},
    [FIND_REFERRAL] = {"delegation", "delegated: a referral to the zone below"},
};

/* Transfers are refused, whatever the zones say. */
static bool
is_transfer(uint16_t type)
{
	return type == DNS_AXFR || type == DNS_IXFR;
}

static void
hop_find(struct hop *hop, const struct snapshot *s, const uint8_t *name,
    uint16_t type)
{
	size_t len = name_len(name);

	memcpy(hop->name, name, len);
	name_lower(hop->name);
	zone_find(s->zones, hop->name, len, type, &hop->found);
	hop->by_wildcard = hop->found.kind != FIND_FOREIGN &&
	    hop->found.kind != FIND_NXDOMAIN && hop->found.kind != FIND_DNAME &&
	    hop->found.kind != FIND_REFERRAL &&
	    node_find(s->zones, hop->name, len) == ZONE_NONE;
	hop->transfer = is_transfer(type);
	if (hop->transfer)
		hop->found.kind = FIND_FOREIGN;
}

/* Has the answer a record of the name? */
static bool
has_record(const struct message *m, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];
	const json_t *record;
	size_t i;

	name_format(text, name);
	json_array_foreach(m->answer, i, record)
	{
		const char *at = json_string_value(record);

		if (strncasecmp(at, text, strlen(text)) == 0 &&
		    at[strlen(text)] == ' ')
			return true;
	}
	return false;
}

void
hops_find(struct hops *h, const struct snapshot *s, const struct message *m,
    uint16_t type)
{
	h->n = 0;
	h->ends_early = false;
	h->last = NULL;
	while (h->n < m->nchain) {
		struct hop *hop = &h->all[h->n];

		hop_find(hop, s, m->chain[h->n++], type);
		if (h->last == NULL || hop->found.kind != FIND_FOREIGN)
			h->last = hop;
		if (hop->found.kind == FIND_STEERED)
			break;
	}
	if (h->n > 1 && h->last->found.kind == FIND_STEERED)
		h->ends_early = !has_record(m, h->last->name);
}

static const char *
origin_of(const struct hop *hop, const struct snapshot *s)
{
	return s->conf->zones[hop->found.zone].origin;
}

json_t *
hops_report(const struct hops *h, const struct snapshot *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < h->n; i++) {
		const struct hop *hop = &h->all[i];
		char name[NAME_TEXT_MAX];
		bool foreign = hop->found.kind == FIND_FOREIGN;

		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:b, s:o}", "name",
			name_format(name, hop->name), "found",
			kinds[hop->found.kind].word, "wildcard",
			hop->by_wildcard, "zone",
			foreign ? json_null()
				: json_string(origin_of(hop, s))));
	}
	return all;
}

static void
hop_describe(struct text *t, const struct hop *hop, const struct snapshot *s)
{
	char name[NAME_TEXT_MAX];

	text_add(t, "%s%s: %s", t->len > 0 ? "\n" : "",
	    name_format(name, hop->name),
	    hop->transfer ? "transfers are refused"
			  : kinds[hop->found.kind].text);
	if (hop->by_wildcard)
		text_add(t, ", by a wildcard");
	if (hop->found.kind != FIND_FOREIGN)
		text_add(t, " (zone %s, %s)", origin_of(hop, s),
		    s->conf->zones[hop->found.zone].path);
}

json_t *
hops_text(const struct hops *h, const struct snapshot *s)
{
	struct text t = {0};

	for (size_t i = 0; i < h->n; i++)
		hop_describe(&t, &h->all[i], s);
	return text_json(&t);
}

static bool
is_negative(const struct hops *h)
{
	return h->last->found.kind == FIND_NODATA ||
	    h->last->found.kind == FIND_NXDOMAIN;
}

void
hops_tell(const struct hops *h, const struct snapshot *s, json_t *steps)
{
	static const char *const none[] = {
	    "Place", "Rule", "Fence", "Live", "Pick", "Nothing left"};
	bool foreign = h->all[0].found.kind == FIND_FOREIGN;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		story_step(steps, none[i],
		    json_string(i == 1 ? "none: what is asked is not steered"
				       : "does not apply"));
	story_step(steps, "Targets", hops_text(h, s));
	story_step(steps, "TTL",
	    json_string(foreign ? "does not apply"
		    : is_negative(h)
		    ? "the lesser of the SOA's TTL and minimum (RFC 2308 5)"
		    : "as the zone file says"));
	story_step(
	    steps, "Scope", json_string("/0: the client does not matter"));
	json_object_set_new(json_array_get(steps, json_array_size(steps) - 1),
	    "scope", json_integer(0));
}
