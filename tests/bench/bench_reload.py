#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does a reload delay queries?  A steady load of one query after the other, in
turn with and without reloads of a city's database and 50 policies: the median,
the 999th of a thousand and the slowest answer of each.

    bench_reload.py [NETWORKS]
"""
import gc
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")
MERIDIANCTL = os.environ.get("MERIDIANCTL", "./meridianctl")
CITY = os.environ.get("CITY", "tests/bench/bench_city")
NETWORKS, RELOADS, PAUSE_S = "1000000", 3, 0.001


def question(number):
    """n0.example.com A with a client subnet, 81.x.y.0/24."""
    name = b"\2n0\7example\3com\0"
    ecs = struct.pack("!HHHBB", 8, 7, 1, 24, 0) + bytes(
        (81, number >> 8 & 255, number & 255))
    return (struct.pack("!HHHHHH", number & 0xffff, 0, 1, 0, 0, 1) + name +
            struct.pack("!HH", 1, 1) +
            b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(ecs)) + ecs)


def start(folder):
    log = open(os.path.join(folder, "log"), "w+b")
    daemon = subprocess.Popen(
        [MERIDIAND, "-c", os.path.join(folder, "meridian.yaml")],
        stdout=log, stderr=log)
    while daemon.poll() is None:
        log.seek(0)
        found = re.search(rb"listening on 127\.0\.0\.1@(\d+)", log.read())
        if found:
            return daemon, int(found.group(1))
        time.sleep(0.1)
    log.seek(0)
    sys.exit(log.read().decode())


def ask_while(sock, goes_on, times):
    """Appends the time of each answer; a lost one counts a second."""
    number = 0
    while goes_on():
        number += 1
        query = question(number)
        begin = time.perf_counter()
        sock.send(query)
        try:
            while sock.recv(1500)[:2] != query[:2]:
                pass
        except socket.timeout:
            pass
        times.append(time.perf_counter() - begin)
        time.sleep(PAUSE_S)


def say(what, times):
    times = sorted(times)
    print(f"{what:16}{len(times):7} answers: median "
          f"{times[len(times) // 2] * 1e6:5.0f} us, 99.9% "
          f"{times[len(times) * 999 // 1000] * 1e3:6.2f} ms, slowest "
          f"{times[-1] * 1e3:6.2f} ms")


def measure(folder, port):
    control = os.path.join(folder, "control.sock")
    calm, busy, seconds = [], [], []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(1)
        for _ in range(RELOADS):
            begin = time.monotonic()
            reload = subprocess.Popen(
                [MERIDIANCTL, "--socket", control, "reload"],
                stdout=subprocess.DEVNULL)
            ask_while(sock, lambda: reload.poll() is None, busy)
            if reload.wait() != 0:
                sys.exit("a reload failed")
            seconds.append(time.monotonic() - begin)
            end = time.monotonic() + seconds[-1]
            ask_while(sock, lambda: time.monotonic() < end, calm)
    say("without reloads", calm)
    say("with reloads", busy)
    print(f"{RELOADS} reloads: {min(seconds):.1f} to {max(seconds):.1f} s each")


def main():
    networks = sys.argv[1] if len(sys.argv) > 1 else NETWORKS
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([CITY, networks, folder], check=True)
        daemon, port = start(folder)
        try:
            measure(folder, port)
        finally:
            daemon.terminate()
            daemon.wait()


main()
