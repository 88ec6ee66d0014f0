/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a permitted difference holds: of an exchange, our reply and another's.
 */
#ifndef DIFFER_HOLD_H
#define DIFFER_HOLD_H

#include "exchange.h"

typedef bool rule_fn(
    const struct exchange *x, const struct reply *m, const struct reply *p);

rule_fn alias_followed, alias_loops, alias_not_followed, any_differs,
    any_not_followed, any_without_ds, asked_cd, both_truncated, chain_goes_on,
    chain_grows, ds_by_alias, ds_without_cut, error_in_haste, error_without_opt,
    error_without_question, glue_by_wildcard, glue_is_cut, glue_is_dropped,
    name_shared, near_limit, no_question, none_fits, optional_differs,
    other_badvers, other_is_error, other_is_formerr, other_is_silent, says_ad,
    sibling_is_cut, soa_is_cut, we_badvers, we_badvers_first, we_badvers_signed,
    we_compress, we_formerr, we_notauth, we_notimp, we_refuse, we_yxdomain;

#endif
