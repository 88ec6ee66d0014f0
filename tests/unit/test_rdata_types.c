/* SPDX-License-Identifier: BSD-3-Clause */
/* Data of each type that has a name: text to octets, back, and to the same. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/type.h"
#include "rdata/rdata.h"

#define KEY "AwEAAag/"
#define KEY_HEX "030100 01a83f"

/* Octets as RFCs and other servers have them; blanks in them count for
 * nothing.  NULL: the text is wrong. */
static const struct {
	const char *type, *text, *hex;
} rows[] = {
    {"A", "192.0.2.1", "c0000201"},
    {"A", "192.0.2.01", NULL},
    {"A", "192.0.2", NULL},
    {"A", "192.0.2.1.", NULL},
    {"A", "\"192.0.2.1\"", NULL},
    {"NS", "Ns.Example.", "024e73 074578616d706c65 00"},
    {"MD", "a.", "0161 00"},
    {"MF", "a.", "0161 00"},
    {"CNAME", "\\@", "0140 07 6578616d706c65 00"},
    {"CNAME", "@", "07 6578616d706c65 00"},
    {"CNAME", "a\\.b.", "03612e62 00"},
    {"CNAME", "a\\009b.", "03610962 00"},
    {"CNAME", "a\\\tb.", "03610962 00"},
    {"CNAME", "a\\256.", NULL},
    {"CNAME", "a\\25.", NULL},
    {"CNAME", "\"a.\"", NULL},
    {"CNAME", "a\"b\".", NULL},
    {"CNAME", "a. b.", NULL},
    {"CNAME", "a..", NULL},
    {"SOA", "a. b. 1 1h30m 3 4 5",
	"0161 00 0162 00 00000001 00001518 00000003 00000004 00000005"},
    {"SOA", "a. b. 1 1h30 3 4 5", NULL},
    {"SOA", "a. b. +1 2 3 4 5", NULL},
    {"SOA", "a. b. 1h 2 3 4 5", NULL},
    {"MB", "a.", "0161 00"},
    {"MG", "a.", "0161 00"},
    {"MR", "a.", "0161 00"},
    {"NULL", "\\# 0", ""},
    {"NULL", "\\# 2 ab cd", "abcd"},
    {"NULL", "abcd", NULL},
    {"WKS", "192.0.2.1 tcp smtp 0", "c0000201 06 80000040"},
    {"WKS", "192.0.2.1 256 25", NULL},
    {"WKS", "192.0.2.1 6 65536", NULL},
    {"PTR", "a", "0161 07 6578616d706c65 00"},
    {"HINFO", "\"a b\" c", "03612062 0163"},
    {"HINFO", "a", NULL},
    {"HINFO", "a b c", NULL},
    {"MINFO", "a. b.", "0161 00 0162 00"},
    {"MX", "10 a.", "000a 0161 00"},
    {"MX", "+10 a.", NULL},
    {"MX", "0x10 a.", NULL},
    {"MX", "10", NULL},
    {"MX", "10 \"mail\"", NULL},
    {"TXT", "a \"b c\" \"\"", "0161 03622063 00"},
    {"TXT", "\\\"\\065\\;", "032241 3b"},
    {"TXT", "key=\"a b\"", NULL},
    {"TXT", "\"a\"\"b\"", NULL},
    {"TXT", "\"a\"b", NULL},
    {"TXT", "", NULL},
    {"RP", "a. .", "0161 00 00"},
    {"AFSDB", "1 a.", "0001 0161 00"},
    {"X25", "311061700956", "0c 333131303631373030393536"},
    {"X25", "\"3110\"", "04 33313130"},
    {"X25", "311", NULL},
    {"X25", "abcd", NULL},
    {"ISDN", "150862028003217 004",
	"0f 313530383632303238303033323137 03 303034"},
    {"ISDN", "150862028003217", "0f 313530383632303238303033323137"},
    {"RT", "2 a.", "0002 0161 00"},
    {"NSAP", "0x47.0005.80.005a00.0000.0001", "47000580005a0000000001"},
    {"NSAP", "0x470", NULL},
    {"NSAP", "0x", NULL},
    {"NSAP", "47", NULL},
    {"NSAP-PTR", "a.", "0161 00"},
    {"SIG", "A 1 2 3600 20380119031408 20380119031407 4 a. " KEY,
	"0001 01 02 00000e10 80000000 7fffffff 0004 0161 00" KEY_HEX},
    {"KEY", "256 3 RSAMD5 " KEY, "0100 03 01" KEY_HEX},
    {"KEY", "49152 3 1", "c000 03 01"},
    {"KEY", "49152 3 1 " KEY, NULL},
    /* RFC 2535 7.1: names of flags and protocols */
    {"KEY", "256 DNSSEC RSASHA1 " KEY, "0100 03 05" KEY_HEX},
    {"KEY", "ZONE 3 5 " KEY, "0100 03 05" KEY_HEX},
    {"KEY", "zone|noauth|sig15 email 5 " KEY, "810f 02 05" KEY_HEX},
    {"KEY",
	"HOST|FLAG2|EXTEND|FLAG4|FLAG5|FLAG8|FLAG9|FLAG10|FLAG11 ALL 5 " KEY,
	"3ef0 ff 05" KEY_HEX},
    {"KEY", "USER|SIG0 TLS 5 " KEY, "0000 01 05" KEY_HEX},
    {"KEY", "NOCONF|NTYP3|SIG1 IPSEC 5 " KEY, "4301 04 05" KEY_HEX},
    {"KEY", "NOKEY NONE 1", "c000 00 01"},
    {"KEY", "NOKEY NONE 1 " KEY, NULL},
    {"KEY", "ZONE|HOST 3 5 " KEY, NULL},
    {"KEY", "SIG1|SIG0 3 5 " KEY, NULL},
    {"KEY", "ZONE| 3 5 " KEY, NULL},
    {"KEY", "|ZONE 3 5 " KEY, NULL},
    {"KEY", "SIG16 3 5 " KEY, NULL},
    {"KEY", "ZONE|256 3 5 " KEY, NULL},
    {"KEY", "65536 3 5 " KEY, NULL},
    {"KEY", "256 SSH 5 " KEY, NULL},
    {"KEY", "256 256 5 " KEY, NULL},
    {"KEY", "256 3 1", NULL},
    {"PX", "10 a. b.", "000a 0161 00 0162 00"},
    {"GPOS", "-32.6882 116.8652 10.0",
	"08 2d33322e36383832 08 3131362e38363532 04 31302e30"},
    {"AAAA", "2001:db8::1", "20010db8000000000000000000000001"},
    {"AAAA", "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
    {"AAAA", "192.0.2.1", NULL},
    {"LOC", "42 21 54 N 71 06 18 W -24m",
	"00 12 16 13 89172dd0 70be15f0 00988d20"},
    {"LOC", "42 21 54.5 N 71 06 18 W -24m 30m",
	"00 33 16 13 89172fc4 70be15f0 00988d20"},
    {"LOC", "0 N 0 E 0 0 0 0", "00 00 00 00 80000000 80000000 00989680"},
    {"LOC", "90 S 180 E 42849672.95 90000000m 9m 0.05m",
	"00 99 92 50 6cb02700 a69fb200 ffffffff"},
    {"LOC", "42 21 54 N 71 06 18 W", NULL},
    {"LOC", "42 N 71 W 0 9e9m", NULL},
    {"LOC", "42 N 71 W 0 90000001m", NULL},
    {"LOC", "42 N 71 W 0 -1", NULL},
    {"LOC", "42 N 71 W 0 -0m", NULL},
    {"LOC", "42 N 71 W 0.005", NULL},
    {"LOC", "-42 N 71 W 0", NULL},
    {"LOC", "42 0 0.1234 N 71 W 0", NULL},
    {"LOC", "42 71 W 0", NULL},
    {"LOC", "42 N 71 W 0 1 1 1 1", NULL},
    {"NXT", "a. A NXT", "0161 00 40000002"},
    {"NXT", "a. 127", "0161 00 00000000000000000000000000000001"},
    {"NXT", "a. 1 02 SOA", "0161 00 62"},
    {"NXT", "a. TYPE128", NULL},
    {"NXT", "a. 128", NULL},
    {"NXT", "a. 0", NULL},
    {"NXT", "a. 65537", NULL},
    {"NXT", "a. +1", NULL},
    {"NXT", "\\# 5 0161 00 4000", NULL},
    {"EID", "e32c 6f78163a9348", "e32c6f78163a9348"},
    {"NIMLOC", "32251a030067", "32251a030067"},
    {"SRV", "1 2 3 .", "0001 0002 0003 00"},
    {"ATMA", "+61.200000000", NULL},
    {"ATMA", "+61200000000", "01 3631323030303030303030"},
    {"ATMA", "39.246f", "00 39246f"},
    {"NAPTR", "1 2 u \"E2U+sip\" \"!^.*$!sip:a@b!\" .",
	"0001 0002 0175 07 4532552b736970 0e 215e2e2a24217369703a61406221 00"},
    {"KX", "10 a.", "000a 0161 00"},
    {"CERT", "PGP 2 ECDSAP256SHA256 " KEY, "0003 0002 0d" KEY_HEX},
    {"CERT", "65535 2 3 " KEY, "ffff 0002 03" KEY_HEX},
    {"CERT", "65536 2 3 " KEY, NULL},
    {"A6", "64 ::1:2:3:4 a.", "40 0001000200030004 0161 00"},
    {"A6", "0 2001:db8::1", "00 20010db8000000000000000000000001"},
    {"A6", "128 a.", "80 0161 00"},
    {"A6", "129 a.", NULL},
    {"A6", "64 1::1 a.", NULL},
    {"DNAME", "a.", "0161 00"},
    {"SINK", "1 2 " KEY, "01 02" KEY_HEX},
    {"APL", "1:192.0.2.0/24 !2:2001:db8::/32",
	"0001 18 03 c00002 0002 20 84 20010db8"},
    {"APL", "", ""},
    {"APL", "1:0.0.0.0/0", "0001 00 00"},
    {"APL", "1:192.0.2.0/33", NULL},
    {"APL", "3:00/0", NULL},
    {"APL", "1:2001:db8::/32", NULL},
    {"DS", "60485 5 SHA-1 2bb183af5f22588179a53b0a98631fad1a292118",
	"ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118"},
    {"DS", "60485 5 1 2bb183", NULL},
    {"SSHFP", "2 1 123456789abcdef67890123456789abcdef67890",
	"02 01 123456789abcdef67890123456789abcdef67890"},
    {"IPSECKEY", "10 1 2 192.0.2.38 " KEY, "0a 01 02 c0000226" KEY_HEX},
    {"IPSECKEY", "10 2 2 2001:db8::1 " KEY,
	"0a 02 02 20010db8000000000000000000000001" KEY_HEX},
    {"IPSECKEY", "10 3 2 a. " KEY, "0a 03 02 0161 00" KEY_HEX},
    {"IPSECKEY", "10 0 2 . " KEY, "0a 00 02" KEY_HEX},
    {"IPSECKEY", "10 0 0 .", "0a 00 00"},
    {"IPSECKEY", "10 0 2 .", NULL},
    {"IPSECKEY", "10 0 0 . " KEY, NULL},
    {"IPSECKEY", "10 0 2 a. " KEY, NULL},
    {"IPSECKEY", "10 4 2 a. " KEY, NULL},
    {"RRSIG", "NSEC 5 3 86400 20030322173103 20030220173103 2642 a. " KEY,
	"002f 05 03 00015180 3e7c9dd7 3e5510d7 0a52 0161 00" KEY_HEX},
    {"RRSIG", "A 5 3 1 20030230000000 0 1 a. " KEY, NULL},
    {"RRSIG", "A 5 1 1 0 0 1 a.b. " KEY, NULL},
    {"RRSIG", "A 5 0 1 0 0 1 . " KEY,
	"0001 05 00 00000001 00000000 00000000 0001 00" KEY_HEX},
    {"RRSIG", "A 5 3 1 2003 4294967296 1 a. " KEY, NULL},
    {"NSEC", "a. A MX TYPE1234",
	"0161 00 0002 4001 041b"
	"000000000000000000000000000000000000000000000000000020"},
    {"NSEC", "a. NSEC TYPE257", "016100 0006 000000000001 0101 40"},
    {"NSEC", "a. A TYPE65535",
	"016100 0001 40 ff20 0000000000000000000000000000000000000000000000"
	"0000000000000000 01"},
    {"NSEC", "a. TYPE256 TYPE511 TYPE512",
	"016100 0120 8000000000000000000000000000000000000000000000000000"
	"0000000000 01 0201 80"},
    {"NSEC", "a.", NULL},
    {"DNSKEY", "256 3 5 AwEA Aag/", "0100 03 05" KEY_HEX},
    {"DNSKEY", "256 3 RSASHA1 AwEAAag", NULL},
    {"DNSKEY", "256 3 5 AwEAAag==", NULL},
    {"DNSKEY", "256 3 5 AwEAAa==", NULL},
    {"DNSKEY", "256 3 5 A=EA", NULL},
    {"DNSKEY", "256 3 5", NULL},
    {"DNSKEY", "256 3 5 ====", NULL},
    {"DNSKEY", "256 3 5 A===", NULL},
    {"DNSKEY", "256 3 5 AwEA====", NULL},
    {"DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	"000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c"
	"40"},
    {"NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
	"01 01 000c 04 aabbccdd 14 17f3df17b2b2adaef615257de4d2020b80ac6c7c"
	"0006 4000 0000 0002"},
    {"NSEC3", "1 0 0 - 1h30 A", NULL},
    {"NSEC3", "1 0 0 - 2vptu5timamqttgl A", NULL},
    {"NSEC3", "2 0 0 - 1h30 A", "02 00 0000 00 02 0c46 0001 40"},
    {"NSEC3", "2 0 0 - 1h31 A", NULL},
    {"NSEC3PARAM", "1 0 0 -", "01 00 0000 00"},
    {"NSEC3PARAM", "1 0 12 aabb", "01 00 000c 02 aabb"},
    {"NSEC3PARAM", "1 0 12 aab", NULL},
    {"TLSA", "DANE-EE SPKI SHA2-256 aabb", "03 01 01 aabb"},
    {"TLSA", "3 1 1 aab", NULL},
    {"TLSA", "3 1 1", NULL},
    {"SMIMEA", "3 1 1 aabb", "03 01 01 aabb"},
    {"HIP", "2 200100107b1a74df365639cc39f1d578 " KEY " a. b.",
	"10 02 0006 200100107b1a74df365639cc39f1d578" KEY_HEX
	"0161 00 0162 00"},
    {"HIP", "2 2001 " KEY, "02 02 0006 2001" KEY_HEX},
    {"NINFO", "a", "0161"},
    {"RKEY", "0 1 2 " KEY, "0000 01 02" KEY_HEX},
    {"TALINK", "a. b.", "0161 00 0162 00"},
    {"CDS", "0 0 0 00", "0000 00 00 00"},
    {"CDNSKEY", "0 3 0 AA==", "0000 03 00 00"},
    {"OPENPGPKEY", KEY, KEY_HEX},
    {"CSYNC", "66 3 A NS AAAA", "00000042 0003 0004 60000008"},
    {"CSYNC", "66 3", "00000042 0003"},
    {"ZONEMD",
	"1 1 1 "
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021"
	"22232425262728292a2b2c2d2e2f",
	"00000001 01 01 "
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021"
	"22232425262728292a2b2c2d2e2f"},
    {"ZONEMD", "1 1 1 000102030405060708090a0b", NULL},
    {"ZONEMD", "1 1 2 000102030405060708090a0b", NULL},
    {"ZONEMD", "1 1 240 e2d523f654b9422a96c5a8f44607bbee",
	"00000001 01 f0 e2d523f654b9422a96c5a8f44607bbee"},
    {"ZONEMD", "1 241 1 e1846540e33a9e4189792d18d5d131f605fc283e",
	"00000001 f1 01 e1846540e33a9e4189792d18d5d131f605fc283e"},
    {"SVCB", "1 .", "0001 00"},
    {"SVCB", "16 foo. alpn=h2 port=53",
	"0010 03666f6f 00 0001 0003 026832 0003 0002 0035"},
    {"SVCB", "1 . port=53 alpn=h2", "0001 00 0001 0003 026832 0003 0002 0035"},
    {"SVCB",
	"16 foo. mandatory=alpn,ipv4hint alpn=h2,h3-19 "
	"ipv4hint=192.0.2.1",
	"0010 03666f6f 00 0000 0004 00010004 0001 0009 0268 32 05 68332d3139 "
	"0004 0004 c0000201"},
    {"SVCB", "16 foo. alpn=f\\\\\\\\oo\\\\,bar,h2",
	"0010 03666f6f 00 0001 000c 08665c6f6f2c626172 026832"},
    {"SVCB", "16 foo. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
	"0010 03666f6f 00 0001 000c 08665c6f6f2c626172 026832"},
    {"SVCB", "16 foo. alpn=f\\\\\\092oo\\092,bar,h2",
	"0010 03666f6f 00 0001 000c 08665c6f6f2c626172 026832"},
    {"SVCB", "1 . alpn=a\\\\", NULL},
    {"SVCB", "1 . alpn=h2,,h3", NULL},
    {"SVCB", "1 . alpn=h2,", NULL},
    {"SVCB", "1 . alpn=", NULL},
    {"SVCB", "1 . alpn=h2\"x\"", NULL},
    {"SVCB", "1 . alpn=\"h2\"x", NULL},
    {"SVCB", "1 . \"alpn=h2\"", NULL},
    {"SVCB", "1 . alpn = h2", NULL},
    {"SVCB", "1 . key1=\\002h2", "0001 00 0001 0003 026832"},
    {"SVCB", "1 . key3=\\000\\053", "0001 00 0003 0002 0035"},
    {"SVCB", "1 . key3=53", "0001 00 0003 0002 3533"},
    {"SVCB", "1 . key3=443", NULL},
    {"SVCB", "1 . key00667=a", NULL},
    {"SVCB", "1 . key65535=a", NULL},
    {"SVCB", "1 . Port=53", NULL},
    {"SVCB", "1 . alpn=h2 key1=\\002h3", NULL},
    {"SVCB", "1 . alpn=h2 no-default-alpn=\"\"",
	"0001 00 0001 0003 026832 0002 0000"},
    {"SVCB",
	"1 . alpn=h2 no-default-alpn=", "0001 00 0001 0003 026832 0002 0000"},
    {"SVCB", "1 . key65000", "0001 00 fde8 0000"},
    {"SVCB", "1 . key65000=\"\"", "0001 00 fde8 0000"},
    {"SVCB", "1 . mandatory=alpn,alpn alpn=h2", NULL},
    {"SVCB", "1 . mandatory=key1 alpn=h2",
	"0001 00 0000 0002 0001 0001 0003 026832"},
    {"SVCB", "1 . ipv4hint=192.0.2.1,192.0.2.2",
	"0001 00 0004 0008 c0000201 c0000202"},
    {"SVCB", "1 . ipv4hint=192.0.2.1,", NULL},
    {"SVCB", "1 . ipv4hint=192.0.2.\\049", NULL},
    {"SVCB", "1 . ipv6hint=2001:db8::\\a", NULL},
    {"SVCB", "1 . port=\\053", NULL},
    {"SVCB", "1 . ech=A\\065AA", NULL},
    {"SVCB", "1 . alpn=h2 mandatory=al\\pn", NULL},
    {"SVCB", "1 . key3=\\053\\053", "0001 00 0003 0002 3535"},
    {"SVCB", "1 . ipv6hint=::1,192.0.2.1", NULL},
    {"SVCB", "1 . ech=AAAA", "0001 00 0005 0003 000000"},
    {"SVCB", "1 . dohpath=/q{?dns}", "0001 00 0007 0008 2f717b3f646e737d"},
    {"SVCB", "1 . dohpath=/q{?a,dns}",
	"0001 00 0007 000a 2f717b3f612c646e737d"},
    {"SVCB", "1 . dohpath=/q", NULL},
    {"SVCB", "1 . dohpath=/q{?dnsx}", NULL},
    {"SVCB", "1 . dohpath=q{?dns}", NULL},
    {"SVCB", "1 . ohttp", "0001 00 0008 0000"},
    {"SVCB", "1 . ohttp=x", NULL},
    {"HTTPS", "1 . key65000=\"see port=70000 now\"",
	"0001 00 fde8 0012 73656520706f72743d3730303030206e6f77"},
    {"DSYNC", "CDS NOTIFY 5359 a.", "003b 01 14ef 0161 00"},
    {"DSYNC", "CSYNC 128 0 .", "003e 80 0000 00"},
    {"HHIT", KEY, KEY_HEX},
    {"BRID", KEY, KEY_HEX},
    {"SPF", "v=spf1", "06 763d73706631"},
    {"UINFO", "\\# 1 00", "00"},
    {"UID", "\\# 1 00", "00"},
    {"GID", "\\# 1 00", "00"},
    {"UNSPEC", "\\# 1 00", "00"},
    {"NID", "10 0014:4fff:ff20:ee64", "000a 00144fffff20ee64"},
    {"NID", "10 14:4fff:ff20", NULL},
    {"NID", "10 14:4fff:ff20:10000", NULL},
    {"L32", "10 10.1.2.0", "000a 0a010200"},
    {"L64", "10 2001:db8:1140:1000", "000a 20010db811401000"},
    {"LP", "10 a.", "000a 0161 00"},
    {"EUI48", "00-00-5e-00-53-2a", "00005e00532a"},
    {"EUI48", "00:00:5e:00:53:2a", NULL},
    {"EUI64", "00-00-5e-ef-10-00-00-2a", "00005eef1000002a"},
    {"URI", "10 1 \"ftp://a/\"", "000a 0001 6674703a2f2f612f"},
    {"URI", "10 1 a b", NULL},
    {"CAA", "0 issue \"a.b\"", "00 05 6973737565 612e62"},
    {"CAA", "0 issue a.b", "00 05 6973737565 612e62"},
    {"CAA", "128 tbs \"\"", "80 03 746273"},
    {"CAA", "0 is-sue a", NULL},
    {"CAA", "0 \"issue\" a", NULL},
    {"CAA", "0 \"\" a", NULL},
    {"AVC", "a", "0161"},
    {"DOA", "0 1 2 \"\" -", "00000000 00000001 02 00"},
    {"DOA", "0 1 2 a " KEY, "00000000 00000001 02 0161" KEY_HEX},
    {"AMTRELAY", "10 0 1 203.0.113.15", "0a 01 cb00710f"},
    {"AMTRELAY", "10 1 3 a.", "0a 83 0161 00"},
    {"AMTRELAY", "10 1 0 .", "0a 80"},
    {"AMTRELAY", "10 2 0 .", NULL},
    {"RESINFO", "qnamemin exterr=15",
	"08 716e616d656d696e 09 6578746572723d3135"},
    {"WALLET", "a b", "0161 0162"},
    {"CLA", "a", "0161"},
    {"IPN", KEY, KEY_HEX},
    {"TA", "1 2 9 aabb", "0001 02 09 aabb"},
    {"TA", "1 2 1 aabb", NULL},
    {"DLV", "1 2 9 aabb", "0001 02 09 aabb"},
    {"DLV", "1 2 2 aabb", NULL},
    {"TYPE731", "\\# 6 abcdef 012345", "abcdef012345"},
    {"TYPE731", "\\# 6 abcdez 012345", NULL},
    {"TYPE731", "\\# 5 abcdef 012345", NULL},
    {"TYPE731", "\\# 3 abcde", NULL},
    {"TYPE731", "\\# 2 abc d", NULL},
    {"TYPE731", "\\# +1 ab", NULL},
    {"TYPE731", "\\# 0x1 ab", NULL},
    {"TYPE731", "abcd", NULL},
    {"A", "\\# 4 c0000201", "c0000201"},
    {"A", "\\# 4 c00002zz", NULL},
    {"A", "\\# 3 c00002", NULL},
    {"A", "\\# 5 c000020100", NULL},
    {"MX", "\\# 4 000ac000", NULL},
    {"TXT", "\\# 0", NULL},
    {"TXT", "\\# 2 0261", NULL},
    {"DS", "\\# 7 ec450501 2bb183", NULL},
    {"NSEC", "\\# 6 0161 00 0001 00", NULL},
    {"NSEC", "\\# 9 016100 0101 40 0001 40", NULL},
    {"NSEC", "\\# 9 016100 0001 40 0001 40", NULL},
    {"NSEC", "\\# 5 016100 0000", NULL},
    {"NSEC", "\\# 5 016100 0001", NULL},
    {"NSEC", "\\# 4 016100 00", NULL},
    {"NSEC", "\\# 6 016100 0001 80", NULL},
    {"LOC", "\\# 16 01121613 89172dd0 70be15f0 00988d20", NULL},
    {"LOC", "\\# 16 00a21613 89172dd0 70be15f0 00988d20", NULL},
    {"LOC", "\\# 16 00021613 89172dd0 70be15f0 00988d20", NULL},
    {"LOC", "\\# 16 00001613 89172dd0 70be15f0 00988d20",
	"00 00 16 13 89172dd0 70be15f0 00988d20"},
    {"LOC", "\\# 16 00121613 ffffffff 70be15f0 00988d20", NULL},
    {"APL", "\\# 5 0001180100", NULL},
    {"APL", "\\# 4 00032000", NULL},
    {"CAA", "\\# 4 00012d78", NULL},
    {"HIP", "\\# 4 00020000", NULL},
    {"A6", "\\# 1 81", NULL},
    {"AMTRELAY", "\\# 2 0a04", NULL},
    {"X25", "\\# 4 03313131", NULL},
    {"ATMA", "\\# 2 0161", NULL},
    {"ATMA", "\\# 2 0231", NULL},
};

static const uint8_t origin[] = "\7example";

static bool
parse(uint16_t type, const char *text, struct wire *w, struct error *err)
{
	struct lex l;
	struct field_text t = {.lex = &l, .origin = origin, .w = w};
	bool blank, ok;

	lex_init(&l, text, strlen(text));
	lex_begin(&l, &blank);
	ok = rdata_parse(type, &t);
	*err = l.error;
	return ok;
}

static size_t
unhex(const char *hex, uint8_t *octets)
{
	size_t n = 0;
	unsigned v;

	for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ' && sscanf(hex, "%2x", &v) == 1)
			octets[n++] = (uint8_t)v;
	return n;
}

/* What is formatted is read as the same octets. */
static void
check_round(uint16_t type, const struct wire *w)
{
	static uint8_t text[5 * DNS_MESSAGE_MAX], again[DNS_MESSAGE_MAX];
	struct cursor c = {.packet = w->at, .end = w->len};
	struct wire t, a;
	struct error err;

	wire_init(&t, text, sizeof(text) - 1);
	wire_init(&a, again, sizeof(again));
	rdata_format(type, &c, &t);
	text[t.len] = '\0';
	ck_assert_msg(parse(type, (const char *)text, &a, &err), "%s: %s", text,
	    err.text);
	ck_assert_uint_eq(a.len, w->len);
	ck_assert_mem_eq(a.at, w->at, w->len);
}

/* In the form of RFC 3597 it is the same data, whatever words it is in. */
static void
check_generic(uint16_t type, const uint8_t *octets, size_t len)
{
	char text[32 + 3 * 512];
	uint8_t again[512];
	struct error err;
	struct wire w;

	for (size_t every = 1; every <= 16; every *= 4) {
		int n = snprintf(text, sizeof(text), "\\# %zu", len);

		for (size_t i = 0; i < len; i++)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
			    i % every == 0 ? " %02x" : "%02X", octets[i]);
		wire_init(&w, again, sizeof(again));
		ck_assert_msg(
		    parse(type, text, &w, &err), "%s: %s", text, err.text);
		ck_assert_uint_eq(w.len, len);
		ck_assert(len == 0 || memcmp(again, octets, len) == 0);
	}
}

