# SPDX-License-Identifier: BSD-3-Clause
"""Queries at a steady rate from many client subnets, while a test does other
things."""
import collections
import random
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rdatatype

import meridian as m


class Flood:
    """A second's queries for a name, from an address; clients: (client subnets,
    weight), None: without one."""

    def __init__(self, daemon, name, clients, rate, kind="A", source=""):
        self.port = daemon.port
        self.rate, self.source = rate, source
        self.packets = []
        self.weights = []
        for subnets, weight in clients:
            for subnet in subnets:
                q = dns.message.make_query(
                    name, kind, use_edns=0,
                    options=[m.ecs_option(subnet)] if subnet else [])
                q.flags &= ~dns.flags.RD
                self.packets.append(q.to_wire())
                self.weights.append(weight / len(subnets))
        self.seen = collections.deque()  # (when, address)
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((self.source, 0))
            s.connect(("127.0.0.1", self.port))
            s.setblocking(False)
            due, draw = time.monotonic(), random.Random(1)
            while not self.over.is_set():
                now = time.monotonic()
                due = max(due, now - 0.2)  # who was held up catches up a bit
                n = int((now - due) * self.rate)
                for packet in draw.choices(self.packets, self.weights, k=n):
                    try:
                        s.send(packet)
                    except BlockingIOError:
                        pass
                due += n / self.rate
                self.take(s, now)
                time.sleep(0.005)

    def take(self, s, now):
        got = []
        while True:
            try:
                data = s.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                break
            # An address alone: its four octets are before the OPT's.
            got.append((now, address_of(data)))
        with self.lock:
            self.seen.extend(got)
            while self.seen and self.seen[0][0] < now - 90:
                self.seen.popleft()

    def is_steady(self, seconds):
        """Were as many answered in each of them, by and large?  A machine that
        is busy with something else holds queries up."""
        now = time.monotonic()
        with self.lock:
            counts = collections.Counter(int((now - at) / 2)
                                         for at, _ in self.seen)
        return all(abs(counts[i] / 2 - self.rate) < self.rate * 0.15
                   for i in range(int(seconds / 2)))

    def shares(self, seconds=3.0):
        """Answers a second in the last seconds, by address."""
        since = time.monotonic() - seconds
        with self.lock:
            counts = collections.Counter(a for at, a in self.seen
                                         if at >= since)
        return {a: n / seconds for a, n in counts.items()}


def address_of(data):
    """Of a reply: the first address."""
    reply = dns.message.from_wire(data)
    for rrset in reply.answer:
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            return rrset[0].address
    return None
