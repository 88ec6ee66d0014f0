/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/cert.h"
#include "conf/value.h"
#include "config.h"
#include "input/input.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024 };

static const char not_in_names[] = " /@?#%\\";

/* RFC 9110 5.6.2 */
static bool
is_token(const char *s)
{
	static const char chars[] =
	    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *s != '\0' && strspn(s, chars) == strlen(s);
}

static bool
check_header(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_pair *pair)
{
	static const char *const own[] = {
	    "host", "content-length", "transfer-encoding", "connection"};
	const char *name = pair->key->text;

	if (!is_token(name))
		return diag_error(r->d, &pair->key->mark,
		    "\"%s\" is no name for a header", name);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcasecmp(name, own[i]) == 0)
			return diag_error(r->d, &pair->key->mark,
			    "the header \"%s\" is made by the probe", name);
	return value_text(r, k, pair->value, &(const char *){NULL});
}

bool
http_headers(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const char **headers = field, *lines = "";

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_MAP || node->n == 0 || node->n > k->nmax)
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be a map of 1 to %zu names and values",
		    k->name, k->nmax);
	for (size_t i = 0; i < node->n; i++) {
		if (!check_header(r, k, &node->pairs[i]))
			return false;
		lines = arena_printf(r->conf->arena, "%s%s: %s\n", lines,
		    node->pairs[i].key->text, node->pairs[i].value->text);
	}
	*headers = lines;
	return true;
}

static void
check_method(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_monitor *m)
{
	if (m->payload && m->method != CONF_METHOD_POST &&
	    m->method != CONF_METHOD_PUT)
		diag_error(r->d, &yaml_find(node, "payload")->mark,
		    "\"payload\" is for the methods POST and PUT");
	if (m->body && m->method == CONF_METHOD_HEAD)
		diag_error(r->d, &yaml_find(node, "expect")->mark,
		    "the reply to HEAD has no body (RFC 9110 9.3.2)");
}

/* RFC 5890 2.3.2.1: in a request and in TLS a name has A-labels. */
static bool
is_ascii(const char *s)
{
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* Certificates for any name below one would do for ".example.com". */
static void
check_name(struct schema_reader *r, const struct yaml_node *node,
    const char *key, const char *name)
{
	if (!is_ascii(name))
		diag_error(r->d, &node->mark,
		    "\"%s\" must be a host name in ASCII: write other letters as A-labels, such as xn--bcher-kva",
		    key);
	else if (strpbrk(name, not_in_names) || *name == '.')
		diag_error(
		    r->d, &node->mark, "\"%s\" must be a host name", key);
}

/* Without a name in it no certificate would be for it or not. */
static void
check_host(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_monitor *m)
{
	if (!m->host)
		return;
	if (*m->host == ':' || strncmp(m->host, "[]", 2) == 0)
		diag_error(r->d, &yaml_find(node, "host")->mark,
		    "\"host\" must be a host name");
	else
		check_name(r, yaml_find(node, "host"), "host", m->host);
}

/* One of the two, and something to read it from. */
static void
check_load(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_monitor *m)
{
	const struct yaml_node *load = yaml_find(node, "load");

	if (!load)
		return;
	if ((m->load.header != NULL) == (m->load.metric != NULL))
		diag_error(r->d, &load->mark,
		    "\"load\" needs one of \"header\" and \"metric\"");
	else if (m->load.header && !is_token(m->load.header))
		diag_error(r->d, &load->mark, "\"%s\" is no name for a header",
		    m->load.header);
	else if (m->load.metric && m->method == CONF_METHOD_HEAD)
		diag_error(r->d, &load->mark,
		    "a metric stands in the body, which HEAD does not get");
}

void
check_http(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	check_method(r, node, m);
	if (!m->path)
		m->path = "/";
	if (*m->path != '/' || strchr(m->path, ' '))
		diag_error(r->d, &yaml_find(node, "path")->mark,
		    "\"path\" "
		    "must begin with / and have no space");
	check_host(r, node, m);
	check_load(r, node, m);
}

/* The state of a target is kept when the file's content changes. */
static void
read_ca(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	struct input pem;
	struct error err;

	if (!input_read(m->ca, CA_FILE_MAX, &pem, &err)) {
		diag_error(r->d, &node->mark, "%s", err.text);
		return;
	}
	diag_read(r->d, m->ca, pem.octets, pem.size);
	if (!cert_check(pem.text, &err))
		diag_error(r->d, &node->mark, "%s: %s", m->ca, err.text);
	else
		m->ca_pem = arena_strdup(r->conf->arena, pem.text);
	free(pem.octets);
}

static void
check_tls(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	if (m->sni && strchr(m->sni, ':'))
		diag_error(r->d, &yaml_find(node, "sni")->mark,
		    "\"sni\" must be a host name");
	else if (m->sni)
		check_name(r, yaml_find(node, "sni"), "sni", m->sni);
	if (m->ca && m->verify == CONF_VERIFY_OFF)
		diag_error(r->d, &yaml_find(node, "ca")->mark,
		    "\"ca\" is of no use with \"verify\" off");
	else if (m->ca && r->files)
		read_ca(r, yaml_find(node, "ca"), m);
}

void
check_https(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	check_http(r, node, m);
	check_tls(r, node, m);
}

void
check_grpc(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m)
{
	static const char *const of_tls[] = {"sni", "verify", "ca"};

	if (!WITH_GRPC)
		diag_error(r->d, &node->mark,
		    "monitors of type grpc are not in this build, which was "
		    "made without them (configure --with-grpc)");
	check_host(r, node, m);
	if (m->tls)
		check_tls(r, node, m);
	for (size_t i = 0; i < sizeof(of_tls) / sizeof(*of_tls); i++) {
		const struct yaml_node *key = yaml_find(node, of_tls[i]);

		if (key && !m->tls)
			diag_error(r->d, &key->mark, "\"%s\" needs \"tls\" on",
			    of_tls[i]);
	}
}

/* "localhost" and addresses are always right. */
bool
http_host_name(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	static const char of_name[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	uint8_t name[DNS_NAME_MAX];
	struct addr a;

	if (!value_is_scalar(node))
		return value_wrong(r, k, node, "a host name");
	if (addr_parse(node->text, &a))
		return diag_error(r->d, &node->mark,
		    "\"%s\": an address is always accepted: remove it",
		    node->text);
	if (node->text[strspn(node->text, of_name)] != '\0')
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be a host name, without scheme and port, and in ASCII (xn--)",
		    k->name);
	return value_read_name(r, node, name, field);
}
