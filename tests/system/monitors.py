#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Several monitors on a pool: all, any, at least two; and one that only
observes."""
import meridian as m

KEYS = "interval: 200ms, timeout: 150ms, fall: 2, rise: 1"

up = {name: m.Target("127.0.1.1") for name in ("a", "b", "c")}
monitors = "monitors:\n" + "".join(
    f"  {name}: {{type: http, port: {t.port}, {KEYS}}}\n"
    for name, t in up.items())
monitors += (f"  watched: {{type: http, port: {up['c'].port}, mode: observe, "
             f"{KEYS}}}\n")
pools = "".join(
    f"  {name}: {{monitor: [{', '.join(of)}], require: {require}, "
    "regions: {eu: [{addr: 127.0.1.1}]}}\n"
    for name, of, require in (("all", "abc", "all"), ("any", "abc", "any"),
                              ("two", "abc", "2"),
                              ("seen", ["a", "watched"], "all")))
config = m.config(
    monitor=monitors, pools=pools,
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {n}.example.com: {{pool: {n}, policy: all}}\n"
                  for n in ("all", "any", "two", "seen")))


def states(d):
    return {p: d.region(p, "eu")["targets"][0]["health"]
            for p in ("all", "any", "two", "seen")}


def expect(d, what, **want):
    m.wait_for(what, lambda: states(d) == want)
    print(f"ok: {what}: {want}")


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    expect(d, "all monitors pass", all="up", any="up", two="up", seen="up")
    up["c"].kill()
    expect(d, "one fails", all="down", any="up", two="up", seen="up")
    watches = d.region("seen", "eu")["targets"][0]["watches"]
    m.check([w["decides"] for w in watches] == [True, False],
            "status says which monitor decides")
    m.wait_for("the one that observes is down", lambda: d.region("seen", "eu")
               ["targets"][0]["watches"][1]["state"] == "down")
    m.check("(decides nothing)" in d.ctl("status").stdout,
            "and so does the table")
    up["b"].kill()
    expect(d, "two fail", all="down", any="up", two="down", seen="up")
    up["a"].kill()
    expect(d, "all fail", all="down", any="down", two="down", seen="down")
    up["b"].start()
    expect(d, "one is back", all="down", any="up", two="down", seen="down")
    names = {n["name"]: n["cutover_s"] for n in d.json("check")["names"]}
    m.check(None not in names.values(), "check prints a bound for each name")
