#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 while many ask at once, so that their changes are saved together:
what was acknowledged is there after a start, and nothing is that nobody asked
for.  MERIDIAN_KILLS rounds (default 6), MERIDIAN_SEED."""
import http.client
import json
import os
import random
import socket
import threading
import time

import meridian as m

ROUNDS = int(os.environ.get("MERIDIAN_KILLS", "6"))
SEED = int(os.environ.get("MERIDIAN_SEED", time.time_ns()))
CLIENTS = 16
ADDRESSES = [f"192.0.2.{i + 1}" for i in range(2 * CLIENTS)]
CONFIG = m.config(
    monitor="monitors:\n  word: {type: external, interval: 60s}\n",
    pools="  www:\n    monitor: word\n    regions:\n      eu: ["
    + ", ".join("{addr: %s}" % a for a in ADDRESSES)
    + "]\n      us: [{addr: 192.0.2.250}]\n",
    policies="  line: {rules: [{regions: [eu, us]}]}\n",
    names="  www.example.com: {pool: www, policy: line}\n")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(m.DEADLINE)
        self.sock.connect(self.path)


class Client(threading.Thread):
    """Alternates signals and drains of its own two targets.  Of each it knows
    what was acknowledged last, and what is asked for now."""

    def __init__(self, number):
        super().__init__()
        self.signalled, self.drained = ADDRESSES[2 * number:2 * number + 2]
        self.random = random.Random(f"{SEED} {number}")
        self.known = {"signal": None, "drain": None}
        self.asked = {}
        self.acknowledged = 0
        self.fault = None

    def request(self):
        if self.random.random() < 0.5:
            value = self.random.choice(["up", "down"])
            return "signal", value, "/v1/signal", {
                "what": f"word/{self.signalled}", "value": value, "for_s": 3600}
        what = f"www/eu/{self.drained}"
        if self.known["drain"] is not None and self.random.random() < 0.4:
            return "drain", None, "/v1/undrain", {"what": what}
        reason = f"{self.random.random():.9f}"
        return "drain", reason, "/v1/drain", {
            "what": what, "reason": reason, "for_s": 3600, "force": True}

    def run_until_killed(self, path):
        link = Connection(path)
        try:
            while True:
                kind, value, command, body = self.request()
                self.asked = {kind: value}
                link.request("POST", command, json.dumps(body))
                response = link.getresponse()
                reply = response.read()
                if response.status != 200:
                    if b"the daemon is shutting down" not in reply:
                        self.fault = f"{body}: {reply}"
                    return
                self.known[kind] = value
                self.asked = {}
                self.acknowledged += 1
        except (OSError, http.client.HTTPException):
            link.close()

    def compare(self, drains, health):
        m.check_quiet(self.fault is None, self.fault)
        for kind, got in (("signal", health.get(self.signalled)),
                          ("drain", drains.get(f"www/eu/{self.drained}"))):
            may = [self.known[kind]]
            if kind in self.asked:
                may.append(self.asked[kind])
            m.check_quiet(got in may, f"seed {SEED}: {kind} of {self.name}: "
                          f"{got}, not {may}")
            self.known[kind] = got
        self.asked = {}


def found(d):
    drains = {x["what"]: x["reason"] for x in d.json("drains")["drains"]}
    targets = d.region("www", "eu")["targets"]
    return drains, {t["target"]: t["health"] for t in targets
                    if t["health"] != "unknown"}


print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
clients = [Client(i) for i in range(CLIENTS)]
with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
    for number in range(ROUNDS):
        before = sum(c.acknowledged for c in clients)
        threads = [threading.Thread(target=c.run_until_killed,
                                    args=(d.control,)) for c in clients]
        for t in threads:
            t.start()
        enough = before + random.Random(SEED + number).randint(100, 900)
        m.wait_for("enough is acknowledged", lambda: sum(
            c.acknowledged for c in clients) >= enough, 2 * m.DEADLINE)
        if number % 3 == 2:
            d.process.terminate()
            d.process.wait(m.DEADLINE)
        else:
            d.kill()
        for t in threads:
            t.join(m.DEADLINE)
        # Health is not what is tested: signals alone say it.
        for name in ("health.json", "failback.json"):
            path = os.path.join(d.dir, "state", name)
            if os.path.exists(path):
                os.unlink(path)
        d.start()
        wanted = {c.signalled for c in clients if c.known["signal"]}
        m.wait_for("signals are heard", lambda: wanted <= set(found(d)[1]))
        drains, health = found(d)
        for c in clients:
            c.compare(drains, health)
    m.check("LOST" not in d.log_text() and "are lost" not in d.log_text(),
            f"{sum(c.acknowledged for c in clients)} changes acknowledged to "
            f"{CLIENTS} at once, {ROUNDS} ends: nothing lost, nothing invented")
