#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type exec: exit codes, time, output, what commands leave behind,
and the helper's end."""
import os
import signal
import time

import meridian as m

SCRIPTS = {
    "good": "echo \"$MERIDIAN_MONITOR at $MERIDIAN_ADDRESS@$MERIDIAN_PORT, $1\"",
    "bad": "echo out of disk >&2; exit 3",
    "slow": "sleep 60 & echo $$ $! > slow.pids; sleep 60",
    "loud": "yes | head -c 1000000; sleep 60",
    "left": "sleep 60 & echo $! > left.pid; exit 0",
    "shot": "kill -SEGV $$",
    "env": "env | grep -v '^\\(_\\|PWD\\|SHLVL\\)=' | sort | tr '\\n' ' '",
}
files = {"zones/example.com.zone": m.ZONE}
# The folder is known when the daemon has it: cd there by the script's own.
for name, text in SCRIPTS.items():
    files[f"bin/{name}"] = f"#!/bin/sh\ncd \"${{0%/*}}\"\n{text}\n"
KEYS = "interval: 300ms, timeout: 250ms, fall: 2, rise: 1"
config = m.config(
    monitor="monitors:\n" + "".join(
        f"  {name}: {{type: exec, command: [bin/{name}, \"a ; b\"], "
        f"port: 8080, {KEYS}}}\n" for name in [*SCRIPTS, "none"]),
    pools="".join(f"  {name}: {{monitor: {name}, regions: "
                  "{eu: [{addr: 192.0.2.1}]}}\n" for name in [*SCRIPTS, "none"]),
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {name}.example.com: {{pool: {name}, policy: all}}\n"
                  for name in [*SCRIPTS, "none"]))


def watch(d, pool):
    return d.region(pool, "eu")["targets"][0]["watches"][0]


def expect(d, pool, state, why):
    m.wait_for(f"{pool} is {state}: {why}",
               lambda: watch(d, pool)["state"] == state and
               why in watch(d, pool)["last"])
    print(f"ok: {pool} is {state}: {watch(d, pool)['last']}", flush=True)


def pids(d, name):
    with open(os.path.join(d.dir, "bin", name)) as f:
        return [int(pid) for pid in f.read().split()]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def helper_of(process):
    helper, = m.children(process.pid)
    return helper


d = m.Daemon(config, files)
for name in SCRIPTS:
    os.chmod(os.path.join(d.dir, "bin", name), 0o755)
with d:
    m.check("bin/none cannot be run here: No such file" in d.log_text(),
            "a program that is not there is warned of")
    expect(d, "good", "up", "ms: good at 192.0.2.1@8080, a ; b")
    expect(d, "bad", "down", "exit 3: out of disk")
    expect(d, "slow", "down", "timeout")
    expect(d, "loud", "down", "more than 65536 octets of output")
    expect(d, "left", "up", "exit 0")
    expect(d, "shot", "down", "ended by signal 11")
    expect(d, "none", "down", "exit 127: ")
    expect(d, "env", "up", "MERIDIAN_ADDRESS=192.0.2.1 MERIDIAN_MONITOR=env "
           "MERIDIAN_PORT=8080 MERIDIAN_TIMEOUT_MS=250")
    for name in ("slow.pids", "left.pid"):
        before = pids(d, name)
        m.wait_for("a later probe", lambda: pids(d, name) != before)
        m.wait_for(f"{name}: they are gone",
                   lambda: not any(map(is_running, before)))
    print("ok: nothing is left of commands that have ended or were ended")

    # A terminal's interrupt goes to the whole group.
    helper = helper_of(d.process)
    os.kill(helper, signal.SIGINT)
    os.kill(helper, signal.SIGTERM)
    at = watch(d, "good")["successes"]
    m.wait_for("it goes on", lambda: watch(d, "good")["successes"] > at)
    print("ok: the helper leaves signals to the daemon")

    # Answers and probes go on while commands hang.
    begin = time.monotonic()
    d.query("good.example.com")
    m.check(time.monotonic() - begin < 1, "an answer does not wait")

    os.kill(helper, signal.SIGKILL)
    expect(d, "bad", "down", "not run: ")
    m.check(watch(d, "good")["state"] == "up", "states stay without a helper")
    m.check("the helper has ended" in d.log_text(), "the log says so")
    m.check(d.process.poll() is None, "and the daemon stays")

    d.kill()
    d.start()
    expect(d, "good", "up", "exit 0")
    helper, left = helper_of(d.process), pids(d, "slow.pids")
    m.wait_for("a slow one under way", lambda: pids(d, "slow.pids") != left)
    d.kill()
    m.wait_for("the helper ends with the daemon, and the commands with it",
               lambda: not is_running(helper) and
               not any(map(is_running, pids(d, "slow.pids"))))
    print("ok: kill -9 leaves no helper and no command")
    d.start()
