/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/message.h"

#include <string.h>

#include "base/net.h"
#include "dns/cursor.h"
#include "dns/name.h"
#include "rdata/rdata.h"
#include "report/text.h"

/* Text ------------------------------------------------------------------- */

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

/* An octet is written with four characters at most; names and the words
 * between them need no more. */
enum { RDATA_TEXT_MAX = 5 * DNS_MESSAGE_MAX };

static void
text_rdata(struct text *t, struct cursor *c, uint16_t type)
{
	uint8_t buf[RDATA_TEXT_MAX];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	rdata_format(type, c, &w);
	text_add(t, "%.*s", (int)w.len, (const char *)buf);
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
message_address(struct message *m, struct cursor rdata, uint8_t family)
{
	struct text t = {0};

	text_addr(&t, &rdata, family);
	if (t.len > 0)
		json_array_append_new(m->addresses, json_string(t.at + 1));
	text_fini(&t);
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
	if (section == NULL || type == DNS_OPT)
		return;
	text_add(&t, "%s %u IN %s", name_format(name, owner), ttl,
	    rr_type_format(buf, (uint16_t)type));
	if (type == DNS_CNAME)
		message_follow(m, owner, rdata);
	if (section == m->answer && (type == DNS_A || type == DNS_AAAA))
		message_address(m, rdata, type == DNS_A ? 4 : 6);
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
	uint16_t flags;

	memset(m, 0, sizeof(*m));
	m->scope = -1;
	sections[0] = m->answer = json_array();
	sections[1] = m->authority = json_array();
	sections[2] = m->additional = json_array();
	m->addresses = json_array();
	cursor_get(&c, 2);
	flags = (uint16_t)cursor_get(&c, 2);
	m->rcode = flags & DNS_RCODE;
	m->authoritative = (flags & DNS_AA) != 0;
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
	json_decref(m->additional);
	json_decref(m->addresses);
}
