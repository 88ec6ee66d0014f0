#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random pools, costs, capacities, policies, fences, stand-ins and loads that
targets report; random queries for both families from several places; reloads
and drains in between: at each step status, whatif and the reply to a drain have
the same figures within a percent, a drain is refused for what whatif calls
unsafe and for nothing else, and regions then carry what was foreseen.

AGREE_SEEDS worlds from AGREE_SEED on, AGREE_AT_ONCE of them at a time."""
import contextlib
import json
import os
import random
import re
import socket
import subprocess
import sys
import time

import flood
import meridian as m

SEED = int(os.environ.get("AGREE_SEED", "1"))
SEEDS = int(os.environ.get("AGREE_SEEDS", "2"))
AT_ONCE = int(os.environ.get("AGREE_AT_ONCE", "2"))
STEPS = int(os.environ.get("AGREE_STEPS", "3"))
NETS = 6
HERE = 0.03   # the part of the queries that loopback asks for itself
PERIOD_S = 5  # in which status measures
LOOKS = 1     # periods over which the load after a drain is averaged


class Loaded(m.Target):
    """A target that reports how full what it is told to carry makes it."""
    load = 0.0

    def start(self):
        super().start()
        target, end = self, self.server.RequestHandlerClass.end_headers

        def end_headers(handler):
            handler.send_header("X-Load", f"{target.load:.4f}")
            end(handler)
        self.server.RequestHandlerClass.end_headers = end_headers


class World:
    """A configuration and its traffic, both by the seed."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        pick = self.draw
        self.regions = [f"r{i}" for i in range(pick.choice((2, 3, 3, 4)))]
        self.capacity = {r: pick.randrange(40, 160) for r in self.regions}
        self.costs = pick.choice(("none", "all", "all", "reported"))
        self.cost = [round(pick.uniform(0.3, 1.5), 1) for _ in range(2)]
        self.dual = pick.random() < 0.6
        self.min_regions = pick.choice((0, 1, 1, 2))
        self.max_fill = pick.choice((60, 80, 95))
        self.loaded = {}
        if self.costs == "reported":
            self.loaded[self.regions[0]] = Loaded("127.1.0.1")
            for i, r in enumerate(self.regions[1:], 2):
                self.loaded[r] = Loaded(f"127.1.0.{i}",
                                        self.loaded[self.regions[0]].port)
        self.pools = {p: self.pool(i) for i, p in enumerate(("p0", "p1"))}
        self.rules = {p: self.policy(p) for p in self.pools}
        self.text = self.configuration()

    def targets(self, pool, region):
        """The targets' addresses: IPv4, and IPv6 of some."""
        at = self.regions.index(region) + 1
        if self.loaded and pool == 0:
            return [(f"127.1.0.{at}", None)]
        return [(f"192.0.{pool}.{10 * at + k}",
                 f"2001:db8:{pool}::{10 * at + k}"
                 if self.dual and (k == 0 or self.draw.random() < 0.6)
                 else None)
                for k in range(self.draw.choice((1, 2)))]

    def pool(self, i):
        return {r: self.targets(i, r) for r in self.regions
                if r == self.regions[0] or self.draw.random() < 0.9}

    def policy(self, pool):
        rules = []
        for net in range(NETS):
            of = list(self.pools[pool])
            order = self.draw.sample(of, self.draw.randint(1, len(of)))
            if self.draw.random() < 0.2:
                rule = (f"nets: n{net}, regions: {{" + ", ".join(
                    f"{r}: {self.draw.randint(1, 4)}" for r in order) + "}")
            else:
                rule = f"nets: n{net}, regions: [{', '.join(order)}]"
            if self.draw.random() < 0.2:
                rule += ", fence: " + "AB"[self.regions.index(order[0]) % 2]
            elif pool == "p1" and self.draw.random() < 0.2:
                rule += ", when_all_down: {pool: sorry}"
            rules.append(f"      - {{{rule}}}\n")
        return ("".join(rules) + "      - {nets: here, regions: [" +
                ", ".join(self.pools[pool]) + "]}\n" +
                "      - {regions: nearest}\n")

    def configuration(self, comment=""):
        def written(pool):
            return "".join(
                f"      {r}: [" + ", ".join(
                    "{addr: [%s]}" % ", ".join(f'"{a}"' for a in t if a)
                    for t in targets) + "]\n"
                for r, targets in pool.items())

        text = comment + f"""\
meridian: 1
server: {{listen: ["127.0.0.1@0"], workers: 2, state: state,
         control: control.sock}}
zones: {{example.com: zones/example.com.zone}}
geoip:
  nets:
    here: [127.0.0.0/8]
""" + "".join(f"    n{i}: [20.{i}.0.0/16]\n" for i in range(NETS)) + \
            "regions:\n"
        for i, r in enumerate(self.regions):
            text += (f"  {r}: {{location: [{10 * i}, {20 * i}], jurisdiction: "
                     f"{'AB'[i % 2]}, capacity: {self.capacity[r]}}}\n")
        if self.loaded:
            port = self.loaded[self.regions[0]].port
            text += (f"monitors:\n  web: {{type: http, port: {port}, path: "
                     "/healthz, load: {header: X-Load}, interval: 500ms, "
                     "timeout: 400ms}\n")
        text += "pools:\n"
        for i, (name, pool) in enumerate(self.pools.items()):
            text += f"  {name}:\n"
            if self.costs != "none":
                text += f"    cost: {self.cost[i] if i else 1}\n"
            if self.loaded and i == 0:
                text += "    monitor: web\n"
            text += "    regions:\n" + written(pool)
        both = ', "2001:db8:9::1"' if self.dual else ""
        text += f"  sorry: {{regions: {{r0: [{{addr: [192.0.9.1{both}]}}]}}}}\n"
        text += "policies:\n"
        for name, rules in self.rules.items():
            text += f"  of-{name}:\n    rules:\n{rules}"
        text += "names:\n" + "".join(
            f"  {p}.example.com: {{pool: {p}, policy: of-{p}, ttl: {{max: 5, "
            "min: 1}}\n" for p in self.pools)
        return text + (f"safety: {{min_regions: {self.min_regions}, max_fill: "
                       f"{self.max_fill}%}}\n")

    def floods(self, d):
        """Clients of all nets, and those of loopback without a subnet."""
        for name in self.pools:
            for kind in ("A", "AAAA"):
                if kind == "AAAA" and (not self.dual or
                                       (self.loaded and name == "p0")):
                    continue
                clients = [([f"20.{i}.{k}.0/24" for k in range(200)],
                            self.draw.choice((0, 1, 1, 3)))
                           for i in range(NETS)]
                clients.append(([None], HERE * sum(w for _, w in clients)))
                yield flood.Flood(
                    d, f"{name}.example.com", clients,
                    self.draw.randrange(25, 70), kind,
                    f"127.0.0.{self.draw.randrange(1, 99)}")

    def whats(self):
        """What can be drained."""
        yield from self.regions
        for name, pool in self.pools.items():
            for r, targets in pool.items():
                yield f"{name}/{r}"
                for v4, _ in targets:
                    yield f"{name}/{r}/{v4}"


