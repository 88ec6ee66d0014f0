#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""User instructions for an answer, by callgrind: what answer() and all that it
calls execute, without sockets.  They are the same from run to run, whatever
else the machine does.

    instructions.py [--functions]   (ANSWERS: the program; MMDB: a country
                                    database, geoip/demo.mmdb)"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ANSWERS = os.environ.get("ANSWERS", "tests/bench/answers")
MMDB = os.path.abspath(os.environ.get("MMDB", "geoip/demo.mmdb"))
COUNT = 2000
PLACES = [(50, 8), (39, -77), (35, 139), (-33, 151), (-23, -46), (1, 103),
          (19, 72), (-33, 18)]


def write(folder):
    lines = ["meridian: 1", "zones: {example.com: example.com.zone}",
             "server: {ecs_from: any}",
             f"geoip: {{databases: [{MMDB}]}}", "regions:"]
    lines += [f"  r{i}: {{location: [{a}, {b}]}}"
              for i, (a, b) in enumerate(PLACES)]
    lines += ["policies: {near: {rules: [{regions: nearest}]}}",
              "pools:", "  www:", "    regions:"]
    lines += [f"      r{i}: [{{addr: [192.0.2.{i + 1}]}}]"
              for i in range(len(PLACES))]
    lines += ["names: {www.example.com: {pool: www, policy: near}}"]
    path = os.path.join(folder, "meridian.yaml")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    with open(os.path.join(folder, "example.com.zone"), "w") as f:
        f.write("$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n"
                "@ NS ns\nns A 192.0.2.53\n")
        f.writelines(f"h{i:07} A 10.0.{i >> 8}.{i & 255}\n"
                     for i in range(1000))
    return path


def count(conf, kind, out):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
         "--toggle-collect=answer", ANSWERS, conf, kind, str(COUNT)],
        capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        sys.exit(f"{kind}: {done.stderr[-2000:]}")
    return int(found[1]) / COUNT


def functions(out):
    text = subprocess.run(["callgrind_annotate", "--threshold=97", "--auto=no", out],
                          capture_output=True, text=True).stdout
    for line in text.splitlines():
        m = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(\S+:\S+)", line)
        if m:
            print(f"  {int(m[1].replace(',', '')) / COUNT:8.1f}  "
                  f"{os.path.basename(m[2])}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--functions", action="store_true",
                   help="and what each function itself executes")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        conf, out = write(folder), os.path.join(folder, "callgrind")
        for kind in ("steered", "static", "nxdomain"):
            print(f"{kind:9} {count(conf, kind, out):8.1f}", flush=True)
            if a.functions:
                functions(out)


main()
