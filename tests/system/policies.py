#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What policies decide, computed here a second time from the manual alone:
weights over regions stick to a client's prefix, a tenant's home is who the
manual says, and who is elsewhere by a failure is nobody else."""
import math
import os
import re

import meridian as m

MASK = (1 << 64) - 1
REGIONS = {"eu": "127.0.1.1", "us": "127.0.2.1", "ap": "127.0.3.1"}
WEIGHTS = {"eu": 3, "us": 1, "ap": 2}
PREFIXES = 1500


def fnv(octets):
    h = 0xcbf29ce484222325
    for octet in octets:
        h = (h ^ octet) * 0x100000001b3 & MASK
    return h


def mix(x):
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def draw(key, region):
    return mix(mix(fnv(key)) ^ mix(fnv(region.encode())))


def home(tenant, regions):
    """The regions of a tenant, its home first."""
    return sorted(regions, key=lambda r: -draw(tenant.encode(), r))


def manual_home():
    """The program in the manual."""
    with open(os.path.join(m.SRCDIR, "man/meridian.yaml.5")) as f:
        text = f.read()
    program = re.search(r"^M = .*?(?=^\.Ed)", text, re.M | re.S).group()
    names = {}
    exec(program, names)
    return names["home"]


def sticky(key, weights):
    def score(region):
        return weights[region] / -math.log2(draw(key, region) / 2.0 ** 64)
    return sorted(weights, key=lambda r: -score(r))


def config(weights):
    listed = ", ".join(f"{r}: {w}" for r, w in weights.items())
    targets = "\n".join(f"      {r}: [{{addr: [{a}]}}]"
                        for r, a in REGIONS.items())
    return m.config(
        pools=f"  www:\n    regions:\n{targets}\n",
        policies=f"""\
  sticky: {{rules: [{{regions: {{{listed}}}}}]}}
  random: {{rules: [{{regions: {{eu: 3, us: 1}}, hash: random}}]}}
  tenants: {{rules: [{{regions: all, hash: qname, homes: homes.txt}}]}}
  fenced: {{rules: [{{regions: all, hash: qname, fence: EU}}]}}
  warm: {{rules: [{{regions: [eu, us, ap], trickle: 10%}}]}}
  uses: {{rules: [{{nets: europe, policy: inner, fence: EU}},
                {{policy: inner}}]}}
  inner: {{rules: [{{nets: america, regions: [us, eu]}}, {{regions: [ap, eu]}}]}}
  quick: {{rules: [{{regions: latency}}], unlocated: [us, eu, ap]}}
""",
        names="""\
  sticky.example.com: {pool: www, policy: sticky}
  random.example.com: {pool: www, policy: random}
  "*.t.example.com": {pool: www, policy: tenants}
  "*.eu.t.example.com": {pool: www, policy: fenced}
  quick.example.com: {pool: www, policy: quick}
  uses.example.com: {pool: www, policy: uses}
  warm.example.com: {pool: www, policy: warm}
