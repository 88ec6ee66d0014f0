#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pools of CNAMEs with monitors: targets name the addresses to probe."""
import json

import meridian as m

KEYS = "interval: 200ms, timeout: 150ms, fall: 2, rise: 1, damp: {max: 0s}"
eu, second = m.Target("127.0.1.1"), m.Target("127.0.1.1")
others = [m.Target(f"127.0.{i}.1", eu.port) for i in (2, 3, 4)]
config = m.config(
    monitor=f"""\
monitors:
  web: {{type: http, port: {eu.port}, {KEYS}}}
  api: {{type: http, port: {second.port}, {KEYS}}}
  told: {{type: external}}
""",
    pools="""\
  www:
    monitor: web
    regions:
      eu: [{cname: eu.cdn.test., probe: 127.0.1.1}]
      us: [{cname: us.cdn.test., probe: [127.0.2.1]}]
  any:
    monitor: [web, api]
    require: any
    regions: {eu: [{cname: eu.cdn.test., probe: [127.0.1.1]}]}
  both:
    monitor: web
    regions: {eu: [{cname: six.cdn.test., probe: [127.0.4.1, "2001:db8::1"]}]}
  one:
    monitor: web
    answer: {mode: one}
    regions:
      eu: [{cname: a.cdn.test., probe: 127.0.1.1},
           {cname: b.cdn.test., probe: 127.0.3.1}]
  told:
    monitor: told
    regions:
      eu: [{cname: eu.cdn.test., probe: 192.0.2.1}]
      us: [{cname: us.cdn.test., probe: 192.0.2.2}]
""",
    policies="  all: {rules: [{regions: [eu, us]}]}\n"
             "  alone: {rules: [{regions: [eu]}]}",
    names="".join(f"  {n}.example.com: {{pool: {n}, policy: {p}}}\n"
                  for n, p in (("www", "all"), ("any", "alone"),
                               ("both", "alone"), ("one", "alone"),
                               ("told", "all"))))


def target(d, pool, region="eu", i=0):
    return d.region(pool, region)["targets"][i]


def answers(d, name, to):
    """In a zone elsewhere: the CNAME alone, whatever is asked for."""
    m.wait_for(f"{name} is {to}", lambda: all(
        d.addresses(f"{name}.example.com", t) == [to]
        for t in ("A", "AAAA", "CNAME")))
    print(f"ok: {name} is {to}", flush=True)


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("up", lambda: target(d, "www")["health"] == "up" and
               target(d, "www", "us")["health"] == "up" and
               target(d, "any")["health"] == "up")
    answers(d, "www", "eu.cdn.test.")
    w = target(d, "www")
    m.check(w["target"] == "eu.cdn.test." and
            [x["address"] for x in w["watches"]] == ["127.0.1.1"],
            "a target is called by its name, and probed at its address")
    m.check(None not in [n["cutover_s"] for n in d.json("check")["names"]
                         if n["name"] != "told.example.com."],
            "check prints a bound for its name")
    m.check("eu.cdn.test." in d.ctl("explain", "www.example.com", "--from",
                                    "198.18.0.1").stdout, "explain too")

    m.wait_for("both: no answer of the second address", lambda:
               target(d, "both")["health"] == "down" and
               [x["state"] for x in target(d, "both")["watches"]] ==
               ["up", "down"])
    print("ok: a target is up when it is so at each address", flush=True)

    d.ctl("drain", "www/eu/eu.cdn.test.", "--for", "1m", "--reason", "test")
    answers(d, "www", "us.cdn.test.")
    d.ctl("undrain", "www/eu/eu.cdn.test.")
    answers(d, "www", "eu.cdn.test.")

    answers(d, "told", "eu.cdn.test.")
    d.ctl("signal", "told/192.0.2.1", "down", "--for", "1m")
    answers(d, "told", "us.cdn.test.")
    m.check("eu.cdn.test." in d.ctl(
        "explain", "told.example.com", "--from", "198.18.0.1", "--signal",
        "told/192.0.2.1=up").stdout, "explain takes the address probed")

    eu.kill()
    answers(d, "www", "us.cdn.test.")
    m.check(target(d, "www")["health"] == "down" and
            "refused" in target(d, "www")["watches"][0]["last"],
            "status says why")
    m.check(target(d, "any")["health"] == "up", "another monitor is enough")
    answers(d, "one", "b.cdn.test.")
    second.kill()
    m.wait_for("any: down", lambda: target(d, "any")["health"] == "down")
    d.ctl("reload")
    m.check(target(d, "www")["health"] == "down", "a reload keeps it")
    eu.start()
    answers(d, "www", "eu.cdn.test.")

    for pool, text in (
            ("{monitor: web, regions: {eu: [{cname: a.test.}]}}",
             'give the target the addresses of its name as "probe"'),
            ("{monitor: web, regions: {eu: [{addr: 192.0.2.1, "
             "probe: 192.0.2.1}]}}", '"probe" is for a target with the key'),
            ("{regions: {eu: [{cname: a.test., probe: 192.0.2.1}]}}",
             '"probe" has no effect in a pool without a monitor'),
            ("{monitor: web, regions: {eu: [{cname: a.test., probe: "
             "[192.0.2.1, 192.0.2.2]}]}}", "at one IPv4 address at most"),
            ("{monitor: web, regions: {eu: [{cname: a.test., probe: "
             "a.test}]}}", "must be an address"),
            ("{monitor: web, regions: {eu: [{cname: a.test., probe: []}]}}",
             "needs an address")):
        d.write("meridian.yaml", config.replace("  told:\n    monitor",
                                                f"  bad: {pool}\n"
                                                "  told:\n    monitor"))
        said = json.loads(d.ctl("--json", "check", "-c", d.config,
                                expect=1).stdout)["text"]
        m.check(text in said and said.count("error: ") == 1, f"refused: {text}: {said.splitlines()[0]}")
