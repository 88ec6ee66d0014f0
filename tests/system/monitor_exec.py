#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type exec: exit codes, time, output, what commands leave behind,
and the helper's end."""
import json
import os
import resource
import signal
import time
import urllib.request

import meridian as m

SCRIPTS = {
    "good": "echo \"$MERIDIAN_MONITOR at $MERIDIAN_ADDRESS@$MERIDIAN_PORT, $1\"",
    "bad": "echo out of disk >&2; exit 3",
    "slow": "sleep 60 & echo $$ $! > slow.pids; sleep 60",
    "loud": "yes | head -c 1000000; sleep 60",
    "left": "sleep 60 & echo $! > left.pid; exit 0",
    "shot": "kill -SEGV $$",
    "endless": "exec yes",
    "mute": "exec >&- 2>&-; sleep 0.01; exit 5",
    "fork": "for i in 1 2 3 4 5 6; do (exit 0) & done; exit 0",
    "escapes": "printf '\\033[2J\\033]0;title\\007 red\\r\\tok\\n'; exit 4",
    "limits": "ulimit -Sn; ls -l /proc/self/fd | wc -l",
    "env": "env | grep -v '^\\(_\\|PWD\\|SHLVL\\)=' | sort | tr '\\n' ' '",
}
files = {"zones/example.com.zone": m.ZONE}
# The folder is known when the daemon has it: cd there by the script's own.
for name, text in SCRIPTS.items():
    files[f"bin/{name}"] = f"#!/bin/sh\ncd \"${{0%/*}}\"\n{text}\n"
files["bin/long"] = ("#!/bin/sh\ncd \"${0%/*}\"\necho $$ > long.new\n"
                     "mv long.new long.pid\nsleep 1\n")
# The machine may be busy.
KEYS = ("interval: 1s, timeout: 900ms, fall: 2, rise: 1, "
        "damp: {max: 0s}")
LONG = "interval: 5s, timeout: 5s, fall: 1, rise: 1, damp: {max: 0s}"
POOLS = [*SCRIPTS, "none", "long"]
config = m.config(
    daemon_lines="  http: 127.0.0.1@0",
    monitor="monitors:\n" + "".join(
        f"  {name}: {{type: exec, command: [bin/{name}, \"a ; b\"], "
        f"port: 8080, {LONG if name == 'long' else KEYS}}}\n"
        for name in POOLS),
    pools="".join(f"  {name}: {{monitor: {name}, regions: "
                  "{eu: [{addr: 192.0.2.1}]}}\n" for name in POOLS),
    policies="  all: {rules: [{regions: [eu]}]}",
    names="".join(f"  {name}.example.com: {{pool: {name}, policy: all}}\n"
                  for name in POOLS))


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
    """A dead one is waited for: there is one."""
    helper, = m.wait_for("a helper", lambda: m.children(process.pid))
    return helper


def events(d, kind):
    all_ = map(json.loads, d.ctl("--json", "events").stdout.splitlines())
    return [e for e in all_ if e["type"] == kind]


def metric(d, name):
    port = d.log_text().split("http on 127.0.0.1@")[1].split("\n")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as r:
        for line in r.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    return None


def status(pid, key):
    with open(f"/proc/{pid}/status") as f:
        return next(line.split()[1] for line in f if line.startswith(key))


def judged(d):
    """Commands run again: one that succeeds, and one that begins to fail."""
    at = watch(d, "good")["successes"]
    m.wait_for("it goes on", lambda: watch(d, "good")["successes"] > at)
    d.write("bin/left", "#!/bin/sh\necho broken; exit 9\n")
    expect(d, "left", "down", "exit 9: broken")
    d.write("bin/left", files["bin/left"])
    expect(d, "left", "up", "exit 0")