START_TEST(text_is_read_as_the_type_has_it)
{
	uint8_t octets[512], want[512];
	uint16_t type = rr_type_parse(rows[_i].type);
	const char *text = rows[_i].text;
	struct error err;
	struct wire w;
	size_t len;
	bool ok;

	ck_assert_uint_ne(type, 0);
	wire_init(&w, octets, sizeof(octets));
	ok = parse(type, text, &w, &err);
	ck_assert_msg(ok == (rows[_i].hex != NULL), "%s %s: %s", rows[_i].type,
	    text, ok ? "read" : err.text);
	if (!ok) {
		ck_assert_msg(strncmp(err.text, rows[_i].type,
				  strlen(rows[_i].type)) == 0 ||
			strchr(text, '"') != NULL || strchr(text, '\\') != NULL,
		    "%s", err.text);
		return;
	}
	len = unhex(rows[_i].hex, want);
	ck_assert_msg(w.len == len && memcmp(octets, want, len) == 0, "%s %s",
	    rows[_i].type, text);
	ck_assert_msg(rdata_check(type, octets, len, &err), "%s", err.text);
	check_round(type, &w);
	check_generic(type, octets, len);
}
END_TEST

static bool
has_row(const char *type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].type, type) == 0 && rows[i].hex != NULL)
			return true;
	return false;
}

