#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""CPU seconds that a zone of a million plain records takes: to read it
(bench_zone, without the table of names), and what the checkers of others take,
who build their tables too.  Medians of five runs, one after another by turns.

    BENCH=tests/bench/bench_zone bench_zone.py [RECORDS]"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile

RUNS = 5


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    with tempfile.TemporaryDirectory() as folder:
        zone = os.path.join(folder, "zone")
        with open(zone, "w") as f:
            f.write("$TTL 3600\n@ SOA ns1 host 1 3600 900 604800 300\n"
                    "@ NS ns1\nns1 A 192.0.2.1\n")
            for i in range(n):
                f.write(f"h{i:07} A 10.{i >> 16 & 255}.{i >> 8 & 255}."
                        f"{i & 255}\n")
        commands = {
            "meridian (reading)": [os.environ["BENCH"], "example.com.", zone],
            "nsd-checkzone": ["nsd-checkzone", "example.com", zone],
            "kzonecheck": ["kzonecheck", "-o", "example.com", zone],
            "named-checkzone": ["named-checkzone", "-i", "local",
                                "example.com", zone],
        }
        times = {what: [] for what in commands}
        for _ in range(RUNS):
            for what, command in commands.items():
                times[what].append(cpu(command))
        for what, t in times.items():
            print(f"{n} records, {what}: {statistics.median(t):.3f} s of CPU")


main()
