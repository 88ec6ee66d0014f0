#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGTERM ends the daemon within 5 s at any moment, with queries answered until
the last; SIGHUP at any moment harms nothing.  Threads are stopped by ptrace, as
if they worked for ever."""
import os
import resource
import signal
import socket
import subprocess
import sys
import time

import meridian as m
import ptrace
from mmdb import random_database

SKIP = 77
END_S = 5
SLACK_S = 10  # of a busy machine
CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: 127.0.1.1}], us: [{addr: 127.0.2.1}]}"
          "}",
    policies="  near: {rules: [{geo: [DE], regions: [eu, us]}, "
             "{regions: [us, eu]}]}",
    names="  www.example.com: {pool: www, policy: near}",
    extra="""\
stages:
  shop:
    steps:
      - {name: one, policies: {static.example.com: near}}
      - {name: two, policies: {static.example.com: near}}
""").replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n").replace(
    "names:\n", "names:\n  static.example.com: {pool: www}\n")
ZONE = m.ZONE.replace("static  IN A    192.0.2.80\n", "")


def begin(d, *args):
    return subprocess.Popen([m.MERIDIANCTL, "--socket", d.control, *args],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)


def stopped_job(d, *args):
    """The command, whose thread does nothing any more."""
    command, thread = ptrace.stop_new(d.process.pid, lambda: begin(d, *args))
    if thread is None:
        print("threads may not be traced here: skipped")
        sys.exit(SKIP)
    return command


def end(d, what, codes=(0,)):
    start = time.monotonic()
    d.process.send_signal(signal.SIGTERM)
    m.wait_for("its end", lambda: ptrace.reap(d.process.pid) or
               d.process.poll() is not None, END_S + SLACK_S)
    got = d.process.poll()
    m.check(got in codes, f"SIGTERM ends it {what}: exit {got} after "
            f"{time.monotonic() - start:.1f} s")


def test_jobs(d):
    for args in (("reload",), ("check",), ("prove",),
                 ("promote", "shop", "--reason", "x")):
        if d.process.poll() is not None:
            d.start()
        command = stopped_job(d, *args)
        waiting = begin(d, args[0], *args[1:])
        m.wait_for("the second waits",
                   lambda: d.json("status")["jobs"]["waiting"])
        # 1: the thread was stopped while it held a lock of malloc(3).
        end(d, f"while {args[0]} runs", (0, 1))
        for process in (command, waiting):
            said = process.communicate(timeout=m.DEADLINE)[0]
            m.check(d.process.poll() == 1 or "the daemon is shutting down: nothing has changed" in said,
                    f"{args[0]} is told: {said.strip()}")
    d.start()
    m.check(d.json("stages")["stages"][0]["step"] == "one",
            "and nothing has changed")


def has_tsan():
    with open(m.MERIDIAND, "rb") as f:
        return b"__tsan_init" in f.read()


def test_hung(d):
    """Main does nothing any more; queries are answered until the last."""
    if has_tsan():
        print("not with TSan: the signal goes to liburcu's thread, and TSan "
              "keeps it until that thread calls a function that TSan knows")
        end(d, "where it has nothing to do")
        return
    ptrace.stop(d.process.pid)
    d.process.send_signal(signal.SIGTERM)
    for _ in range(10):
        m.check_quiet(d.addresses("www.example.com"), "answered meanwhile")
        time.sleep(0.1)
    end(d, "while main hangs", (1,))
    m.check("unsaved changes are lost" in d.log_text(), "and says so")


def spawn(d, **kwargs):
    """Begins to start, and is so far that signals are the daemon's."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with open(d.log, "ab") as log:
        d.process = subprocess.Popen([m.MERIDIAND, "-c", d.config], stdout=log,
                                     stderr=log, **kwargs)
    signal.signal(signal.SIGHUP, before)
    m.wait_for("the helper", lambda: m.children(d.process.pid))


def test_start(d):
    d.write("geo.mmdb", random_database(19, ["DE", "FR"], 1))
    for number in (signal.SIGTERM, signal.SIGINT):
        spawn(d)
        d.process.send_signal(number)
        m.check(d.process.wait(END_S + SLACK_S) == 0,
                f"{number.name} ends a start")
    d.write("geo.mmdb", random_database(16, ["DE", "FR"], 1))
    at = len(d.log_text())
    spawn(d)
    for _ in range(20):
        d.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    m.wait_for("it starts all the same, and reads once more",
               lambda: "generation 2" in d.log_text()[at:])
    end(d, "after SIGHUP while it started")


def test_descriptors(d):
    spawn(d, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (64, 64)))
    m.wait_for("it answers", lambda: d.ctl(
        "status", expect=None).returncode == 0)
    end(d, "with 64 descriptors")


def test_service_manager(d):
    """What sd_notify(3) would say."""
    path = os.path.join(d.dir, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(m.DEADLINE)
        spawn(d, env=dict(os.environ, NOTIFY_SOCKET=path,
                          WATCHDOG_USEC="3000000"))
        m.check([s.recv(100) for _ in range(3)] ==
                [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"],
                "READY=1, then WATCHDOG=1 again and again")
        d.process.send_signal(signal.SIGTERM)
        said = []
        while b"STOPPING=1" not in said:
            said.append(s.recv(100))
        m.check(set(said) <= {b"WATCHDOG=1", b"STOPPING=1"}, "STOPPING=1")
        m.check(d.process.wait(m.DEADLINE) == 0, "and it ends")


with m.Daemon(CONFIG, {"zones/example.com.zone": ZONE,
                       "geo.mmdb": random_database(17, ["DE", "FR"], 1)}
              ) as daemon:
    test_jobs(daemon)
    test_hung(daemon)
    test_start(daemon)
    test_descriptors(daemon)
    test_service_manager(daemon)
