/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mistakes that people make in a configuration, with what each of them is
 * told: the mistake, its place and the mend.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

static const struct mistake {
	const char *text;
	unsigned line, column;
	const char *told;
} mistakes[] = {
    {"meridian: 1\nregions:\n  eu: {}\n    us: {}\n", 4, 5,
	"indented deeper than the other keys of its map, which begin in column "
	"3 (line 3)"},
    {"meridian: 1\nregions:\n  eu:\n    location: [1, 2]\n      bias: 3\n", 5,
	7,
	"indented deeper than the other keys of its map, which begin in column "
	"5 (line 4)"},
    {"meridian: 1\nregions:\n  eu:\n    location: [1, 2]\n   bias: 3\n", 5, 4,
	"indented deeper than the other keys of its map, which begin in column "
	"3 (line 3)"},
    {"meridian: 1\nnames:\n  *.x.example.com: {pool: w}\n", 3, 3,
	"a text that begins with \"*\" needs quotes: \"*.x.example.com\""},
    {"meridian: 1\nnames: {*.x.example.com: {pool: w}}\n", 2, 9,
	"a text that begins with \"*\" needs quotes: \"*.x.example.com\""},
    {"meridian: 1\nmonitors:\n  web:\n    type: tcp\n    interval:1s\n", 5, 14,
	"a space is missing after \"interval:\": write \"interval: 1s\""},
    {"meridian: 1\nmonitors:\n  web:\n    interval:1s\n    type: tcp\n", 4, 14,
	"a space is missing after \"interval:\": write \"interval: 1s\""},
    {"meridian: 1\nmonitors: {web: {type: tcp, interval:1s}}\n", 2, 29,
	"unknown key \"interval:1s\" in a monitor; write \"interval: 1s\""},
    {"meridian: 1\nmonitors: {web: {type:tcp, port: 1}}\n", 2, 18,
	"unknown key \"type:tcp\" in a monitor; write \"type: tcp\""},
    {"regions: {eu: {}}\n", 1, 1,
	"the configuration needs the key \"meridian\": write \"meridian: 1\" "
	"(the version of the schema)"},
    {"zones:\n  example.com: zone\n", 1, 1,
	"the configuration needs the key \"meridian\": write \"meridian: 1\" "
	"(the version of the schema)"},
    {"meridian:1\nregions: {eu: {}}\n", 1, 10,
	"a space is missing after \"meridian:\": write \"meridian: 1\""},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "\"192.0.2.1:80\"}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"192.0.2.1:80\"; write 192.0.2.1 "
	"alone, the port is the monitor's (\"port\")"},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "192.0.2.1:80}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"192.0.2.1:80\"; write 192.0.2.1 "
	"alone, the port is the monitor's (\"port\")"},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "192.0.2.1@80}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"192.0.2.1@80\"; write 192.0.2.1 "
	"alone, the port is the monitor's (\"port\")"},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "\"[2001:db8::1]:80\"}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"[2001:db8::1]:80\"; write "
	"2001:db8::1 alone, the port is the monitor's (\"port\")"},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "192.0.2.1/32}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"192.0.2.1/32\"; write 192.0.2.1 "
	"alone"},
    {"meridian: 1\npools: {w: {regions: {eu: [{addr: "
     "www.example.com}]}}}\nregions: {eu: {}}\n",
	2, 35,
	"\"addr\" must be an address, not \"www.example.com\"; a target that "
	"is a name has the key \"cname\""},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: https}}\n", 2, 35,
	"\"port\" must be a whole number, not \"https\": 1 to 65535; did you "
	"mean 443?"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: \"443/tcp\"}}\n", 2, 35,
	"\"port\" must be a whole number, not \"443/tcp\": 1 to 65535; did you "
	"mean 443?"},
    {"meridian: 1\nregions: {eu: {location: [50, 8}}\n", 2, 32,
	"\"}\" found where \"]\" must close the \"[\" of line 2, "
	"column 26"},
    {"meridian: 1\nserver:\n  listen: [127.0.0.1@53\nregions: {eu: {}}\nzones: "
     "{example.com: zone}\n",
	3, 11, "\"[\" is not closed: \"]\" is missing"},
    {"meridian: 1\nregions: {eu: {location: [50, 8]}\nzones: {example.com: "
     "zone}\n",
	2, 10, "\"{\" is not closed: \"}\" is missing"},
    {"meridian: 1\nregions: {eu: {}}}\n", 2, 18,
	"\"}\" closes no open bracket: remove it, or open the bracket before it"},
    {"meridian: 1\nserver: {listen: [127.0.0.1@53]]}\n", 2, 32,
	"\"]\" found where \"}\" must close the \"{\" of line 2, "
	"column 9"},
    {"meridian: 1\nregions:\n\teu: {}\n", 3, 1,
	"a tab in the indentation: indent with spaces"},
    {"meridian: 1\nregions:\n  eu:\n\tbias: 3\n", 4, 1,
	"a tab in the indentation: indent with spaces"},
    {"meridian: 1\nserver:\n  nsid: @home\n", 3, 9,
	"a text that begins with \"@\" needs quotes: \"@home\""},
    {"meridian: 1\nserver:\n  nsid: `home`\n", 3, 9,
	"a text that begins with \"`\" needs quotes: \"`home`\""},
    {"meridian: 1\nserver:\n  nsid: %home\n", 3, 9,
	"a text that begins with \"%\" needs quotes: \"%home\""},
    {"meridian: 1\nserver:\n  nsid: &home\n", 3, 9,
	"\"nsid\" has no value: it must be text"},
    {"meridian: 1\nserver:\n  nsid: !home x\n", 3, 9,
	"tags are not read: the key decides the type"},
    {"meridian: 1\nserver:\n  nsid: *home\n", 3, 9,
	"there is no anchor \"&home\" above: a text that begins with * needs quotes"},
    {"meridian: 1\nserver:\n  nsid: a: b\n", 3, 9,
	"a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own"},
    {"meridian: 1\nserver:\n  nsid: {home\n", 3, 9,
	"\"{\" is not closed: \"}\" is missing"},
    {"meridian: 1\nserver:\n  nsid: }home\n", 3, 9,
	"a text that begins with \"}\" needs quotes: \"}home\""},
    {"meridian: 1\nserver:\n  nsid: ]home\n", 3, 9,
	"a text that begins with \"]\" needs quotes: \"]home\""},
    {"meridian: 1\nserver:\n  nsid: ,home\n", 3, 9,
	"a text that begins with \",\" needs quotes: \",home\""},
    {"meridian: 1\nserver:\n  nsid: #home\n", 3, 8,
	"\"nsid\" has no value: it must be text"},
    {"meridian: 1\nserver:\n  nsid: |home\n", 3, 9,
	"a text that begins with \"|\" needs quotes: \"|home\""},
    {"meridian: 1\nserver:\n  nsid: > home\n", 3, 9,
	"a text that begins with \">\" needs quotes: \"> home\""},
    {"meridian: 1\nserver:\n  nsid: \"home\n  version: x\n", 3, 9,
	"a quote that is not closed"},
    {"meridian: 1\nserver:\n  nsid: 'it's'\n", 3, 13,
	"text after a closing quote: put the whole value in one pair of quotes, in which ' is written ''"},
    {"meridian: 1\nserver:\n  nsid: \"a\" b\n", 3, 13,
	"text after a closing quote: put the whole value in one pair of quotes, in which \" is written \\\""},
    {"meridian: 1\nserver:\n  nsid: \"C:\\dir\"\n", 3, 12,
	"not an escape of YAML: write \\ as \\\\ in double quotes, or as \\ in single quotes"},
    {"meridian: 1\nserver:\n  nsid: - x\n", 3, 9,
	"a list begins on its own line below its key, or is written in brackets [ ]"},
    {"meridian: 1\nserver:\n  listen: [::@53]\n", 3, 12,
	"a text that begins with \":\" needs quotes: \"::@53\""},
    {"meridian: 1\nserver:\n  listen: 127.0.0.1:53\n", 3, 11,
	"127.0.0.1:53: not address@port, as 192.0.2.1@53 or ::1@53"},
    {"meridian: 1\nserver:\n  listen:\n  -127.0.0.1@53\n", 4, 4,
	"a space is missing after \"-\""},
    {"meridian: 1\nserver:\n  listen:\n    - 127.0.0.1@53\n   - 127.0.0.2@53\n",
	5, 4,
	"indented deeper than the other keys of its map, which begin in column "
	"3 (line 3)"},
    {"meridian: 1\nserver:\n  listen:\n  - 127.0.0.1@53\n    - 127.0.0.2@53\n",
	4, 5,
	"\"127.0.0.1@53 - 127.0.0.2@53\" is more than one value: write a list, each value after \"- \" on its own line, or all in brackets [ ]"},
    {"meridian: 1\nserver:\n  listen:\n    127.0.0.1@53\n    127.0.0.2@53\n", 4,
	5,
	"\"127.0.0.1@53 127.0.0.2@53\" is more than one value: write a list, each value after \"- \" on its own line, or all in brackets [ ]"},
    {"meridian: 1\nregions:\n  - eu\n  - us\n", 3, 3,
	"regions must be a map (key: value): its lines begin with \"KEY:\", "
	"not with \"- \""},
    {"meridian: 1\nregions: [eu, us]\n", 2, 10,
	"regions must be a map (key: value): its lines begin with \"KEY:\", "
	"not with \"- \""},
    {"meridian: 1\nregions: eu\n", 2, 10,
	"regions must be a map (key: value): write \"eu:\""},
    {"meridian: 1\nregions:\n  eu\n  us\n", 3, 3,
	"regions must be a map (key: value), not \"eu us\""},
    {"meridian: 1\nregions:\n  eu:\n  eu:\n", 4, 3,
	"duplicate key \"eu\": it is already set at m.yaml:3"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80, interval: 5}}\n", 2,
	49,
	"\"interval\" must be a duration with its unit, as 5s or 800ms, not "
	"\"5\""},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80, interval: 5 s}}\n", 2,
	49,
	"\"interval\" must be a duration with its unit, as 5s or 800ms, not "
	"\"5 s\""},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80, interval: 5sec}}\n", 2,
	49,
	"\"interval\" must be a duration with its unit, as 5s or 800ms, not "
	"\"5sec\""},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80, fall: 0x3}}\n", 2, 45,
	"\"fall\" must be a whole number, not \"0x3\": 1 to 100; did you mean "
	"3?"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 080}}\n", 2, 35,
	"\"port\" must be a whole number, not \"080\": 1 to 65535; did you "
	"mean 80?"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80.0}}\n", 2, 35,
	"\"port\" must be a whole number, not \"80.0\": 1 to 65535; did you "
	"mean 80?"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: +80}}\n", 2, 35,
	"\"port\" must be a whole number, not \"+80\": 1 to 65535; did you "
	"mean 80?"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: }}\n", 2, 35,
	"\"port\" has no value: it must be a whole number"},
    {"meridian: 1\nmonitors: {web: {type: tcp, port: 80, fall: three}}\n", 2,
	45, "\"fall\" must be a whole number, not \"three\": 1 to 100"},
    {"meridian: 1\nmonitors: {web: {type: https, verify: false}}\n", 2, 39,
	"\"verify\" must be on or off, not \"false\"; did you mean \"off\"?"},
    {"meridian: 1\nmonitors: {web: {type: https, verify: no}}\n", 2, 39,
	"\"verify\" must be on or off, not \"no\"; did you mean \"off\"?"},
    {"meridian: 1\nmonitors: {web: {type: grpc, port: 1, tls: true}}\n", 2, 44,
	"\"tls\" must be off or on, not \"true\"; did you mean \"on\"?"},
    {"meridian: 1\nmonitors: {web: {type: HTTP}}\n", 2, 24,
	"\"type\" must be tcp, http, https, dns, external, exec, icmp or grpc, "
	"not \"HTTP\"; did you mean \"http\"?"},
    {"meridian: 1\nmonitors: {web: {type: dns, query: {name: x, recurse: "
     "on}}}\n",
	2, 55,
	"\"recurse\" must be no or yes, not \"on\"; did you mean \"yes\"?"},
    {"meridian: 1\nsafety: {max_fill: 0.8}\n", 2, 20,
	"\"max_fill\" must be a percentage, as 85%, not \"0.8\""},
    {"meridian: 1\nsafety: {max_fill: 80}\n", 2, 20,
	"\"max_fill\" must be a percentage, as 85%, not \"80\""},
    {"meridian: 1\nsafety: {max_fill: 80 %}\n", 2, 20,
	"\"max_fill\" must be a percentage, as 85%, not \"80 %\""},
    {"meridian: one\n", 1, 11,
	"\"meridian\" must be a whole number, not \"one\": 1"},
    {"meridian: 2\n", 1, 11, "\"meridian\" must be 1"},
    {"meridian:\n", 1, 10,
	"\"meridian\" has no value: it must be a whole number"},
    {"---\nmeridian: 1\n---\nregions: {}\n", 3, 1,
	"a second document: one file holds one"},
    {"meridian: 1\n...\nregions: {}\n", 3, 1,
	"text after \"...\", which ends the document: a file holds one document"},
    {"%YAML 1.2\nmeridian: 1\n", 2, 1,
	"a line \"---\" is missing above, after the directive (%) of line 1"},
    {"%FOO bar\n---\nmeridian: 1\n", 1, 1,
	"a directive (%) unknown in YAML 1.1 and 1.2: remove the line, or put a text that begins with \"%\" in quotes"},
    {"%YAML 9.9\n---\nmeridian: 1\n", 1, 1,
	"a directive (%) unknown in YAML 1.1 and 1.2: remove the line, or put a text that begins with \"%\" in quotes"},
    {"meridian: 1\n? [a]\n: x\n", 2, 3, "a key must be one word"},
    {"{meridian:1}\n", 1, 2,
	"unknown key \"meridian:1\" in the configuration; write \"meridian: "
	"1\""},
    {"meridian: 1\nregions:{eu: {}}\n", 2, 9,
	"a space is missing after \"regions:\": write \"regions: {eu: {}}\""},
    {"meridian: 1\nregions: {eu:{}}\n", 2, 14,
	"a space is missing after \"eu:\""},
    {"meridian: 1\nregions: {eu: {bias:3}}\n", 2, 16,
	"unknown key \"bias:3\" in a region; write \"bias: 3\""},
    {"meridian: 1\n server: {}\n", 2, 2,
	"indented deeper than line 1, whose key already has a value: keys of the same map begin in column 1"},
    {"  meridian: 1\nserver: {}\n", 2, 1,
	"indented less than the first key, of line 1"},
    {"meridian: 1\r\nregions:\r\n  eu: {}\r\n   us: {}\r\n", 4, 4,
	"indented deeper than the other keys of its map, which begin in column "
	"3 (line 3)"},
    {"meridian: 1\nserver: {nsid: \xe9}\n", 2, 16,
	"not UTF-8 (octet 0xe9): save the file as UTF-8"},
    {"meridian: 1\nserver: {nsid: a\x07"
     "b}\n",
	2, 17,
	"the control character U+0007: delete it, or write \"\\x07\" in double "
	"quotes"},
    {"meridian: 1\nserver: {nsid: \"a\\x07b\"}\n", 2, 16,
	"\"nsid\" contains a control character"},
    {"meridian: 1\nserver = {nsid: x}\n", 2, 1,
	"unknown key \"server = {nsid\" in the configuration; write \"server: "
	"{nsid\""},
    {"meridian = 1\n", 1, 1,
	"a configuration is a map (key: value): write "
	"\"meridian: 1\""},
    {"[server]\nnsid = x\n", 1, 1,
	"a configuration is a map (key: value): its lines begin with \"KEY:\", "
	"not with \"- \""},
    {"<?xml version=\"1.0\"?>\n<meridian/>\n", 1, 1,
	"a configuration is a map (key: value), not \"<?xml version=\"1.0\"?> "
	"<meridian/>\""},
    {"# only a comment\n", 2, 1,
	"the file is empty: a configuration begins with \"meridian: 1\", and an included file has at least one section"},
    {"", 1, 1,
	"the file is empty: a configuration begins with \"meridian: 1\", and an included file has at least one section"},
    {"just text\n", 1, 1,
	"a configuration is a map (key: value), not \"just text\""},
    {"- meridian: 1\n", 1, 1,
	"a configuration is a map (key: value): its lines begin with \"KEY:\", "
	"not with \"- \""},
    {"meridian: 1\nregions: {eu: {location: 50, 8}}\n", 2, 26,
	"\"location\" must be [latitude, longitude], not \"50\""},
    {"meridian: 1\nregions: {eu: {location: [50 8]}}\n", 2, 26,
	"\"location\" must be [latitude, longitude] in degrees, -90 to 90 and "
	"-180 to 180, as [50.1, -8.7]"},
    {"meridian: 1\nregions: {eu: {location: [50,1, 8,7]}}\n", 2, 26,
	"\"location\" must be [latitude, longitude] in degrees, -90 to 90 and "
	"-180 to 180, as [50.1, -8.7]"},
    {"meridian: 1\nregions: {eu: {location: [50.1N, 8.7E]}}\n", 2, 26,
	"\"location\" must be [latitude, longitude] in degrees, -90 to 90 and "
	"-180 to 180, as [50.1, -8.7]"},
    {"meridian: 1\nregions: {EU: {}}\n", 2, 11,
	"\"EU\" is not a valid name: lower-case letters, digits, - and _, "
	"at most 63, a letter or digit first; did you mean \"eu\"?"},
    {"meridian: 1\nregions: {eu west: {}}\n", 2, 11,
	"\"eu west\" is not a valid name: lower-case letters, digits, - "
	"and _, at most 63, a letter or digit first; did you mean "
	"\"eu-west\"?"},
    {"meridian: 1\nregions: {eu.west: {}}\n", 2, 11,
	"\"eu.west\" is not a valid name: lower-case letters, digits, - "
	"and _, at most 63, a letter or digit first; did you mean "
	"\"eu-west\"?"},
    {"meridian: 1\nzones: {example.com}\n", 2, 20,
	"\"example.com\" has no value: it must be a path"},
    {"meridian: 1\nzones: example.com: zone\n", 2, 8,
	"a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own"},
    {"meridian: 1\nzones:\n  - example.com: zone\n", 3, 5,
	"a file or a pattern of files is needed here: a map of names to files "
	"has no \"- \""},
    {"meridian: 1\nzones: {example.com: }\n", 2, 22,
	"\"example.com\" has no value: it must be a path"},
    {"meridian: 1\ngeoip: {nets: {a: 10.0.0.0/8}}\n", 2, 19,
	"\"10.0.0.0/8\" would be a file name: write a prefix in brackets, "
	"[10.0.0.0/8]"},
    {"meridian: 1\ngeoip: {nets: {a: [10.0.0.1/8]}}\n", 2, 20,
	"10.0.0.1/8: has bits beyond its length: 10.0.0.0/8 is meant?"},
    {"meridian: 1\ngeoip: {nets: {a: [10.0.0]}}\n", 2, 20,
	"10.0.0: not an address or a prefix, as 192.0.2.0/24 or 2001:db8::/32"},
    {"meridian: 1\ngeoip: {nets: {a: [10.0.0.0/33]}}\n", 2, 20,
	"10.0.0.0/33: not a prefix length: 0 to 32"},
    {"meridian: 1\ngeoip: {nets: {a: [10.0.0.0-10.0.0.255]}}\n", 2, 20,
	"10.0.0.0-10.0.0.255: not an address or a prefix, as 192.0.2.0/24 or "
	"2001:db8::/32"},
    {"meridian: 1\ninclude:\n", 2, 9, "\"include\" must be a list of files"},
    {"meridian: 1\nserver: {nsid: }\n", 2, 16,
	"\"nsid\" has no value: it must be text"},
    {"meridian: 1\nserver: {nsid: \"\"}\n", 2, 16,
	"\"nsid\" must have 1 to 128 octets"},
    {"meridian: 1\nserver: nsid\n", 2, 9,
	"server must be a map (key: value): write \"nsid:\""},
    {"meridian: 1\nserver: null\n", 2, 9,
	"server must be a map (key: value): leave it empty, or write {}"},
    {"meridian: 1\nserver: ~\n", 2, 9,
	"server must be a map (key: value): leave it empty, or write {}"},
    {"meridian: 1\nserver:\n  nsid: home\n  \xc2\xa0version: x\n", 4, 3,
	"; delete the invisible character U+00A0"},
    {"meridian: 1\nserver: {nsid: x,, version: y}\n", 2, 18,
	"there is no value before this comma: remove it"},
    {"meridian: 1\nserver: {nsid: x version: y}\n", 2, 25,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before "
	"this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nserver: {nsid: x; version: y}\n", 2, 26,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before "
	"this key, or a value with \":\" needs quotes"},
    {"meridian: 1;\n", 1, 11,
	"\"meridian\" must be a whole number, not \"1;\": 1; did you mean 1?"},
    {"meridian: 1,\nserver: {},\n", 2, 11,
	"a comma is allowed only between values within [ ] or { }: remove it"},
    {"\"meridian\": 1,\n\"server\": {}\n", 1, 13,
	"\"meridian\" must be a whole number, not \"1,\": 1; did you mean 1?"},
    {"meridian: 1\n// comment\nserver: {}\n", 2, 1,
	"a comment begins with \"#\""},
    {"meridian: 1\nserver: {} // comment\n", 2, 12,
	"a comment begins with \"#\""},
    {"<<<<<<< HEAD\nmeridian: 1\n=======\nmeridian: 1\n>>>>>>> x\n", 1, 1,
	"an unresolved merge conflict: choose one side, and remove the lines with <<<<<<<, ======= and >>>>>>>"},
    {"meridian: 1\nmonitors:\n  web:\n    type: http\n    headers:\n      X-A: "
     "b\n     X-B: c\n",
	7, 6,
	"indented deeper than the other keys of its map, which begin in column "
	"5 (line 4)"},
    {"meridian: 1\nmonitors:\n  web:\n    type: http\n    path: /a:b\n    "
     "port: 80\n     fall: 2\n",
	7, 6,
	"indented deeper than line 6, whose key already has a value: keys of the same map begin in column 5"},
    {"meridian: 1\nmonitors:\n  web: {type: http,\n        path: /x\n        "
     "port: 80}\n",
	5, 13,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before "
	"this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nmonitors:\n  web: {type: http,\n        path: /x,\n        "
     "port: 80\nregions: {eu: {}}\n",
	3, 8, "\"{\" is not closed: \"}\" is missing"},
    {"meridian: 1\ntests:\n  - {name: a, from: DE, expect: eu}\n  -{name: b, "
     "from: DE, expect: eu}\n",
	4, 4, "a space is missing after \"-\""},
    {"meridian: 1\ntests:\n  - {name: a, from: DE, expect: eu}\n  name: b\n", 4,
	3, "each item of a list begins with \"- \", this line does not"},
    {"meridian: 1\ntests:\n  - name: a\n    from: DE\n   expect: eu\n", 5, 4,
	"indented deeper than the other items of its list, which begin in "
	"column 3 (line 3)"},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu:\n      - addr: "
     "192.0.2.1\n        weight:10\n",
	7, 16, "a space is missing after \"weight:\": write \"weight: 10\""},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu:\n      - "
     "addr:192.0.2.1\n",
	6, 9, "a target must be a map (key: value): write \"addr: 192.0.2.1\""},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu: [{addr: 192.0.2.1 "
     "weight: 10}]\n",
	5, 35,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before "
	"this key, or a value with \":\" needs quotes"},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu: [{addr: 192.0.2.1}, "
     "{addr: 192.0.2.2]\n",
	5, 47,
	"\"]\" found where \"}\" must close the \"{\" of line 5, "
	"column 31"},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu: [{addr: 192.0.2.1}, "
     "addr: 192.0.2.2}]\n",
	5, 46,
	"\"}\" found where \"]\" must close the \"[\" of line 5, "
	"column 11"},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu: {addr: 192.0.2.1}\n",
	5, 11,
	"\"eu\" must be a list: put it in brackets [ ], or each value after \"- \""},
    {"meridian: 1\npools:\n  w:\n    regions:\n      - eu: [{addr: "
     "192.0.2.1}]\n",
	5, 7,
	"\"regions\" must be a map of a region to its targets, not a list"},
    {"meridian: 1\npools:\n  w:\n    regions:\n      eu: [192.0.2.1]\n", 5, 12,
	"a target must be a map (key: value): write {addr: 192.0.2.1}"},
    {"meridian: 1\nserver:\n  nsid: \"a\n\nregions: {}\n", 3, 9,
	"a quote that is not closed"},
    {"meridian: 1\nserver:\n  nsid: 'a\n  version: 'b'\n", 4, 13,
	"text after a closing quote: put the whole value in one pair of quotes, in which ' is written ''"},
    {"meridian: 1\nserver:\n  nsid: 100% sure: yes\n", 3, 9,
	"a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own"},
    {"meridian: 1\nnames:\n  *: {pool: w}\n", 3, 3,
	"a text that begins with \"*\" needs quotes: \"*\""},
    {"meridian: 1\nnames:\n  @: {pool: w}\n", 3, 3,
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"meridian: 1\nmonitors: {web: {type: http, path: /?a=b&c, host: *.x}}\n",
	2, 51, "a text that begins with \"*\" needs quotes: \"*.x\""},
    {"meridian: 1\nmonitors: {web: {type: http, expect: {body: {ok}}}}\n", 2,
	45, "\"body\" must be text, not a map"},
    {"meridian: 1\nmonitors: {web: {type: http, expect: {body: [ok]}}}\n", 2,
	45, "\"body\" must be text, not a list"},
    {"meridian: 1\nmonitors: {web: {type: http, headers: {Host: a: b}}}\n", 2,
	47,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before "
	"this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nhealth:\n  suspect: 80 percent\n", 3, 12,
	"\"suspect\" must be a percentage, as 85%, not \"80 percent\""},
    {"meridian: 1\nregions:\n  eu: &eu\n    location: [50, 8]\n  us: *uk\n", 5,
	7,
	"there is no anchor \"&uk\" above: a text that begins with * needs quotes"},
    {"meridian: 1\nregions:\n  eu\n    location: [50, 8]\n", 3, 5,
	"\":\" is missing after \"eu\""},
    {"meridian: 1\nregions:\n  eu: location: [50, 8]\n", 3, 7,
	"a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own"},
    {"meridian: 1\nregions\n  eu: {}\n", 2, 1,
	"\":\" and a value are missing after \"regions\""},
    {"meridian: 1\nregions:\n  eu: {}\n---\n", 4, 1,
	"a second document: one file holds one"},
};

