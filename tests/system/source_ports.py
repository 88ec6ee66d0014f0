#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""UDP packets from source ports of services that reply to anything (echo, chargen and
the like) get no reply of any kind; all other ports and TCP do."""
import socket
import struct
import sys

import dns.message

import meridian as m
import network

DROPPED = [7, 11, 13, 17, 19, 37, 464]
SERVED = [1, 8, 12, 18, 20, 36, 38, 53, 63, 64, 71, 83, 123, 463, 465, 1023]
QUERY = dns.message.make_query("static.example.com", "A").to_wire()
PAYLOADS = {
    "a query": QUERY,
    "text": bytes(range(33, 105)),
    "a header alone": QUERY[:12],
    "an unknown opcode": QUERY[:2] + b"\x78\x00" + QUERY[4:],
    "a reply": QUERY[:2] + b"\x80\x00" + QUERY[4:],
    "an empty packet": b"",
}
PAIRS = [("127.0.0.77", "127.0.0.1", socket.AF_INET),
         ("::1", "::1", socket.AF_INET6)]
CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: [192.0.2.10]}]}}\n",
    policies="  near: {rules: [{regions: [eu]}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n").replace(
        'listen: ["127.0.0.1@0"]', 'listen: ["127.0.0.1@0", "::1@0"]')


def bound(address, family, port, kind=socket.SOCK_DGRAM):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.settimeout(m.DEADLINE)
    return s



def send_from_port_0(port):
    """Raw: the kernel gives a socket no such port."""
    udp = struct.pack("!HHHH", 0, port, 8 + len(QUERY), 0) + QUERY
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_UDP) as s:
        s.sendto(udp, ("127.0.0.1", port))


def dropped(d):
    return d.json("stats")["source_port_dropped"]


def ports_of(d):
    log = d.log_text()
    v6 = int(log.split("listening on ::1@")[1].split()[0])
    return {socket.AF_INET: d.port, socket.AF_INET6: v6}


def test(d):
    port, sent = ports_of(d), 0
    queries = d.json("stats")["queries"]["udp"]
    for source, to, family in PAIRS:
        for number in DROPPED:
            with bound(source, family, number) as s:
                for payload in PAYLOADS.values():
                    s.sendto(payload, (to, port[family]))
                    sent += 1
                m.wait_for(f"counted, from port {number}",
                           lambda: dropped(d) == sent)
                s.setblocking(False)
                try:
                    s.recv(4096)
                    sys.exit(f"FAIL: a reply to port {number}")
                except BlockingIOError:
                    pass
        m.check(True, f"{source}: no reply of any kind to {DROPPED}")
    send_from_port_0(port[socket.AF_INET])
    m.wait_for("counted, from port 0", lambda: dropped(d) == sent + 1)
    m.check(d.json("stats")["queries"]["udp"] == queries,
            "none of them counts as a query")
    for source, to, family in PAIRS:
        for number in SERVED:
            with bound(source, family, number) as s:
                s.sendto(QUERY, (to, port[family]))
                m.check_quiet(s.recv(4096)[:2] == QUERY[:2],
                              f"port {number} is answered")
        m.check(True, f"{source}: other low ports are answered")
    with bound("127.0.0.77", socket.AF_INET, 19, socket.SOCK_STREAM) as s:
        s.connect(("127.0.0.1", d.port))
        s.sendall(struct.pack("!H", len(QUERY)) + QUERY)
        m.check(s.recv(4096)[2:4] == QUERY[:2], "over TCP port 19 is answered")
    m.check(dropped(d) == sent + 1, "nothing else was dropped for its port")


network.new_network()
try:
    bound("127.0.0.77", socket.AF_INET, 19).close()
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    bound("::1", socket.AF_INET6, 0).close()
except OSError as e:
    m.skip(f"low ports, raw sockets and IPv6 are needed: {e.strerror}")
with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as daemon:
    test(daemon)
