#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Meridian against NSD, Knot and BIND, with zones and queries at random.

    differ.py [--queries N] [--seed S] [--rounds R] [--query Q] [--keep]

Each round makes zones of its seed, starts the four servers with the same
records on ports of loopback, and lets the program differ put the same queries
to all.  A round is repeated by its seed; --query puts one query of it, and
prints what was asked and said.
"""
import argparse
import collections
import grp
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zones

MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")
DIFFER = os.environ.get("DIFFER", "./tests/differ/differ")
UDP_LIMIT = 1232
DEADLINE = 30.0


def free_port():
    """One that is free for UDP and TCP, and that no connection gets before the
    server takes it: below those that the kernel gives out."""
    while True:
        place = "127.0.0.1", random.randrange(10000, 32768)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as t:
            try:
                t.bind(place)
                u.bind(place)
            except OSError:
                continue
            return place[1]


def ours(folder, port, made):
    listed = "".join(f'  "{o}": "{path}"\n' for o, path in made)
    return f"""\
meridian: 1
server:
  listen: ["127.0.0.1@{port}"]
  workers: 1
  state: {folder}/state
  control: {folder}/control.sock
zones:
{listed}""", [MERIDIAND, "-c"]


def nsd(folder, port, made):
    listed = "".join(f'zone:\n  name: "{o}"\n  zonefile: "{path}"\n'
                     for o, path in made)
    return f"""\
server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: ""
  database: ""
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  ipv4-edns-size: {UDP_LIMIT}
  minimal-responses: yes
  refuse-any: no
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  answer-cookie: yes
remote-control:
  control-enable: no
{listed}""", ["/usr/sbin/nsd", "-d", "-c"]


def knot(folder, port, made):
    listed = "".join(f"  - domain: \"{o}\"\n    file: {path}\n"
                     for o, path in made)
    return f"""\
