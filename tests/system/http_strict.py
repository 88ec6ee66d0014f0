# SPDX-License-Identifier: BSD-3-Clause
"""HTTP on the control sockets and the TCP listener: what two readers could
take for two requests is refused, a foreign Host is, and no octet of a request
is read as part of another."""
import contextlib
import json
import socket

import meridian as m


def connect(where):
    unix = isinstance(where, str)
    s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    s.connect(where)  # waits for its turn, unlike one with a timeout
    s.settimeout(m.DEADLINE)
    return s


def read_all(s):
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while more := s.recv(65536):
            got += more
    return got


def ask(where, *parts):
    """All that comes for these octets, each part sent by itself."""
    with connect(where) as s:
        for part in parts:
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        return read_all(s)


def status_of(reply):
    return int(reply.split(b" ", 2)[1]) if reply else None


def statuses(reply):
    return [int(part.split(b" ", 1)[0]) for part in
            reply.split(b"HTTP/1.1 ")[1:]]


def body_of(reply):
    return json.loads(reply.split(b"\r\n\r\n", 1)[1])


def get(path="/v1/status", host="localhost", fields=""):
    return (f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"
            .encode("latin-1"))


SMUGGLED = b"GET /v1/drains HTTP/1.1\r\nHost: localhost\r\n\r\n"
DRAIN = (b'{"what": "eu", "for_s": 60, "reason": "smuggled", "force": true}')
POST = (b"POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d"
        b"\r\n\r\n%s" % (len(DRAIN), DRAIN))

