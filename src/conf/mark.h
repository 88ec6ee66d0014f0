/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where something stands in the configuration.
 */
#ifndef CONF_MARK_H
#define CONF_MARK_H

struct conf_mark {
	const char *file;
	unsigned line, column; /* from 1 */
	/* Where an alias of YAML in the same file repeats it; 0: nowhere. */
	unsigned alias_line, alias_column;
};

#endif
