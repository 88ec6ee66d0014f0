# SPDX-License-Identifier: BSD-3-Clause
"""One thread of a child process is stopped, while the others go on."""
import ctypes
import errno
import os
import sys

import meridian as m

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL = 0x40000000  # __WALL: threads, too
WORK_NS = 5000000  # of a new thread, so that it is at its own work
traced = set()
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_long, ctypes.c_void_p,
                        ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def stop(thread):
    """Returns False where that is not permitted.  Only the thread that calls
    this may call go_on()."""
    try:
        ptrace(SEIZE, thread)
    except OSError as e:
        if e.errno in (errno.EPERM, errno.ENOSYS):
            return False
        raise
    ptrace(INTERRUPT, thread)
    if not os.WIFSTOPPED(os.waitpid(thread, ALL)[1]):
        raise ProcessLookupError  # it has ended meanwhile
    traced.add(thread)
    return True


def threads(process):
    return {int(tid) for tid in os.listdir(f"/proc/{process}/task")}


def worked_ns(process, thread):
    """The processor time that a thread has had."""
    with open(f"/proc/{process}/task/{thread}/schedstat") as f:
        return int(f.read().split()[0])


def stop_new(process, begin):
    """Begins what a thread of its own will do (begin() returns a Popen), and
    stops that thread when it is at work: under TSan pthread_create(3) waits for
    a thread that has not begun.  Returns the Popen and the thread, None where
    that is not permitted."""
    for _ in range(20):
        before, command = threads(process), begin()
        while command.poll() is None:
            new = threads(process) - before
            try:
                if not new or worked_ns(process, min(new)) < WORK_NS:
                    continue
                return command, min(new) if stop(min(new)) else None
            except (FileNotFoundError, ProcessLookupError):
                break  # it was quicker: another one
        command.communicate()
    sys.exit("FAIL: no thread can be stopped in time")


def go_on(thread):
    ptrace(DETACH, thread)
    traced.discard(thread)


def reap(process):
    """A process does not end for its parent before whoever traces its threads
    has seen their ends."""
    for thread in traced - {process}:
        try:
            if os.waitpid(thread, ALL | os.WNOHANG) != (0, 0):
                traced.discard(thread)
        except ChildProcessError:
            traced.discard(thread)


m.reapers.append(reap)
