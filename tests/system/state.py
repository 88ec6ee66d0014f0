#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Health on disk: a full disk (a small tmpfs of this test) leaves the last
state whole; after kill -9 it is restored with its age, until probes say more.
"""
import ctypes
import json
import os
import socket
import subprocess
import sys
import time

import meridian as m

CLONE_NEWNS = 0x00020000


def small_disk(folder):
    """Mounted for this process and its children alone."""
    os.makedirs(folder)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        m.skip("a mount namespace cannot be made: "
               + os.strerror(ctypes.get_errno()))
    for words in (["--make-rprivate", "/"],
                  ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]):
        done = subprocess.run(["mount", *words], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            m.skip(f"mount {' '.join(words)}: {done.stderr.strip()}")


def saved(d):
    """The states by address, and how old the youngest is."""
    try:
        with open(os.path.join(d.dir, "state", "health.json")) as f:
            rows = json.load(f)["health"]
    except FileNotFoundError:
        return {}, None
    return ({r["address"]: r["state"] for r in rows},
            time.time() - max(r["last_at"] for r in rows))


def fill(path):
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 512)
        except OSError:
            pass


def calm(d):
    return d.region("calm", "eu")["targets"][0]


eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
config = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)
# Long probes: what is from before the start can be seen.
slow = m.Target("127.0.4.1", eu.port)
config = config.replace("monitors:\n", f"""\
monitors:
  calm: {{type: http, port: {eu.port}, interval: 5s, timeout: 5s}}
""").replace("pools:\n", f"""\
pools:
  calm: {{monitor: calm, regions: {{eu: [{{addr: {slow.address}}}]}}}}
""")
daemon = m.Daemon(config, {"zones/example.com.zone": m.ZONE})
state = os.path.join(daemon.dir, "state")
small_disk(state)
with daemon as d:
    m.wait_for("health on disk", lambda: saved(d)[0] == {
        f"127.0.{i}.1": "up" for i in range(1, 5)})
    fill(os.path.join(state, "full"))
    eu.kill()
    m.wait_for("eu down", lambda: not d.region("www", "eu")["live"])
    m.wait_for("the log says that the disk is full",
               lambda: "No space left" in d.log_text())
    m.check(saved(d)[0]["127.0.1.1"] == "up",
            "a full disk leaves the last state whole")
    m.check(d.addresses("www.example.com", ecs="198.18.1.1/32") ==
            ["127.0.2.1"], "and changes no answer")
    m.check(not [name for name in os.listdir(state)
                 if name.startswith("health.json.")],
            f"and leaves nothing half written: {sorted(os.listdir(state))}")
    os.unlink(os.path.join(state, "full"))
    m.wait_for("health on disk again",
               lambda: saved(d)[0]["127.0.1.1"] == "down")
    d.kill()

    # It takes connections and says nothing.
    slow.kill()
    silent = socket.create_server((slow.address, slow.port), backlog=64)
    age = saved(d)[1]
    d.start()
    got = calm(d)
    m.check(got["health"] == "up" and got["watches"][0]["restored"] and
            time.time() - got["watches"][0]["last_at"] >= age,
            f"health is restored with its age ({age:.1f} s)")
    m.check(not d.region("www", "eu")["live"], "what was down is down")
    m.wait_for("a probe says more", lambda:
               not calm(d)["watches"][0]["restored"])

    d.kill()
    d.write("state/health.json", '{"version": 1, "health": [{"key":')
    d.start()
    m.check("health begins as unknown" in d.log_text() and
            os.path.exists(os.path.join(state, "health.json.bad")),
            "a file cut short is kept and told of")
    m.check(calm(d)["health"] == "unknown", "and then health is unknown")
    silent.close()
