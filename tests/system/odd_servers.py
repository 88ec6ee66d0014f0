#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""HTTP servers that do what RFC 9112 lets them are up; those that say what is no
HTTP, or send without end, are down with the reason; and none of them harms the
other targets or the daemon."""
import contextlib
import socket
import threading
import time

import meridian as m

OK = b"HTTP/1.1 200 OK\r\n"
HI = OK + b"Content-Length: 2\r\n\r\nhi"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def forever(octets):
    def send(connection):
        while True:
            connection.sendall(octets * 100)
    return send


def drip(connection):
    for octet in HI * 100:
        connection.sendall(bytes([octet]))
        time.sleep(0.2)


def late_surplus(connection):
    connection.sendall(HI)
    time.sleep(0.2)
    connection.sendall(HI)


# What comes for each request (octets, a function, or both), whether the
# connection is then closed; what status shows, "" being up.
SERVERS = {
    "early hints": ([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + HI],
                    False, ""),
    "processing": ([b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + HI], False, ""),
    "continue": ([b"HTTP/1.1 100 Continue\r\n\r\n" + HI], False, ""),
    "chunk extension": ([CHUNKED + b"2;a=\"b;c\"\r\nhi\r\n0;d\r\n\r\n"], False,
                        ""),
    "trailers": ([CHUNKED + b"2\r\nhi\r\n0\r\nDate: today\r\n\r\n"], False, ""),
    "one octet a chunk": ([CHUNKED + b"1\r\nh\r\n" * 5000 + b"0\r\n\r\n"], False,
                          ""),
    "surplus line feed": ([HI + b"\n"], False, ""),
    "surplus reply": ([HI + HI], False, ""),
    "late surplus": ([late_surplus], False, ""),
    "line feeds alone": ([HI.replace(b"\r", b"")], False, ""),
    "no phrase": ([b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"], False, ""),
    "to the end": ([b"HTTP/1.0 200 OK\r\n\r\nhi"], True, ""),
    "closes unsaid": ([HI], True, ""),
    "same length twice": ([OK + b"Content-Length: 2\r\n" * 2 + b"\r\nhi"],
                          False, ""),
    "no content": ([b"HTTP/1.1 204 No Content\r\n\r\n"], False, ""),
    "folded": ([OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n"], False, ""),
    "endless continue": ([forever(b"HTTP/1.1 100 Continue\r\n\r\n")], True,
                         "the header has more than 16384 octets"),
    "endless extension": ([CHUNKED + b"2;", forever(b"a")], True,
                          "around the chunks"),
    "endless size": ([CHUNKED, forever(b"0")], True, "around the chunks"),
    "endless trailers": ([CHUNKED + b"0\r\n", forever(b"a: b\r\n")], True,
                         "around the chunks"),
    "endless body": ([OK + b"\r\n", forever(b"a")], True,
                     "the body has more than 65536 octets"),
    "endless status": ([b"HTTP/1.1 2", forever(b"0")], True,
                       "the header has more than 16384 octets"),
    "status beyond 2^32": ([b"HTTP/1.1 4294967496 Service Unavailable\r\n\r\n"],
                           True, "a status that is not three digits"),
    "status with a letter": ([b"HTTP/1.1 200x OK\r\n\r\n"], True,
                             "a status that is not three digits"),
    "octet 0 in the status": ([b"HTTP/1.1 200 O\0K\r\n\r\n"], True,
                              "NUL, or a carriage return"),
    "two lengths": ([OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi"],
                    False, "conflicting Content-Lengths"),
    "negative length": ([OK + b"Content-Length: -1\r\n\r\n"], False,
                        "a Content-Length that is not a number"),
    "switching": ([b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + HI], False,
                  "status 101"),
    "no HTTP/1.1 status line": ([b"<html>hi</html>\r\n"], True, "no HTTP/1.1 status line"),
    "chunk without size": ([CHUNKED + b"zz\r\n"], False,
                           "a chunk without its size"),
    "chunk too long": ([CHUNKED + b"1\r\nhi\r\n0\r\n\r\n"], False,
                       "a chunk longer than its size"),
    "cut chunks": ([CHUNKED + b"2\r\nhi\r\n"], True,
                   "closed before the reply ended"),
    "short": ([OK + b"Content-Length: 3\r\n\r\nhi"], True,
              "closed before the reply ended"),
    "nothing": ([], True, "closed before the reply ended"),
    "an octet now and then": ([drip], True, "timeout 900 ms"),
}
UNREACHABLE = "127.255.255.255"  # a broadcast address


class Farm:
    """One server for all: which one answers is told by the address."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("0.0.0.0", 0))
        self.socket.listen(256)
        self.port = self.socket.getsockname()[1]
        self.by_address = {}
        threading.Thread(target=self.run, daemon=True).start()

    def add(self, name):
        n = len(self.by_address)
        address = f"127.{10 + n // 200}.{n % 200}.1"
        self.by_address[address] = SERVERS[name]
        return address

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        parts, closes, _ = self.by_address[connection.getsockname()[0]]
        with connection, contextlib.suppress(OSError):
            while b"\r\n\r\n" in self.request(connection):
                for part in parts:
                    if isinstance(part, bytes):
                        connection.sendall(part)
                    else:
                        part(connection)
                if closes:
                    return

    @staticmethod
    def request(connection):
        octets = b""
        while b"\r\n\r\n" not in octets:
            more = connection.recv(4096)
            if not more:
                return b""
            octets += more
        return octets


