/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers of DNS that rules name.
 */
#ifndef DIFFER_CODE_H
#define DIFFER_CODE_H

enum {
	FORMERR = 1,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	NOTIMP = 4,
	REFUSED = 5,
	YXDOMAIN = 6,
	NOTAUTH = 9,
	BADVERS = 16,
	BADCOOKIE = 23,
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_AAAA = 28,
	TYPE_DNAME = 39,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_ANY = 255,
	FLAG_TC = 0x200,
	FLAG_CD = 0x10,
	FLAG_AD = 0x20,
};

#endif
