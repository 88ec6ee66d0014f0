#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Texts of records of all types, right ones and wrong ones, to this reader, to
ldns, and to BIND, NSD and Knot: they are read alike, or a rule of text_rule.py
says why not, with its RFC.

    texts.py [--seed S] [--records N]   (TEXTS: the program; 8000 records)

Each text stands as it is, or in parentheses, lines and comments, or as RFC 3597
has it.  The octets are compared with those of ldns and of named-compilezone;
nsd-checkzone and kzonecheck say which lines they refuse."""
import argparse
import bisect
import os
import random
import re
import subprocess
import sys
import tempfile

import raw
import text_make
import text_rule

TEXTS = os.environ.get("TEXTS", "tests/differ/texts")
HANGS_S = 30  # NSD 4.6 does so behind some texts that it does not read
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
AT_ONCE = 2000
HEAD = "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.other.\n"
COMMANDS = {
    "bind": ["named-compilezone", "-i", "none", "-k", "ignore", "-m", "ignore",
             "-n", "ignore", "-r", "ignore", "-S", "ignore", "-M", "ignore",
             "-F", "raw=0", "-o", "RAW", "example", "ZONE"],
    "nsd": ["nsd-checkzone", "example", "ZONE"],
    "knot": ["kzonecheck", "-v", "-o", "example", "ZONE"],
}
# How each says that a line is wrong.
MISTAKE = {
    "bind": r"(?:dns_rdata_fromtext: |^)ZONE:(\d+): (?!signature|old style)",
    "nsd": r"error: ZONE(\d+):(\d+): ",
    "knot": r"error in zone, file 'ZONE', line (\d+) ",
}


class Record:
    """A type, its text, the same in a master file; what was made of it."""

    def __init__(self, type_, text, lines, changed):
        self.type, self.text, self.lines = type_, text, lines
        self.changed = changed
        self.ours = self.ldns = None


def run_texts(records):
    """"=" and octets, or "-" and the mistake: this reader's and ldns'."""
    text = "".join(f"{r.type}\t{r.lines}\2{r.text}\n" for r in records)
    done = subprocess.run([TEXTS], input=text.encode("latin-1"),
                          stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode("latin-1").splitlines()
    for record, line in zip(records, lines, strict=True):
        record.ours, record.ldns = line.split("\2")


def zone_write(path, records):
    """A zone of x0, x1 and so on; the line that each begins at."""
    starts, line = [], HEAD.count("\n") + 1
    with open(path, "w", encoding="latin-1", newline="") as f:
        f.write(HEAD)
        for i, r in enumerate(records):
            text = f"x{i} {r.type} {r.lines}\n".replace("\1", "\n")
            starts.append(line)
            line += text.count("\n")
            f.write(text)
    return starts


def run(checker, folder, tries=3):
    zone, dump = (os.path.join(folder, x) for x in (checker, "raw"))
    command = [{"ZONE": zone, "RAW": dump}.get(w, w) for w in COMMANDS[checker]]
    done = subprocess.run(command, capture_output=True, text=True,
                          errors="replace", timeout=HANGS_S)
    said = done.stdout + done.stderr
    pattern = MISTAKE[checker].replace("ZONE", re.escape(zone)) + "(.*)"
    found = re.findall(pattern, said, re.M)
    if not found and done.returncode < 0 and tries > 1:
        return run(checker, folder, tries - 1)  # Knot 3.2 crashes, though rarely
    if not found and done.returncode != 0:
        sys.exit(f"{checker}: exit {done.returncode} for {zone}:\n"
                 f"{said[-2000:]}")
    return said, found


def files_write(path, records):
    """Each record in a file of its own: a mistake is NSD's word for a file, but
    its lines are often those of the entry behind."""
    with open(path, "w") as f:
        f.write(HEAD)
        for i, r in enumerate(records):
            f.write(f"$INCLUDE {path}{i}\n")
            with open(f"{path}{i}", "w", encoding="latin-1", newline="") as one:
                one.write(f"x{i} {r.type} {r.lines}\n".replace("\1", "\n"))


def refused_by_files(checker, records, folder):
    files_write(os.path.join(folder, checker), records)
    return {int(i): what for i, _, what in run(checker, folder)[1]}


def refused_by_lines(checker, records, folder):
    out, begin = {}, 0
    while True:
        starts = zone_write(os.path.join(folder, checker), records[begin:])
        said, found = run(checker, folder)
        for line, what in found:
            last = begin + bisect.bisect(starts, int(line)) - 1
            assert last >= begin, (checker, line, what)
            out[last] = what
        if "fatal error" not in said:
            return out
        begin = last + 1  # Knot reads no further


def refused(checker, records, folder):
    """What it says of the records that it refuses, by their index."""
    by = refused_by_files if checker == "nsd" else refused_by_lines
    try:
        return by(checker, records, folder)
    except subprocess.TimeoutExpired:
        half = len(records) // 2
        if half == 0:
            return {}
        first = refused(checker, records[:half], folder)
        second = refused(checker, records[half:], folder)
        return first | {half + i: what for i, what in second.items()}


def bind_octets(folder):
    """BIND's octets of the records by their index."""
    found = {}
    for owner, _, data in raw.records(os.path.join(folder, "raw")):
        label = owner[1:1 + owner[0]].decode("latin-1")
        if re.fullmatch(r"x\d+", label):
            found[int(label[1:])] = "=" + data.hex()
    return found


