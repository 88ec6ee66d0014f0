#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A full disk and a state file that cannot be read: what cannot be saved is
refused and changes nothing, what was acknowledged holds.  The disk is a tmpfs
in a mount namespace of this test's own; without the right to make one only the
file is tested."""
import os
import socket
import subprocess
import sys

import meridian as m

CONFIG = m.config(
    pools="  www:\n    regions:\n"
    "      eu: [{addr: [192.0.2.1]}]\n      us: [{addr: [192.0.2.2]}]\n"
    "      ap: [{addr: [192.0.2.3]}]\n",
    policies="  near: {rules: [{regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")
OWN = "MERIDIAN_TEST_NAMESPACE"


def may_mount():
    trial = "mount -t tmpfs tmpfs /tmp"
    return subprocess.run(["unshare", "-m", "sh", "-c", trial], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def drained(daemon):
    return [d["what"] for d in daemon.json("drains")["drains"]]


def metrics(daemon):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(daemon.control)
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def fill(folder):
    """Until not one octet more goes in."""
    with open(os.path.join(folder, "fill"), "ab", buffering=0) as f:
        for size in (4096, 1):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError:
                pass


def full_disk():
    with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
        state = os.path.join(d.dir, "state")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                        state], check=True)
        try:
            on_full_disk(d, state)
        finally:
            subprocess.run(["umount", "-l", state], check=True)


def on_full_disk(d, state):
    d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
    d.ctl("drain", "www/us", "--for", "3s", "--reason", "short")
    fill(state)
    no = d.ctl("drain", "us", "--for", "10m", "--reason", "x", "--force",
               expect=1)
    m.check("cannot be saved" in no.stderr and "No space" in no.stderr,
            f"a full disk: {no.stderr.strip()}")
    said = d.json("status")["state"]
    m.check(any("drains cannot be saved" in s and "No space" in s for s in said)
            and said[0] in d.ctl("status").stdout, f"status says so: {said}")
    d.ctl("undrain", "eu", expect=1)
    no = d.ctl("drain", "eu", "--for", "20m", "--reason", "longer", expect=1)
    m.check(set(drained(d)) == {"eu", "www/us"}, "nothing has changed by it")
    m.check(d.json("drains")["drains"][0]["reason"] == "x",
            "a renewal that was refused is none")
    m.check("--unsaved" in no.stderr, "the message says what one can do")
    unsaved(d)
    m.wait_for("the short one's end", lambda: drained(d) == ["eu"], 6)
    d.kill()
    d.start()
    m.check(drained(d) == ["eu"], "what was acknowledged outlives kill -9")
    d.ctl("force-up", "ap", "--for", "10m", "--reason", "x", "--unsaved")
    os.unlink(os.path.join(state, "fill"))
    m.wait_for("with space again it is saved",
               lambda: d.json("status")["unsaved"] == [])
    m.check("are saved again" in d.log_text(), "an event says so")
    m.wait_for("status says no more of drains", lambda: not any(
        "drains" in s for s in d.json("status")["state"]))
    d.ctl("undrain", "eu")
    d.kill()
    d.start()
    m.check(drained(d) == [] and d.json("drains")["force_ups"],
            "with space again all is saved")


def read_only():
    """As a disk is after an error: it starts, and refuses what it cannot save."""
    with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
        state = os.path.join(d.dir, "state")
        d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
        d.kill()
        subprocess.run(["mount", "--bind", state, state], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,bind,ro", state],
                           check=True)
            d.start()
            m.check(drained(d) == ["eu"], "a read-only state holds")
            no = d.ctl("undrain", "eu", expect=1)
            m.check("Read-only file system" in no.stderr,
                    f"and cannot be changed: {no.stderr.strip()}")
            d.ctl("undrain", "eu", "--unsaved")
            m.check(drained(d) == [] and "NOT SAVED: end of the drain of eu" in
                    d.ctl("status").stdout, "but with --unsaved")
            second = subprocess.run(
                [m.MERIDIAND, "-c", d.config], check=False, text=True,
                capture_output=True, timeout=m.DEADLINE)
            m.check(f"process {d.process.pid} already uses" in second.stderr,
                    "a read-only directory is locked as well")
            d.kill()
            d.start()
            m.check(drained(d) == ["eu"], "until a restart")
        finally:
            subprocess.run(["umount", "-l", state], check=True)


def unsaved(d):
    """In force all the same, and said wherever one looks."""
    out = d.ctl("drain", "us", "--for", "10m", "--reason", "x", "--force",
                "--unsaved").stdout
    m.check("NOT SAVED" in out, f"--unsaved drains: {out.strip()}")
    out = d.ctl("undrain", "us", "--unsaved").stdout
    m.check("NOT SAVED" in out, "--unsaved undrains")
    m.check(set(drained(d)) == {"eu", "www/us"}, "what was never saved is gone")
    d.ctl("force-up", "ap", "--for", "10m", "--reason", "x", "--unsaved")
    for verb in ("status", "drains"):
        m.check("NOT SAVED: force-up of ap" in d.ctl(verb).stdout,
                f"{verb} says so")
    m.check(d.json("status")["unsaved"] == ["force-up of ap"], "JSON too")
    m.check('"unsaved"' in d.ctl("--json", "events").stdout, "and an event")
    m.check("meridian_unsaved_changes 1" in metrics(d), "and a metric")


def unreadable_file():
    with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
        d.ctl("drain", "eu", "--for", "10m", "--reason", "x")
        d.kill()
        path = os.path.join(d.dir, "state", "drains.json")
        os.rename(path, path + ".kept")
        os.mkdir(path)
        done = subprocess.run([m.MERIDIAND, "-c", d.config], timeout=m.DEADLINE,
                              check=False, capture_output=True, text=True)
        m.check(done.returncode == 1 and "drains.json" in done.stderr and
                "would be lost" in done.stderr,
                "a state file that cannot be read: it does not start")
        m.check(os.path.isdir(path), "and leaves it where it is")
        os.rmdir(path)
        os.rename(path + ".kept", path)
        d.start()
        m.check(drained(d) == ["eu"], "repaired, the drain holds")


if OWN not in os.environ and may_mount():
    os.execvpe("unshare", ["unshare", "-m", sys.executable, *sys.argv],
               {**os.environ, OWN: "1"})
unreadable_file()
if OWN in os.environ:
    full_disk()
    read_only()
else:
    print("no right to mount: the full disk is not tested")
