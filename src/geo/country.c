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

const struct country *
country_find(const char code[2])
{
	return bsearch(code, countries,
	    sizeof(countries) / sizeof(countries[0]), sizeof(countries[0]),
	    compare);
}
