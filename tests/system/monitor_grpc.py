#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type grpc: what they send; services that serve, do not, or are
not known; certificates; and every way for a server to fail: status says why.
In a build without them a configuration that uses one is refused."""
import shutil
import subprocess
import sys
import tempfile

import meridian as m

FILES = {"zones/example.com.zone": m.ZONE}
KEYS = "interval: 1s, timeout: 1s, fall: 1, rise: 1, clear: 1"


def configure(monitors):
    """monitors: name, keys, address."""
    return m.config(
        monitor="monitors:\n" + "".join(
            f"  {name}: {{type: grpc, {keys}, {KEYS}}}\n"
            for name, keys, _ in monitors),
        pools="".join(f"  {name}: {{monitor: {name}, "
                      f"regions: {{eu: [{{addr: {a}}}]}}}}\n"
                      for name, _, a in monitors),
        policies="  all: {rules: [{regions: [eu]}]}\n",
        names="".join(f"  {name}.example.com: {{pool: {name}, policy: all}}\n"
                      for name, _, _ in monitors))


d = m.Daemon(configure([("only", "port: 1", "192.0.2.1")]), FILES)
said = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                      capture_output=True, text=True).stdout
shutil.rmtree(d.dir)
if "not in this build" in said:
    m.check("error: monitors of type grpc are not in this build, which was "
            "made without them (configure --with-grpc)" in said,
            "a build without grpc says so")
    sys.exit()
try:
    import health_server as h
except ImportError:
    m.skip("python3-h2 is not here")

import trouble  # noqa: E402

CLOSED = "closed before the reply ended"
NO_REPLY = "the reply is no HealthCheckResponse"
EMPTY = "closed without a reply in HTTP/2"
NOT_HTTP2 = "the reply is not HTTP/2"
PLAIN = [  # how it fails, what status shows
    (h.not_serving, "NOT_SERVING"),
    (h.hang, "timeout 1000 ms"),
    (h.reset_stream, "INTERNAL_ERROR"),
    (h.refused_stream, "closed "),
    (h.goaway, "closed "),
    (h.cut, CLOSED),
    (h.close, CLOSED),
    (h.endless_data, "the body has more than 1029 octets"),
    (h.endless_trailers, "the header has more than 16384 octets"),
    (h.endless_pings, "timeout 1000 ms"),
    (h.no_trailers, "the reply is not gRPC: no grpc-status"),
    (h.odd_code, "the reply is not gRPC: no grpc-status"),
    (h.other_code, "grpc-status 14, UNAVAILABLE"),
    (h.status, "status 503, not 200"),
    (h.other_type, "the reply is not gRPC: no application/grpc"),
    (h.compressed, NO_REPLY),
    (h.no_message, NO_REPLY),
    (h.two_messages, NO_REPLY),
    ("http/1.1", EMPTY),
    ("silent", "timeout 1000 ms"),
    ("refused", "refused"),
]
TLS = [
    ("expired", "TLS: the certificate expired at 20"),
    ("wrong_name", "TLS: the certificate is not for www.example.com"),
    ("untrusted", "TLS: the certificate's issuer is unknown: "
     "The other authority"),
    ("not TLS", "TLS: wrong version number"),
    ("no ALPN", EMPTY), ("ALPN http/1.1", NOT_HTTP2),
    ("silent", "timeout 1000 ms"),
    (h.not_serving, "NOT_SERVING"),
]
folder = tempfile.TemporaryDirectory()
farm = h.Farm(trouble.Certificates(folder.name))
monitors, troubles = [], []


def add(name, keys, mode=None, text=None, tls=False):
    server = farm.new(name, tls=tls)
    if tls:
        keys += ", tls: on"
    monitors.append((name, f"port: {farm.port}, {keys}", server.address))
    if mode:
        troubles.append((name, mode, text))
    return server


VERIFIED = f"host: 'www.example.com:8443', ca: {folder.name}/ca.pem"
for i, (mode, text) in enumerate(PLAIN):
    add(f"plain-{i}", "service: my.Echo", mode, text)
for i, (mode, text) in enumerate(TLS):
    add(f"tls-{i}", VERIFIED, mode, text, tls=True)
whole = add("whole", "mode: decide")
named = add("named", "service: my.Echo, host: health.example.com")
secure = add("secure", VERIFIED, tls=True)
other = add("other", "sni: mail.example.net, host: www.example.com, "
            f"ca: {folder.name}/ca.pem", tls=True)
unverified = add("unverified", "verify: off", tls=True)
for name in ("my.Late", "my.Odd", "my.New", "my.Nothing"):
    add(name.lower().replace(".", "-"), f"service: {name}")
slow = add("slow", "slow: 600ms")
farm.set("other", "wrong_name")
farm.set("unverified", "untrusted")


def watch(name):
    return d.region(name, "eu")["targets"][0]["watches"][0]


def wait(name, state, text):
    w = m.wait_for(f"{name} {state}: {text}", lambda: [
        w for w in [watch(name)]
        if w["state"] == state and text in w["last"]])[0]
    print(f"ok: {name} is {state}: {w['last']}", flush=True)
    return w


with m.Daemon(configure(monitors), FILES) as d:
    for name, *_ in troubles:
        wait(name, "up", "SERVING in ")
    for name in ("whole", "named", "secure", "other", "unverified", "slow"):
        wait(name, "up", "SERVING in ")
    for name, text in (("my-late", "NOT_SERVING"), ("my-new", "UNKNOWN"),
                       ("my-odd", "SERVICE_UNKNOWN"),
                       ("my-nothing",
                        "grpc-status 5, NOT_FOUND: unknown service????")):
        wait(name, "down", text)

    headers, body = whole.requests[-1]
    m.check(body == b"\0\0\0\0\0", "without a service the whole is asked for")
    m.check(headers[":method"] == "POST" and headers[":scheme"] == "http" and
            headers[":path"] == "/grpc.health.v1.Health/Check" and
            headers[":authority"] == f"{whole.address}:{farm.port}" and
            headers["content-type"] == "application/grpc" and
            headers["te"] == "trailers" and
            headers["grpc-timeout"] == "1000m", "the request is one of gRPC")
    headers, body = named.requests[-1]
    m.check(body == b"\0\0\0\0\x09\x0a\x07my.Echo" and
            headers[":authority"] == "health.example.com",
            "the service and the host are sent")
    headers, _ = secure.requests[-1]
    m.check(headers[":scheme"] == "https" and
            headers[":authority"] == "www.example.com:8443", "over TLS too")
    m.wait_for("status says when the certificate ends", lambda:
               "certificate ends in 19 days" in watch("secure")["last"])
    m.check(other.requests[-1][0][":authority"] == "www.example.com",
            "the name in TLS and the host may differ")
    m.wait_for("more than one probe", lambda: len(named.requests) > 1)
    requests = len(named.requests)  # before the connections are counted
    m.check(named.connections >= requests,
            "each probe has a connection of its own")

    farm.set("slow", h.slow)
    wait("slow", "degraded", "slow: 600 ms or more")
    for name, mode, _ in troubles:
        farm.set(name, mode)
    for name, _, text in troubles:
        wait(name, "down", text)
    for name, *_ in troubles:
        farm.set(name, h.well)
    for name, *_ in troubles:
        wait(name, "up", "SERVING in ")
    said = d.json("probe", "my-nothing/eu", expect=1)
    m.check(said["probes"][0]["reason"] == "status" and
            "NOT_FOUND" in said["probes"][0]["detail"], "one of it now")
    # A probe under way when its target goes.
    farm.set("whole", h.hang)
    requests = len(whole.requests)
    m.wait_for("it hangs", lambda: len(whole.requests) > requests)
    d.write("meridian.yaml", configure(monitors[-1:]))
    d.ctl("reload")
    m.check(len(d.json("status")["pools"]) == 1, "a reload ends what hangs")
