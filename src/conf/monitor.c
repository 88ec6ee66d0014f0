/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/monitor.h"

#include <string.h>

enum { HTTP_PORT = 80, HTTP_OK = 200 };

const char *const conf_monitor_types[CONF_MONITOR_TYPES + 1] = {
    [CONF_MONITOR_TCP] = "tcp",
    [CONF_MONITOR_HTTP] = "http",
};

/* Bits of enum conf_monitor_type. */
enum types {
	TCP = 1 << CONF_MONITOR_TCP,
	HTTP = 1 << CONF_MONITOR_HTTP,
};

/* Keys that are not for every type, and the types that must have them. */
static const struct monitor_key {
	const char *in; /* the map that the key stands in; NULL: the monitor */
	const char *name;
	unsigned types, needed;
} monitor_keys[] = {
    {NULL, "port", TCP | HTTP, TCP},
    {NULL, "host", HTTP, 0},
    {NULL, "path", HTTP, 0},
    {NULL, "expect", HTTP, 0},
    {"expect", "status", HTTP, 0},
    {"expect", "body", HTTP, 0},
};

static void
check_http(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	if (m->status == 0)
		m->status = HTTP_OK;
	if (!m->path)
		m->path = "/";
	if (*m->path != '/' || strchr(m->path, ' '))
		diag_error(r->d, &yaml_find(node, "path")->mark,
		    "\"path\" "
		    "must begin with / and have no space");
	if (m->host && strpbrk(m->host, " /@"))
		diag_error(r->d, &yaml_find(node, "host")->mark,
		    "\"host\" "
		    "must be a host name");
}

/* What a type adds to its keys. */
static const struct monitor_type {
	uint16_t port; /* when none is given */
	void (*check)(struct schema_reader *r, const struct yaml_node *node,
	    struct conf_monitor *m);
} monitor_types[CONF_MONITOR_TYPES] = {
    [CONF_MONITOR_HTTP] = {HTTP_PORT, check_http},
};

static void
check_keys(struct schema_reader *r, const struct yaml_node *node,
    enum conf_monitor_type type)
{
	const char *word = conf_monitor_types[type];

	for (size_t i = 0; i < sizeof(monitor_keys) / sizeof(*monitor_keys);
	     i++) {
		const struct monitor_key *k = &monitor_keys[i];
		const struct yaml_node *map =
		    k->in ? yaml_find(node, k->in) : node;
		const struct yaml_node *value =
		    map ? yaml_find(map, k->name) : NULL;

		if (value && !(k->types >> type & 1))
			diag_error(r->d, &value->mark,
			    "\"%s\" is not for a monitor of type %s", k->name,
			    word);
		if (!value && k->needed >> type & 1)
			diag_error(r->d, &node->mark,
			    "a monitor of type %s needs the key \"%s\"", word,
			    k->name);
	}
}

/* Without a valid type there is nothing more to be said of it. */
static void
check_type(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	const struct yaml_node *type = yaml_find(node, "type");
	const struct monitor_type *t = &monitor_types[m->type];

	if (!type || type->kind != NODE_SCALAR ||
	    strcmp(type->text, conf_monitor_types[m->type]) != 0)
		return;
	check_keys(r, node, m->type);
	if (m->port == 0)
		m->port = t->port;
	if (t->check)
		t->check(r, node, m);
}

void
check_monitor(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *timeout = yaml_find(node, "timeout");
	struct conf_monitor *m = object;

	check_type(r, node, m);
	if (timeout && m->timeout_ms > m->interval_ms && m->interval_ms != 0)
		diag_error(r->d, &timeout->mark,
		    "\"timeout\" is longer than "
		    "\"interval\"");
	else if (m->timeout_ms > m->interval_ms && m->interval_ms != 0)
		m->timeout_ms = m->interval_ms;
	if (m->slow_ms != 0 && m->slow_ms >= m->timeout_ms)
		diag_error(r->d, &yaml_find(node, "slow")->mark,
		    "\"slow\" must be shorter than \"timeout\"");
	m->text = schema_text(r, SCHEMA_MONITOR, object);
}
