/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The permitted differences: a name, the RFC, and when it holds.
 */
#ifndef DIFFER_RULE_H
#define DIFFER_RULE_H

#include "exchange.h"

/*
 * Aspects of the differences between our reply and another server's that no
 * rule explains.  agreed: aspects in which all others agree; only rules that
 * stand against all hold there.
 */
unsigned rule_explain(const struct exchange *x, enum server other,
    unsigned differences, unsigned agreed);

/* How often each held. */
void rule_print_counts(void);

#endif
