#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""meridianctl prove, by a daemon and without: what it says, of which files, and
how it exits; the daemon goes on meanwhile."""
import hashlib
import os

import meridian as m

CONFIG = """meridian: 1
server: {listen: [127.0.0.1@0], workers: 1, state: state,
         control: control.sock}
include: [policies.yaml]
geoip: {nets: {corp: corp.txt, all: [0.0.0.0/0]}}
zones: {example.com: example.com.zone}
regions:
  eu: {location: [50.1, 8.7], jurisdiction: EU}
  us: {location: [39.0, -77.5], jurisdiction: US}
pools:
  www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}
  cdn: {regions: {eu: [{cname: eu.example.net.}]}}
names:
  www.example.com: {pool: www, policy: near}
  cdn.example.com: {pool: cdn, policy: near}
  staged.example.com: {pool: www}
stages:
  move:
    steps:
      - {name: before, policies: {staged.example.com: near}}
      - {name: after, policies: {staged.example.com: home}}
"""
POLICIES = """policies:
  near:
    rules:
      - {nets: corp, regions: [us, eu], fence: EU}
      - {nets: all, regions: [eu]}
      - {geo: [DE], regions: [eu]}
      - {regions: nearest}
  home: {rules: [{regions: [us, eu], fence: US}]}
"""
FILES = {
    "policies.yaml": POLICIES,
    "corp.txt": "10.0.0.0/8\n2001:db8:ffff::/48\n",
    "example.com.zone": "@ 3600 SOA ns1 host 1 7200 3600 1209600 300\n"
                        "@ 3600 NS ns1\nns1 3600 A 192.0.2.53\n"
                        "$INCLUDE more.zone\n",
    "more.zone": "more 3600 A 192.0.2.54\n",
}


def check_files(d, report):
    said = {os.path.basename(f["file"]): f["sha256"] for f in report["files"]}
    m.check(set(said) == set(FILES) | {"meridian.yaml"},
            "every file that was read is named")
    for name, digest in said.items():
        with open(os.path.join(d.dir, name), "rb") as f:
            m.check_quiet(hashlib.sha256(f.read()).hexdigest() == digest,
                          f"the hash of {name}")
    m.check(True, "the hashes are those of the files")


with m.Daemon(CONFIG, FILES) as d:
    for how in ([], ["-c", d.config]):
        report = d.json("prove", *how)
        m.check(report["ok"] and [c["claim"] for c in report["claims"]] ==
                ["clients", "scopes", "fences", "subnets", "names",
                 "rules"],
                f"prove {how}: every claim is proven")
        check_files(d, report)
        m.check([(f["line"], f["claim"]) for f in report["findings"]] ==
                [(6, "rules")], "the rule that nothing reaches is named")
        m.check([(f["line"], f["fence"], f["pool"], f["regions"], f["step"])
                 for f in report["fences"]] ==
                [(4, "EU", "www", ["eu"], None), (4, "EU", "cdn", ["eu"], None),
                 (8, "US", "www", ["us"], "move/after")],
                "what clients within fences can get is said, by a step that "
                "is not in force, too")
        m.check(report.get("in_service") is (None if how else True),
                "the daemon says that it serves these files")
        m.check([a["name"] for a in report["aliases"]] ==
                ["cdn.example.com."], "what is not in the proof is said")
        text = d.ctl("prove", *how).stdout
        m.check("\nPROVEN" in text and "policies.yaml:6: policy near: rule 3 "
                "is the first to match of no address" in text and
                "without a client subnet is decided for its resolver" in
                " ".join(text.split()) and
                "cdn.example.com.: eu.example.net. leads to" in text,
                "and so is the text for people")

    m.check(d.json("status")["files"] == d.json("prove")["files"],
            "status has the hashes of what is served")
    d.write("corp.txt", FILES["corp.txt"] + "192.168.0.0/16\n")
    m.check(d.json("prove")["in_service"] is False and
            "does not serve" in d.ctl("prove").stdout,
            "other files are proven than are served")
    d.ctl("reload")
    m.check(d.json("prove")["in_service"] is True, "until they are")
    d.ctl("promote", "move", "after", "--reason", "test")
    report = d.json("prove")
    m.check(all(f["step"] is None for f in report["fences"]) and
            any("stages.json" in f["file"] for f in report["files"]),
            "the step in force is told by its file")

    d.write("policies.yaml", POLICIES.replace("DE", "D"))
    for how in ([], ["-c", d.config]):
        done = d.ctl("prove", *how, expect=1)
        m.check("policies.yaml:6" in done.stderr and not done.stdout,
                f"prove {how}: what is wrong cannot be proven")
    m.check(d.json("status")["generation"] == 3, "nothing has changed")