REFUSED = [
    ("a blank before the colon",
     get(fields="Content-Length : 50\r\n") + SMUGGLED),
    ("a tab before the colon",
     get(fields="Content-Length\t: 50\r\n") + SMUGGLED),
    ("line feeds alone", get().replace(b"\r\n", b"\n") + SMUGGLED),
    ("one line feed alone",
     b"GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n"),
    ("an empty line of a line feed alone",
     b"GET / HTTP/1.1\r\nHost: localhost\r\n\n" + SMUGGLED),
    ("a carriage return alone", get(fields="X: a\rContent-Length: 50\r\n")),
    ("two lengths", get(fields="Content-Length: 0\r\nContent-Length: 50\r\n")
     + SMUGGLED),
    ("one length twice",
     get(fields="Content-Length: 0\r\nContent-Length: 0\r\n")),
    ("a list of lengths", get(fields="Content-Length: 0, 50\r\n")),
    ("a signed length", get(fields="Content-Length: +0\r\n")),
    ("a negative length", get(fields="Content-Length: -1\r\n")),
    ("a hexadecimal length", get(fields="Content-Length: 0x0\r\n")),
    ("a length and chunks", get(fields="Content-Length: 5\r\n"
                                "Transfer-Encoding: chunked\r\n")
     + b"0\r\n\r\n" + SMUGGLED),
    ("a folded field", get(fields="X: a\r\n b\r\n")),
    ("a field before the first", b"GET / HTTP/1.1\r\n X: y\r\n"
     b"Host: localhost\r\n\r\n"),
    ("a NUL", get(fields="X: a\0b\r\n")),
    ("an escape", get(fields="X: \x1b[2J\r\n")),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n"),
    ("two Hosts", get(fields="Host: localhost\r\n")),
    ("two targets", b"GET / /v1/drains HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("no version", b"GET /\r\n\r\n"),
    ("a NUL in the path", get("/v1/status%00")),
    ("a path that is no UTF-8", get("/v1/%ff")),
    ("a cut escape", get("/v1/status%4")),
    ("an authority alone", get("localhost:80")),
    ("another scheme", get("ftp://localhost/")),
]


def refuses(where, what):
    for name, request in REFUSED:
        reply = ask(where, request)
        m.check_quiet(statuses(reply) == [400],
                      f"{what}: {name}: {reply[:300]}")
        m.check_quiet(body_of(reply)["exit"] == 2 and body_of(reply)["error"],
                      f"{what}: {name}: says why")
    m.check(True, f"{what}: {len(REFUSED)} ambiguous requests are refused, "
            "each with one reply")


def reads(where, what):
    """What is right is taken, however it is cut up."""
    whole = get()
    m.check(status_of(ask(where, whole)) == 200, f"{what}: a GET")
    m.check(status_of(ask(where, *(whole[i:i + 1]
                                   for i in range(len(whole))))) == 200,
            f"{what}: octet by octet")
    m.check(statuses(ask(where, whole * 5)) == [200] * 5,
            f"{what}: five in one go")
    m.check(status_of(ask(where, b"\r\n" + whole)) == 200,
            f"{what}: after an empty line (RFC 9112 2.2)")
    m.check(status_of(ask(where, b"GET /v1/status HTTP/1.0\r\n\r\n")) == 200,
            f"{what}: HTTP/1.0 without Host")
    m.check(status_of(ask(where, get("http://localhost/v1/status"))) == 200,
            f"{what}: the absolute form (RFC 9112 3.2.2)")
    head = ask(where, whole.replace(b"GET", b"HEAD"))
    m.check(status_of(head) == 200 and head.endswith(b"\r\n\r\n")
            and b"Content-Length: 0" not in head, f"{what}: HEAD has no body")
    m.check(status_of(ask(where, get(fields="Transfer-Encoding: chunked\r\n")
                          + b"0\r\n\r\n")) == 501, f"{what}: chunks")
    m.check(status_of(ask(where, b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n")) == 501,
            f"{what}: an unknown method")
    m.check(status_of(ask(where, b"GET / HTTP/2.0\r\n\r\n")) == 505,
            f"{what}: another version")
    m.check(status_of(ask(where, get("/" + "a" * 9000))) == 414,
            f"{what}: a long path")
    m.check(status_of(ask(where, get(fields="X: y\r\n" * 200))) == 431,
            f"{what}: many fields")
    m.check(status_of(ask(where, b"X: " + b"a" * 100000)) in (414, 431),
            f"{what}: a head without end")


def hosts(d, port):
    where = ("127.0.0.1", port)
    own = ["127.0.0.1", f"127.0.0.1:{port}", "[::1]:80", "LOCALHOST",
           "localhost.", "stats.example.net", "Stats.Example.NET.:8080"]
    foreign = ["evil.example", "127.0.0.1.evil.example", "127.1", "",
               "localhost.evil.example", "xstats.example.net", "2130706433"]
    for host in own:
        m.check_quiet(status_of(ask(where, get(host=host))) == 200, host)
    for host in foreign:
        reply = ask(where, get(host=host))
        m.check_quiet(status_of(reply) == 421, host)
        m.check_quiet("server.http_names" in body_of(reply)["error"], host)
    m.check_quiet(status_of(ask(where, get(
        "http://evil.example/v1/status", "localhost"))) == 421, "absolute")
    m.check_quiet(status_of(ask(where, get(
        "http://localhost/v1/status", "evil.example"))) == 200, "absolute")
    m.check(True, "http: a Host that is no address, localhost or one of "
            "server.http_names gets 421")
    m.check(status_of(ask(d.control, get(host="evil.example"))) == 200,
            "on a Unix socket any Host will do")
    d.write("meridian.yaml", open(d.config).read().replace(
        "stats.example.net", "other.example.net"))
    d.ctl("reload")
    m.check([status_of(ask(where, get(host=f"{name}.example.net")))
             for name in ("stats", "other")] == [421, 200],
            "a reload changes the names")


def changes_nothing(d, port):
    http = ("127.0.0.1", port)
    reader = d.control.replace("control.sock", "read.sock")
    m.check(status_of(ask(http, POST)) == 405, "http: POST is refused")
    reply = ask(reader, POST)
    m.check(status_of(reply) == 403 and body_of(reply)["exit"] == 1
            and "server.control" in body_of(reply)["error"],
            "control_read: a verb that changes something is 403")
    m.check(status_of(ask(reader, get("/v1/drains"))) == 200,
            "and one that does not is served")
    m.check(d.json("drains")["drains"] == [], "nothing was drained")
    reply = ask(d.control, POST + get("/v1/drains"))
    m.check(statuses(reply) == [200, 200], "control: a body ends where it ends")
    d.ctl("undrain", "eu")
    expects = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1)
    head, body = expects.split(b"\r\n\r\n")
    with connect(d.control) as s:
        s.sendall(head + b"\r\n\r\n")
        m.check(s.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n",
                "control: 100 (Continue)")
        s.sendall(body)
        s.shutdown(socket.SHUT_WR)
        m.check(status_of(read_all(s)) == 200, "and then the reply")
    d.ctl("undrain", "eu")
    large = POST.replace(b"Length: %d" % len(DRAIN), b"Length: 65537")
    m.check(status_of(ask(d.control, large)) == 413, "control: a large body")


target = m.Target("127.0.0.1")
with m.Daemon(m.three_regions(
        {"eu": ["127.0.0.1"]}, target.port,
        daemon_lines="  http: 127.0.0.1@0\n  control_read: read.sock\n"
        "  http_names: [stats.example.net]"),
        {"zones/example.com.zone": m.ZONE}) as daemon:
    tcp = int(m.re.search(r"http on 127\.0\.0\.1@(\d+)",
                          daemon.log_text()).group(1))
    refuses(daemon.control, "control")
    refuses(("127.0.0.1", tcp), "http")
    reads(daemon.control, "control")
    reads(("127.0.0.1", tcp), "http")
    hosts(daemon, tcp)
    changes_nothing(daemon, tcp)
