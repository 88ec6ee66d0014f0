# SPDX-License-Identifier: BSD-3-Clause
"""Networks of a test's own: this process, and what it starts, in one network
namespace, a far side in another, and a link between the two."""
import ctypes
import os
import socket
import subprocess
import sys
import traceback

import meridian as m

CLONE_NEWNET = 0x40000000
NEAR, FAR = "10.9.0.1", "10.9.0.2"
NEAR6, FAR6 = "fd09::1", "fd09::2"


def ip(words):
    """Skips the test where it fails: containers may forbid each step alone."""
    try:
        done = subprocess.run(["ip", *words.split()], check=False,
                              capture_output=True, text=True)
    except FileNotFoundError:
        m.skip("there is no program ip (iproute2)")
    if done.returncode != 0:
        m.skip(f"ip {words}: {done.stderr.strip()}")


def sysctl(name, value):
    try:
        with open("/proc/sys/" + name.replace(".", "/"), "w") as f:
            f.write(value)
    except OSError as e:
        m.skip(f"sysctl {name}: {e.strerror}")


def new_network():
    """For this process; its threads start later."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        m.skip("a network namespace cannot be made: "
               + os.strerror(ctypes.get_errno()))
    ip("link set lo up")


def device_up(device, addresses):
    for a in addresses:
        ip(f"address add {a}/64 dev {device} nodad" if ":" in a else
           f"address add {a}/24 dev {device}")
    ip(f"link set {device} up")


class World:
    """The verbs are functions that the far side runs, one at a time."""

    def __init__(self, addresses=(), **verbs):
        self.addresses = [FAR, FAR6, *addresses]
        self.verbs = {"up": lambda: device_up("far", self.addresses),
                      "link": lambda state: ip(f"link set far {state}"),
                      **verbs}

    def __enter__(self):
        new_network()
        near, far = socket.socketpair()
        self.pid = os.fork()
        self.line = (near if self.pid else far).makefile("rw", buffering=1)
        if self.pid == 0:
            near.close()
            self.serve()
        far.close()
        self.heard("ready")
        ip(f"link add near type veth peer name far netns {self.pid}")
        device_up("near", [NEAR, NEAR6])
        self.tell("up")
        return self

    def serve(self):
        """The far side, to the end of its process."""
        try:
            new_network()
            self.line.write("ready\n")
            for line in self.line:
                verb, *rest = line.split()
                self.verbs[verb](*rest)
                self.line.write("done\n")
        except SystemExit as e:
            os._exit(m.SKIPPED if e.code == m.SKIPPED else 1)
        except BaseException:
            traceback.print_exc()
        os._exit(0)

    def heard(self, word):
        if self.line.readline() == word + "\n":
            return
        pid, self.pid = self.pid, None
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == m.SKIPPED:
            sys.exit(m.SKIPPED)
        sys.exit(f"FAIL: the far side is not {word}")

    def tell(self, words):
        self.line.write(words + "\n")
        self.heard("done")

    def __exit__(self, *exc):
        self.line.close()
        if self.pid:
            os.waitpid(self.pid, 0)
