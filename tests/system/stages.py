#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stages: one command changes the policies of several names at once, or
nothing; what is in force outlives a kill -9, and is named wherever it counts."""
import json
import os
import subprocess

import meridian as m

CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: [192.0.2.1]}],"
          " us: [{addr: [192.0.2.2]}]}}\n",
    policies="  first-eu: {rules: [{regions: [eu, us]}]}\n"
             "  first-us: {rules: [{regions: [us, eu]}]}\n",
    names="  www.example.com: {pool: www}\n"
          "  api.example.com: {pool: www}\n"
          "  old.example.com: {pool: www, policy: first-eu}\n",
    extra="""\
stages:
  shop:
    steps:
      - name: active-passive
        policies: {www.example.com: first-eu, api.example.com: first-eu}
      - name: read-local
        policies: {www.example.com: first-us, api.example.com: first-eu}
      - name: active-active
        policies: {www.example.com: first-us, api.example.com: first-us}
tests:
  - {name: old.example.com, from: 192.0.2.9, expect: eu}
  - {name: www.example.com, from: 192.0.2.9, expect: eu,
     step: shop/active-passive}
  - {name: www.example.com, from: 192.0.2.9, expect: us,
     step: [shop/read-local, shop/active-active]}
""").replace("  ap: {location: [35.7, 139.7], jurisdiction: JP,"
             " capacity: 100}\n", "")


def where(d):
    """The regions of www and api, by their answers."""
    return tuple({"192.0.2.1": "eu", "192.0.2.2": "us"}[
        d.addresses(f"{name}.example.com")[0]] for name in ("www", "api"))


def step(d):
    return d.json("stages")["stages"][0]["step"]


def test_run(d):
    m.check((where(d), step(d)) == (("eu", "eu"), "active-passive"),
            "the first step is in force")
    d.ctl("promote", "shop", "--reason", "reads go local")
    m.check((where(d), step(d)) == (("us", "eu"), "read-local"),
            "promote goes to the next step")
    d.ctl("promote", "shop", "--reason", "all of it")
    m.check(where(d) == ("us", "us"), "and to the last, both names at once")
    m.check("last step" in d.ctl("promote", "shop", "--reason", "x",
                                 expect=1).stderr, "there is no more")
    story = d.ctl("explain", "www.example.com", "--from", "192.0.2.9").stdout
    m.check("first-us (stage shop in step active-active) rule 1" in story,
            "explain names the stage and its step")
    m.check("stage shop is in step active-active, 3 of 3" in
            d.ctl("status").stdout, "status shows it")
    m.check("all of it" in d.ctl("stages").stdout, "stages says why")
    m.check("stage shop is in step active-active by "
            f"{m.USER}: all of it" in d.log_text(),
            "the log names the owner and the reason")
    d.kill()
    d.start()
    m.check((where(d), step(d)) == (("us", "us"), "active-active"),
            "it outlives a kill -9")
    m.check("shop is in its last step, active-active" in d.ctl(
        "promote", "shop", "--reason", "x", expect=1).stderr,
        "there is none behind the last")
    d.ctl("rollback", "shop", "--reason", "errors in us")
    m.check(step(d) == "read-local", "rollback goes back by one")
    d.ctl("rollback", "shop", "active-passive", "--reason", "all of it")
    m.check(where(d) == ("eu", "eu"), "or to the step that it names")
    d.ctl("reload")
    m.check(step(d) == "active-passive", "a reload changes no step")


def test_refused(d):
    m.check("did you mean shop?" in d.ctl(
        "promote", "shob", "--reason", "x", expect=4).stderr,
        "there is no such stage")
    m.check("did you mean read-local?" in d.ctl(
        "promote", "shop", "read-lokal", "--reason", "x", expect=4).stderr,
        "there is no such step")
    d.ctl("promote", "shop", expect=2)
    for command, text in (
            (("rollback", "shop"), "shop is in its first step, active-passive"),
            (("promote", "shop", "active-passive"),
             "shop is in step active-passive already")):
        m.check(text in d.ctl(*command, "--reason", "x", expect=1).stderr,
                f"{' '.join(command)}: {text}")
    d.write("meridian.yaml", CONFIG.replace(
        "expect: us,", "expect: eu,"))
    said = d.ctl("promote", "shop", "--reason", "x", expect=1)
    m.check("region us, not eu" in said.stderr, "a test that fails in the step stops it")
    m.check((where(d), step(d)) == (("eu", "eu"), "active-passive"),
            "and nothing has changed")
    d.write("meridian.yaml", CONFIG)
    state = os.path.join(d.dir, "state")
    os.rename(state, state + ".gone")
    d.ctl("promote", "shop", "--reason", "x", expect=1)
    os.rename(state + ".gone", state)
    m.check(step(d) == "active-passive", "what cannot be saved is not done")
    d.ctl("promote", "shop", "--reason", "x")
    d.write("meridian.yaml", CONFIG.replace("read-local", "read-near"))
    m.check('is in its step "read-local"' in d.ctl("reload", expect=1).stderr,
            "a configuration without the step in force is refused")
    d.ctl("promote", "shop", "--reason", "x")
    m.check(step(d) == "active-active",
            "unless it goes to another step by that")
    d.ctl("rollback", "shop", "--reason", "x")
    m.check(step(d) == "read-near", "and so back")
    d.write("meridian.yaml", CONFIG)
    d.ctl("promote", "shop", "active-active", "--reason", "x")
    d.ctl("rollback", "shop", "--reason", "x")


def test_check(d):
    for name, code in (("shop/active-active", 0), ("shop/nope", 1),
                       ("shop", 2)):
        d.ctl("check", "-c", d.config, name, expect=code)
    junit = os.path.join(d.dir, "report.xml")
    done = d.ctl("check", "-c", d.config, "shop/read-local", "--junit", junit)
    with open(junit) as f:
        m.check("2 of 2 tests passed" in done.stdout and
                "not run, as they are of other steps: 1" in done.stdout and
                f.read().count("<skipped/>") == 1,
                "a test of other steps is no test that passed")
    d.write("state/stages.json", "{")
    done = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                          capture_output=True, text=True, timeout=60)
    m.check(done.returncode == 1 and "stages.json" in done.stderr +
            done.stdout, "a state that cannot be read is said")
    d.write("state/stages.json", json.dumps({"version": 1, "stages": [
        {"stage": "gone", "step": "x", "owner": "a", "reason": "b",
         "since": 1}]}))
    d.ctl("check", "-c", d.config)


def without_stage(text):
    """The same, but the names have policies of their own."""
    text = text[:text.index("stages:")] + """\
