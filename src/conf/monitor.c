/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/monitor.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/ping.h"
#include "conf/http.h"
#include "conf/value.h"
#include "rdata/rdata.h"

enum { DNS_PORT = 53 };

const char *const conf_monitor_types[CONF_MONITOR_TYPES + 1] = {
    [CONF_MONITOR_TCP] = "tcp",
    [CONF_MONITOR_HTTP] = "http",
    [CONF_MONITOR_HTTPS] = "https",
    [CONF_MONITOR_DNS] = "dns",
    [CONF_MONITOR_EXTERNAL] = "external",
    [CONF_MONITOR_EXEC] = "exec",
    [CONF_MONITOR_ICMP] = "icmp",
    [CONF_MONITOR_GRPC] = "grpc",
};

/* Bits of enum conf_monitor_type. */
enum types {
	TCP = 1 << CONF_MONITOR_TCP,
	HTTPS = 1 << CONF_MONITOR_HTTPS,
	HTTP = 1 << CONF_MONITOR_HTTP | HTTPS,
	DNS = 1 << CONF_MONITOR_DNS,
	EXTERNAL = 1 << CONF_MONITOR_EXTERNAL,
	EXEC = 1 << CONF_MONITOR_EXEC,
	GRPC = 1 << CONF_MONITOR_GRPC,
};

/* Keys that are not for every type, and the types that must have them. */
static const struct monitor_key {
	const char *in; /* the map that the key stands in; NULL: the monitor */
	const char *name;
	unsigned types, needed;
} monitor_keys[] = {
    {NULL, "port", TCP | HTTP | DNS | EXEC | GRPC, TCP | GRPC},
    {NULL, "host", HTTP | GRPC, 0},
    {NULL, "path", HTTP, 0},
    {NULL, "method", HTTP, 0},
    {NULL, "headers", HTTP, 0},
    {NULL, "payload", HTTP, 0},
    {NULL, "reconnect", HTTP, 0},
    {NULL, "service", GRPC, 0},
    {NULL, "tls", GRPC, 0},
    {NULL, "sni", HTTPS | GRPC, 0},
    {NULL, "verify", HTTPS | GRPC, 0},
    {NULL, "ca", HTTPS | GRPC, 0},
    {NULL, "load", HTTP, 0},
    {NULL, "query", DNS, DNS},
    {NULL, "command", EXEC, EXEC},
    {NULL, "file", EXTERNAL, 0},
    {NULL, "fresh", EXTERNAL, 0},
    {NULL, "on_stale", EXTERNAL, 0},
    {NULL, "expect", HTTP | DNS, 0},
    {"query", "name", DNS, DNS},
    {"expect", "status", HTTP, 0},
    {"expect", "body", HTTP, 0},
    {"expect", "max_body", HTTP, 0},
    {"expect", "rcode", DNS, 0},
    {"expect", "records", DNS, 0},
};

bool
monitor_name(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	uint8_t name[DNS_NAME_MAX];
	const char **text = field;

	if (node->kind != NODE_SCALAR || node->empty)
		return diag_error(
		    r->d, &node->mark, "\"%s\" must be a name", k->name);
	return value_read_name(r, node, name, text);
}

bool
monitor_type(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	uint16_t *type = field;

	*type = node->kind == NODE_SCALAR ? rr_type_parse(node->text) : 0;
	return *type != 0 ||
	    diag_error(r->d, &node->mark,
		"\"%s\" must be a type of records, as AAAA or TYPE257",
		k->name);
}

bool
monitor_rcode(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	return (node->kind == NODE_SCALAR &&
		   rr_rcode_parse(node->text, field)) ||
	    diag_error(r->d, &node->mark,
		"\"%s\" must be an rcode, as NOERROR, NXDOMAIN or REFUSED",
		k->name);
}

bool
monitor_require(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	unsigned *require = field;

	if (node->kind == NODE_SCALAR && strcmp(node->text, "all") == 0)
		*require = 0;
	else if (node->kind == NODE_SCALAR && strcmp(node->text, "any") == 0)
		*require = 1;
	else if (node->kind == NODE_SCALAR &&
	    isdigit((unsigned char)*node->text))
		return value_number(r, k, node, field);
	else
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be all, any or a number", k->name);
	return true;
}