server:
  listen: 127.0.0.1@{port}
  rundir: {folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: {UDP_LIMIT}
  user: {pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}
database:
  storage: {folder}
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
{listed}""", ["/usr/sbin/knotd", "-c"]


def bind(folder, port, made):
    listed = "".join(f'zone "{o}" {{ type primary; file "{path}"; }};\n'
                     for o, path in made)
    return f"""\
options {{
  directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  empty-zones-enable no;
  minimal-responses yes;
  minimal-any yes;
  zero-no-soa-ttl no;
  max-udp-size {UDP_LIMIT};
  edns-udp-size {UDP_LIMIT};
  answer-cookie yes;
  notify no;
  version none;
  hostname none;
  check-names primary ignore;
  check-integrity no;
}};
controls {{ }};
{listed}""", ["/usr/sbin/named", "-g", "-n", "1", "-c"]


SERVERS = [("ours", ours), ("nsd", nsd), ("knot", knot), ("bind", bind)]


class Unserved(Exception):
    """A server refuses a zone, or does not start."""


class Server:
    """A process in a folder of its own, ended by its id."""

    def __init__(self, kind, make, folder, made):
        self.kind = kind
        self.folder = os.path.join(folder, kind)
        os.mkdir(self.folder)
        self.port = free_port()
        text, command = make(self.folder, self.port, made)
        conf = os.path.join(self.folder, "conf")
        with open(conf, "w") as f:
            f.write(text)
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command + [conf], stdout=log,
                                            stderr=log, cwd=self.folder)

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait(self, origins):
        """Until it answers for every zone."""
        end = time.monotonic() + DEADLINE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.port))
            s.settimeout(0.05)
            for number, origin in enumerate(origins):
                query = bytes([0, number]) + b"\0\0\0\1" + bytes(6) + \
                    origin.wire() + b"\0\6\0\1"
                while not self.answers(s, query):
                    if self.process.poll() is not None or \
                            time.monotonic() > end:
                        raise Unserved(
                            f"{self.kind} does not serve {origin.text()}:\n"
                            f"{self.log_text()[-4000:]}")

    @staticmethod
    def answers(s, query):
        """A reply to a query before it may still come: the ID tells."""
        try:
            s.send(query)
            reply = s.recv(4096)
            return reply[:2] == query[:2] and reply[3] & 15 == 0 and \
                reply[7] > 0
        except OSError:
            time.sleep(0.02)
            return False

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def write_zones(folder, seed):
    made, asked = zones.make(seed)
    origins = [o for o, _, _ in made]
    files = {"ours": [], "others": []}
    for i, (origin, *texts) in enumerate(made):
        for who, text in zip(files, texts):
            path = os.path.join(folder, f"zone{i}.{who}")
            with open(path, "w") as f:
                f.write(f"; {origin.text()}\n{text}")
            files[who].append((origin.text(), path))
    names = os.path.join(folder, "names")
    with open(names, "w") as f:
        for n, types in asked.items():
            listed = " ".join(map(str, types))
            f.write(f"{'=' * (n in origins)}{n.wire().hex()} {listed}\n")
    return files, names, origins


def round_(seed, first, count, totals, keep):
    """One set of zones; true if all was as it must be."""
    folder = tempfile.mkdtemp(prefix="meridian-differ.")
    servers = []
    good = False
    try:
        files, names, origins = write_zones(folder, seed)
        for kind, make in SERVERS:
            servers.append(Server(kind, make, folder, files[
                "ours" if kind == "ours" else "others"]))
        for s in servers:
            s.wait(origins)
        done = subprocess.run(
            [DIFFER, str(seed), str(first), str(count), names] +
            [str(s.port) for s in servers], stdout=subprocess.PIPE, text=True)
        good = done.returncode == 0
        take_in(done.stdout, totals)
        if servers[0].process.poll() is not None:
            print("meridiand ended:", servers[0].log_text()[-4000:])
            good = False
    except Unserved as e:
        print(e)
    finally:
        for s in servers:
            code = s.end()
            if s.kind == "ours" and code != 0:
                print(f"meridiand: exit {code}\n{s.log_text()[-4000:]}")
                good = False
        if keep or not good:
            print(f"seed {seed}: zones and configurations are in {folder}")
        else:
            shutil.rmtree(folder)
    return good


def take_in(text, totals):
    """Counts of rules and totals are added up, the rest is printed."""
    for line in text.splitlines():
        rule = re.match(r"rule (\S+) (\d+) (\d+) (\d+) (\d+): (.*)", line)
        if rule:
            row = totals[rule[1], rule[6]]
            for i in range(4):
                row[i] += int(rule[2 + i])
            continue
        if line.startswith("total "):
            figures = map(int, re.findall(r"\d+", line))
            totals[None] = [a + b for a, b in zip(totals[None], figures)]
            continue
        print(line)


def report(totals, seconds):
    queries, replies, same, wrong, parsed = totals.pop(None)
    print("permitted differences from      NSD     Knot     BIND all three")
    for (rule, why), row in totals.items():
        print(f"  {rule:<22}{row[0]:>9}{row[1]:>9}{row[2]:>9}{row[3]:>9}  {why}")
    print(f"{queries} queries, {replies} replies, {same} the same from all "
          f"four, {wrong} not permitted, {seconds:.0f} s\n"
          f"{parsed} of our replies parsed and encoded again to the same")
    return wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--queries", type=int, default=20000)
    p.add_argument("--rounds", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--query", type=int)
    p.add_argument("--keep", action="store_true")
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    start = time.monotonic()
    totals = collections.defaultdict(lambda: [0] * 4, {None: [0] * 5})
    good = True
    if args.query is not None:
        good = round_(args.seed, args.query, 1, totals, args.keep)
    else:
        rounds = args.rounds or max(4, args.queries // 20000)
        each = -(-args.queries // rounds)
        for i in range(rounds):
            good = round_(args.seed + i, 0, each, totals, args.keep) and good
    report(totals, time.monotonic() - start)
    sys.exit(not good)


if __name__ == "__main__":
    main()