def main():
    farm = Farm()
    servers = {name: farm.add(name) for name in SERVERS}
    pools = "".join(
        f"  p{i}: {{monitor: h, regions: {{eu: [{{addr: {address}}}]}}}}\n"
        for i, address in enumerate(servers.values()))
    config = m.config(
        monitor=f"""\
monitors:
  h: {{type: http, port: {farm.port}, expect: {{status: [200, 204]}},
      interval: 1s, timeout: 900ms, fall: 2, rise: 2, damp: {{max: 0s}}}}
  head: {{type: http, port: {farm.port}, method: HEAD, interval: 1s,
         timeout: 900ms, fall: 2, rise: 2, damp: {{max: 0s}}}}
health: {{suspect: 100%}}
""",
        pools=pools +
        f"  heads: {{monitor: head, regions: {{eu: [{{addr: "
        f"{servers['surplus reply']}}}]}}}}\n"
        f"  far: {{monitor: h, regions: {{eu: [{{addr: {UNREACHABLE}}}]}}}}\n",
        policies="  p: {rules: [{regions: [eu]}], when_all_down: all}\n",
        names="  www.example.com: {pool: p0, policy: p}\n")
    with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
        def targets():
            return {(p["name"], t["target"]): t
                    for p in d.json("status")["pools"]
                    for r in p["regions"] for t in r["targets"]}

        def settled():
            all_ = targets()
            return all_ if all(
                t["health"] in ("up", "down") for t in all_.values()) else None

        before = m.wait_for("every target judged", settled)
        time.sleep(3.5)  # further probes, on connections that are kept
        after = targets()
        rows = [(f"p{i}", address, SERVERS[name][2], name)
                for i, (name, address) in enumerate(servers.items())]
        rows += [("heads", servers["surplus reply"], "", "a body after HEAD"),
                 ("far", UNREACHABLE,
                  "unreachable: no route to the network", "no route")]
        for pool, address, why, name in rows:
            for t in (before[pool, address], after[pool, address]):
                last = t["watches"][0]["last"]
                m.check_quiet(t["health"] == ("down" if why else "up") and
                              (why or "status 20") in last,
                              f"{name}: {t['health']}, {last}; wanted "
                              f"{why or 'up'}")
        log = d.log_text()
        flaps = [name for pool, address, why, name in rows
                 if f"target {pool}/eu/{address}: "
                 f"{'head' if pool == 'heads' else 'h'}: "
                 f"{'up' if why else 'down'} after" in log]
        m.check(not flaps, f"{len(rows)} servers judged alike all along {flaps}")
        with open(f"/proc/{d.process.pid}/status") as f:
            rss = next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))
        m.check(rss < 200000, f"the daemon has {rss} KiB")
        m.check(d.addresses("www.example.com"), "queries are answered")


main()
