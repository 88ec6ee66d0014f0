#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table of what others document: every row passes, or is written down as
deliberately different; what is said to be refused is refused."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.join(os.environ.get("srcdir", "."), "tests", "vendors")
MERIDIANCTL = os.environ.get("MERIDIANCTL", "./meridianctl")
VENDORS = ["Route 53", "Akamai", "NS1", "gdnsd", "PowerDNS", "Knot"]

# What the comments say is refused: a line of the configuration, what stands
# in its place, and the words of the refusal.
REFUSED = [
    ("      - {regions: [eu]}\n  city:", "  city:", "every client"),
    ("{geo: [DE], regions: [eu]}", "{geo: [DE], regions: []}", "1 to"),
    ("when_all_down: {pool: backup}", "when_all_down: {pool: unchecked}",
     "offers"),
]


def check(config):
    return subprocess.run([MERIDIANCTL, "check", "-c", config],
                          capture_output=True, text=True, timeout=60)


def fail(what):
    sys.exit(f"FAIL: {what}")


with open(os.path.join(HERE, "meridian.yaml")) as f:
    text = f.read()
done = check(os.path.join(HERE, "meridian.yaml"))
# Its tests are of places: it has no database.
if done.returncode != 0 or done.stderr.count("warning") != 1 or \
        "no database says where clients are" not in done.stderr:
    fail(done.stderr)
print(done.stdout.splitlines()[-1])

# Each row has its source: the tests below the comments that name a vendor.
rows, vendor = dict.fromkeys(VENDORS, 0), None
for line in text[text.index("\ntests:"):].splitlines():
    for word in VENDORS:
        if line.startswith(f"  # {word}"):
            vendor = word
    if line.startswith("  - {"):
        rows[vendor] += 1
print(", ".join(f"{vendor}: {n}" for vendor, n in rows.items()),
      "rows;", len(re.findall("DIFFERS", text)) - 1, "differ")
if min(rows.values()) < 4:
    fail("a vendor is hardly there")

folder = tempfile.mkdtemp(prefix="meridian-test.")
try:
    shutil.copy(os.path.join(HERE, "example.zone"), folder)
    config = os.path.join(folder, "meridian.yaml")
    for old, new, words in REFUSED:
        if text.count(old) != 1:
            fail(f"{old!r} stands {text.count(old)} times")
        with open(config, "w") as f:
            f.write(text.replace(old, new))
        done = check(config)
        if done.returncode != 1 or words not in done.stderr:
            fail(f"{new!r} is not refused: {done.stderr}")
        print(f"ok: {new.strip()!r} is refused")
finally:
    shutil.rmtree(folder)
