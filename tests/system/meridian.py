# SPDX-License-Identifier: BSD-3-Clause
"""What the system tests share: a daemon of their own, targets, queries.

Each test is a script that drives the built meridiand on loopback.  Ports are
chosen by the kernel, nothing sleeps for a state (wait_for has a deadline), and
only processes started here are ended.
"""
import contextlib
import http.server
import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")
MERIDIANCTL = os.environ.get("MERIDIANCTL", "./meridianctl")
SRCDIR = os.environ.get("srcdir", ".")
DEADLINE = 30.0
# The owner of what a test asks for; sudo would make it another.
try:
    USER = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    USER = f"uid {os.getuid()}"
os.environ.pop("SUDO_USER", None)
# What sees to it that a killed process ends, while its threads are traced.
reapers = []
SKIPPED = 77  # what make check takes for a test that could not be made


def skip(why):
    """Ends a test that this machine cannot make, and says why."""
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def descriptors(wanted):
    """Raises the soft limit of open files as far as it may; whether this
    process, and each that it starts, may have so many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard == resource.RLIM_INFINITY or hard >= wanted


def check(truth, what):
    """One promise; the first that is broken ends the test."""
    if not truth:
        sys.exit(f"FAIL: {what}")
    print(f"ok: {what}", flush=True)


def check_quiet(truth, what):
    """As check, but for what is asked thousands of times."""
    if not truth:
        sys.exit(f"FAIL: {what}")


def wait_for(what, claim, deadline=DEADLINE):
    """Calls claim until it says something true, and returns that."""
    end = time.monotonic() + deadline
    while True:
        got = claim()
        if got:
            return got
        if time.monotonic() > end:
            sys.exit(f"FAIL: {what}: not within {deadline} s")
        time.sleep(0.02)


def children(pid):
    """The processes that one has started, by their numbers."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def end(process):
    """By SIGTERM, or by SIGKILL when it does not end by that."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(DEADLINE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


class Target:
    """An HTTP server that can be killed and brought back on its address."""

    def __init__(self, address, port=0):
        self.address, self.port = address, port
        self.status, self.body = 200, b"ok\n"
        self.server = None
        self.start()

    def start(self):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(target.status)
                self.send_header("Content-Length", str(len(target.body)))
                self.end_headers()
                self.wfile.write(target.body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def __init__(self, *args):
                self.open = set()
                super().__init__(*args)

            def process_request(self, request, client):
                self.open.add(request)
                super().process_request(request, client)

            def shutdown_request(self, request):
                self.open.discard(request)
                super().shutdown_request(request)

            def handle_error(self, request, client):
                pass

        self.server = Server((self.address, self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.01}, daemon=True).start()

    def kill(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server = None


class Daemon:
    """meridiand in a folder of its own; ended with the with statement.  by is
    a command that runs it, args what it gets beside -c."""

    def __init__(self, config, files=None, by=(), args=()):
        self.by, self.args = by, args
        self.dir = tempfile.mkdtemp(prefix="meridian-test.")
        self.process = None
        self.port = None
        self.log = os.path.join(self.dir, "log")
        self.config = os.path.join(self.dir, "meridian.yaml")
        self.control = os.path.join(self.dir, "control.sock")
        for name, content in (files or {}).items():
            self.write(name, content)
        self.write("meridian.yaml", config)

    def write(self, name, content):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(path, mode) as f:
            f.write(content)
        return path

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        try:
            if self.process and self.process.poll() is None:
                self.process.terminate()
                code = self.process.wait(DEADLINE)
                if exc[0] is None:
                    if code != 0:
                        sys.stderr.write(self.log_text()[-8000:])
                    check(code == 0, "the daemon ends cleanly on SIGTERM")
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                while self.process.poll() is None:
                    for reap in reapers:
                        reap(self.process.pid)
                    time.sleep(0.02)
            if exc[0] is not None:
                sys.stderr.write(self.log_text()[-8000:])
            shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, deadline=DEADLINE):
        with open(self.log, "ab") as log:
            at = log.tell()
            self.process = subprocess.Popen(
                [*self.by, MERIDIAND, "-c", self.config, *self.args],
                stdout=log, stderr=log)

        def listening():
            if self.process.poll() is not None:
                sys.exit("FAIL: meridiand ended:\n" + self.log_text())
            return re.search(r"listening on 127\.0\.0\.1@(\d+)",
                             self.log_text()[at:])

        self.port = int(wait_for("listening", listening, deadline).group(1))
        wait_for("the control socket", lambda: self.ctl(
            "status", expect=None).returncode == 0, deadline)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def ctl(self, *args, expect=0, **kwargs):
        done = subprocess.run(
            [MERIDIANCTL, "--socket", self.control, *args],
            capture_output=True, text=True, timeout=60, **kwargs)
        if expect is not None and done.returncode != expect:
            sys.exit(f"FAIL: meridianctl {args}: exit {done.returncode}, "
                     f"not {expect}: {done.stdout}{done.stderr}")
        return done

    def json(self, *args, expect=0):
        return json.loads(self.ctl("--json", *args, expect=expect).stdout)

    def region(self, pool, region):
        for p in self.json("status")["pools"]:
            for r in p["regions"]:
                if (p["name"], r["region"]) == (pool, region):
                    return r
        sys.exit(f"FAIL: no {pool}/{region} in status")

    def query(self, name, rdtype="A", ecs=None, tcp=False, timeout=5.0,
              **kwargs):
        options = [ecs_option(ecs)] if ecs else []
        if options:
            kwargs.setdefault("use_edns", 0)
        q = dns.message.make_query(name, rdtype, options=options, **kwargs)
        q.flags &= ~dns.flags.RD
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(q, "127.0.0.1", timeout=timeout, port=self.port)

    def addresses(self, name, rdtype="A", ecs=None, **kwargs):
        return rdata(self.query(name, rdtype, ecs, **kwargs))


def ecs_option(prefix):
    address, _, length = prefix.partition("/")
    default = 128 if ":" in address else 32
    return dns.edns.ECSOption(address, int(length or default))


def ecs_of(reply):
    for option in reply.options:
        if isinstance(option, dns.edns.ECSOption):
            return option
    return None


def rdata(reply):
    return sorted(r.to_text() for rrset in reply.answer for r in rrset)


class Load:
    """A steady stream of queries; remembers each answer and each loss."""

    def __init__(self, daemon, name, ecs, interval=0.002):
        self.daemon, self.interval = daemon, interval
        self.wire = dns.message.make_query(
            name, "A", use_edns=0, options=[ecs_option(ecs)]).to_wire()
        self.sent = self.lost = 0
        self.answers = []  # (time, reply)
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        self.stopping = True
        self.thread.join()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.daemon.port))
            s.settimeout(5.0)
            while not self.stopping:
                self.sent += 1
                query = struct.pack("!H", self.sent & 0xffff) + self.wire[2:]
                try:
                    s.send(query)
                    wire = s.recv(4096)
                    if wire[:2] != query[:2]:
                        self.lost += 1
                    self.answers.append((time.monotonic(), wire))
                except OSError:
                    self.lost += 1
                time.sleep(self.interval)

    def replies(self):
        return [(at, dns.message.from_wire(wire)) for at, wire in
                self.answers]


ZONE = """\
$ORIGIN example.com.
$TTL 300
@       IN SOA  ns1 hostmaster 2026010101 3600 600 86400 60
        IN NS   ns1
        IN NS   ns2
