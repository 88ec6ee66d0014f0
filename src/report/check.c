/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/check.h"

#include <stdlib.h>
#include <string.h>

#include "conf/monitor.h"
#include "conf/use.h"
#include "report/tests.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "zone/node.h"

static json_t *
check_names(const struct conf *conf)
{
	json_t *names = json_array();

	for (size_t i = 0; conf != NULL && i < conf->nnames; i++) {
		int64_t s = use_cutover_s(conf, &conf->names[i]);

		uint32_t rto_ms = conf->names[i].rto_ms;

		json_array_append_new(names,
		    json_pack("{s:s, s:o, s:o}", "name", conf->names[i].text,
			"cutover_s", s < 0 ? json_null() : json_integer(s),
			"rto_s",
			rto_ms > 0 ? json_real(rto_ms / 1e3) : json_null()));
	}
	return names;
}

static json_t *
check_diagnostics(const struct diag *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->entries.n; i++) {
		const struct diag_entry *e = &d->entries.at[i];

		json_array_append_new(all,
		    json_pack("{s:s, s:o, s:I, s:I, s:o}", "level",
			e->level == DIAG_ERROR ? "error" : "warning", "file",
			text_string(e->mark.file), "line",
			(json_int_t)e->mark.line, "column",
			(json_int_t)e->mark.column, "message",
			text_string(e->message)));
	}
	return all;
}

json_t *
check_result(const char *path, const struct conf *conf, const struct diag *d,
    json_t *tests)
{
	char *text = diag_text(d);
	double frozen_s = conf != NULL ? monitor_frozen_s(conf) : 0;
	json_t *report = json_pack(
	    "{s:o, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:O}", "file",
	    text_string(path), "ok", conf != NULL, "errors",
	    (json_int_t)d->nerrors, "warnings", (json_int_t)d->nwarnings,
	    "text", text_string(text), "diagnostics", check_diagnostics(d),
	    "names", check_names(conf), "frozen_s",
	    frozen_s > 0 ? json_real(frozen_s) : json_null(), "tests", tests);

	free(text);
	return report;
}

json_t *
check_warnings(const struct diag *d)
{
	json_t *warnings = json_array();

	for (size_t i = 0; i < d->entries.n; i++) {
		const struct diag_entry *e = &d->entries.at[i];

		struct text t = {0};

		if (e->level != DIAG_WARNING)
			continue;
		text_add(&t, "%s:%u:%u: %s", e->mark.file, e->mark.line,
		    e->mark.column, e->message);
		json_array_append_new(warnings, text_json(&t));
	}
	return warnings;
}

json_t *
check_report(const char *path, const struct stage_want *want)
{
	json_t *tests = json_array(), *report;
	struct snapshot *s;
	struct diag d;
	const struct stage_state stages = {.want = want};

	diag_init(&d);
	s = tests_build(path, &stages, NULL, &d, tests);
	report = check_result(path, s != NULL ? s->conf : NULL, &d, tests);
	snapshot_free(s);
	diag_fini(&d);
	json_decref(tests);
	return report;
}

static const struct zone *
same_zone(const struct zones *all, const struct zone *zone)
{
	uint32_t node = node_find(all, zone->origin, zone->origin_len);
	const struct zone *found;

	if (node == ZONE_NONE || all->nodes[node].zone == CONF_NONE)
		return NULL;
	found = &all->zones[all->nodes[node].zone];
	return found->apex == node ? found : NULL;
}

void
check_serials(
    const struct snapshot *before, const struct snapshot *now, json_t *warnings)
{
	for (size_t i = 0; before != NULL && i < now->zones->nzones; i++) {
		const struct zone *zone = &now->zones->zones[i];
		const struct zone *old = same_zone(before->zones, zone);

		if (old != NULL && old->serial == zone->serial &&
		    old->content != zone->content)
			json_array_append_new(warnings,
			    json_sprintf(
				"%s: the records of %s have changed, but its serial %u has not: increase it",
				zone->conf->path, zone->conf->origin,
				zone->serial));
	}
}
