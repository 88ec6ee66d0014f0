# SPDX-License-Identifier: BSD-3-Clause
"""Resolvers of others, as Debian has them, in front of the daemon: each runs on
loopback in the daemon's folder, and asks it for example.com alone."""
import contextlib
import ipaddress
import shutil
import socket
import subprocess
import sys

import dns.exception
import dns.message
import dns.query

import meridian as m

ZONE = "example.com"


def prefix(address, length):
    """The subnet around an address, as its first so many bits."""
    return ipaddress.ip_network(f"{address}/{length}", strict=False)


def free_port(address):
    """One that both UDP and TCP have; it may be taken in between."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(50):
        with socket.socket(family, socket.SOCK_STREAM) as tcp, \
                socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.bind((address, 0))
            with contextlib.suppress(OSError):
                tcp.bind((address, udp.getsockname()[1]))
                return tcp.getsockname()[1]
    sys.exit(f"FAIL: no free port on {address}")


class Resolver:
    """Ended with the with statement.  asks_from: the address that the daemon
    sees; sent: how many bits of a client it may send, by version, where it
    sends a client subnet."""
    program = None        # what must be installed
    sends_subnets = False
    address = "127.0.0.1"

    def __init__(self, daemon, asks_from="127.0.0.1", sent=None):
        self.daemon, self.asks_from = daemon, asks_from
        self.sent = sent or {4: 24, 6: 56}
        self.dir = f"{daemon.dir}/{type(self).__name__}"
        self.process = self.port = None

    @classmethod
    def can_run(cls):
        """It is installed, and has its address here."""
        try:
            free_port(cls.address)
        except OSError:
            return False
        return shutil.which(cls.program) is not None

    def configure(self):
        """Writes the files; the command that runs it."""
        raise NotImplementedError

    def write(self, name, text):
        return self.daemon.write(f"{type(self).__name__}/{name}", text)

    def log_text(self):
        with open(f"{self.dir}/log", errors="replace") as f:
            return f.read()

    def __enter__(self):
        # Some keep their cache in a file.
        shutil.rmtree(self.dir, ignore_errors=True)
        self.write("log", "")
        for _ in range(5):
            self.port = free_port(self.address)
            self.start()
            with contextlib.ExitStack() as stack:
                stack.push(self.__exit__)
                m.wait_for(f"{self.program} answers, or ends", lambda:
                           self.process.poll() is not None or self.is_up())
                if self.process.poll() is None:
                    stack.pop_all()
                    return self
        sys.exit(f"FAIL: {self.program} ends:\n{self.log_text()[-4000:]}")

    def start(self):
        command = self.configure()
        with open(f"{self.dir}/log", "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def __exit__(self, *exc):
        m.end(self.process)
        if exc[0] is not None:
            sys.stderr.write(self.log_text()[-1000:])

    def is_up(self):
        try:
            return self.ask(f"up.{ZONE}", "TXT", timeout=0.5) is not None
        except (OSError, dns.exception.DNSException):
            return False

    def ask(self, name, rdtype="A", ecs=None, source=None, tcp=False,
            timeout=10.0):
        """As a client at source, which sends a client subnet or none."""
        options = [m.ecs_option(ecs)] if ecs else []
        source = None if ":" in self.address else source
        q = dns.message.make_query(name, rdtype, use_edns=0, options=options,
                                   payload=1232)
        if tcp:
            return dns.query.tcp(q, self.address, port=self.port,
                                 timeout=timeout, source=source)
        reply, _ = dns.query.udp_with_fallback(
            q, self.address, port=self.port, timeout=timeout, source=source)
        return reply


class Unbound(Resolver):
    program = "unbound"
    sends_subnets = True

    def configure(self):
        subnets = f"""\
  module-config: "subnetcache iterator"
  client-subnet-zone: {ZONE}
  max-client-subnet-ipv4: {self.sent[4]}
  max-client-subnet-ipv6: {self.sent[6]}
"""
        return [self.program, "-d", "-c", self.write("unbound.conf", f"""\
