#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Servers that break TCP, TLS or HTTP/2 itself: the state of the target, the
reason in status, and that probes of others go on as if they were not there.
(monitor_dns, monitor_exec, monitor_grpc, odd_servers and failures have those
that break what is above.)"""
import contextlib
import itertools
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import meridian as m
import trouble

FOLDER = tempfile.TemporaryDirectory()
CERTIFICATES = trouble.Certificates(FOLDER.name)
UP = "up"


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 0))


def close(c):
    pass


def hang(c):
    while c.recv(65536):
        pass


def pour(data):
    """Without an end, while the peer takes it."""
    def act(c):
        while True:
            c.sendall(data)
            time.sleep(0.01)
    return act


def say(data, then=hang):
    """After something was heard."""
    def act(c):
        c.recv(65536)
        c.sendall(data)
        then(c)
    return act


def drip(data):
    def act(c):
        c.recv(65536)
        for octet in itertools.cycle(data):
            c.sendall(bytes([octet]))
            time.sleep(0.05)
    return act


def old(c):
    """TLS 1.1 is the newest that it has (RFC 8996)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES.path("good.pem"),
                            CERTIFICATES.path("good.key"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.wrap_socket(c, server_side=True)


def secure(data, then):
    """Data within TLS, then the connection is broken without an alert."""
    def act(c):
        tls = CERTIFICATES.good.wrap_socket(c, server_side=True)
        tls.recv(65536)
        tls.sendall(data)
        then(tls)
        os.close(tls.detach())
    return act


def frame(kind, flags, stream, payload, length=None):
    """RFC 9113 4.1"""
    n = len(payload) if length is None else length
    return (struct.pack("!I", n)[1:] + bytes([kind, flags]) +
            struct.pack("!I", stream) + payload)


SETTINGS = frame(4, 0, 0, b"")
ALERT = bytes.fromhex("15030300020228")
HALF = bytes.fromhex("160303007a020000760303") + bytes(20)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok"
CLOSED = "closed before the reply ended"
UNSECURED = "closed during the TLS handshake"
NOT_HTTP2 = "closed without a reply in HTTP/2"
CASES = {
    "tcp": [
        ("closes", close, UP, "connected in"),
        ("resets", reset, UP, "connected in"),
        ("pours", pour(b"x" * 65536), UP, "connected in"),
        ("hangs", hang, UP, "connected in"),
        ("does not listen", None, "down", "refused"),
    ],
    "https": [
        ("hangs", hang, "down", "timeout 900 ms"),
        ("closes", close, "down", UNSECURED),
        ("resets", reset, "down", ""),
        ("closes within the handshake", say(HALF, close), "down", UNSECURED),
        ("resets within the handshake", say(HALF, reset), "down", UNSECURED),
        ("hangs within the handshake", say(HALF), "down", "timeout 900 ms"),
        ("drips", drip(HALF + bytes(200)), "down", "timeout 900 ms"),
        ("says noise", say(bytes(range(1, 200))), "down",
         "TLS: wrong version number"),
        ("pours noise", pour(b"\xff" * 65536), "down", "TLS: "),
        ("says SSH", say(b"SSH-2.0-OpenSSH_9.2\r\n"), "down",
         "TLS: wrong version number"),
        ("says an alert", say(ALERT), "down",
         "TLS: sslv3 alert handshake failure"),
        ("says a record that is too long", say(b"\x16\x03\x03\xff\xff" +
                                               bytes(70000)), "down",
         "TLS: packet length too long"),
        ("has only TLS 1.1", old, "down", "TLS: "),
        ("breaks off without an alert", secure(OK, close), "down", CLOSED),
        ("resets in the body", secure(OK, reset), "down", CLOSED),
        ("does not listen", None, "down", "refused"),
    ],
    "grpc": [
        ("hangs", hang, "down", "timeout 900 ms"),
        ("closes", close, "down", CLOSED),
        ("resets", reset, "down", ""),
        ("says noise", say(bytes(range(200))), "down", NOT_HTTP2),
        ("pours noise", pour(b"\xff" * 65536), "down", "closed "),
        ("says SETTINGS alone", say(SETTINGS), "down", "timeout 900 ms"),
        ("says a frame of 16 MB", say(SETTINGS + frame(
            0, 0, 1, bytes(1000), 0xffffff)), "down", NOT_HTTP2),
        ("says DATA of no stream", say(SETTINGS + frame(0, 0, 0, b"x" * 7)),
         "down", NOT_HTTP2),
        ("says DATA before HEADERS", say(SETTINGS + frame(
            0, 1, 1, b"\0\0\0\0\2\x08\1")), "down", NOT_HTTP2),
        ("says HEADERS that are none", say(SETTINGS + frame(
            1, 5, 1, b"\xff" * 40)), "down", NOT_HTTP2),
        ("says half a frame", say(SETTINGS + frame(1, 4, 1, b"", 40), close),
         "down", CLOSED),
        ("pours SETTINGS", pour(SETTINGS * 1000), "down", ""),
        ("pours frames of unknown kinds", pour(
            SETTINGS + frame(77, 0, 0, bytes(100)) * 1000), "down",
         "timeout 900 ms"),
        ("says a stream that nobody asked for", say(
            SETTINGS + frame(5, 4, 1, struct.pack("!I", 2) + b"\x88")),
         "down", "timeout 900 ms"),
        ("does not listen", None, "down", "refused"),
    ],
}


class Odd:
    """On an address of its own."""

    def __init__(self, number, port, act):
        self.address, self.act = f"127.60.{number}.1", act
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, port))
        self.port = self.listener.getsockname()[1]
        if act is None:
            return
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(c,),
                             daemon=True).start()

    def talk(self, c):
        c.settimeout(10)
        with contextlib.suppress(OSError, ValueError), c:
            self.act(c)


