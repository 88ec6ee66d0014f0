#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type icmp, in a network of the test's own: replies over both
families, by either kind of socket; none; replies that are not its own; and what
is said where it is not allowed."""
import os
import socket
import threading

import meridian as m
import network

PING = "interval: 300ms, timeout: 300ms, fall: 2, rise: 1, clear: 1"
TARGETS = {"four": network.FAR, "six": network.FAR6, "gone": "10.9.0.9",
           "cut": "10.8.0.1"}
REPLY, REPLY6 = 0, 129
MISSING = "CAP_NET_RAW, or a group within net.ipv4.ping_group_range (which is "

config = m.config(
    monitor=f"monitors:\n  ping: {{type: icmp, {PING}}}\n",
    pools="".join(f"  {name}: {{monitor: ping, "
                  f"regions: {{eu: [{{addr: \"{a}\"}}]}}}}\n"
                  for name, a in TARGETS.items()),
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {p}.example.com: {{pool: {p}, policy: all}}\n"
                  for p in TARGETS))
files = {"zones/example.com.zone": m.ZONE}


# The far side answers echo requests itself, and not always well ------------

def checksum(data):
    total = sum(int.from_bytes(data[i:i + 2], "big")
                for i in range(0, len(data), 2))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def reply(request, kind, how):
    """The echo reply to a message, or what looks like it."""
    message = bytearray(request)
    message[0] = 0 if kind == "4" else 129
    if how == "request":
        message[0] = request[0]
    elif how == "payload":
        message[-1] ^= 1
    elif how == "sequence":
        message[6] ^= 0x80
    elif how == "short":
        del message[12:]
    if kind == "4":
        message[2:4] = b"\0\0"
        message[2:4] = checksum(message).to_bytes(2, "big")
    return bytes(message)


class Echo:
    """Of one family; how says what is wrong, "well" nothing."""
    how = "well"

    def __init__(self, kind, ours, other):
        self.kind, self.other = kind, other
        self.socket = self.open(ours)
        self.liar = self.open(other)
        threading.Thread(target=self.run, daemon=True).start()

    def open(self, address):
        s = (socket.socket(socket.AF_INET, socket.SOCK_RAW,
                           socket.IPPROTO_ICMP) if self.kind == "4" else
             socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                           socket.IPPROTO_ICMPV6))
        s.bind((address, 0))
        return s

    def run(self):
        while True:
            packet, peer = self.socket.recvfrom(2048)
            message = packet[20:] if self.kind == "4" else packet
            if message[0] != (8 if self.kind == "4" else 128) or \
                    Echo.how == "silent":
                continue
            s = self.liar if Echo.how == "address" else self.socket
            s.sendto(reply(message, self.kind, Echo.how), peer)


def answer_ourselves():
    network.sysctl("net.ipv4.icmp_echo_ignore_all", "1")
    network.sysctl("net.ipv6.icmp.echo_ignore_all", "1")
    Echo("4", network.FAR, "10.9.0.3")
    Echo("6", network.FAR6, "fd09::3")


def answer(how):
    Echo.how = how


# The near side -------------------------------------------------------------

def watch(d, pool):
    return d.region(pool, "eu")["targets"][0]["watches"][0]


def are(d, state, *pools):
    return all(watch(d, p)["state"] == state for p in pools)


def test_echo(sockets):
    with m.Daemon(config, files) as d:
        m.check(MISSING not in d.log_text(), f"{sockets}: it is allowed")
        for pool, state, text in (("four", "up", "echo in "),
                                  ("six", "up", "echo in "),
                                  ("gone", "down", "timeout 300 ms"),
                                  ("cut", "down", "unreachable")):
            w = m.wait_for(f"{pool} {state}: {text}", lambda: [
                w for w in [watch(d, pool)] if w["state"] == state and
                w["last"].startswith(text)])[0]
            print(f"ok: {sockets}: {pool} is {state}: {w['last']}")
        said = d.json("probe", "four/eu")
        m.check("echo in" in said["probes"][0]["detail"],
                f"{sockets}: one of it now")


def test_liars(world, sockets):
    with m.Daemon(config, files) as d:
        for how in ("silent", "request", "payload", "sequence", "short",
                    "address"):
            m.wait_for("echo", lambda: are(d, "up", "four", "six"))
            world.tell(f"answer {how}")
            m.wait_for(f"{how}: none is its own",
                       lambda: are(d, "down", "four", "six"))
            m.check(watch(d, "four")["last"] == "timeout 300 ms",
                    f"{sockets}: a reply that is wrong is none: {how}")
            world.tell("answer well")


def test_dropped():
    """The right is gone, what it opened is not."""
    d = m.Daemon(config, files, args=["-u", "nobody"])
    os.chmod(d.dir, 0o755)
    with d:
        with open(f"/proc/{d.process.pid}/status") as f:
            m.check("CapEff:\t0000000000000000\n" in f.read(),
                    "privileges are dropped")
        d.ctl("reload")
        m.wait_for("echo", lambda: are(d, "up", "four", "six"))
        m.check(MISSING not in d.log_text(), "sockets are opened before that")


def test_not_allowed():
    without = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    with m.Daemon(config, files, without) as d:
        m.check(MISSING in d.log_text(), "start says which right is missing")
        m.wait_for("a probe of it", lambda: watch(d, "four")["last"])
        m.check("CAP_NET_RAW" in watch(d, "four")["last"] and
                are(d, "unknown", *TARGETS), "nothing is learnt")
        m.check(d.region("four", "eu")["live"], "and the targets stay live")
        said = d.json("check")
        m.check(said["ok"] and MISSING in said["text"],
                "check says it, as a warning")


with network.World(["10.9.0.3", "fd09::3"], answer=answer,
                   answer_ourselves=answer_ourselves) as w:
    network.ip("route add unreachable 10.8.0.0/24")
    group = os.getgid()
    for sockets, groups in (("raw", "1 0"), ("datagram", f"{group} {group}")):
        network.sysctl("net.ipv4.ping_group_range", groups)
        test_echo(sockets)
    w.tell("answer_ourselves")
    for sockets, groups in (("datagram", f"{group} {group}"), ("raw", "1 0")):
        network.sysctl("net.ipv4.ping_group_range", groups)
        test_liars(w, sockets)
    test_dropped()
    test_not_allowed()
