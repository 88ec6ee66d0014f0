/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/chaos.h"

#include <string.h>

#include "dns/composer.h"
#include "dns/name.h"

enum { TEXT_MAX = 255 }; /* a character-string, RFC 1035 3.3 */

static const uint8_t id_server[] = "\2id\6server";
static const uint8_t hostname_bind[] = "\10hostname\4bind";
static const uint8_t version_server[] = "\7version\6server";
static const uint8_t version_bind[] = "\7version\4bind";

static const struct word {
	const uint8_t *name;
	size_t body; /* in struct chaos */
} words[] = {
    {id_server, offsetof(struct chaos, id)},
    {hostname_bind, offsetof(struct chaos, id)},
    {version_server, offsetof(struct chaos, version)},
    {version_bind, offsetof(struct chaos, version)},
};

/* A TXT for whatever name it is asked by, not to be kept: the next query may
 * reach another server. */
static const struct body *
text_build(struct arena *a, struct composer *c, const char *text)
{
	uint8_t rdata[1 + TEXT_MAX];
	size_t len;

	if (text == NULL)
		return NULL;
	len = strlen(text);
	rdata[0] = (uint8_t)len;
	memcpy(rdata + 1, text, len);
	composer_begin(c, id_server, false);
	c->class = DNS_CH;
	composer_put(c, BODY_ANSWER, id_server, DNS_TXT, 0, rdata,
	    (uint16_t)(len + 1), false);
	return composer_end(c, arena_alloc(a, composer_size(c)));
}

void
chaos_build(struct chaos *c, struct arena *a, const struct conf_server *server)
{
	struct composer *composer = xmalloc(sizeof(*composer));

	c->id = text_build(a, composer, server->nsid);
	c->version = text_build(a, composer, server->version);
	free(composer);
}

const struct body *
chaos_find(const struct chaos *c, const uint8_t *name, uint16_t type)
{
	const struct body *b;

	if (type != DNS_TXT && type != DNS_ANY)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!name_equal(words[i].name, name))
			continue;
		memcpy(&b, (const char *)c + words[i].body, sizeof(b));
		return b;
	}
	return NULL;
}
