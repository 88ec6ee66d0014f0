#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""10 000 HTTP targets at 1 s and 2 000 HTTPS targets at 5 s: late probes, CPU
time of the thread that probes, answers of a worker per second of its CPU time
beside it and without: bench_probe.py [SECONDS].

The daemon has one CPU, targets and clients another.  Where there is no second
one, or others use them, probes may be late that are not elsewhere: the CPU
time says what the work is.  HTTP and HTTPS in the environment are other
numbers of targets."""
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HTTP, HTTPS = (int(os.environ.get(k, v))
               for k, v in (("HTTP", 10_000), ("HTTPS", 2_000)))
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
MERIDIAND = os.environ.get("MERIDIAND", "./meridiand")
BENCH = os.environ.get("BENCH", "tests/bench/bench_probe")
REGIONS, PER_REGION = 4, 5
# www.example.com A, one question
PACKET = bytes.fromhex("000100000001000000000000"
                       "03777777076578616d706c6503636f6d0000010001")
TICK = os.sysconf("SC_CLK_TCK")


def pools(kind, first, n):
    """Pools of targets with addresses of their own."""
    for pool in range(n // (REGIONS * PER_REGION)):
        yield f"  {kind}{pool}:\n    monitor: {kind}\n    regions:\n"
        for region in range(REGIONS):
            at = first + (pool * REGIONS + region) * PER_REGION
            targets = ", ".join(f"{{addr: {address(at + i)}}}"
                                for i in range(PER_REGION))
            yield f"      r{region}: [{targets}]\n"


def address(i):
    return f"127.{1 + i // 62500}.{i // 250 % 250}.{1 + i % 250}"


def write_conf(folder, http, https, ports):
    own = [f"{kind}{pool}" for kind, n in (("http", http), ("https", https))
           for pool in range(n // (REGIONS * PER_REGION))]
    names = [f"  n{i}.example.com: {{pool: {pool}, policy: p}}\n"
             for i, pool in enumerate(own)]
    with open(os.path.join(folder, "z"), "w") as f:
        f.write("$TTL 300\n@ SOA ns host 1 3600 900 604800 300\n@ NS ns\n"
                "ns A 192.0.2.1\n")
    path = os.path.join(folder, "meridian.yaml")
    with open(path, "w") as f:
        f.write(f"""\
meridian: 1
server: {{listen: [127.0.0.1@0], workers: 1, http: 127.0.0.1@0,
         state: {folder}, control: {folder}/socket}}
zones: {{example.com: {folder}/z}}
regions: {{{", ".join(f"r{i}: {{}}" for i in range(REGIONS))}}}
monitors:
  http: {{type: http, port: {ports[0]}, expect: {{body: ok}}, interval: 1s,
         timeout: 900ms}}
  https: {{type: https, port: {ports[1]}, expect: {{body: ok}}, interval: 5s,
          timeout: 2s, host: target.example.com, ca: {folder}/cert.pem}}
pools:
""")
        f.writelines(pools("http", 0, http))
        f.writelines(pools("https", 20_000, https))
        f.write("  plain: {regions: {r0: [{addr: 192.0.2.1}]}}\n"
                "policies: {p: {rules: [{regions: "
                f"[{', '.join(f'r{i}' for i in range(REGIONS))}]}}]}}\n"
                "  , one: {rules: [{regions: [r0]}]}}\nnames:\n"
                "  www.example.com: {pool: plain, policy: one}\n")
        f.writelines(names)
    return path


def on_cpu(n):
    cpus = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cpus[n % len(cpus)]})


class Daemon:
    def __init__(self, path):
        self.log = open(os.path.join(os.path.dirname(path), "log"), "w+")
        self.process = subprocess.Popen(
            [MERIDIAND, "-c", path], stdout=self.log, stderr=self.log,
            preexec_fn=on_cpu(0))
        while True:
            with open(self.log.name) as f:
                said = f.read()
            if "in service" in said:
                break
            if self.process.poll() is not None:
                sys.exit(said[-4000:])
            time.sleep(0.05)
        self.port = re.search(r"listening on 127\.0\.0\.1@(\d+)", said)[1]
        self.http = re.search(r"http on 127\.0\.0\.1@(\d+)", said)[1]

    def metrics(self):
        """Sums over the labels."""
        sums = {}
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.http}/metrics", timeout=30) as f:
            for line in f.read().decode().splitlines():
                if not line.startswith("#"):
                    name, value = line.rsplit(" ", 1)
                    name = name.partition("{")[0]
                    sums[name] = sums.get(name, 0) + float(value)
        return sums

    def cpu(self):
        """Seconds of the main thread, and of all others."""
        folder = f"/proc/{self.process.pid}/task"
        main = other = 0
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
            used = (int(fields[11]) + int(fields[12])) / TICK
            if int(task) == self.process.pid:
                main += used
            else:
                other += used
        return main, other

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def measure(path, what):
    d = Daemon(path)
    try:
        time.sleep(10)  # the first round comes at once
        first = d.metrics()
        before, begin = d.cpu(), time.monotonic()
        time.sleep(SECONDS)
        after, end = d.cpu(), time.monotonic()
        last = d.metrics()
        probes, late, failed = (
            last.get(k, 0) - first.get(k, 0) for k in (
                "meridian_probe_seconds_count", "meridian_probes_late_total",
                "meridian_probe_failures_total"))
        main = after[0] - before[0]
        if probes:
            print(f"{what}: {probes / (end - begin):.0f} probes/s, "
                  f"{late:.0f} late, {failed:.0f} failed; main uses "
                  f"{100 * main / (end - begin):.1f} % of a CPU, "
                  f"{1e6 * main / probes:.1f} us a probe; in the first round "
                  f"{first['meridian_probes_late_total']:.0f} late, "
                  f"{first.get('meridian_probe_failures_total', 0):.0f} "
                  "failed")
        before = d.cpu()
        asked = subprocess.run([BENCH, "ask", d.port, str(SECONDS / 2)],
                               input=PACKET, capture_output=True, check=True,
                               preexec_fn=on_cpu(1))
        used = d.cpu()[1] - before[1]
        rate = int(asked.stdout) / used
        print(f"{what}: {rate:.0f} answers per second of the worker's CPU "
              "time")
        return rate
    finally:
        d.end()


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             "/CN=target", "-addext", "subjectAltName=DNS:target.example.com",
             "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
            check=True, capture_output=True)
        farm = subprocess.Popen(
            [BENCH, "serve", f"{folder}/key.pem", f"{folder}/cert.pem"],
            stdout=subprocess.PIPE, preexec_fn=on_cpu(1))
        try:
            ports = farm.stdout.readline().split()
            ports = [int(p) for p in ports]
            with_none = measure(write_conf(folder, 20, 0, ports), "20 targets")
            with_all = measure(write_conf(folder, HTTP, HTTPS, ports),
                               f"{HTTP} HTTP and {HTTPS} HTTPS targets")
            print(f"answers with all targets: {100 * with_all / with_none:.0f}"
                  " % of those with 20")
        finally:
            farm.terminate()
            farm.wait()


main()
