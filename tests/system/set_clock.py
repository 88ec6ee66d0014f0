#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Leases while the wall clock is set (set_clock.c, for this daemon alone): how
long they last does not change, announced ones begin by the wall clock, a
machine that slept has let time go by, and a restart finds all of it."""
import json
import os
import time

import meridian as m

HELPER = os.environ.get("SET_CLOCK_HELPER",
                        os.path.abspath("tests/system/set_clock.so"))
HOUR, DAY = 3600, 86400
CONFIG = m.config(
    monitor="monitors:\n  word: {type: external, interval: 200ms,"
    " on_stale: down}\n",
    pools="  www:\n    regions:\n"
    "      eu: [{addr: [192.0.2.1]}]\n      us: [{addr: [192.0.2.2]}]\n"
    "      ap: [{addr: [192.0.2.3]}]\n"
    "  word: {monitor: word, regions: {eu: [{addr: 192.0.2.9}]}}\n",
    policies="  near: {rules: [{regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")


class Clock:
    def __init__(self, d):
        self.path = os.path.join(d.dir, "ahead")
        self.wall = self.boot = 0
        self.daemon = d
        d.by = ("env", f"LD_PRELOAD={HELPER}", f"SET_CLOCK={self.path}",
                "ASAN_OPTIONS=verify_asan_link_order=0:"
                + os.environ.get("ASAN_OPTIONS", ""))
        self.move(0, 0)

    def move(self, wall, boot=0):
        """At once, for the daemon."""
        self.wall += wall
        self.boot += boot
        with open(self.path + ".new", "w") as f:
            f.write(f"{self.wall} {self.boot}")
        os.rename(self.path + ".new", self.path)

    def set(self, wall):
        """And the daemon has seen it."""
        before = self.daemon.log_text().count("wall clock was set")
        self.move(wall)
        m.wait_for("it has seen the clock", lambda: self.daemon.log_text()
                   .count("wall clock was set") > before)

    def now(self):
        return time.time() + self.wall


def leases(d):
    return {x["what"]: x for x in d.json("drains")["drains"]}


def looks_right(d, clock, how, least, most):
    """eu is drained for about that long; until is of the clock as it is."""
    got = leases(d)["eu"]
    m.check(least <= got["left_s"] <= most and
            abs(got["until"] - clock.now() - got["left_s"]) <= 3,
            f"{how}: another {got['left_s']} s")


def saved_until(d, kind, key, value):
    """The end of that record on disk; a later line replaces an earlier one."""
    until = None
    for name in (f"{kind}.json", f"{kind}.journal"):
        path = os.path.join(d.dir, "state", name)
        for line in open(path) if os.path.exists(path) else ():
            if f'"{key}":"{value}"' in line:
                until = json.loads(line.strip(" ,\n"))["until"]
    return until


def is_saved(d, clock):
    """The end of the drain and that of the signal, by the clock as it is."""
    return abs(saved_until(d, "drains", "what", "eu") -
               leases(d)["eu"]["until"]) <= 1 and \
        0 <= saved_until(d, "signals", "monitor", "word") - clock.now() <= 600


def word(d):
    return d.region("word", "eu")["targets"][0]["health"]


daemon = m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE})
clock = Clock(daemon)
with daemon as d:
    d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
    d.ctl("signal", "word", "up", "--for", "10m")
    m.wait_for("the signal", lambda: word(d) == "up")
    for how, step in (("a day forward", DAY), ("three days back", -3 * DAY),
                      ("an hour forward", HOUR), ("a minute back", -60)):
        clock.set(step)
        looks_right(d, clock, how, 540, 600)
        m.check(word(d) == "up", f"{how}: the signal holds")
        m.wait_for("that is saved", lambda: is_saved(d, clock))
        d.kill()
        d.start()
        looks_right(d, clock, f"{how}, and kill -9", 540, 600)
        m.wait_for("the signal", lambda: word(d) == "up")

    # A short one ends when its time is over, whatever the clock says.
    d.ctl("drain", "www/us", "--for", "3s", "--reason", "x")
    clock.set(-HOUR)
    m.wait_for("its end", lambda: "www/us" not in leases(d), 10)
    m.check("eu" in leases(d), "a clock set back makes no lease longer")

    # Announced: by the clock on the wall; how long it lasts is not.
    at = int(clock.now()) + 2 * HOUR
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    d.ctl("drain", "www/ap", "--at", text, "--for", "10m", "--reason", "x")
    clock.set(HOUR)
    m.check(leases(d)["www/ap"]["at"] == at and
            abs(leases(d)["www/ap"]["begins_s"] - HOUR) <= 5,
            "an announced one begins by the wall clock")
    clock.set(HOUR + 10)
    m.wait_for("it begins", lambda: leases(d)["www/ap"]["at"] is None)
    clock.set(DAY)
    m.check(500 <= leases(d)["www/ap"]["left_s"] <= 600,
            "and lasts as long as it was given for")

    # The machine sleeps: both clocks go on, the monotonic one does not.
    told = d.log_text().count("wall clock was set")
    clock.move(HOUR, HOUR)
    m.wait_for("leases that ended meanwhile", lambda: leases(d) == {})
    m.wait_for("the signal too", lambda: word(d) == "down")
    m.check(d.log_text().count("wall clock was set") == told,
            "a machine that slept has not set its clock")

    # Down for an hour: the wall clock counts.
    d.ctl("drain", "eu", "--for", "30m", "--reason", "x")
    d.ctl("drain", "www/us", "--for", "3h", "--reason", "x")
    d.kill()
    clock.move(HOUR)
    d.start()
    m.check(list(leases(d)) == ["www/us"] and
            abs(leases(d)["www/us"]["left_s"] - 2 * HOUR) <= 30,
            "across a restart the wall clock counts")
    # A clock that knows nothing yet, as without a battery.
    d.kill()
    clock.move(-int(clock.now()) + DAY)
    d.start()
    m.check(leases(d)["www/us"]["left_s"] <= 3 * HOUR,
            "and one that is far behind makes no lease longer than it was")
