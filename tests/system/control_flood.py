# SPDX-License-Identifier: BSD-3-Clause
"""Floods of connections: an operator's drain is acknowledged all the while, and
memory is bounded.  Silent ones, half requests, followers and others who read
nothing, another user on the readers' socket, half requests over TCP."""
import contextlib
import os
import shutil
import socket
import subprocess
import sys

import meridian as m

MANY = 193  # more than there are places
FOLLOWERS = 135
NOBODY = 65534
HALF = b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Le"
BODILESS = (b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 70\r\n\r\n{")
GET = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
FOLLOW = b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(where):
    unix = isinstance(where, str)
    s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    s.connect(where)  # waits for its turn, unlike one with a timeout
    s.settimeout(m.DEADLINE)
    return s


def send_what_fits(s, data, times=1):
    s.setblocking(False)
    with contextlib.suppress(OSError):
        for _ in range(times):
            s.send(data)
    s.settimeout(m.DEADLINE)


def memory_kb(d):
    with open(f"/proc/{d.process.pid}/status") as f:
        return int(m.re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1))


def sockets(d):
    return len(os.listdir(f"/proc/{d.process.pid}/fd"))


def drains(d, what, times=3):
    for _ in range(times):
        d.ctl("drain", "eu", "--for", "1h", "--reason", "test", "--force")
        m.check_quiet([x["what"] for x in d.json("drains")["drains"]]
                      == ["eu"], f"{what}: drained")
        d.ctl("undrain", "eu")
    m.check(True, f"{what}: drains are acknowledged")


@contextlib.contextmanager
def flood(d, where, n, data, times=1):
    """n connections, each made while the others stay."""
    with contextlib.ExitStack() as stack:
        all_ = []
        for _ in range(n):
            all_.append(stack.enter_context(connect(where)))
            send_what_fits(all_[-1], data, times)
        yield all_
        m.check_quiet(d.process.poll() is None, "the daemon runs")


def silent_ones(d):
    with flood(d, d.control, MANY, b""):
        drains(d, f"{MANY} silent connections")
    with flood(d, d.control, MANY, HALF):
        drains(d, f"{MANY} half heads")
    with flood(d, d.control, MANY, BODILESS):
        drains(d, f"{MANY} half bodies")


def those_who_do_not_read(d):
    with flood(d, d.control, FOLLOWERS, FOLLOW):
        drains(d, f"{FOLLOWERS} followers")
    with flood(d, d.control, MANY, GET * 50, 100):
        drains(d, f"{MANY} connections that ask without end and read nothing")


def reserved_for_root(d):
    """Those that are at work do not make room; some are told that it is busy."""
    busy = told = 0
    with contextlib.ExitStack() as stack:
        followers = [stack.enter_context(connect(d.control))
                     for _ in range(FOLLOWERS)]
        for s in followers:
            with contextlib.suppress(BrokenPipeError):  # told already
                s.sendall(FOLLOW)
        for s in followers:
            head = s.recv(4096)
            busy += head.startswith(b"HTTP/1.1 503 ")
            told += b"busy" in head
        m.check(busy == FOLLOWERS - 64, "64 may follow the events")
        m.check(told == busy, "others are told that it is busy")
        drains(d, "with 64 followers who read")


FLOODER = """
import resource, socket, sys
path, n, data = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
all = []
for _ in range(n):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.setblocking(False)
    try:
        s.send(data)
    except OSError:
        pass
    all.append(s)
print("open", flush=True)
sys.stdin.read()
"""


def another_user(d):
    reader = d.control.replace("control.sock", "read.sock")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        print("skipped: another user on control_read: it needs root")
        return
    os.chmod(d.dir, 0o755)
    for what, data in (("silent", ""), ("half a request", HALF.decode()),
                       ("followers", FOLLOW.decode()),
                       ("no reader", (GET * 500).decode())):
        with subprocess.Popen(
                ["setpriv", f"--reuid={NOBODY}", "--clear-groups",
                 sys.executable, "-c", FLOODER, reader, str(MANY), data],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            m.check_quiet(other.stdout.readline() == b"open\n", what)
            for _ in range(5):
                done = subprocess.run(
                    [m.MERIDIANCTL, "--socket", reader, "status"],
                    capture_output=True, text=True, timeout=m.DEADLINE)
                m.check_quiet(done.returncode == 0,
                              f"{what}: {done.returncode} {done.stderr}")
            follower = subprocess.Popen(
                [m.MERIDIANCTL, "--socket", reader, "events", "--follow"],
                stdout=subprocess.PIPE)
            m.check_quiet(follower.stdout.readline(), f"{what}: events")
            follower.terminate()
            follower.communicate()
            drains(d, f"control_read, another user, {what}", 1)
            other.communicate()
        m.check(True, f"control_read: another user, {what}: all is served")


def over_tcp(d):
    port = int(m.re.search(r"http on 127\.0\.0\.1@(\d+)",
                           d.log_text()).group(1))
    where = ("127.0.0.1", port)
    for what, data in (("half requests", HALF), ("silent ones", b""),
                       ("no readers", GET * 1000)):
        with flood(d, where, 400, data):
            for _ in range(5):
                with connect(where) as s:
                    s.sendall(GET)
                    m.check_quiet(s.recv(15) == b"HTTP/1.1 200 OK", what)
            m.check(True, f"400 {what} over TCP: others are served")


def time_runs_out(d):
    """Without others who want the place, too."""
    half, late, idle = (connect(d.control) for _ in range(3))
    with half, late, idle:
        half.sendall(HALF)
        idle.sendall(GET)
        m.check(idle.recv(15) == b"HTTP/1.1 200 OK", "a request is served")
        m.check(half.recv(12) == b"HTTP/1.1 408" and
                late.recv(12) == b"HTTP/1.1 408",
                "a request that is not complete in time gets 408")
        while idle.recv(65536).count(b"\r\n\r\n") == 0:
            pass
        idle.sendall(GET)
        m.check(idle.recv(15) == b"HTTP/1.1 200 OK",
                "a connection between requests stays longer")


def memory(d):
    """Followers who read nothing, and more events than are kept."""
    before = memory_kb(d)
    with flood(d, d.control, 60, FOLLOW) as followers:
        with connect(d.control) as s:
            body = b'{"what":"eu","for_s":60,"reason":"' + b"x" * 200 + \
                b'","force":true}'
            for i in range(600):
                for path, data in ((b"drain", body),
                                   (b"undrain", b'{"what":"eu"}')):
                    s.sendall(b"POST /v1/%s HTTP/1.1\r\nHost: a\r\n"
                              b"Content-Length: %d\r\n\r\n%s" %
                              (path, len(data), data))
                    m.check_quiet(s.recv(65536).startswith(b"HTTP/1.1 200"),
                                  path)
        seq = m.json.loads(d.ctl("--json", "events", "--since", "1").stdout
                           .splitlines()[-1])["seq"]
        grown = memory_kb(d) - before
        m.check(seq > 3000, f"{seq} events")
        m.check(grown < 20 * 1024, f"60 followers read none of them: memory "
                f"grows by {grown} kB")
        drains(d, "with them")
        got, more = b"", b"x"
        while more and b'"type":"lost"' not in got:
            more = followers[0].recv(65536)
            got += more
        m.check(b'"type":"lost"' in got or not more,
                "one who reads late is told how many are lost, or closed")


target = m.Target("127.0.0.1")
m.os.environ["ASAN_OPTIONS"] = ":".join(
    [m.os.environ.get("ASAN_OPTIONS", ""), "quarantine_size_mb=1"])
with m.Daemon(m.three_regions(
        {"eu": ["127.0.0.1"], "us": ["127.0.0.2"]}, target.port,
        daemon_lines="  http: 127.0.0.1@0\n  control_read: read.sock"),
        {"zones/example.com.zone": m.ZONE}) as daemon:
    quiet = sockets(daemon)
    small = memory_kb(daemon)
    silent_ones(daemon)
    those_who_do_not_read(daemon)
    reserved_for_root(daemon)
    another_user(daemon)
    over_tcp(daemon)
    memory(daemon)
    time_runs_out(daemon)
    log = daemon.log_text()
    for what in ("control socket", "http"):
        m.check(m.re.search(rf" {what}: \d+ connections are open", log),
                f"the log tells of the flood: {what}")
    m.check(log.count("connections are open") <= 12, "and not too often")
    m.wait_for("all are closed", lambda: sockets(daemon) <= quiet + 1)
    m.check(memory_kb(daemon) < small + 120 * 1024, "memory stays bounded")
