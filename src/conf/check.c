/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORKERS_MAX = 256 };

/* Sockets ------------------------------------------------------------------ */

/* Where the i-th of a key's values stands, of a list or of one alone. */
static const struct conf_mark *
mark_of_value(const struct yaml_node *map, const char *key, size_t i)
{
	const struct yaml_node *value = yaml_find(map, key);

	if (value == NULL)
		return &map->mark;
	return value->kind == NODE_LIST && i < value->n ? &value->items[i]->mark
							: &value->mark;
}

static void
check_bound(struct schema_reader *r, const struct conf_mark *mark,
    const struct endpoint *e)
{
	const char *why =
	    addr_is_any(&e->addr) ? NULL : addr_why_no_host(&e->addr);
	char text[ADDR_TEXT_MAX];

	if (why != NULL)
		diag_error(r->d, mark,
		    "%s is %s: write an address of this machine, or %s for all of them",
		    addr_format(text, &e->addr), why,
		    e->addr.family == 4 ? "0.0.0.0" : "::");
}

/* One socket would take what the other is for. */
static bool
collide(const struct endpoint *a, const struct endpoint *b)
{
	return a->addr.family == b->addr.family && a->port == b->port &&
	    a->port != 0 &&
	    (addr_equal(&a->addr, &b->addr) || addr_is_any(&a->addr) ||
		addr_is_any(&b->addr));
}

static void
check_listen(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_server *s)
{
	char text[ENDPOINT_TEXT_MAX], other[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < s->nlisten; i++) {
		const struct conf_mark *mark = mark_of_value(node, "listen", i);

		check_bound(r, mark, &s->listen[i]);
		for (size_t k = 0; k < i; k++)
			if (collide(&s->listen[i], &s->listen[k]))
				diag_error(r->d, mark,
				    "%s conflicts with %s above: remove one of them",
				    endpoint_format(text, &s->listen[i]),
				    endpoint_format(other, &s->listen[k]));
		if (s->http.addr.family != 0 &&
		    collide(&s->listen[i], &s->http))
			diag_error(r->d, mark_of_value(node, "http", 0),
			    "%s is taken by %s of \"listen\", which serves TCP as well: choose another port",
			    endpoint_format(text, &s->http),
			    endpoint_format(other, &s->listen[i]));
	}
	if (s->http.addr.family != 0)
		check_bound(r, mark_of_value(node, "http", 0), &s->http);
}

/* Paths -------------------------------------------------------------------- */

/* Whether a folder is there, or may be made.  A link that leads nowhere is in
 * its way; what this user may not see may be one. */
static bool
may_be_folder(const char *path, bool *is_there)
{
	struct stat st;

	*is_there = lstat(path, &st) == 0;
	if (!*is_there)
		return errno != ENAMETOOLONG;
	if (stat(path, &st) != 0)
		return errno == EACCES;
	return S_ISDIR(st.st_mode);
}

/* The longest part of the path that is there; false: it is no folder. */
static bool
is_below_folder(const char *path, char **part)
{
	char *slash;
	bool is_there = false, ok = true;

	*part = xstrdup(path);
	while (ok && !is_there && (slash = strrchr(*part, '/')) != NULL &&
	    slash != *part) {
		*slash = '\0';
		ok = may_be_folder(*part, &is_there);
	}
	return ok;
}

/* The path without "." and "..", where its folder is there: without links. */
static char *
path_dup_plain(const char *path)
{
	char *folder = xstrdup(path), *real, *plain, *name;

	for (size_t len = strlen(folder); len > 1 && folder[len - 1] == '/';)
		folder[--len] = '\0';
	name = strrchr(folder, '/');
	if (name == NULL)
		return folder;
	*name++ = '\0';
	real = realpath(*folder == '\0' ? "/" : folder, NULL);
	if (asprintf(&plain, "%s/%s", real != NULL ? real : folder, name) < 0)
		abort();
	free(real);
	free(folder);
	return plain;
}

/* Two spellings of one path are the same file. */
static bool
is_same_path(const char *a, const char *b)
{
	char *plain_a = path_dup_plain(a), *plain_b = path_dup_plain(b);
	bool same = strcmp(plain_a, plain_b) == 0;

	free(plain_a);
	free(plain_b);
	return same;
}

static void
check_parents(
    struct schema_reader *r, const struct conf_mark *mark, const char *path)
{
	char *part;

	if (r->files && !is_below_folder(path, &part))
		diag_error(r->d, mark, "%s: %s is not a directory", path, part);
	if (r->files)
		free(part);
}

static void
check_state(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_server *s)
{
	const struct conf_mark *mark = mark_of_value(node, "state", 0);
	bool is_there;

	if (s->state == NULL)
		return;
	check_parents(r, mark, s->state);
	if (r->files && !may_be_folder(s->state, &is_there))
		diag_error(r->d, mark,
		    "%s is not a directory: \"state\" must be the path of a directory",
		    s->state);
}

