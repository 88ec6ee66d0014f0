#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The machine's network is cut off, in a network namespace of this test: the
prober suspects itself, answers stay, states freeze, and thaw."""
import time
import urllib.request

import meridian as m
import network

EU = ["10.9.0.11", "10.9.0.12"], ["10.9.0.13", "10.9.0.14"]
US = ["10.9.0.21", "10.9.0.22"], ["10.9.0.23", "10.9.0.24"]
ALL = [a for pool in EU + US for a in pool]
EXTRA = "10.9.0.3"  # an anchor
PORT = 8080
# A target that is well answers in time, however busy the machine is.
FALL, INTERVAL = 3, 1
targets = {}  # of the far side


def serve():
    targets.update((a, m.Target(a, PORT))
                   for a in [network.FAR, EXTRA, *ALL])


def kill(address):
    targets[address].kill()


def replies(verb):
    """Of the far side: they are dropped, and nobody is told."""
    network.ip(f"route {verb} blackhole {network.NEAR}/32")


def pool(name, eu, us):
    lists = ["[" + ", ".join("{addr: [%s]}" % a for a in some) + "]"
             for some in (eu, us)]
    return f"  {name}: {{monitor: web, regions: " \
           f"{{eu: {lists[0]}, us: {lists[1]}}}}}\n"


def configure(pools, extra=""):
    return m.config(
        daemon_lines='  http: "127.0.0.1@0"',
        monitor=f"""\
monitors:
  web: {{type: http, port: {PORT}, path: /, interval: {INTERVAL}s,
        timeout: {INTERVAL}s, fall: {FALL}, rise: 2, clear: 3}}
