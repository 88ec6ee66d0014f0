#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Zone files to this reader and to named-compilezone: the octets of all records
are alike.  A zone begins at the root, so that nothing is out of it; $INCLUDE is
not followed.

    files.py FILE-OR-FOLDER...   (FILES: the program)

Where a reader refuses an entry, both get the file without it; the mistakes that one alone finds are shown, to be judged by
RFC.  Nothing is written beside the files.  Exit 1: octets differ."""
import bisect
import collections
import os
import re
import subprocess
import sys
import tempfile

import raw

FILES = os.environ.get("FILES", "tests/differ/files")
ROUNDS = 20
MARK = 65281  # the type that stands for a refused entry
NS, NSEC3 = 2, 50
HEAD = (". 60 IN SOA . . 1 2 3 4 5\n. 60 IN NS a.differ.\n"
        "a.differ. 60 IN A 192.0.2.1\n")
SOA_LINE = r"(?i)\S*\s+(\d\w*\s+)?(IN\s+)?(\d\w*\s+)?SOA\s"
# What named-compilezone says of a line without refusing it.
NO_MISTAKE = ("signature|old style|no TTL|using RFC|ignoring out|TTL set to|"
              "warning|file does not end")
BIND = ["named-compilezone", "-i", "none", "-k", "ignore", "-m", "ignore", "-n",
        "ignore", "-r", "ignore", "-S", "ignore", "-M", "ignore", "-T",
        "ignore", "-F", "raw=0"]


def origin_of(path, text):
    """Of the SOA; else a name like that of the file."""
    origin = re.sub(r"^db\.|\.(db|zone)(\..*)?$", "", os.path.basename(path))
    origin = re.sub(r"[^a-zA-Z0-9._-]", "-", origin).strip(".") + "."
    stated = None
    for line in text.splitlines():
        m = re.match(r"(?i)\$ORIGIN\s+(\S+)", line)
        if m:
            stated = m[1] if m[1][-1] == "." else f"{m[1]}.{stated or origin}"
        m = re.match(SOA_LINE, line)
        if m:
            owner = line.split()[0] if not line[0].isspace() else "@"
            return owner if owner[-1] == "." else stated or origin
    return stated or origin


def entries(text):
    """The first and the last line of each entry."""
    start = line = 1
    depth, quoted, i = 0, False, 0
    while i < len(text):
        c = text[i]
        if c == "\n":
            line, quoted = line + 1, False
            if depth == 0:
                yield start, line - 1
                start = line
        elif c == "\\" and text[i + 1:i + 2] != "\n":
            i += 1
        elif c == '"':
            quoted = not quoted
        elif c == ";" and not quoted:
            i = text.find("\n", i) - 1 if "\n" in text[i:] else len(text)
        elif c in "()" and not quoted:
            depth = max(0, depth + (1 if c == "(" else -1))
        i += 1
    yield start, line


def without(lines, bad):
    """The owner stays, for the entries that follow."""
    for first, last in entries("\n".join(lines)):
        if not any(first <= b <= last for b in bad):
            continue
        head = lines[first - 1]
        owner = re.match(r"[\w.*@-]*(?=\s|$)", head)
        lines[first - 1:last] = [";"] * (last - first + 1)
        if owner and f"TYPE{MARK}" not in head:
            lines[first - 1] = f"{owner[0]} 0 IN TYPE{MARK} \\# 0"


def ours(path):
    done = subprocess.run([FILES], input=f".\t{path}\n".encode(),
                          stdout=subprocess.PIPE, check=True)
    records, said = set(), {}
    for line in done.stdout.decode("latin-1").split("\n"):
        fields = line.split("\t")
        m = re.match(rf"said\t{path}:(\d+):\d+: error: (.*)", line)
        if m:
            said[int(m[1])] = m[2]
        elif fields[0] != "said" and len(fields) == 4:
            records.add((bytes.fromhex(fields[0]), int(fields[1]),
                         bytes.fromhex(fields[3])))
    return records, said


def bind(path, folder):
    to = os.path.join(folder, "raw")
    done = subprocess.run(BIND + ["-o", to, ".", path], capture_output=True)
    text = (done.stdout + done.stderr).decode("latin-1")
    said = {int(n): what for n, what in
            re.findall(rf"{path}:(\d+): (?!{NO_MISTAKE})(.*)", text)}
    if done.returncode != 0:
        return None, said
    return {(o.lower(), t, d) for o, t, d in raw.records(to)}, said


def differ(a, b):
    """Those of a that are not in b, but for the case of letters.  BIND does not
    write an NSEC3 record of the apex."""
    lower = {(o, t, d.lower()) for o, t, d in b}
    return {(o, t, d) for o, t, d in a - b
            if (o, t, d.lower()) not in lower and t != MARK
            and (o, t) != (b"\0", NSEC3)}


class Trial:
    def __init__(self):
        self.counts = collections.Counter()
        self.faults = []

    def show(self, name, lines, ours_said, bind_said, first):
        """By entries: BIND names their last lines."""
        starts = [a for a, _ in entries("\n".join(lines))]

        def by_entry(said):
            return {starts[bisect.bisect(starts, n) - 1]: what
                    for n, what in said.items()}

        a, b = by_entry(ours_said), by_entry(bind_said)
        for who, one, other in (("refused here", a, b),
                                ("refused by BIND", b, a)):
            for line in sorted(set(one) - set(other)):
                self.counts[who] += 1
                print(f"{name}:{line - first}: {who}: {one[line]}")

    def file(self, name, folder):
        with open(name, encoding="latin-1", newline="") as f:
            text = f.read()
        path = os.path.join(folder, "zone")
        head = (HEAD + f"$ORIGIN {origin_of(name, text)}\n").split("\n")[:-1]
        lines = head + text.split("\n")
        without(lines, [i for i, line in enumerate(lines, 1)
                        if i > len(head) and re.match(SOA_LINE, line)])
        for n in range(ROUNDS):
            with open(path, "w", encoding="latin-1", newline="") as f:
                f.write("\n".join(lines) + "\n")
            (read, said), (theirs, bind_said) = ours(path), bind(path, folder)
            if n == 0:
                self.show(name, lines, said, bind_said, len(head))
            if not said and theirs is not None or not (said or bind_said):
                break
            without(lines, list(said) + list(bind_said))
        self.counts["files"] += 1
        if theirs is None:
            self.counts["not read by BIND"] += 1
            return
        self.counts["records"] += len(read)
        for who, a, b in (("ours", read, theirs), ("BIND's", theirs, read)):
            self.faults += [f"{name}: {who}: {o} {t} {d.hex()}"
                            for o, t, d in differ(a, b)]


def main():
    trial = Trial()
    names = []
    for name in sys.argv[1:]:
        names += [os.path.join(d, f) for d, _, fs in os.walk(name)
                  for f in fs] if os.path.isdir(name) else [name]
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(names):
            trial.file(name, folder)
    for fault in trial.faults:
        print(fault)
    print(", ".join(f"{n} {what}" for what, n in trial.counts.items()) +
          f", {len(trial.faults)} that differ")
    return 1 if trial.faults else 0


sys.exit(main())
