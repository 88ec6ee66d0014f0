#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""diff says which clients another configuration moves: without a daemon by
addresses, with one by its traffic too."""
import os

import meridian as m

eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
old = m.three_regions({"eu": [eu.address], "us": [us.address],
                       "ap": [ap.address]}, eu.port)
new = old.replace("198.18.0.0/16", "198.18.0.0/17")
by_rule = old.replace("{nets: america, regions: [us, eu, ap]}",
                      "{nets: america, regions: [eu, us, ap]}")
order = old.replace("regions: [eu, us, ap]}", "regions: [eu, ap, us]}")
fence = old.replace("regions: [eu, us, ap]}",
                    "regions: [eu, us, ap], fence: EU}")

with m.Daemon(old, {"zones/example.com.zone": m.ZONE, "new.yaml": new,
                    "rule.yaml": by_rule, "order.yaml": order, "fence.yaml": fence,
                    "wrong.yaml": old + "nonsense: 1\n"}) as d:
    def path(name):
        return os.path.join(d.dir, name)

    def diff(name, *args, expect=0):
        return d.json("diff", d.config, path(name), *args, expect=expect)

    same = diff("meridian.yaml")
    m.check(same["ipv4"] == 0 and same["moves"] == [], "the same moves nobody")

    # Of 2 /16 in nets half a /16 is in none any more: it counts still.
    moved = diff("new.yaml")
    m.check(abs(moved["ipv4"] - 25) < 1e-6, f"a net: {moved['ipv4']}% of IPv4")
    m.check([(x["from"], x["to"]) for x in moved["moves"]] == [("eu", "ap")],
            "from where to where")
    m.check(moved["countries"][0]["country"] == "nets", "and who")
    m.check(moved["traffic"] is None, "no traffic yet: nothing is said of it")

    for i in range(30):
        d.addresses("www.example.com", ecs=f"198.18.{i}.0/24")
    for i in range(10):
        d.addresses("www.example.com", ecs=f"198.19.{i}.0/24")
    moved = diff("rule.yaml", "--max", "60%")
    m.check(abs(moved["traffic"] - 25) < 1e-6 and
            abs(moved["ipv4"] - 50) < 1e-6,
            f"a rule: {moved['traffic']}% of the traffic, "
            f"{moved['ipv4']}% of IPv4")
    diff("rule.yaml", "--max", "40%", expect=1)
    m.check(True, "--max decides about the exit status")
    text = d.ctl("diff", d.config, path("order.yaml"))
    m.check("get another order of regions" in text.stdout and
            "ORDER OF NAME" in text.stdout,
            "another order behind the first region is told")
    order = diff("order.yaml", "--max", "0%")
    m.check(order["ipv4"] == 0 and order["reordered"]["ipv4"] > 0,
            "and moves nobody")
    fence = diff("fence.yaml")["fences"]
    m.check([(f["fence"], f["before"]["ipv4"], f["after"]["ipv4"])
             for f in fence] == [("EU", 0, 65536)], "so is a fence")
    wrong = d.ctl("diff", d.config, path("wrong.yaml"), expect=1)
    m.check("nonsense" in wrong.stderr, "what cannot be built is said why")
    d.ctl("diff", d.config, expect=2)
    d.ctl("diff", d.config, d.config, "--max", "x", expect=2)

    d.process.terminate()
    d.process.wait()
    moved = diff("rule.yaml")
    m.check(moved["traffic"] is None and moved["ipv4"] > 0,
            "without a daemon: by addresses")
    d.start()