d = m.Daemon(config, files)
for name in [*SCRIPTS, "long"]:
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
    expect(d, "endless", "down", "more than 65536 octets of output")
    expect(d, "mute", "down", "exit 5")
    expect(d, "fork", "up", "exit 0")
    expect(d, "escapes", "down", "exit 4: ?[2J?]0;title? red??ok")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    expect(d, "limits", "up", f": {soft}")
    expect(d, "env", "up", "MERIDIAN_ADDRESS=192.0.2.1 MERIDIAN_MONITOR=env "
           "MERIDIAN_PORT=8080 MERIDIAN_TIMEOUT_MS=900")
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

    # The helper is killed while a command runs that would succeed.
    expect(d, "long", "up", "exit 0")
    before = pids(d, "long.pid")
    m.wait_for("a long one under way", lambda: pids(d, "long.pid") != before)
    os.kill(helper, signal.SIGKILL)
    m.wait_for("an event tells", lambda: events(d, "helper_lost"))
    m.check("killed by signal 9 (Killed)" in
            events(d, "helper_lost")[0]["why"], "and why: "
            + events(d, "helper_lost")[0]["text"])
    m.wait_for("it is started again", lambda: events(d, "helper_started"))
    m.wait_for("the command that was lost is told", lambda: "not run: the "
               "exec helper is not running (killed by signal 9 (Killed))" in
               watch(d, "long")["last"] or watch(d, "long")["successes"] > 0)
    at = len(events(d, "helper_started"))
    judged(d)
    m.check(watch(d, "long")["state"] == "up" and not any(
        "long/eu" in e["text"] and "down" in e["text"]
        for e in events(d, "target")), "what was lost counts for nothing")
    expect(d, "limits", "up", f": {soft}")
    expect(d, "env", "up", "MERIDIAN_ADDRESS=192.0.2.1 MERIDIAN_MONITOR=env")
    new = helper_of(d.process)
    m.check(status(new, "NoNewPrivs") == "1" and new != helper,
            "the new one gains no rights")
    m.check(sorted(map(int, os.listdir(f"/proc/{new}/fd")))[:4] == [0, 1, 2, 3]
            and all(os.readlink(f"/proc/{new}/fd/{fd}").startswith("pipe:")
                    for fd in os.listdir(f"/proc/{new}/fd") if int(fd) > 3),
            "and has none of the daemon's sockets")
    descriptors = len(os.listdir(f"/proc/{d.process.pid}/fd"))

    # It dies again and again: the delay grows, and status and metrics say so.
    for _ in range(3):
        os.kill(helper_of(d.process), signal.SIGKILL)
        lost = at
        at = m.wait_for("started again", lambda: [
            n for n in [len(events(d, "helper_started"))] if n > lost])[0]
    os.kill(helper_of(d.process), signal.SIGKILL)
    m.wait_for("status tells", lambda: "the exec helper is not running (killed "
               "by signal 9 (Killed))" in d.ctl("status").stdout)
    m.check(metric(d, "meridian_exec_helper_up") == 0 and
            d.json("status")["helper"]["retry_s"] > 0, "and metrics")
    m.wait_for("what is not run says so", lambda: "not run: the exec helper "
               "is not running" in watch(d, "bad")["last"])
    m.check(watch(d, "bad")["state"] == "down" and
            watch(d, "good")["state"] == "up", "states stay without a helper")
    m.wait_for("it is back", lambda: metric(d, "meridian_exec_helper_up") == 1)
    m.check(metric(d, "meridian_exec_helper_restarts_total") == at + 1,
            f"each start counts: {at + 1}")
    m.check(events(d, "helper_lost")[-1]["retry_s"] > 2, "the delay grows")
    judged(d)
    m.check(len(os.listdir(f"/proc/{d.process.pid}/fd")) <= descriptors + 2,
            "the daemon leaks no descriptors")
    m.check(d.process.poll() is None, "and the daemon stays")

    # It hangs: that is not the targets' fault, and nothing is counted.
    helper, lost = helper_of(d.process), len(events(d, "helper_lost"))

    def hindered():
        w = watch(d, "good")
        return w if "the exec helper does not answer" in w["last"] else None

    os.kill(helper, signal.SIGSTOP)
    first = m.wait_for("what is not run says so", hindered)
    while len(events(d, "helper_lost")) == lost:
        w = hindered()
        m.check_quiet(w is None or (w["failures"], w["state"]) ==
                      (first["failures"], first["state"]),
                      f"nothing is counted: {first}, {w}")
    m.check("it did not answer, and was killed" in
            events(d, "helper_lost")[-1]["why"] and not is_running(helper),
            "it is replaced")
    judged(d)

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
    os.kill(helper_of(d.process), signal.SIGSTOP)
    d.process.send_signal(signal.SIGTERM)
    m.check(d.process.wait(m.DEADLINE) == 0,
            "a helper that hangs does not hold up the end")
    d.start()
