#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""explain's answer is the daemon's: random questions from random clients, while
targets fail and regions are drained, in part and as a whole.

EXPLAIN_QUERIES says how many (make explain: 100000), EXPLAIN_SEED which."""
import collections
import http.client
import json
import os
import random
import socket
import urllib.parse

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import meridian as m

QUERIES = int(os.environ.get("EXPLAIN_QUERIES", "2000"))
SEED = int(os.environ.get("EXPLAIN_SEED", "1"))
BATCH = 100  # queries in one state of health
TRIES = 5    # a share in force moves on between the question and the answer

CONFIG = """meridian: 1
server: {listen: [127.0.0.1@0], workers: 1, state: state,
         control: control.sock, ecs_from: [127.0.0.0/9]}
geoip:
  nets:
%s
zones: {example.com: example.com.zone, below.example.com: below.zone}
regions:
  eu: {location: [50.1, 8.7], jurisdiction: EU, capacity: 8000}
  us: {location: [39.0, -77.5], jurisdiction: US, capacity: 8000}
  ap: {location: [35.7, 139.7], jurisdiction: JP, capacity: 8000}
monitors:
  gate: {type: external, damp: {max: 0s}}
  late: {type: external, interval: 10s, fall: 2, damp: {max: 0s}}
pools:
  www:
    monitor: gate
    regions:
      eu: [{addr: [192.0.2.10, "2001:db8::10"]},
           {addr: [192.0.2.11, "2001:db8::11"]}]
      us: [{addr: 198.51.100.10}, {addr: "2001:db8:1::10"}]
      ap: [{addr: [203.0.113.10, "2001:db8:2::10"]},
           {addr: 203.0.113.11}]
  both:
    monitor: gate
    families: together
    regions:
      us: [{addr: 198.51.100.10}, {addr: "2001:db8:1::10"}]
      eu: [{addr: [192.0.2.10, "2001:db8::10"]}]
  one:
    monitor: late
    answer: {mode: one}
    regions:
      us: [{addr: 198.51.100.20, weight: 3}, {addr: 198.51.100.21}]
      eu: [{addr: 192.0.2.20, weight: 2}, {addr: 192.0.2.21, weight: 5}]
  sorry: {regions: {eu: [{addr: [192.0.2.250, "2001:db8::250"]}]}}
  cdn: {regions: {eu: [{cname: static.example.com.}],
                  us: [{cname: us.cdn.example.net.}]}}
  data:
    regions:
      eu: [{records: {MX: [10 mx1.example.com., 20 mx2.example.com.],
                      HTTPS: 1 . alpn=h2, TXT: "a \\"b\\" c"}}]
      us: [{records: {MX: 10 us.example.com., HTTPS: 1 . alpn=h3,
                      TXT: us}}]
policies:
  near:
    rules:
      - {nets: a, regions: [eu, us], fence: EU, when_all_down: {pool: sorry}}
      - {nets: [b, c], regions: [us, ap, eu]}
      - {nets: d, regions: {us: 2, eu: 3}}
      - {regions: nearest}
    unlocated: [ap, us, eu]
    failback: {hold: 2s, ramp: 60s}
  line:
    rules: [{nets: b, regions: [us, eu]}, {regions: [eu, us]}]
    when_all_down: last_known
names:
  www.example.com: {pool: www, policy: near, ttl: {max: 300, min: 2}}
  "*.api.example.com": {pool: one, policy: line, ttl: {max: 60, min: 5}}
  cdn.example.com: {pool: cdn, policy: line}
  data.example.com: {pool: data, policy: line}
  www.below.example.com: {pool: www, policy: line}
  both.example.com: {pool: both, policy: line}
