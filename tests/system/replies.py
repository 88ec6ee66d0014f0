# SPDX-License-Identifier: BSD-3-Clause
"""Each request gets its reply or a clear error: with many clients at once,
while connections make room for others, and while the daemon ends."""
import contextlib
import socket
import subprocess
import threading

import meridian as m

CLIENTS = 8
GET = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)  # waits for its turn, unlike one with a timeout
    s.settimeout(m.DEADLINE)
    return s


def ctl(d, *args):
    return subprocess.run([m.MERIDIANCTL, "--socket", d.control, *args],
                          capture_output=True, text=True, timeout=60)


def read_reply(s):
    """A whole reply; what there is of one that was cut."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = s.recv(65536)
        if not more:
            return got, False
        got += more
    head, body = got.split(b"\r\n\r\n", 1)
    length = int(m.re.search(rb"Content-Length: (\d+)", head).group(1))
    while len(body) < length:
        more = s.recv(65536)
        if not more:
            return got, False
        body += more
    return head, True


class Clients:
    """Each calls one function again and again, until it says stop."""

    def __init__(self, n, work):
        self.stopping, self.odd, self.done = False, [], 0
        self.work = work
        self.threads = [threading.Thread(target=self.run, daemon=True)
                        for _ in range(n)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.stopping:
            odd = self.work()
            self.done += 1
            if odd:
                self.odd.append(odd)

    def stop(self):
        self.stopping = True
        for t in self.threads:
            t.join()


def while_there_is_no_room(d):
    def work():
        done = ctl(d, "status")
        return done.returncode and done.stderr

    with contextlib.ExitStack() as stack:
        clients = Clients(CLIENTS, work)
        for _ in range(400):
            s = stack.enter_context(connect(d.control))
            s.sendall(GET[:20])
        m.wait_for("many are served", lambda: clients.done > 100)
        clients.stop()
    m.check(clients.odd == [], f"{clients.done} commands while connections "
            f"make room: {clients.odd[:1]}")


def kept_alive(d):
    """Requests one behind the other on connections that stay, while others
    push the idle ones out: a reply is whole, or there is none at all."""
    cut, pushed = [], []

    def work():
        with contextlib.suppress(BrokenPipeError, ConnectionResetError), \
                connect(d.control) as s:
            for _ in range(50):
                s.sendall(GET)
                head, whole = read_reply(s)
                if whole and b" 503 " not in head:
                    continue
                (pushed if head == b"" or b" 503 " in head else cut).append(
                    head)
                return None
        return None

    clients = Clients(CLIENTS, work)
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(d.control))
        m.wait_for("many are served", lambda: clients.done > 20)
        clients.stop()
    m.check(cut == [], "no reply is cut")


def while_it_ends(d):
    """Commands that change something, too: what was acknowledged is so."""
    for verb in (["status"], ["drain", "eu", "--for", "1h", "--reason", "x",
                              "--force"], ["probe", "www/eu"], ["reload"],
                 ["check"], ["events"]):
        def work(verb=verb):
            done = ctl(d, *verb)
            # A reload may be refused, as another is under way; a probe fails
            # when it cannot be made any more.
            if done.returncode in (0, 1):
                return None
            clear = any(word in done.stderr for word in (
                "no daemon listens there", "the daemon is shutting down",
                "closed the connection"))
            return None if done.returncode == 3 and clear else done.stderr

        clients = Clients(CLIENTS, work)
        m.wait_for("some are served", lambda c=clients: c.done > 2 * CLIENTS)
        d.process.terminate()
        d.process.wait(m.DEADLINE)
        clients.stop()
        m.check(clients.odd == [] and d.process.returncode == 0,
                f"{verb[0]} while it ends: a reply or a clear error: "
                f"{clients.odd[:1]}")
        d.start()


target = m.Target("127.0.0.1")
with m.Daemon(m.three_regions(
        {"eu": ["127.0.0.1"], "us": ["127.0.0.2"]}, target.port),
        {"zones/example.com.zone": m.ZONE}) as daemon:
    while_there_is_no_room(daemon)
    kept_alive(daemon)
    while_it_ends(daemon)
