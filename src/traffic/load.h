/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How full regions are, of their declared capacity.  Pure; any thread.
 */
#ifndef TRAFFIC_LOAD_H
#define TRAFFIC_LOAD_H

#include <stdbool.h>
#include <stddef.h>

/* Of one region. */
struct load_region {
	double capacity;
	double share; /* of all that is answered, 0 to 1 */
};

/*
 * Nobody tells how much traffic an answer brings, but capacity is bought so
 * that the largest region may fail: *load is what the others can carry at
 * max_fill percent, or less where a region would now be beyond its capacity.
 * False: a capacity is not declared, or there are not two regions.
 */
bool load_assume(const struct load_region *regions, size_t n, unsigned max_fill,
    double *load);

#endif