""",
        pools=pools,
        policies="  line: {rules: [{regions: [eu, us]}]}\n",
        names="  www.example.com: "
              "{pool: www, policy: line, ttl: {max: 5, min: 1}}\n"
              + ("  api.example.com: {pool: api, policy: line}\n"
                 if "api:" in pools else ""), extra=extra)


def health(d):
    return {t["target"]: t["health"] for p in d.json("status")["pools"]
            for r in p["regions"] for t in r["targets"]}


def lasts(d):
    return [t["watches"][0]["last"] for p in d.json("status")["pools"]
            for r in p["regions"] for t in r["targets"]]


def metric(d, name):
    port = d.log_text().split("http on 127.0.0.1@")[1].split("\n")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as r:
        for line in r.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    return None


def frozen(d):
    return d.json("status")["prober"]["frozen"]


def cut_and_mend(d, way, cut, mend, times):
    before = health(d)
    with m.Load(d, "www.example.com", "198.18.1.1/32", 0.01) as load:
        m.wait_for("answers", lambda: len(load.answers) > 10)
        cut()
        m.wait_for(f"{way}: it suspects itself", lambda: frozen(d))
        asked = len(load.answers)
        end = time.monotonic() + 2 * FALL * INTERVAL
        while time.monotonic() < end:
            m.check_quiet(health(d) == before, f"{way}: states are frozen")
            time.sleep(0.3)
        m.check_quiet(len(load.answers) > asked, f"{way}: it answers")
        m.check(metric(d, "meridian_health_frozen") == 1 and
                metric(d, "meridian_health_freezes_total") == times,
                f"{way}: metrics say so")
        m.check("health is frozen" in
                d.ctl("explain", "www.example.com", "--from",
                      "198.18.1.1").stdout, f"{way}: explain says so")
        m.check("HEALTH IS FROZEN" in d.ctl("status").stdout,
                f"{way}: status says so")
        mend()
        m.wait_for(f"{way}: it thaws", lambda: not frozen(d))
        # It is cut off anew only after all of them were seen to be well.
        m.wait_for(f"{way}: all answer again", lambda: all(
            last.startswith("status 200") for last in lasts(d)))
    m.check(health(d) == before, f"{way}: states are as before")
    m.check(load.lost == 0, f"{way}: no answer lost of {load.sent}")
    m.check({tuple(m.rdata(r)) for _, r in load.replies()} ==
            {tuple(EU[0])}, f"{way}: every answer was the same")
    m.check(d.log_text().count("health is no longer frozen") == times,
            f"{way}: the log says so")


def all_up(d, n):
    m.wait_for("all targets up",
               lambda: list(health(d).values()) == ["up"] * n)


def test_share(world):
    config = configure(pool("www", EU[0], US[0]) + pool("api", EU[1], US[1]))
    with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
        all_up(d, 8)
        cut_and_mend(d, "own link down", lambda: network.ip("link set near down"),
                     lambda: network.ip("link set near up"), 1)
        cut_and_mend(d, "carrier lost", lambda: world.tell("link down"),
                     lambda: world.tell("link up"), 2)
        cut_and_mend(d, "replies lost", lambda: world.tell("replies add"),
                     lambda: world.tell("replies del"), 3)
        world.tell(f"kill {EU[0][0]}")
        m.wait_for("a dead target is believed",
                   lambda: health(d)[EU[0][0]] == "down")
        m.check(not frozen(d), "one that fails alone freezes nothing")
        m.check(d.addresses("www.example.com") == EU[0][1:],
                "and leaves the answers")
        world.tell("link down")
        m.wait_for("cut off again", lambda: frozen(d))
        world.tell(f"kill {US[0][0]}")
        m.check(health(d)[US[0][0]] == "up", "who dies unseen stays up")
        world.tell("link up")
        # The other one may have been taken back, and be found again.
        m.wait_for("both are down after it", lambda: [
            a for a, h in health(d).items() if h != "up"] ==
            [EU[0][0], US[0][0]])
        m.check(d.addresses("www.example.com") == EU[0][1:],
                "and the answers are right")


def test_anchors(world):
    """One pool alone proves nothing: anchors do."""
    config = configure(
        pool("www", EU[1], US[1]),
        f'health: {{anchors: ["{network.FAR}@{PORT}"], anchor_interval: {INTERVAL}s}}\n')
    with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
        all_up(d, 4)
        anchor = m.wait_for("the anchor answers", lambda: [
            a for a in d.json("status")["prober"]["anchors"]
            if a["answered"]])[0]
        m.check(anchor["anchor"] == f"{network.FAR}@{PORT}" and not anchor["fails"],
                "status shows the anchor")
        network.ip("link set near down")
        m.wait_for("it suspects itself", lambda: frozen(d))
        m.check(d.json("status")["prober"]["by_anchors"], "by its anchors")
        m.check(list(health(d).values()) == ["up"] * 4, "nothing is down")
        network.ip("link set near up")
        m.wait_for("it thaws", lambda: not frozen(d))
        for a in US[1]:
            world.tell(f"kill {a}")
        m.wait_for("a dead region is believed",
                   lambda: not d.region("www", "us")["live"])
        m.check(not frozen(d), "while the anchor answers")


def seven_of_eight(world, d, sentence):
    """All but the last target, of us, really die; eu is left for it."""
    with m.Load(d, "www.example.com", "198.18.1.1/32", 0.01) as load:
        m.wait_for("answers", lambda: len(load.answers) > 10)
        for a in ALL[:-1]:
            world.tell(f"kill {a}")
        killed = time.monotonic()
        m.wait_for("eu is left", lambda: not d.region("api", "eu")["live"])
        took = time.monotonic() - killed
    m.check(d.region("api", "us")["live"], "for the region that answers")
    m.check(d.addresses("api.example.com") == [US[1][1]],
            f"7 of 8 really dead: its target is answered, {took:.1f} s later")
    m.check(sentence in d.log_text() if sentence else
            "health is frozen" not in d.log_text(),
            f"the log says: {sentence}" if sentence else "nothing was frozen")
    m.check(load.lost == 0, "no answer was lost")


def revive(world, d):
    for a in ALL[:-1]:
        world.tell(f"revive {a}")
    all_up(d, 8)


def test_dead(world):
    """7 of 8 targets really dead, with anchors and without."""
    pools = pool("www", EU[0], US[0]) + pool("api", EU[1], US[1])
    anchors = f'health: {{anchors: ["{network.FAR}@{PORT}", ' \
              f'"{EXTRA}@{PORT}"], anchor_interval: {INTERVAL}s}}\n'
    with m.Daemon(configure(pools, anchors),
                  {"zones/example.com.zone": m.ZONE}) as d:
        all_up(d, 8)
        m.wait_for("the anchors answer", lambda: all(
            a["answered"] for a in d.json("status")["prober"]["anchors"]))
        seven_of_eight(world, d, "")
        revive(world, d)
    with m.Daemon(configure(pools), {"zones/example.com.zone": m.ZONE}) as d:
        all_up(d, 8)
        m.check(d.json("check")["frozen_s"] == 300,
                "check says how much longer it may take")
        seven_of_eight(world, d, "a target answers probe after probe")
        m.check("most targets fail, and their failures count" in
                d.ctl("status").stdout, "status says that they are believed")
        revive(world, d)
        m.wait_for("status no longer says so", lambda: not
                   d.json("status")["prober"]["overruled"])


def test_limit(world):
    """Cut off for longer than freeze_max, then lifted by an operator."""
    pools = pool("www", EU[0], US[0]) + pool("api", EU[1], US[1])
    with m.Daemon(configure(pools, "health: {freeze_max: 8s}\n"),
                  {"zones/example.com.zone": m.ZONE}) as d:
        all_up(d, 8)
        d.ctl("thaw", expect=2)
        done = d.ctl("thaw", "--reason", "x", expect=1)
        m.check("health is not frozen" in done.stderr,
                "what is not frozen cannot be lifted")
        world.tell("link down")
        m.wait_for("it suspects itself", lambda: frozen(d))
        text = d.ctl("status").stdout
        for words in ("8 of 8 targets failed", "no anchors are declared",
                      "served as before: ", "www: eu (fails), us (fails)",
                      "by meridianctl thaw, or in "):
            m.check(words in text, f"status says: {words}")
        m.check(0 <= d.json("status")["prober"]["left_s"] <= 8,
                "and how long it lasts still")
        m.wait_for("it ends in time", lambda: not frozen(d))
        m.check("(health.freeze_max)" in d.log_text(), "the log says why")
        m.wait_for("what is observed counts", lambda:
                   set(health(d).values()) == {"down"})
        m.check(metric(d, "meridian_health_freezes_total") == 1,
                "it is not frozen again")
        m.check("no region is live, answering all" in d.log_text(),
                "an event tells what is answered")
        world.tell("link up")
        all_up(d, 8)
        m.wait_for("all is as before", lambda: not
                   d.json("status")["prober"]["overruled"])
        world.tell("link down")
        m.wait_for("it suspects itself again", lambda: frozen(d))
        reply = d.json("thaw", "--reason", "the far side is off")
        m.check(reply["thawed"] and reply["most_fail"], "an operator lifts it")
        m.check("lifted by " in d.log_text() and
                ": the far side is off" in d.log_text(),
                "an event says who, and why")
        m.wait_for("what is observed counts", lambda:
                   set(health(d).values()) == {"down"})
        m.check(not frozen(d) and
                metric(d, "meridian_health_freezes_total") == 2,
                "it is not frozen again")
        world.tell("link up")
        all_up(d, 8)


def revive_target(address):
    targets[address].start()


with network.World([EXTRA, *ALL], serve=serve, kill=kill, replies=replies,
                   revive=revive_target) as w:
    w.tell("serve")
    test_share(w)
    for a in (EU[0][0], US[0][0]):
        w.tell(f"revive {a}")
    test_dead(w)
    test_limit(w)
    test_anchors(w)
