#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A promotion that brings another GeoIP database: both are saved before either
is in service, or neither, whichever of the two files cannot be written."""
import os
import signal

import meridian as m
from mmdb import random_database

CODES = ["DE", "FR"]
CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: 127.0.1.1}], us: [{addr: 127.0.2.1}]}"
          "}",
    policies="  near: {rules: [{geo: [DE], regions: [eu, us]}, "
             "{regions: [us, eu]}]}\n"
             "  one: {rules: [{regions: [eu, us]}]}\n"
             "  two: {rules: [{regions: [us, eu]}]}",
    names="  www.example.com: {pool: www}\n"
          "  geo.example.com: {pool: www, policy: near}",
    extra="""\
stages:
  shop:
    steps:
      - {name: one, policies: {www.example.com: one}}
      - {name: two, policies: {www.example.com: two}}
""").replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n  max_move: 100%\n")


def database(number):
    return random_database(8, CODES, number, built=1000000 + number)


def state(d):
    """What is in service: the answer, the step, the database's time."""
    (entry,) = d.json("geoip")["databases"]
    return (d.addresses("www.example.com"),
            d.json("stages")["stages"][0]["step"], entry["built"])


def told(d, kind):
    return sum(event["type"] == kind for event in map(
        m.json.loads, d.ctl("--json", "events").stdout.splitlines()))


def again(d):
    d.kill()
    d.start()


with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE,
                       "geo.mmdb": database(1)}) as d:
    first = (["127.0.1.1"], "one", 1000001)
    m.check(state(d) == first, "the first database, the first step")
    for number, name in enumerate(("geoip", "stages"), 2):
        d.write("geo.mmdb", database(number))
        events = told(d, "stage"), told(d, "geoip")
        # A directory in the place of the temporary file: not to be written.
        block = os.path.join(d.dir, "state", f"{name}.json.tmp")
        os.mkdir(block)
        said = d.ctl("promote", "shop", "--reason", "x", expect=1).stderr
        m.check("cannot be saved" in said and state(d) == first,
                f"{name}.json cannot be written: nothing has changed")
        m.check((told(d, "stage"), told(d, "geoip")) == events,
                "and no event says otherwise")
        d.write("geo.mmdb", database(1))
        if name == "stages":
            d.process.send_signal(signal.SIGHUP)
            d.ctl("reload")
            m.check(state(d) == first, "nor does the next reload")
        os.rmdir(block)
        d.ctl("reload")
        m.check(state(d) == first, "nor one when it can be written again")
        again(d)
        m.check(state(d) == first, "nor a restart")
    d.write("geo.mmdb", database(4))
    os.mkdir(block)
    d.ctl("promote", "shop", "--reason", "x", expect=1)
    os.rmdir(block)
    d.write("geo.mmdb", database(1))
    again(d)
    m.check(state(d) == first, "kill -9 right after a refusal: as it was")
    d.write("geo.mmdb", database(4))
    d.ctl("promote", "shop", "--reason", "x")
    last = (["127.0.2.1"], "two", 1000004)
    m.check(state(d) == last, "both at once where both can be saved")
    again(d)
    m.check(state(d) == last, "and both outlive kill -9")
