/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/composer.h"
#include "dns/name.h"
#include "rdata/param.h"
#include "steer/pool.h"

/* Any name asked: as a wildcard just below the root. */
static const uint8_t any_name[] = {1, '*', 0};

/* Bodies while an offer is made; each is on the heap. */
struct draft {
	VEC(struct variant) variants[CONF_POOL_TYPES_MAX];
	struct composer *composer;
};

static bool
record_put(struct composer *c, uint16_t type, const uint8_t *rdata, size_t len)
{
	return composer_put(
	    c, BODY_ANSWER, any_name, type, 0, rdata, (uint16_t)len, false);
}

/* Addresses of a family that the region does not offer as live are not hinted
 * at (RFC 9460 7.3), while the other family is live. */
static bool
is_hinted(const struct pool *p, const struct pool_region *r,
    const struct pool_target *t, enum pool_family f)
{
	enum pool_family other = f == POOL_IPV4 ? POOL_IPV6 : POOL_IPV4;

	if (!pool_is_apart(p) || r->nlive[other] == 0)
		return true;
	if (t->conf->addr[f == POOL_IPV6].family != 0)
		return t->live[f];
	return r->nlive[f] > 0;
}

static bool
hints_put(struct composer *c, const struct pool *p, const struct pool_region *r,
    const struct pool_target *t, const struct conf_record *record)
{
	uint8_t rdata[UINT16_MAX];
	size_t len = params_drop_hints(rdata, record->rdata, record->rdata_len,
	    is_hinted(p, r, t, POOL_IPV4), is_hinted(p, r, t, POOL_IPV6));

	return record_put(c, record->type, rdata, len);
}

/* All that the target has of the type; false: nothing. */
static bool
target_put(struct composer *c, const struct pool *p,
    const struct pool_region *r, const struct pool_target *target,
    uint16_t type)
{
	const struct conf_target *t = target->conf;
	const struct addr *a = &t->addr[type == DNS_AAAA];
	bool hints = type == DNS_HTTPS || type == DNS_SVCB, put = false;

	if (type == DNS_CNAME && t->cname != NULL)
		return record_put(c, type, t->cname, name_len(t->cname));
	if ((type == DNS_A || type == DNS_AAAA) && a->family != 0)
		return record_put(c, type, a->bytes, addr_bits(a) / 8);
	for (size_t i = 0; i < t->nrecords; i++) {
		const struct conf_record *record = &t->records[i];

		if (record->type != type)
			continue;
		put |= hints
		    ? hints_put(c, p, r, target, record)
		    : record_put(c, type, record->rdata, record->rdata_len);
	}
	return put;
}

static struct body *
body_end(struct composer *c)
{
	return composer_end(c, xmalloc(composer_size(c)));
}

/* One answer with all chosen targets that have the type, up to max. */
static void
draft_all(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	unsigned put = 0;

	composer_begin(d->composer, any_name, false);
	for (size_t i = 0; i < r->ntargets && put < p->conf->max; i++)
		if (chosen[i])
			put += target_put(d->composer, p, r, &r->targets[i],
			    p->conf->types[k]);
	if (put > 0)
		vec_push(&d->variants[k],
		    ((struct variant){1, body_end(d->composer)}));
}

/* One answer for each chosen target that has the type. */
static void
draft_each(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	uint32_t until = 0;

	for (size_t i = 0; i < r->ntargets; i++) {
		if (!chosen[i])
			continue;
		composer_begin(d->composer, any_name, false);
		if (!target_put(
			d->composer, p, r, &r->targets[i], p->conf->types[k]))
			continue;
		until += r->targets[i].conf->weight;
		vec_push(&d->variants[k],
		    ((struct variant){until, body_end(d->composer)}));
	}
}

static void
draft_type(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	/* A name has one CNAME (RFC 2181 10.1). */
	if (p->conf->mode == CONF_ANSWER_ONE || p->conf->types[k] == DNS_CNAME)
		draft_each(d, k, p, r, chosen);
	else
		draft_all(d, k, p, r, chosen);
}

/* Moves the draft into one block. */
static struct offer *
offer_pack(struct draft *d, const struct pool *p)
{
	size_t size = sizeof(struct offer);
	struct offer *o;
	char *at;

	for (size_t k = 0; k < p->conf->ntypes; k++)
		for (size_t i = 0; i < d->variants[k].n; i++)
			size += sizeof(struct variant) +
			    body_size(d->variants[k].at[i].body);
	o = xcalloc(1, size);
	at = (char *)(o + 1);
	for (size_t k = 0; k < p->conf->ntypes; k++) {
		o->count[k] = (uint16_t)d->variants[k].n;
		o->variants[k] = (struct variant *)at;
		at += o->count[k] * sizeof(struct variant);
	}
	for (size_t k = 0; k < p->conf->ntypes; k++) {
		for (size_t i = 0; i < o->count[k]; i++) {
			const struct variant *v = &d->variants[k].at[i];
			size_t len = body_size(v->body);

			o->variants[k][i].until = o->total[k] = v->until;
			o->variants[k][i].body = memcpy(at, v->body, len);
			at += len;
			free((void *)(uintptr_t)v->body);
		}
		vec_free(&d->variants[k]);
	}
	return o;
}

enum choice {
	CHOOSE_BETTER,
	CHOOSE_LIVE,
	CHOOSE_NOT_DRAINED,
	CHOOSE_ALL,
	CHOICES
};

static bool
is_chosen(const struct pool_target *t, enum pool_family f, enum choice choice)
{
	switch (choice) {
	case CHOOSE_BETTER:
		return t->live[f] &&
		    (t->up != NULL || t->health[f] != HEALTH_DEGRADED);
	case CHOOSE_LIVE:
		return t->live[f];
	case CHOOSE_NOT_DRAINED:
		return t->drain == NULL;
	default:
		return true;
	}
}

/*
 * A type's answer never depends on health for its existence (RFC 7871 7.4):
 * where no target that has it is better than degraded, the degraded ones stand
 * in, then those that are not drained, then all.
 */
struct offer *
offer_make(const struct pool *p, const struct pool_region *r)
{
	struct draft d = {.composer = xmalloc(sizeof(*d.composer))};
	bool *chosen = xcalloc(r->ntargets, sizeof(*chosen));
	struct offer *o;

	for (size_t k = 0; k < p->conf->ntypes; k++) {
		for (unsigned choice = CHOOSE_BETTER;
		     choice < CHOICES && d.variants[k].n == 0; choice++) {
			for (size_t i = 0; i < r->ntargets; i++)
				chosen[i] = is_chosen(&r->targets[i],
				    pool_family(p->conf->types[k]),
				    (enum choice)choice);
			draft_type(&d, k, p, r, chosen);
		}
	}
	o = offer_pack(&d, p);
	o->share = r->share;
	free(d.composer);
	free(chosen);
	return o;
}