class Agree:
    def __init__(self, d, world):
        self.d, self.world = d, world
        self.done = {"compared": 0, "judged": 0, "unsafe": 0, "retried": 0,
                     "settled": 0}
        self.worst = 0.0
        self.seen, self.calm = {}, False

    def post(self, path, **body):
        text = json.dumps(body)
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as s:
            s.settimeout(m.DEADLINE)
            s.connect(self.d.control)
            s.sendall((f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
                       f"Content-Length: {len(text)}\r\nConnection: close\r\n"
                       f"\r\n{text}").encode())
            got = b""
            while data := s.recv(65536):
                got += data
        head, _, reply = got.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(reply)

    def status(self):
        return self.d.json("status")["capacity"]

    def whatif(self, what):
        return self.d.json("whatif", "--drain", what, expect=None)

    def close(self, a, b):
        """Within a percent, or a point."""
        if a is None or b is None:
            return a is b
        return abs(a - b) <= max(1.0, 0.01 * max(abs(a), abs(b)))

    def look(self):
        """Notes whether the last two looks at what regions carry were alike."""
        now = self.fills_of(self.status())
        if now != self.seen:
            self.calm = self.seen.keys() == now.keys() and all(
                abs(now[r] - self.seen[r]) < 8 for r in now)
            self.seen = now

    def fills_of(self, status):
        return {r["region"]: r["fill"] for r in status["regions"]}

    def same_status(self, a, b):
        a, b = self.fills_of(a), self.fills_of(b)
        return a.keys() == b.keys() and all(
            self.close(a[r], b[r]) for r in a)

    def status_agrees(self, status, told):
        known = self.fills_of(status)
        m.check_quiet(status["judged"] == told["judged"],
                      f"status and whatif judge: {status} {told}")
        m.check_quiet(
            words(status["why"]) == words(told["why"]),
            f"and say why not: {status['why']} {told['why']}")
        for r in told["regions"]:
            m.check_quiet(self.close(known.get(r["region"]),
                                     r["fill_before"]),
                          f"status has {known}, whatif {r}")

    def drain_agrees(self, code, does, told, what):
        apart = f"{what}: whatif {told['unsafe']}, drain {code} {does}"
        m.check_quiet((code == 200) == (not told["unsafe"]), apart)
        m.check_quiet([words(u) for u in does["unsafe"]] ==
                      [words(u) for u in told["unsafe"]], apart)
        m.check_quiet(does["judged"] == told["judged"] and
                      words(does["why"]) == words(told["why"]), apart)
        for a, b in zip(told["regions"], does["regions"]):
            m.check_quiet(
                a["region"] == b["region"] and all(
                    self.close(a[k], b[k]) for k in
                    ("fill_before", "fill_after", "sent_on_before",
                     "sent_on_after")),
                f"{what}: whatif {a}, drain {b}")
        for u in told["unsafe"]:
            if code != 200:
                m.check_quiet(words(u) in words(does["error"]),
                              f"{u} is in {does['error']}")

    def drain(self, what, **more):
        return self.post("/v1/drain", what=what, for_s=600, reason="agree",
                         **more)

    def same_traffic(self, a, b):
        """Were both made of what was counted up to the same second?"""
        return [r["before"] for r in a["regions"]] == [
            r["before"] for r in b["regions"]]

    def step(self, what):
        """One drain, asked about and asked for within a second, after which the
        traffic is counted anew: what whatif said of it, if it holds."""
        for _ in range(30):
            before, told = self.status(), self.whatif(what)
            code, does = self.drain(what)
            if code == 200:
                self.post("/v1/undrain", what=what)
            if self.same_status(before, self.status()) and \
                    self.same_traffic(told, does):
                break
            self.done["retried"] += 1
        else:
            print(f"{what}: never asked twice within a second: not compared")
            return None
        self.done["compared"] += 1
        self.status_agrees(before, told)
        self.drain_agrees(code, does, told, what)
        self.done["judged"] += told["judged"]
        self.done["unsafe"] += code != 200
        if code == 200 or self.world.draw.random() < 0.5:
            code, does = self.drain(what, force=True)
            m.check_quiet(code == 200, f"forced: {does}")
            return told
        return None

    def settles(self, told, floods):
        """What was foreseen is what is carried.  An average of LOOKS periods of
        a region that gets n answers a second has an error of
        1 / sqrt(n * LOOKS * PERIOD_S), of which four are allowed; what regions
        send on is not taken back between 94% and 98% of the limit, which is up
        to 6 points; and the client at loopback moves as a whole."""
        cost, calm = self.world.costs != "none", self.calm
        time.sleep(1.2 * PERIOD_S if cost else 0.2)
        here = HERE * sum(f.rate for f in floods) * max(self.world.cost + [1])
        sums, looks = {}, 0
        end = time.monotonic() + (LOOKS * PERIOD_S - 1 if cost else 1)
        while time.monotonic() < end:
            for r, fill in self.fills_of(self.status()).items():
                sums[r] = sums.get(r, 0) + fill
            looks += 1
            time.sleep(0.5)
        if cost and not (calm and all(f.is_steady(3 * PERIOD_S)
                                      for f in floods)):
            print("queries were held up: what came is not looked at")
            return
        # The load that is assumed is less where a region would be over it.
        if not cost and any(max(r["fill_after"] or 0, r["fill_before"] or 0)
                            > 99 for r in told["regions"]):
            return
        for r in told["regions"]:
            was = r["fill_after"]
            if was is None or r["region"] not in sums:
                continue
            fill = sums[r["region"]] / looks
            carried = was / 100 * (r["capacity"] or 0)
            noise = 0
            if cost and was > 0:
                noise = 4 * was / max(carried * LOOKS * PERIOD_S, 1) ** 0.5 + \
                    100 * here / r["capacity"]
            self.worst = max(self.worst, abs(fill - was))
            self.done["settled"] += 1
            m.check_quiet(abs(fill - was) < 6 + noise,
                          f"{r['region']} was foreseen at {was:.1f}%, is at "
                          f"{fill:.1f}% (may be {6 + noise:.1f} apart)")


