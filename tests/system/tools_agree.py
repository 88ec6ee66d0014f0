#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""dig, kdig and drill agree on every answer of the example zones, over UDP and
TCP; client subnets are copied, and the scope is there."""
import os
import re
import subprocess

import meridian as m

ZONES = os.path.join(m.SRCDIR, "zones")
QUESTIONS = [
    (name, kind) for name in (
        "example.com", "www.example.com", "static.example.com",
        "shop.example.com", "docs.example.com", "away.example.com",
        "x.wild.example.com", "down.in.example.com", "in.example.com",
        "nothing.example.com", "sub.example.com", "a.sub.example.com",
        "ns.sub.example.com", "_sip._tcp.example.com",
        "host-03.example.com", "unknown.example.com", "WWW.EXAMPLE.net",
        "any.api.example.com", "cdn.example.com", "other.example.org")
    for kind in ("A", "AAAA", "MX", "TXT", "NS", "SOA", "SRV", "TYPE65400")]


def read(name):
    with open(os.path.join(ZONES, name)) as f:
        return f.read()


def records(text):
    """Sections to sets of records, without TTLs and case."""
    found = set()
    for line in text.splitlines():
        line = re.sub(r"\s+", " ", line.strip()).lower()
        if line and not line.startswith(";"):
            owner, _, rest = line.split(" ", 2)
            found.add(f"{owner} {rest}".replace('"', ""))
    return found


def status(text):
    match = re.search(r"(?:status|rcode): (\w+)", text)
    return match[1] if match else None


class Said:
    """What a tool says: equal where status and records are."""

    def __init__(self, command):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20)
        self.text = done.stdout + done.stderr
        self.status = status(done.stdout)
        self.records = records(done.stdout)

    def __eq__(self, other):
        return (self.status, self.records) == (other.status, other.records)


def questions(d, transport):
    at, port = "@127.0.0.1", str(d.port)
    for name, kind in QUESTIONS:
        tcp = transport == "tcp"
        dig = Said(["dig", at, "-p", port, "+norec", "+nocookie", "+noall",
                   "+comments", "+answer", "+authority", "+additional",
                   "+tcp" if tcp else "+notcp", name, kind])
        kdig = Said(["kdig", at, "-p", port, "+norec", "+noall", "+header",
                    "+answer", "+authority", "+additional",
                    "+tcp" if tcp else "+notcp", name, kind])
        drill = Said(["drill", "-o", "rd", "-p", port] +
                    (["-t"] if tcp else []) + [name, at, kind])
        m.check_quiet(dig.status is not None and dig == kdig == drill,
                      f"{name} {kind} over {transport}:\n" + "\n".join(
                          said.text for said in (dig, kdig, drill)))
    m.check(True, f"{len(QUESTIONS)} questions over {transport}: dig, kdig "
            "and drill agree")


def subnet(d, prefix):
    done = subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(d.port), "+norec",
         f"+subnet={prefix}", "www.example.com"],
        capture_output=True, text=True, timeout=20)
    match = re.search(r"CLIENT-SUBNET: (\S+)/(\d+)/(\d+)", done.stdout)
    m.check(match and f"{match[1]}/{match[2]}" == prefix,
            f"dig +subnet={prefix} gets it back: {match and match[0]}")
    return int(match[3])


config = re.sub(r"(?m)^  databases:.*$", "", read("meridian.yaml"))
config = re.sub(r"(?s)\ntests:.*", "\n", config)
config = config.replace('["127.0.0.1@5300", "::1@5300"]', '["127.0.0.1@0"]')
config = re.sub(r"(?m)^  http:.*$", "", config)
config = config.replace("../build/demo/", "")

with m.Daemon(config, {name: read(name) for name in
                       ("example.com.zone", "example.net.zone")}) as d:
    # One answer of several is by chance: that pool is left to other tests.
    QUESTIONS[:] = [q for q in QUESTIONS if "api" not in q[0]]
    m.wait_for("the first probes", lambda: all(
        t["health"] != "unknown" for p in d.json("status")["pools"]
        for r in p["regions"] for t in r["targets"]))
    questions(d, "udp")
    questions(d, "tcp")
    m.check(subnet(d, "10.1.2.0/24") == 8, "the scope of a net is its length")
    m.check(subnet(d, "2001:db8:ffff:1::/64") == 48, "in IPv6 too")
    m.check(subnet(d, "8.8.8.0/24") > 0, "and of what lies outside")
