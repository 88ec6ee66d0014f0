#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A target is killed under load: no answer is lost, answers leave the dead
region within the bound that check prints, and come back."""
import math
import time

import meridian as m

eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
base = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)
config = base.replace("\npolicies:\n", """\
  sorry: {regions: {eu: [{addr: 192.0.2.250}]}}
  seen: {monitor: watcher, regions: {eu: [{addr: 127.0.1.1}]}}

policies:
  sorry: {rules: [{regions: [eu, us, ap], when_all_down: {pool: sorry}}]}
""").replace("\nnames:\n", """
names:
  sorry.example.com: {pool: www, policy: sorry}
  seen.example.com: {pool: seen, policy: near}
""").replace("monitors:\n", """\
monitors:
  watcher: {type: tcp, port: 1, mode: observe}
""")

with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: all(
        d.region("www", r)["targets"][0]["health"] == "up"
        for r in ("eu", "us", "ap")))
    bound = [n["cutover_s"] for n in d.json("check")["names"]
             if n["name"] == "www.example.com."][0]
    # fall x interval + timeout + 1 s + max(interval, ttl min), rounded up
    m.check(bound == math.ceil(3 * 0.3 + 0.2 + 1 + 1),
            f"check prints the bound ({bound} s)")
    with m.Load(d, "www.example.com", "198.18.1.1/32") as load:
        m.wait_for("answers", lambda: len(load.answers) > 50)
        eu.kill()
        killed = time.monotonic()
        m.wait_for("eu out", lambda: not d.region("www", "eu")["live"])
        m.wait_for("answers without eu", lambda: load.answers and
                   b"\x7f\x00\x02\x01" in load.answers[-1][1])
        eu.start()
        back = time.monotonic()
        m.wait_for("eu back", lambda: d.region("www", "eu")["live"])
        m.wait_for("answers with eu", lambda:
                   b"\x7f\x00\x01\x01" in load.answers[-1][1])
    m.check(load.lost == 0, f"no answer lost of {load.sent}")
    left = 0.0
    for at, reply in load.replies():
        got = m.rdata(reply)
        m.check_quiet(got in (["127.0.1.1"], ["127.0.2.1"]),
                      f"an answer is {got}")
        if got == ["127.0.1.1"] and killed < at < back:
            left = max(left, at + reply.answer[0].ttl - killed)
    m.check(left <= bound, f"the last cache lets go after {left:.2f} s, "
            f"within {bound} s")
    m.check("web: down after 3 of 3 (refused" in d.log_text() or
            "web: down after 3 of 3" in d.log_text(),
            "the log says why in one line")
    steered = d.json("stats")["steered"]
    m.check(any(s["pool"] == "www" and s["region"] == "us" and
                s["reason"] == "failover" and s["count"] > 0
                for s in steered), "stats count the failover")

    # The one region after the other: nothing is frozen, nothing is left.
    for target, region in ((eu, "eu"), (us, "us"), (ap, "ap")):
        target.kill()
        m.wait_for(f"{region} is out",
                   lambda: not d.region("www", region)["live"])
    way = "answering all or pool sorry"
    m.check(f"pool www: no region is live, {way}" in d.log_text(),
            "an event says that no region is live, and what is answered")
    status = d.ctl("status").stdout
    m.check(f"pool www: NO REGION IS LIVE, {way}" in status,
            "status says so before all else")
    m.check(status.index("NO REGION") < status.index("127.0.1.1"),
            "above its table")
    d.ctl("reload")
    m.check(d.log_text().count("no region is live") == 1,
            "a reload tells nothing new")
    ap.start()
    m.wait_for("ap back", lambda: d.region("www", "ap")["live"])
    m.check("pool www: a region is live again" in d.log_text(),
            "an event says that one is live again")
    m.check("NO REGION" not in d.ctl("status").stdout, "status no longer")

    def target(pool):
        return d.region(pool, "eu")["targets"][0]

    m.check(target("sorry")["health"] == "not_monitored" and
            target("seen")["health"] == "not_monitored",
            "whom no monitor decides about is not said to be up")
    m.check(sum("not monitored" in line
                for line in d.ctl("status").stdout.splitlines()) == 2,
            "status says: not monitored")
    told = d.ctl("explain", "seen.example.com", "--from", "198.18.1.1").stdout
    m.check("127.0.1.1 not monitored" in told, "so does explain")