START_TEST(each_type_that_a_zone_holds_is_tried)
{
	size_t n;
	const struct rr_type *types = type_rows(&n);

	for (size_t i = 0; i < n; i++) {
		bool meta = types[i].value == DNS_OPT ||
		    (types[i].value >= 128 && types[i].value <= 255);

		ck_assert_msg(i == 0 || types[i - 1].value < types[i].value,
		    "%s", types[i].name);
		ck_assert_msg(
		    meta || has_row(types[i].name), "%s", types[i].name);
		ck_assert_uint_eq(rr_type_parse(types[i].name), types[i].value);
	}
}
END_TEST

/* Octets that are cut anywhere are data of no type, or are read as text again.
 */
START_TEST(octets_that_are_cut_are_no_data)
{
	uint16_t type = rr_type_parse(rows[_i].type);
	uint8_t octets[512];
	struct error err;
	struct wire w;

	wire_init(&w, octets, sizeof(octets));
	if (!parse(type, rows[_i].text, &w, &err))
		return;
	for (size_t len = w.len; len > 0; len--) {
		uint8_t *cut = malloc(len); /* so that ASan sees its end */
		struct wire c;

		memcpy(cut, octets, len);
		wire_init(&c, cut, len);
		c.len = len;
		/* Bit maps of old types may end with octets 0. */
		if (rdata_check(type, cut, len, &err) && cut[len - 1] != 0)
			check_round(type, &c);
		free(cut);
	}
}
END_TEST