server:
  interface: {self.address}@{self.port}
  access-control: 127.0.0.0/8 allow
  outgoing-interface: {self.asks_from}
  do-daemonize: no
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{self.dir}"
  pidfile: "{self.dir}/pid"
  use-syslog: no
  verbosity: 3
  logfile: "{self.dir}/log"
  num-threads: 1
  do-not-query-localhost: no
  use-caps-for-id: yes
{subnets if self.sends_subnets else '  module-config: "iterator"'}
remote-control:
  control-enable: no
stub-zone:
  name: {ZONE}
  stub-addr: 127.0.0.1@{self.daemon.port}
""")]


class UnboundPlain(Unbound):
    """The same without client subnets."""
    sends_subnets = False


class Recursor(Resolver):
    """PowerDNS, which sends client subnets."""
    program = "pdns_recursor"
    sends_subnets = True

    def configure(self):
        self.write("recursor.conf", f"""\
config-dir={self.dir}
socket-dir={self.dir}
daemon=no
write-pid=no
hint-file=no
dnssec=off
local-address={self.address}
local-port={self.port}
allow-from=127.0.0.0/8
dont-query=
query-local-address={self.asks_from}
threads=1
pdns-distributes-queries=no
network-timeout=10000
server-down-max-fails=0
forward-zones={ZONE}=127.0.0.1:{self.daemon.port}
edns-subnet-allow-list={ZONE}
ecs-add-for=0.0.0.0/0,::/0
use-incoming-edns-subnet=yes
ecs-ipv4-bits={self.sent[4]}
ecs-ipv6-bits={self.sent[6]}
ecs-ipv4-cache-bits={self.sent[4]}
ecs-ipv6-cache-bits={self.sent[6]}
""")
        return [self.program, f"--config-dir={self.dir}"]


class Bind(Resolver):
    """named as a forwarder; it sends no client subnets."""
    program = "named"
    zone = ("type forward; forward only; "
            "forwarders {{ 127.0.0.1 port {port}; }};")
    options, listen, others = "", "listen-on", "listen-on-v6"

    def configure(self):
        zone = self.zone.format(port=self.daemon.port)
        return [self.program, "-g", "-n", "1", "-c",
                self.write("named.conf", f"""\
options {{
  directory "{self.dir}";
  pid-file "{self.dir}/pid";
  session-keyfile "{self.dir}/session.key";
  {self.options.format(port=self.daemon.port)}
  {self.others} {{ none; }};
  {self.listen} port {self.port} {{ {self.address}; }};
  query-source address {self.asks_from};
  allow-query {{ localhost; 127.0.0.0/8; }};
  recursion yes;
  dnssec-validation no;
  empty-zones-enable no;
}};
controls {{ }};
zone "{ZONE}" {{ {zone} }};
""")]


class BindStub(Bind):
    """named that asks as a resolver does, iteratively: at its own port, as
    static-stub names no other; it listens on addresses of interfaces alone."""
    address, listen, others = "::1", "listen-on-v6", "listen-on"
    zone = "type static-stub; server-addresses {{ 127.0.0.1; }};"
    options = "port {port};"

    def configure(self):
        self.port = self.daemon.port
        return super().configure()


class Knot(Resolver):
    """Knot Resolver, as a stub; it sends no client subnets."""
    program = "kresd"

    def configure(self):
        return [self.program, "-n", "-q", "-c",
                self.write("kresd.conf", f"""\
net.listen('{self.address}', {self.port}, {{ kind = 'dns' }})
net.outgoing_v4('{self.asks_from}')
net.ipv6 = false
cache.size = 10 * MB
cache.min_ttl(0)
modules.unload('ta_signal_query')
modules.unload('ta_update')
modules.unload('priming')
modules.unload('detect_time_skew')
policy.add(policy.suffix(policy.STUB({{'127.0.0.1@{self.daemon.port}'}}),
    {{todname('{ZONE}')}}))
"""), self.dir]


RESOLVERS = (Unbound, UnboundPlain, Bind, BindStub, Knot, Recursor)
