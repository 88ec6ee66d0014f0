#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is known of targets outlives edits of their monitors and restarts: no
answer leads to a target that was known to be dead, nor away from a live one."""
import re

import meridian as m

A, B = ["127.0.1.1", "127.0.1.2"], ["127.0.2.1", "127.0.2.2"]
targets = {A[0]: m.Target(A[0])}
port = targets[A[0]].port
targets.update((a, m.Target(a, port)) for a in [A[1], *B])
config = m.config(
    monitor=f"""\
monitors:
  web: {{type: http, port: {port}, path: /a, interval: 300ms, timeout: 300ms,
        fall: 3, rise: 2, clear: 3}}
""",
    pools=f"""\
  www: {{monitor: web, regions: {{eu: [{{addr: {A[0]}}}], us: [{{addr: {B[0]}}}]}}}}
  api: {{monitor: web, regions: {{eu: [{{addr: {A[1]}}}], us: [{{addr: {B[1]}}}]}}}}
""",
    policies="""\
  line: {rules: [{regions: [eu, us]}], when_all_down: last_known}
""",
    names="""\
  www.example.com: {pool: www, policy: line, ttl: {max: 5, min: 1}}
  api.example.com: {pool: api, policy: line, ttl: {max: 5, min: 1}}
""")


def health(d):
    return {t["target"]: t["health"] for p in d.json("status")["pools"]
            for r in p["regions"] for t in r["targets"]}


def watches(d):
    return [w for p in d.json("status")["pools"] for r in p["regions"]
            for t in r["targets"] for w in t["watches"]]


def all_are(d, state):
    m.wait_for(f"all {state}", lambda: set(health(d).values()) == {state})


def reload_with(d, key, value):
    """The monitor with one key changed, or added."""
    text = d.current
    new, n = re.subn(rf"\b{key}: [^,}}]+", f"{key}: {value}", text, count=1)
    d.current = new if n else text.replace(
        "type: http", f"type: http, {key}: {value}", 1)
    d.write("meridian.yaml", d.current)
    d.ctl("reload")


EDITS = [("interval", "600ms"), ("timeout", "200ms"), ("slow", "150ms"),
         ("clear", "5"), ("fall", "6"), ("rise", "9"), ("reconnect", "3"),
         ("damp", "{after: 1}"), ("path", "/b"), ("host", "www.example.com"),
         ("headers", "{X-Edit: one}"), ("interval", "300ms"), ("fall", "3"),
         ("rise", "2")]
ONLY_US = {B[0]}


def test_edits(d):
    """A dead region stays out, and live ones stay in, whatever is edited."""
    targets[A[0]].kill()
    m.wait_for("eu is out", lambda: not d.region("www", "eu")["live"])
    with m.Load(d, "www.example.com", "198.18.1.1/32") as load:
        for key, value in EDITS:
            reload_with(d, key, value)
            m.check_quiet(health(d)[A[0]] == "down" and
                          health(d)[B[0]] == "up",
                          f"{key}: {value} changes no state")
            seen = len(load.answers)
            m.wait_for("answers", lambda: len(load.answers) > seen + 20)
    m.check({a for _, r in load.replies() for a in m.rdata(r)} == ONLY_US,
            f"no answer of {load.sent} led to the dead region")
    reload_with(d, "path", "/c")
    told = [w for w in watches(d) if w["unproven"]]
    m.check(all(w["state"] in ("up", "down") for w in told),
            "what another question was answered with is marked")
    targets[A[0]].start()
    m.wait_for("one success of the new question proves it",
               lambda: d.region("www", "eu")["live"])


def test_frozen(d):
    """The same edits while health is frozen: it stays so."""
    for t in targets.values():
        t.kill()
    m.wait_for("it suspects itself",
               lambda: d.json("status")["prober"]["frozen"])
    before = health(d)
    answer = d.addresses("www.example.com")
    for key, value in [("interval", "400ms"), ("fall", "2"), ("rise", "4"),
                       ("timeout", "250ms"), ("path", "/d")]:
        reload_with(d, key, value)
        m.check_quiet(d.json("status")["prober"]["frozen"],
                      f"{key}: {value}: health stays frozen")
        m.check_quiet(health(d) == before,
                      f"{key}: {value}: states are as they were")
        m.check_quiet(d.addresses("www.example.com") == answer,
                      f"{key}: {value}: and so are answers")
    print("ok: edits while health is frozen change nothing", flush=True)
    for t in targets.values():
        t.start()
    m.wait_for("it thaws", lambda: not d.json("status")["prober"]["frozen"])
    all_are(d, "up")


def test_last_known(d):
    """eu goes first, then us: us was live last, through all that follows."""
    targets[A[0]].kill()
    m.wait_for("eu is out", lambda: not d.region("www", "eu")["live"])
    targets[B[0]].kill()
    m.wait_for("us is out", lambda: not d.region("www", "us")["live"])
    m.check(d.addresses("www.example.com") == [B[0]],
            "the region that was live last is answered")
    m.check("no region is live, answering the regions that were live last"
            in d.log_text(), "an event says so")
    d.ctl("reload")
    m.check(d.addresses("www.example.com") == [B[0]], "after a reload, too")
    reload_with(d, "interval", "350ms")
    m.check(d.addresses("www.example.com") == [B[0]], "and an edit")
    d.process.terminate()
    d.process.wait(m.DEADLINE)
    d.start()
    m.check(d.addresses("www.example.com") == [B[0]], "and a restart")
    m.check(health(d)[A[0]] == health(d)[B[0]] == "down",
            "which keeps what is down")


def test_edited_restart(d):
    """The monitor is edited while no daemon runs."""
    for key, value in (("interval", "450ms"), ("path", "/e")):
        d.process.terminate()
        d.process.wait(m.DEADLINE)
        d.current = re.sub(rf"\b{key}: [^,}}]+", f"{key}: {value}", d.current,
                           count=1)
        d.write("meridian.yaml", d.current)
        d.start()
        m.check(not d.region("www", "eu")["live"] and
                d.region("api", "eu")["live"],
                f"{key}: {value} and a restart change no state")


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as daemon:
    daemon.current = config
    all_are(daemon, "up")
    test_edits(daemon)
    all_are(daemon, "up")
    test_frozen(daemon)
    test_last_known(daemon)
    test_edited_restart(daemon)
