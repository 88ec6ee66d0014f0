/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where something stands in the configuration.
 */
#ifndef CONF_MARK_H
#define CONF_MARK_H

struct conf_mark {
	const char *file;
	unsigned line, column; /* from 1 */
};

#endif
