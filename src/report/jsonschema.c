/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/jsonschema.h"

#include <string.h>

#include "conf/expect.h"
#include "conf/files.h"
#include "conf/home.h"
#include "conf/http.h"
#include "conf/monitor.h"
#include "conf/rule.h"
#include "conf/stage.h"
#include "conf/value.h"
#include "conf/walk.h"
#include "report/text.h"

#define TEXT "{'type': ['string', 'number', 'boolean']}"
#define MAP_OF(value) "{'type': 'object', 'additionalProperties': " value "}"
#define LIST_OF(item) "{'type': 'array', 'items': " item "}"
#define EITHER(a, b) "{'anyOf': [" a ", " b "]}"
#define MATCH(pattern) "{'type': 'string', 'pattern': '^" pattern "$'}"
#define ONE_OR_LIST(item) EITHER(item, LIST_OF(item))
#define MAP "{'$ref': '#/definitions/@'}"

/* What kinds take, with ' for " and @ for the map's title; those that depend on
 * the key are below. */
static const struct shape {
	schema_kind *kind;
	const char *json;
	enum schema_map map;
} shapes[] = {
    {expect_address, TEXT, 0},
    {expect_from, TEXT, 0},
    {expect_read, EITHER("{'type': 'string'}", MAP), SCHEMA_WANT},
    {expect_resolver, TEXT, 0},
    {expect_signals, MAP_OF("{'enum': ['up', 'down']}"), 0},
    {files_latency, "{'type': 'string'}", 0},
    {files_nets, MAP_OF(ONE_OR_LIST("{'type': 'string'}")), 0},
    {files_secret, TEXT, 0},
    {files_secrets, "{'type': 'string'}", 0},
    {files_zones,
	EITHER(MAP_OF("{'type': 'string'}"), ONE_OR_LIST("{'type': 'string'}")),
	0},
    {home_read, "{'type': 'string'}", 0},
    {http_headers, MAP_OF(TEXT), 0},
    {http_host_name, TEXT, 0},
    {monitor_name, TEXT, 0},
    {monitor_rcode, "{'type': 'string'}", 0},
    {monitor_require, EITHER("{'enum': ['all', 'any']}", "{'type': 'integer'}"),
	0},
    {monitor_type, "{'type': 'string'}", 0},
    {rule_box, LIST_OF("{'type': 'number'}"), 0},
    {rule_down, EITHER("{'enum': ['all', 'last_known']}", MAP), SCHEMA_DOWN},
    {rule_geo, "{'type': ['string', 'boolean']}", 0},
    {rule_km, MATCH("[0-9]+km"), 0},
    {rule_nets, ONE_OR_LIST(TEXT), 0},
    {rule_regions,
	"{'anyOf': [{'enum': ['nearest', 'latency', 'all']}, " LIST_OF(
	    TEXT) ", " MAP_OF("{'type': 'integer'}") "]}",
	0},
    {stage_policies, MAP_OF(TEXT), 0},
    {stage_step, "{'type': 'string'}", 0},
    {value_addrs, ONE_OR_LIST("{'type': 'string'}"), 0},
    {value_cname, "{'type': 'string'}", 0},
    {value_database, "{'type': 'string'}", 0},
    {value_decimal, "{'type': 'number'}", 0},
    {value_ecs,
	EITHER("{'enum': ['any', 'none']}", LIST_OF("{'type': 'string'}")), 0},
    {value_endpoint, "{'type': 'string'}", 0},
    {value_location, LIST_OF("{'type': 'number'}"), 0},
    {value_none, ONE_OR_LIST("{'type': 'string'}"), 0},
    {value_offers, MAP_OF(LIST_OF(MAP)), SCHEMA_TARGET},
    {value_path, "{'type': 'string'}", 0},
    {value_percent, MATCH("[0-9]+%"), 0},
    {value_prefix, "{'type': 'string'}", 0},
    {value_records, MAP_OF(ONE_OR_LIST(TEXT)), 0},
    {value_ref, TEXT, 0},
    {value_span, MATCH("([0-9]+(ms|s|m|h|d))+"), 0},
    {value_text, TEXT, 0},
};

