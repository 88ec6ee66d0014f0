# SPDX-License-Identifier: BSD-3-Clause
"""One thread of a child process is stopped, while the others go on."""
import ctypes
import errno
import os

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
