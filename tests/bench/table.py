#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""CPU for an answer of one worker, relative to an echo of the same packets, and
latencies, beside other servers: rounds in turn, medians and quartiles.

    table.py [--rounds N] [--seconds N] [--peers] [--only ROW]

Rows: steered, static (1000 names), nxdomain (half of the names do not exist),
million (a million names, half of them missing), rate (50 000 steered a second),
tcp (one query in flight on each of 64 connections).  The server has one
processor, the load generator (LOAD) another; ECHO answers nothing.  --peers: NSD,
Knot and gdnsd, where they are installed, on the rows without steering.  A row is
made again by --only; memory is capped.  Every answer is checked: a wrong one
ends the run."""
import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import instructions

MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")
ECHO = os.environ.get("ECHO", "tests/bench/echo")
LOAD = os.environ.get("LOAD", "tests/bench/load")
MEMORY_MAX = 2 << 30
READY_S = 60
# What the load asks, of how many names, at which rate; and the echo's rate.
ROWS = {
    "steered": ("steered", 1000, "0"),
    "static": ("static", 1000, "0"),
    "nxdomain": ("nxdomain", 1000, "0"),
    "million": ("nxdomain", 1_000_000, "0"),
    "rate": ("steered", 1000, "50000"),
    "tcp": ("static", 1000, "tcp"),
}


def capped():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))


def free_port():
    """Of both UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, folder, name, argv, port):
        self.name, self.port = name, port
        self.log = open(os.path.join(folder, f"{name}.log"), "w")
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *argv], stdout=self.log,
            stderr=subprocess.STDOUT, preexec_fn=capped)

    def family(self):
        """The process and its children."""
        pids, found = [self.process.pid], []
        while pids:
            pid = pids.pop()
            found.append(pid)
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    pids += map(int, f.read().split())
        return found

    def cpu_s(self):
        total = 0
        for pid in self.family():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
        return total / 1e9

    def pss_mib(self):
        total = 0
        for pid in self.family():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Pss:"))
        return total / 1024

    def load(self, kind, names, rate, seconds):
        done = subprocess.run(
            ["taskset", "-c", "1", LOAD, f"127.0.0.1@{self.port}", kind,
             str(names), rate, str(seconds)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{self.name}: {done.stderr}")
        return json.loads(done.stdout)

    def is_ready(self, kind, names):
        try:
            got = self.load(kind, names, "100", 0.2)
        except SystemExit:
            return False
        return got["answered"] > 0 and got["wrong"] == 0

    def wait(self, kind, names):
        deadline = time.monotonic() + READY_S
        while not self.is_ready(kind, names):
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit(f"{self.name} is not ready: see {self.log.name}")
            time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def meridian(folder, zone, port):
    path = instructions.write(folder)
    with open(path) as f:
        text = f.read()
    text = text.replace("example.com.zone}", f"{zone}}}")
    text = text.replace("ecs_from: any", "ecs_from: any, workers: 1, "
                        f"listen: [127.0.0.1@{port}], state: {folder}/state,"
                        f" control: {folder}/control.sock")
    with open(path, "w") as f:
        f.write(text)
    return [MERIDIAND, "-c", path]


def nsd(folder, zone, port):
    path = os.path.join(folder, "nsd.conf")
    with open(path, "w") as f:
        f.write(f"""server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: ""
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  minimal-responses: yes
  rrl-ratelimit: 0
  tcp-count: 1000
remote-control:
  control-enable: no
zone:
  name: "example.com"
  zonefile: "{zone}"
""")
    return ["nsd", "-d", "-c", path]


def knot(folder, zone, port):
    path = os.path.join(folder, "knot.conf")
    with open(path, "w") as f:
        f.write(f"""server:
  listen: 127.0.0.1@{port}
  rundir: {folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: {folder}
zone:
  - domain: example.com
    file: {zone}
    zonefile-sync: -1
    journal-content: none
""")
    return ["knotd", "-c", path]


def gdnsd(folder, zone, port):
    root = os.path.join(folder, "gdnsd")
    os.makedirs(os.path.join(root, "zones"), exist_ok=True)
    shutil.copy(zone, os.path.join(root, "zones", "example.com"))
    with open(os.path.join(root, "config"), "w") as f:
        f.write(f"options => {{ listen => 127.0.0.1:{port}, udp_threads => 1,"
                f" tcp_threads => 1, run_dir => {root}/run,"
                f" state_dir => {root}/state }}\n")
    return ["gdnsd", "-c", root, "start"]


PEERS = {"nsd": nsd, "knotd": knot, "gdnsd": gdnsd}


def write_zone(path, names):
    with open(path, "w") as f:
        f.write("$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n"
                "@ NS ns\nns A 192.0.2.53\n")
        f.writelines(f"h{i:07} A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n"
                     for i in range(names))


def measure(row, rounds, seconds, peers):
    """{server: [(us of CPU for an answer, what the load says)]}, and MiB."""
    kind, names, rate = ROWS[row]
    makers = {"meridian": meridian}
    if peers and kind != "steered":
        makers.update({n: m for n, m in PEERS.items() if shutil.which(n)})
    with tempfile.TemporaryDirectory() as folder:
        zone = os.path.join(folder, "zone")
        write_zone(zone, names)
        servers = []
        if rate != "tcp":
            port = free_port()
            servers.append(
                Server(folder, "echo", [ECHO, f"127.0.0.1@{port}"], port))
        for name, make in makers.items():
            own = os.path.join(folder, f"of-{name}")
            os.mkdir(own)
            port = free_port()
            servers.append(Server(folder, name, make(own, zone, port), port))
        for s in servers:
            s.wait("echo" if s.name == "echo" else kind, names)
        got = {s.name: [] for s in servers}
        for _ in range(rounds):
            for s in servers:
                before = s.cpu_s()
                o = s.load("echo" if s.name == "echo" else kind, names, rate,
                           seconds)
                if o["wrong"] > 0:
                    sys.exit(f"{row}: {s.name}: {o['wrong']} wrong answers")
                got[s.name].append(
                    ((s.cpu_s() - before) / max(1, o["answered"]) * 1e6, o))
        memory = {s.name: s.pss_mib() for s in servers}
        for s in servers:
            s.stop()
    return got, memory


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0], values[0]
    return statistics.quantiles(values, n=4, method="inclusive")


def show(row, got, memory):
    base = statistics.median(us for us, _ in got.get("echo", [(0, None)])) or 1
    for name, runs in got.items():
        low, middle, high = (x / base for x in quartiles(
            [us for us, _ in runs]))
        o = {k: statistics.median(x[k] for _, x in runs)
             for k in ("answered", "lost", "seconds", "p50_us", "p99_us")}
        print(f"{row:9} {name:9} {middle:6.3f} ({low:.3f} to {high:.3f}) "
              f"{o['answered'] / o['seconds'] / 1000:7.1f} k/s "
              f"p50 {o['p50_us']:5.0f} us  p99 {o['p99_us']:6.0f} us  "
              f"lost {o['lost']:.0f}  {memory[name]:6.1f} MiB", flush=True)


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--peers", action="store_true")
    p.add_argument("--only", choices=list(ROWS))
    a = p.parse_args()
    print("CPU for an answer / echo's, median (quartiles); over TCP in us")
    for row in [a.only] if a.only else ROWS:
        show(row, *measure(row, a.rounds, a.seconds, a.peers))


if __name__ == "__main__":
    main()
