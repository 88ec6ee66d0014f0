#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""64 descriptors, all in use by TCP clients and silent targets, and more
operators at once than are left: drains, signals and reloads find what they need
for their files."""
import os
import socket
import threading

import meridian as m

LIMIT, OPERATORS = 64, 14
ADDRESSES = [f"127.0.1.{i + 1}" for i in range(40)]


def silent_targets():
    """They take connections and say nothing, so that probes hold theirs."""
    doors, port = [], 0
    for address in ADDRESSES:
        doors.append(socket.create_server((address, port), backlog=64))
        port = doors[0].getsockname()[1]
    return doors, port


def idle(family, address, n):
    held = []
    for _ in range(n):
        s = socket.socket(family)
        s.setblocking(False)
        try:
            s.connect(address)
        except OSError:
            pass
        held.append(s)
    return held


def descriptors(d):
    return len(os.listdir(f"/proc/{d.process.pid}/fd"))


def operate(d, number, wrong):
    """What one operator does, who gets a reply to all of it."""
    what = f"www/eu/{ADDRESSES[number]}"
    for _ in range(3):
        for command in (
                ("drain", what, "--for", "10m", "--reason", "x", "--force"),
                ("signal", "word", "up", "--for", "10m"), ("reload",),
                ("undrain", what)):
            done = d.ctl(*command, expect=None)
            busy = "being built" in done.stderr
            if done.returncode != 0 and not busy:
                wrong.append((command, done.stderr.strip()[-200:]))


wrong = []
doors, port = silent_targets()
config = m.three_regions({"eu": ADDRESSES, "us": ["127.0.2.1"],
                          "ap": ["127.0.3.1"]}, port)
config = config.replace("monitors:\n", """\
monitors:
  word: {type: external, interval: 200ms}
""").replace("pools:\n", """\
pools:
  word: {monitor: word, regions: {eu: [{addr: 192.0.2.9}]}}
""")
few = ("sh", "-c", f'ulimit -n {LIMIT}; exec "$0" "$@"')
with m.Daemon(config, {"zones/example.com.zone": m.ZONE}, by=few) as d:
    held = idle(socket.AF_INET, ("127.0.0.1", d.port), 50)
    m.wait_for("many descriptors", lambda: descriptors(d) >= LIMIT - 20)
    clients = [threading.Thread(target=operate, args=(d, i, wrong))
               for i in range(OPERATORS)]
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    m.check(not wrong, f"{OPERATORS} operators at once, {LIMIT} descriptors: "
            f"{wrong[:3]}")
    m.check("cannot be saved" not in d.log_text() and
            "reload_failed" not in d.ctl("--json", "events").stdout,
            "no file was missing")
    # Those who connect to the control socket and say nothing, without end,
    # take no descriptor from files either.
    quiet = []
    for _ in range(6):
        quiet += idle(socket.AF_UNIX, d.control, 2 * LIMIT)
        operate(d, 1, wrong)
    m.check(not wrong and "cannot be saved" not in d.log_text(),
            f"{len(quiet)} silent connections of operators: {wrong[:3]}")
for s in held + quiet + doors:
    s.close()
