/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/share.h"

#include <string.h>
#include <xxhash.h>

#include "dns/name.h"

size_t
share_prefix(const struct addr *client, struct addr *prefix, uint8_t *len)
{
	unsigned offset = 0, bits;

	if (!addr_embedded(client, prefix, &offset))
		*prefix = *client;
	bits = prefix->family == 4 ? SHARE_PREFIX_IPV4 : SHARE_PREFIX_IPV6;
	addr_mask(prefix, bits);
	*len = (uint8_t)(offset + bits);
	return bits / 8;
}

struct cohort
share_cohort(const struct addr *client, const char *region)
{
	struct cohort c;
	struct addr a;
	size_t n = share_prefix(client, &a, &c.len);

	c.number = (uint32_t)XXH3_64bits_withSeed(a.bytes, n,
		       XXH3_64bits(region, strlen(region)) + a.family) %
	    SHARE_COHORTS;
	return c;
}

struct cohort
share_cohort_name(const uint8_t *tenant, const char *region)
{
	return (struct cohort){
	    .number = (uint32_t)XXH3_64bits_withSeed(tenant, name_len(tenant),
			  XXH3_64bits(region, strlen(region))) %
		SHARE_COHORTS,
	};
}

struct cohort
share_trickle(const struct addr *client)
{
	return share_cohort(client, "/trickle"); /* no region's name */
}

static uint32_t
seconds(uint32_t ms)
{
	return (ms + 999) / 1000;
}

/* total in proportion to the time that has gone, of the time it takes. */
static uint32_t
part(uint32_t total, int64_t gone_s, uint32_t of_s)
{
	if (gone_s >= of_s)
		return total;
	return gone_s < 0 ? 0 : (uint32_t)(total * (uint64_t)gone_s / of_s);
}

/* When part(total, ...) first is above n, as seconds gone. */
static int64_t
part_exceeds(uint32_t total, uint32_t n, uint32_t of_s)
{
	return ((int64_t)(n + 1) * of_s + total - 1) / total;
}

void
share_freeze(struct share *s, uint32_t now_s)
{
	if (s->frozen_s == 0)
		s->frozen_s = (int64_t)now_s + 1;
}

void
share_thaw(struct share *s, uint32_t now_s)
{
	if (s->frozen_s != 0 && s->frozen_s < now_s)
		s->back_s += now_s - s->frozen_s;
	s->frozen_s = 0;
}

/* The second at which the return is. */
static int64_t
back_at(const struct share *s, uint32_t now_s)
{
	return s->frozen_s != 0 && s->frozen_s < now_s ? s->frozen_s : now_s;
}

static bool
is_coming_back(const struct share *s, const struct conf_failback *f)
{
	return f != NULL && s->back;
}

static bool
is_held(const struct share *s, const struct conf_failback *f)
{
	return f->manual && !s->resumed;
}

/* An operator who resumes has waited long enough. */
static int64_t
back_from(const struct share *s, const struct conf_failback *f)
{
	return s->back_s + (s->resumed ? 0 : seconds(f->hold_ms));
}

static uint32_t
taken_back(const struct share *s, const struct conf_failback *f, uint32_t now_s)
{
	int64_t gone_s = back_at(s, now_s) - back_from(s, f);

	if (is_held(s, f) || gone_s < 0)
		return 0;
	return part(SHARE_COHORTS, gone_s, seconds(f->ramp_ms));
}

static int64_t
out_from(const struct share *s)
{
	return s->out_end_s - s->out_over_s;
}

bool
share_in_force(
    const struct share *s, const struct conf_failback *f, uint32_t now_s)
{
	return s->out != 0 ||
	    (is_coming_back(s, f) && taken_back(s, f, now_s) < SHARE_COHORTS);
}

bool
share_left(const struct share *s, const struct conf_failback *f, uint32_t now_s,
    struct share_left *left)
{
	int64_t hold_s;

	if (!is_coming_back(s, f) || taken_back(s, f, now_s) == SHARE_COHORTS)
		return false;
	hold_s = back_from(s, f) - back_at(s, now_s);
	*left = (struct share_left){
	    .manual = is_held(s, f), .frozen = s->frozen_s != 0};
	if (left->manual)
		hold_s = 0;
	left->hold_s = hold_s > 0 ? (uint32_t)hold_s : 0;
	left->all_s = (uint32_t)(hold_s + seconds(f->ramp_ms));
	return true;
}

uint32_t
share_taken(
    const struct share *s, const struct conf_failback *f, uint32_t now_s)
{
	uint32_t taken = SHARE_COHORTS -
	    part(s->out, (int64_t)now_s - out_from(s), s->out_over_s);
	uint32_t back;

	if (!is_coming_back(s, f))
		return taken;
	back = taken_back(s, f, now_s);
	return back < taken ? back : taken;
}

static uint32_t
until(int64_t at_s, int64_t now_s)
{
	return at_s > now_s ? (uint32_t)(at_s - now_s) : SHARE_NEVER;
}

uint32_t
share_change_s(const struct share *s, const struct conf_failback *f,
    uint32_t cohort, uint32_t now_s)
{
	uint32_t in = SHARE_NEVER, out = SHARE_NEVER;

	if (is_coming_back(s, f) && !is_held(s, f))
		in = until(back_from(s, f) +
			part_exceeds(
			    SHARE_COHORTS, cohort, seconds(f->ramp_ms)),
		    back_at(s, now_s));
	if (cohort >= SHARE_COHORTS - s->out)
		out = until(out_from(s) +
			part_exceeds(
			    s->out, SHARE_COHORTS - 1 - cohort, s->out_over_s),
		    now_s);
	return in < out ? in : out;
}
