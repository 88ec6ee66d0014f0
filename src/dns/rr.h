/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers of the protocol (RFC 1035 3.2, 4.1; RFC 6891; RFC 7871; RFC 8914),
 * and what they are called.  Pure; any thread.
 */
#ifndef DNS_RR_H
#define DNS_RR_H

#include <stdbool.h>
#include <stdint.h>

enum dns_size {
	DNS_HEADER_SIZE = 12,
	DNS_NAME_MAX = 255,
	DNS_LABEL_MAX = 63,
	DNS_MESSAGE_MAX = 65535,
	DNS_UDP_MIN = 512,   /* RFC 1035 4.2.1 */
	DNS_UDP_EDNS = 1232, /* what we send and announce at most */
};

enum dns_flag {
	DNS_QR = 0x8000,
	DNS_OPCODE = 0x7800,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_Z = 0x0040,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
	DNS_RCODE = 0x000f,
};

enum dns_opcode { DNS_OPCODE_QUERY = 0 };

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_NOTAUTH = 9,
	DNS_BADVERS = 16,
	DNS_BADCOOKIE = 23,
	DNS_RCODE_COUNT = 24,
};

enum dns_error { /* RFC 8914 4 */
	DNS_ERROR_OTHER = 0,
	DNS_ERROR_NOT_AUTHORITATIVE = 20,
	DNS_ERROR_NOT_SUPPORTED = 21,
};

enum dns_class { DNS_IN = 1, DNS_CH = 3, DNS_CLASS_ANY = 255 };

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_HINFO = 13,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_KEY = 25,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_DS = 43,
	DNS_SSHFP = 44,
	DNS_IPSECKEY = 45,
	DNS_RRSIG = 46,
	DNS_NSEC = 47,
	DNS_DNSKEY = 48,
	DNS_NSEC3 = 50,
	DNS_CDS = 59,
	DNS_ZONEMD = 63,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_TSIG = 250,
	DNS_IXFR = 251,
	DNS_AXFR = 252,
	DNS_ANY = 255,
	DNS_TA = 32768,
	DNS_DLV = 32769,
};

enum dns_option {
	DNS_OPTION_NSID = 3,
	DNS_OPTION_ECS = 8,
	DNS_OPTION_COOKIE = 10,
	DNS_OPTION_KEEPALIVE = 11,
	DNS_OPTION_PADDING = 12,
	DNS_OPTION_EDE = 15,
};

enum { RR_TEXT_MAX = 16 };

/* "A", "TYPE65280" (RFC 3597 5). Returns buf. */
char *rr_type_format(char buf[RR_TEXT_MAX], uint16_t type);
/* Without case; 0: none such. */
uint16_t rr_type_parse(const char *text);

/* "NOERROR", "NXDOMAIN", "RCODE12". Returns buf. */
char *rr_rcode_format(char buf[RR_TEXT_MAX], uint16_t rcode);
/* "NOERROR"; false: none such. */
bool rr_rcode_parse(const char *text, uint16_t *rcode);

#endif
