/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/prove.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/show.h"
#include "client/table.h"
#include "prove/prove.h"

static bool
is_ok(const json_t *o)
{
	return json_is_true(json_object_get(o, "ok"));
}

static void
show_files(const json_t *files)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		printf("  sha256 %s  %lld  %s\n", text_of(file, "sha256"),
		    int_of(file, "size"), text_of(file, "file"));
	}
}

/* Lines of at most 79 columns, between words, behind two blanks. */
static void
show_sentence(const char *text)
{
	int column = 0;

	while (*text != '\0') {
		int n = (int)strcspn(text, " ");

		if (column == 0 || column + 1 + n > 77) {
			printf("%s  ", column > 0 ? "\n" : "");
			column = 0;
		} else {
			putchar(' ');
			column++;
		}
		printf("%.*s", n, text);
		column += n;
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

/* What speaks against a claim, with its place. */
static void
show_findings(const json_t *report, const json_t *claim)
{
	const json_t *finding;
	long long shown = 0;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		if (strcmp(text_of(finding, "claim"),
			text_of(claim, "claim")) != 0)
			continue;
		printf("  - ");
		if (*text_of(finding, "file") != '\0')
			printf("%s:%lld: ", text_of(finding, "file"),
			    int_of(finding, "line"));
		printf("%s\n", text_of(finding, "text"));
		shown++;
	}
	if (shown < int_of(claim, "wrong"))
		printf("  - and %lld more\n", int_of(claim, "wrong") - shown);
}

static void
show_claims(const json_t *report)
{
	const json_t *claim;
	size_t i;

	json_array_foreach(json_object_get(report, "claims"), i, claim)
	{
		bool ok = is_ok(claim);
		bool whole = int_of(claim, "wrong") == 0;

		printf("\n%s%s%s: %s\n",
		    !ok         ? RED
			: whole ? GREEN
				: YELLOW,
		    text_of(claim, "claim"), PLAIN,
		    !ok         ? "NOT PROVEN"
			: whole ? "proven"
				: "proven in part");
		show_sentence(text_of(claim, "text"));
		show_findings(report, claim);
	}
}

static void
show_words(const json_t *words)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		printf("%s%s", i > 0 ? ", " : "", json_string_value(word));
	}
	if (json_array_size(words) == 0)
		printf("nothing");
}

static void
show_fence(const json_t *f)
{
	const json_t *uses = json_object_get(f, "uses");
	bool now = json_is_null(json_object_get(f, "step"));

	printf("  %s:%lld: policy %s%s%s, rule %lld", text_of(f, "file"),
	    int_of(f, "line"), text_of(f, "policy"), now ? "" : " at step ",
	    text_of(f, "step"), int_of(f, "rule"));
	if (json_is_object(uses))
		printf(" by %s, rule %lld (%s:%lld)", text_of(uses, "policy"),
		    int_of(uses, "rule"), text_of(uses, "file"),
		    int_of(uses, "line"));
	printf(", fence %s (%lld prefixes)\n    names: ", text_of(f, "fence"),
	    int_of(f, "prefixes"));
	show_words(json_object_get(f, "names"));
	printf("\n    pool %s in: ", text_of(f, "pool"));
	show_words(json_object_get(f, "regions"));
	printf("\n    when all is down: ");
	if (json_is_null(json_object_get(f, "other_pool"))) {
		printf("the same\n");
		return;
	}
	printf("pool %s in: ", text_of(f, "other_pool"));
	show_words(json_object_get(f, "other_regions"));
	putchar('\n');
}

static void
show_fences(const json_t *fences)
{
	const json_t *f;
	size_t i;

	if (json_array_size(fences) > 0)
		printf("\nwhat clients within fences can get at all:\n");
	json_array_foreach(fences, i, f)
	{
		show_fence(f);
	}
}

static void
show_aliases(const json_t *aliases)
{
	const json_t *alias;
	size_t i;

	json_array_foreach(aliases, i, alias)
	{
		printf("%s  %s:%lld: %s\n",
		    i == 0 ? "\nnot in this proof:\n" : "",
		    text_of(alias, "file"), int_of(alias, "line"),
		    text_of(alias, "text"));
	}
}

static void
prove_show(const json_t *report)
{
	const json_t *service = json_object_get(report, "in_service");
	char at[CLOCK_TEXT_MAX];

	printf("%sProof of %s%s, by meridian %s at %s\n", BOLD,
	    text_of(report, "file"), PLAIN, text_of(report, "version"),
	    clock_format(at, int_of(report, "at")));
	show_files(json_object_get(report, "files"));
	if (json_is_boolean(service))
		printf("%s\n",
		    json_is_true(service) ? "  which the daemon serves"
					  : "  which the daemon does not "
					    "serve: it was started or "
					    "reloaded with others");
	show_claims(report);
	show_fences(json_object_get(report, "fences"));
	show_aliases(json_object_get(report, "aliases"));
	printf("\n%s%s%s\n", is_ok(report) ? GREEN : RED,
	    is_ok(report) ? "PROVEN" : "NOT PROVEN", PLAIN);
}

static int
prove_offline(const struct arguments *a)
{
	static _Atomic bool never;
	json_t *report = prove_report(a->config, NULL, &never);
	int code = EXIT_DONE;

	if (a->given & OPT_JSON)
		json_show(report);
	if (json_object_get(report, "error") != NULL)
		code = fail_text(EXIT_WRONG, text_of(report, "error"));
	else if (!(a->given & OPT_JSON))
		prove_show(report);
	if (code == EXIT_DONE && !is_ok(report))
		code = EXIT_WRONG;
	json_decref(report);
	return code;
}

int
prove_run(const struct arguments *a)
{
	struct reply r;
	int code;

	if (a->config != NULL)
		return prove_offline(a);
	code = request(a, "/v1/prove", json_object(), &r);
	if (reply_shows(a, &r))
		prove_show(r.json);
	if (code == EXIT_DONE && !is_ok(r.json))
		code = EXIT_WRONG;
	reply_fini(&r);
	return code;
}
