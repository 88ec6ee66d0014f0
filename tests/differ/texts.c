/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data of records as this reader and as ldns read it.  Each line of the
 * input is a type, a tab, text for this reader, in which octets 1 are ends of
 * lines, an octet 2, and text for ldns.  Each line of the output has both
 * results, with an octet 2 between: "=" and hexadecimal digits, or "-" and the
 * mistake.
 */
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rdata/rdata.h"

/*
 * LeakSanitizer asks the program for this: ldns 1.8.3 loses the algorithm of a
 * CERT (ldns_str2rdf_cert_alg) and the gateway of an IPSECKEY that it refuses
 * (ldns_str2rdf_ipseckey).  Our reader allocates nothing.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libldns.so\n";
}

static void
put_hex(const uint8_t *p, size_t len)
{
	putchar('=');
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
}

static void
ours(uint16_t type, const char *text)
{
	static const uint8_t origin[] = "\7example";
	static uint8_t octets[2 * DNS_MESSAGE_MAX];
	struct wire w;
	struct lex l;
	struct field_text t = {.lex = &l, .origin = origin, .w = &w};
	bool blank;

	wire_init(&w, octets, sizeof(octets));
	lex_init(&l, text, strlen(text));
	lex_begin(&l, &blank);
	if (rdata_parse(type, &t))
		put_hex(octets, w.len);
	else
		printf("-%s", l.error.text);
}

static void
theirs(const char *type, const char *text)
{
	static char line[70100];
	static ldns_rdf *origin;
	ldns_buffer *buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	ldns_status status;
	ldns_rr *rr = NULL;

	if (origin == NULL)
		origin = ldns_dname_new_frm_str("example.");
	snprintf(line, sizeof(line), "x. 0 IN %s %s", type, text);
	status = ldns_rr_new_frm_str(&rr, line, 0, origin, NULL);
	if (status == LDNS_STATUS_OK)
		status = ldns_rr_rdata2buffer_wire(buffer, rr);
	if (status == LDNS_STATUS_OK)
		put_hex(
		    ldns_buffer_begin(buffer), ldns_buffer_position(buffer));
	else
		printf("-%s", ldns_get_errorstr_by_id(status));
	ldns_rr_free(rr);
	ldns_buffer_free(buffer);
}

int
main(void)
{
	static char line[70000];
	char *text, *plain;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		text = strchr(line, '\t');
		if (text == NULL)
			return 2;
		*text++ = '\0';
		plain = strchr(text, '\2');
		if (plain == NULL)
			return 2;
		*plain++ = '\0';
		for (char *p = text; (p = strchr(p, '\1')) != NULL;)
			*p = '\n';
		ours(rr_type_parse(line), text);
		putchar('\2');
		theirs(line, plain);
		putchar('\n');
	}
	return 0;
}
