#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The GeoIP gate: a new database that moves too much waits for the operator's
word, through reloads, kill -9 and restarts; the rest of a reload does not."""
import os
import struct

import meridian as m
from mmdb import country, metadata


def mmdb(german, built):
    """198.0.0.0/8 by its second octet: below german DE, else FR."""
    nodes = []

    def node(depth, low, high):
        """The tree over second octets low..high, 24 bits a record."""
        if high <= german or low >= german:
            return ("DE" if high <= german else "FR")
        nodes.append(None)
        at = len(nodes) - 1
        middle = (low + high) // 2
        nodes[at] = (node(depth + 1, low, middle),
                     node(depth + 1, middle, high))
        return at

    for _ in range(8):
        nodes.append(None)
    top = node(8, 0, 256)
    for depth in range(8):
        below = depth + 1 if depth < 7 else top
        bit = 198 >> (7 - depth) & 1
        nodes[depth] = (None, below) if bit else (below, None)
    records = {code: country(code) for code in ("DE", "FR")}
    offset = {"DE": 0, "FR": len(records["DE"])}

    def value(x):
        if x is None:
            return len(nodes)
        return x if isinstance(x, int) else len(nodes) + 16 + offset[x]

    tree = b"".join(struct.pack("!I", value(x))[1:] for n in nodes for x in n)
    return (tree + bytes(16) + records["DE"] + records["FR"] +
            b"\xab\xcd\xefMaxMind.com" + metadata(len(nodes), built, 24))


config = m.config(
    pools="  www: {regions: {eu: [{addr: 127.0.1.1}], us: [{addr: 127.0.2.1}]}"
          "}",
    policies="  near: {rules: [{geo: [DE], regions: [eu, us]}, "
             "{regions: [us, eu]}]}",
    names="  www.example.com: {pool: www, policy: near, ttl: {max: 5, min: 1}}"
).replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n  max_move: 10%\n"
          ).replace("europe: [198.18.0.0/16, \"2001:db8:e::/48\"]",
                    "europe: [192.0.2.0/24]").replace(
                        "america: [198.19.0.0/16]", "america: [192.0.3.0/24]")


def region(d, second):
    got = d.addresses("www.example.com", ecs=f"198.{second}.1.0/24")
    return {"127.0.1.1": "eu", "127.0.2.1": "us"}[got[0]]


with m.Daemon(config, {"zones/example.com.zone": m.ZONE,
                       "geo.mmdb": mmdb(100, 1000000)}) as d:
    m.check((region(d, 99), region(d, 100)) == ("eu", "us"), "the first one")
    d.write("geo.mmdb", mmdb(110, 2000000))
    d.ctl("reload")
    m.check(region(d, 109) == "eu", "one that moves 4% comes in")

    d.write("geo.mmdb", mmdb(200, 3000000))
    d.write("meridian.yaml", config.replace("127.0.1.1", "127.0.1.1, \"::1\"")
            .replace("127.0.2.1", "127.0.2.1, \"::2\"").replace(
                "{addr: 127", "{addr: [127").replace(":1\"}", ":1\"]}")
            .replace(":2\"}", ":2\"]}"))
    said = d.ctl("reload").stdout
    m.check("geo.mmdb is held" in said, f"one that moves 35%: {said.strip()}")
    m.check(region(d, 150) == "us", "its clients stay where they were")
    m.check(d.addresses("www.example.com", "AAAA") != [],
            "what else is new is in service")
    held = d.json("geoip")["databases"][0]["held"]
    m.check(abs(held["most"] - 90 / 256 * 100) < 1 and
            held["diff"]["moves"][0]["from"] == "us", "the figures are told")
    m.check("is held" in d.ctl("status").stdout, "status tells")
    events = d.ctl("events").stdout
    m.check("is held: it would move 35." in events, "an event tells")

    d.kill()
    d.start()
    m.check(region(d, 150) == "us", "kill -9 and a restart do not let it in")
    m.check(d.json("geoip")["databases"][0]["held"]["reason"] == "moves",
            "it is still told")
    m.check(d.json("status")["generation"] == 1, "nor is it judged again")

    os.truncate(os.path.join(d.dir, "geo.mmdb"), 100)
    d.process.terminate()
    d.process.wait()
    d.start()
    m.check(region(d, 109) == "eu",
            "a start does not need the file, only the accepted copy")
    d.write("geo.mmdb", mmdb(200, 3000000))
    d.ctl("reload")

    d.ctl("geoip", "accept")
    m.check(region(d, 150) == "eu", "accepted")
    m.check(d.json("geoip")["databases"][0]["by"] != "", "by whom is kept")
    d.ctl("geoip", "accept", expect=1)
    d.ctl("geoip", "rollback")
    m.check(region(d, 150) == "us" and region(d, 109) == "eu",
            "rolled back to the one before")
    d.kill()
    d.start()
    d.ctl("reload")
    m.check(region(d, 150) == "us", "and stays so")
    d.ctl("geoip", "nonsense", expect=2)
    d.ctl("geoip", "accept", "/nope.mmdb", expect=4)
