#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every verb, metric and option is in its manual page."""
import os
import re
import sys

SRCDIR = os.environ.get("srcdir", ".")
faults = []


def read(path):
    with open(os.path.join(SRCDIR, path)) as f:
        return f.read()


def need(words, page, kind):
    if not words:
        faults.append(f"no {kind} found: this test is out of date")
    text = read(page).replace("\\-", "-")
    for word in sorted(words):
        if not re.search(rf"(?<!\w){re.escape(word)}(?![\w-])", text):
            faults.append(f"{page}: {kind} {word} is missing")


client = read("src/meridianctl.c")
need(set(re.findall(r'^\s+\{"([a-z-]+)", "[a-z-]+', client, re.M)),
     "man/meridianctl.8", "verb")
need(set(re.findall(r'^\s+\{"([a-z-]+)", (?:no|required)_argument', client,
                    re.M)), "man/meridianctl.8", "option")
need(set(re.findall(r'"(meridian_\w+)"', read("src/report/metrics.c"))),
     "man/meridiand.8", "metric")
need(set(re.findall(r'"(/v1/\w+)"', read("src/ctl/command.c"))),
     "man/meridianctl.8", "route")
need(set(re.findall(r"case '(\w)'", read("src/main.c"))), "man/meridiand.8",
     "option")
print("\n".join(faults) or "the manual is whole")
sys.exit(bool(faults))
