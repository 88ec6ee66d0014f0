/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/difference.h"

#include <math.h>

#include "geo/origin.h"

static double
percent(double part, double all)
{
	return all > 0 ? 100 * part / all : 0;
}

double
compare_most(const struct compared *c)
{
	const struct compare_sum *total = &c->total;
	double most = 0;

	if (total->all[COMPARE_TRAFFIC] >= COMPARE_ANSWERS_MIN)
		most = percent(
		    total->moved[COMPARE_TRAFFIC], total->all[COMPARE_TRAFFIC]);
	for (size_t i = 0; i < c->names.n; i++) {
		const struct compare_sum *s = &c->names.at[i].sum;

		most = fmax(most,
		    percent(s->moved[COMPARE_IPV4], s->all[COMPARE_IPV4]));
		most = fmax(most,
		    percent(s->moved[COMPARE_IPV6], s->all[COMPARE_IPV6]));
	}
	return most;
}

/* Into object: what moves of all. */
static json_t *
percents(json_t *object, const double *part, const double *all)
{
	for (size_t i = 0; i < COMPARE_KINDS; i++)
		json_object_set_new(object, compare_kind_names[i],
		    all[i] > 0 ? json_real(percent(part[i], all[i]))
			       : json_null());
	return object;
}

/* Both parts of what the object is about. */
static json_t *
sum_json(json_t *object, const struct compare_sum *s)
{
	json_object_set_new(
	    object, "reordered", percents(json_object(), s->reordered, s->all));
	return percents(object, s->moved, s->all);
}

static bool
is_changed(const struct compare_sum *s)
{
	double changed = 0;

	for (size_t i = 0; i < COMPARE_KINDS; i++)
		changed += s->moved[i] + s->reordered[i];
	return changed > 0;
}

static int
more(const void *x, const void *y)
{
	const struct compare_sum *a = &((const struct compare_row *)x)->sum;
	const struct compare_sum *b = &((const struct compare_row *)y)->sum;

	if (a->moved[COMPARE_TRAFFIC] != b->moved[COMPARE_TRAFFIC])
		return a->moved[COMPARE_TRAFFIC] < b->moved[COMPARE_TRAFFIC]
		    ? 1
		    : -1;
	if (a->moved[COMPARE_IPV4] != b->moved[COMPARE_IPV4])
		return a->moved[COMPARE_IPV4] < b->moved[COMPARE_IPV4] ? 1 : -1;
	return (a->reordered[COMPARE_IPV4] < b->reordered[COMPARE_IPV4]) -
	    (a->reordered[COMPARE_IPV4] > b->reordered[COMPARE_IPV4]);
}

static json_t *
names_json(const struct compared *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->names.n; i++) {
		const struct compare_row *r = &c->names.at[i];

		if (is_changed(&r->sum))
			json_array_append_new(list,
			    sum_json(
				json_pack("{s:s}", "name", r->name), &r->sum));
	}
	return list;
}

static json_t *
flows_json(const struct compared *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->flows.n; i++) {
		const struct compare_row *r = &c->flows.at[i];

		json_array_append_new(list,
		    percents(
			json_pack("{s:s, s:s}", "from", r->name, "to", r->to),
			r->sum.moved, c->total.all));
	}
	return list;
}

static json_t *
countries_json(const struct compared *c)
{
	struct compare_row rows[ORIGIN_COUNT];
	char codes[ORIGIN_COUNT][ORIGIN_TEXT_MAX];
	json_t *list = json_array();
	size_t n = 0;

	for (uint16_t i = 0; i < ORIGIN_COUNT; i++)
		if (is_changed(&c->countries[i]))
			rows[n++] = (struct compare_row){
			    .name = origin_format(codes[i], i),
			    .sum = c->countries[i]};
	qsort(rows, n, sizeof(rows[0]), more);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
		    sum_json(json_pack("{s:s}", "country", rows[i].name),
			&rows[i].sum));
	return list;
}

static json_t *
size_json(const double size[2])
{
	return json_pack("{s:f, s:f}", "ipv4", size[0], "ipv6", size[1]);
}

static json_t *
fences_json(const struct compared *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->fences.n; i++) {
		const struct compare_fence *f = &c->fences.at[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o, s:o}", "name", f->name, "fence",
			f->fence, "before", size_json(f->before), "after",
			size_json(f->after)));
	}
	return list;
}

static json_t *
texts_json(const char *const *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(texts[i]));
	return list;
}

json_t *
compare_json(const struct compared *c)
{
	if (c->flows.n > 0)
		qsort(c->flows.at, c->flows.n, sizeof(*c->flows.at), more);
	return sum_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "names",
			    names_json(c), "countries", countries_json(c),
			    "moves", flows_json(c), "fences", fences_json(c),
			    "added", texts_json(c->added.at, c->added.n),
			    "removed", texts_json(c->removed.at, c->removed.n)),
	    &c->total);
}
