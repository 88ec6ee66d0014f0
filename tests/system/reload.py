#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reloads under load: a broken file is refused with its place and changes
nothing; a good one takes over; no query is lost either way."""
import signal

import meridian as m

config = m.config(
    pools="""\
  www: {regions: {eu: [{addr: [192.0.2.10]}], us: [{addr: [192.0.2.20]}],
        ap: [{addr: [192.0.2.30]}]}}
""",
    policies="""\
  near: {rules: [{nets: europe, regions: [eu, us, ap]},
                 {nets: america, regions: [us, eu, ap]},
                 {regions: [ap, us, eu]}]}
""",
    names="  www.example.com: {pool: www, policy: near}\n")

with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    with m.Load(d, "www.example.com", "198.18.1.1/32", 0.001) as load:
        d.write("meridian.yaml", config.replace("pool: www", "pool: wwww"))
        refused = d.ctl("reload", expect=1)
        m.check("meridian.yaml:" in refused.stderr and
                "wwww" in refused.stderr, "the broken file's place is said")
        m.check(d.json("status")["generation"] == 1, "nothing changed")

        d.write("meridian.yaml", config)
        d.write("zones/example.com.zone", m.ZONE + "broken IN A 1.2.3\n")
        refused = d.ctl("reload", expect=1)
        m.check("example.com.zone:11" in refused.stderr,
                "the broken record's line is said")

        d.write("zones/example.com.zone",
                m.ZONE.replace("2026010101", "2026010102"))
        for i in range(20):
            d.ctl("reload")
        m.check(d.json("status")["generation"] == 21, "20 good reloads")
        m.check(d.json("status")["zones"][0]["serial"] == 2026010102,
                "the zone file was read again")
        d.write("meridian.yaml", config.replace("192.0.2.10", "192.0.2.11"))
        d.process.send_signal(signal.SIGHUP)
        m.wait_for("the new answer", lambda: d.addresses(
            "www.example.com", ecs="198.18.1.1/32") == ["192.0.2.11"])
        m.wait_for("load", lambda: len(load.answers) > 1000)
    m.check(load.lost == 0, f"no query lost of {load.sent}")
    wrong = [r for _, r in load.replies()
             if m.rdata(r) not in (["192.0.2.10"], ["192.0.2.11"])]
    m.check(not wrong, "every answer was the old or the new one")
