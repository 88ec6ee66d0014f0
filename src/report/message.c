/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/net.h"
#include "dns/name.h"
#include "report/text.h"

enum { POINTERS_MAX = 128 };

/* Where reading is; bad once something did not fit. */
struct cursor {
	const uint8_t *packet;
	size_t at, end;
	bool bad;
};

static bool
cursor_has(struct cursor *c, size_t n)
{
	if (c->bad || c->end - c->at < n)
		c->bad = true;
	return !c->bad;
}

static uint32_t
cursor_get(struct cursor *c, unsigned octets)
{
	uint32_t v = 0;

	if (!cursor_has(c, octets))
		return 0;
	while (octets-- > 0)
		v = v << 8 | c->packet[c->at++];
	return v;
}

/* A name, with its compression undone (RFC 1035 4.1.4). */
static void
cursor_name(struct cursor *c, uint8_t name[DNS_NAME_MAX])
{
	struct cursor in = *c;
	unsigned hops = 0;
	size_t len = 0;
	uint8_t label;

	name[0] = 0;
	do {
		label = (uint8_t)cursor_get(&in, 1);
		if (label >= 0xc0) {
			uint8_t low = (uint8_t)cursor_get(&in, 1);

			if (hops++ == 0)
				c->at = in.at;
			in.at = (label & 0x3fu) << 8 | low;
			if (in.at >= in.end || hops > POINTERS_MAX)
				in.bad = true;
			continue;
		}
		if (label > DNS_LABEL_MAX || !cursor_has(&in, label) ||
		    len + label + 1 + (label > 0) > DNS_NAME_MAX) {
			in.bad = true;
			break;
		}
		name[len] = label;
		memcpy(name + len + 1, in.packet + in.at, label);
		in.at += label;
		len += label + (label > 0);
	} while (label != 0 && !in.bad);
	name[len] = 0;
	if (hops == 0)
		c->at = in.at;
	c->bad = in.bad;
}

/* Text ------------------------------------------------------------------- */

static void
text_name(struct text *t, struct cursor *c)
{
	uint8_t name[DNS_NAME_MAX];
	char buf[NAME_TEXT_MAX];

	cursor_name(c, name);
	text_add(t, " %s", name_format(buf, name));
}

static void
text_addr(struct text *t, struct cursor *c, uint8_t family)
{
	struct addr a = {.family = family};
	char buf[ADDR_TEXT_MAX];
	size_t len = family == 4 ? 4 : 16;

	if (!cursor_has(c, len))
		return;
	memcpy(a.bytes, c->packet + c->at, len);
	c->at += len;
	text_add(t, " %s", addr_format(buf, &a));
}

static void
text_strings(struct text *t, struct cursor *c)
{
	while (c->at < c->end && !c->bad) {
		uint8_t len = (uint8_t)cursor_get(c, 1);

		if (!cursor_has(c, len))
			return;
		text_add(t, " \"");
		for (; len > 0; len--) {
			uint8_t b = (uint8_t)cursor_get(c, 1);

			if (b < 0x20 || b > 0x7e)
				text_add(t, "\\%03u", b);
			else
				text_add(t,
				    b == '"' || b == '\\' ? "\\%c" : "%c", b);
		}
		text_add(t, "\"");
	}
}

/* How the rdata of a type is made: n name, 4 and 6 addresses, 2 and l numbers
 * of 16 and 32 bits, t strings. */
static const struct {
	uint16_t type;
	const char *form;
} forms[] = {
    {DNS_A, "4"},
    {DNS_AAAA, "6"},
    {DNS_NS, "n"},
    {DNS_CNAME, "n"},
    {DNS_PTR, "n"},
    {DNS_DNAME, "n"},
    {DNS_SOA, "nnlllll"},
    {DNS_MX, "2n"},
    {DNS_TXT, "t"},
    {DNS_HINFO, "t"},
    {DNS_SRV, "222n"},
};

