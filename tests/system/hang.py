#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Main hangs (its thread is stopped, by ptrace): queries are answered all the
while, the process is restarted in place with its sockets, and dead regions are
left then.  A process that was stopped as a whole, or files that would not start, are no
reason to restart; a signal to end ends a hung daemon, too."""
import http.client
import re
import signal
import socket
import sys
import time

import meridian as m
import ptrace

SKIP = 77
ports = [m.Target("127.0.1.1")]
us = m.Target("127.0.2.1", ports[0].port)
CONFIG = m.three_regions(
    {"eu": ["127.0.1.1"], "us": ["127.0.2.1"]}, ports[0].port,
    daemon_lines="  watchdog: 2s\n  http: 127.0.0.1@0\n"
    "  control_read: read.sock")
CONFIG = CONFIG.replace("eu, us, ap", "eu, us").replace(
    "us, eu, ap", "us, eu").replace("ap, us, eu", "us, eu").replace(
        "  ap: {location: [35.7, 139.7], jurisdiction: JP, capacity: 100}\n",
        "")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=m.DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def restarts(d):
    connection = Connection(d.control)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return int(re.search(r"^meridian_watchdog_restarts_total (\d+)$", text,
                         re.M).group(1))


def answers(d):
    return d.addresses("www.example.com", ecs="198.18.1.1/32")


def test_hang(d):
    eu = ports[0]
    m.wait_for("eu is probed", lambda: d.region("www", "eu")["targets"][0][
        "health"] == "up")
    m.check(restarts(d) == 0, "no restart so far")
    sockets = d.log_text().count("listening on")
    with m.Load(d, "www.example.com", "198.18.1.1/32", 0.005) as load:
        if not ptrace.stop(d.process.pid):
            print("threads may not be traced here: skipped")
            sys.exit(SKIP)
        eu.kill()
        m.wait_for("the process is restarted in place",
                   lambda: "was restarted in place" in d.log_text())
        m.wait_for("the dead region is left",
                   lambda: answers(d) == ["127.0.2.1"])
    m.check(load.lost == 0, f"no query lost of {load.sent}")
    m.check(d.process.poll() is None, "it is the same process")
    m.check(d.log_text().count("listening on") == 2 * sockets and
            restarts(d) == 1, "with the same addresses")
    event = [e for e in d.ctl("events").stdout.splitlines() if "in place" in e]
    m.check(event, f"an event says so: {event}")
    d.ctl("drain", "us", "--for", "60s", "--reason", "test", "--force")
    d.ctl("undrain", "us")
    d.ctl("reload")
    eu.start()
    m.wait_for("eu is back", lambda: answers(d) == ["127.0.1.1"])


def test_no_reason(d):
    d.process.send_signal(signal.SIGSTOP)
    time.sleep(4)  # twice the limit: there is no state to wait for
    d.process.send_signal(signal.SIGCONT)
    m.wait_for("it answers", lambda: answers(d) == ["127.0.1.1"])
    time.sleep(1)
    m.check(restarts(d) == 1, "a stop of all of it is no hang")
    taken = socket.create_server(("127.0.0.9", 0))
    wrong = {
        "a pool that there is not": CONFIG.replace("pool: www,", "pool: no,"),
        "an address that is taken": CONFIG.replace(
            '"127.0.0.1@0"',
            f'"127.0.0.1@0", "127.0.0.9@{taken.getsockname()[1]}"'),
        "a socket that cannot be": CONFIG.replace(
            "control: control.sock", "control: zones/example.com.zone"),
    }
    for what, config in wrong.items():
        at = len(d.log_text())
        d.write("meridian.yaml", config)
        ptrace.stop(d.process.pid)
        m.wait_for(f"{what}: it goes on",
                   lambda: "no restart in place" in d.log_text()[at:])
        m.check(answers(d) == ["127.0.1.1"],
                f"{what}: queries are answered as before")
        d.write("meridian.yaml", CONFIG)
        ptrace.go_on(d.process.pid)
        d.ctl("reload")
    m.check(restarts(d) == 1, "nothing was restarted")


with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as daemon:
    test_hang(daemon)
    test_no_reason(daemon)
