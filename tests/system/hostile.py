#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is sent to hurt: malformed floods over UDP and TCP beside honest
queries, thousands of idle connections and slow readers, no file descriptors.
Nothing falls over, nothing grows, no honest answer is lost."""
import contextlib
import random
import resource
import socket
import struct
import threading
import time

import dns.message

import meridian as m

FLOOD_S = 2.0
IDLE = 5000
GROWTH_KB = 8192
WARM = 20000  # messages of each sender: ASan's allocator has grown by then
OPERATORS = 16  # the last descriptors, which are theirs

BIG = "\n".join(f"big IN TXT \"{'x' * 200}{i}\"" for i in range(12)) + "\n"


def config(daemon_lines=""):
    text = m.config(
        daemon_lines=daemon_lines,
        monitor="monitors:\n"
                "  web: {type: tcp, port: %d, interval: 200ms, timeout: 100ms,"
                " fall: 2, rise: 1}\n" % target.port,
        pools="  www: {monitor: web, regions: {eu: [{addr: [127.0.0.1]}]}}\n",
        policies="  near: {rules: [{regions: [eu]}]}\n",
        names="  www.example.com: {pool: www, policy: near}\n")
    return "\n".join(line for line in text.splitlines()
                     if not line.startswith(("  us:", "  ap:", "    europe:",
                                             "    america:", "  nets:",
                                             "geoip:")))


def memory_kb(d):
    with open(f"/proc/{d.process.pid}/status") as f:
        return int(next(line for line in f if line.startswith("VmRSS"))
                   .split()[1])


def malformed(rng):
    """Noise, and queries cut, bent and lengthened."""
    wire = bytearray(dns.message.make_query(
        rng.choice(["www.example.com", "nope.example.com", "big.example.com"]),
        rng.choice(["A", "TXT", "ANY", "SOA"]), use_edns=rng.choice([-1, 0]),
    ).to_wire())
    how = rng.randrange(6)
    if how == 0:
        return rng.randbytes(rng.randrange(600))
    if how == 1:
        return bytes(wire[:rng.randrange(len(wire))])
    if how == 2:  # a name that points at itself, or anywhere
        return bytes(wire[:12]) + struct.pack(
            "!HHH", 0xc000 | rng.choice([12, rng.randrange(64)]), 1, 1)
    if how == 3:  # counts that are not true
        at = rng.randrange(4, 12)
        wire[at] = rng.randrange(256)
    for _ in range(rng.randrange(1, 8)):
        wire[rng.randrange(2, len(wire))] = rng.randrange(256)
    return bytes(wire) + rng.randbytes(rng.choice([0, 0, 3, 400]))


class Flood:
    """Threads that send what they have as fast as they can."""

    def __init__(self, *senders):
        self.stopping = False
        self.each = [0] * len(senders)
        self.threads = [
            threading.Thread(target=self.run, args=(i, s), daemon=True)
            for i, s in enumerate(senders)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stopping = True
        for t in self.threads:
            t.join()

    @property
    def sent(self):
        return sum(self.each)

    def run(self, i, sender):
        rng = random.Random(7)
        packets = [malformed(rng) for _ in range(2000)]
        while not self.stopping:
            sender(packets)
            self.each[i] += len(packets)


def udp_flood(d):
    """As fast as the daemon reads: a query that is answered follows each 100,
    so that it is not the kernel that drops them, and honest ones with them."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("127.0.0.1", d.port))
    s.settimeout(1)
    wire = dns.message.make_query("static.example.com", "A").to_wire()

    def send(packets):
        for i in range(0, len(packets), 100):
            for p in packets[i:i + 100]:
                with contextlib.suppress(OSError):
                    s.send(p)
            with contextlib.suppress(OSError):
                s.send(wire)
                while s.recv(4096)[12:len(wire)] != wire[12:]:
                    pass
    return send


def tcp_flood(d):
    """Frames, and lengths that lie, on connections that come and go."""
    def send(packets):
        for i in range(0, len(packets), 50):
            with contextlib.suppress(OSError), \
                    socket.create_connection(("127.0.0.1", d.port), 5) as s:
                for p in packets[i:i + 50]:
                    s.sendall(struct.pack("!H", len(p) + (i % 150 == 0)) + p)
    return send


