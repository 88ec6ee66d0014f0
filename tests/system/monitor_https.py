#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Monitors of type https: what is sent, whom they believe, how long a
connection is kept, when the certificate ends, and what slow answers do."""
import tempfile
import time

import meridian as m
import trouble

NAMES = ["plain", "own", "any", "other", "slow"]
folder = tempfile.TemporaryDirectory()
certificates = trouble.Certificates(folder.name)
farm = trouble.Farm(certificates)
servers = {name: farm.add(f"127.0.{i}.9", tls=True)
           for i, name in enumerate(NAMES, 1)}
farm.set(servers["any"].address, "untrusted")
farm.set(servers["other"].address, "wrong name")


def monitor(name, rest):
    return (f"  {name}: {{type: https, port: {farm.port}, interval: 500ms, "
            f"timeout: 500ms, fall: 2, rise: 2, clear: 3, {rest}}}\n")


CA = f"ca: {folder.name}/ca.pem"
config = m.config(
    monitor="monitors:\n"
    + monitor("plain", f"host: 'www.example.com:8443', {CA}, reconnect: 5")
    + monitor("own", f"host: www.example.com, {CA}, method: POST, payload: "
              "'{\"a\": 1}', headers: {Content-Type: application/json, "
              "X-Key: k1}, path: /deep?x=1")
    + monitor("any", "verify: off")
    + monitor("other", f"host: www.example.com, sni: mail.example.net, {CA}")
    + monitor("slow", f"host: www.example.com, {CA}, slow: 100ms"),
    pools="".join(f"  {n}: {{monitor: {n}, regions: {{eu: [{{addr: "
                  f"{servers[n].address}}}]}}}}\n" for n in NAMES),
    policies="  p: {rules: [{regions: [eu]}]}\n",
    names="".join(f"  {n}.example.com: {{pool: {n}, policy: p}}\n"
                  for n in NAMES),
    daemon_lines="  http: 127.0.0.1@0\n")


def target(name):
    return d.region(name, "eu")["targets"][0]


def watch(name):
    return target(name)["watches"][0]


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    for name in NAMES:
        m.wait_for(f"{name} up", lambda: target(name)["health"] == "up")
    head = servers["own"].requests[-1].decode()
    m.check(head.startswith("POST /deep?x=1 HTTP/1.1\r\n") and
            head.endswith('\r\n\r\n{"a": 1}') and
            "\r\nX-Key: k1\r\n" in head and
            "\r\nContent-Type: application/json\r\n" in head and
            "\r\nHost: www.example.com\r\n" in head,
            "method, path, headers and payload are sent")
    head = servers["any"].requests[-1].decode()
    m.check(f"\r\nHost: {servers['any'].address}:{farm.port}\r\n" in head,
            "without host the Host header is the address and the port")

    m.check("\r\nHost: www.example.com\r\n" in
            servers["other"].requests[-1].decode(),
            "the name in TLS and the Host header may differ")

    plain = servers["plain"]
    m.wait_for("20 probes", lambda: len(plain.requests) >= 20)
    n, of = plain.connections, len(plain.requests)
    m.check(of / 5 <= n <= of / 5 + 1,
            f"a connection is made anew every 5th probe: {n} for {of}")

    left = watch("plain")["certificate_until"] - time.time()
    m.check(19 * 86400 < left <= 20 * 86400,
            f"status says when the certificate ends: in {left / 86400:.1f} "
            "days")
    m.wait_for("and in words", lambda: "certificate ends in 19 days" in
               watch("plain")["last"])

    farm.set(servers["any"].address, "expired")
    m.wait_for("an end that is past is told as that, where nobody verifies",
               lambda: "certificate ended 1 day ago" in watch("any")["last"])
    m.check(target("any")["health"] == "up", "and fails nothing")

    farm.set(servers["slow"].address, "slow")
    m.wait_for("slow answers degrade, and status says so", lambda:
               target("slow")["health"] == "degraded" and
               "slow: 100 ms or more" in watch("slow")["last"])
    farm.set(servers["slow"].address, None)
    m.wait_for("quick answers heal", lambda: target("slow")["health"] == "up")

    # Another authority in the same file: the state is kept, the next
    # connection is judged by it.
    since = watch("own")["since"]
    with open(f"{folder.name}/other.pem") as f:
        other = f.read()
    with open(f"{folder.name}/ca.pem", "w") as f:
        f.write(other)
    d.ctl("reload")
    m.check(watch("own")["state"] == "up" and watch("own")["since"] == since,
            "a reload with another authority keeps the state")
    m.wait_for("the new authority counts", lambda:
               target("plain")["health"] == "down")
    m.check("issuer is unknown: The ca authority" in watch("plain")["last"],
            "and status says why: " + watch("plain")["last"])

    with open(f"{folder.name}/ca.pem", "w") as f:
        f.write("no certificate\n")
    said = d.ctl("reload", expect=1)
    m.check("it contains no certificate" in said.stdout + said.stderr,
            "a file without a certificate stops a reload")
