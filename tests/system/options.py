#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Keys of monitors and of health, each seen to matter: targets that get the
same replies fare as the one key, in which their monitors differ, says.

A plan has a letter for each reply; the last one goes on: + well, - not, s late,
b long, n without a body."""
import asyncio
import json
import os
import re
import time

import meridian as m
import trouble

FILES = {"zones/example.com.zone": m.ZONE}
# Who is well answers in time, however busy the machine is.
PACE = "interval: 2s, timeout: 2s"
CALM = "interval: 6s, timeout: 6s"
ONE = "fall: 1, rise: 1, clear: 1"
LATE_S, LONG = 0.6, 2000
UP, DOWN = "up after 1 of 1", "down after 1 of 1"


class Planned(trouble.Server):
    plan = "+"

    async def talk(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            letter = self.plan[min(len(self.requests), len(self.plan) - 1)]
            self.requests.append(head)
            if letter == "s":
                await asyncio.sleep(LATE_S)
            status = {"-": b"503", "n": b"204"}.get(letter, b"200")
            body = {"b": b"x" * LONG, "n": b""}.get(letter, b"ok\n")
            writer.write(b"HTTP/1.1 %s Said\r\nContent-Length: %d\r\n\r\n%s" % (
                status, len(body), b"" if head.startswith(b"HEAD ") else body))
            await writer.drain()


class Case:
    """One monitor, on a target of its own."""

    def __init__(self, name, keys, plan="+", says=(UP,), last="", on=None):
        self.name, self.keys, self.says, self.last = name, keys, says, last
        self.server = (on or farm).new(f"127.50.{len(cases)}.1", plan)
        cases.append(self)

    def config(self):
        return f"  {self.name}: {{{self.keys}}}\n"


class Farm(trouble.Farm):
    def new(self, address, plan):
        server = Planned(self, address, False)
        server.plan = plan
        self.call(server.listen())
        return server


def http(rest, pace=PACE):
    return f"type: http, port: {farm.port}, {pace}, {rest}"


def keys_without_test():
    """What the schema has and no system test sets."""
    with open(os.path.join(m.SRCDIR, "src", "conf", "schema.c")) as f:
        keys = set(re.findall(
            r"\{SCHEMA_(?:MONITOR|QUERY|EXPECT|DAMP|HEALTH), \"(\w+)\"",
            f.read()))
    folder = os.path.join(m.SRCDIR, "tests", "system")
    text = ""
    for name in os.listdir(folder):
        if name.endswith(".py"):
            with open(os.path.join(folder, name)) as f:
                text += f.read()
    return [k for k in sorted(keys) if not re.search(rf"\b{k}: ", text)]


m.check(keys_without_test() == [], "every key is set by a system test")

farm, cases = Farm(), []
farm.new("127.50.255.1", "+")  # which finds a port

# fall: failures until it is down.
PLAN = "+--+++"
Case("fall-2", http("fall: 2, rise: 1"), PLAN, (UP, "down after 2 of 2", UP))
Case("fall-3", http("fall: 3, rise: 1"), PLAN)
# rise: successes in a row until it is up again.
Case("rise-4", http("fall: 2, rise: 4"), PLAN,
     (UP, "down after 2 of 2", "up after 4 of 4"))
# clear: successes in a row that forget failures.
PLAN = "+-++-++-+"
Case("clear-2", http("fall: 3, rise: 1, clear: 2"), PLAN)
Case("clear-3", http("fall: 3, rise: 1, clear: 3"), PLAN,
     (UP, "down after 3 of 3", UP))
# timeout, and slow.
Case("timeout-short", http(ONE, "interval: 6s, timeout: 300ms"), "s",
     (DOWN,), "timeout 300 ms")
Case("timeout-long", http(ONE, CALM), "s")
Case("slow-short", http(ONE + ", slow: 300ms", CALM), "s",
     ("degraded after 1 of 1",), "slow: 300 ms or more")
Case("slow-long", http(ONE + ", slow: 4s", CALM), "s")
# interval: how many probes there are meanwhile.
quick = Case("interval-short", http(ONE))
rare = Case("interval-long", http(ONE, CALM))

# damp: what changed often must stay well longer.
AGAIN, LONG_AGO = "up after 2 of 2", "forget: 1h, max: 1h"
Case("damp-none", http(ONE + ", damp: {max: 0s}"), "+-+-+",
     (UP, DOWN, UP, DOWN, UP))
Case("damp-after-0", http(ONE + f", damp: {{after: 0, {LONG_AGO}}}"),
     "+-++-++++", (UP, DOWN, AGAIN, DOWN, "up after 4 of 4"))
Case("damp-after-1", http(ONE + f", damp: {{after: 1, {LONG_AGO}}}"),
     "+-+-++", (UP, DOWN, UP, DOWN, AGAIN))
Case("damp-forget", http(ONE + ", damp: {after: 0, forget: 4s, max: 1h}"),
     "+-++++-++", (UP, DOWN, AGAIN, DOWN, AGAIN))
Case("damp-max", http(ONE + ", damp: {after: 0, forget: 1h, max: 4s}"),
     "+-++-++", (UP, DOWN, AGAIN, DOWN, AGAIN))

# What is sent, and what is expected.
METHODS = [Case(method.lower(), http(f"{ONE}, method: {method}"))
           for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS")]
Case("status-200", http(ONE), "n", (DOWN,), "status 204, not 200")
Case("status-204", http(ONE + ", expect: {status: 204}"), "n")
Case("body-none", http(ONE + ", expect: {body: absent}"), "+", (DOWN,),
     'status 200, but the body has no "absent"')
Case("body-some", http(ONE + ", expect: {body: ok}"))
Case("max-body-1999", http(ONE + ", expect: {max_body: 1999}"), "b", (DOWN,),
     "the body has more than 1999 octets")
Case("max-body-2000", http(ONE + ", expect: {max_body: 2000}"), "b")
Case("tcp", f"type: tcp, port: {farm.port}, {PACE}, {ONE}", "-")
Case("tcp-refused", f"type: tcp, port: 1, {PACE}, {ONE}", "+", (DOWN,),
     "refused")
usual = Farm()
usual.port = 80
try:
    Case("usual-port", f"type: http, {PACE}, {ONE}", on=usual)
except OSError as e:
    print(f"not tried: port 80: {e.strerror}")


def config(monitors, pools, health):
    return m.config(
        monitor="monitors:\n" + monitors, pools=pools,
        policies="  all: {rules: [{regions: all}]}\n",
        names="".join(f"  {p}.example.com: {{pool: {p}, policy: all}}\n"
                      for p in re.findall(r"^  ([\w-]+):", pools, re.M)),
        extra=f"health: {{{health}}}\n")


def target(d, pool):
    return d.region(pool, "eu")["targets"][0]


def says(d, case):
    """What the log says of a target, one after another."""
    return re.findall(rf"target {case.name}/\S+ {case.name}: "
                      r"(\w+ after \d+ of \d+)", d.log_text())


def over(case):
    """All of the plan was asked for, and once more."""
    return len(case.server.requests) > len(case.server.plan)


# Targets that fail by plan are no reason to doubt oneself.
with m.Daemon(config("".join(c.config() for c in cases),
                     "".join(f"  {c.name}: {{monitor: {c.name}, regions: "
                             f"{{eu: [{{addr: {c.server.address}}}]}}}}\n"
                             for c in cases),
                     "suspect_min: 1000"), FILES) as d:
    for c in cases:
        m.wait_for(f"{c.name}: {', '.join(c.says)}", lambda: tuple(
            says(d, c)) == c.says and c.last in
            target(d, c.name)["watches"][0]["last"])
    for c in cases:
        if not c.keys.startswith("type: tcp") and "6s" not in c.keys:
            m.wait_for(f"{c.name}: to the end of the plan", lambda: over(c))
        m.check(tuple(says(d, c)) == c.says, f"{c.name}: " + ", ".join(c.says))
    for c in METHODS:
        head = c.server.requests[-1].decode()
        m.check(head.startswith(c.name.upper() + " / HTTP/1.1\r\n"),
                f"{c.name} is sent as such")
    many, few = len(quick.server.requests), len(rare.server.requests)
    m.check(many > 2 * few > 2, f"{many} probes at 2 s, {few} at 6 s")


# health: when the prober suspects itself. ------------------------------------

ADDRESSES = ["127.51.0.1", "127.51.1.1", "127.51.2.1", "127.51.3.1"]


def four(monitor, health):
    """Targets in two pools and regions each, on one port."""
    a = [f"[{{addr: {a}}}]" for a in ADDRESSES]
    return config(f"  web: {{{monitor}}}\n",
                  f"  one: {{monitor: web, regions: {{eu: {a[0]}, us: {a[1]}}}}}"
                  f"\n  two: {{monitor: web, regions: {{eu: {a[2]}, us: {a[3]}}}"
                  "}\n", health)


def healths(d):
    return [r["targets"][0]["health"] for p in d.json("status")["pools"]
            for r in p["regions"]]


def suspicion(health, dead, freezes):
    targets = [m.Target(ADDRESSES[0])]
    port = targets[0].port
    targets += [m.Target(a, port) for a in ADDRESSES[1:]]
    with m.Daemon(four(f"type: http, port: {port}, interval: 1s, timeout: 1s, "
                       "fall: 2, rise: 1", health), FILES) as d:
        m.wait_for("all up", lambda: healths(d) == ["up"] * 4)
        for t in targets[:dead]:
            t.kill()
        if freezes:
            m.wait_for(f"{health}: frozen",
                       lambda: d.json("status")["prober"]["frozen"])
            m.check(healths(d) == ["up"] * 4,
                    f"{health}: {dead} of 4 fail: frozen")
        else:
            m.wait_for(f"{health}: down", lambda: healths(d) ==
                       ["down"] * dead + ["up"] * (4 - dead))
            m.check(d.json("status")["prober"]["times"] == 0,
                    f"{health}: {dead} of 4 fail: they are down")
    for t in targets[dead:]:
        t.kill()


suspicion("suspect: 75%", 3, True)
suspicion("suspect: 76%", 3, False)
suspicion("suspect_min: 4", 4, True)
suspicion("suspect_min: 5", 4, False)

anchor = farm.new("127.50.254.1", "+")
with m.Daemon(four(f"type: http, port: {farm.port}, {CALM}",
                   f'anchors: ["{anchor.address}@{farm.port}"], '
                   "anchor_interval: 1s, anchor_timeout: 300ms"), FILES) as d:
    def seen():
        return d.json("status")["prober"]["anchors"][0]

    m.wait_for("the anchor answers", lambda: seen()["answered"])
    farm.call(anchor.set("blackhole"))
    m.wait_for("anchor_timeout: 300ms", lambda: seen()["fails"] and
               seen()["last"] == "timeout 300 ms")
    print("ok: anchor_timeout: 300ms is how long an anchor may take")

# health.keep: how long what was believed counts after a start.
silent = farm.new("127.50.253.1", "+")


def kept(keep):
    pools = (f"  one: {{monitor: web, regions: {{eu: [{{addr: "
             f"{silent.address}}}]}}}}\n")
    return config(f"  web: {{{http(ONE, CALM)}}}\n", pools, f"keep: {keep}")


with m.Daemon(kept("1h"), FILES) as d:
    def on_disk():
        path = os.path.join(d.dir, "state", "health.json")
        if not os.path.exists(path):
            return None
        with open(path) as f:
            return [h for h in json.load(f)["health"] if h["state"] == "up"]

    m.wait_for("health on disk", on_disk)
    began = time.time()
    d.kill()
    farm.call(silent.set("blackhole"))
    for keep, state in (("1h", "up"), ("1s", "unknown")):
        m.wait_for("it is old", lambda: time.time() > began + 3)
        d.write("meridian.yaml", kept(keep))
        d.start()
        m.check(target(d, "one")["health"] == state, f"keep: {keep}: {state}")
        d.kill()
    d.start()
