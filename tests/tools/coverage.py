#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How much of the sources the unit tests and the fuzz seeds run:

    coverage.py SRCDIR [-v] [FOLDER or FILE ...]

Builds in SRCDIR/build-coverage, runs them, and prints lines and branches of
each file; with -v what is missing, too.  Branches of assert() count not: what
is impossible cannot be run.  It needs gcov, which comes with gcc.
"""
import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys

DEFAULT = ["src/dns", "src/zone", "src/serve/answer.c", "src/serve/reply.c"]
FLAGS = "-O0 -g --coverage -fprofile-update=atomic"


def run(*command, cwd, **more):
    return subprocess.run(command, cwd=cwd, check=True, **more)


def build(src, folder):
    folder.mkdir(exist_ok=True)
    if not (folder / "Makefile").exists():
        run(src / "configure", "-q", "CC=gcc", f"CFLAGS={FLAGS}", cwd=folder)
    jobs = f"-j{os.cpu_count()}"
    quiet = {"stdout": subprocess.DEVNULL}
    run("make", "-s", jobs, cwd=folder, **quiet)
    run("make", "-s", jobs, "check", "TESTS=", cwd=folder, **quiet)
    for old in folder.rglob("*.gcda"):
        old.unlink()
    tests = sorted(str(t.relative_to(folder))
                   for kind in ("unit/test_*", "fuzz/fuzz_*")
                   for t in (folder / "tests").glob(kind) if not t.suffix)
    # One that measures time may fail here; what it ran counts all the same.
    done = subprocess.run(
        ["make", "-s", jobs, "check", "TESTS=" + " ".join(tests)], cwd=folder,
        check=False, stdout=subprocess.PIPE, text=True)
    for line in sorted(set(done.stdout.splitlines())):
        if line.startswith(("FAIL:", "ERROR:")):
            print(line)


class File:
    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.Counter()

    def add(self, lines):
        for line in lines:
            n = line["line_number"]
            self.lines[n] += line["count"]
            for i, branch in enumerate(line["branches"]):
                self.branches[n, i] += branch["count"]

    def drop(self, asserts):
        for key in [k for k in self.branches if k[0] in asserts]:
            del self.branches[key]


def asserts(path):
    """The lines of path that belong to an assert()."""
    found, depth = set(), 0
    for n, line in enumerate(path.read_text().splitlines(), 1):
        if depth or line.lstrip().startswith(("assert(", "static_assert(")):
            found.add(n)
            depth += line.count("(") - line.count(")")
    return found


def measure(src, folder, wanted):
    files = collections.defaultdict(File)
    for data in sorted((folder / "src").rglob("*.gcda")):
        out = run("gcov", "--json-format", "--branch-probabilities", "--stdout",
                  data, cwd=folder, stdout=subprocess.PIPE).stdout
        if out[:2] == b"\x1f\x8b":
            out = gzip.decompress(out)
        for f in json.loads(out)["files"]:
            path = os.path.relpath(folder / f["file"], src)
            if path.startswith(tuple(wanted)):
                files[path].add(f["lines"])
    for path, f in files.items():
        f.drop(asserts(src / path))
    return files


def percent(counts):
    run_ = sum(1 for n in counts.values() if n)
    share = 100 * run_ / len(counts) if counts else 100
    return f"{run_:5}/{len(counts):<5} {share:6.1f} %"


def missing(path, f):
    text = path.read_text().splitlines()
    for n in sorted(set(f.lines) | {k[0] for k in f.branches}):
        never = [k[1] + 1 for k in sorted(f.branches)
                 if k[0] == n and not f.branches[k]]
        if not f.lines[n]:
            what = "not run"
        elif never:
            what = f"never branch {' '.join(map(str, never))}"
        else:
            continue
        print(f"    {n}: {what}: {text[n - 1].strip()}")


def main():
    src = pathlib.Path(sys.argv[1]).resolve()
    verbose = "-v" in sys.argv
    wanted = [a for a in sys.argv[2:] if a != "-v"] or DEFAULT
    folder = src / "build-coverage"
    build(src, folder)
    total = File()
    print(f"{'':32}{'lines':>20}{'branches':>20}")
    for path, f in sorted(measure(src, folder, wanted).items()):
        print(f"{path:32}{percent(f.lines):>20}{percent(f.branches):>20}")
        if verbose:
            missing(src / path, f)
        total.lines.update({(path, n): c for n, c in f.lines.items()})
        total.branches.update({(path, n): c for n, c in f.branches.items()})
    print(f"{'all':32}{percent(total.lines):>20}{percent(total.branches):>20}")


main()
