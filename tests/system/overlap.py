#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reloads, checks, proofs and SIGHUPs that overlap harm nothing: each command
gets its reply, the daemon keeps the descriptors that it has and goes on."""
import json
import os
import signal
import subprocess
import time

import meridian as m
from mmdb import random_database

config = m.config(
    pools="  www: {regions: {eu: [{addr: 127.0.1.1}], us: [{addr: 127.0.2.1}]}"
          "}",
    policies="  near: {rules: [{geo: [DE], regions: [eu, us]}, "
             "{regions: [us, eu]}]}",
    names="  www.example.com: {pool: www, policy: near}"
).replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n")
VERBS = (("reload",), ("check",), ("prove",), ("reload", "prove"),
         ("check", "check"), ("reload", "reload"), ("reload", "check"),
         ("prove", "prove"))
REFUSED = "ask again"


def descriptors(d):
    """What each of them is."""
    fds = {}
    for fd in os.listdir(f"/proc/{d.process.pid}/fd"):
        try:
            fds[int(fd)] = os.readlink(f"/proc/{d.process.pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return fds


def lasting(before, d):
    """Those of before, less the connection that it had: one that is gone."""
    now = descriptors(d)
    gone = [fd for fd in before if fd not in now]
    return {fd: what for fd, what in before.items()
            if [fd] != gone or "socket" not in what}


def begin(d, verb):
    return subprocess.Popen(
        [m.MERIDIANCTL, "--socket", d.control, "--json", verb],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(d, verb, process):
    try:
        out, err = process.communicate(timeout=m.DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        m.check_quiet(False, f"{verb} got no reply")
    m.check_quiet(process.returncode == 0 or REFUSED in out + err,
                  f"{verb}: exit {process.returncode}: {out}{err}")
    m.check_quiet(isinstance(json.loads(out), dict), f"{verb} replies {out}")


with m.Daemon(config, {
        "zones/example.com.zone": m.ZONE,
        "geo.mmdb": random_database(20, ["DE", "FR", "US"], 1)}) as d:
    before = descriptors(d)
    for verbs in VERBS:
        for pause in (0, 0.1):
            d.process.send_signal(signal.SIGHUP)
            time.sleep(pause)  # into the build: no state to wait for
            for verb, process in [(v, begin(d, v)) for v in verbs]:
                end(d, verb, process)
    m.check(True, f"{2 * len(VERBS)} overlaps: each command got its reply")
    d.process.send_signal(signal.SIGHUP)
    m.wait_for("the descriptors are those of the start",
               lambda: descriptors(d) in (before, lasting(before, d)))
    m.check(d.addresses("www.example.com") in (["127.0.1.1"], ["127.0.2.1"]),
            "queries are answered")