ns1     IN A    192.0.2.53
ns2     IN A    192.0.2.54
static  IN A    192.0.2.80
alias   IN CNAME static
towww   IN CNAME www
"""


def config(daemon_lines="", monitor="", pools="", policies="", names="",
           extra=""):
    """The common shape; the parts are YAML of their sections."""
    return f"""\
meridian: 1
server:
  listen: ["127.0.0.1@0"]
  workers: 2
  state: state
  control: control.sock
{daemon_lines}
zones:
  example.com: zones/example.com.zone
geoip:
  nets:
    europe: [198.18.0.0/16, "2001:db8:e::/48"]
    america: [198.19.0.0/16]
regions:
  eu: {{location: [50.1, 8.7], jurisdiction: EU, capacity: 100}}
  us: {{location: [39.0, -77.5], jurisdiction: US, capacity: 100}}
  ap: {{location: [35.7, 139.7], jurisdiction: JP, capacity: 100}}
{monitor}
pools:
{pools}
policies:
{policies}
names:
{names}
{extra}
"""


def three_regions(targets, port, **kwargs):
    """Pool www over eu, us and ap with monitor web at the port."""
    lines = "\n".join(
        f"      {region}: [{', '.join('{addr: [%s]}' % a for a in addrs)}]"
        for region, addrs in targets.items())
    return config(
        monitor=f"""\
monitors:
  web: {{type: http, port: {port}, path: /healthz, host: www.example.com,
        expect: {{status: 200, body: ok}},
        interval: 300ms, timeout: 200ms, fall: 3, rise: 2, clear: 3}}
""",
        pools=f"""\
  www:
    monitor: web
    regions:
{lines}
""",
        policies="""\
  near:
    rules:
      - {nets: europe, regions: [eu, us, ap]}
      - {nets: america, regions: [us, eu, ap]}
      - {regions: [ap, us, eu]}
""",
        names="""\
  www.example.com: {pool: www, policy: near, ttl: {max: 5, min: 1}}
""", **kwargs)
