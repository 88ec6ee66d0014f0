# SPDX-License-Identifier: BSD-3-Clause
"""Time as it would be on a machine with nothing else to do: while a thread of
the daemon waits for a processor, it stands still.  A bound by this clock holds
on a busy machine, too, and a daemon that hangs waits for no processor."""
import os
import threading
import time

TICK_S = 0.25


def waited_ns(pid):
    """For how long each thread of a process has waited for a processor."""
    waited = {}
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/schedstat") as f:
                waited[tid] = int(f.read().split()[1])
    except OSError:  # it has ended
        pass
    return waited


class Clock:
    """now() is in seconds; process says whose threads are looked at."""

    def __init__(self, process):
        self.process, self.s, self.before = process, 0.0, {}
        threading.Thread(target=self.run, daemon=True).start()

    def now(self):
        return self.s

    def run(self):
        last = time.monotonic()
        while True:
            time.sleep(TICK_S)
            now, waited = time.monotonic(), waited_ns(self.process().pid)
            # After execve(2) a thread has another one's number, and less.
            worst = max((max(0, ns - self.before.get(tid, 0))
                         for tid, ns in waited.items()), default=0) / 1e9
            # A tick that comes late is one of a busy machine, too.
            self.s += max(0, min(now - last, 2 * TICK_S) - worst)
            last, self.before = now, waited
