#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random texts of records: right ones of each type, and ones that are damaged."""
import base64
import random
import re


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
                                   "\\200", "\\(", "\\$", "\\000", "*"])
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
    sig = join(lambda m: r.choice(["A", "MX", "TYPE1234"]), Make.algorithm,
               lambda m: r.choice(["6", "127", "255"]),  # the signer has fewer
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
    generic = lambda m: r.choice(["\\# 0", f"\\# 4 {m.hex(4, 4)}"])
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
        "CERT": join(n16, n16, Make.algorithm, b64), "KEY": lambda m: r.choice(
            [f"{r.randint(0, 49151)} 3 5 {m.base64()}", "49152 3 1",
             f"NOAUTH|ZONE|SIG{m.number(15)} EMAIL 5 {m.base64()}",
             "NOKEY DNSSEC 1"]),
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
        "ZONEMD": lambda m: f"{m.number(u32)} " + r.choice(
            [f"1 1 {m.hex(48, 48)}", f"241 1 {m.hex(12, 64)}"]),
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
        "MD": name, "MF": name, "NULL": generic, "UINFO": generic,
        "UID": generic, "GID": generic, "UNSPEC": generic,
        "WKS": lambda m: f"{m.address(4)} {r.choice(['tcp', '6', 'UDP', '17'])} "
                         f"{r.choice(['smtp', '25', '0 65535', '53 domain'])}",
        "NXT": lambda m: f"{m.name()} {r.choice(['A NXT', 'MX TXT AAAA', '1 127'])}",
        "EID": hexa, "NIMLOC": hexa,
        "ATMA": lambda m: r.choice([f"+{r.randint(1, 10 ** 14)}", m.hex()]),
        "A6": lambda m: r.choice([
            f"0 {m.address(6)}", f"128 {m.name()}",
            f"64 ::{r.randrange(65536):x}:{r.randrange(1, 65536):x} {m.name()}"]),
        "SINK": join(n8, n8, b64), "HHIT": b64, "BRID": b64, "IPN": b64,
        "CLA": strings,
        "DSYNC": lambda m: (f"{r.choice(['CDS', 'CSYNC', 'TYPE1234'])} "
                            f"{r.choice(['NOTIFY', '1', '200'])} "
                            f"{m.number(u16)} {m.name()}"),
        "DLV": ds, "TA": ds, "TYPE731": generic,
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


def generic_of(r, octets):
    """The octets in the form of RFC 3597 5, in words, at times damaged."""
    text = octets.hex()
    if text and r.random() < 0.5:
        at = r.randrange(len(text))
        text = text[:at] + r.choice("0123456789abcdefg") + text[at + 1:]
    count = len(octets) + (r.choice([-1, 1]) if r.random() < 0.1 else 0)
    cut = 2 * r.randint(0, len(text) // 2)
    return f"\\# {max(count, 0)} {text[:cut]} {text[cut:]}".strip()


def decorate(r, text):
    """The same words in lines of a master file: parentheses, comments, blanks.
    A line's end is \\1."""
    words = re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+', text)
    if " ".join(words) != text or not words:
        return text
    gap = lambda: r.choice([" ", "\t", "  ", " \t"])
    open_at = r.randint(0, len(words)) if r.random() < 0.7 else None
    out = ""
    for i, word in enumerate(words):
        if i == open_at:
            out += r.choice(["(", "( ", "(\1", "( ; \"(\1 "])
        within = open_at is not None and i >= open_at
        out += word + (r.choice([gap(), "\1 ", " ;c) \1\t"]) if within else gap())
    if open_at is not None:
        if open_at == len(words):
            out += "("
        out += r.choice([")", "\1)", " ) "])
    elif r.random() < 0.5:
        out = out.rstrip()
    return out + r.choice(["", " ", "\t", "; c", " ;\"(", "\r"])
