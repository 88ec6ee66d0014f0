#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Texts of records of all types, right ones and wrong ones, to this reader, to
ldns, and to BIND, NSD and Knot: what they make of them differs only where a
rule says so, with its RFC.

    texts.py [--seed S] [--records N]   (TEXTS: the program; 20000 records)

Right ones: named-compilezone's octets are the same, nsd-checkzone and kzonecheck
accept them."""
import argparse
import base64
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

TEXTS = os.environ.get("TEXTS", "tests/differ/texts")


class Make:
    """Random fields, each as one text."""

    def __init__(self, r):
        self.r = r

    def number(self, most):
        return str(self.r.choice([0, 1, most, self.r.randint(0, most)]))

    def name(self):
        r = self.r
        labels = ["".join(r.choice("abcXYZ019-_") for _ in range(
            r.randint(1, 8))) for _ in range(r.randint(1, 4))]
        if r.random() < 0.2:
            labels[0] += r.choice(["\\.", "\\032", "\\@", "\\\\", "\\;", "\\\"",
                                   "\\200"])
        return r.choice(["@", ".", ".".join(labels), ".".join(labels) + ".",
                         ".".join(labels) + "."])

    def string(self):
        r = self.r
        word = "".join(r.choice("abc =:/+,.-019") for _ in range(
            r.randint(0, 20)))
        if r.random() < 0.2:
            word += r.choice(["\\\"", "\\065", "\\000", "\\\\", "\\255"])
        if " " in word or not word or r.random() < 0.7:
            return f'"{word}"'
        return word

    def octets(self, least=1, most=40):
        return bytes(self.r.randrange(256)
                     for _ in range(self.r.randint(least, most)))

    def hex(self, least=1, most=40):
        text = self.octets(least, most).hex()
        return self.r.choice([text, text.upper()])

    def base64(self):
        return base64.b64encode(self.octets()).decode()

    def base32(self):
        text = base64.b32encode(self.octets(20, 20)).decode().rstrip("=")
        return text.translate(str.maketrans(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "0123456789ABCDEFGHIJKLMNOPQRSTUV"))

    def address(self, family):
        if family == 4:
            return ".".join(str(self.r.randrange(256)) for _ in range(4))
        if self.r.random() < 0.3:
            return f"2001:db8::{self.r.randrange(65536):x}"
        return ":".join(f"{self.r.randrange(65536):x}" for _ in range(8))

    def time(self):
        return self.r.choice([self.number(2 ** 31 - 1), "1h", "2W3d", "1h30m",
                              "10s"])

    def date(self):
        r = self.r
        return r.choice([
            f"{r.randint(1970, 2105)}{r.randint(1, 12):02}{r.randint(1, 28):02}"
            f"{r.randint(0, 23):02}{r.randint(0, 59):02}{r.randint(0, 59):02}",
        ])

    def types(self, least=0):
        known = ["A", "NS", "SOA", "MX", "TXT", "AAAA", "RRSIG", "NSEC",
                 "DNSKEY", "CAA", "TYPE1234", "TYPE65280"]
        return " ".join(self.r.sample(known, self.r.randint(least, 5)))

    def algorithm(self):
        return self.r.choice(["5", "8", "13", "RSASHA256", "ECDSAP256SHA256",
                              "ED25519"])

    def loc(self):
        r = self.r
        angle = lambda most: r.choice([
            str(r.randint(0, most - 1)),
            f"{r.randint(0, most - 1)} {r.randint(0, 59)}",
            f"{r.randint(0, most - 1)} {r.randint(0, 59)} "
            f"{r.randint(0, 59)}.{r.randint(0, 999):03}"])
        sizes = r.choice(["", " 1m", " 30m 10m", " 5.00m 1000m 20m"])
        return (f"{angle(90)} {r.choice('NS')} {angle(180)} {r.choice('EW')} "
                f"{r.randint(-100000, 4000000)}{r.choice(['', '.50', '.05'])}"
                f"{r.choice(['', 'm'])}{sizes}")

    def apl(self):
        r = self.r
        return " ".join(r.choice([
            f"{r.choice(['', '!'])}1:{r.randrange(256)}.{r.randrange(256)}.0.0"
            f"/{r.randint(16, 32)}",
            f"2:2001:db8:{r.randrange(65536):x}::/{r.randint(48, 128)}"])
            for _ in range(r.randint(0, 4)))

    def gateway(self, types):
        kind = self.r.randrange(4)
        host = [".", self.address(4), self.address(6),
                "g" + self.name().strip("@.") + "."][kind]
        return types(kind), host

    def svcb(self):
        r = self.r
        params = []
        if r.random() < 0.7:
            params.append("alpn=" + r.choice(["h2", "h2,h3", '"h2,h3"']))
            if r.random() < 0.3:
                params.append("no-default-alpn")
        if r.random() < 0.5:
            params.append(f"port={self.number(65535)}")
        if r.random() < 0.3:
            params.append("ipv4hint=" + ",".join(
                self.address(4) for _ in range(r.randint(1, 3))))
        if r.random() < 0.3:
            params.append("ipv6hint=" + self.address(6))
        if r.random() < 0.3:
            params.append("ech=" + self.base64())
        if r.random() < 0.3:
            params.append(f"key{r.randint(100, 65534)}=" + r.choice(
                ["x", '"a b"', "a\\032b", "\\000"]))
        if params and params[0].startswith("alpn") and r.random() < 0.3:
            params.append("mandatory=alpn")
        r.shuffle(params)
        return " ".join(params)


def texts_of(r):
    """A right text by type: functions of one Make."""
    u8, u16, u32 = 255, 65535, 2 ** 32 - 1

    def join(*fields):
        return lambda m: " ".join(f(m) for f in fields)
    n8, n16, n32 = (lambda m, top=top: m.number(top) for top in (u8, u16, u32))
    name, string, hexa, b64 = Make.name, Make.string, Make.hex, Make.base64
    strings = lambda m: " ".join(m.string() for _ in range(r.randint(1, 4)))
    addr4, addr6 = (lambda m: m.address(4)), (lambda m: m.address(6))
    ds = lambda m: (f"{m.number(u16)} {m.algorithm()} " + r.choice(
        [f"1 {m.hex(20, 20)}", f"2 {m.hex(32, 32)}", f"4 {m.hex(48, 48)}"]))
    key = join(n16, lambda m: "3", Make.algorithm, b64)
    sig = join(lambda m: r.choice(["A", "MX", "TYPE1234"]), Make.algorithm, n8,
               n32, Make.date, Make.date, n16, name, b64)

    def ipseckey(m):
        kind, host = m.gateway(str)
        return f"{m.number(u8)} {kind} 2 {host} {m.base64()}"

    def amtrelay(m):
        kind, host = m.gateway(str)
        return f"{m.number(u8)} {r.randint(0, 1)} {kind} {host}"
    eui = lambda n: lambda m: "-".join(f"{r.randrange(256):02x}"
                                       for _ in range(n))
    locator = lambda m: ":".join(f"{r.randrange(65536):x}" for _ in range(4))
    tlsa = join(lambda m: m.number(3), lambda m: m.number(1),
                lambda m: "1", lambda m: m.hex(32, 32))
    nsec3 = lambda m: (f"1 {m.number(1)} {m.number(100)} "
                       f"{r.choice(['-', m.hex(1, 8)])}")
    svcb = lambda m: f"{r.randint(1, u16)} {m.name()} {m.svcb()}"
    return {
        "A": addr4, "NS": name, "CNAME": name, "MB": name, "MG": name,
        "MR": name, "PTR": name, "MINFO": join(name, name),
        "SOA": join(name, name, n32, Make.time, Make.time, Make.time,
                    Make.time),
        "HINFO": join(string, string), "MX": join(n16, name), "TXT": strings,
        "RP": join(name, name), "AFSDB": join(n16, name),
        "X25": lambda m: str(r.randint(1000, 10 ** 12)),
        "ISDN": lambda m: f'"{r.randint(1000, 10 ** 12)}"' + r.choice(
            ["", ' "004"']),
        "RT": join(n16, name), "NSAP-PTR": name,
        "NSAP": lambda m: "0x" + m.hex(1, 20),
        "PX": join(n16, name, name), "GPOS": lambda m: "-32.6882 116.8652 10.0",
        "AAAA": addr6, "LOC": Make.loc, "SRV": join(n16, n16, n16, name),
        "NAPTR": join(n16, n16, string, string, lambda m: '""', name),
        "KX": join(n16, name), "DNAME": name, "APL": Make.apl, "DS": ds,
        "CERT": join(n16, n16, Make.algorithm, b64), "KEY": key,
        "SSHFP": lambda m: f"{m.number(4)} " + r.choice(
            [f"1 {m.hex(20, 20)}", f"2 {m.hex(32, 32)}"]),
        "IPSECKEY": ipseckey, "RRSIG": sig, "SIG": sig,
        "NSEC": lambda m: f"{m.name()} {m.types(1)}", "DNSKEY": key,
        "DHCID": b64, "NSEC3": lambda m: f"{nsec3(m)} {m.base32()} {m.types()}",
        "NSEC3PARAM": nsec3, "TLSA": tlsa, "SMIMEA": tlsa,
        "HIP": lambda m: f"2 {m.hex(1, 20)} {m.base64()} " + r.choice(
            ["", "a.example.", "a.example. b.example."]),
        "NINFO": strings, "RKEY": join(lambda m: "0", n8, Make.algorithm, b64),
        "TALINK": join(name, name), "CDS": ds, "CDNSKEY": key,
        "OPENPGPKEY": b64,
        "CSYNC": lambda m: f"{m.number(u32)} {m.number(3)} {m.types()}",
        "ZONEMD": lambda m: f"{m.number(u32)} 1 1 {m.hex(48, 48)}",
        "SVCB": svcb, "HTTPS": svcb, "SPF": strings,
        "NID": join(n16, locator), "L32": join(n16, addr4),
        "L64": join(n16, locator), "LP": join(n16, name),
        "EUI48": eui(6), "EUI64": eui(8),
        "URI": join(n16, n16, lambda m: '"ftp://a.example/x"'),
        "CAA": lambda m: f"{m.number(u8)} {r.choice(['issue', 'iodef'])} "
                         f"{m.string()}",
        "AVC": strings, "DOA": lambda m: (
            f"{m.number(u32)} {m.number(u32)} {m.number(u8)} {m.string()} "
            f"{m.base64()}"),
        "AMTRELAY": amtrelay, "RESINFO": strings, "WALLET": strings,
        "DLV": ds, "TA": ds, "TYPE731": lambda m: r.choice(
            ["\\# 0", f"\\# 4 {m.hex(4, 4)}"]),
    }


def damage(r, text):
    """The text with one thing changed; it may still be right."""
    words = text.split(" ")
    i = r.randrange(len(words))
    word = words[i]
    how = r.randrange(10)
    if how == 0:
        del words[i]
    elif how == 1:
        words.insert(i, r.choice(["x", "0", "a.", "\"\"", "-"]))
    elif how == 2:
        words[i] = f'"{word}"' if '"' not in word else word
    elif how == 3:
        words[i] = r.choice(["+", "-", "0x", "0"]) + word
    elif how == 4:
        words[i] = word + r.choice(["z", "=", ".", ",", "\\", "\"", "5", "\\#"])
    elif how == 5 and word:
        at = r.randrange(len(word))
        words[i] = word[:at] + r.choice("zg%=\\.\"-_:,") + word[at + 1:]
    elif how == 6:
        words[i] = word[:-1]
    elif how == 7:
        words[i] = r.choice(["65536", "256", "4294967296", "1h30", "999999w"])
    elif how == 8:
        words[i] = word.upper()
    else:
        words[i] = word.swapcase()
    return " ".join(words)


# Where ldns 1.8.3 differs: type (a regular expression), verdicts (ours, ldns';
# "=" read, "-" refused, "#" both read), a pattern of our mistake or of the text,
# and why.
LDNS = [
    (".*", "-=", r"quote", "quotes are none of a name's or number's octets, "
     "and begin no string within a word (RFC 1035 5.1)"),
    (".*", "-=", r"is not a number from", "digits alone, and as many as the "
     "field holds (RFC 1035 5.1)"),
    (".*", "-=", r"more than its fields", "ldns leaves out what is behind the "
     "last field"),
    (".*", "-=", r"is not a (time|moment)", "each number has a unit, or none "
     "has (BIND's form; RFC 4034 3.2)"),
    (".*", "-=", r"digits?|base(64|32)|octets", "digits of the encoding alone, "
     "in whole octets (RFC 4648 3.3, 3.5; RFC 3597 5)"),
    (".*", "-=", r"escape|backslash", "RFC 1035 5.1"),
    (".*", "-=", r"missing|NOTIFY", "the fields that the type has"),
    (".*", "-=", r"not a name", "RFC 1035 2.3.4"),
    (".*", "-=", r"address|prefix|locat|latitude|longitude|altitude|size|EUI|"
     r"groups of 16|NSAP", "the form of its RFC"),
    (".*", "-=", r"length than its type|key is missing", "RFC 4034 5.1.4, 4255 "
     "3.1.3, 8976 2.2.4; RFC 2535 3.1.2, 4025 2.4"),
    ("CAA", "-=", r"letters and digits", "RFC 8659 4.1"),
    (".*", "-=", r"type (that is known|below)|algorithm|name, or a number",
     "a name of the registry or a number"),
    ("SVCB|HTTPS", "-=", r"", "RFC 9460 2.1, 7, 8 and A.1"),
    ("SVCB|HTTPS", "=-|#", r"", "RFC 9460 A.1, 2.1: lists, keyNNNNN, empty "
     "values"),
    (".*", "=-", r"@|\\", "ldns does not take every escape (RFC 1035 5.1)"),
    (".*", "#", r"\\@|\\064|\"|@\.", "\\@ and @. are labels and not the origin; quotes "
     "(RFC 1035 5.1)"),
    ("LOC", "#|=-", r"", "RFC 1876 3: seconds of three places, defaults"),
    ("CAA|URI|DOA", "=-|#", r"", "a value in quotes or without, empty too (RFC "
     "8659 4.1.1, RFC 7553 4.3)"),
    ("CSYNC|NSEC3|APL|KEY|CDNSKEY|TYPE731|HIP|IPSECKEY|AMTRELAY", "=-|#", r"",
     "data that may be empty, or has another form there (RFC 7477 2.1.1.2.2, "
     "5155 3.3, 3123 5, 2535 3.1.2, 3597 5, 8005 6, 4025 3.1, 8777 4.3)"),
    ("X25|ISDN|GPOS|NSAP|NSAP-PTR|PX|SIG|A6|NID|L64|L32|LP|DHCID|CERT|RKEY|TALINK|NINFO|"
     "AVC|RESINFO|WALLET|DLV|TA|SMIMEA|OPENPGPKEY|ZONEMD|EUI48|EUI64", "=-|#",
     r"", "ldns has no row for it, or another form"),
    (".*", "=-", r"(?i)type1234|\d[wdhms]", "types by number, times with units"),
    ("NSEC|RRSIG|DNSKEY|DS|CDS|TLSA|SSHFP|SRV|MX|SOA|.*", "=-",
     r"(?i)ED25519|PKIX|DANE|[A-Z]", "names of algorithms, and upper case"),
]


def permitted(type_, text, ours, theirs):
    pair = "#" if ours[0] == theirs[0] == "=" else ours[0] + theirs[0]
    subject = ours[1:] if ours[0] == "-" else text
    for types, pairs, pattern, why in LDNS:
        if re.fullmatch(types, type_) and pair in pairs.split("|") and \
                re.search(pattern, subject):
            return why
    return None


def run_texts(records):
    text = "".join(f"{t}\t{x}\n" for t, x, _ in records)
    done = subprocess.run([TEXTS], input=text.encode(), stdout=subprocess.PIPE,
                          check=True)
    return [line.split("\t") for line in
            done.stdout.decode("latin-1").splitlines()]


# Types that NSD 4.6, Knot 3.2 and BIND 9.18 do not know by name.
UNKNOWN = {
    "bind": {"RESINFO", "WALLET"},
    "nsd": {"AMTRELAY", "DOA", "GPOS", "HIP", "NINFO", "NSAP-PTR", "RESINFO",
            "RKEY", "TA", "TALINK", "WALLET"},
    "knot": {"AMTRELAY", "AVC", "DOA", "GPOS", "HIP", "ISDN", "MB", "MG", "MR",
             "NINFO", "NSAP", "NSAP-PTR", "PX", "RESINFO", "RKEY", "TA",
             "TALINK", "WALLET", "X25"},
}
# What others refuse of right texts: who, type, a pattern, and why.
PEERS = [
    ("bind", ".*", r"(^| )\+?(4294967296|999999w)( |$)", "a string that begins "
     "with digits is a string (RFC 1035 5.1); BIND reads a number that does not "
     "fit"),
    ("bind", "RKEY", r"^[^0]", "BIND wants flags of 0"),
    ("bind", "CAA", r"^\S+ \S*\\", "BIND takes no escapes in a tag (RFC 1035 "
     "5.1)"),
    ("bind", "NAPTR", r".", "BIND wants a regular expression to be one"),
    ("bind", "URI", r"^\S+ \S+ [^\"]", "BIND wants quotes; a contiguous string is "
     "one, too (RFC 1035 5.1)"),
    ("bind", "LOC", r"\dM|[nsew] ", "the case of N, S, E, W and m says nothing"),
    ("nsd", ".*", r"(^| )\.|\\\\( |$)|\\\.", "NSD ends a word at a dot, or behind "
     "two backslashes"),
    ("nsd", "HINFO|NAPTR", r".", "NSD reads dots in strings without quotes as "
     "those of names"),
    ("knot", "NID|L64", r".", "leading zeros of a group may be left out (RFC "
     "6742 2.1.2)"),
]

# What stands by rules of its own and not of its text: aliases, cuts, keys.
ALONE = {"CNAME", "DNAME", "SOA", "NS", "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG",
         "SIG", "KEY", "DNSKEY", "CDS", "CDNSKEY", "DS", "ZONEMD", "DLV",
         "CSYNC"}
HEAD = "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.other.\n"


def zone_of(records):
    return HEAD + "".join(f"x{i} {t} {x}\n" for i, (t, x) in records)


def raw_records(path):
    """(owner, type, data) of named-compilezone's raw form, version 0."""
    with open(path, "rb") as f:
        octets = f.read()
    at = 12  # format, version, time of the dump
    while at < len(octets):
        total, _, type_, _, _, count, name_len = struct.unpack_from(
            ">IHHHIIH", octets, at)
        owner = octets[at + 20:at + 20 + name_len]
        p = at + 20 + name_len
        for _ in range(count):
            n = struct.unpack_from(">H", octets, p)[0]
            yield owner, type_, octets[p + 2:p + 2 + n]
            p += 2 + n
        at += total


