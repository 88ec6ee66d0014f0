#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How many signals and drains a second are acknowledged, each after it is on
disk, with 10 000 signals and 100 drains that hold; beside how long one
fdatasync takes on this disk.  make bench."""
import json
import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."),
                                "tests/system"))
import meridian as m  # noqa: E402

CONNECTIONS = 100
SIGNALS, DRAINS = 20000, 3000
# BENCH_CALLGRIND=FOLDER: instructions, which no other process on the machine
# changes; callgrind's files are put there.
CALLGRIND, OUT = (), os.environ.get("BENCH_CALLGRIND")
if OUT:
    CALLGRIND = ("valgrind", "-q", "--tool=callgrind",
                 f"--callgrind-out-file={OUT}/%p")
    CONNECTIONS, DRAINS = 20, 200


def address(pool, target):
    return f"10.{pool}.{target // 250}.{target % 250 + 1}"


def configuration(pools, each):
    targets = {p: ", ".join("{addr: %s}" % address(p, t)
                            for t in range(each)) for p in range(pools)}
    return m.config(
        monitor="monitors:\n  word: {type: external, interval: 60s}\n",
        pools="".join(f"  p{p}: {{monitor: word, regions: {{eu: [{t}], "
                      "us: [{addr: 192.0.2.1}]}}\n"
                      for p, t in targets.items()),
        policies="  line: {rules: [{regions: [eu, us]}]}\n",
        names="".join(f"  n{p}.example.com: {{pool: p{p}, policy: line}}\n"
                      for p in range(pools)))


def request(path, body):
    text = json.dumps(body)
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            f"{len(text)}\r\n\r\n{text}").encode()


class Link:
    """A connection with one request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.got = b""

    def ask(self, text):
        self.at = time.perf_counter()
        self.socket.sendall(text)

    def hear(self):
        """The milliseconds that a whole reply took; None: it is not whole."""
        self.got += self.socket.recv(65536)
        head, _, body = self.got.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2]
        if not length or len(body) < int(length.split(b"\r\n")[0]):
            return None
        if b" 200 " not in head.split(b"\r\n")[0]:
            sys.exit(f"FAIL: {self.got.decode()}")
        self.got = b""
        return (time.perf_counter() - self.at) * 1000


def run(path, requests):
    """All of them, on all connections at once: seconds, and each one's ms."""
    selector = selectors.DefaultSelector()
    todo = iter(requests)
    links = [Link(path) for _ in range(CONNECTIONS)]
    took, open_ = [], 0
    start = time.perf_counter()
    for link, text in zip(links, todo):
        selector.register(link.socket, selectors.EVENT_READ, link)
        link.ask(text)
        open_ += 1
    while open_:
        for key, _ in selector.select():
            ms = key.data.hear()
            if ms is None:
                continue
            took.append(ms)
            text = next(todo, None)
            if text is None:
                open_ -= 1
            else:
                key.data.ask(text)
    seconds = time.perf_counter() - start
    selector.close()
    for link in links:
        link.socket.close()
    return seconds, took


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fsync_ms(folder):
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as f:
        for _ in range(100):
            f.write(b"x" * 170)
            f.flush()
            before = time.perf_counter()
            os.fdatasync(f.fileno())
            times.append((time.perf_counter() - before) * 1000)
    return statistics.median(times)


def counted(pid, requests, path):
    """Instructions that the daemon takes for all of them, by callgrind."""
    subprocess.run(["callgrind_control", "--zero", str(pid)], check=True,
                   stdout=subprocess.DEVNULL)
    run(path, requests)
    subprocess.run(["callgrind_control", "--dump", str(pid)], check=True,
                   stdout=subprocess.DEVNULL)
    with open(f"{OUT}/{pid}.1") as f:
        return int(re.search(r"^totals: (\d+)", f.read(), re.M)[1])


def report(d, what, requests):
    if CALLGRIND:
        total = counted(d.process.pid, requests, d.control)
        print(f"{what}: {total / len(requests) / 1000:.0f} thousand "
              "instructions each", flush=True)
        d.process.kill()  # its own end takes too long there
        d.process.wait()
        return
    cpu = cpu_s(d.process.pid)
    seconds, took = run(d.control, requests)
    cpu = cpu_s(d.process.pid) - cpu
    took.sort()
    print(f"{what}: {len(took) / seconds:.0f}/s acknowledged, median "
          f"{took[len(took) // 2]:.1f} ms, 99% {took[len(took) * 99 // 100]:.1f}"
          f" ms, {1e6 * cpu / len(took):.0f} us of CPU each", flush=True)


def daemon(pools, each):
    return m.Daemon(configuration(pools, each),
                    {"zones/example.com.zone": m.ZONE}, by=CALLGRIND)


def signals():
    with daemon(20, 500) as d:
        print(f"one fdatasync of a line: {fsync_ms(d.dir):.2f} ms", flush=True)
        every = [f"word/{address(p, t)}" for p in range(20)
                 for t in range(500)]
        run(d.control, [request("/v1/signal", {
            "what": w, "value": "up", "for_s": 3600}) for w in every])
        report(d, "signals", [request("/v1/signal", {
            "what": every[i * 7 % len(every)], "value": "up", "for_s": 3600})
            for i in range(SIGNALS)])


def drains(pools, each, hold):
    """Of so many targets: hold drains are in force, and are renewed."""
    def ask(i):
        p, t = i % pools, i // pools % each
        return request("/v1/drain", {
            "what": f"p{p}/eu/{address(p, t)}", "for_s": 3600,
            "reason": "bench"})

    with daemon(pools, each) as d:
        run(d.control, [ask(i) for i in range(hold)])
        report(d, f"{pools * each} targets, {hold} drained, drains",
               [ask(i % hold) for i in range(DRAINS)])


if not CALLGRIND:
    signals()
drains(2, 50, 10)
drains(2, 50, 100)
drains(20, 500, 10)
drains(20, 500, 1000)
