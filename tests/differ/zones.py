# SPDX-License-Identifier: BSD-3-Clause
"""Zones at random: the same seed makes the same zones.

Labels come from a small set, so that what is made meets: names below other
names, wildcards, cuts and aliases.  What one of the servers refuses is left
out: data beside a CNAME, NS at a wildcard, data below a DNAME, of which NSD
takes that of all zones for one zone's.
"""
import random

LABELS = [b"a", b"b", b"c", b"www", b"ns1", b"x", b"_tcp", b"A-b", b"l" * 63,
          b"\x01", b"a.b", b"\xff", b"sp ace", b"q\"\\;", b"0"]
# Data that is always the same.
FIXED = {
    "APL": "1:192.168.32.0/21 !1:192.168.38.0/28 2:FF00::/8",
    "CDNSKEY": "256 3 8 AwEAAQ==",
    "CDS": "370 8 2 " + "ab" * 32,
    "CERT": "1 1 5 aaaa",
    "CSYNC": "66 3 A NS AAAA",
    "DHCID": "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "EUI48": "00-00-5e-00-53-2a",
    "EUI64": "00-00-5e-ef-10-00-00-2a",
    "IPSECKEY": "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgq"
                "t4AQ==",
    "L32": "10 10.1.2.0",
    "L64": "10 2001:0DB8:1140:1000",
    "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
    "NID": "10 0014:4fff:ff20:ee64",
    "OPENPGPKEY": "mQINBA==",
    "SMIMEA": "3 0 0 abcdef",
    "SPF": '"v=spf1 -all"',
    "SSHFP": "1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac",
    "URI": '10 1 "ftp://ftp1.example.com/public"',
    "ZONEMD": "2018031900 1 1 " + "61" * 48,
}
# Types that not all others know by name: their number, text for us, and octets
# for all others (RFC 3597).  BIND takes no MD and MF; with DNSKEY, RRSIG, NSEC,
# NSEC3 and NSEC3PARAM others answer as for a signed zone.
NAMED = {
    "A6": (38, "64 ::1:2:3:4 a.", "4000010002000300040161 00"),
    "AMTRELAY": (260, "10 1 3 a.", "0a83016100"),
    "ATMA": (34, "+61200000000", "013631323030303030303030"),
    "AVC": (258, '"a b"', "03612062"),
    "BRID": (68, "AwEAAag/", "03010001a83f"),
    "CLA": (263, "a", "0161"),
    "DLV": (32769, "1 2 9 aabb", "00010209aabb"),
    "DOA": (259, "0 1 2 a AwEAAag/", "000000000000000102016103010001a83f"),
    "DSYNC": (66, "CDS NOTIFY 5359 a.", "003b0114ef016100"),
    "EID": (31, "e32c 6f78", "e32c6f78"),
    "GID": (102, "\\# 1 00", "00"),
    "GPOS": (27, "-32.6882 116.8652 10.0",
             "082d33322e36383832083131362e383635320431302e30"),
    "HHIT": (67, "AwEAAag/", "03010001a83f"),
    "HIP": (55, "2 2001 AwEAAag/ a.", "020200062001 03010001a83f 016100"),
    "IPN": (264, "AwEAAag/", "03010001a83f"),
    "ISDN": (20, "150862028003217 004",
             "0f313530383632303238303033323137 03303034"),
    "KEY": (25, "49152 3 1", "c0000301"),
    "MB": (7, "a.", "016100"),
    "MG": (8, "a.", "016100"),
    "MINFO": (14, "a. b.", "016100016200"),
    "MR": (9, "a.", "016100"),
    "NIMLOC": (32, "32251a030067", "32251a030067"),
    "NINFO": (56, "a b", "01610162"),
    "NSAP": (22, "0x47.0005.80.005a00.0000.0001", "47000580005a0000000001"),
    "NSAP-PTR": (23, "a.", "016100"),
    "NULL": (10, "\\# 2 abcd", "abcd"),
    "NXT": (30, "a. A NXT", "016100 40000002"),
    "PX": (26, "10 a. b.", "000a016100016200"),
    "RESINFO": (261, "qnamemin exterr=15",
                "08716e616d656d696e 096578746572723d3135"),
    "RKEY": (57, "0 1 2 AwEAAag/", "0000010203010001a83f"),
    "SIG": (24, "A 1 2 3600 20380119031408 20380119031407 4 a. AwEAAag/",
            "0001010200000e10800000007fffffff000401610003010001a83f"),
    "SINK": (40, "1 2 AwEAAag/", "010203010001a83f"),
    "TA": (32768, "1 2 9 aabb", "00010209aabb"),
    "TALINK": (58, "a. b.", "016100016200"),
    "UID": (101, "\\# 1 00", "00"),
    "UINFO": (100, "\\# 1 00", "00"),
    "UNSPEC": (103, "\\# 1 00", "00"),
    "WALLET": (262, "a b", "01610162"),
    "WKS": (11, "192.0.2.1 tcp smtp 0", "c0000201 06 80000040"),
    "X25": (19, "311061700956", "0c333131303631373030393536"),
}
NUMBERS = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15,
    "TXT": 16, "RP": 17, "AFSDB": 18, "RT": 21, "AAAA": 28, "LOC": 29,
    "SRV": 33, "NAPTR": 35, "KX": 36, "CERT": 37, "DNAME": 39, "APL": 42,
    "DS": 43, "SSHFP": 44, "IPSECKEY": 45, "DHCID": 49, "TLSA": 52,
    "SMIMEA": 53, "CDS": 59, "CDNSKEY": 60, "OPENPGPKEY": 61, "CSYNC": 62,
    "ZONEMD": 63, "SVCB": 64, "HTTPS": 65, "SPF": 99, "NID": 104, "L32": 105,
    "L64": 106, "LP": 107, "EUI48": 108, "EUI64": 109, "URI": 256, "CAA": 257,
    "TYPE65280": 65280, "TYPE700": 700,
    **{kind: number for kind, (number, _, _) in NAMED.items()},
}
TARGETS = ["out.of.zone.", "nothing.invalid.", "."]