static void
text_rdata(struct text *t, struct cursor *c, uint16_t type)
{
	const char *form = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].type == type)
			form = forms[i].form;
	if (form == NULL) { /* RFC 3597 5 */
		text_add(t, " \\# %zu ", c->end - c->at);
		while (c->at < c->end)
			text_add(t, "%02X", cursor_get(c, 1));
		return;
	}
	for (; *form != '\0' && !c->bad; form++) {
		if (*form == 'n')
			text_name(t, c);
		else if (*form == 't')
			text_strings(t, c);
		else if (*form == '4' || *form == '6')
			text_addr(t, c, *form == '4' ? 4 : 6);
		else
			text_add(t, " %u", cursor_get(c, *form == '2' ? 2 : 4));
	}
}

/* Records ---------------------------------------------------------------- */

static void
message_opt(struct message *m, struct cursor *rdata, uint32_t ttl)
{
	m->rcode |= (uint16_t)(ttl >> 24 << 4);
	while (rdata->at < rdata->end && !rdata->bad) {
		uint32_t code = cursor_get(rdata, 2);
		uint32_t len = cursor_get(rdata, 2);

		if (!cursor_has(rdata, len))
			return;
		if (code == DNS_OPTION_ECS && len >= 4)
			m->scope = rdata->packet[rdata->at + 3];
		rdata->at += len;
	}
}

static void
message_follow(struct message *m, const uint8_t *owner, struct cursor rdata)
{
	if (m->nchain > 0 && m->nchain < MESSAGE_CHAIN_MAX &&
	    name_equal(owner, m->chain[m->nchain - 1]))
		cursor_name(&rdata, m->chain[m->nchain++]);
}

static void
message_record(struct message *m, struct cursor *c, json_t *section)
{
	uint8_t owner[DNS_NAME_MAX];
	char name[NAME_TEXT_MAX], buf[RR_TEXT_MAX];
	struct text t = {0};
	struct cursor rdata;
	uint32_t type, ttl, len;

	cursor_name(c, owner);
	type = cursor_get(c, 2);
	cursor_get(c, 2);
	ttl = cursor_get(c, 4);
	len = cursor_get(c, 2);
	if (!cursor_has(c, len))
		return;
	rdata = *c;
	rdata.end = c->at + len;
	c->at += len;
	if (type == DNS_OPT)
		message_opt(m, &rdata, ttl);
	if (section == NULL)
		return;
	text_add(&t, "%s %u IN %s", name_format(name, owner), ttl,
	    rr_type_format(buf, (uint16_t)type));
	if (type == DNS_CNAME)
		message_follow(m, owner, rdata);
	text_rdata(&t, &rdata, (uint16_t)type);
	json_array_append_new(section, text_json(&t));
	if (section == m->answer &&
	    (json_array_size(section) == 1 || ttl < m->ttl))
		m->ttl = ttl;
	c->bad |= rdata.bad;
}

bool
message_parse(struct message *m, const uint8_t *packet, size_t len)
{
	struct cursor c = {.packet = packet, .end = len};
	uint32_t questions, counts[3];
	json_t *sections[3];

	memset(m, 0, sizeof(*m));
	m->scope = -1;
	sections[0] = m->answer = json_array();
	sections[1] = m->authority = json_array();
	sections[2] = NULL;
	cursor_get(&c, 2);
	m->rcode = (uint16_t)(cursor_get(&c, 2) & DNS_RCODE);
	questions = cursor_get(&c, 2);
	for (size_t i = 0; i < 3; i++)
		counts[i] = cursor_get(&c, 2);
	for (; questions > 0 && !c.bad; questions--) {
		cursor_name(&c, m->chain[0]);
		m->nchain = 1;
		cursor_get(&c, 4);
	}
	for (size_t i = 0; i < 3; i++)
		for (; counts[i] > 0 && !c.bad; counts[i]--)
			message_record(m, &c, sections[i]);
	return !c.bad;
}

void
message_fini(struct message *m)
{
	json_decref(m->answer);
	json_decref(m->authority);
}