/* One that counted twice would be two of those that are required. */
static void
check_monitors(struct schema_reader *r, const struct yaml_node *monitor)
{
	for (size_t i = 1; monitor->kind == NODE_LIST && i < monitor->n; i++) {
		const struct yaml_node *a = monitor->items[i];
		size_t k = 0;

		while (k < i && a->kind == NODE_SCALAR &&
		    (monitor->items[k]->kind != NODE_SCALAR ||
			strcmp(monitor->items[k]->text, a->text) != 0))
			k++;
		if (k < i && a->kind == NODE_SCALAR)
			diag_error(r->d, &a->mark,
			    "the monitor \"%s\" stands twice", a->text);
	}
}

void
check_require(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_pool *pool)
{
	const struct yaml_node *require = yaml_find(node, "require");
	const struct yaml_node *monitor = yaml_find(node, "monitor");
	size_t n = 0;

	if (monitor != NULL)
		check_monitors(r, monitor);
	for (size_t i = 0; i < pool->nmonitors; i++)
		n += pool->monitors[i] != CONF_NONE &&
		    !r->conf->monitors[pool->monitors[i]].observe;
	if (require && pool->require > n)
		diag_error(r->d, &require->mark,
		    "\"require\" is more than the %zu monitors that decide", n);
}

static void
check_dns(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	const struct yaml_node *expect = yaml_find(node, "expect");
	uint8_t buf[DNS_MESSAGE_MAX];
	struct wire w;
	struct error err;

	for (size_t i = 0; i < m->nrecords; i++) {
		const struct yaml_node *list = yaml_find(expect, "records");

		wire_init(&w, buf, sizeof(buf));
		if (m->records[i] &&
		    !rdata_parse_text(m->query.type, m->records[i], &w, &err))
			diag_error(r->d,
			    list->kind == NODE_LIST ? &list->items[i]->mark
						    : &list->mark,
			    "%s", err.text);
	}
}

/* Who signals has decided already: without a word to the contrary it counts at
 * once, however often it changes. */
static void
check_external(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	if (!yaml_find(node, "fall"))
		m->fall = 1;
	if (!yaml_find(node, "rise"))
		m->rise = 1;
	if (!yaml_find(node, "damp"))
		m->damp.max_ms = 0;
	if (!yaml_find(node, "file") && yaml_find(node, "fresh"))
		diag_error(r->d, &yaml_find(node, "fresh")->mark,
		    "\"fresh\" is the age of a file: it needs the key "
		    "\"file\" (a signal says itself how long it holds)");
}

/* The program is as seen from the file that names it; without a / it would be
 * looked for, which nothing does. */
static void
check_exec(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	const struct yaml_node *command = yaml_find(node, "command");
	char *beside;

	if (m->ncommand == 0 || !m->command[0])
		return;
	beside = file_beside(command->mark.file, m->command[0]);
	m->command[0] = arena_strdup(r->conf->arena, beside);
	free(beside);
	if (r->files && access(m->command[0], X_OK) != 0)
		diag_warning(r->d, &command->mark, "%s cannot be run here: %s",
		    m->command[0], strerror(errno));
}

static void
check_icmp(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	struct error err;

	(void)m;
	if (r->files && !ping_allowed(&err))
		diag_warning(r->d, &node->mark,
		    "%s: its targets stay as they are, unknown ones count as "
		    "live",
		    err.text);
}