static void
check_socket(struct schema_reader *r, const struct yaml_node *node,
    const char *key, const char *path)
{
	const struct conf_mark *mark = mark_of_value(node, key, 0);
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	struct stat st;

	if (path == NULL)
		return;
	if (strlen(path) > max)
		diag_error(r->d, mark,
		    "%s has %zu octets: the path of a socket may have at most %zu",
		    path, strlen(path), max);
	check_parents(r, mark, path);
	if (r->files && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		diag_error(r->d, mark,
		    "%s exists and is not a socket: choose another path, or remove the file",
		    path);
}

/* Paths may be the same only for one thing. */
static void
check_apart(struct schema_reader *r, const struct yaml_node *node,
    const char *key, const char *path, const char *other, const char *taken)
{
	if (path != NULL && taken != NULL && is_same_path(path, taken))
		diag_error(r->d, mark_of_value(node, key, 0),
		    "\"%s\" is the path of \"%s\": each needs its own", key,
		    other);
}

void
check_server(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_server *server = object;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (server->workers == 0)
		server->workers = n < 1 ? 1
		    : n > WORKERS_MAX   ? WORKERS_MAX
					: (unsigned)n;
	check_listen(r, node, server);
	check_state(r, node, server);
	check_socket(r, node, "control", server->control);
	check_socket(r, node, "control_read", server->control_read);
	check_apart(r, node, "control_read", server->control_read, "control",
	    server->control);
	check_apart(
	    r, node, "control", server->control, "state", server->state);
	check_apart(r, node, "control_read", server->control_read, "state",
	    server->state);
}

/* Other maps --------------------------------------------------------------- */

void
check_limit(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	(void)object;
	if (node->n > 0 && !yaml_find(node, "per_second"))
		diag_error(r->d, &node->mark,
		    "\"rate_limit\" without \"per_second\" limits nothing");
}

void
check_latency(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	(void)object;
	if (node->n > 0 && !yaml_find(node, "file"))
		diag_error(r->d, &node->mark,
		    "\"latency\" without \"file\" knows nothing");
}

bool
check_is_jurisdiction(const struct conf *c, const char *word)
{
	size_t i;

	for (i = 0; i < c->nregions; i++)
		if (c->regions[i].jurisdiction &&
		    strcmp(c->regions[i].jurisdiction, word) == 0)
			return true;
	return false;
}

void
check_name(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *ttl = yaml_find(node, "ttl");
	const struct yaml_node *max = ttl ? yaml_find(ttl, "max") : NULL;
	const struct yaml_node *min = ttl ? yaml_find(ttl, "min") : NULL;
	struct conf_name *name = object;

	name->staged = yaml_find(node, "policy") == NULL;
	if (name->ttl_min <= name->ttl_max || name->ttl_max == 0)
		return;
	if (!max)
		name->ttl_max = name->ttl_min;
	else if (!min)
		name->ttl_min = name->ttl_max;
	else
		diag_error(r->d, &min->mark,
		    "\"min\" is more than \"max\": write %u or less, or raise \"max\"",
		    name->ttl_max);
}

bool
check_is_within(const struct conf *c, uint16_t region, const char *fence)
{
	const char *own = c->regions[region].jurisdiction;

	return !fence || (own && strcmp(own, fence) == 0);
}

/* Sections ----------------------------------------------------------------- */

/* A pool that no name has only stands in for another: it may be drained. */
static void
check_min_regions(const struct conf *c, struct diag *d)
{
	bool *seen = xcalloc(c->npools + 1, sizeof(*seen));

	for (size_t i = 0; i < c->nnames; i++) {
		const struct conf_pool *p = &c->pools[c->names[i].pool];

		if (seen[c->names[i].pool])
			continue;
		seen[c->names[i].pool] = true;
		if (p->nregions < c->safety.min_regions)
			diag_warning(d, &p->mark,
			    "pool \"%s\" has %zu region%s, fewer than safety.min_regions, %u: each drain of it needs --force",
			    p->name, p->nregions, p->nregions == 1 ? "" : "s",
			    c->safety.min_regions);
	}
	free(seen);
}

/* A prefix of a net. */
struct member {
	const struct prefix *prefix;
	size_t net;
};

static int
compare_members(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int order =
	    memcmp(&a->prefix->addr, &b->prefix->addr, sizeof(a->prefix->addr));

	if (order == 0)
		order = a->prefix->len - b->prefix->len;
	return order != 0 ? order : (a->net > b->net) - (a->net < b->net);
}

/* One warning for a net and another one. */
static void
tell_shared(const struct conf *c, struct diag *d, const struct member *first,
    const struct member *again)
{
	const struct conf_net *a = &c->nets[first->net];
	const struct conf_net *b = &c->nets[again->net];
	char text[PREFIX_TEXT_MAX];

	prefix_format(text, again->prefix);
	if (a == b)
		diag_warning(d, &b->mark, "duplicate prefix %s in net \"%s\"",
		    text, b->name);
	else
		diag_warning(d, &b->mark,
		    "%s is in net \"%s\" and also in net \"%s\" (%s:%u): its clients are in both",
		    text, b->name, a->name, a->mark.file, a->mark.line);
}

static void
check_nets(const struct conf *c, struct diag *d)
{
	bool said[CONF_NETS_MAX][CONF_NETS_MAX] = {{false}};
	VEC(struct member) all = {0};

	for (size_t i = 0; i < c->nnets; i++)
		for (size_t k = 0; k < c->nets[i].nprefixes; k++)
			vec_push(&all,
			    ((struct member){&c->nets[i].prefixes[k], i}));
	if (all.n > 0)
		qsort(all.at, all.n, sizeof(*all.at), compare_members);
	for (size_t i = 1; i < all.n; i++) {
		const struct member *a = &all.at[i - 1], *b = &all.at[i];

		if (a->prefix->len != b->prefix->len ||
		    !addr_equal(&a->prefix->addr, &b->prefix->addr) ||
		    said[a->net][b->net])
			continue;
		said[a->net][b->net] = true;
		tell_shared(c, d, a, b);
	}
	vec_free(&all);
}

void
check_sections(const struct conf *c, struct diag *d)
{
	check_min_regions(c, d);
	check_nets(c, d);
}
