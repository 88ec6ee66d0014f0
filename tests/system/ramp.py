#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A region comes back by and by under load: each client prefix moves once, the
shares are those asked for, every scope is the cohort's and no narrower, and
trouble stops it without taking anything back."""
import socket
import struct
import time

import dns.message

import meridian as m

HOLD_S = 2
RAMP_S = 12
PREFIXES = [f"198.18.{i}" for i in range(256)] + \
    [f"198.19.{i}" for i in range(256)]
NETWORKS6 = [f"2001:db8:{i:x}" for i in range(64)]
EU, US = "127.0.71.1", "127.0.71.2"


def config(port):
    return m.config(
        monitor=f"""\
monitors:
  web: {{type: http, port: {port}, path: /healthz, expect: {{status: 200}},
        interval: 500ms, timeout: 400ms, fall: 4, rise: 1}}
""",
        pools=f"  www: {{monitor: web, regions: {{eu: [{{addr: [{EU}]}}],"
              f" us: [{{addr: [{US}]}}]}}}}\n",
        policies=f"  near: {{failback: {{hold: {HOLD_S}s, ramp: {RAMP_S}s}},"
                 " rules: [{nets: europe, regions: [eu, us]},"
                 " {regions: [us, eu]}]}\n",
        names="  www.example.com: {pool: www, policy: near,"
              " ttl: {max: 60, min: 1}}\n").replace(
                  'europe: [198.18.0.0/16, "2001:db8:e::/48"]',
                  'europe: [198.18.0.0/15, "2001:db8::/32"]').replace(
                  "198.19.0.0/16", "198.51.100.0/24")


class Client:
    """One address of a prefix: where it was sent, answer by answer."""

    def __init__(self, number, address):
        query = dns.message.make_query("www.example.com", "A", use_edns=0,
                                       options=[m.ecs_option(address)])
        self.wire = struct.pack("!H", number) + query.to_wire()[2:]
        self.cohort_len = 48 if ":" in address else 24
        self.moves = []
        self.scope = self.ttl = None

    def learn(self, wire):
        reply = dns.message.from_wire(wire)
        region = "eu" if m.rdata(reply) == [EU] else "us"
        self.scope = m.ecs_of(reply).scopelen
        self.ttl = reply.answer[0].ttl
        if not self.moves or self.moves[-1] != region:
            self.moves.append(region)


class Clients:
    """All of them, two of each prefix, asked in rounds."""

    def __init__(self, d):
        self.d = d
        addresses = [f"{p}.{host}" for p in PREFIXES for host in (1, 254)]
        addresses += [f"{p}:{host}::1" for p in NETWORKS6 for host in (1, 9)]
        self.all = [Client(i, a) for i, a in enumerate(addresses)]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", d.port))
        self.socket.settimeout(10)

    def round(self):
        for c in self.all:
            self.socket.send(c.wire)
            wire = self.socket.recv(4096)
            m.check_quiet(wire[:2] == c.wire[:2], "the answer is in turn")
            c.learn(wire)

    def forget(self):
        for c in self.all:
            c.moves.clear()

    def share(self):
        return sum(c.moves[-1] == "eu" for c in self.all) / len(self.all)

    def each(self, claim, what):
        m.check(all(claim(c) for c in self.all), what)



def asked_for(start, now):
    return min(max((now - start - HOLD_S) / RAMP_S, 0), 1)


def up(d):
    return d.region("www", "eu")["live"]


def ramp(d, clients, eu):
    """Follows the return to its end; the shares seen, with their moments."""
    eu.start()
    before = time.monotonic()
    m.wait_for("eu is live", lambda: up(d))
    after = time.monotonic()
    clients.forget()
    seen = 0
    while asked_for(after, time.monotonic()) < 1:
        begin = time.monotonic()
        clients.round()
        end = time.monotonic()
        # Whole seconds, and 576 cohorts drawn by a hash.
        low = asked_for(after, begin - 2) - 0.07
        high = asked_for(before, end + 2) + 0.07
        m.check_quiet(low <= clients.share() <= high,
                      f"{clients.share():.3f} of the clients are back, not"
                      f" {low:.3f} to {high:.3f}")
        seen += 1
        in_force = asked_for(before, end + 2) < 1
        for c in clients.all:
            m.check_quiet(c.scope == c.cohort_len or not in_force,
                          f"scope {c.scope} while a share is in force")
    m.check(seen > 3, "in every round the share is that asked for, the scope"
            " that of the cohort")
    time.sleep(2)
    clients.round()
    clients.each(lambda c: c.moves in (["us", "eu"], ["eu"]),
                 "every client moved once, and both of a prefix together")
    log = d.log_text()
    m.check("targets live, its clients return gradually)" in log and
            "region eu is back (100.0% of its clients)" in log,
            "the log tells its beginning and its end")


def stopped(d, clients, eu):
    """Failed probes, too few for it to be down, in the middle of a return."""
    eu.start()
    m.wait_for("eu is live", lambda: up(d))
    clients.forget()
    m.wait_for("some are back", lambda: clients.round() or
               clients.share() > 0.15)
    eu.status = 500
    m.wait_for("a probe fails", lambda: "500" in str(d.json("status")))
    eu.status = 200
    m.wait_for("it is over", lambda: clients.round() or clients.share() == 1,
               deadline=4 * (HOLD_S + RAMP_S))
    clients.each(lambda c: c.moves in (["us", "eu"], ["eu"]),
                 "trouble takes back nobody who has moved")


def main():
    us = m.Target(US)
    eu = m.Target(EU, us.port)
    with m.Daemon(config(us.port), {"zones/example.com.zone": m.ZONE}) as d:
        m.wait_for("both are up", lambda: all(
            t["health"] == "up" for p in d.json("status")["pools"]
            for r in p["regions"] for t in r["targets"]))
        clients = Clients(d)
        clients.round()
        clients.each(lambda c: c.moves == ["eu"], "all are in eu")
        clients.each(lambda c: c.scope < c.cohort_len,
                     "scopes are those of the policy")
        eu.kill()
        m.wait_for("eu is down", lambda: not up(d))
        clients.forget()
        clients.round()
        clients.each(lambda c: c.moves == ["us"], "all are in us")
        ramp(d, clients, eu)
        clients.each(lambda c: c.scope < c.cohort_len,
                     "and scopes are those of the policy again")
        eu.kill()
        m.wait_for("eu is down", lambda: not up(d))
        stopped(d, clients, eu)


if __name__ == "__main__":
    main()