"""

ZONE = """$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster 7 7200 3600 1209600 300
@ NS ns1
@ NS ns.sub
@ MX 10 static
below NS ns1
ns1 A 192.0.2.53
static A 192.0.2.80
static AAAA 2001:db8::80
static 60 TXT "a \\"b\\" \\200" "c"
static TYPE65400 \\# 4 01020304
srv SRV 1 2 443 static
caa CAA 0 issue "ca.example.net"
alias CNAME www
alias2 CNAME alias
tocdn CNAME cdn
out CNAME www.example.net.
nowhere CNAME none
loop1 CNAME loop2
loop2 CNAME loop1
*.wild 120 A 192.0.2.81
*.wildalias CNAME static
ent.deep.ent TXT x
sub NS ns.sub
ns.sub A 192.0.2.54
tosub CNAME x.sub
old DNAME new
x.new A 192.0.2.82
steered.new CNAME www
away DNAME example.org.
"""
BELOW = """@ 60 SOA ns host 1 7200 3600 1209600 30
@ 60 NS ns
ns 60 A 192.0.2.55
"""

STEERED = ["www", "www", "WWW", "a.api", "b.c.api", "cdn", "data",
           "www.below", "both"]
NAMES = ["", "api", "below", "x.below", "static", "srv", "caa", "alias",
         "alias2", "tocdn", "out", "nowhere", "loop1", "x.wild", "x.y.wild",
         "wild", "x.wildalias", "ent", "deep.ent", "sub", "x.sub",
         "ns.sub", "tosub", "old", "x.old", "none.old", "steered.old", "away",
         "x.away", "none", "x.none", "*.api", "*.wild"]
OUTSIDE = ["example.net", "www.example.org", "com", "."]
TYPES = ["A"] * 12 + ["AAAA"] * 6 + [
    "MX", "TXT", "NS", "SOA", "CNAME", "HTTPS", "SRV", "CAA", "DS", "DNAME",
    "TYPE65400", "ANY", "AXFR", "PTR"]

seen = collections.Counter()


def random_prefixes(rng):
    """Four nets; those near each other make scopes that are long."""
    nets = {name: [] for name in "abcd"}
    for name in nets:
        for _ in range(8):
            if rng.random() < 0.7:
                length = rng.randint(9, 30)
                value = rng.choice([rng.getrandbits(32), 0x51020000 |
                                    rng.getrandbits(16)])
                value = value >> (32 - length) << (32 - length)
                nets[name].append("%s/%d" % (socket.inet_ntoa(
                    value.to_bytes(4, "big")), length))
            else:
                length = rng.randint(20, 60)
                value = (0x2a000000 << 96) | rng.getrandbits(124)
                value = value >> (128 - length) << (128 - length)
                nets[name].append("%s/%d" % (socket.inet_ntop(
                    socket.AF_INET6, value.to_bytes(16, "big")), length))
    nets["a"].append("10.0.0.0/8")
    return nets


def client_subnet(rng, nets):
    """Often in one of the nets, sometimes private, sometimes anywhere."""
    kind = rng.random()
    if kind < 0.6:
        address = rng.choice(rng.choice(list(nets.values()))).split("/")[0]
    elif kind < 0.7:
        address = rng.choice(["10.1.2.0", "192.168.0.0", "fd00::", "::1",
                              "::ffff:81.2.0.0", "2002:5102::", "100.64.0.0"])
    else:
        address = socket.inet_ntoa(rng.getrandbits(32).to_bytes(4, "big"))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bits = 128 if ":" in address else 32
    length = rng.choice([0, 8, 16, 24, bits, rng.randint(1, bits)])
    value = int.from_bytes(socket.inet_pton(family, address), "big")
    value ^= rng.getrandbits(bits) >> rng.randint(1, bits)
    value = value >> (bits - length) << (bits - length)
    return "%s/%d" % (socket.inet_ntop(
        family, value.to_bytes(bits // 8, "big")), length)


class Control(http.client.HTTPConnection):
    """The control socket, over one connection."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def get(self, path, params):
        self.request("GET", path + "?" + urllib.parse.urlencode(params))
        return json.loads(self.getresponse().read())


def ask(d, question):
    """The daemon's own words, from the resolver's address."""
    name, kind, subnet, resolver = question
    options = [m.ecs_option(subnet)] if subnet else []
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232,
                                   options=options)
    query.flags &= ~dns.flags.RD
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.bind((resolver, 0))
        s.sendto(query.to_wire(), ("127.0.0.1", d.port))
        return dns.message.from_wire(s.recv(4096))


def explain(control, question):
    name, kind, subnet, resolver = question
    return control.get("/v1/explain", {
        "name": name, "type": kind, "from": subnet or resolver,
        "resolver": resolver} if subnet else {
            "name": name, "type": kind, "from": resolver})


def record(text):
    """As explain prints it, to what can be compared."""
    name, ttl, _, kind, data = text.split(" ", 4)
    rdata = dns.rdata.from_text(dns.rdataclass.IN,
                                dns.rdatatype.from_text(kind), data)
    return (dns.name.from_text(name), int(ttl), rdata.to_generic().to_text(),
            rdata.rdtype)


def section(rrsets):
    return sorted((r.name, r.ttl, x.to_generic().to_text(), x.rdtype)
                  for r in rrsets for x in r)


def told(records):
    return sorted(record(text) for text in records)


def apart(a, b):
    """Records are the same but for a second of their TTL."""
    return len(a) != len(b) or any(
        x[0] != y[0] or x[2:] != y[2:] or abs(x[1] - y[1]) > 1
        for x, y in zip(a, b))


