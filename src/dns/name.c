/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

size_t
name_len(const uint8_t *name)
{
	size_t len = 0;

	while (name[len] != 0)
		len += 1u + name[len];
	return len + 1;
}

bool
name_is_within(const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && p[at] != 0 && p[at] <= DNS_LABEL_MAX)
		at += 1u + p[at];
	return at < len && at < DNS_NAME_MAX && p[at] == 0;
}

unsigned
name_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += 1 + *name)
		n++;
	return n;
}

/* One octet of a label, escapes resolved (RFC 1035 5.1); text moves past it. */
static bool
octet_parse(const char **text, uint8_t *octet)
{
	const unsigned char *p = (const unsigned char *)*text;
	unsigned v;

	if (*p != '\\') {
		*octet = *p;
		*text += 1;
		return true;
	}
	if (!isdigit(p[1])) {
		*octet = p[1];
		*text += 2;
		return p[1] != '\0';
	}
	if (!isdigit(p[2]) || !isdigit(p[3]))
		return false;
	v = (p[1] - '0') * 100u + (p[2] - '0') * 10u + (p[3] - '0');
	*octet = (uint8_t)v;
	*text += 4;
	return v <= 255;
}

static bool
label_parse(const char **text, uint8_t name[DNS_NAME_MAX], size_t *len,
    const char **why)
{
	size_t start = (*len)++;
	uint8_t octet;

	while (**text != '\0' && **text != '.') {
		if (!octet_parse(text, &octet)) {
			*why = "a bad escape";
			return false;
		}
		/* One octet has to be left for the root label. */
		if (*len > DNS_NAME_MAX - 2) {
			*why = "longer than 255 octets";
			return false;
		}
		name[(*len)++] = octet;
	}
	if (*len - start - 1 > DNS_LABEL_MAX)
		*why = "a label longer than 63 octets";
	else if (*len - start - 1 == 0)
		*why = "an empty label";
	name[start] = (uint8_t)(*len - start - 1);
	return *why == NULL;
}

bool
name_parse(const char *text, uint8_t name[DNS_NAME_MAX], struct error *err)
{
	const char *p = text, *why = NULL;
	size_t len = 0;

	if (strcmp(text, ".") == 0) {
		name[0] = 0;
		return true;
	}
	if (*text == '\0')
		return error_set(err, "an empty name");
	while (*p != '\0') {
		if (len > DNS_NAME_MAX - 3)
			why = "longer than 255 octets";
		if (why != NULL || !label_parse(&p, name, &len, &why))
			return error_set(
			    err, "%.300s: not a name: %s", text, why);
		if (*p == '.')
			p++;
	}
	name[len] = 0;
	return true;
}

char *
name_format(char buf[NAME_TEXT_MAX], const uint8_t *name)
{
	char *p = buf;

	if (*name == 0)
		return strcpy(buf, ".");
	while (*name != 0) {
		unsigned n = *name++;

		for (; n > 0; n--, name++) {
			if (*name <= ' ' || *name >= 0x7f)
				p += sprintf(p, "\\%03u", *name);
			else if (strchr(".\\\"();@$", *name) != NULL)
				p += sprintf(p, "\\%c", *name);
			else
				*p++ = (char)*name;
		}
		*p++ = '.';
	}
	*p = '\0';
	return buf;
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

void
name_lower(uint8_t *name)
{
	while (*name != 0) {
		unsigned n = *name++;

		for (; n > 0; n--, name++)
			*name = lower(*name);
	}
}

bool
name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = name_len(a);

	if (len != name_len(b))
		return false;
	/* Lengths of labels are below 'A', so they can be compared alike. */
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
name_label_equal(const uint8_t *a, const uint8_t *b)
{
	if (*a != *b)
		return false;
	for (unsigned i = 1; i <= *a; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
name_is_under(const uint8_t *name, const uint8_t *suffix)
{
	unsigned have = name_labels(name), want = name_labels(suffix);

	if (have < want)
		return false;
	for (; have > want; have--)
		name += 1 + *name;
	return name_equal(name, suffix);
}

const uint8_t *
name_parent(const uint8_t *name)
{
	return name + 1 + *name;
}

bool
name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

uint64_t
name_hash(const uint8_t *name, size_t len)
{
	return XXH3_64bits(name, len);
}
