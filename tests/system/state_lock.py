#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One daemon to a state directory: a second one, by whatever path, does not
start; the lock ends with the process, however that ends."""
import os
import signal
import subprocess

import meridian as m

CONFIG = m.config(
    pools="  www:\n    regions:\n"
    "      eu: [{addr: [192.0.2.1]}]\n      us: [{addr: [192.0.2.2]}]\n",
    policies="  near: {rules: [{regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")


def second(d, state):
    """The configuration of another daemon, which is right but for its
    state."""
    return d.write("other.yaml", CONFIG
                   .replace("state: state", f"state: {state}")
                   .replace("control: control.sock", "control: other.sock"))


def refused(d, state, how):
    path = second(d, state)
    checked = subprocess.run([m.MERIDIAND, "-n", "-c", path], check=False,
                             capture_output=True, timeout=m.DEADLINE)
    m.check(checked.returncode == 0, f"{how}: -n needs no lock")
    done = subprocess.run([m.MERIDIAND, "-c", path], check=False,
                          capture_output=True, text=True, timeout=m.DEADLINE)
    m.check(done.returncode == 1 and f"process {d.process.pid} " in done.stderr
            and "server.state" in done.stderr, f"{how}: {done.stderr.strip()}")
    m.check(not os.path.exists(os.path.join(d.dir, "other.sock")),
            f"{how}: and nothing is left of it")


def starts(d, how):
    """The first has ended; another one may start."""
    second(d, "state")
    with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as other:
        other.write("meridian.yaml",
                    CONFIG.replace("state: state", f"state: {d.dir}/state"))
        other.process.terminate()
        other.process.wait(m.DEADLINE)
        other.start()
        m.check(other.json("drains")["drains"][0]["what"] == "eu",
                f"{how}: another daemon takes over, with the drain")


with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
    d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
    os.symlink("state", os.path.join(d.dir, "link"))
    refused(d, "state", "the same path")
    refused(d, "link", "a symbolic link")
    refused(d, f"{d.dir}/zones/../state", "a path with ..")
    checked = d.ctl("check", "-c", d.config)
    m.check(checked.returncode == 0, "meridianctl check needs no lock")
    d.process.send_signal(signal.SIGSTOP)
    refused(d, "state", "a process that is stopped")
    d.process.send_signal(signal.SIGCONT)
    m.check(d.json("drains")["drains"][0]["what"] == "eu",
            "the first goes on, with its drain")
    d.kill()
    starts(d, "kill -9")
    d.start()
    d.process.terminate()
    d.process.wait(m.DEADLINE)
    starts(d, "SIGTERM")
    d.start()

    # A directory that cannot be written is locked all the same.
    d.kill()
    os.chmod(os.path.join(d.dir, "state"), 0o500)
    d.start()
    refused(d, "state", "a directory without the right to write")
    os.chmod(os.path.join(d.dir, "state"), 0o750)