COMMANDS = {
    "bind": ["named-compilezone", "-i", "none", "-k", "ignore", "-m", "ignore",
             "-n", "ignore", "-r", "ignore", "-S", "ignore", "-M", "ignore",
             "-F", "raw=0", "-o", "RAW", "example", "ZONE"],
    "nsd": ["nsd-checkzone", "example", "ZONE"],
    "knot": ["kzonecheck", "-o", "example", "ZONE"],
}
def check(checker, records, folder):
    """What the checker says, and whether it takes all of them."""
    zone = os.path.join(folder, checker)
    command = [zone if w == "ZONE" else os.path.join(folder, "raw")
               if w == "RAW" else w for w in COMMANDS[checker]]
    with open(zone, "w", encoding="latin-1") as f:
        f.write(zone_of(records))
    done = subprocess.run(command, capture_output=True, text=True,
                          errors="replace")
    return done.returncode == 0, done.stdout + done.stderr


def refused(checker, records, folder):
    """The records that the checker does not take, by halves."""
    if not records or check(checker, records, folder)[0]:
        return []
    if len(records) == 1:
        return [records[0][0]]
    half = len(records) // 2
    return refused(checker, records[:half], folder) + \
        refused(checker, records[half:], folder)


def peer_permits(checker, type_, text):
    for checkers, types, pattern, why in PEERS:
        if checker in checkers.split() and re.fullmatch(types, type_) and \
                re.search(pattern, text):
            return why
    return None