def overflows(d):
    return d.json("stats")["udp_overflows"]


def honest(d, seconds, what):
    """Queries one after the other, each of which is answered in time; returns
    how many were not."""
    worst = asked = lost = 0
    end = time.monotonic() + seconds
    wire = dns.message.make_query("www.example.com", "A").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", d.port))
        s.settimeout(1)
        while time.monotonic() < end:
            query = struct.pack("!H", asked & 0xffff) + wire[2:]
            start = time.monotonic()
            s.send(query)
            asked += 1
            try:
                got = s.recv(4096)
            except TimeoutError:
                lost += 1
                continue
            m.check_quiet(got[:2] == query[:2] and got[7] == 1,
                          f"{what}: the answer is that asked for")
            worst = max(worst, time.monotonic() - start)
            time.sleep(0.001)
    print(f"   {asked} honest queries, {lost} lost, the slowest"
          f" {worst * 1000:.1f} ms")
    return lost


def honest_all(d, seconds, what):
    m.check(honest(d, seconds, what) == 0,
            f"{what}: every honest query is answered")


def connect(d, source="127.0.0.1", port=None):
    return socket.create_connection(("127.0.0.1", port or d.port), 10,
                                    source_address=(source, 0))


def frame(name, rdtype):
    wire = dns.message.make_query(name, rdtype).to_wire()
    return struct.pack("!H", len(wire)) + wire


def flooded():
    with m.Daemon(config(), zone) as d:
        with Flood(udp_flood(d), udp_flood(d), tcp_flood(d)) as flood:
            m.wait_for("every path to be walked often",
                       lambda: min(flood.each) >= WARM)
        before = memory_kb(d)
        with Flood(udp_flood(d), udp_flood(d), tcp_flood(d)) as flood:
            lost = honest(d, FLOOD_S, "malformed floods")
        drops = overflows(d)
        print(f"   {flood.sent} malformed messages, the kernel dropped"
              f" {drops}")
        m.check(lost <= drops, "malformed floods: every honest query that"
                " reaches the daemon is answered")
        grown = memory_kb(d) - before
        m.check(grown < GROWTH_KB, f"memory does not grow ({grown} KiB)")
        m.check(d.addresses("www.example.com", tcp=True) == ["127.0.0.1"],
                "TCP is served afterwards")


def limited():
    limit = "  rate_limit: {per_second: 50, slip: 2, ipv4_prefix: 32," \
            " allow: [127.0.0.3]}"
    wire = dns.message.make_query("www.example.com", "A").to_wire()
    with m.Daemon(config(limit), zone) as d:
        def ask(source):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((source, 0))
                s.connect(("127.0.0.1", d.port))
                s.settimeout(0.3)
                for _ in range(200):
                    s.send(wire)
                got = []
                with contextlib.suppress(TimeoutError):
                    while len(got) < 200:
                        got.append(bool(s.recv(4096)[2] & 2))
                return got.count(False), got.count(True)
        whole, cut = ask("127.0.0.2")
        m.check(50 <= whole <= 70 and 30 <= cut <= 120,
                "beyond the rate limit one half is dropped, one truncated")
        m.check(ask("127.0.0.3") == (200, 0), "the allowed are not limited")
        m.check(ask("127.0.0.4")[0] >= 50, "other clients are answered")
        m.check(d.query("www.example.com", tcp=True).answer,
                "who was told to come over TCP is answered there")
        limits = d.json("stats")["rate_limited"]
        m.check(limits["slipped"] >= cut and limits["dropped"] > 0,
                "it is counted")


def idle():
    tcp = "  tcp: {connections: 5200, per_client: 5200, idle: 60s}"
    # The daemon and this process have as many each.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    idle = IDLE if m.descriptors(IDLE + 300) else most - 300
    with m.Daemon(config(tcp), zone) as d, contextlib.ExitStack() as open_:
        for i in range(idle):
            open_.enter_context(connect(d, f"127.0.0.{1 + i % 8}"))
        m.wait_for("all are open",
                   lambda: d.json("stats")["tcp_connections"] >= idle)
        asks = frame("big.example.com", "TXT") * 200
        for _ in range(100):  # who asks for much and reads nothing
            s = open_.enter_context(connect(d))
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    s.send(asks)
        honest_all(d, FLOOD_S, f"{idle} idle connections, 100 slow readers")
        m.check(d.query("www.example.com", tcp=True).answer,
                "and TCP is served")
        m.check(memory_kb(d) < 200 * 1024, "memory stays bounded")


