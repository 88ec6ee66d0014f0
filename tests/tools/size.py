#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Functions and files keep to the sizes in HACKING, Style 9."""
import os
import re
import statistics
import sys

SRC = os.path.join(os.environ.get("srcdir", "."), "src")
FUNCTION, P90, MEDIAN, FILE, HEADER, NESTING = 70, 40, 15, 600, 120, 3

faults, sizes, deep = [], [], []


def functions(lines):
    """Kernel style: a function is from '{' to '}' in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            yield start, number
            start = None


def name_of(lines, start):
    for line in reversed(lines[:start - 1]):
        match = re.match(r"(\w+)\(", line)
        if match:
            return match[1]
    return "?"


for root, _, files in os.walk(SRC):
    for file in sorted(files):
        if not file.endswith((".c", ".h")):
            continue
        path = os.path.join(root, file)
        with open(path) as f:
            lines = f.read().splitlines()
        limit = HEADER if file.endswith(".h") else FILE
        if len(lines) > limit:
            faults.append(f"{path}: {len(lines)} lines, over {limit}")
        for start, end in functions(lines):
            sizes.append(end - start + 1)
            name = name_of(lines, start)
            if sizes[-1] > FUNCTION:
                faults.append(f"{path}:{start}: {name}: {sizes[-1]} lines")
            tabs = max((len(line) - len(line.lstrip("\t"))
                        for line in lines[start:end - 1]
                        if line.rstrip().endswith("{")), default=0)
            if tabs > NESTING:
                deep.append(f"{path}:{start}: {name}: {tabs} deep")

sizes.sort()
median, p90 = statistics.median(sizes), sizes[len(sizes) * 9 // 10]
if median > MEDIAN:
    faults.append(f"the median function has {median} lines, over {MEDIAN}")
if p90 > P90:
    faults.append(f"of ten functions one has over {p90} lines, not {P90}")
print(f"{len(sizes)} functions: median {median}, p90 {p90}, "
      f"longest {sizes[-1]} lines")
print("\n".join(deep + faults))
sys.exit(bool(faults))