def scope_of(reply):
    option = m.ecs_of(reply)
    return option.scopelen if option else None


def differs(reply, said):
    """What explain says otherwise, or None."""
    answer = said["answer"]
    if "disagreement" in said:
        return said["disagreement"]
    if dns.rcode.to_text(reply.rcode()) != answer["rcode"]:
        return "rcode"
    if bool(reply.flags & dns.flags.AA) != answer["authoritative"]:
        return "AA"
    if scope_of(reply) != answer["scope"]:
        return "scope"
    drawn = [told(d["records"]) for d in answer["drawn_from"] or []]
    real = section(reply.answer)
    if len(drawn) > 1 and not answer["ends_early"]:
        # One of several: whichever was drawn, behind the aliases.
        aliases = [r for r in told(answer["records"])
                   if not any(r in d for d in drawn)]
        if all(apart(real, sorted(aliases + d)) for d in drawn):
            return "answer drawn"
    elif apart(real, told(answer["records"])):
        return "answer"
    if apart(section(reply.authority), told(answer["authority"])):
        return "authority"
    if len(drawn) <= 1 and apart(section(reply.additional),
                                 told(answer["additional"])):
        return "additional"
    return None


def compare(d, control, question):
    for _ in range(TRIES):
        said = explain(control, question)
        m.check_quiet("answer" in said, f"explain {question}: {said}")
        m.check_quiet(len(said["steps"]) == 10, f"{question}: ten steps")
        reply = ask(d, question)
        what = differs(reply, said)
        if what is None:
            answer = said["answer"]
            seen[answer["rcode"]] += 1
            seen[answer["reason"] or said["hops"][-1]["found"]] += 1
            seen["ends early"] += answer["ends_early"]
            return
    m.check(False, f"{question}: {what}\nthe daemon: {reply}\nexplain: "
            f"{json.dumps(said, indent=1)}")


def question(rng, nets):
    labels = rng.choice(STEERED if rng.random() < 0.6 else NAMES)
    name = (labels + "." if labels else "") + "example.com."
    if rng.random() < 0.05:
        name = rng.choice(OUTSIDE)
    kind = rng.choice(TYPES)
    subnet = client_subnet(rng, nets) if rng.random() < 0.7 else None
    resolver = "127.%d.0.%d" % (rng.choice([0, 0, 0, 200]), rng.randint(1, 9))
    return name, kind, subnet, resolver


def shake(d, rng):
    """Another state: signals, drains, drains in part."""
    for what in [x["what"] for x in d.json("drains")["drains"]]:
        d.ctl("undrain", what)
    for _ in range(rng.randint(0, 2)):
        what = rng.choice(["eu", "us", "www/ap", "one/us", "www/eu/192.0.2.10",
                           "www/us/2001:db8:1::10", "one/eu/192.0.2.21", "www/us"])
        part = ["--share", f"{rng.randint(1, 99)}%"] \
            if rng.random() < 0.5 and what.count("/") < 2 else []
        d.ctl("drain", what, "--for", "1h", "--reason", "test", "--force",
              *part)
    for monitor in ("gate", "late"):
        d.ctl("signal", monitor, rng.choice(["up"] * 4 + ["down"]),
              "--for", "1h")
    for address in ("gate/192.0.2.11", "gate/198.51.100.10",
                    "gate/2001:db8::10", "gate/2001:db8:1::10",
                    "gate/203.0.113.10", "gate/2001:db8:2::10", "late/198.51.100.20",
                    "late/198.51.100.21"):
        d.ctl("signal", address, rng.choice(["up", "down"]), "--for", "1h")


def main():
    rng = random.Random(SEED)
    nets = random_prefixes(rng)
    lines = "\n".join("    %s: [%s]" % (name, ", ".join(
        f'"{p}"' for p in prefixes)) for name, prefixes in nets.items())
    files = {"example.com.zone": ZONE, "below.zone": BELOW}
    with m.Daemon(CONFIG % lines, files) as d:
        control = Control(d.control)
        for i in range(QUERIES):
            if i % BATCH == 0:
                shake(d, rng)
            compare(d, control, question(rng, nets))
        control.close()
        print(dict(seen))
        m.check(all(seen[word] > 0 for word in (
            "first", "failover", "drained", "all_down", "unlocated",
            "REFUSED", "NXDOMAIN", "nodata", "delegation", "records",
            "ends early")), "every kind of answer was seen")
        m.check(True, f"{QUERIES} questions: explain says what the daemon "
                "answers")


main()
