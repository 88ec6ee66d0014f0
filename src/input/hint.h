/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was probably meant by a value that is not what it must be: the mend, to
 * stand behind the message, as in "; did you mean 443?"; or "".  Pure; any
 * thread.
 */
#ifndef INPUT_HINT_H
#define INPUT_HINT_H

#include <stddef.h>

enum { HINT_MAX = 160 };

/* Of a whole number: leading zeros, other bases, a service, what follows it. */
const char *hint_number(char buf[HINT_MAX], const char *text);

/* Of a target's address: a port, a length, a scheme, a host's name. */
const char *hint_address(char buf[HINT_MAX], const char *text);

/* Of one of some words (ended by NULL): yes where "on" is known, and the like.
 * Its index, or -1. */
int hint_switch(const char *text, const char *const *words);

/* Of a key: "interval:1s" and "interval = 1s" for "interval" (known says
 * whether a map has it), and characters that look like a blank. */
const char *hint_key(char buf[HINT_MAX], const char *text,
    const char *(*known)(const char *key, size_t len, void *arg), void *arg);

/* Of a map, where there is a list (text is NULL) or a text. */
const char *hint_map(char buf[HINT_MAX], const char *text);

/* Of the name of an object: in lower case, with - for what it cannot have. */
const char *hint_label(char buf[HINT_MAX], const char *text);

/* Of a domain name that is written as no query has it; "": as it may be. */
const char *hint_name(const char *text);

#endif
