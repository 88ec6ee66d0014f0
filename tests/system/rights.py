#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who the daemon, its helper and its commands are, and what they may: as root,
with -u, and as a user who was given capabilities."""
import os
import re
import shutil
import stat

import meridian as m

NOBODY = 65534
DAC_OVERRIDE, SETGID, SETUID, NET_BIND, NET_RAW = (
    1 << n for n in (1, 6, 7, 10, 13))
STAYS = "warning: running as root: name an unprivileged user with -u"
SHOW = 'echo $(grep -E "^(Uid|CapEff|NoNewPrivs):" /proc/self/status)'
CONFIG = m.config(
    monitor=f"""\
monitors:
  run: {{type: exec, command: [/bin/sh, -c, '{SHOW}'], interval: 1s,
        timeout: 900ms, fall: 2, rise: 1}}
""",
    pools="  www: {monitor: run, regions: {eu: [{addr: [192.0.2.10]}]}}\n",
    policies="  near: {rules: [{regions: [eu]}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")


SIGNALLED = CONFIG.replace("  run: {", "  word: {type: external}\n  run: {").replace(
    "monitor: run", "monitor: word")


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def threads(pid):
    return [status(f"{pid}/task/{t}") for t in os.listdir(f"/proc/{pid}/task")]


def check_rights(who, has, uid, most):
    caps = int(has["CapEff"], 16)
    m.check(caps & ~most == 0 and int(has["CapPrm"], 16) == caps and
            int(has["CapAmb"], 16) & ~most == 0,
            f"{who}: no capabilities but {most:x} ({caps:x})")
    m.check(has["NoNewPrivs"] == "1", f"{who}: gains none by programs")
    m.check(has["Uid"].split()[1] == str(uid), f"{who}: is user {uid}")
    if uid == 0:
        m.check(has["Groups"].split() == [], f"{who}: has no other groups")


def last(d):
    return d.region("www", "eu")["targets"][0]["watches"][0]["last"] or ""


def run(what, uid, serves, runs, args=(), by=(), ready=lambda d: None):
    d = m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}, args=args, by=by)
    os.chmod(d.dir, 0o755)
    ready(d)
    with d:
        pid = d.process.pid
        for has in threads(pid):
            check_rights(f"{what}, a thread", has, uid, serves)
        check_rights(f"{what}, the helper", status(m.children(pid)[0]), uid,
                     runs)
        said = m.wait_for("a command", lambda: re.search(
            r"Uid: (\d+) .* CapEff: (\w+) NoNewPrivs: (\d)", last(d)))
        m.check(said[1] == str(uid) and int(said[2], 16) & ~runs == 0 and
                said[3] == "1", f"{what}, a command: likewise ({said[0]})")
        d.ctl("drain", "eu", "--for", "1h", "--reason", "x", "--force")
        d.ctl("undrain", "eu")
        if uid == 0:  # a reload and the state outlive the loss
            zone = os.path.join(d.dir, "zones/example.com.zone")
            os.chown(zone, NOBODY, NOBODY)
            os.chmod(zone, stat.S_IRUSR)
            os.chmod(os.path.join(d.dir, "zones"), 0o700)
            os.chown(os.path.join(d.dir, "zones"), NOBODY, NOBODY)
        d.ctl("reload")
        m.check(True, f"{what}: drains and reloads")
        m.check((STAYS in d.log_text()) == (uid == 0),
                f"{what}: the log says so of root, and of nobody else")


def owned_by_nobody(d):
    for folder, _, files in os.walk(d.dir):
        for name in [folder, *(os.path.join(folder, f) for f in files)]:
            os.chown(name, NOBODY, NOBODY)


def test_files_of_root():
    """What root has left in the state folder becomes the user's; what has a
    second name, a link, and break-glass do not."""
    d = m.Daemon(SIGNALLED, {"zones/example.com.zone": m.ZONE})
    os.chmod(d.dir, 0o755)
    state = os.path.join(d.dir, "state")
    with d:
        d.ctl("signal", "word", "down", "--for", "1h")
        d.ctl("drain", "eu", "--for", "1h", "--reason", "x", "--force")
        d.kill()
        for name in ("drains.json.tmp", "geoip/x.mmdb", "secret"):
            d.write(f"state/{name}", "x")
        os.symlink(os.path.join(d.dir, "log"), os.path.join(state, "link"))
        os.link(d.config, os.path.join(state, "second"))
        d.args = ["-u", "nobody"]
        d.start()
        owners = {name: os.lstat(os.path.join(state, name)).st_uid
                  for name in [".", "geoip", *os.listdir(state)]}
        m.check({n for n, uid in owners.items() if uid != NOBODY} ==
                {"link", "second"}, f"files of root are given away: {owners}")
        m.check(os.stat(d.log).st_uid == os.stat(d.config).st_uid == 0 and
                os.stat(os.path.join(state, "geoip/x.mmdb")).st_uid == NOBODY,
                "those in the folder, and no others")
        for value in ("up", "down", "up"):
            d.ctl("signal", "word", value, "--for", "1h")
        d.ctl("undrain", "eu")
        d.kill()
        d.start()
        m.wait_for("the last signal holds", lambda: d.region("www", "eu")[
            "targets"][0]["health"] == "up")
        m.check(d.json("drains")["drains"] == [],
                "what was acknowledged holds after a restart")


if os.getuid() != 0:
    m.skip("only root can become somebody else")
if not shutil.which("setpriv"):
    m.skip("there is no program setpriv (util-linux)")
RUNS = DAC_OVERRIDE | NET_RAW | SETUID | SETGID
run("as root", 0, DAC_OVERRIDE, RUNS)
run("with -u", NOBODY, 0, 0, args=["-u", "nobody"])
run("as a user with capabilities", NOBODY, 0, NET_RAW, by=[
    "setpriv", "--reuid=nobody", "--clear-groups",
    "--inh-caps=+net_bind_service,+net_raw",
    "--ambient-caps=+net_bind_service,+net_raw"], ready=owned_by_nobody)
test_files_of_root()
