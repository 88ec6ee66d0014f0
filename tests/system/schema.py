#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The JSON Schema of the configuration takes what the daemon takes, and refuses
what editors are to warn of."""
import copy
import json
import os
import subprocess
import tempfile

import jsonschema
import yaml

import meridian as m

SCHEMA = json.loads(subprocess.run(
    [m.MERIDIANCTL, "schema"], check=True, capture_output=True).stdout)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
# A bit of each kind of value.
RICH = """\
meridian: 1
include: []
server:
  listen: "127.0.0.1@0"
  ecs_from: [192.0.2.0/24]
  nsid: 7
  rate_limit: {per_second: 10, allow: 192.0.2.0/24}
  cookies: {secrets: [000102030405060708090a0b0c0d0e0f]}
  tcp: {idle: 1m30s}
zones: {example.com: example.com.zone}
geoip: {nets: {corp: [192.0.2.0/24, "2001:db8::/32"], lab: [198.51.100.0/24]}}
regions:
  eu: {location: [50.1, 8.7], jurisdiction: NO, capacity: 10}
  us: {location: [39.0, -77.5], jurisdiction: US, bias: -10}
latency: {file: latency.csv, min_samples: 10}
x-quick: &quick {interval: 500ms, timeout: 400ms}
x-targets: &sorry [{addr: [192.0.2.3], records: {TXT: [e]}}]
monitors:
  web: {type: http, headers: {X-Probe: 1}, expect: {status: [200, 204]},
        interval: 500ms, timeout: 400ms}
  ask: {type: dns, query: {name: www.example.com, type: AAAA},
        expect: {rcode: NXDOMAIN}}
  run: {type: exec, command: [/bin/true, -v]}
pools:
  www:
    monitor: [web, run, ask]
    require: 2
    regions:
      eu: [{addr: 192.0.2.1, records: {TXT: ["a b", c]}}]
      us: [{addr: [192.0.2.2], records: {TXT: [d]}}]
  sorry: {regions: {eu: *sorry}}
  alias: {regions: {eu: [{cname: a.example.net.}]}}
policies:
  near:
    rules:
      - {nets: [corp, lab], regions: [us, eu]}
      - {geo: [NO, EU], box: [-10, -20.5, 10, 20], regions: [eu], fence: NO,
         when_all_down: {pool: sorry}}
      - {asn: 64496, regions: nearest, band: 500km}
      - {asn: 64497, regions: latency, trickle: 1%}
      - {geo: US-CA/San Jose, regions: {eu: 3, us: 1}, hash: random}
      - {geo: US, regions: [eu, us], hash: qname, homes: homes.txt}
      - {regions: all}
    unlocated: eu
    when_all_down: last_known
    failback: {hold: 5m, ramp: 10m, manual: no}
  any: {rules: [{geo: DE, policy: far}, {regions: all}]}
  far: {rules: [{regions: [us, eu]}]}
names:
  www.example.com: {pool: www, policy: near, ttl: {max: 60}}
  a.example.com: {pool: www}
  c.example.com: {pool: alias, policy: any}
stages:
  shop:
    steps:
      - {name: one, policies: {a.example.com: near}}
      - {name: two, policies: {a.example.com: near}}
health:
safety: {max_fill: 85%}
tests:
  - {name: www.example.com, from: 192.0.2.9, down: [us], step: shop/one,
     signal: {web: up}, expect: {region: eu, addresses: 192.0.2.1}}
"""


def read(text):
    """As YAML 1.2 would: NO is no boolean."""
    class Loader(yaml.SafeLoader):
        pass
    Loader.yaml_implicit_resolvers = {
        first: [r for r in resolvers if r[0] != "tag:yaml.org,2002:bool"]
        for first, resolvers in
        yaml.SafeLoader.yaml_implicit_resolvers.items()}
    return yaml.load(text, Loader)


def demo():
    with open(os.path.join(m.SRCDIR, "zones/meridian.yaml")) as f:
        return read(f.read())


def maps(value, path=()):
    """All maps in it, with their paths."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from maps(inner, path + (key,))


def changed(value, path, change):
    value = copy.deepcopy(value)
    at = value
    for key in path:
        at = at[key]
    change(at)
    return value


def main():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    m.check(True, "it is a schema")
    wrong = [e.message for e in VALIDATOR.iter_errors(demo())]
    m.check(not wrong, f"the demo is taken {wrong}")
    with tempfile.TemporaryDirectory() as folder:
        rich = os.path.join(folder, "meridian.yaml")
        for path, text in ((rich, RICH), (os.path.join(
                folder, "example.com.zone"), m.ZONE), (os.path.join(
                    folder, "homes.txt"), "a.example.com eu\n"), (
                        os.path.join(folder, "latency.csv"),
                        "192.0.2.0/24,eu,1.5,20\n")):
            with open(path, "w") as f:
                f.write(text.replace("towww   IN CNAME www\n", ""))
        done = subprocess.run([m.MERIDIANCTL, "check", "-c", rich],
                              capture_output=True, text=True, timeout=60)
        m.check(done.returncode == 0, f"the daemon takes all {done.stderr}")
    wrong = [e.message for e in VALIDATOR.iter_errors(read(RICH))]
    m.check(not wrong, f"and so does the schema {wrong}")
    free = {("zones",), ("geoip", "nets"), ("regions",), ("monitors",),
            ("pools",), ("policies",), ("names",)}
    for path in maps(demo()):
        if path in free or path[-1:] == ("regions",):
            continue
        bad = changed(demo(), path, lambda at: at.update(nosuch=1))
        m.check_quiet(not VALIDATOR.is_valid(bad), f"{path}: an unknown key")
    m.check(True, "unknown keys are refused in every map")
    for path, value in ((("monitors", "web", "interval"), "1 second"),
                        (("monitors", "web", "type"), "htpp"),
                        (("pools", "www", "answer", "max"), 65),
                        (("safety", "max_fill"), 85)):
        bad = changed(demo(), path[:-1],
                      lambda at, k=path[-1], v=value: at.update({k: v}))
        m.check(not VALIDATOR.is_valid(bad), f"{path[-1]}: {value} is refused")


main()
