#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Under load reloads change neither how full regions are nor what they send
on: the same configuration again, twice quickly, and with regions, pools, names
and costs added, renamed and in another order."""
import time

import flood
import meridian as m

CAPACITY = {"eu": 150, "us": 150, "ap": 300}
config = m.three_regions({"eu": ["127.0.1.1"], "us": ["127.0.2.1"],
                          "ap": ["127.0.3.1"]}, 1)
config = config.replace("    monitor: web\n", "    cost: 1\n")
for name, place in (("eu", "EU"), ("us", "US"), ("ap", "JP")):
    config = config.replace(f"{place}, capacity: 100",
                            f"{place}, capacity: {CAPACITY[name]}")
config += "safety: {max_fill: 80%}\n"
EUROPE = [f"198.18.{i}.0/24" for i in range(200)]


def line_of(start):
    return next(s for s in config.splitlines(True) if s.startswith(start))


EU, AP = line_of("  eu: {"), line_of("  ap: {")
CHANGES = {
    "the same": config,
    "regions in another order":
        config.replace(EU, "").replace(AP, AP + EU),
    "a region and a pool added":
        config.replace(EU, "  aa: {location: [0, 0], capacity: 1}\n" + EU)
        .replace("pools:\n", "pools:\n  aaa: {cost: 3, regions: {aa: [{addr: "
                 "127.0.9.1}], eu: [{addr: 127.0.9.2}]}}\n"),
    "the pool renamed":
        config.replace("  www:\n", "  web:\n")
        .replace("pool: www", "pool: web"),
    "a name added":
        config.replace("names:\n", "names:\n  a.example.com: "
                       "{pool: www, policy: near}\n"),
    "costs and capacities in another unit":
        config.replace("cost: 1", "cost: 2").replace("capacity: 300",
                                                     "capacity: 600")
        .replace("capacity: 150", "capacity: 300"),
}


def look(d):
    return {r["region"]: r for r in d.json("status")["capacity"]["regions"]}


def text(now):
    return ", ".join(f"{r['region']} {r['fill']:.0f}% (sends "
                     f"{r['sent_on']:.0f}% on)" for r in now.values())


SETTLED_S = 24


def settled(d, clients):
    """Waits until neither the traffic nor what is sent on has changed for a
    while; on a machine that is busy with something else in vain."""
    calm, end = Calm(d), time.monotonic() + 100
    while time.monotonic() < end:
        if calm() and clients.is_steady(SETTLED_S):
            return True
        time.sleep(0.5)
    return False


class Calm:
    """Are all regions as they were three periods ago?"""

    def __init__(self, d):
        self.d = d
        self.last = None

    def __call__(self):
        now = look(self.d)
        if self.last is None or any(
                abs(now[r]["sent_on"] - self.last[1][r]["sent_on"]) > 3
                for r in now):
            self.last = (time.monotonic(), now)
        return time.monotonic() - self.last[0] > 16


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    with flood.Flood(d, "www.example.com", [(EUROPE, 1)], 300) as clients:
        m.wait_for("eu sends clients on", lambda:
                   look(d)["eu"]["sent_on"] > 30, 90)
        for what, changed in CHANGES.items():
            if not settled(d, clients):
                print(f"{what}: queries are held up: not looked at")
                continue
            before, since = look(d), time.monotonic()
            print(f"before: {text(before)}", flush=True)
            for body in (changed, config, changed, config):
                d.write("meridian.yaml", body)
                d.ctl("reload")
                if body == changed:
                    d.ctl("reload")
                for _ in range(6):
                    now = look(d)
                    steady = clients.is_steady(
                        SETTLED_S + time.monotonic() - since)
                    for region in CAPACITY:
                        m.check_quiet(
                            now[region]["fill"] < (130 if steady else 500),
                            f"{what}: {region} is not filled as by all "
                            f"answers since the start: {text(now)}")
                        apart = abs(now[region]["sent_on"] -
                                    before[region]["sent_on"])
                        m.check_quiet(
                            apart < 15 or not steady,
                            f"{what}: {region} sends on what it did: "
                            f"{text(before)}, then {text(now)}")
                    time.sleep(0.2)
            m.check(True, f"{what}: {text(now)}")
