#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type dns: what they ask, what they believe, and why a target is
down."""
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

import meridian as m


class Responder:
    """A DNS server whose mood is a word."""

    def __init__(self, address, port=0):
        self.mood, self.queries, self.ports = "good", [], set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            wire, peer = self.socket.recvfrom(4096)
            query = dns.message.from_wire(wire)
            self.queries.append(query)
            self.ports.add(peer[1])
            for reply in self.replies(query):
                self.socket.sendto(reply, peer)

    def replies(self, query):
        reply = dns.message.make_response(query)
        name = query.question[0].name
        address = "192.0.2.1" if self.mood != "records" else "192.0.2.9"
        if query.question[0].rdtype == dns.rdatatype.AAAA:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "AAAA",
                                                    "2001:db8::1"))
        else:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A",
                                                    "192.0.2.7", address))
        if self.mood == "rcode":
            reply.set_rcode(dns.rcode.SERVFAIL)
        if self.mood == "truncated":
            reply.answer.clear()
            reply.flags |= dns.flags.TC
        if self.mood == "silent":
            return []
        if self.mood == "broken":
            return [reply.to_wire()[:-3]]
        if self.mood == "forged":
            bad = reply.to_wire()
            other = dns.message.make_response(
                dns.message.make_query("other.test", "A", id=query.id))
            return [bytes([bad[0] ^ 1]) + bad[1:], other.to_wire(), b"", bad[:5],
                    query.to_wire()]
        return [reply.to_wire()]


MONITOR = """\
monitors:
  ns: {type: dns, port: %d, query: {name: WWW.example.test, type: A},
       expect: {records: [192.0.2.1]},
       interval: 200ms, timeout: 150ms, fall: 2, rise: 1}
  gone: {type: dns, port: %d, query: {name: www.example.test, recurse: yes},
         expect: {rcode: SERVFAIL}, interval: 200ms, timeout: 150ms,
         fall: 2, rise: 1}
  six: {type: dns, port: %d, query: {name: www.example.test, type: AAAA},
        expect: {records: ["2001:DB8:0::1"]},
        interval: 200ms, timeout: 150ms, fall: 2, rise: 1}
"""

good, other = Responder("127.0.1.1"), Responder("127.0.2.1")
other.mood = "rcode"
six = Responder("127.0.3.1", other.port)
config = m.config(
    monitor=MONITOR % (good.port, other.port, other.port),
    pools="""\
  ns: {monitor: ns, regions: {eu: [{addr: 127.0.1.1}]}}
  gone: {monitor: gone, regions: {eu: [{addr: 127.0.2.1}]}}
  six: {monitor: six, regions: {eu: [{addr: 127.0.3.1}]}}
""",
    policies="  all: {rules: [{regions: [eu]}]}",
    names="""\
  a.example.com: {pool: ns, policy: all}
  b.example.com: {pool: gone, policy: all}
  c.example.com: {pool: six, policy: all}
""")


def target(d, pool):
    return d.region(pool, "eu")["targets"][0]


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("both up", lambda: target(d, "ns")["health"] == "up" and
               target(d, "gone")["health"] == "up")
    m.check("NOERROR, 2 records in" in target(d, "ns")["watches"][0]["last"],
            "status says what the last probe heard")
    m.check(good.queries[0].question[0].to_text() == "www.example.test. IN A",
            "the question is that of the configuration")
    m.check(not good.queries[0].flags & dns.flags.RD and
            other.queries[0].flags & dns.flags.RD,
            "recursion is asked for where it is said")
    m.wait_for("AAAA up", lambda: target(d, "six")["health"] == "up")
    m.check(six.queries[0].question[0].to_text() ==
            "www.example.test. IN AAAA", "the type asked for is the one said")
    m.wait_for("ten queries", lambda: len(good.queries) >= 10)
    m.check(len({q.id for q in good.queries}) > 5 and len(good.ports) > 5,
            "ids and source ports are not the same twice in a row")
    for mood, why in (("rcode", "SERVFAIL, not NOERROR"),
                      ("records", "NOERROR, but no 192.0.2.1"),
                      ("truncated", "NOERROR, but truncated, without"),
                      ("silent", "timeout 150 ms"),
                      ("broken", "the reply is broken"),
                      ("forged", "timeout 150 ms")):
        good.mood = mood
        m.wait_for(f"down by {mood}", lambda: target(d, "ns")["health"] ==
                   "down" and why in target(d, "ns")["watches"][0]["last"])
        print(f"ok: {mood}: down, {why}")
        good.mood = "good"
        m.wait_for("up again", lambda: target(d, "ns")["health"] == "up")
    other.mood = "good"
    m.wait_for("the rcode that is expected no more",
               lambda: "NOERROR, not SERVFAIL" in
               target(d, "gone")["watches"][0]["last"])