""",
        extra="latency: {file: latency.csv, min_samples: 10}\n")


# Of 11.64.0.0/16, each /24 has one region that is the quickest.
LATENCY = "prefix,region,milliseconds,samples\n" + "".join(
    f"11.64.{i}.0/24,{list(REGIONS)[i % 3]},{1 + i / 1000:.3f},20\n"
    f"11.64.{i}.0/24,{list(REGIONS)[(i + 1) % 3]},0.5,9\n"
    for i in range(256)) + "11.64.0.0/16,ap,50,100\n"
FILES = {
    "latency.csv": LATENCY,
    "zones/example.com.zone": m.ZONE,
    "homes.txt": "# whose home is elsewhere\n"
                 "big.t.example.com   ap\n"
                 "Small.t.Example.com eu   # by contract\n",
}


def region_of(reply):
    return {a: r for r, a in REGIONS.items()}[m.rdata(reply)[0]]


def prefix(i):
    return bytes([20 + i // 60000, i // 256 % 256, i % 256])


def client_regions(d, name="sticky.example.com"):
    got = {}
    for i in range(PREFIXES):
        key = prefix(i)
        ecs = f"{key[0]}.{key[1]}.{key[2]}.{i % 250}/32"
        reply = d.query(name, ecs=ecs)
        m.check_quiet(m.ecs_of(reply).scopelen == 24, "the scope is the /24")
        got[key] = region_of(reply)
    return got


def names_regions(d, n=200):
    return {t: region_of(d.query(t)) for t in
            (f"tenant{i}.t.example.com" for i in range(n))}


with m.Daemon(config(WEIGHTS), FILES) as d:
    before = client_regions(d)
    m.check(all(before[k] == sticky(k, WEIGHTS)[0] for k in before),
            f"{PREFIXES} prefixes are where the manual's formula has them")
    for region, weight in WEIGHTS.items():
        share = weight / sum(WEIGHTS.values())
        sigma = math.sqrt(share * (1 - share) * PREFIXES)
        n = sum(r == region for r in before.values())
        m.check(abs(n - share * PREFIXES) < 5 * sigma,
                f"{region} has its share: {n} of {PREFIXES}")
    asked = ["10.1.2.3/32", "10.1.2.77/32", "10.1.2.0/24"]
    m.check(len({region_of(d.query("sticky.example.com", ecs=e))
                 for e in asked}) == 1, "a /24 has one region")

    random = [d.query("random.example.com", ecs="10.1.2.3/32")
              for _ in range(400)]
    share = sum(region_of(r) == "eu" for r in random) / len(random)
    m.check(abs(share - 0.75) < 0.15, f"at random: eu by {share:.0%}")
    m.check(all(m.ecs_of(r).scopelen == 0 for r in random),
            "what is drawn at random is of scope 0")

    homes = names_regions(d)
    m.check(all(homes[t] == home(t, REGIONS)[0] for t in homes),
            "tenants are at home where the manual says")
    m.check(set(homes.values()) == set(REGIONS), "in all regions")
    said = manual_home()
    m.check(all(homes[t] == said(t, REGIONS) for t in homes),
            "the program in the manual says so too")
    m.check(region_of(d.query("a.b.TENANT7.t.example.com")) ==
            homes["tenant7.t.example.com"], "all names of a tenant are there")
    m.check(region_of(d.query("big.t.example.com")) == "ap" and
            region_of(d.query("www.small.t.example.com")) == "eu",
            "the file beats the draw")
    reply = d.query("tenant7.t.example.com", ecs="10.1.2.3/32")
    m.check(m.ecs_of(reply).scopelen == 0, "the scope of a home is 0")
    m.check(all(region_of(d.query(f"x{i}.eu.t.example.com")) == "eu"
                for i in range(20)), "a fence keeps tenants in")
    said = d.ctl("explain", "tenant7.t.example.com", "--from", "DE").stdout
    m.check("drawn by the tenant's name tenant7.t.example.com." in said and
            f"{homes['tenant7.t.example.com']}" in said, "explain says so")
    said = d.json("explain", "big.t.example.com", "--from", "DE")
    m.check("homes.txt:2" in said["steps"][2]["text"] and
            said["answer"]["region"] == "ap" and "disagreement" not in said,
            "explain names the line of the file")
    for i in range(0, PREFIXES, 50):
        key = prefix(i)
        said = d.json("explain", "sticky.example.com", "--from",
                      f"{key[0]}.{key[1]}.{key[2]}.9")
        m.check_quiet("disagreement" not in said and
                      said["answer"]["region"] == before[key],
                      f"explain and answer agree: {said}")
    said = d.json("explain", "random.example.com", "--from", "10.1.2.3")
    m.check("disagreement" not in said and REGIONS[
        said["answer"]["region"]] in said["answer"]["records"][0],
        "explain of a draw at random is of one answer")

    for i in range(0, 256, 5):
        said = d.json("explain", "quick.example.com", "--from",
                      f"11.64.{i}.7")
        quickest = list(REGIONS)[i % 3]
        m.check_quiet(
            said["answer"]["region"] == quickest and
            f"{quickest} {1 + i / 1000:.3f} ms" in said["steps"][2]["text"] and
            region_of(d.query("quick.example.com",
                              ecs=f"11.64.{i}.9/32")) == quickest,
            f"the quickest region is the first: {said}")
    reply = d.query("quick.example.com", ecs="11.64.7.9/32")
    m.check(m.ecs_of(reply).scopelen == 24,
            "where latency was measured, the quickest region is the first")
    m.check(region_of(d.query("quick.example.com", ecs="11.65.0.1/32")) ==
            "us", "elsewhere as if nothing had been measured")
    d.write("latency.csv", LATENCY + "11.64.0.0/16,eu,fast,1\n")
    said = d.ctl("reload", expect=1)
    m.check("latency.csv:515:1: error: " in said.stdout + said.stderr,
            "a line that is wrong is named")
    d.write("latency.csv", LATENCY)

    for ecs, want, rule in (("198.18.1.1", "eu", 2), ("198.19.1.1", "us", 1),
                            ("10.1.2.3", "ap", 2)):
        said = d.json("explain", "uses.example.com", "--from", ecs)
        m.check(said["answer"]["region"] == want and
                f"; inner rule {rule}" in said["steps"][2]["text"] and
                "disagreement" not in said,
                f"the policy that is used decides: {ecs} gets {want}")

    warm = client_regions(d, "warm.example.com")
    share = sum(r == "us" for r in warm.values()) / PREFIXES
    m.check(abs(share - 0.1) < 5 * math.sqrt(0.09 / PREFIXES) and
            set(warm.values()) == {"eu", "us"},
            f"a trickle of {share:.1%} keeps the standby warm")
    one = next(k for k in warm if warm[k] == "us")
    said = d.json("explain", "warm.example.com", "--from",
                  f"{one[0]}.{one[1]}.{one[2]}.9")
    m.check(said["answer"]["reason"] == "trickle" and
            "disagreement" not in said and
            "keep it warm" in said["steps"][5]["text"], "explain says so")

    d.ctl("drain", "us", "--for", "1h", "--reason", "test", "--force")
    after = client_regions(d)
    m.check(all(after[k] == before[k] for k in before if before[k] != "us"),
            "a drained region's clients alone move")
    again = client_regions(d, "warm.example.com")
    m.check(all(again[k] == ("eu" if warm[k] == "eu" else "ap")
                for k in warm), "the trickle goes to the next that is live")
    m.check(all(after[k] == sticky(k, WEIGHTS)[1] for k in before
                if before[k] == "us"), "each to the next of its own")
    again = names_regions(d)
    m.check(all(again[t] == next(r for r in home(t, REGIONS) if r != "us")
                for t in homes), "likewise tenants")
    d.ctl("undrain", "us")
    d.ctl("drain", "us", "--share", "50%", "--for", "1h", "--reason", "test",
          "--force")
    at_us = [t for t in homes if homes[t] == "us"]
    part = {t: {(region_of(r), m.ecs_of(r).scopelen) for r in
                (d.query(t, ecs=f"10.{i}.2.0/24") for i in range(8))}
            for t in at_us}
    left = sum(part[t] == {(home(t, REGIONS)[1], 0)} for t in at_us)
    m.check(all(len(part[t]) == 1 for t in at_us) and
            0 < left < len(at_us),
            f"a drain in part moves tenants as a whole: {left} of "
            f"{len(at_us)}")
    d.ctl("undrain", "us")

    d.write("meridian.yaml", config({"eu": 3, "us": 2, "ap": 2}))
    d.ctl("reload")
    after = client_regions(d)
    moved = [k for k in before if after[k] != before[k]]
    ideal = 2 / 7 - 1 / 6
    sigma = math.sqrt(ideal * (1 - ideal) * PREFIXES)
    m.check(all(after[k] == "us" for k in moved) and
            len(moved) < ideal * PREFIXES + 5 * sigma,
            f"another weight moves {len(moved)} of {PREFIXES} prefixes, all "
            "to the region that has more")