/* Octets that are changed are data of no type, or are read as text again. */
START_TEST(octets_that_are_changed_are_no_data)
{
	uint16_t type = rr_type_parse(rows[_i].type);
	uint8_t octets[512];
	struct error err;
	struct wire w;

	wire_init(&w, octets, sizeof(octets));
	if (!parse(type, rows[_i].text, &w, &err))
		return;
	for (size_t i = 0; i < w.len; i++) {
		const uint8_t was = octets[i];
		const uint8_t others[] = {0, 1, 2, 4, 0x7f, 0x80, 0xff,
		    (uint8_t)(was - 1), (uint8_t)(was + 1),
		    (uint8_t)(was ^ 0x80), (uint8_t)(was ^ 0x10)};

		for (size_t k = 0; k < sizeof(others); k++) {
			octets[i] = others[k];
			/* Bit maps of old types may end with octets 0. */
			if (rdata_check(type, octets, w.len, &err) &&
			    (type != rr_type_parse("WKS") ||
				octets[w.len - 1] != 0))
				check_round(type, &w);
		}
		octets[i] = was;
	}
}
END_TEST

/* Where there is room for all octets but one it is an error; beyond nothing is
 * written. */
START_TEST(data_needs_all_of_its_room)
{
	uint16_t type = rr_type_parse(rows[_i].type);
	const char *text = rows[_i].text;
	uint8_t octets[512], *room;
	struct error err;
	struct wire w;

	wire_init(&w, octets, sizeof(octets));
	if (!parse(type, text, &w, &err))
		return;
	for (size_t cap = 0; cap <= w.len; cap++) {
		struct wire small;

		room = malloc(cap + 1); /* so that ASan sees its end */
		wire_init(&small, room, cap);
		ck_assert_msg(parse(type, text, &small, &err) == (cap == w.len),
		    "%s %s in %zu octets", rows[_i].type, text, cap);
		if (cap == w.len)
			ck_assert_mem_eq(room, octets, cap);
		else
			ck_assert_msg(strstr(err.text, "longer than"),
			    "%zu: %s", cap, err.text);
		free(room);
	}
}
END_TEST

