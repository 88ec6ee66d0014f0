/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/hint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/net.h"

enum { TEXT_MAX = 100 /* of what a hint shows */ };

/* Numbers ------------------------------------------------------------------ */

static const struct service {
	const char *name;
	unsigned port;
} services[] = {
    {"domain", 53},
    {"dns", 53},
    {"http", 80},
    {"https", 443},
};

static const char *
number_named(char buf[HINT_MAX], const char *text)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		if (strcasecmp(services[i].name, text) != 0)
			continue;
		snprintf(buf, HINT_MAX, "; did you mean %u?", services[i].port);
		return buf;
	}
	return "";
}

const char *
hint_number(char buf[HINT_MAX], const char *text)
{
	bool hex = strncasecmp(text, "0x", 2) == 0;
	const char *digits = text + strspn(text, "+0");
	char *end;
	long long value;

	if (hex) {
		value = strtoll(text + 2, &end, 16);
		if (end == text + 2 || *end != '\0' || !isxdigit(text[2]))
			return "";
	} else {
		if (!isdigit((unsigned char)*digits))
			return number_named(buf, text);
		value = strtoll(digits, &end, 10);
	}
	if (end - text > 18)
		return "";
	snprintf(buf, HINT_MAX, "; did you mean %lld?", value);
	return buf;
}

/* Addresses ---------------------------------------------------------------- */

/* "192.000.002.001", which may be octal or not. */
static bool
parse_padded(const char *text, struct addr *a)
{
	char plain[ADDR_TEXT_MAX];
	unsigned o[4];
	int n = 0;

	if (sscanf(text, "%3u.%3u.%3u.%3u%n", &o[0], &o[1], &o[2], &o[3], &n) !=
		4 ||
	    text[n] != '\0')
		return false;
	snprintf(plain, sizeof(plain), "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	return addr_parse(plain, a);
}

/* Without what stands around it; *rest is what follows it. */
static bool
parse_within(const char *text, struct addr *a, char *rest)
{
	const char *scheme = strstr(text, "://");
	const char *p = scheme != NULL ? scheme + 3 : text;
	char word[TEXT_MAX];
	size_t len;

	p += *p == '[';
	len = strcspn(p, "]/@%");
	if (len >= sizeof(word))
		return false;
	memcpy(word, p, len);
	word[len] = '\0';
	*rest = p[len] == ']' && p[len + 1] != '\0' ? p[len + 1] : p[len];
	if (addr_parse(word, a) || parse_padded(word, a))
		return true;
	len = strcspn(word, ":");
	*rest = word[len];
	word[len] = '\0';
	return addr_parse(word, a) || parse_padded(word, a);
}

const char *
hint_address(char buf[HINT_MAX], const char *text)
{
	char plain[ADDR_TEXT_MAX], rest;
	struct addr a;

	if (parse_within(text, &a, &rest)) {
		snprintf(buf, HINT_MAX, "; write %s alone%s",
		    addr_format(plain, &a),
		    strchr(":@", rest) != NULL && rest != '\0'
			? ", the port is the monitor's (\"port\")"
			: "");
		return buf;
	}
	if (strpbrk(text, "abcdefghijklmnopqrstuvwxyz") != NULL &&
	    strchr(text, '.') != NULL && strpbrk(text, " /:@") == NULL)
		return "; a target that is a name has the key \"cname\"";
	return "";
}

/* Words -------------------------------------------------------------------- */

static const char *const truths[] = {"yes", "on", "true", "y", "1", NULL};
static const char *const lies[] = {"no", "off", "false", "n", "0", NULL};

static int
find_word(const char *text, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcasecmp(words[i], text) == 0)
			return i;
	return -1;
}

static int
find_any(const char *const *wanted, const char *const *words)
{
	for (; *wanted != NULL; wanted++) {
		int i = find_word(*wanted, words);

		if (i >= 0)
			return i;
	}
	return -1;
}

int
hint_switch(const char *text, const char *const *words)
{
	if (find_word(text, truths) >= 0)
		return find_any(truths, words);
	if (find_word(text, lies) >= 0)
		return find_any(lies, words);
	return -1;
}

/* Keys --------------------------------------------------------------------- */

/* UTF-8 of what is seen as a blank, or not at all. */
static const char *const invisible[] = {"\xc2\xa0", "\xc2\xad", "\xe2\x80\x8b",
    "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\xaf", "\xe2\x81\xa0",
    "\xe3\x80\x80"};

static const char *
hint_invisible(char buf[HINT_MAX], const char *text)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(*invisible); i++) {
		const unsigned char *c = (const unsigned char *)invisible[i];

		if (strstr(text, invisible[i]) == NULL)
			continue;
		snprintf(buf, HINT_MAX,
		    "; delete the invisible character U+%04X",
		    c[2] == '\0' ? (c[0] & 0x1fu) << 6 | (c[1] & 0x3f)
				 : (c[0] & 0xfu) << 12 | (c[1] & 0x3fu) << 6 |
			    (c[2] & 0x3f));
		return buf;
	}
	return "";
}

const char *
hint_key(char buf[HINT_MAX], const char *text,
    const char *(*known)(const char *key, size_t len, void *arg), void *arg)
{
	size_t len = strcspn(text, ":= "), skip;
	const char *key = text[len] != '\0' ? known(text, len, arg) : NULL;

	if (key == NULL)
		return hint_invisible(buf, text);
	skip = strspn(text + len, ":= ");
	snprintf(buf, HINT_MAX, "; write \"%s: %.*s\"", key, TEXT_MAX,
	    text[len + skip] != '\0' ? text + len + skip : "VALUE");
	return buf;
}

const char *
hint_map(char buf[HINT_MAX], const char *text)
{
	const char *end, *value;
	struct addr a;

	if (text != NULL && addr_parse(text, &a)) {
		snprintf(buf, HINT_MAX, ": write {addr: %s}", text);
		return buf;
	}
	if (text == NULL)
		return ": its lines begin with \"KEY:\", not with \"- \"";
	if (strcmp(text, "null") == 0 || strcmp(text, "~") == 0)
		return ": leave it empty, or write {}";
	end = text + strcspn(text, ":= ");
	value = end + strspn(end, " ");
	if (end == text || (*value != '\0' && strchr(":=", *value) == NULL)) {
		snprintf(buf, HINT_MAX, ", not \"%.*s\"", TEXT_MAX, text);
		return buf;
	}
	value += strspn(value, ":= ");
	snprintf(buf, HINT_MAX, ": write \"%.*s:%s%.*s\"",
	    (int)(end - text < TEXT_MAX ? end - text : TEXT_MAX), text,
	    *value != '\0' ? " " : "", TEXT_MAX, value);
	return buf;
}

const char *
hint_label(char buf[HINT_MAX], const char *text)
{
	const char *invisible_one = hint_invisible(buf, text);
	char label[64];
	size_t len = strlen(text);

	if (*invisible_one != '\0')
		return invisible_one;

	if (len >= sizeof(label) || !isalnum((unsigned char)*text))
		return "";
	for (size_t i = 0; i <= len; i++) {
		int c = tolower((unsigned char)text[i]);

		label[i] = (char)(i == len || isalnum(c) || c == '_' ? c : '-');
	}
	snprintf(buf, HINT_MAX, "; did you mean \"%s\"?", label);
	return buf;
}

const char *
hint_name(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x7f)
			return "a name with characters beyond ASCII: write it as in queries, each label as xn--..., or its octets as \\195\\164";
		if (c <= ' ')
			return "a blank in a name: delete it, or write \\032";
	}
	return "";
}
