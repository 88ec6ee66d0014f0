/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/cookie.h"

#include <endian.h>
#include <string.h>

#include "dns/wire.h"

/* Octets of a whole cookie: RFC 9018 4. */
enum {
	AT_VERSION = COOKIE_CLIENT_SIZE,
	AT_TIME = AT_VERSION + 4,
	AT_HASH = AT_TIME + 4,
	VERSION = 1,
	FUTURE_S = 300, /* RFC 9018 4.3 */
	PAST_S = 3600,
	SERVER_MIN = 8, /* RFC 7873 4 */
	DAY_S = 86400,
};

bool
cookie_length_valid(size_t len)
{
	return len == COOKIE_CLIENT_SIZE ||
	    (len >= COOKIE_CLIENT_SIZE + SERVER_MIN && len <= COOKIE_MAX);
}

/*
 * A secret that nobody shares is not used for more than a day (RFC 7873 7.1):
 * each day has its own, and a cookie's time says which.
 */
static void
derive(const struct cookie_secret *own, uint32_t time_s,
    struct cookie_secret *daily)
{
	uint32_t in[2] = {htobe32(time_s / DAY_S), 0};

	for (uint32_t half = 0; half < 2; half++) {
		uint64_t h;

		in[1] = htobe32(half);
		h = htole64(siphash24(own->key, in, sizeof(in)));
		memcpy(daily->key + half * sizeof(h), &h, sizeof(h));
	}
}

static void
hash(const struct cookie_secret *secret, const uint8_t *cookie,
    const struct addr *client, uint8_t out[8])
{
	size_t octets = addr_bits(client) / 8;
	uint8_t in[AT_HASH + sizeof(client->bytes)];
	uint64_t h;

	memcpy(in, cookie, AT_HASH);
	memcpy(in + AT_HASH, client->bytes, octets);
	h = htole64(siphash24(secret->key, in, AT_HASH + octets));
	memcpy(out, &h, sizeof(h));
}

/* In a time that does not tell how much of it was right. */
static bool
is_made_with(const struct cookie_secret *secret, const uint8_t *cookie,
    const struct addr *client)
{
	uint8_t want[COOKIE_SIZE - AT_HASH], differs = 0;

	hash(secret, cookie, client, want);
	for (size_t i = 0; i < sizeof(want); i++)
		differs |= want[i] ^ cookie[AT_HASH + i];
	return differs == 0;
}

static bool
is_made_by_us(const struct cookie_secrets *secrets, const uint8_t *cookie,
    const struct addr *client, uint32_t time_s)
{
	struct cookie_secret daily;

	for (size_t i = 0; i < secrets->n; i++)
		if (is_made_with(&secrets->all[i], cookie, client))
			return true;
	if (secrets->n > 0)
		return false;
	derive(&secrets->own, time_s, &daily);
	return is_made_with(&daily, cookie, client);
}

enum cookie_state
cookie_check(const struct cookie_secrets *secrets, const uint8_t *cookie,
    size_t len, const struct addr *client, uint32_t now_s)
{
	uint32_t time_s;
	int32_t age_s;

	if (len == 0)
		return COOKIE_NONE;
	if (len == COOKIE_CLIENT_SIZE)
		return COOKIE_CLIENT;
	if (len != COOKIE_SIZE || cookie[AT_VERSION] != VERSION)
		return COOKIE_BAD;
	time_s = wire_get_u32(cookie + AT_TIME);
	/* Serial number arithmetic, RFC 9018 4.3. */
	age_s = (int32_t)(now_s - time_s);
	if (age_s > PAST_S || age_s < -FUTURE_S ||
	    !is_made_by_us(secrets, cookie, client, time_s))
		return COOKIE_BAD;
	return COOKIE_GOOD;
}

void
cookie_make(const struct cookie_secrets *secrets, const uint8_t *client_cookie,
    const struct addr *client, uint32_t now_s, uint8_t cookie[COOKIE_SIZE])
{
	const struct cookie_secret *secret = secrets->all;
	const uint32_t time_s = htobe32(now_s);
	struct cookie_secret daily;

	if (secrets->n == 0) {
		derive(&secrets->own, now_s, &daily);
		secret = &daily;
	}
	memcpy(cookie, client_cookie, COOKIE_CLIENT_SIZE);
	memset(cookie + AT_VERSION, 0, AT_TIME - AT_VERSION);
	cookie[AT_VERSION] = VERSION;
	memcpy(cookie + AT_TIME, &time_s, sizeof(time_s));
	hash(secret, cookie, client, cookie + AT_HASH);
}
