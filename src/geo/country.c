/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/country.h"

#include <stdlib.h>
#include <string.h>

static const struct country countries[] = {
#include "geo/country_table.inc"
};

static int
compare(const void *key, const void *row)
{
	return memcmp(key, ((const struct country *)row)->code, 2);
}

static const char several[][2][3] = {{"EU", "EU"}, {"AP", "AS"}};

const struct country *
country_find(const char code[2])
{
	return bsearch(code, countries,
	    sizeof(countries) / sizeof(countries[0]), sizeof(countries[0]),
	    compare);
}

const char *
country_continent(const char code[2])
{
	const struct country *c = country_find(code);

	for (size_t i = 0; c == NULL && i < 2; i++)
		if (memcmp(several[i][0], code, 2) == 0)
			return several[i][1];
	return c != NULL ? c->continent : NULL;
}
