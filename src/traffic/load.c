/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/load.h"

bool
load_assume(const struct load_region *regions, size_t n, unsigned max_fill,
    double *load)
{
	double capacity = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		double c = regions[i].capacity;

		if (c <= 0)
			return false;
		capacity += c;
		largest = c > largest ? c : largest;
	}
	if (n < 2)
		return false;
	*load = (capacity - largest) * max_fill / 100.0;
	for (size_t i = 0; i < n; i++) {
		const struct load_region *r = &regions[i];

		if (r->share * *load > r->capacity)
			*load = r->capacity / r->share;
	}
	return true;
}