/* What is there already stays, and nothing of it counts. */
START_TEST(data_are_put_behind_others)
{
	uint16_t type = rr_type_parse(rows[_i].type);
	uint8_t alone[512], behind[512 + 300];
	struct lex l;
	struct wire w;
	struct field_text t = {.lex = &l, .origin = origin, .w = &w};
	struct error err;
	size_t len;
	bool blank;

	wire_init(&w, alone, sizeof(alone));
	if (!parse(type, rows[_i].text, &w, &err))
		return;
	len = w.len;
	for (size_t before = 1; before <= 300; before += 299) {
		memset(behind, 0xc0, sizeof(behind));
		wire_init(&w, behind, sizeof(behind));
		w.len = before;
		lex_init(&l, rows[_i].text, strlen(rows[_i].text));
		lex_begin(&l, &blank);
		ck_assert(rdata_parse(type, &t));
		ck_assert_uint_eq(w.len, before + len);
		ck_assert_mem_eq(behind + before, alone, len);
		for (size_t i = 0; i < before; i++)
			ck_assert_uint_eq(behind[i], 0xc0);
	}
}
END_TEST

/* Text with the i-th of its words replaced; false: it has fewer. */
static bool
replace_word(
    char *to, size_t size, const char *text, unsigned i, const char *with)
{
	const char *begin = text, *end;
	bool quoted = false;

	for (;; begin = end) {
		begin += strspn(begin, " ");
		if (*begin == '\0')
			return false;
		for (end = begin; *end != '\0' && (quoted || *end != ' ');
		     end++) {
			if (*end == '\\' && end[1] != '\0')
				end++;
			else if (*end == '"')
				quoted = !quoted;
		}
		if (i-- == 0)
			break;
	}
	snprintf(to, size, "%.*s%s%s", (int)(begin - text), text, with, end);
	return true;
}

