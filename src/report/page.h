/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page: HTML without anything from elsewhere, which fetches itself
 * again every few seconds.  Pure; any thread.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <jansson.h>

struct text;

/* Of what status_report() says. */
void page_print(const json_t *status, struct text *t);

#endif
