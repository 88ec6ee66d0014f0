# SPDX-License-Identifier: BSD-3-Clause
"""Clients of the control sockets and of HTTP that come and go: who follows
events and reads them, who never reads, who never finishes a request, who reads
pages."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import meridian as m

FOLLOW = (b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")


def in_order(events):
    """What is wrong with events as a follower has read them, or None."""
    seen = {}
    for event in events:
        run, seq = event["run"], event["seq"]
        if run in seen and seq != seen[run] + 1 and event["type"] != "lost":
            return f"{seq} comes after {seen[run]} in run {run}"
        seen[run] = seq
    return None


def follow(d, rng):
    """Follows events for a while.  Returns what is wrong, or None, and how the
    follower ended."""
    path = os.path.join(d.dir, f"followed{rng.randrange(1 << 30)}")
    since = rng.choice(((), ("--since", "0"), ("--since-time", "+0s")))
    with open(path, "w") as out:
        process = subprocess.Popen(
            [m.MERIDIANCTL, "--socket", d.control, "--json", "events",
             "--follow", "--timeout", "10s", *since], stdout=out,
            stderr=subprocess.DEVNULL)
    try:
        time.sleep(rng.random() * 10)
        process.send_signal(rng.choice((signal.SIGTERM, signal.SIGKILL)))
        process.wait(m.DEADLINE)
        with open(path) as f:
            events = [json.loads(line) for line in f if line.endswith("\n")]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.unlink(path)
    return in_order(e for e in events if "seq" in e), process.returncode


def connect(d, where, timeout):
    if where == "http":
        port = re.findall(r"http on 127\.0\.0\.1@(\d+)", d.log_text())[-1]
        return socket.create_connection(("127.0.0.1", int(port)), timeout)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(timeout)
    try:
        s.connect(os.path.join(d.dir, where))
    except OSError:
        s.close()
        raise
    return s


def read_page(d, where, path, timeout):
    """What is wrong with the page, or None."""
    with connect(d, where, timeout) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                  "Connection: close\r\n\r\n".encode())
        page = b"".join(iter(lambda: s.recv(65536), b""))
    head, _, body = page.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        return f"{where} {path}: {page[:300]}"
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length and int(length.group(1)) != len(body):
        return f"{where} {path}: {len(body)} octets: {head}"
    return None


def restarts(d):
    """How often the process began anew, as text; None: it does not say."""
    try:
        with connect(d, "control.sock", 2) as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
                      b"Connection: close\r\n\r\n")
            page = b"".join(iter(lambda: s.recv(65536), b""))
    except OSError:
        return None
    found = re.search(rb"^meridian_watchdog_restarts_total (\d+)", page, re.M)
    return found and found.group(1)


def visit(d, rng, timeout):
    """One visit: what it was, and what is wrong, or None."""
    where = rng.choice(("control.sock", "read.sock", "http"))
    kind = rng.choice(("page", "page", "deaf follower", "half a request",
                       "silence"))
    try:
        if kind == "page":
            return f"page of {where}", read_page(d, where, rng.choice((
                "/metrics", "/v1/status") + (("/",) * (where == "http"))),
                timeout)
        # The log is where a follower is on HTTP, which has none.
        with connect(d, where, timeout) as s:
            if kind == "deaf follower":
                s.sendall(FOLLOW)
            elif kind == "half a request":
                s.sendall(FOLLOW[:rng.randrange(1, len(FOLLOW))])
            time.sleep(rng.random() * 8)
    except OSError as error:
        return kind, repr(error)
    return kind, None
