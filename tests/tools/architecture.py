#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Includes go down only; libraries stay where they belong (HACKING, Layers)."""
import os
import re
import sys

SRC = os.path.join(os.environ.get("srcdir", "."), "src")
ORDER = ["base", "http", "input", "life", "dns", "rdata", "conf", "geo", "steer", "zone",
         "snapshot", "traffic", "probe", "serve", "report", "prove", "state", "ctl",
         "client", "main"]
NEVER = [("probe", "serve"), ("serve", "probe"), ("client", "ctl")]
ONLY = [  # include, where it may stand
    (r"ldns/", r"^$"),
    (r"idn2", r"^zone/source\.c$"),
    (r"maxminddb", r"^geo/mmdb\.c$"),
    (r"event2/", r"^(main\.c|probe/.*|serve/tcp\.[ch]|life/.*|ctl/.*|http/.*)$"),
    (r"openssl/", r"^(base/(cert|digest)\.c|probe/tls\.[ch])$"),
    (r"yaml\.h", r"^conf/yaml\.[ch]$"),
    (r"curl/", r"^(client/.*|meridianctl\.c|probe/transfer\.h)$"),
    (r"libsmartcols", r"^client/"),
    (r"urcu", r"^base/rcu\.[ch]$"),
]
THREADS = r"^(main\.c|serve/.*|life/(jobs|watch)\.c|state/writer\.c)$"
# State files keep all digits of a number.
JSON_TEXT = r"^(base/number\.[ch]|state/.*)$"
NO_NAMES = {"common", "util", "utils", "misc", "core", "lib"}
MODULES = (2, 16)

faults = []


def level(path):
    folder = path.split("/")[0] if "/" in path else "main"
    return ORDER.index(folder) if folder in ORDER else None


def check_file(path):
    own = level(path)
    if own is None:
        faults.append(f"{path}: its folder has no place in the order")
        return
    with open(os.path.join(SRC, path)) as f:
        lines = f.readlines()
    if "SPDX-License-Identifier: BSD-3-Clause" not in lines[0]:
        faults.append(f"{path}:1: no SPDX line")
    for number, line in enumerate(lines, 1):
        if "pthread_create(" in line and not re.match(THREADS, path):
            faults.append(f"{path}:{number}: threads start elsewhere")
        if re.search(r"\b(close|dup3)\(", line) and path != "base/fd.c":
            faults.append(f"{path}:{number}: descriptors are closed by "
                          "fd_close() and fd_replace() (base/fd.h)")
        if "json_dump" in line and not re.match(JSON_TEXT, path):
            faults.append(f"{path}:{number}: number_json() makes JSON text")
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
        if match:
            check_include(path, number, own, match[1], match[2])


def check_include(path, number, own, kind, name):
    where = f"{path}:{number}: includes {name}"
    if kind == "<":
        for pattern, allowed in ONLY:
            if re.search(pattern, name) and not re.match(allowed, path):
                faults.append(f"{where}, which belongs to {allowed}")
        return
    folder = name.split("/")[0]
    if "/" not in name:
        if name != "config.h":
            faults.append(f"{where}: not a path from src/")
    elif folder not in ORDER:
        faults.append(f"{where}: no such folder")
    elif ORDER.index(folder) > own:
        faults.append(f"{where}: upwards")
    elif (path.split("/")[0], folder) in NEVER:
        faults.append(f"{where}: these never meet")


for root, folders, files in os.walk(SRC):
    inside = os.path.relpath(root, SRC)
    sources = [f for f in files if f.endswith((".c", ".h"))]
    for name in sources:
        check_file(os.path.normpath(os.path.join(inside, name)))
    if inside != ".":
        # A header alone declares data; a module does something.
        modules = {f for f in sources if f.endswith(".c")}
        if os.path.basename(root) in NO_NAMES:
            faults.append(f"{inside}: names nothing")
        if not MODULES[0] <= len(modules) <= MODULES[1]:
            faults.append(f"{inside}: {len(modules)} modules, not "
                          f"{MODULES[0]} to {MODULES[1]}")

# What is in src/ is built.
with open(os.path.join(SRC, "..", "Makefile.am")) as f:
    listed = set(re.findall(r"src/[\w/]+\.[ch]", f.read()))
for root, _, files in os.walk(SRC):
    for name in files:
        path = "src/" + os.path.relpath(os.path.join(root, name), SRC)
        if name.endswith((".c", ".h")) and path not in listed:
            faults.append(f"{path}: not in Makefile.am")

print("\n".join(sorted(faults)) or "the layers hold")
sys.exit(bool(faults))
