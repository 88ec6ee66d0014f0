#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type dns: what they ask, what they believe, and why a target is
down."""
import contextlib
import socket
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

import meridian as m


def large():
    """A reply of 64 KB; made once, as that takes a while."""
    reply = dns.message.make_response(
        dns.message.make_query("www.example.test", "A"))
    reply.answer.append(dns.rrset.from_text_list(
        reply.question[0].name, 60, "IN", "A",
        [f"198.18.{i >> 8}.{i & 255}" for i in range(4000)] + ["192.0.2.1"]))
    return reply.to_wire(max_size=65535)


LARGE = large()


class Responder:
    """A DNS server whose mood is a word.  Over UDP one of TCP is truncated."""

    def __init__(self, address, port=0):
        self.mood, self.queries, self.ports = "good", [], set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.address, self.listener = address, None
        threading.Thread(target=self.run, daemon=True).start()

    def set(self, mood):
        """TCP is refused where the mood does not begin with it."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.mood = mood
        if not mood.startswith("TCP"):
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, self.port))
        self.listener.listen(16)
        threading.Thread(target=self.accept, args=(self.listener,),
                         daemon=True).start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self.talk, args=(connection,),
                                 daemon=True).start()

    def talk(self, connection):
        with contextlib.suppress(OSError), connection:
            length, = struct.unpack("!H", connection.recv(2))
            query = dns.message.from_wire(connection.recv(length))
            wire = self.stream(query)
            for at in range(0, len(wire), 1 if "pieces" in self.mood
                            else 65537):
                connection.sendall(wire[at:at + (1 if "pieces" in self.mood
                                                 else 65537)])
            if "reset" in self.mood:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
                return
            if "closed" not in self.mood:
                connection.recv(1)

    def stream(self, query):
        """What is sent over TCP."""
        if "large" in self.mood:
            wire = struct.pack("!H", query.id) + LARGE[2:]
            return struct.pack("!H", len(wire)) + wire
        reply = dns.message.make_response(query)
        name = query.question[0].name
        addresses = ["192.0.2.1"]
        if "records" in self.mood:
            addresses = ["192.0.2.9"]
        reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", "A",
                                                     addresses))
        if "rcode" in self.mood:
            reply.set_rcode(dns.rcode.SERVFAIL)
        if "truncated" in self.mood:
            reply.flags |= dns.flags.TC
        if "another id" in self.mood:
            reply.id ^= 1
        wire = reply.to_wire(max_size=65535)
        if "broken" in self.mood:
            wire = wire[:-3]
        if "nothing" in self.mood:
            return b""
        if "empty" in self.mood:
            wire = b""
        if "garbage" in self.mood:
            wire = b"SSH-2.0-OpenSSH_9.2\r\n"
        whole = struct.pack("!H", len(wire)) + wire
        return whole[:-2] if "short" in self.mood else whole

    def run(self):
        while True:
            wire, peer = self.socket.recvfrom(4096)
            query = dns.message.from_wire(wire)
            self.queries.append(query)
            self.ports.add(peer[1])
            for reply in self.replies(query, peer):
                self.socket.sendto(reply, peer)

    def replies(self, query, peer):
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
        if self.mood == "truncated" or self.mood.startswith("TCP"):
            reply.answer.clear()
            reply.flags |= dns.flags.TC
        if self.mood == "truncated, whole":
            reply.flags |= dns.flags.TC
        if self.mood == "format":
            reply.answer.clear()
            reply.question.clear()
            reply.set_rcode(dns.rcode.FORMERR)
        if self.mood == "another port":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((self.address, 0))
                s.sendto(reply.to_wire(), peer)
            return []
        if self.mood == "another class":
            wire = bytearray(reply.to_wire())
            wire[-11] = dns.rdataclass.CH  # the class of the last address
            return [bytes(wire)]
        if self.mood == "garbage":
            return [b"SSH-2.0-OpenSSH_9.2\r\n", bytes(512), b"\xff" * 1400]
        if self.mood == "flood":
            return [b"x" * 512] * 20000
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
       interval: 200ms, timeout: 150ms, fall: 2, rise: 1,
         damp: {max: 0s}}
  gone: {type: dns, port: %d, query: {name: www.example.test, recurse: yes},
         expect: {rcode: SERVFAIL}, interval: 200ms, timeout: 150ms,
         fall: 2, rise: 1}
  six: {type: dns, port: %d, query: {name: www.example.test, type: AAAA},
        expect: {records: ["2001:DB8:0::1"]},
        interval: 200ms, timeout: 150ms, fall: 2, rise: 1,
         damp: {max: 0s}}
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
                      ("another class", "NOERROR, but no 192.0.2.1"),
                      ("truncated", "truncated, and over TCP refused"),
                      ("truncated, whole", "truncated, and over TCP refused"),
                      ("silent", "timeout 150 ms"),
                      ("broken", "the reply is broken"),
                      ("format", "FORMERR, not NOERROR"),
                      ("garbage", "timeout 150 ms"),
                      ("flood", "timeout 150 ms"),
                      ("another port", "timeout 150 ms"),
                      ("TCP nothing, closed",
                       "truncated, and over TCP closed before the reply"),
                      ("TCP short, closed",
                       "truncated, and over TCP closed before the reply"),
                      ("TCP nothing, reset", "truncated, and over TCP reset"),
                      ("TCP short", "timeout 150 ms: truncated over UDP, then "
                       "no reply over TCP"),
                      ("TCP nothing", "timeout 150 ms: truncated over UDP"),
                      ("TCP another id",
                       "truncated, and the reply over TCP is not to the query"),
                      ("TCP empty", "over TCP is not to the query"),
                      ("TCP garbage", "over TCP is not to the query"),
                      ("TCP truncated", "truncated, over TCP too"),
                      ("TCP rcode", "SERVFAIL, not NOERROR"),
                      ("TCP records", "but no 192.0.2.1 over TCP"),
                      ("TCP broken", "the reply is broken"),
                      ("forged", "timeout 150 ms")):
        good.set(mood)
        m.wait_for(f"down by {mood}", lambda: target(d, "ns")["health"] ==
                   "down" and why in target(d, "ns")["watches"][0]["last"])
        print(f"ok: {mood}: down, {why}")
        good.set("good")
        m.wait_for("up again", lambda: target(d, "ns")["health"] == "up")
        m.wait_for("others are up", lambda: target(d, "six")["health"] == "up")
    for mood, records in (("TCP", "1 record"), ("TCP, in pieces", "1 record"),
                          ("TCP, large", "4001 records")):
        good.set(mood)
        m.wait_for(f"asked over {mood}", lambda: target(d, "ns")["health"] ==
                   "up" and f"NOERROR, {records} in" in
                   target(d, "ns")["watches"][0]["last"] and
                   "ms over TCP" in target(d, "ns")["watches"][0]["last"])
        print(f"ok: {mood}: up, over TCP")
    good.set("good")
    other.mood = "good"
    m.wait_for("the rcode that is expected no more",
               lambda: "NOERROR, not SERVFAIL" in
               target(d, "gone")["watches"][0]["last"])
