#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The daemon is stopped and goes on, as when the machine slept: its probes do
not all start at once, none is lost, and no health changes."""
import selectors
import signal
import socket
import threading
import time

import meridian as m

TARGETS, INTERVAL = 60, 1.0
ADDRESSES = [f"127.2.0.{i + 1}" for i in range(TARGETS)]


class Doors:
    """Listens at every address and remembers when somebody came."""

    def __init__(self):
        self.came = []
        self.selector = selectors.DefaultSelector()
        self.port = 0
        for address in ADDRESSES:
            door = socket.create_server((address, self.port))
            self.port = door.getsockname()[1]
            self.selector.register(door, selectors.EVENT_READ)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                connection, _ = key.fileobj.accept()
                self.came.append((time.monotonic(), key.fileobj))
                connection.close()


def states(d):
    return [t["health"] for t in d.region("www", "eu")["targets"]]


doors = Doors()
targets = ", ".join("{addr: [%s]}" % a for a in ADDRESSES)
config = m.config(
    monitor=f"""\
monitors:
  door: {{type: tcp, port: {doors.port}, interval: 1s, timeout: 500ms,
         fall: 2, rise: 2, clear: 2}}
""",
    pools=f"  www: {{monitor: door, regions: {{eu: [{targets}]}}}}\n",
    policies="  line: {rules: [{regions: [eu]}]}\n",
    names="  www.example.com: {pool: www, policy: line}\n")

with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    m.wait_for("all targets up", lambda: states(d) == ["up"] * TARGETS)
    d.process.send_signal(signal.SIGSTOP)
    time.sleep(4 * INTERVAL)
    before = len(doors.came)
    d.process.send_signal(signal.SIGCONT)
    on = time.monotonic()
    m.wait_for("every target probed again", lambda: len(
        {door for _, door in doors.came[before:]}) == TARGETS)
    came = [at - on for at, _ in doors.came[before:]]
    most = max(sum(start <= at < start + 0.1 for at in came)
               for start in came)
    m.check(most < TARGETS / 2,
            f"at most {most} of {TARGETS} within a tenth of an interval")
    m.check(states(d) == ["up"] * TARGETS, "all are up still")
    m.check("down" not in d.log_text(), "and none was down")
