# SPDX-License-Identifier: BSD-3-Clause
"""What meridianctl says where there is nothing to show: its help, wrong verbs
and values, and sockets on which nobody answers as a daemon does."""
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import meridian as m

NOBODY = 65534


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def ctl(*args, expect, by=()):
    done = run(*by, m.MERIDIANCTL, *args)
    m.check_quiet(done.returncode == expect, f"{args}: exit "
                  f"{done.returncode}, not {expect}: {done.stderr}")
    return done


def helps():
    text = ctl("--help", expect=0).stdout
    verbs = m.re.findall(r"^  ([\w-]+) +(\w.+)$", text, m.re.M)
    m.check(len(verbs) >= 22 and len(dict(verbs)) == len(verbs),
            "--help has a line for each verb")
    m.check(max(map(len, text.splitlines())) <= 80, "of 80 columns at most")
    for verb, summary in verbs:
        out = ctl(verb, "--help", expect=0).stdout
        m.check_quiet(out.startswith(f"usage: meridianctl {verb}") and
                      summary in out, f"{verb} --help")
    m.check(ctl("-h", expect=0).stdout == text, "-h is the same")
    for wrong, near in (("stauts", "status"), ("undrian", "undrain"),
                        ("forceup", "force-up"), ("event", "events"),
                        ("rollbak", "rollback")):
        err = ctl(wrong, expect=2).stderr
        m.check_quiet(f'did you mean "{near}"?' in err and
                      len(err.splitlines()) == 1, err)
    err = ctl("xyzzyxyzzy", expect=2).stderr
    m.check("did you mean" not in err and "--help" in err,
            "a wrong verb is told the nearest, if one is near")
    for option in ("-h", "--help"):
        done = run(m.MERIDIAND, option)
        m.check_quiet(done.returncode == 0 and "--config" in done.stdout,
                      f"meridiand {option}")
    m.check(run(m.MERIDIAND, "--nope").returncode == 2, "meridiand --help")


def wrong_values(d):
    def refused(*args, expect=2):
        done = ctl("--socket", d.control, *args, expect=expect)
        m.check_quiet(done.stdout == "", f"{args}: {done.stdout}")
        return done.stderr

    drain = ("drain", "eu", "--for", "1h", "--reason", "x")
    for share in ("150%", "0", "-1%", "101"):
        err = refused(*drain, "--share", share)
        m.check_quiet("1% to 100%" in err and "over" not in err, err)
    err = refused(*drain, "--share", "50%", "--over", "8d")
    m.check("growing" in err and "over_s" not in err,
            "a wrong share or time is told without names of JSON")
    err = refused("check", "nope")
    m.check("check nope" in err and "-c FILE" in err, "check of a step")
    m.check("no stages" in ctl("--socket", d.control, "stages",
                               expect=0).stdout, "no stages")


def no_permission(d):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        print("skipped: another user: it needs root")
        return
    os.chmod(d.dir, 0o755)
    nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
              "--clear-groups")
    for verb in (("status",), ("undrain", "eu"), ("events", "--follow")):
        err = ctl("--socket", d.control, *verb, expect=1, by=nobody).stderr
        m.check_quiet("Permission denied" in err and "control_read" in err,
                      err)
    m.check(True, "no permission on the socket: exit 1")


@contextlib.contextmanager
def stand_in(answer):
    """A socket where each connection gets what answer says; how many came."""
    folder = tempfile.mkdtemp(prefix="meridian-test.")
    path, came = os.path.join(folder, "s"), []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    s, _ = listener.accept()
                    with s:
                        came.append(s.recv(65536))
                        s.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield path, came
    shutil.rmtree(folder)


def others():
    with stand_in(b"") as (path, came):
        err = ctl("--socket", path, "status", expect=3).stderr
        m.check("before it replied" in err and len(came) == 3,
                "a GET of which nothing came is made again")
        came.clear()
        err = ctl("--socket", path, "undrain", "eu", expect=3).stderr
        m.check("before it replied" in err and "check whether" in err and
                len(came) == 1, "a POST is not")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with stand_in(head + b"{") as (path, came):
        err = ctl("--socket", path, "status", expect=3).stderr
        m.check("before it replied" in err and len(came) == 1,
                "nor is a GET whose reply is cut")
    with stand_in(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as (
            path, _):
        err = ctl("--socket", path, "status", expect=3).stderr
        m.check("not JSON" in err, "a reply that is not JSON")


def full():
    """Nobody accepts, and no more may wait."""
    with tempfile.TemporaryDirectory(prefix="meridian-test.") as folder, \
            contextlib.ExitStack() as stack:
        path = os.path.join(folder, "s")
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                s = stack.enter_context(socket.socket(socket.AF_UNIX))
                s.setblocking(False)
                s.connect(path)
        err = ctl("--socket", path, "status", expect=1).stderr
        m.check("busy" in err and "no daemon" not in err,
                "where no connection is accepted: busy, exit 1")
        listener.close()
        err = ctl("--socket", path, "status", expect=3).stderr
        m.check("no daemon" in err, "where nobody listens: no daemon, exit 3")


helps()
target = m.Target("127.0.0.1")
with m.Daemon(m.three_regions({"eu": ["127.0.0.1"]}, target.port),
              {"zones/example.com.zone": m.ZONE}) as daemon:
    wrong_values(daemon)
    no_permission(daemon)
others()
full()
