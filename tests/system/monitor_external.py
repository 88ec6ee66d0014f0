#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type external: signals, files, what is no longer fresh, and a
restart."""
import os
import time

import meridian as m

POOLS = ("sig", "gone", "deaf", "file", "damped")
config = m.config(
    monitor="""\
monitors:
  sig: {type: external, interval: 200ms}
  gone: {type: external, interval: 200ms, on_stale: down}
  deaf: {type: external, interval: 200ms, on_stale: ignore}
  file: {type: external, interval: 200ms, file: said, fresh: 2s,
         on_stale: down}
  damped: {type: external, interval: 20s, damp: {after: 1, max: 2m}}
""",
    pools="".join(f"  {p}: {{monitor: {p}, regions: {{eu: [{{addr: 192.0.2.1}},"
                  " {addr: 192.0.2.2}]}}\n" for p in POOLS),
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {p}.example.com: {{pool: {p}, policy: all}}\n"
                  for p in POOLS))


def health(d, pool):
    return [t["health"] for t in d.region(pool, "eu")["targets"]]


def last(d, pool, target=0):
    return d.region(pool, "eu")["targets"][target]["watches"][0]


def expect(d, pool, states, why="", deadline=m.DEADLINE):
    m.wait_for(f"{pool}: {states} {why}", lambda: health(d, pool) == states and
               why in last(d, pool)["last"], deadline)
    print(f"ok: {pool}: {states} {why}", flush=True)


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    expect(d, "sig", ["unknown"] * 2, "no signal holds: kept as it was")
    expect(d, "gone", ["down"] * 2, "no signal holds")
    expect(d, "deaf", ["up"] * 2, "no signal holds: ignored")
    m.check(last(d, "deaf")["decides"] is False, "deaf decides nothing")
    expect(d, "file", ["down"] * 2, "there is no file")

    d.ctl("signal", "sig", "down", "--for", "1h")
    m.check(health(d, "sig") == ["down"] * 2, "a signal is believed at once")
    d.ctl("signal", "sig/192.0.2.2", "up", "--for", "1s")
    m.check(health(d, "sig") == ["down", "up"], "that of a target overrides it")
    m.check("down by" in last(d, "sig")["last"], "status says who said it")
    m.check(d.addresses("sig.example.com") == ["192.0.2.2"],
            "answers follow")
    m.wait_for("that of the target has ended",
               lambda: health(d, "sig") == ["down"] * 2)

    for _ in range(8):
        d.ctl("signal", "sig", "down", "--for", "1h")
        d.ctl("signal", "sig", "up", "--for", "1h")
        m.check_quiet(health(d, "sig") == ["up"] * 2,
                      "one that changes often is believed at once, too")
    m.check(not last(d, "sig")["damped"], "a signal is not damped")
    d.ctl("signal", "sig", "down", "--for", "1h")
    for state in ("down", "up", "down", "up"):
        d.ctl("signal", "damped", state, "--for", "1h")
    m.check(last(d, "damped")["damped"] and
            health(d, "damped") == ["down"] * 2, "unless damp is asked for")

    d.ctl("signal", "gone", "up", "--for", "2s")
    expect(d, "gone", ["up"] * 2)
    expect(d, "gone", ["down"] * 2, "no signal holds", 5)
    d.ctl("signal", "deaf", "down", "--for", "2s")
    expect(d, "deaf", ["down"] * 2)
    expect(d, "deaf", ["up"] * 2, "ignored", 5)

    d.write("said", "# by hand\nup\n192.0.2.2 down\n")
    expect(d, "file", ["up", "down"], "up by the file")
    expect(d, "file", ["down"] * 2, "the file is not fresh", 10)
    said = d.write("said", "maybe\n")
    expect(d, "file", ["down"] * 2, "a line that is not")
    d.write("said", "\ufeff192.0.2.1 up\r\ndown\r\n")
    expect(d, "file", ["up", "down"], "up by the file")
    d.write("said", "up\n\ufeffup\n")
    expect(d, "file", ["down"] * 2, "a byte order mark (U+FEFF) within it")
    with open(said, "w", encoding="utf-16") as f:
        f.write("up\n")
    expect(d, "file", ["down"] * 2, "is UTF-16: save it as UTF-8")
    d.write("said", "192.0.2.2 up\n")
    expect(d, "file", ["down", "up"], "the file does not say")
    os.utime(said, (time.time() + 3600,) * 2)
    expect(d, "file", ["down"] * 2, "the file is not fresh")

    for args, code, words in (
            (("sig", "maybe", "--for", "60s"), 2, "up or down"),
            (("sig", "up"), 2, "--for"),
            (("sig", "up", "--for", "8d"), 2, "7 days"),
            (("sgi", "up", "--for", "60s"), 4, "did you mean sig?"),
            (("sig/192.0.2.3", "up", "--for", "60s"), 4, "no target at"),
            (("sig/x", "up", "--for", "60s"), 2, "not an address")):
        done = d.ctl("signal", *args, expect=code)
        m.check(words in done.stderr, f"signal {' '.join(args)}: {words}")

    d.kill()
    d.start()
    m.check(health(d, "sig") == ["down"] * 2, "a signal survives kill -9")
    m.wait_for("it is looked at again", lambda: "down by" in
               last(d, "sig")["last"] and not last(d, "sig")["restored"])
    m.check(" for 1h by " in d.log_text(), "the log says who, what and how long")
