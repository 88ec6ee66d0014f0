#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Seconds and memory to load a zone of a million records, beside the checkers
of BIND and NSD on the same file: medians of three runs each, in turn."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RECORDS, RUNS, PER_HOST = 1_000_000, 3, 4
MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")


def write_zone(path):
    hosts = RECORDS // PER_HOST
    with open(path, "w") as f:
        f.write("$TTL 300\n@ SOA ns host 1 3600 900 604800 300\n@ NS ns\n"
                "ns A 192.0.2.1\n")
        for i in range(hosts):
            f.write(f"h{i} A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n"
                    f" AAAA 2001:db8::{i >> 16:x}:{i & 0xffff:x}\n"
                    f" TXT \"host number {i}\"\n MX 10 h{i * 7 % hosts}\n")


def write_conf(folder):
    path = os.path.join(folder, "meridian.yaml")
    with open(path, "w") as f:
        f.write("meridian: 1\nzones: {big.example: big.zone}\n"
                "server: {listen: [127.0.0.1@0], state: %s, control: %s}\n"
                % (folder, os.path.join(folder, "socket")))
    return path


def run(command):
    """Seconds and MiB."""
    begin = time.monotonic()
    with open(os.devnull, "w") as null:
        child = subprocess.Popen(command, stdout=null, stderr=null)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]}: status {child.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def main():
    with tempfile.TemporaryDirectory() as folder:
        zone = os.path.join(folder, "big.zone")
        write_zone(zone)
        commands = [[MERIDIAND, "-n", "-c", write_conf(folder)],
                    ["named-checkzone", "big.example", zone],
                    ["nsd-checkzone", "big.example", zone]]
        commands = [c for c in commands if shutil.which(c[0])]
        figures = [[] for _ in commands]
        for _ in range(RUNS):
            for command, got in zip(commands, figures):
                got.append(run(command))
    base = statistics.median(s for s, _ in figures[0])
    for command, got in zip(commands, figures):
        seconds = statistics.median(s for s, _ in got)
        print(f"load {RECORDS} records: {os.path.basename(command[0]):16}"
              f"{seconds:6.2f} s {statistics.median(r for _, r in got):5.0f}"
              f" MiB, ratio {seconds / base:.2f}")


main()
