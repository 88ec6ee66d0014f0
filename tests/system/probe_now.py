#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""meridianctl probe: one probe now, in detail; no counter and no state changes
by it."""
import subprocess

import meridian as m

one, two = m.Target("127.0.1.1"), None
two = m.Target("127.0.2.1", one.port)
MONITORS = f"""\
monitors:
  web: {{type: http, port: {one.port}, interval: 1h, timeout: 2s}}
  slow: {{type: exec, command: [/bin/sleep, "30"], interval: 1h,
         timeout: 30s, mode: observe}}
  said: {{type: external, interval: 1h}}
"""
config = m.config(
    monitor=MONITORS,
    pools="""\
  www: {monitor: web, regions: {eu: [{addr: 127.0.1.1}, {addr: 127.0.2.1}]}}
  both: {monitor: [web, said], regions: {eu: [{addr: 127.0.1.1}]}}
  hangs: {monitor: slow, regions: {eu: [{addr: 127.0.1.1}]}}
  bare: {regions: {eu: [{addr: 127.0.1.1}]}}
""",
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {p}.example.com: {{pool: {p}, policy: all}}\n"
                  for p in ("www", "both", "hangs", "bare")))


def watches(d):
    return [t["watches"] for t in d.region("www", "eu")["targets"]]


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("both up", lambda: all(
        w[0]["state"] == "up" for w in watches(d)))
    before = watches(d)
    two.kill()
    said = d.json("probe", "www/eu", expect=1)
    m.check([(p["target"], p["ok"]) for p in said["probes"]] ==
            [("127.0.1.1", True), ("127.0.2.1", False)],
            "the targets of a region are probed, in their order")
    good, bad = said["probes"]
    m.check(good["detail"].startswith("status 200 in") and
            bad["reason"] == "refused" and bad["believed"] == "up",
            "it says what came of it, and what is believed")
    m.check(watches(d) == before, "nothing of it is counted")
    said = d.json("probe", "www/eu/127.0.1.1")
    m.check(len(said["probes"]) == 1, "one target, and exit status 0")
    text = d.ctl("probe", "www/eu", expect=1).stdout
    m.check("BELIEVED" in text and "refused" in text, "people get a table")
    said = d.json("probe", "both/eu", expect=1)
    m.check([(p["monitor"], p["ok"]) for p in said["probes"]] ==
            [("said", None), ("web", True)],
            "each of its monitors, and where nothing is known it says so")
    for what, code, words in (("www/us", 4, "there is no www/us"),
                              ("eu", 2, "POOL/REGION"),
                              ("bare/eu", 1, "has no monitor")):
        m.check(words in d.ctl("probe", what, expect=code).stderr,
                f"probe {what}: {words}")
    # A reload, and the end, while one is under way.
    for end in ("reload", "stop"):
        hanging = subprocess.Popen(
            [m.MERIDIANCTL, "--socket", d.control, "probe", "hangs/eu"],
            stderr=subprocess.PIPE, text=True)
        helper, = m.children(d.process.pid)
        running = 2 if end == "reload" else 3
        m.wait_for("it hangs", lambda: len(m.children(helper)) >= running)
        if end == "reload":
            d.ctl("reload")
            m.check("read again meanwhile" in hanging.communicate()[1],
                    "a reload ends the probes under way")
m.check(hanging.wait(m.DEADLINE) != 0, "and so does the daemon's end")
