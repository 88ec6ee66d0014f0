#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A limit of threads and processes: the daemon answers all queries, or it does
not start and says why.  A reload that finds no thread changes nothing."""
import os
import shutil
import subprocess

import meridian as m

USER = 54321  # has no processes but those of this test
CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}",
    policies="  line: {rules: [{regions: [eu, us]}]}",
    names="  www.example.com: {pool: www, policy: line}")
FILES = {"zones/example.com.zone": m.ZONE}


def give_away(d):
    for folder, _, files in os.walk(d.dir):
        for name in [folder, *(os.path.join(folder, f) for f in files)]:
            os.chown(name, USER, USER)


def limited(processes):
    # LeakSanitizer needs a thread of its own.
    options = "detect_leaks=0:" + os.environ.get("ASAN_OPTIONS", "")
    return ["env", f"ASAN_OPTIONS={options}",
            "prlimit", f"--nproc={processes}:{processes}", "setpriv",
            f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


def ends(processes):
    """Its exit status and log when it does not start; None: it serves."""
    d = m.Daemon(CONFIG, FILES, by=limited(processes))
    give_away(d)
    with open(d.log, "ab") as log:
        d.process = subprocess.Popen([*d.by, m.MERIDIAND, "-c", d.config],
                                     stdout=log, stderr=log)
    m.wait_for("an end, or a start", lambda: d.process.poll() is not None or
               "is in service" in d.log_text())
    if d.process.poll() is None:
        d.process.terminate()
        d.process.wait(m.DEADLINE)
        shutil.rmtree(d.dir)
        return None
    text = d.log_text()
    shutil.rmtree(d.dir)
    return d.process.returncode, text


if os.getuid() != 0:
    m.skip("only root can become a user without processes")
if not shutil.which("setpriv") or not shutil.which("prlimit"):
    m.skip("there are no programs setpriv and prlimit (util-linux)")
least = 1
while end := ends(least):
    code, text = end
    said = [line for line in text.splitlines() if "error" in line]
    m.check(code == 1 and len(said) == 1 and (
        "cannot be started" in said[0] and "TasksMax=" in said[0] or
        "helper" in said[0]), f"{least} processes and threads: {said}")
    least += 1
m.check(least > 4, f"{least} are enough")
d = m.Daemon(CONFIG, FILES, by=limited(least))
give_away(d)
with d:
    for _ in range(100):  # more than one worker
        m.check_quiet(d.addresses("www.example.com") == ["192.0.2.1"], "UDP")
    m.check(d.addresses("www.example.com", tcp=True) == ["192.0.2.1"],
            "queries are answered, over UDP and TCP")
    d.ctl("drain", "eu", "--for", "1h", "--reason", "x", "--force")
    reload = d.ctl("reload", expect=None)
    m.check(reload.returncode == 0 or "no thread" in reload.stderr,
            f"a reload is done, or refused: {reload.stderr.strip()[-90:]}")
    d.ctl("undrain", "eu")
    m.check(d.addresses("www.example.com") == ["192.0.2.1"], "drains hold")
