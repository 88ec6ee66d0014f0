#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A region whose targets say that it is full sends clients on, keeps the
others, and gets them back; explain says why."""
import meridian as m


class Loaded(m.Target):
    """A target that says how full it is."""
    load = 0.2

    def start(self):
        super().start()
        self.server.RequestHandlerClass.end_headers = self.headers_of(
            self.server.RequestHandlerClass.end_headers)

    def headers_of(self, end):
        target = self

        def end_headers(handler):
            handler.send_header("X-Load", str(target.load))
            end(handler)
        return end_headers


eu = Loaded("127.0.1.1")
us = Loaded("127.0.2.1", eu.port)
ap = Loaded("127.0.3.1", eu.port)
config = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)
config = config.replace("path: /healthz,", "path: /healthz, load: {header: "
                        "X-Load},").replace("    monitor: web\n",
                                            "    monitor: web\n    cost: 1\n")
config += "safety: {max_fill: 80%}\n"
EU, US = "127.0.1.1", "127.0.2.1"


def ask(d, n=100):
    """How many of n European clients eu gets."""
    got = [d.addresses("www.example.com", ecs=f"198.18.{i}.0/24")[0]
           for i in range(n)]
    return got.count(EU)


def region(d, name):
    for r in d.json("status")["capacity"]["regions"]:
        if r["region"] == name:
            return r
    return None


def metric(d, name):
    return d.json("status")["capacity"][name]


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("loads are known", lambda: ask(d) == 100 and
               region(d, "eu")["reported"])
    m.wait_for("eu's load", lambda: abs(region(d, "eu")["fill"] - 20) < 1)
    m.check(region(d, "eu")["sent_on"] == 0, "nothing is sent on")

    eu.load = 1.6
    kept = m.wait_for("clients are sent on", lambda: 0 < ask(d) < 90 and ask(d),
                      90)
    m.check(True, f"eu is full: of 100 clients {kept} stay")
    m.check("region eu is full" in d.ctl("events").stdout, "an event tells")
    gone = [i for i in range(100) if d.addresses(
        "www.example.com", ecs=f"198.18.{i}.0/24")[0] == US]
    said = d.ctl("explain", "www.example.com", "--from",
                 f"198.18.{gone[0]}.1").stdout
    m.check("full: it spills its most distant clients" in said,
            "explain says why")
    reply = d.query("www.example.com", ecs=f"198.18.{gone[0]}.0/24")
    m.check(m.ecs_of(reply).scopelen == 24, "the scope is the cohort's")

    eu.load = 0.2
    m.wait_for("they come back, in steps", lambda: ask(d) >= kept + 10, 90)
    m.check(True, "they come back")
    told = {}
    for line in d.ctl("events").stdout.splitlines():
        name = m.re.search(r"\bregion (\w+)\b", line)
        if name and ("spills" in line or "serves all" in line):
            told.setdefault(name[1], []).append("spills" in line)
    m.check(told and all(a != b for row in told.values()
                         for a, b in zip(row, row[1:])) and
            all(row[0] for row in told.values()),
            f"that a region is full, or no more, is told once: {told}")
