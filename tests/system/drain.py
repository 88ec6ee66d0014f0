#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Drains: leases with owner, reason and expiry, that hold over kill -9, end by
themselves, and are refused when they would empty a pool."""
import os
import socket
import subprocess
import sys
import time

import meridian as m

eu = m.Target("127.0.1.1")
us = m.Target("127.0.2.1", eu.port)
config = m.three_regions({"eu": [eu.address, "127.0.1.2"],
                          "us": [us.address]}, eu.port)
eu2 = m.Target("127.0.1.2", eu.port)
config = config.replace("[eu, us, ap]", "[eu, us]").replace(
    "[us, eu, ap]", "[us, eu]").replace("[ap, us, eu]", "[us, eu]")
config += "safety: {min_regions: 1}\n"
config = config.replace("  state: state\n",
                        "  state: state\n  control_read: read.sock\n")
CLIENT = "198.18.1.1/32"


def answer(d):
    return d.addresses("www.example.com", ecs=CLIENT)


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: all(
        t["health"] == "up" for r in ("eu", "us")
        for t in d.region("www", r)["targets"]))
    m.check(answer(d) == ["127.0.1.1", "127.0.1.2"], "both targets of eu")

    d.ctl("drain", "eu", "--for", "30m", expect=2)
    d.ctl("drain", "eu", "--reason", "no expiry", expect=2)
    m.check(True, "a drain needs a reason and an expiry")
    lost = d.ctl("drain", "eux", "--for", "1m", "--reason", "typo", expect=4)
    m.check("eu" in lost.stderr, "an unknown region: the nearest name is said")

    got = d.json("drain", "www/eu/127.0.1.1", "--for", "10m",
                 "--reason", "one machine")
    m.check(answer(d) == ["127.0.1.2"], "a target is drained at once")
    d.ctl("undrain", "www/eu/127.0.1.1")
    m.check(answer(d) == ["127.0.1.1", "127.0.1.2"], "and comes back")
    d.ctl("undrain", "www/eu/127.0.1.1", expect=4)

    d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
    d.ctl("drain", "www/eu", "--for", "10m", "--reason", "x")
    still = d.ctl("undrain", "www/eu").stdout
    m.check("the drain of eu still holds" in still,
            "undrain says what else holds")
    no = d.ctl("undrain", "www/eu", expect=4).stderr
    m.check("no drain of www/eu itself, only of eu, which contains it" in no,
            "and of what it is a part")
    shown = d.ctl("status").stdout
    m.check("drained" in shown and " left" in shown,
            "status says by whom and for how long")
    d.ctl("undrain", "eu")
    no = d.ctl("drain", "www", "--for", "1m", "--reason", "x", expect=4).stderr
    m.check("www is a pool: name a region of it, such as www/eu" in no,
            "a pool is not what is drained")
    d.ctl("drain", "eu", "--for", "1m", "--over", "2m", "--reason", "x",
          expect=2)
    d.ctl("drain", "eu", "--for", "1m", "--reason", "two\nlines", expect=2)
    no = d.ctl("drain", "eu", "--from", "DE", expect=2).stderr
    m.check("--from is not for drain" in no, "what is wrong is named")
    no = d.ctl("events", "--since", "x", expect=2)
    m.check("neither an event number" in no.stderr and no.stdout == "",
            "a refusal is no event")

    got = d.json("drain", "eu", "--for", "10m", "--reason", "core switch")
    m.check(answer(d) == ["127.0.2.1"], "a region is drained at once")
    m.check(0 < got["let_go_s"] <= 5, "the reply says when caches let go")
    refused = d.ctl("drain", "www/us", "--for", "10m", "--reason", "both",
                    expect=1)
    m.check("www" in refused.stderr and "min_regions" in refused.stderr,
            f"emptying the pool is refused: {refused.stderr.strip()}")

    d.kill()
    d.start()
    left = d.json("drains")["drains"]
    m.check([x["what"] for x in left] == ["eu"], "the drain outlives kill -9")
    m.check(left[0]["reason"] == "core switch" and left[0]["owner"] and
            590 < left[0]["left_s"] <= 600, "with owner, reason, time left")
    m.check(answer(d) == ["127.0.2.1"], "and still holds")

    d.ctl("drain", "www/us", "--for", "10m", "--reason", "both", "--force")
    m.check(answer(d) == ["127.0.1.1", "127.0.1.2"] or
            answer(d) == ["127.0.2.1"], "forced: when_all_down answers")
    d.ctl("undrain", "www/us")

    d.ctl("drain", "eu", "--for", "2s", "--reason", "shorter now")
    started = time.monotonic()
    m.wait_for("the drain's end", lambda:
               answer(d) == ["127.0.1.1", "127.0.1.2"])
    m.check(1 <= time.monotonic() - started <= 5, "a drain ends by itself")
    m.check(d.json("drains")["drains"] == [], "and is gone from the list")
    events = d.ctl("events").stdout
    m.check("eu" in events and "drain" in events, "events tell the story")

    # Announced: TTLs end with its beginning, caches have let go by then.
    at = int(time.time()) + 6
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    got = d.json("drain", "eu", "--at", moment, "--for", "5m",
                 "--reason", "planned")
    m.check(got["at"] == at and got["until"] == at + 300, "it is announced")
    m.check(d.json("drains")["drains"][0]["begins_s"] > 0, "and listed so")
    last = 0
    while True:
        reply = d.query("www.example.com", ecs=CLIENT)
        now = time.time()
        if m.rdata(reply) == ["127.0.2.1"]:
            break
        last = max(last, now + reply.answer[0].ttl)
        m.check_quiet(now < at + 3, "it begins by itself")
        time.sleep(0.01)
    m.check(now >= at - 1, f"not before its time ({now - at:+.2f} s)")
    m.check(last <= at + 3.5, "the last TTL given out ends with its beginning"
            f" ({last - at:+.2f} s, the least TTL being 1 s)")

    started = time.monotonic()
    d.ctl("drain", "us", "--for", "5m", "--reason", "x", "--force", "--wait",
          "--timeout", "1s", expect=5)
    d.ctl("undrain", "us")
    m.check(time.monotonic() - started < 5, "--wait ends by --timeout")
    d.ctl("undrain", "eu")
    m.wait_for("eu", lambda: answer(d) == ["127.0.1.1", "127.0.1.2"])
    reply = d.query("www.example.com", ecs=CLIENT)
    started = time.monotonic()
    done = d.ctl("drain", "eu", "--for", "5m", "--reason", "x", "--wait")
    waited = time.monotonic() - started
    m.check(reply.answer[0].ttl - 1 <= waited <= reply.answer[0].ttl + 4,
            f"--wait returns when the last TTL has run out ({waited:.1f} s, "
            f"TTL {reply.answer[0].ttl} s)")
    m.check("every cached answer for eu has expired" in done.stdout, "and says so")
    again = d.json("drain", "eu", "--for", "9m", "--reason", "longer")
    m.check(again["renewed"]["reason"] == "x" and again["let_go_s"] == 0,
            "a renewal says what it renews")
    d.ctl("undrain", "eu")

    # Forced up: the probes are not believed.
    us.kill()
    m.wait_for("us is down",
               lambda: not d.region("www", "us")["live"])
    d.ctl("force-up", "us", "--for", "5m", "--reason", "the probe is wrong")
    m.check(d.region("www", "us")["live"], "forced up: us is live")
    told = d.ctl("explain", "www.example.com", "--from", "198.19.0.1").stdout
    m.check("127.0.2.1 down" in told and "forced up by" in told and
            "the probe is wrong" in told, "and explain says why")
    d.kill()
    d.start()
    m.check([x["what"] for x in d.json("drains")["force_ups"]] == ["us"],
            "it outlives kill -9")
    d.ctl("drain", "www/us", "--for", "5m", "--reason", "x")
    m.check(not d.region("www", "us")["live"], "a drain overrides it")
    told = d.ctl("force-up", "www/us", "--for", "5m", "--reason", "x").stdout
    m.check("the drain of www/us overrides it" in told, "and the reply says so")
    d.ctl("force-up", "www/us", "--end")
    d.ctl("undrain", "www/us")
    d.ctl("undrain", "us", expect=4)
    d.ctl("force-up", "us", "--end")
    m.wait_for("us", lambda: not d.region("www", "us")["live"])
    m.check(True, "ended, probes count again")
    log = d.log_text()
    m.check("force-up of us by" in log and "force-up of us ended by" in log,
            "the log tells who")

    # Out of reach of the socket: the break-glass file.
    with open(os.path.join(d.dir, "state", "break-glass"), "w") as f:
        f.write("eu 10m switch on fire\nnowhere 10m x\n")
    m.wait_for("the break-glass file", lambda: answer(d) != [
        "127.0.1.1", "127.0.1.2"], 3)
    m.wait_for("its new name", lambda: os.path.exists(
        os.path.join(d.dir, "state", "break-glass.wrong")))
    m.check("break-glass:2: there is no nowhere" in d.log_text(),
            "a file drains, and what is wrong in it is told by its line")
    m.check("forced: switch on fire" in d.log_text(), "as by --force")
    d.ctl("undrain", "eu")

    # Those who only look have a socket of their own.
    reader = os.path.join(d.dir, "read.sock")
    m.check(os.stat(reader).st_mode & 0o777 == 0o666 and
            os.stat(d.control).st_mode & 0o777 == 0o660, "modes of sockets")
    operators, d.control = d.control, reader
    m.check(d.json("drains")["drains"] == [], "readers may look")
    no = d.ctl("drain", "eu", "--for", "1m", "--reason", "x", expect=1)
    m.check("read-only" in no.stderr, "and do nothing")
    # Readers who follow take no place from operators, nor one user all.
    followers = []
    for path in [reader] * 33 + [operators]:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(m.DEADLINE)
        s.connect(path)
        s.sendall(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        followers.append((s, s.recv(12)))
    m.check([head for _, head in followers] == [b"HTTP/1.1 200"] * 32 +
            [b"HTTP/1.1 503", b"HTTP/1.1 200"],
            "32 of one reader follow events, and operators besides")
    no = d.ctl("events", "--follow", expect=1)
    m.check("too many clients follow" in no.stderr, "one more is told so")
    for s, _ in followers:
        s.close()
    # Who is behind sudo: root alone may say so.
    claim = {**os.environ, "SUDO_USER": "alice"}
    d.control = operators
    d.ctl("drain", "ap", "--for", "10m", "--reason", "x", env=claim)
    mine = d.json("drains")["drains"][0]["owner"]
    m.check((mine == "alice (root)") == (os.geteuid() == 0),
            f"the owner behind sudo: {mine}")
    if os.geteuid() == 0:
        os.chmod(d.dir, 0o755)
        os.chmod(operators, 0o666)
        d.ctl("drain", "ap", "--for", "10m", "--reason", "x", env=claim,
              user=65534)
        body = b'{"what": "ap", "for_s": 600, "reason": "x"}'
        lie = (b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nConnection: "
               b"close\r\nMeridian-Sudo-User: alice\r\nContent-Length: %d"
               b"\r\n\r\n%s" % (len(body), body))
        said = subprocess.run(
            [sys.executable, "-c", "import socket, sys\n"
             "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
             "s.sendall(sys.stdin.buffer.read()); print(s.recv(9999))",
             operators], input=lie, capture_output=True, check=True,
            user=65534).stdout
        m.check(b" 200 " in said and b"alice" not in said and "alice" not in
                d.json("drains")["drains"][0]["owner"],
                "nobody but root acts on another's behalf")
    d.ctl("undrain", "ap")
    d.control = operators + ".none"
    no = d.ctl("reload", expect=3)
    m.check(no.stdout == "" and "no daemon" in no.stderr,
            "nothing is in service where there is no daemon")
    d.control = operators
