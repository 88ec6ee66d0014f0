# SPDX-License-Identifier: BSD-3-Clause
"""Events across restarts: each run has an id of its own, a number of one run
skips nothing of another, and who follows gets all, once."""
import json
import os
import re
import signal
import subprocess
import time

import meridian as m


class Follower:
    """meridianctl --json events --follow, into files."""

    def __init__(self, d, *args):
        self.out = os.path.join(d.dir, "events")
        self.err = os.path.join(d.dir, "errors")
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [m.MERIDIANCTL, "--socket", d.control, "--json", "events",
                 "--follow", *args], stdout=out, stderr=err,
                # A shell's job in the background ignores it.
                preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                 signal.SIG_DFL))

    def events(self):
        with open(self.out) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def seen(self):
        return {(e["run"], e["seq"]) for e in self.events()}

    def errors(self):
        with open(self.err) as f:
            return f.read()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(m.DEADLINE)


def run_of(d):
    return d.json("status")["run"]


def kept(d, *args):
    return [json.loads(line) for line in
            d.ctl("--json", "events", *args).stdout.splitlines()]


def numbers(events):
    return [e["seq"] for e in events]


def drain(d, times=3):
    for _ in range(times):
        d.ctl("drain", "eu", "--for", "1h", "--reason", "test", "--force")
        d.ctl("undrain", "eu")


def across_restarts(d):
    f = Follower(d)
    all_events = []
    for end in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        drain(d)
        before = kept(d)
        m.wait_for("all are seen", lambda want=before: {
            (e["run"], e["seq"]) for e in want} <= f.seen())
        all_events += before
        d.process.send_signal(end)
        d.process.wait(m.DEADLINE)
        m.wait_for("the daemon is missed",
                   lambda: f.errors().count("waiting for the daemon") > 0)
        d.start()
    drain(d)
    all_events += kept(d)
    want = {(e["run"], e["seq"]) for e in all_events}
    m.wait_for("the last run is seen", lambda: want <= f.seen())
    got = [(e["run"], e["seq"]) for e in f.events()]
    m.check(len(got) == len(set(got)), "no event comes twice")
    runs = list(dict.fromkeys(run for run, _ in got))
    m.check(len(runs) == 4, "four runs have an id each")
    for run in runs:
        own = [seq for r, seq in got if r == run]
        m.check_quiet(own == list(range(1, len(own) + 1)),
                      f"run {run}: {own}")
    m.check(True, "none is missing, and the order is right")
    m.check(f.errors().count("is back, run ") == 3 and runs[-1] in
            f.errors(), "each restart is told on standard error")
    m.check(f.process.poll() is None, "it goes on until it is interrupted")
    f.end()
    m.check(f.process.returncode == -signal.SIGINT, "and ends then")
    return runs


def since(d, runs):
    n = kept(d)[-1]["seq"]
    m.check(run_of(d) == runs[-1], "status tells the run")
    m.check(numbers(kept(d, "--since", f"{runs[-1]}:{n - 2}")) == [n - 1, n],
            "RUN:NUMBER of this run")
    for run in (runs[0], "0", "another"):
        m.check_quiet(numbers(kept(d, "--since", f"{run}:{n - 2}")) ==
                      list(range(1, n + 1)), run)
    m.check(True, "RUN:NUMBER of another run: all of this one")
    m.check(numbers(kept(d, "--since", str(n - 1))) == [n], "NUMBER")
    m.check(numbers(kept(d, "--since", str(n + 1))) == list(range(1, n + 1)),
            "a number beyond the last is of another run")
    for wrong in ("x", ":", ":1", "a:", "a:b", "-1", "1.5", "", "a:-1"):
        d.ctl("events", "--since", wrong, expect=2)
    line = d.ctl("events", "--since", str(n - 1)).stdout
    m.check(re.match(rf"{runs[-1]}:{n} \d{{4}}-", line),
            "people read RUN:NUMBER, too")


def chosen(d):
    levels = [e["level"] for e in kept(d, "--level", "warning")]
    m.check(levels and set(levels) <= {"warning", "error"},
            "--level leaves the less important out")
    d.ctl("events", "--level", "loud", expect=2)
    m.check(kept(d, "--since-time", "2001-01-31T00:00:00Z") == kept(d),
            "--since-time long ago")
    m.check(kept(d, "--since-time", "+1h") == [], "--since-time to come")
    d.ctl("events", "--since-time", "soon", expect=2)
    f = Follower(d, "--level", "warning", "--since", "0")
    drain(d)
    want = kept(d, "--level", "warning")
    m.wait_for("they are followed", lambda: f.events() == want)
    f.end()
    m.check(True, "--level and --follow")


def away(d):
    f = Follower(d, "--timeout", "1s")
    m.wait_for("it follows", f.events)
    start = time.monotonic()
    d.process.terminate()
    d.process.wait(m.DEADLINE)
    m.check(f.process.wait(m.DEADLINE) == 3 and
            time.monotonic() - start >= 1.0,
            "a daemon that stays away longer than --timeout: exit 3")
    d.ctl("events", "--follow", expect=3)
    m.check(True, "and at once when there was none at first")
    d.start()
    f = Follower(d, "--timeout", "0s")
    m.wait_for("it follows", f.events)
    d.process.terminate()
    d.process.wait(m.DEADLINE)
    m.check(f.process.wait(m.DEADLINE) == 3, "--timeout 0s waits for nothing")
    d.start()


target = m.Target("127.0.0.1")
with m.Daemon(m.three_regions(
        {"eu": ["127.0.0.1"], "us": ["127.0.0.2"]}, target.port),
        {"zones/example.com.zone": m.ZONE}) as daemon:
    ids = across_restarts(daemon)
    since(daemon, ids)
    chosen(daemon)
    away(daemon)
