/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/name.h"

#include <stdio.h>
#include <string.h>

#include "dns/lex.h"

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

/* Ends the label that begins at its length's place, before n. */
static const char *
label_end(uint8_t *name, size_t label, size_t n)
{
	size_t len = n - label - 1;

	if (len == 0)
		return "an empty label";
	if (len > DNS_LABEL_MAX)
		return "a label longer than 63 octets";
	name[label] = (uint8_t)len;
	return NULL;
}

static const char *
origin_put(
    uint8_t name[DNS_NAME_MAX], size_t label, size_t n, const uint8_t *origin)
{
	const char *wrong = label_end(name, label, n);
	size_t len = name_len(origin);

	if (wrong != NULL)
		return wrong;
	if (n + len > DNS_NAME_MAX)
		return "longer than 255 octets";
	memcpy(name + n, origin, len);
	return NULL;
}

const char *
name_parse_under(const char *text, size_t len, const uint8_t *origin,
    uint8_t name[DNS_NAME_MAX])
{
	const char *p = text, *end = text + len, *wrong;
	size_t label = 0, n = 1; /* the label's length stands at label */

	name[0] = 0;
	if (len == 0)
		return "an empty name";
	if (len == 1 && *p == '.')
		return NULL;
	while (p < end) {
		if (n == DNS_NAME_MAX)
			return "longer than 255 octets";
		if (*p == '.') {
			wrong = label_end(name, label, n);
			if (wrong != NULL)
				return wrong;
			label = n++;
			p++;
		} else if (!lex_octet(&p, end, &name[n++])) {
			return "a bad escape: \\DDD is a number up to 255";
		}
	}
	if (label + 1 < n)
		return origin_put(name, label, n, origin);
	name[label] = 0;
	return NULL;
}

bool
name_parse(const char *text, uint8_t name[DNS_NAME_MAX], struct error *err)
{
	static const uint8_t root[] = {0};
	const char *wrong = name_parse_under(text, strlen(text), root, name);

	if (wrong == NULL)
		return true;
	return *text == '\0'
	    ? error_set(err, "an empty name")
	    : error_set(err, "%.300s: not a name: %s", text, wrong);
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

/* Octets that a processor lowers at once. */
typedef uint8_t octets8 __attribute__((vector_size(8)));
typedef uint8_t octets16 __attribute__((vector_size(16)));

static inline octets8
lower8(const uint8_t *from)
{
	octets8 o;

	memcpy(&o, from, sizeof(o));
	return o | ((octets8)(o - 'A' <= 'Z' - 'A') & 0x20);
}

static inline void
copy_lower8(uint8_t *to, const uint8_t *from)
{
	octets8 o = lower8(from);

	memcpy(to, &o, sizeof(o));
}

static inline bool
same_lower8(const uint8_t *a, const uint8_t *b)
{
	return ((uint64_t)lower8(a) ^ (uint64_t)lower8(b)) == 0;
}

static inline void
copy_lower16(uint8_t *to, const uint8_t *from)
{
	octets16 o;

	memcpy(&o, from, sizeof(o));
	o |= (octets16)(o - 'A' <= 'Z' - 'A') & 0x20;
	memcpy(to, &o, sizeof(o));
}

void
name_copy_lower(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t i = 0;

	/* The last block may begin within the one before it. */
	if (len >= sizeof(octets16)) {
		for (; i + sizeof(octets16) < len; i += sizeof(octets16))
			copy_lower16(to + i, from + i);
		i = len - sizeof(octets16);
		copy_lower16(to + i, from + i);
	} else if (len >= sizeof(octets8)) {
		i = len - sizeof(octets8);
		copy_lower8(to, from);
		copy_lower8(to + i, from + i);
	} else {
		for (; i < len; i++)
			to[i] = lower(from[i]);
	}
}

bool
name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = name_len(a);

	if (len != name_len(b))
		return false;
	/* Lengths of labels are below 'A', so they can be compared alike. */
	if (len < sizeof(octets8)) {
		for (size_t i = 0; i < len; i++)
			if (lower(a[i]) != lower(b[i]))
				return false;
		return true;
	}
	for (size_t i = 0; i + sizeof(octets8) < len; i += sizeof(octets8))
		if (!same_lower8(a + i, b + i))
			return false;
	len -= sizeof(octets8);
	return same_lower8(a + len, b + len);
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
