# SPDX-License-Identifier: BSD-3-Clause
"""One thread of a child process is stopped, while the others go on."""
import ctypes
import errno
import os
import sys

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL = 0x40000000  # __WALL: threads, too
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
    os.waitpid(thread, ALL)
    traced.add(thread)
    return True


def threads(process):
    return {int(tid) for tid in os.listdir(f"/proc/{process}/task")}


def stop_new(process, begin):
    """Begins what a thread of its own will do (begin() returns a Popen), and
    stops that thread.  Returns the Popen and the thread, None where that is not
    permitted."""
    for _ in range(20):
        before, command = threads(process), begin()
        while command.poll() is None:
            new = threads(process) - before
            if not new:
                continue
            try:
                return command, min(new) if stop(min(new)) else None
            except ProcessLookupError:  # it was quicker: another one
                break
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