def words(text):
    """Without the numbers that change from one moment to the next."""
    return re.sub(r"\d+(\.\d+)?(?=%| answers)", "N", text or "")


def report_loads(world, floods):
    """What targets of pool p0 report is what they would be asked for."""
    for r, target in world.loaded.items():
        n = sum(f.shares(5).get(target.address, 0) for f in floods)
        target.load = n / world.capacity[r]


def live(seed):
    world = World(seed)
    with m.Daemon(world.text, {"zones/example.com.zone": m.ZONE}) as d, \
            contextlib.ExitStack() as stack:
        agree = Agree(d, world)
        few = agree.whatif("r0")
        code, does = agree.drain("r0")
        agree.status_agrees(agree.status(), few)
        agree.drain_agrees(code, does, few, "r0")
        m.check_quiet(not few["judged"] and few["why"],
                      f"of no traffic nothing is judged, and why: {few}")
        if code == 200:
            agree.post("/v1/undrain", what="r0")
        floods = [stack.enter_context(f) for f in world.floods(d)]
        begun = time.monotonic()
        m.wait_for("the load is measured", lambda: (
            time.sleep(0.3) or agree.look() or report_loads(world, floods) or
            time.monotonic() > begun + (2 if agree.calm else 4) * PERIOD_S and
            agree.whatif("r0")["judged"]), 90)
        drained = []
        for i in range(STEPS):
            report_loads(world, floods)
            if i > 0 and world.draw.random() < 0.6:
                d.write("meridian.yaml",
                        world.configuration(f"# reload {i}\n"))
                d.ctl("reload")
            what = world.draw.choice(list(world.whats()))
            told = agree.step(what)
            drained += [what] if told else []
            if told and i == 0 and not world.loaded:
                agree.settles(told, floods)
            elif drained and world.draw.random() < 0.6:
                agree.post("/v1/undrain", what=drained.pop())
    m.check_quiet(agree.done["compared"] > 0, f"seed {seed}: {agree.done}")
    print(f"seed {seed}: {world.costs} costs, {len(world.regions)} regions, "
          f"{'two families' if world.dual else 'one'}: {agree.done}, at worst "
          f"{agree.worst:.1f} points apart from what was foreseen", flush=True)


def main():
    left, running, failed = list(range(SEED, SEED + SEEDS)), {}, []
    while left or running:
        while left and len(running) < AT_ONCE:
            seed = left.pop(0)
            running[seed] = subprocess.Popen([sys.executable, __file__,
                                              str(seed)])
        for seed, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[seed]
            if process.returncode != 0:
                failed.append(seed)
        time.sleep(0.05)
    m.check(not failed, f"{SEEDS} worlds agree" if not failed else
            f"AGREE_SEED of {failed}")


if len(sys.argv) > 1:
    live(int(sys.argv[1]))
else:
    main()
