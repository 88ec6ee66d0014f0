#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What -n accepts can start; what keeps a start from its sockets or folders is
told at once, with the mend; a reload tells of a zone that changed under its
serial; a cut-over's bound is one number everywhere."""
import os
import signal
import socket
import subprocess
import tempfile

import meridian as m

NOBODY = 65534
MARK = "reads "


def run(folder, *args, user=None):
    """A start that must fail: its exit code and what it said."""
    become = {} if user is None else {"user": user, "group": user,
                                      "extra_groups": []}
    p = subprocess.run([m.MERIDIAND, "-c", os.path.join(folder, "m.yaml"),
                        *args], capture_output=True, text=True, timeout=60,
                       **become)
    return p.returncode, p.stdout + p.stderr


def refused(server, words, what, check=0, user=None):
    """-n says check, and the start says words before it reads anything."""
    with open(os.path.join(work, "m.yaml"), "w") as f:
        f.write(f"meridian: 1\nzones: {{example.com: zone}}\n{server}\n")
    code, said = run(work, "-n")
    m.check(code == check, f"{what}: -n says {check}: {said}")
    if check == 0:
        code, said = run(work, user=user)
        m.check(MARK not in said, f"{what}: nothing is read before")
    m.check(code == 1 and words in said, f"{what}: {said.strip()}")


with tempfile.TemporaryDirectory() as work:
    os.chmod(work, 0o755)
    with open(os.path.join(work, "zone"), "w") as f:
        f.write(m.ZONE)
    plain = os.path.join(work, "plain")
    open(plain, "w").close()
    os.symlink("gone", os.path.join(work, "nowhere"))
    os.symlink("loop", os.path.join(work, "loop"))
    os.mkdir(os.path.join(work, "folder"))
    os.symlink("folder", os.path.join(work, "link"))
    own = f"state: {work}/state, control: {work}/c.sock"
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        refused(f"server: {{{own}, listen: 127.0.0.1@{port}}}",
                "Address already in use: another process uses it", "a port in use")
        refused(f"server: {{{own}, listen: 127.0.0.1@0, "
                f"http: 127.0.0.1@{port}}}", "already in use", "http in use")
    refused(f"server: {{{own}, listen: 192.0.2.1@5300}}",
            "this machine has no such address", "an address of others")
    for server, words in (
            ("listen: '::ffff:127.0.0.1@0'", "write 127.0.0.1"),
            ("http: '::ffff:127.0.0.1@0'", "write 127.0.0.1"),
            ("listen: [127.0.0.1@53, 127.0.0.1@53]", "conflicts with"),
            ("listen: [0.0.0.0@53, 127.0.0.1@53]", "conflicts with"),
            ("listen: 127.0.0.1@53, http: 127.0.0.1@53", "choose another port"),
            ("listen: 224.0.0.1@53", "a multicast address"),
            ("listen: 'fe80::1@53'", "a link-local address"),
            (f"control: /tmp/{'x' * 110}", "at most 107"),
            (f"control: {plain}", "exists and is not a socket"),
            (f"state: {plain}", "is not a directory"),
            (f"state: {plain}/x/y", "is not a directory"),
            (f"state: {work}/nowhere", "is not a directory"),
            (f"state: {work}/nowhere/s", "is not a directory"),
            (f"control: {work}/nowhere/c.sock", "is not a directory"),
            (f"state: {work}/loop", "is not a directory"),
            (f"state: {work}/{'x' * 256}", "is not a directory"),
            (f"state: {work}/{'x' * 256}/s", "is not a directory"),
            ("state: s, control: s", "each needs its own"),
            ("state: s/, control: s", "each needs its own"),
            (f"state: s, control: {work}/c, control_read: ./s",
             "each needs its own"),
            ("control: c.sock, control_read: c.sock", "each needs its own"),
            ("control: c.sock, control_read: ./c.sock", "each needs its own"),
            (f"control: {work}/folder/c, control_read: {work}/link/c",
             "each needs its own"),
            (f"control: {work}/c, control_read: {work}/folder/../c",
             "each needs its own")):
        refused(f"server: {{{server}}}", words, server, check=1)
    if os.geteuid() == 0:
        refused(f"server: {{{own}, listen: 127.0.0.1@853}}",
                "needs CAP_NET_BIND_SERVICE", "a low port as nobody",
                user=NOBODY)
        refused(f"server: {{listen: 127.0.0.1@0, state: {work}/a/b/c, "
                f"control: {work}/c.sock}}", "install -d -m 0750 -o USER",
                "a state directory that cannot be made", user=NOBODY)
        os.mkdir(f"{work}/others", 0o755)
        refused(f"server: {{listen: 127.0.0.1@0, state: {work}/others, "
                f"control: {work}/c.sock}}", "chown USER",
                "a state directory of others", user=NOBODY)

config = m.config(
    monitor="monitors: {m: {type: tcp, port: 1, interval: 2900ms, "
            "timeout: 2200ms, fall: 3, mode: decide}}",
    pools="  w: {monitor: m, regions: {eu: [{addr: 127.0.0.1}]}}\n",
    policies="  all: {rules: [{regions: [eu]}]}",
    names="  w.example.com: {pool: w, policy: all, ttl: {min: 1, max: 5}}\n")
with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    # 3 x 2.9 + 2.2 + 1 + 2.9 = 14.8
    told = "w.example.com. leaves a dead region within 15 s"
    said = subprocess.run(
        [m.MERIDIAND, "-n", "-c", os.path.join(d.dir, "meridian.yaml")],
        capture_output=True, text=True).stdout
    m.check(told in said, f"-n rounds the bound up: {said}")
    m.check(told in d.ctl("check").stdout, "so does check")
    report = d.json("check")
    m.check(report["names"][0]["cutover_s"] == 15, "and its JSON")
    m.check(d.json("status")["names"][0]["cutover_s"] == 15, "and status")

    d.write("zones/example.com.zone", m.ZONE + "new A 192.0.2.77\n")
    reply = d.json("reload")
    m.check(any("have changed, but its serial" in w and "example.com." in w
                for w in reply["warnings"]), f"an unchanged serial: {reply}")
    words = "the records of example.com. have changed, but its serial"
    m.check(sum(words in line for line in d.log_text().splitlines()) == 1,
            f"the log says so, too: {d.log_text()}")
    d.write("zones/example.com.zone", m.ZONE + "new A 192.0.2.79\n")
    d.process.send_signal(signal.SIGHUP)
    m.wait_for("the log of a SIGHUP says the same", lambda: 2 == sum(
        words in line for line in d.log_text().splitlines()))
    d.write("zones/example.com.zone", m.ZONE + "new A 192.0.2.77\n")
    d.ctl("reload")
    d.write("zones/example.com.zone", "; a comment\n" + m.ZONE +
            "new A 192.0.2.77\n")
    said = d.ctl("reload").stderr
    m.check("serial" not in said, "a comment is no change")
    d.write("zones/example.com.zone", m.ZONE + "new A 192.0.2.78\n")
    said = d.ctl("reload").stderr
    m.check(said.count("warning: ") == said.count("\n    ") // 2 + 1 and
            "have changed, but its serial" in said,
            f"each warning is told once: {said}")
    reply = d.json("reload")
    m.check(not any("serial" in w for w in reply["warnings"]),
            "nothing has changed")
print("ok")