def against(checker, right, folder):
    """Right texts as they were made go to all, those that were changed and are
    right all the same to BIND alone, which reads what they stand for."""
    records = [(i, r[:2]) for i, r in enumerate(right)
               if r[0] not in UNKNOWN[checker] | ALONE and
               (checker == "bind" or not r[3]) and
               not peer_permits(checker, *r[:2])]
    out = set(refused(checker, records, folder))
    for i in out:
        yield f"{checker} refuses: {right[i][0]} {right[i][1]}"
    if checker != "bind":
        return
    records = [x for x in records if x[0] not in out]
    check(checker, records, folder)
    want = {i: bytes.fromhex(right[i][2][1:]) for i, _ in records}
    for owner, _, data in raw_records(os.path.join(folder, "raw")):
        label = owner[1:1 + owner[0]].decode("latin-1")
        if re.fullmatch(r"x\d+", label):
            i = int(label[1:])
            got = want.pop(i)
            if got.lower() != data.lower():
                yield f"bind reads {right[i][:2]} as {data.hex()}, not " \
                      f"{got.hex()}"
    for i in want:
        yield f"bind has lost {right[i][:2]}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--records", type=int, default=int(
        os.environ.get("DIFFER_TEXTS", "20000")))
    p.add_argument("--show", type=int, default=40)
    args = p.parse_args()
    r = random.Random(args.seed)
    make, by_type = Make(r), texts_of(r)
    types = sorted(by_type)
    counts, faults, left = {"right": 0, "wrong": 0, "permitted": 0}, [], \
        args.records
    while left > 0:
        batch = []
        for _ in range(min(left, 20000)):
            t = r.choice(types)
            text = by_type[t](make).rstrip()
            changed = r.random() < 0.5
            if changed:
                text = damage(r, text)
            batch.append((t, text, changed))
        left -= len(batch)
        right = []
        for (t, text, changed), (ours, theirs) in zip(
                batch, run_texts(batch)):
            counts["right" if ours[0] == "=" else "wrong"] += 1
            if ours[0] == "=":
                right.append((t, text, ours, changed))
            elif not changed:
                faults.append(f"refused: {t} {text}\n  {ours}")
            if ours == theirs or ours[0] == theirs[0] == "-":
                continue
            if permitted(t, text, ours, theirs):
                counts["permitted"] += 1
            else:
                faults.append(f"ldns: {t} {text}\n  {ours}\n  {theirs}")
        with tempfile.TemporaryDirectory() as folder:
            for checker in COMMANDS:
                faults += against(checker, right, folder)
    for f in faults[:args.show]:
        print(f)
    print(f"seed {args.seed}: {counts['right']} read, {counts['wrong']} refused, "
          f"{counts['permitted']} unlike ldns by a rule, {len(faults)} not "
          f"permitted")
    return 1 if faults else 0


sys.exit(main())