static json_t *
shape_json(const char *json, enum schema_map map)
{
	struct text t = {0};
	json_t *value;

	for (; *json != '\0'; json++) {
		if (*json == '@')
			text_add(&t, "%s", schema_title(map));
		else
			text_add(&t, "%c", *json == '\'' ? '"' : *json);
	}
	value = json_loads(t.at, 0, NULL);
	text_fini(&t);
	return value;
}

static json_t *
words_json(const char *const *words)
{
	json_t *list = json_array();

	for (; *words != NULL; words++)
		json_array_append_new(list, json_string(*words));
	return json_pack("{s:o}", "enum", list);
}

static json_t *
number_json(const struct schema_key *k)
{
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
	    (json_int_t)k->min, "maximum", (json_int_t)k->max);
}

static json_t *
kind_json(const struct schema_key *k)
{
	if (k->kind == schema_read_map)
		return shape_json(MAP, k->of);
	if (k->kind == schema_read_section)
		return json_pack("{s:[s, s], s:o}", "type", "object", "null",
		    "additionalProperties",
		    shape_json(MAP, walk_sections[k->of].map));
	if (k->kind == value_number)
		return number_json(k);
	if (k->kind == value_word)
		return words_json(k->words);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (shapes[i].kind == k->kind)
			return shape_json(shapes[i].json, shapes[i].map);
	return NULL;
}

static json_t *
list_json(const struct schema_key *k, json_t *item)
{
	json_t *list = json_pack("{s:s, s:O, s:I, s:I}", "type", "array",
	    "items", item, "minItems", (json_int_t)k->nmin, "maxItems",
	    (json_int_t)k->nmax);

	if (k->kind != schema_read_map)
		return json_pack("{s:[o, o]}", "anyOf", item, list);
	json_decref(item);
	return list;
}

static json_t *
default_json(const struct schema_key *k)
{
	if (*k->fallback == '[')
		return json_loads(k->fallback, 0, NULL);
	return k->kind == value_number ? json_integer(atoll(k->fallback))
				       : json_string(k->fallback);
}

static json_t *
key_json(const struct schema_key *k)
{
	json_t *json = kind_json(k);

	if (k->list)
		json = list_json(k, json);
	if (k->fallback != NULL)
		json_object_set_new(json, "default", default_json(k));
	return json;
}

/* A map with nothing in it may be left out after its key. */
static json_t *
keys_json(enum schema_map map)
{
	json_t *properties = json_object(), *required = json_array();
	const struct schema_key *keys;
	size_t n;

	keys = schema_keys(&n);
	for (size_t i = 0; i < n; i++) {
		if (keys[i].map != map)
			continue;
		json_object_set_new(
		    properties, keys[i].name, key_json(&keys[i]));
		if (keys[i].required)
			json_array_append_new(
			    required, json_string(keys[i].name));
	}
	return json_pack("{s:[s, s], s:o, s:o, s:b}", "type", "object", "null",
	    "properties", properties, "required", required,
	    "additionalProperties", 0);
}

json_t *
jsonschema_report(void)
{
	json_t *report = keys_json(SCHEMA_TOP), *maps = json_object();

	for (enum schema_map map = SCHEMA_TOP + 1; map < SCHEMA_MAPS; map++)
		json_object_set_new(maps, schema_title(map), keys_json(map));
	json_object_set_new(report, "definitions", maps);
	json_object_set_new(
	    report, "patternProperties", json_pack("{s:{}}", "^" SCHEMA_ASIDE));
	json_object_set_new(report, "$schema",
	    json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(
	    report, "title", json_string("meridian.yaml, version 1"));
	/* A file that others include says but a part. */
	json_object_del(report, "required");
	return report;
}
