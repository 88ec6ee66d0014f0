#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""meridianctl check for a CI: exit codes, JSON and JUnit, by a daemon and
without; a failing test prints the explanation, and stops a reload."""
import os
import xml.etree.ElementTree

import meridian as m

CONFIG = """meridian: 1
server: {listen: [127.0.0.1@0], workers: 1, state: state,
         control: control.sock}
zones: {example.com: example.com.zone}
regions:
  eu: {location: [50.1, 8.7]}
  us: {location: [39.0, -77.5]}
pools: {www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}}
policies: {near: {rules: [{regions: nearest}]}}
names: {www.example.com: {pool: www, policy: near}}
tests:
  - {name: www.example.com, from: DE, expect: eu}
  - {name: www.example.com, from: US, expect: %s}
"""
ZONE = """$ORIGIN example.com.
@ 3600 SOA ns1 hostmaster 1 7200 3600 1209600 300
@ 3600 NS ns1
ns1 3600 A 192.0.2.53
"""


def junit(path):
    """The document, which any CI's parser must take, and its cases."""
    suite = xml.etree.ElementTree.parse(path).getroot().find("testsuite")
    cases = suite.findall("testcase")
    m.check(len(cases) == int(suite.get("tests")), "JUnit counts its cases")
    failed = [c for c in cases if c.find("failure") is not None]
    m.check(len(failed) == int(suite.get("failures")),
            "JUnit counts its failures")
    return cases, failed


with m.Daemon(CONFIG % "us", {"example.com.zone": ZONE}) as d:
    report = os.path.join(d.dir, "report.xml")
    for how in ([], ["-c", d.config]):
        text = d.ctl("check", *how, "--junit", report).stdout
        m.check("2 of 2 tests passed" in text, f"check {how}: 2 tests passed")
        cases, failed = junit(report)
        m.check(len(cases) == 3 and not failed, "three cases, none failed")

    d.write("meridian.yaml", CONFIG % "\"eu\"")
    for how in ([], ["-c", d.config]):
        done = d.ctl("check", *how, "--junit", report, expect=1)
        m.check("1 of 2 tests passed" in done.stdout, "one test passed")
        m.check("region us, not eu" in done.stderr and
                " 3. Rule " in done.stderr, "the failure is explained")
        cases, failed = junit(report)
        m.check(len(failed) == 1 and ":13)" in failed[0].get("name"),
                "the failure names its place")
        failure = failed[0].find("failure")
        m.check(failure.get("message") == "region us, not eu" and
                " 6. Pick         us" in failure.text,
                "JUnit has the explanation")
        said = d.json("check", *how, expect=1)
        m.check([t["ok"] for t in said["tests"]] == [True, False],
                "JSON has each test")
        m.check(said["diagnostics"][0]["line"] == 13, "and its line")
    m.check("region us, not eu" in d.ctl("reload", expect=1).stderr,
            "a failing test stops a reload")

    # What XML has no words for, and what it has its own for.
    d.write("meridian.yaml", CONFIG % '"<&\\"\\x01\\uFFFE>"')
    d.ctl("check", "-c", d.config, "--junit", report, expect=1)
    cases, failed = junit(report)
    m.check(len(cases) == 1 and "<&" in failed[0].find("failure").text,
            "a configuration that is wrong is the case that fails")
    d.ctl("check", "-c", d.config, "--junit", d.dir, expect=1)
    m.check(d.ctl("check", "-c", "/nonexistent", expect=1).returncode == 1,
            "no file: found wrong")
