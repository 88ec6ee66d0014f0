#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""TCP: pipelining, messages in pieces, half-close, what is too large for UDP,
connections beyond the limit; UDP sizes."""
import contextlib
import os
import re
import socket
import struct
import subprocess

import dns.flags
import dns.message

import meridian as m

BIG = "\n".join(f"big IN TXT \"{'x' * 200}{i}\"" for i in range(12)) + "\n"


def config(daemon_lines=""):
    text = m.config(
        daemon_lines=daemon_lines,
        pools="  www: {regions: {eu: [{addr: [192.0.2.10]}]}}\n",
        policies="  near: {rules: [{regions: [eu]}]}\n",
        names="  www.example.com: {pool: www, policy: near}\n")
    return "\n".join(line for line in text.splitlines()
                     if not line.startswith(("  us:", "  ap:", "    europe:",
                                             "    america:", "  nets:",
                                             "geoip:")))


def framed(name, rdtype="A"):
    wire = dns.message.make_query(name, rdtype).to_wire()
    return wire[:2], struct.pack("!H", len(wire)) + wire


def receive(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


def reply(s):
    length = receive(s, 2)
    return length and receive(s, struct.unpack("!H", length)[0])


def connect(d, source="127.0.0.1"):
    s = socket.create_connection(("127.0.0.1", d.port), 10, (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def crowded(lines, connections, clients, most):
    """More idle connections, from so many addresses, than are kept open."""
    with m.Daemon(config(lines), {"zones/example.com.zone": m.ZONE}) as d, \
            contextlib.ExitStack() as open_:
        for i in range(connections):
            open_.enter_context(connect(d, f"127.0.0.{1 + i % clients}"))
        m.check(d.addresses("www.example.com", tcp=True) == ["192.0.2.10"],
                f"{connections} idle connections from {clients} addresses: "
                "a new one is served")
        m.check(d.addresses("www.example.com") == ["192.0.2.10"],
                "and so is UDP")
        stats = m.wait_for("all are looked at", lambda: (
            s := d.json("stats"))["tcp_connections"] + s["tcp_refused"] >=
            connections and s)
        m.check(most - 1 <= stats["tcp_connections"] <= most,
                f"no more than {most} stay open")


with m.Daemon(config(), {"zones/example.com.zone": m.ZONE + BIG}) as d:
    with connect(d) as s:
        asked = [framed("www.example.com") for _ in range(100)]
        s.sendall(b"".join(f for _, f in asked))
        got = [reply(s)[:2] for _ in asked]
        m.check(sorted(got) == sorted(i for i, _ in asked),
                "100 pipelined queries get 100 answers")
        ident, frame = framed("static.example.com")
        for octet in frame:
            s.sendall(bytes([octet]))
        m.check(reply(s)[:2] == ident, "a query octet by octet is answered")
        ident, frame = framed("www.example.com")
        s.sendall(frame)
        s.shutdown(socket.SHUT_WR)
        m.check(reply(s)[:2] == ident, "half-closed: still answered")
        m.check(reply(s) is None, "and then closed")
    udp = d.query("big.example.com", "TXT", use_edns=0, payload=1232)
    m.check(udp.flags & dns.flags.TC and not udp.answer,
            "too large for UDP: TC, no part of an RRset")
    tcp = d.query("big.example.com", "TXT", tcp=True)
    m.check(len(tcp.answer[0]) == 12, "whole over TCP")
    m.check(d.query("big.example.com", "TXT").flags & dns.flags.AA,
            "AA is set on a truncated answer too")
    d.write("second.yaml", config().replace("@0", f"@{d.port}").replace(
        "control.sock", "second.sock").replace(
            "state: state", "state: second"))
    second = subprocess.run(
        [m.MERIDIAND, "-c", os.path.join(d.dir, "second.yaml")],
        capture_output=True, text=True, timeout=m.DEADLINE)
    m.check(second.returncode != 0 and re.search(
        rf"127\.0\.0\.1@{d.port} over TCP: Address already in use",
        second.stderr), "a second daemon cannot take queries off the first")

# The first two need no more than the 1024 descriptors of a login shell.
LIMITS = "  tcp: {connections: 200, per_client: 80}"
crowded(LIMITS, 300, 1, 80)
crowded(LIMITS, 300, 5, 200)
if m.descriptors(1200 + 100):
    crowded("", 1200, 1, 100)
    crowded("", 1200, 20, 1000)
else:
    print("too few descriptors may be open: the default limits are not tested")