def same(a, b):
    """Octets are alike, but for the case of letters; or both refuse."""
    if a[0] == b[0] == "=":
        return bytes.fromhex(a[1:]).lower() == bytes.fromhex(b[1:]).lower()
    return a[0] == b[0]


def verdicts(checker, records, folder):
    """(record, what the checker makes of it)"""
    if checker != "bind" and len(records) > AT_ONCE:
        for i in range(0, len(records), AT_ONCE):
            yield from verdicts(checker, records[i:i + AT_ONCE], folder)
        return
    records = [r for r in records if text_rule.asked(checker, r)]
    while True:
        out = refused(checker, records, folder)
        yield from ((records[i], "-" + said) for i, said in out.items())
        records = [r for i, r in enumerate(records) if i not in out]
        if checker != "bind" or not out:
            break  # BIND passes over some that are behind another mistake
    octets = bind_octets(folder) if checker == "bind" else {}
    for i, r in enumerate(records):
        read = r.ours if r.ours[0] == "=" else "="
        yield r, octets[i] if checker == "bind" else read


class Trial:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.make = text_make.Make(self.r)
        self.by_type = text_make.texts_of(self.r)
        self.types = sorted(self.by_type)
        self.counts = {"right": 0, "wrong": 0, "permitted": 0}
        self.faults = []

    def record(self):
        r = self.r
        type_ = r.choice(self.types)
        text = self.by_type[type_](self.make).rstrip()
        changed = r.random() < 0.5
        if changed:
            text = text_make.damage(r, text)
        lines = text_make.decorate(r, text) if r.random() < 0.3 else text
        return Record(type_, text, lines, changed)

    def generic(self, record):
        octets = bytes.fromhex(record.ours[1:])
        text = text_make.generic_of(self.r, octets)
        return Record(record.type, text, text, True)

    def compare(self, who, record, theirs):
        if same(record.ours, theirs):
            return
        if text_rule.permits(who, record, theirs):
            self.counts["permitted"] += 1
        else:
            self.faults.append(
                f"{who}: {record.type} {record.lines!r}\n  "
                f"{record.ours[:300]}\n  {theirs[:300]}")

    def batch(self, n):
        records = [self.record() for _ in range(n - n // 5)]
        run_texts(records)
        again = [self.generic(r) for r in records if r.ours[0] == "="]
        again = again[:n - len(records)]
        run_texts(again)
        for r in records + again:
            self.counts["right" if r.ours[0] == "=" else "wrong"] += 1
            if r.ours[0] == "-" and not r.changed:
                self.faults.append(f"refused: {r.type} {r.lines!r}\n  {r.ours}")
            if text_rule.asked("ldns", r):
                self.compare("ldns", r, r.ldns)
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            for checker in COMMANDS:
                for r, theirs in verdicts(checker, records + again, folder):
                    self.compare(checker, r, theirs)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--records", type=int, default=int(
        os.environ.get("DIFFER_TEXTS", "8000")))
    p.add_argument("--show", type=int, default=40)
    args = p.parse_args()
    trial = Trial(args.seed)
    for left in range(args.records, 0, -20000):
        trial.batch(min(left, 20000))
    for f in trial.faults[:args.show]:
        print(f)
    print(f"seed {args.seed}: {trial.counts['right']} read, "
          f"{trial.counts['wrong']} refused, {trial.counts['permitted']} unlike "
          f"another's by a rule, {len(trial.faults)} not permitted")
    return 1 if trial.faults else 0


sys.exit(main())
