#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A target is killed under load: no answer is lost, answers leave the dead
region within the bound that check prints, and come back."""
import time

import meridian as m

eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
ap = m.Target("127.0.3.1", eu.port)
config = m.three_regions({"eu": [eu.address], "us": [us.address],
                          "ap": [ap.address]}, eu.port)

with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: all(
        d.region("www", r)["targets"][0]["health"] == "up"
        for r in ("eu", "us", "ap")))
    bound = d.json("check")["names"][0]["cutover_s"]
    # fall x interval + timeout + 1 s + max(interval, ttl min)
    m.check(abs(bound - (3 * 0.3 + 0.2 + 1 + 1)) < 0.001,
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
