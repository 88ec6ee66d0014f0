#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""User instructions for an answer, by callgrind: what answer() and all that it
calls execute, without sockets.  They are the same from run to run, whatever
else the machine does.

    instructions.py [--functions | --record]

Fails where they are not those of instructions.txt by more than 2 %: who makes
answers dearer says so there, with --record, and in the commit.  With another
compiler, other flags, another libc or processor there is nothing to compare.
ANSWERS is the program."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

SRCDIR = os.environ.get("srcdir", ".")
ANSWERS = os.environ.get("ANSWERS", "tests/bench/answers")
RECORD = os.path.join(SRCDIR, "tests/bench/instructions.txt")
KINDS = ("steered", "static", "nxdomain")
TOLERANCE = 0.02
SKIPPED = 77
# The same functions of libc, whatever the processor can do beside.
PLAIN = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX512F,-AVX512VL,"
                           "-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2"}
COUNT = 2000
PLACES = [(50, 8), (39, -77), (35, 139), (-33, 151), (-23, -46), (1, 103),
          (19, 72), (-33, 18)]


def write(folder):
    mmdb = os.path.join(folder, "demo.mmdb")
    subprocess.run([os.path.join(SRCDIR, "geoip/demo"), mmdb], check=True,
                   stdout=subprocess.DEVNULL)
    lines = ["meridian: 1", "zones: {example.com: example.com.zone}",
             "server: {ecs_from: any}",
             f"geoip: {{databases: [{mmdb}]}}", "regions:"]
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
        capture_output=True, text=True, env=dict(os.environ, **PLAIN))
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


def built_with():
    said = subprocess.run([ANSWERS], capture_output=True, text=True,
                          check=True).stdout.strip()
    return f"{said}; {os.uname().machine}"


def recorded():
    """What the numbers were counted with, and {kind: number}."""
    with open(RECORD) as f:
        lines = f.read().splitlines()
    return lines[0], {k: int(n) for k, n in map(str.split, lines[1:])}


def compare(got):
    wrong = [f"{k}: {got[k]:.0f} instructions instead of {n}"
             for k, n in recorded()[1].items()
             if abs(got[k] - n) > TOLERANCE * n]
    if wrong:
        sys.exit("\n".join(wrong + [
            "Find out why (--functions); if it is to be, --record it"]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--functions", action="store_true",
                   help="show what each function itself executes, as well")
    p.add_argument("--record", action="store_true",
                   help="write the numbers to instructions.txt")
    a = p.parse_args()
    compared = not a.functions and not a.record
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        sys.exit(SKIPPED)
    if compared and recorded()[0] != built_with():
        print(f"skipped: built with {built_with()}, not {recorded()[0]}")
        sys.exit(SKIPPED)
    got = {}
    with tempfile.TemporaryDirectory() as folder:
        conf, out = write(folder), os.path.join(folder, "callgrind")
        for kind in KINDS:
            got[kind] = count(conf, kind, out)
            print(f"{kind:9} {got[kind]:8.1f}", flush=True)
            if a.functions:
                functions(out)
    if compared:
        compare(got)
    if a.record:
        with open(RECORD, "w") as f:
            f.write(built_with() + "\n")
            f.writelines(f"{k} {got[k]:.0f}\n" for k in KINDS)


if __name__ == "__main__":
    main()
