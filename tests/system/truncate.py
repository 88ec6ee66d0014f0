#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A database truncated in place under load harms nothing; a reload of it is
refused, and one of a good copy goes through."""
import os
import subprocess

import meridian as m

MAKE = os.path.join(m.SRCDIR, "geoip", "make-demo-db")
TABLE = os.path.join(m.SRCDIR, "geoip", "countries.tab")
POOL = """\
  www: {regions: {eu: [{addr: [192.0.2.10]}], us: [{addr: [192.0.2.20]}],
        ap: [{addr: [192.0.2.30]}]}}
"""
config = m.config(
    pools=POOL, policies="  near: {rules: [{regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n"
).replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n")
config = config[:config.index("  nets:")] + config[config.index("regions:"):]


def write_database(d):
    first = 90 << 24
    d.write("v4", f"{first},{first + 0xffffff},FR\n"
            f"{8 << 24},{(8 << 24) + 0xffffff},US\n")
    d.write("v6", "2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,DE\n")
    subprocess.run(["perl", MAKE, *(os.path.join(d.dir, f) for f in
                    ("v4", "v6")), TABLE, os.path.join(d.dir, "geo.mmdb")],
                   check=True)


d = m.Daemon(config, {"zones/example.com.zone": m.ZONE})
write_database(d)
with d:
    m.check(d.addresses("www.example.com", ecs="90.1.2.0/24") ==
            ["192.0.2.10"], "France gets eu")
    m.check(d.addresses("www.example.com", ecs="8.8.8.0/24") ==
            ["192.0.2.20"], "the United States get us")
    m.check(d.addresses("www.example.com", ecs="2a00:1::/32") ==
            ["192.0.2.10"], "Germany gets eu over IPv6")
    with m.Load(d, "www.example.com", "90.1.2.0/24", 0.001) as load:
        m.wait_for("load", lambda: len(load.answers) > 100)
        os.truncate(os.path.join(d.dir, "geo.mmdb"), 100)
        n = len(load.answers)
        refused = d.ctl("reload", expect=1)
        m.check("geo.mmdb" in refused.stderr, "the reload names the file")
        m.wait_for("load", lambda: len(load.answers) > n + 200)
        write_database(d)
        d.ctl("reload")
        n = len(load.answers)
        m.wait_for("load", lambda: len(load.answers) > n + 200)
    m.check(load.lost == 0, f"no query lost of {load.sent}")
    m.check(all(m.rdata(r) == ["192.0.2.10"] for _, r in load.replies()),
            "every answer was right")