KEYS = {
    "tcp": "",
    "https": f"host: www.example.com, ca: {CERTIFICATES.ca}, "
             "expect: {body: ok}, ",
    "grpc": "",
}


# The machine may be busy: what is well has time.
TIMES = {False: "interval: 1s, timeout: 900ms, fall: 2",
         True: "interval: 2s, timeout: 2s, fall: 3"}


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


def configure(pools):
    """pools: name, type, port, address."""
    return m.config(
        monitor="monitors:\n" + "".join(
            f"  {name}: {{type: {kind}, port: {port}, {KEYS[kind]}"
            f"{TIMES[name == 'well']}, rise: 1}}\n"
            for name, kind, port, _ in pools),
        pools="".join(f"  {name}: {{monitor: {name}, "
                      f"regions: {{eu: [{{addr: {a}}}]}}}}\n"
                      for name, _, _, a in pools),
        policies="  all: {rules: [{regions: [eu]}]}\n",
        names="".join(f"  {name}.example.com: {{pool: {name}, policy: all}}\n"
                      for name, _, _, _ in pools))


FILES = {"zones/example.com.zone": m.ZONE}


def has_grpc():
    d = m.Daemon(configure([("only", "grpc", 1, "192.0.2.1")]), FILES)
    said = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                          capture_output=True, text=True).stdout
    shutil.rmtree(d.dir)
    return "not in this build" not in said


if not has_grpc():
    print("not tried: monitors of type grpc", flush=True)
    del CASES["grpc"]
port, pools, wanted, number = 0, [], {}, 0
for kind, cases in CASES.items():
    for what, act, state, why in cases:
        number += 1
        server = Odd(number, port, act)
        port = server.port
        name = f"{kind}-{number}"
        pools.append((name, kind, port, server.address))
        wanted[name] = (f"{kind}: {what}", state, why)
farm = trouble.Farm(CERTIFICATES)
farm.add("127.61.1.1", tls=True)
pools.append(("well", "https", farm.port, "127.61.1.1"))

with m.Daemon(configure(pools), FILES) as d:
    def watches():
        return {p["name"]: p["regions"][0]["targets"][0]["watches"][0]
                for p in d.json("status")["pools"]}

    m.wait_for("the one that is well", lambda: watches()["well"]["state"] ==
               "up")
    for name, (what, state, why) in wanted.items():
        w = m.wait_for(f"{what}: {state}, {why}", lambda: [
            w for w in [watches()[name]]
            if state in (None, w["state"]) and why in w["last"]])[0]
        print(f"ok: {what}: {w['state']}, {w['last']}", flush=True)
    at, before = watches()["well"]["successes"], rss(d.process.pid)
    m.wait_for("it goes on", lambda: watches()["well"]["successes"] > at + 2)
    m.check(not any("target well/" in line and "down" in line
                    for line in d.log_text().splitlines()),
            "the one beside them was never down")
    after = rss(d.process.pid)
    m.check(after - before < 50000, f"nothing fills memory: {before} KB, then "
            f"{after} KB")
    m.check(len(os.listdir(f"/proc/{d.process.pid}/fd")) < 200,
            "no descriptors are left over")
