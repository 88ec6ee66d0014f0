#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""whatif says where the traffic of the last minutes would go; the drain that
follows it sends it there."""
import meridian as m

eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
config = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)
config += "safety: {max_fill: 80%}\n"
MIX = [("198.18.{}.0/24", 60), ("198.19.{}.0/24", 30), ("203.0.{}.0/24", 10)]
WHERE = {"127.0.1.1": "eu", "127.0.2.1": "us", "127.0.3.1": "ap"}


def ask(d):
    """All of the mix once; how many answers each region got, in percent."""
    got = dict.fromkeys(WHERE.values(), 0)
    for prefix, n in MIX:
        for i in range(n):
            got[WHERE[d.addresses("www.example.com",
                                  ecs=prefix.format(i))[0]]] += 1
    return got


def shares(reply, when):
    return {r["region"]: round(100 * r[when] / reply["per_minute"])
            for r in reply["regions"]}


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: all(
        d.region("www", r)["targets"][0]["health"] == "up"
        for r in ("eu", "us", "ap")))
    few = d.json("whatif", "--drain", "ap")
    m.check(not few["judged"] and "too little traffic" in few["why"] and
            "too little traffic" in d.ctl("status").stdout,
            "too little traffic was seen, and that is said")
    ask(d)
    now = ask(d)
    m.check(now == {"eu": 60, "us": 30, "ap": 10}, f"the mix: {now}")

    told = d.json("whatif", "--drain", "us", expect=1)
    m.check(shares(told, "before") == now, "whatif knows it")
    m.check(told["moves"][0]["from"] == "us" and
            told["moves"][0]["to"] == "eu", "and who would move where")
    then = shares(told, "after")
    d.ctl("drain", "us", "--for", "1m", "--reason", "test", "--force")
    m.check(ask(d) == then, f"the drain does what it said: {then}")
    d.ctl("undrain", "us")

    over = d.ctl("whatif", "--down", "us", "--down", "ap", expect=1)
    m.check("it would fill region eu to " in over.stdout and
            "safety.max_fill is 80%" in over.stdout,
            f"a region too full: exit 1, and by name\n{over.stdout}")
    gone = d.ctl("whatif", "--drain", "eu", "--drain", "us", "--down", "ap",
                 expect=1)
    m.check("a minute find no live region" in gone.stdout,
            "nothing live: exit 1")
    d.ctl("whatif", expect=2)
    d.ctl("whatif", "--drain", "eux", expect=4)

    d.ctl("reload")
    again = d.json("whatif", "--drain", "ap", expect=None)
    m.check(shares(again, "before")["eu"] > 50,
            "the sample goes on through a reload")
