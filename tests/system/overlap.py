#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reloads, checks, proofs and SIGHUPs that overlap harm nothing: each command
gets its reply, the daemon keeps the descriptors that it has and goes on."""
import json
import os
import re
import signal
import subprocess
import threading
import time

import meridian as m
import ptrace
from mmdb import random_database

config = m.config(
    pools="  www: {regions: {eu: [{addr: 127.0.1.1}], us: [{addr: 127.0.2.1}]}"
          "}",
    policies="  near: {rules: [{geo: [DE], regions: [eu, us]}, "
             "{regions: [us, eu]}]}\n"
             "  far: {rules: [{regions: [us, eu]}]}",
    names="  www.example.com: {pool: www, policy: near}\n"
          "  api.example.com: {pool: www}",
    extra="""\
stages:
  shop:
    steps:
      - {name: one, policies: {api.example.com: near}}
      - {name: two, policies: {api.example.com: far}}
"""
).replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n")
PATIENCE = 10 * m.DEADLINE  # a proof is slow with sanitizers
VERBS = (("reload",), ("check",), ("prove",), ("reload", "prove"),
         ("check", "check"), ("reload", "reload"), ("reload", "check"),
         ("prove", "prove"))


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


def begin(d, *args):
    return subprocess.Popen(
        [m.MERIDIANCTL, "--socket", d.control, "--json", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(d, verb, process):
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        m.check_quiet(False, f"{verb} got no reply")
    m.check_quiet(process.returncode == 0,
                  f"{verb}: exit {process.returncode}: {out}{err}")
    m.check_quiet(isinstance(json.loads(out), dict), f"{verb} replies {out}")


def test_overlaps(d):
    before = descriptors(d)
    for verbs in VERBS:
        for pause in (0, 0.03):
            d.process.send_signal(signal.SIGHUP)
            time.sleep(pause)  # into the build: no state to wait for
            for verb, process in [(v, begin(d, v)) for v in verbs]:
                end(d, verb, process)
    m.check(True, f"{2 * len(VERBS)} overlaps: each command got its reply")
    d.process.send_signal(signal.SIGHUP)
    m.wait_for("the descriptors are those of the start",
               lambda: descriptors(d) in (before, lasting(before, d)))


def test_signals_starve_nobody(d):
    """SIGHUP every 20 ms, and each build takes longer than that."""
    over = threading.Event()

    def signals():
        while not over.wait(0.02):
            d.process.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=signals)
    thread.start()
    try:
        for i in range(3):
            d.ctl("promote", "shop", "--reason", f"round {i}")
            m.check_quiet(d.json("stages")["stages"][0]["step"] == "two",
                          "promoted")
            d.ctl("rollback", "shop", "--reason", f"round {i}")
            d.ctl("check")
    finally:
        over.set()
        thread.join()
    m.check(d.json("stages")["stages"][0]["step"] == "one",
            "commands come through however often SIGHUP comes")


def begin_held(d):
    """A check that runs until go_on(thread), as if it took long; the thread is
    None where threads may not be traced."""
    m.wait_for("nothing waits", lambda: not any(
        d.json("status")["jobs"].values()))
    check, thread = ptrace.stop_new(d.process.pid, lambda: begin(d, "check"))
    if thread is None:
        print("threads may not be traced here: who waits is not looked at")
    return check, thread


def test_in_order(d):
    """Four at once: each waits for those before it, and is told so."""
    check, thread = begin_held(d)
    running = [check]
    for n, args in enumerate((("promote", "shop", "--reason", "x"),
                              ("check",), ("reload",)), 1):
        running.append(begin(d, *args))
        if thread is not None:
            m.wait_for(f"{n} wait", lambda: len(
                d.json("status")["jobs"]["waiting"]) == n)
    if thread is not None:
        m.check("running: check" in d.ctl("status").stdout,
                "status shows what is running")
        ptrace.go_on(thread)
    replies = [json.loads(p.communicate(timeout=PATIENCE)[0])
               for p in running]
    m.check(all(p.returncode == 0 for p in running) and
            replies[1]["step"] == "two" and replies[2]["ok"],
            "each gets its own reply")
    names = ["check", "promote shop", "check"]
    for n, reply in enumerate(replies):
        m.check_quiet(0 <= reply["waited_s"] <= PATIENCE and (
            thread is None or reply["waited_for"] == names[:n]),
            f"and for what it waited: {reply}")
    m.check(True, "and is told for what it waited")


def test_told(d):
    """Who waits is told for what, after a second."""
    check, thread = begin_held(d)
    if thread is None:
        end(d, "check", check)
        return
    errors = []
    waiting = []
    for n, verb in enumerate(("reload", "check"), 1):
        errors.append(os.path.join(d.dir, f"errors{n}"))
        with open(errors[-1], "w") as f:
            waiting.append(subprocess.Popen(
                [m.MERIDIANCTL, "--socket", d.control, verb],
                stdout=subprocess.DEVNULL, stderr=f))
        m.wait_for(f"{n} wait", lambda: len(
            d.json("status")["jobs"]["waiting"]) == n)

    def said(n):
        with open(errors[n]) as f:
            return re.search(r"waiting: check has been running for \d+ s, "
                             rf"{n} more ahead of this one", f.read())

    for n in range(2):
        m.wait_for(f"the one with {n} before it is told", lambda: said(n))
    ptrace.go_on(thread)
    end(d, "check", check)
    for process in waiting:
        m.check_quiet(process.wait(PATIENCE) == 0, "who waited is done")
    m.check(True, "who waits is told for what")


with m.Daemon(config, {
        "zones/example.com.zone": m.ZONE,
        "geo.mmdb": random_database(17, ["DE", "FR", "US"], 1)}) as daemon:
    test_overlaps(daemon)
    test_signals_starve_nobody(daemon)
    test_in_order(daemon)
    test_told(daemon)
    m.check(daemon.addresses("www.example.com") in
            (["127.0.1.1"], ["127.0.2.1"]), "queries are answered")
