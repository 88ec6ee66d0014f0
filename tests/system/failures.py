#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every way for a target to fail: it is down, status and log say why, and the
last cache that honours TTLs has left within the bound that check prints.

FAILURES is how many of each are induced, two at once in each round."""
import collections
import os
import socket
import tempfile
import threading
import time

import dns.message

import meridian as m
import trouble

HTTP = {  # how it fails: what status shows
    "refused": "refused",
    "blackhole": "timeout 900 ms",
    "hang": "timeout 900 ms",
    "drip": "timeout 900 ms",
    "drip body": "timeout 900 ms",
    "status": "status 503, not 200 or 204",
    "redirect": "status 302, not 200 or 204",
    "body": 'status 200, but the body has no "ok"',
    "reset": "closed before the reply ended",
    "short": "closed before the reply ended",
    "endless": "the body has more than 65536 octets",
    "headers": "the header has more than 16384 octets",
    "not HTTP": "the reply is not HTTP",
}
HTTPS = {
    "refused": "refused",
    "blackhole": "timeout 900 ms",
    "no handshake": "timeout 900 ms",
    "not TLS": "TLS: wrong version number",
    "expired": "TLS: the certificate expired at 20",
    "wrong name": "TLS: the certificate is not for www.example.com",
    "untrusted": "TLS: the certificate's issuer is unknown: "
                 "The other authority",
    "hang": "timeout 900 ms",
    "status": "status 503, not 200 or 204",
    "body": 'status 200, but the body has no "ok"',
    "reset": "closed before the reply ended",
    "endless": "the body has more than 65536 octets",
}
AT_ONCE = 2
ROUNDS = -(-int(os.environ.get("FAILURES", "2")) // AT_ONCE)
WELL = {"http": "127.0.2.1", "https": "127.0.2.2"}


class Case:
    def __init__(self, number, kind, trouble_, text):
        self.kind, self.trouble, self.text = kind, trouble_, text
        self.address = f"127.{10 + number // 200}.{number % 200}.1"
        self.pool = f"p{number}"
        self.name = f"{self.pool}.example.com"
        self.wire = dns.message.make_query(self.name, "A").to_wire()
        self.failed = self.left = self.answer = None

    def what(self):
        return f"{self.kind}, {self.trouble}"


cases = [(kind, what, text) for _ in range(AT_ONCE)
         for kind, table in (("http", HTTP), ("https", HTTPS))
         for what, text in table.items()]
cases = [Case(i, *c) for i, c in enumerate(cases)]
folder = tempfile.TemporaryDirectory()
farm = trouble.Farm(trouble.Certificates(folder.name))
for kind, address in WELL.items():
    farm.add(address, kind == "https")
for c in cases:
    farm.add(c.address, c.kind == "https")


def pool(c):
    return f"""\
  {c.pool}:
    monitor: {c.kind}
    regions: {{eu: [{{addr: {c.address}}}], us: [{{addr: {WELL[c.kind]}}}]}}
"""


config = m.config(
    monitor=f"""\
monitors:
  http: {{type: http, port: {farm.port}, host: www.example.com, path: /h?a=b,
         expect: {{status: [200, 204], body: ok}}, interval: 1s,
         timeout: 900ms, fall: 2, rise: 2, clear: 3, damp: {{max: 0s}}}}
  https: {{type: https, port: {farm.port}, host: www.example.com, path: /h?a=b,
          ca: {folder.name}/ca.pem,
          expect: {{status: [200, 204], body: ok}}, interval: 1s,
          timeout: 900ms, fall: 2, rise: 2, clear: 3, damp: {{max: 0s}}}}
""",
    pools="".join(pool(c) for c in cases),
    policies="  p: {rules: [{regions: [eu, us]}], when_all_down: all}\n",
    names="".join(f"  {c.name}: {{pool: {c.pool}, policy: p, "
                  "ttl: {max: 2, min: 1}}\n" for c in cases))


class Asking(threading.Thread):
    """Asks for each name all the time; keeps when the last cache would let go
    of a target that had failed."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon_, self.stopping, self.lost = daemon, False, 0

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.daemon_.port))
            s.settimeout(5.0)
            while not self.stopping:
                for c in cases:
                    self.ask(s, c)
                time.sleep(0.01)

    def ask(self, s, c):
        try:
            s.send(c.wire)
            reply = dns.message.from_wire(s.recv(4096))
        except OSError:
            self.lost += 1
            return
        at, failed = time.monotonic(), c.failed
        c.answer = m.rdata(reply)
        if c.answer == [c.address] and failed and at > failed:
            c.left = at + reply.answer[0].ttl - failed


def watches(d):
    """The eu target by pool."""
    return {p["name"]: p["regions"][0]["targets"][0]
            for p in d.json("status")["pools"]}


def last(d, c):
    """What status shows."""
    return watches(d)[c.pool]["watches"][0]["last"]


def all_are(d, health):
    return all(t["health"] == health for t in watches(d).values())


def induce(d):
    """All fail; the log from where it was before says why."""
    before = len(d.log_text())
    for c in cases:
        c.left = None
        farm.set(c.address, c.trouble)
        c.failed = time.monotonic()
    m.wait_for("all targets down", lambda: all_are(d, "down"))
    m.wait_for("answers without them", lambda: all(
        c.answer == [WELL[c.kind]] for c in cases))
    for c in cases:
        m.wait_for(f"{c.what()}: why", lambda: c.text in last(d, c))
        shown[c.what()] = last(d, c)
    return d.log_text()[before:]


def judge(c, log):
    line = f"target {c.pool}/eu/{c.address}: {c.kind}: down after 2 of 2 ("
    at = log.find(line)
    why = log[at:].split("\n")[0]
    # A machine that others use may be too slow for a reason.
    m.check_quiet(at >= 0 and (c.text in why or "timeout" in why),
                  f"{c.what()}: the log says why: {why}")
    m.check_quiet(c.left is not None and c.left <= bounds[c.name],
                  f"{c.what()}: the last cache lets go after {c.left} s, "
                  f"not {bounds[c.name]} s")
    left[c.what()].append(c.left)


def recover(d):
    for c in cases:
        c.failed = None
        farm.set(c.address, None)
    m.wait_for("all targets up again", lambda: all_are(d, "up"))


shown, left = {}, collections.defaultdict(list)
with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: all_are(d, "up"))
    bounds = {n["name"].rstrip("."): n["cutover_s"]
              for n in d.json("check")["names"]}
    asking = Asking(d)
    asking.start()
    for _ in range(ROUNDS):
        said = induce(d)
        for c in cases:
            judge(c, said)
        recover(d)
    asking.stopping = True
    asking.join()
    bound = bounds[cases[0].name]
    for what, times in left.items():
        m.check(max(times) <= bound,
                f"{what}: {len(times)} times, left within {max(times):.2f} s: "
                f"status shows {shown[what]}")
    m.check(True, f"{sum(map(len, left.values()))} cut-overs within {bound} s")
    m.check(asking.lost == 0, "no answer was lost")
