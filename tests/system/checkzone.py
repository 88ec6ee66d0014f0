#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What named-checkzone refuses, meridiand -n refuses, and what the one warns
of, so does the other, each with the line; the differences are in the table."""
import os
import re
import subprocess
import tempfile

import meridian as m

SOA = "$TTL 300\n@ IN SOA ns.e. h.e. 1 2 3 4 5\n"
APEX = SOA + "@ NS ns.other.net.\n"  # three lines
FINE, WARNED, REFUSED = "fine", "warned", "refused"

# zone, named-checkzone's verdict, ours where it is another and why
ZONES = [
    (APEX + "a A 192.0.2.1\n", FINE),
    (SOA, REFUSED),
    ("$TTL 300\n@ NS ns.other.net.\n", REFUSED),
    (SOA + "@ NS ns\n", REFUSED),
    (SOA + "@ NS ns\nns CNAME a\na A 192.0.2.1\n", REFUSED),
    (SOA + "@ NS 192.0.2.1\n", REFUSED),
    (SOA + "@ CNAME a.b.\n", REFUSED),
    (APEX + "@ SOA ns.e. h.e. 2 2 3 4 5\n", REFUSED),
    (APEX + "a SOA ns.e. h.e. 2 2 3 4 5\n", REFUSED),
    (APEX + "d NS ns.d\n", WARNED),
    (APEX + "d NS ns.e\n", WARNED),
    (APEX + "d NS ns.d\nns.d A 192.0.2.1\n", FINE),
    (APEX + "@ MX 10 mail\n", WARNED),
    (APEX + "@ MX 10 mail\nmail CNAME a\na A 192.0.2.1\n", WARNED),
    (APEX + "@ MX 10 192.0.2.1\n", WARNED),
    (APEX + "@ MX 0 .\n", FINE),
    (APEX + "_x._tcp SRV 1 1 1 mail\n", WARNED),
    (APEX + "_x._tcp SRV 1 1 1 mail\nmail CNAME a\na A 192.0.2.1\n", WARNED),
    (APEX + "a A 192.0.2.1\na A 192.0.2.1\n", FINE),
    (APEX + "a 5 A 192.0.2.1\na 6 A 192.0.2.2\n", WARNED),
    (APEX + "a.b.c. A 192.0.2.1\n", WARNED),
    (APEX + "a A 192.0.2.1\na CNAME b\n", REFUSED),
    (APEX + "a CNAME c\na CNAME b\n", REFUSED),
    (APEX + "a CNAME b\na TXT b\n", REFUSED),
    (APEX + "a CNAME b\na KEY 256 3 8 AQAB\n", FINE),
    (APEX + "*.a NS ns.other.net.\n", REFUSED),
    (APEX + "a NS ns.other.net.\nb.a TXT x\n", FINE),
    ("@ SOA ns.e. h.e. 1 2 3 4 5\n@ NS ns.other.net.\n", WARNED),
    ("@ NS ns.other.net.\n@ SOA ns.e. h.e. 1 2 3 4 5\n", REFUSED),
    (APEX + "a DNAME b\na TXT c\n", FINE),
    (APEX + "a DNAME b\na DNAME c\n", REFUSED),
    (APEX + "a DNAME b\na CNAME c\n", REFUSED),
    (APEX + "@ DNAME b.c.\n", FINE),
    (APEX + "@ MX 1 b.a\na DNAME c\n", WARNED),
    (APEX + "a HTTPS 1 . alpn=h2 mandatory=alpn port=1\n", FINE),
    (APEX + "a HTTPS 0 b\na SVCB 1 b key9=x\n", FINE),
    (APEX + "a HTTPS 1 . alpn=h2 alpn=h3\n", REFUSED),
    (APEX + "a HTTPS 1 . mandatory=port\n", REFUSED),
    (APEX + "a HTTPS 1 . port=65536\n", REFUSED),
    (APEX + "a HTTPS 1 . ech=abc\n", REFUSED),
    (APEX + "a CH A 192.0.2.1\n", REFUSED),
    (APEX + "a TYPE255 \\# 0\n", REFUSED),
    (APEX + "a TYPE65400 \\# 2 abcd\n", FINE),
    (APEX + "a TYPE65400 \\# 3 abcd\n", REFUSED),
    (APEX + "a A 192.0.2.400\nb A\n", REFUSED),
    (APEX + "a..b A 192.0.2.1\n", REFUSED),
    (APEX + "a TXT \"open\n", REFUSED),
    (APEX + "a TXT (open\n", REFUSED),
    (APEX + "a" * 64 + " A 192.0.2.1\n", REFUSED),
    (APEX + "$GENERATE 1-3 a$ A 192.0.2.$\n", FINE),
    (APEX + "$GENERATE 3-1 a$ A 192.0.2.$\n", REFUSED),
    (APEX + "$INCLUDE missing.zone\n", REFUSED),
    (APEX + "$NOTHING 1\n", REFUSED),
    (APEX + "a MX 65536 b.c.\n", REFUSED),
    (APEX + "a MX -1 b.c.\n", REFUSED),
    (APEX + "a SRV 0 0 65536 b.c.\n", REFUSED),
    (APEX + "a TLSA 256 1 1 ab\n", REFUSED),
    (APEX + "a TLSA 3 1 1 abc\n", REFUSED),
    (APEX + "a HTTPS 65536 .\n", REFUSED),
    (APEX + "a DS 1 8 2 ab\n", REFUSED),
    (APEX + "a SSHFP 1 1 ab\n", REFUSED),
    (APEX + "a LOC 91 N 0 E 0\n", REFUSED),
    (APEX + "a APL 1:192.0.2.0/33\n", REFUSED),
    (APEX + "a CAA 128 issue x\n", FINE),
    (APEX + "a TYPE65280 \\# abcd\n", REFUSED),
    (APEX + "( a\n A 192.0.2.1 )\n", FINE),
    (APEX + "@ DS 1 8 1 " + 20 * "ab" + "\n", REFUSED),
    (APEX + "@ ZONEMD 1 1 1 " + 20 * "ab" + "\n", REFUSED),
    (APEX + "a LOC 0 N 0 E 42849673m\n", REFUSED),
    (APEX + "a.*.b TXT c\n", WARNED),
    (APEX + "* DNAME b.c.\n", FINE, REFUSED,
     "what it would stand for is not defined (RFC 6672 3.3, RFC 4592 4.4)"),
    (APEX + "a NS ns.b.c.\na DNAME b.c.\n", FINE, REFUSED,
     "no DNAME at a delegation (RFC 6672 2.3)"),
    (APEX + "a DNAME b.c.\nd.a A 192.0.2.1\n", FINE, WARNED,
     "nothing exists below a DNAME (RFC 6672 2.4)"),
    (APEX + "$GENERATE 0-1 a${-1} A 192.0.2.1\n", FINE, REFUSED,
     "a number below 0 is seldom meant"),
    (APEX + "a RRSIG A 8 2 5 20300101000000 20200101000000 1 @ AQ==\n", FINE,
     WARNED, "answers come without signatures"),
    ("@ SOA ns.e. h.e. 1 2 3 4 4294967295\n@ NS ns.other.net.\n", WARNED,
     REFUSED, "a TTL above 2^31 - 1 is an error (RFC 2181 8)"),
    (" 1 NS ns.other.net.\n@ 1 SOA ns.e. h.e. 2 2 3 4 5\n", REFUSED),
    # The SOA need not stand first (RFC 1035 5.2 asks that there is one).
    ("@ 1 NS ns.other.net.\n@ 1 SOA ns.e. h.e. 2 2 3 4 5\n", FINE),
    (APEX + "a 4294967295 TXT b\n", WARNED, REFUSED,
     "a TTL above 2^31 - 1 is an error (RFC 2181 8)"),
    (APEX + "a_b A 192.0.2.1\n", WARNED, FINE,
     "any octet may be in a name (RFC 2181 11)"),
    (APEX + "a SPF \"v=spf1 -all\"\n", WARNED, FINE,
     "the type is obsolete, and harmless (RFC 7208 3.1)"),
]


def bind(text, folder):
    path = os.path.join(folder, "zone")
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run(
        ["named-checkzone", "-i", "local", "example.org", path], capture_output=True,
        text=True, timeout=20)
    lines = [l for l in done.stdout.splitlines()
             if l != "OK" and "loaded serial" not in l]
    return REFUSED if done.returncode else WARNED if lines else FINE


def meridian(text, folder):
    conf = os.path.join(folder, "meridian.yaml")
    with open(os.path.join(folder, "ours"), "w") as f:
        f.write(text)
    with open(conf, "w") as f:
        f.write("meridian: 1\n"
                "server: {listen: ['127.0.0.1@0'], state: %s, control: %s}\n"
                "zones: {example.org: ours}\n" % (
                    folder, os.path.join(folder, "socket")))
    done = subprocess.run([m.MERIDIAND, "-n", "-c", conf],
                          capture_output=True, text=True, timeout=20)
    said = done.stdout + done.stderr
    place = re.search(r"ours:\d+:\d+: (error|warning): .*\n +\S.*\n +\^|"
                      r"ours: error: zone example.org", said)
    verdict = REFUSED if done.returncode else \
        WARNED if " warning: " in said else FINE
    m.check_quiet(verdict == FINE or place, f"a place and its line in:\n{said}")
    return verdict, said


def main():
    with tempfile.TemporaryDirectory() as folder:
        for text, theirs, *ours in ZONES:
            got = bind(text, folder)
            m.check_quiet(got == theirs, f"named-checkzone: {got} for\n{text}")
            want = ours[0] if ours else theirs
            got, said = meridian(text, folder)
            m.check_quiet(got == want, f"{got}, not {want}:\n{text}{said}")
    m.check(True, f"{len(ZONES)} zones judged as named-checkzone does, but "
            f"for {sum(len(z) > 2 for z in ZONES)} in the table")


main()
