#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The time limits of the control sockets and of http, in a daemon whose time
passes faster (fast_clock.c): none closes before its time, and each does."""
import contextlib
import json
import os
import re
import select
import socket
import threading
import time

import meridian as m

HELPER = os.environ.get("FAST_CLOCK_HELPER",
                        os.path.abspath("tests/system/fast_clock.so"))
SPEED = 6  # seconds of the daemon in one of ours
REQUEST, IDLE, REPLY = 10 / SPEED, 60 / SPEED, 60 / SPEED
# What each of them has; a second of the daemon is lost to rounding.
EARLY = 2 / SPEED
GET = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
FOLLOW = (b"GET /v1/events?follow=1&since=%d HTTP/1.1\r\n"
          b"Host: localhost\r\n\r\n")
CONFIG = m.config(
    daemon_lines="  control_read: read.sock\n  http: 127.0.0.1@0\n",
    pools="  www:\n    regions:\n      eu: ["
    + ", ".join("{addr: 192.0.2.%d}" % i for i in range(1, 251))
    + "]\n      us: [{addr: 198.51.100.1}]\n",
    policies="  line: {rules: [{regions: [eu, us]}]}",
    names="  www.example.com: {pool: www, policy: line}")


class Client:
    """A connection, and when it was made."""

    def __init__(self, d, door):
        if door == "http":
            port = int(re.search(r"http on 127\.0\.0\.1@(\d+)",
                                 d.log_text()).group(1))
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            address = ("127.0.0.1", port)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            address = os.path.join(d.dir, door)
        self.socket.settimeout(m.DEADLINE)
        self.socket.connect(address)
        self.since = time.monotonic()

    def say(self, octets):
        self.socket.sendall(octets)
        self.since = time.monotonic()

    def rest(self):
        """All that comes until the daemon closes, and after how long that
        was."""
        got = b""
        try:
            while octets := self.socket.recv(65536):
                got += octets
        except ConnectionResetError:
            pass
        self.socket.close()
        return got, time.monotonic() - self.since

    def reply(self):
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.socket.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(body) < length:
            body += self.socket.recv(65536)
        return head


def silent(d, door):
    got, after = Client(d, door).rest()
    m.check(b" 408 " in got and after >= REQUEST - EARLY,
            f"{door}: no request: status 408 after {after * SPEED:.0f} s")


def between(d, door):
    c = Client(d, door)
    for _ in range(3):
        c.say(GET)
        m.check_quiet(b" 200 " in c.reply(), "a reply")
    got, after = c.rest()
    m.check(got == b"" and after >= IDLE - EARLY,
            f"{door}: between requests, closed after {after * SPEED:.0f} s")


def incomplete(d, door):
    """However it goes on: from its first octet on."""
    for what, head, drip in (
            ("half a line", b"GET /v1/sta", b""),
            ("half a head", GET[:-2], b""),
            ("an octet now and then", b"GET /v1/status HTTP/1.1\r\nX: ", b"x"),
            ("half a body", b"POST /v1/check HTTP/1.1\r\nHost: localhost\r\n"
             b"Content-Length: 100\r\n\r\n{", b" ")):
        if door == "http" and head.startswith(b"POST"):
            continue
        c = Client(d, door)
        c.say(head)
        begun = c.since
        for _ in range(9 if drip else 0):
            time.sleep(REQUEST / 10)  # it is the limit that is tested
            try:
                c.say(drip)
            except BrokenPipeError:
                break
        c.since = begun
        got, after = c.rest()
        m.check(b" 408 " in got and after >= REQUEST - EARLY,
                f"{door}: {what}: status 408 after {after * SPEED:.0f} s")


def unread(d, door):
    """Replies that are not read: the connection is closed, and the ones that
    follow are never begun."""
    c = Client(d, door)
    c.socket.setblocking(False)
    asked = 0
    while True:  # until nothing more fits on either side
        try:
            c.say(GET)
            asked += 1
        except BlockingIOError:
            break
    since = time.monotonic()
    m.wait_for("what is not read is closed", lambda: is_closed(c))
    after = time.monotonic() - since
    m.check(after >= REPLY - EARLY - 1 / SPEED,
            f"{door}: {asked} requests, no reply read: closed after "
            f" {after * SPEED:.0f} s")
    c.socket.close()


def is_closed(c):
    """The daemon has; nothing is read."""
    poll = select.poll()
    poll.register(c.socket, select.POLLRDHUP)
    return bool(poll.poll(0))


def read_all(s, seen):
    try:
        while octets := s.recv(65536):
            seen.append(octets)
    except OSError:
        pass


def followers(d, door):
    """One that reads is never closed, though nothing happens for long; one
    that does not is, once there is more than is kept for it."""
    reads, stuck, seen = Client(d, door), Client(d, door), []
    last = json.loads(d.ctl("--json", "events").stdout.splitlines()[-1])["seq"]
    reads.say(FOLLOW % last)
    stuck.say(FOLLOW % last)
    reads.socket.settimeout(None)
    reader = threading.Thread(target=read_all, args=(reads.socket, seen),
                              daemon=True)
    reader.start()
    time.sleep(1.2 * REPLY)  # it is the limit that is tested
    m.check(reader.is_alive() and not is_closed(stuck),
            f"{door}: nothing happens, and followers stay")
    operator = Client(d, "control.sock")
    for number in range(300):
        body = json.dumps({"what": "us", "for_s": 3600, "force": True,
                           "reason": f"{number} " + "x" * 1000}).encode()
        operator.say(b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        m.check_quiet(b" 200 " in operator.reply(), "a drain")
    stuck.since = time.monotonic()
    m.wait_for("the one that reads has all",
               lambda: b'"reason":"299 ' in b"".join(seen[-40:]))
    m.wait_for("the one that does not read is closed",
               lambda: is_closed(stuck))
    m.check(reader.is_alive(), f"{door}: one that reads stays, one that does "
            "not is closed")
    for c in (reads, stuck, operator):
        with contextlib.suppress(OSError):
            c.socket.shutdown(socket.SHUT_RDWR)
        c.socket.close()


d = m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE})
d.by = ("env", f"LD_PRELOAD={HELPER}", f"FAST_CLOCK={SPEED}",
        "ASAN_OPTIONS=verify_asan_link_order=0:"
        + os.environ.get("ASAN_OPTIONS", ""))


def at_once(trials):
    """Each in a thread of its own; all have to succeed."""
    faults = []

    def run(trial, door):
        try:
            trial(d, door)
        except (SystemExit, OSError) as e:
            faults.append(f"{trial.__name__}, {door}: {e!r}")

    threads = [threading.Thread(target=run, args=t) for t in trials]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    m.check(not faults, f"{len(threads)} trials at once: {faults}")


with d:
    at_once([(trial, door) for door in ("control.sock", "read.sock", "http")
             for trial in (silent, between, incomplete, unread)])
    at_once([(followers, door) for door in ("control.sock", "read.sock")])
    d.kill()  # its time to end passes faster, too