/* What a type adds to its keys. */
static const struct monitor_type {
	uint16_t port; /* when none is given */
	void (*check)(struct schema_reader *r, const struct yaml_node *node,
	    struct conf_monitor *m);
} monitor_types[CONF_MONITOR_TYPES] = {
    [CONF_MONITOR_HTTP] = {CONF_HTTP_PORT, check_http},
    [CONF_MONITOR_HTTPS] = {CONF_HTTPS_PORT, check_https},
    [CONF_MONITOR_DNS] = {DNS_PORT, check_dns},
    [CONF_MONITOR_EXTERNAL] = {0, check_external},
    [CONF_MONITOR_EXEC] = {0, check_exec},
    [CONF_MONITOR_ICMP] = {0, check_icmp},
    [CONF_MONITOR_GRPC] = {0, check_grpc},
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
		if (map && !value && k->needed >> type & 1)
			diag_error(r->d, &map->mark,
			    "a monitor of type %s needs the key \"%s%s%s\"",
			    word, k->in ? k->in : "", k->in ? "." : "",
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

/* Keys of a monitor that do not change what is asked. */
static const char *const not_asked[] = {"interval", "timeout", "slow", "fall",
    "rise", "clear", "damp", "load", "mode", "reconnect", "fresh", "on_stale",
    NULL};

static const char *
describe(struct schema_reader *r, const struct conf_monitor *m,
    const char *const *without)
{
	const char *text = schema_text(r, SCHEMA_MONITOR, m, without);

	/* Signals go to it by its name. */
	return m->type == CONF_MONITOR_EXTERNAL
	    ? arena_printf(r->conf->arena, "%s name %s", text, m->name)
	    : text;
}

void
check_monitor(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	char text[CLOCK_TEXT_MAX];
	const struct yaml_node *timeout = yaml_find(node, "timeout");
	struct conf_monitor *m = object;

	check_type(r, node, m);
	if (timeout && m->timeout_ms > m->interval_ms && m->interval_ms != 0)
		diag_error(r->d, &timeout->mark,
		    "\"timeout\" is longer than \"interval\": write %s or less, or raise \"interval\"",
		    clock_format_span(text, m->interval_ms));
	else if (m->timeout_ms > m->interval_ms && m->interval_ms != 0)
		m->timeout_ms = m->interval_ms;
	if (m->slow_ms != 0 && m->slow_ms >= m->timeout_ms)
		diag_error(r->d, &yaml_find(node, "slow")->mark,
		    "\"slow\" must be shorter than \"timeout\"");
	m->text = describe(r, m, NULL);
	m->question = describe(r, m, not_asked);
}

static void
check_anchors(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_health *h)
{
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < h->nanchors; i++) {
		const struct endpoint *e = &h->anchors[i];
		const char *why = addr_why_no_host(&e->addr);

		if (why != NULL)
			diag_error(r->d, &yaml_find(node, "anchors")->mark,
			    "the anchor %s is %s: write the address of a machine",
			    endpoint_format(text, e), why);
		else if (e->port == 0)
			diag_error(r->d, &yaml_find(node, "anchors")->mark,
			    "the anchor %s needs a port: 1 to 65535",
			    endpoint_format(text, e));
	}
}

void
check_health(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_health *h = object;
	const struct yaml_node *timeout = yaml_find(node, "anchor_timeout");
	struct arena *a = r->conf->arena;

	if (h->anchor_timeout_ms > h->anchor_interval_ms) {
		if (timeout && h->anchor_interval_ms != 0)
			diag_error(r->d, &timeout->mark,
			    "\"anchor_timeout\" is longer than "
			    "\"anchor_interval\"");
		h->anchor_timeout_ms = h->anchor_interval_ms;
	}
	check_anchors(r, node, h);
	if (h->nanchors == 1)
		diag_warning(r->d, &yaml_find(node, "anchors")->mark,
		    "there is only one anchor: while it is down, no change of health is accepted; declare a second anchor elsewhere in the network");
	h->anchor_monitors =
	    arena_array(a, h->nanchors + 1, sizeof(*h->anchor_monitors));
	for (size_t i = 0; i < h->nanchors; i++) {
		struct conf_monitor *m = &h->anchor_monitors[i];

		*m = (struct conf_monitor){.name = "anchor",
		    .type = CONF_MONITOR_TCP,
		    .port = h->anchors[i].port,
		    .interval_ms = h->anchor_interval_ms,
		    .timeout_ms = h->anchor_timeout_ms,
		    .fall = 1,
		    .rise = 1,
		    .clear = 1,
		    .mark = node->mark};
		m->question = arena_printf(a, "anchor %u", m->port);
		m->text = arena_printf(
		    a, "%s %u %u", m->question, m->interval_ms, m->timeout_ms);
	}
}

/* External monitors ask nothing over the network. */
static bool
is_probed(const struct conf *conf, const struct conf_pool *p)
{
	for (size_t i = 0; i < p->nmonitors; i++)
		if (conf->monitors[p->monitors[i]].type !=
		    CONF_MONITOR_EXTERNAL)
			return true;
	return false;
}

double
monitor_frozen_s(const struct conf *conf)
{
	size_t targets = 0, pools = 0;
	const struct conf_pool *first = NULL;
	bool regions = false;

	for (size_t i = 0; i < conf->npools; i++) {
		const struct conf_pool *p = &conf->pools[i];

		if (!is_probed(conf, p))
			continue;
		first = first != NULL ? first : p;
		pools++;
		for (size_t r = 0; r < p->nregions; r++) {
			regions |=
			    p->regions[r].region != first->regions[0].region;
			targets += p->regions[r].ntargets;
		}
	}
	if (conf->health.nanchors == 0 &&
	    (pools < 2 || !regions || targets < conf->health.suspect_min))
		return 0;
	return pools > 0 ? conf->health.freeze_max_ms / 1e3 : 0;
}
