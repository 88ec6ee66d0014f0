#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A disk that does not come back (slow_disk.c) delays acknowledgements, and
nothing else: probes, failover, answers, other commands, leases that end."""
import os
import signal
import subprocess
import time

import meridian as m

HELPER = os.environ.get("SLOW_DISK_HELPER",
                        os.path.abspath("tests/system/slow_disk.so"))


class Disk:
    """Blocks while its file is there."""

    def __init__(self, d):
        self.path = os.path.join(d.dir, "blocked")
        d.by = ("env", f"LD_PRELOAD={HELPER}", f"SLOW_DISK={self.path}",
                "ASAN_OPTIONS=verify_asan_link_order=0:"
                + os.environ.get("ASAN_OPTIONS", ""))

    def block(self):
        with open(self.path, "w"):
            pass

    def release(self):
        os.unlink(self.path)


def ask(d, *words):
    """A command that waits for the disk, perhaps."""
    return subprocess.Popen(
        [m.MERIDIANCTL, "--socket", d.control, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def drained(d):
    return {x["what"] for x in d.json("drains")["drains"]}


def answer(d):
    return d.addresses("www.example.com", ecs="198.18.1.1/32")


def blocked(d, disk, eu):
    d.ctl("drain", "ap", "--for", "2s", "--reason", "ends by itself")
    disk.block()
    waiting = [
        ask(d, "drain", "www/us", "--for", "10m", "--reason", "one"),
        ask(d, "signal", "word", "down", "--for", "10m"),
        ask(d, "drain", "eu", "--at", "+1h", "--for", "10m", "--reason", "x")]
    m.wait_for("the short drain ends by itself", lambda: drained(d) == set())
    m.check(True, "leases end while the disk is blocked")
    eu.kill()
    m.wait_for("failover", lambda: answer(d) == ["127.0.2.1"])
    m.check(True, "failover works while the disk is blocked")
    d.ctl("explain", "www.example.com", "A", "--from", "198.18.1.1")
    d.ctl("whatif", "--down", "eu")
    d.ctl("reload")
    m.check(all(p.poll() is None for p in waiting),
            "what cannot be saved yet is not acknowledged")
    m.check(drained(d) == set() and
            d.region("word", "eu")["targets"][0]["health"] != "down",
            "nor in force")

    # eu is dead, us is being drained: without ap no region would be left.
    no = d.ctl("drain", "www/ap", "--for", "10m", "--reason", "two", expect=1)
    m.check("min_regions" in no.stderr,
            f"what waits counts in the safety check: {no.stderr.strip()}")
    end = ask(d, "undrain", "www/us")
    renewal = ask(d, "drain", "eu", "--for", "20m", "--reason", "two",
                  "--force")
    time.sleep(0.2)
    m.check(end.poll() is None and renewal.poll() is None,
            "changes of what waits are waited for")
    disk.release()
    for p in [*waiting, end, renewal]:
        out, err = p.communicate(timeout=m.DEADLINE)
        m.check(p.returncode == 0, f"acknowledged: {out.strip()}{err}")
    m.check(drained(d) == {"eu"} and len(d.json("drains")["drains"]) == 2,
            "all is in force, in the order in which it was asked for")
    m.check(d.region("word", "eu")["targets"][0]["health"] == "down",
            "the signal too")


def outlived(d):
    d.kill()
    d.start()
    m.check(len(d.json("drains")["drains"]) == 2, "it outlives kill -9")
    m.wait_for("the signal", lambda:
               d.region("word", "eu")["targets"][0]["health"] == "down")


def state(d):
    return d.json("status")["state"]


def unsaved(d, disk):
    """--unsaved does not wait for a disk that does not answer; those before it
    are refused, as they would come into force after it."""
    d.ctl("undrain", "eu")
    disk.block()
    first = ask(d, "drain", "www/us", "--for", "10m", "--reason", "plain",
                "--force")
    said = m.wait_for("status says so", lambda: state(d))
    m.check("has not answered" in said[0] and "--unsaved" in said[0] and
            said[0].partition(" for ")[0] in d.ctl("status").stdout,
            f"status: {said}")
    out = d.ctl("drain", "eu", "--for", "10m", "--reason", "now", "--force",
                "--unsaved")
    m.check("NOT SAVED" in out.stdout and "eu" in drained(d),
            f"--unsaved is in force: {out.stdout.strip()}")
    out, err = first.communicate(timeout=m.DEADLINE)
    m.check(first.returncode == 1 and "waiting: " in err and
            "has not answered for" in err, f"the one before: {err.strip()}")
    d.ctl("signal", "word", "up", "--for", "10m", "--unsaved")
    second = ask(d, "drain", "www/us", "--for", "10m", "--reason", "plain",
                 "--force")
    third = d.ctl("undrain", "eu", "--unsaved")
    m.check(second.wait(m.DEADLINE) == 1 and "eu" not in drained(d),
            "likewise for the end of one")
    d.ctl("drain", "eu", "--for", "10m", "--reason", "now", "--force",
          "--unsaved")
    m.check(len(d.json("drains")["unsaved"]) == 2, third.stdout.strip())
    disk.release()
    m.wait_for("it is saved", lambda: d.json("drains")["unsaved"] == [])
    m.check(state(d) == [], "and status says no more of it")
    d.kill()
    d.start()
    m.check(drained(d) == {"eu"}, "it outlives kill -9; what was refused is "
            "not there")


def ended(d, disk):
    """SIGTERM does not wait for the disk for long."""
    disk.block()
    waits = ask(d, "drain", "us", "--for", "10m", "--reason", "x", "--force")
    m.wait_for("it waits", lambda: "x" in open(os.path.join(
        d.dir, "state", "drains.json.tmp")).read()
        if os.path.exists(os.path.join(d.dir, "state", "drains.json.tmp"))
        else False)
    d.process.send_signal(signal.SIGTERM)
    code = d.process.wait(m.DEADLINE)
    out, err = waits.communicate(timeout=m.DEADLINE)
    m.check(code == 0, "SIGTERM ends it")
    m.check(waits.returncode == 1 and "the daemon is shutting down" in err,
            f"and whoever waits is told: {err.strip()}")
    disk.release()
    d.start()


eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
config = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)
config = config.replace("monitors:\n", """\
monitors:
  word: {type: external, interval: 200ms}
""").replace("pools:\n", """\
pools:
  word: {monitor: word, regions: {eu: [{addr: 192.0.2.9}]}}
""")
daemon = m.Daemon(config, {"zones/example.com.zone": m.ZONE})
disk = Disk(daemon)
with daemon as d:
    m.wait_for("all up", lambda: all(
        d.region("www", r)["targets"][0]["health"] == "up"
        for r in ("eu", "us", "ap")))
    blocked(d, disk, eu)
    outlived(d)
    unsaved(d, disk)
    ended(d, disk)
    m.check("on the main thread" not in d.log_text(),
            "main has waited for the disk at no time")