START_TEST(a_mistake_is_told_with_its_place_and_mend)
{
	const struct mistake *m = &mistakes[_i];
	struct diag d;
	bool found = false;
	char *said;

	diag_init(&d);
	ck_assert_ptr_null(conf_load_text("m.yaml", m->text, &d));
	for (size_t i = 0; i < d.entries.n; i++) {
		const struct diag_entry *e = &d.entries.at[i];

		found |= e->mark.line == m->line &&
		    e->mark.column == m->column &&
		    strstr(e->message, m->told) != NULL;
	}
	said = diag_text(&d);
	ck_assert_msg(found, "%s\nis told\n%s", m->text, said);
	free(said);
	diag_fini(&d);
}
END_TEST

START_TEST(a_key_may_have_1024_characters)
{
	char text[2048] = "meridian: 1\n";
	struct diag d;

	memset(text + strlen(text), 'k', 1100);
	strcat(text, ": 1\n");
	diag_init(&d);
	ck_assert_ptr_null(conf_load_text("m.yaml", text, &d));
	ck_assert_str_eq(
	    d.entries.at[0].message, "a key of more than 1024 characters");
	diag_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mistakes");
	TCase *tc = tcase_create("mistakes");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, a_mistake_is_told_with_its_place_and_mend, 0,
	    sizeof(mistakes) / sizeof(*mistakes));
	tcase_add_test(tc, a_key_may_have_1024_characters);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