class Name(tuple):
    """Labels, the first one first; compared without case."""

    def text(self):
        if not self:
            return "."
        return "".join("".join(
            chr(o) if chr(o).isalnum() and o < 128 or o in b"-_*"
            else f"\\{o:03d}" for o in label) + "." for label in self)

    def wire(self):
        return b"".join(bytes([len(l)]) + l for l in self) + b"\0"

    def lower(self):
        return Name(l.lower() for l in self)

    def under(self, other):
        return len(self) >= len(other) and \
            self[len(self) - len(other):].lower() == other.lower()

    def __getitem__(self, i):
        got = super().__getitem__(i)
        return Name(got) if isinstance(i, slice) else got


def name(text):
    return Name(l.encode() for l in text.split(".") if l)


class Shared:
    """What the zones of one server know of each other, in lower case."""

    def __init__(self, origins):
        self.names = {o.lower() for o in origins}
        self.dnames = set()


class Zone:
    def __init__(self, rng, origin, others, shared):
        self.rng, self.origin, self.others = rng, origin, others
        self.shared = shared
        self.sets = {}  # lower-case name -> {type: [text]}
        self.cuts, self.servers = set(), set()
        self.apex()
        for child in others:
            if child != origin and child.under(origin):
                self.cut(child)
        for _ in range(rng.choice([5, 30, 60])):
            self.something()
        self.ttl_seed = rng.randrange(1 << 30)

    # What may be put where

    def fits(self, at, kind):
        at = at.lower()
        have = self.sets.get(at, {})
        if len(at.wire()) > 255 or not at.under(self.origin):
            return False
        if "CNAME" in have or (kind == "CNAME" and have):
            return False
        # BIND takes it at a server of the zone for one at the apex.
        if kind == "DS" and at in {self.origin.lower(), *self.servers}:
            return False
        # BIND wants DNSKEYs with them (RFC 7344 4.1).
        if kind in ("CDS", "CDNSKEY") and at == self.origin.lower():
            return False
        # The zone's own servers are not delegated away.
        if kind == "NS" and at != self.origin.lower() and \
                any(s.under(at) for s in self.servers):
            return False
        if kind == "NS" and (at[:1] == (b"*",) or "DNAME" in have):
            return False
        if any(at != d and at.under(d) for d in self.shared.dnames):
            return False
        return kind != "DNAME" or (
            (not have or at == self.origin.lower()) and b"*" not in at and
            not any(n != at and n.under(at) for n in self.shared.names))

    def put(self, at, kind, *texts):
        if not self.fits(at, kind):
            return
        at = at.lower()
        known = self.sets.setdefault(at, {}).setdefault(kind, [])
        if kind in ("CNAME", "DNAME", "SOA") and known:
            return
        known.extend(t for t in texts if t not in known)
        self.shared.names.add(at)
        if kind == "NS" and at != self.origin.lower():
            self.cuts.add(at)
        if kind == "DNAME":
            self.shared.dnames.add(at)

    # Names

    def known(self):
        return self.rng.choice(sorted(self.sets))

    def near(self):
        """A name at, below or beside one that is there."""
        rng, at = self.rng, self.known()
        if rng.random() < 0.3:
            at = self.origin
        for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
            label = b"*" if rng.random() < 0.15 else rng.choice(LABELS)
            at = Name((label,) + at)
        if rng.random() < 0.02:
            while len(at.wire()) < 190:
                at = Name((b"n" * 63,) + at)
            room = 255 - len(at.wire()) - 1
            if room > 0:
                at = Name((b"m" * min(room, 63),) + at)
        return at if len(at.wire()) <= 255 else self.origin

    def target(self):
        rng = self.rng
        draw = rng.random()
        if draw < 0.1:
            return rng.choice(TARGETS)
        if draw < 0.2 and self.others:
            other = rng.choice(self.others)
            return Name((rng.choice(LABELS),) + other).text()
        if draw < 0.6:
            return self.known().text()
        return self.near().text()

    # Data

    def apex(self):
        rng, o = self.rng, self.origin
        self.put(o, "SOA", "ns1.invalid. h.invalid. %d 3600 600 86400 %d" % (
            rng.randrange(1 << 32), rng.choice([60, 300, 7200])))
        # The root's own servers must be within.
        moved = o and rng.random() < 0.05
        for i in range(rng.choice([1, 2, 4])):
            if not o or (not moved and rng.random() < 0.5):
                server = Name((b"ns%d" % i,) + o)
                self.put(o, "NS", server.text())
                self.put(server, "A", self.a())
                self.servers.add(server.lower())
            else:
                self.put(o, "NS", f"ns{i}.elsewhere.")
        if moved:
            self.put(o, "DNAME", self.target())

    def a(self):
        return "192.0.2.%d" % self.rng.randrange(256)

    def aaaa(self):
        return "2001:db8::%x" % self.rng.randrange(1 << 16)

    def data(self, at):
        rng = self.rng
        fixed = rng.choice(sorted(FIXED))
        named = rng.choice(sorted(NAMED))
        kind, make = rng.choice([
            ("A", self.a), ("A", self.a), ("AAAA", self.aaaa),
            ("TXT", lambda: '"%s"' % ("t" * rng.randrange(250))),
            ("MX", lambda: "10 " + self.target()),
            ("SRV", lambda: "1 2 3 " + self.target()),
            ("PTR", self.target),
            ("HINFO", lambda: '"x" "y%d"' % rng.randrange(9)),
            ("NAPTR", lambda: '1 2 "s" "x" "" ' + self.target()),
            ("CAA", lambda: '0 issue "ca%d"' % rng.randrange(9)),
            ("DS", lambda: "%d 8 2 %s" % (rng.randrange(65536), "ab" * 32)),
            ("SVCB", lambda: "1 " + self.target() + " port=53"),
            ("HTTPS", lambda: "0 " + self.target()),
            ("TLSA", lambda: "3 1 1 " + "cd" * 32),
            ("RP", lambda: self.target() + " " + self.target()),
            ("AFSDB", lambda: "1 " + self.target()),
            ("TYPE65280", lambda: "\\# 3 0102%02x" % rng.randrange(256)),
            ("TYPE700", lambda: "\\# 0"),
            ("KX", lambda: "1 " + self.target()),
            ("LP", lambda: "1 " + self.target()),
            ("RT", lambda: "1 " + self.target()),
            (fixed, lambda: FIXED[fixed]),
            (named, lambda: NAMED[named][1]),
            (named, lambda: NAMED[named][1]),
        ])
        n = rng.choice([1, 1, 1, 2, 3])
        if kind in ("TXT", "A") and rng.random() < 0.1:
            n = 40
        self.put(at, kind, *{make(): None for _ in range(n)})

    def something(self):
        rng, at = self.rng, self.near()
        draw = rng.random()
        if draw < 0.55:
            for _ in range(rng.choice([1, 1, 2, 3])):
                self.data(at)
        elif draw < 0.75:
            self.put(at, "CNAME", at.text() if rng.random() < 0.05
                     else self.target())
        elif draw < 0.90:
            self.cut(at)
        else:
            self.put(at, "DNAME", self.target())

    def cut(self, at):
        rng = self.rng
        if at.lower() == self.origin.lower():
            return
        for i in range(rng.choice([1, 2, 2, 8])):
            server = rng.choice([
                Name((b"ns%d" % i,) + at),             # in-bailiwick
                Name((b"ns%d" % i, b"in") + at),
                Name((b"ns%d" % i,) + self.origin),    # sibling, or ours
                name(f"ns{i}.elsewhere"),
                self.known(),
            ])
            if len(server.wire()) > 255:
                continue
            self.put(at, "NS", server.text())
            if rng.random() < 0.9:
                self.put(server, "A", self.a())
            if rng.random() < 0.4:
                self.put(server, "AAAA", self.aaaa())
        if rng.random() < 0.4 and at.lower() in self.cuts:
            self.put(at, "DS", "%d 8 2 %s" % (rng.randrange(65536), "ef" * 32))

    # As text, and what to ask for

    def text(self, by_name):
        """As a master file; by_name: types that some know by number alone."""
        ttls = random.Random(self.ttl_seed)
        lines = []
        for at, sets in self.sets.items():
            for kind, texts in sets.items():
                ttl = ttls.choice([0, 60, 300, 86400])
                if kind in NAMED and not by_name:
                    number, _, octets = NAMED[kind]
                    octets = octets.replace(" ", "")
                    kind = f"TYPE{number}"
                    texts = [f"\\# {len(octets) // 2} {octets}"]
                lines += [f"{at.text()} {ttl} IN {kind} {t}\n" for t in texts]
        return "".join(lines)

    def names(self):
        for at, sets in self.sets.items():
            for i in range(len(at) - len(self.origin) + 1):
                yield at[i:]


ORIGINS = ["example", "sub.example", "deep.cut.example", "a.b.example",
           "other.test", "x.other.test", "1.168.192.in-addr.arpa"]


def make(seed):
    """A list of (origin, text for us, text for others), and names to ask for,
    with the types that they have."""
    rng = random.Random(seed)
    origins = [name(o) for o in rng.sample(ORIGINS, rng.choice([1, 3, 5]))]
    if rng.random() < 0.25:
        origins.append(Name())
    shared = Shared(origins)
    made = [Zone(rng, o, [p for p in origins if p != o], shared)
            for o in origins]
    asked = {o: None for o in origins}
    for z in made:
        asked.update((n, None) for n in z.names())
    asked[name("foreign.invalid")] = None
    types = {}
    for z in made:
        for at, sets in z.sets.items():
            types.setdefault(at, set()).update(NUMBERS[k] for k in sets)
    return [(z.origin, z.text(True), z.text(False)) for z in made], \
        {n: sorted(types.get(n.lower(), ())) for n in asked
         if len(n.wire()) <= 255}