/* Types whose words are texts: any will do, from that word on. */
static const struct {
	const char *type;
	unsigned from;
} free_texts[] = {{"AVC", 0}, {"CAA", 2}, {"CLA", 0}, {"DOA", 3}, {"GPOS", 0},
    {"HINFO", 0}, {"ISDN", 0}, {"NAPTR", 2}, {"NINFO", 0}, {"RESINFO", 0},
    {"SPF", 0}, {"TXT", 0}, {"URI", 2}, {"WALLET", 0}};

static bool
is_free(const char *type, unsigned word)
{
	for (size_t i = 0; i < sizeof(free_texts) / sizeof(*free_texts); i++)
		if (strcmp(free_texts[i].type, type) == 0 &&
		    word >= free_texts[i].from)
			return true;
	return false;
}

/* Each word of what is right, in turn something that no field can be. */
START_TEST(each_word_can_be_wrong)
{
	static const char *const wrong[] = {
	    "a..b", "!", "99999999999999999999", "-1", "\"\""};
	const char *type = rows[_i].type;
	char text[4096];
	uint8_t octets[512];
	struct error err;
	struct wire w;

	if (rows[_i].hex == NULL)
		return;
	for (unsigned word = 0;; word++) {
		unsigned refused = 0;

		for (size_t k = 0; k < sizeof(wrong) / sizeof(*wrong); k++) {
			if (!replace_word(text, sizeof(text), rows[_i].text,
				word, wrong[k]))
				return;
			wire_init(&w, octets, sizeof(octets));
			if (!parse(rr_type_parse(type), text, &w, &err))
				refused++;
		}
		/* A name may be "!", and a number -1, where it has a sign. */
		ck_assert_msg(refused >= 2 || is_free(type, word),
		    "%s %s: word %u may be anything", type, rows[_i].text,
		    word);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rdata/types");
	TCase *tc = tcase_create("rdata/types");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, text_is_read_as_the_type_has_it, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, each_type_that_a_zone_holds_is_tried);
	tcase_add_loop_test(
	    tc, each_word_can_be_wrong, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, octets_that_are_cut_are_no_data, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, octets_that_are_changed_are_no_data, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(
	    tc, data_needs_all_of_its_room, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(
	    tc, data_are_put_behind_others, 0, sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