def http_port(d):
    return int(m.re.search(r"http on 127\.0\.0\.1@(\d+)",
                           d.log_text()).group(1))


def sockets(d, below=1 << 30):
    return sum(int(fd) < below
               for fd in m.os.listdir(f"/proc/{d.process.pid}/fd"))


def crowded():
    with m.Daemon(config("  http: 127.0.0.1@0"), zone) as d:
        port, before = http_port(d), sockets(d)
        with contextlib.ExitStack() as open_:
            for i in range(300):
                open_.enter_context(
                    connect(d, f"127.0.0.{1 + i % 8}", port=port))
            m.wait_for("most are accepted", lambda: sockets(d) > before + 100)
            m.check(d.json("status")["pools"], "300 connections to http: the"
                    " control socket is served")
            m.check(sockets(d) < before + 140, "and no more than 128 are open")
        with connect(d, port=port) as s:
            s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            got = b""
            while more := s.recv(65536):
                got += more
            m.check(b"meridian_tcp_starved_total 0" in got,
                    "with them gone http is served")
        m.wait_for("all are closed", lambda: sockets(d) <= before + 1)


def starved():
    with m.Daemon(config("  http: 127.0.0.1@0"), zone) as d, \
            contextlib.ExitStack() as open_, contextlib.ExitStack() as idle_:
        pid = d.process.pid
        http = http_port(d)
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        most = sockets(d) + 2
        resource.prlimit(pid, resource.RLIMIT_NOFILE,
                         (most + OPERATORS, limits[1]))
        for _ in range(10):
            idle_.enter_context(connect(d))
            open_.enter_context(connect(d, port=http))
        wait = "targets cannot be probed"
        m.wait_for(wait, lambda: wait in d.log_text())
        honest_all(d, 1.0, "no file descriptors left")
        m.check(d.json("status")["pools"], "the control socket is served")
        for _ in range(10):
            d.ctl("drain", "www/eu", "--for", "1h", "--reason", "test",
                  "--force")
            d.ctl("undrain", "www/eu")
        m.check(d.json("drains")["drains"] == [], "drains can be made and ended")
        m.check(d.query("www.example.com", tcp=True, timeout=10).answer,
                "TCP is served by the idlest connection's")
        idle_.close()
        m.wait_for("none is open",
                   lambda: d.json("stats")["tcp_connections"] == 0)
        for _ in range(20):
            open_.enter_context(connect(d, port=http))
        m.wait_for("all are taken", lambda: sockets(d, below=most) == most)
        before = d.json("stats")["tcp_starved"]

        def served():  # http closes those that ask nothing, in time
            open_.enter_context(connect(d, port=http))
            m.check_quiet(d.query("www.example.com", tcp=True,
                                  timeout=10).answer, "TCP is served")
            return d.json("stats")["tcp_starved"] > before + 10
        m.wait_for("spares are used", served)
        m.check(True, "and by spares when none is open")
        log = d.log_text()
        m.check("TCP connections cannot be accepted: Too many open files"
                in log, "the log says so")
        m.check(max(log.count(f" error: {what}") for what in
                    ("http:", "TCP conn", "targets", "control")) == 1,
                "and not too often")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        open_.close()
        m.wait_for("the control socket", lambda: d.ctl(
            "status", expect=None).returncode == 0)
        m.check(d.addresses("www.example.com", tcp=True) == ["127.0.0.1"],
                "with descriptors again all is as before")
        m.check(": down" not in d.log_text() and
                d.region("www", "eu")["live"], "no target was down for it")


target = m.Target("127.0.0.1")
zone = {"zones/example.com.zone": m.ZONE + BIG}
# What ASan keeps of freed memory is not what the daemon holds.
m.os.environ["ASAN_OPTIONS"] = ":".join(
    [m.os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=1"])
m.descriptors(IDLE)
flooded()
limited()
idle()
crowded()
starved()