stages:
  other:
    steps:
      - {name: a, policies: {old.example.com: first-eu}}
      - {name: b, policies: {old.example.com: first-us}}
"""
    for name in ("www", "api"):
        text = text.replace(f"{name}.example.com: {{pool: www}}",
                            f"{name}.example.com: {{pool: www, "
                            "policy: first-eu}")
    return text.replace("old.example.com: {pool: www, policy: first-eu}",
                        "old.example.com: {pool: www}")


def test_other_directory(d):
    """server.state needs a restart: until then the steps are where they were
    saved, whatever the configuration says."""
    d.ctl("promote", "shop", "read-local", "--reason", "x")
    for state in ("state2", "/nonexistent", "state"):
        d.write("meridian.yaml", CONFIG.replace(
            "state: state", f"state: {state}"))
        told = [w for w in d.json("reload")["warnings"] if "restart" in w]
        m.check(where(d) == ("us", "eu") and bool(told) == (state != "state"),
                f"server.state: {state} changes no step")
        d.ctl("promote", "shop", "active-active", "--reason", "x")
        d.ctl("reload")
        m.check(where(d) == ("us", "us"), "a promotion stays, too")
        d.ctl("check")
        d.ctl("rollback", "shop", "read-local", "--reason", "x")
    m.check(not os.path.exists(os.path.join(d.dir, "state2")),
            "nothing is written to the other directory")
    d.write("meridian.yaml", CONFIG)


def test_absent(d):
    """A stage that is out of the configuration for a while keeps its step."""
    for restart in (False, True):
        d.write("meridian.yaml", without_stage(CONFIG))
        d.ctl("reload")
        m.check(where(d) == ("eu", "eu"), "without the stage")
        d.ctl("promote", "other", "--reason", "x")
        if restart:
            d.kill()
            d.start()
        m.check(d.addresses("old.example.com") == ["192.0.2.2"],
                "another stage is promoted meanwhile")
        d.ctl("rollback", "other", "--reason", "x")
        d.write("meridian.yaml", CONFIG)
        d.ctl("reload")
        m.check((where(d), step(d)) == (("us", "eu"), "read-local"),
                "and the first comes back in its step")
    d.write("meridian.yaml", without_stage(CONFIG))
    d.ctl("reload")
    d.write("meridian.yaml", CONFIG.replace("read-local", "read-near"))
    said = d.ctl("reload")
    m.check("and this step is no longer declared: its first step" in
            said.stdout + said.stderr and where(d) == ("eu", "eu"),
            "one that comes back without its step is in its first step")
    d.kill()
    d.start()
    m.check(where(d) == ("eu", "eu"), "after a restart, too")
    d.write("meridian.yaml", CONFIG)
    d.ctl("reload")


with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as daemon:
    test_other_directory(daemon)
    test_absent(daemon)
with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as daemon:
    test_run(daemon)
    test_refused(daemon)
    test_check(daemon)
