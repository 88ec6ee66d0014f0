#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which names of a certificate count, for https and for grpc with tls: subject
alternative names of the right kind, and never the subject (RFC 9525 6.3)."""
import shutil
import subprocess
import tempfile

import meridian as m
import trouble

try:
    import health_server as h
except ImportError:
    h = None

NAME = "www.example.com"
NONE = "TLS: the certificate has no subject alternative name: it is not for "
NO_DNS = ("TLS: the certificate has no subject alternative name of type DNS: "
          "it is not for ")
NO_IP = ("TLS: the certificate has no subject alternative name of type IP: "
         "it is not for ")
OTHER = "TLS: the certificate is not for "
UP = None
ADDRESS = "127.0.{}.9"  # of the case's own target
CASES = [  # common name, alternative names, the name asked for, why it is down
    (NAME, "", NAME, NONE + NAME),
    (ADDRESS, "", None, NONE + ADDRESS),
    ("*.example.com", "", NAME, NONE + NAME),
    (NAME, "email:www@example.com", NAME, NO_DNS + NAME),
    (NAME, "URI:https://www.example.com/", NAME, NO_DNS + NAME),
    (NAME, "IP:192.0.2.1", NAME, NO_DNS + NAME),
    (NAME, "dirName:d", NAME, NO_DNS + NAME),
    (NAME, "DNS:mail.example.net", NAME, OTHER + NAME),
    ("target", f"DNS:{NAME}", NAME, UP),
    ("target", "DNS:WWW.Example.COM", NAME, UP),
    ("target", f"DNS:{NAME}", "WWW.EXAMPLE.com", UP),
    ("target", f"DNS:{NAME}", NAME + ".", UP),
    ("target", f"DNS:mail.example.net,email:a@b.example,DNS:{NAME}", NAME, UP),
    ("target", "DNS:*.example.com", NAME, UP),
    ("target", "DNS:*.example.com", "a.b.example.com",
     OTHER + "a.b.example.com"),
    ("target", "DNS:*.example.com", "example.com", OTHER + "example.com"),
    ("target", "DNS:w*.example.com", NAME, OTHER + NAME),
    ("target", "DNS:www.*.com", NAME, OTHER + NAME),
    ("target", "DNS:xn--bcher-kva.example", "xn--bcher-kva.example", UP),
    ("b\u00fccher.example", "", "xn--bcher-kva.example",
     NONE + "xn--bcher-kva.example"),
    ("target", "IP:" + ADDRESS, None, UP),
    ("target", "IP:192.0.2.1", None, OTHER + ADDRESS),
    ("target", "DNS:" + ADDRESS, None, NO_IP + ADDRESS),
    (ADDRESS, f"DNS:{NAME}", None, NO_IP + ADDRESS),
    ("target", "IP:" + ADDRESS, NAME, NO_DNS + NAME),
]
folder = tempfile.TemporaryDirectory()
certificates = trouble.Certificates(folder.name)
farm = trouble.Farm(certificates)
monitors, wanted = [], {}


def add(name, kind, port, address, asked, why):
    host = f"host: '{asked}', " if asked else ""
    monitors.append((name, f"{kind}, port: {port}, {host}", address))
    wanted[name] = why and why.format(address.split(".")[2])


for number, (common, names, asked, why) in enumerate(CASES, 1):
    address = ADDRESS.format(number)
    if "dirName" in names:
        names = f"dirName:d\n[d]\nCN={NAME}"
    setattr(certificates, f"case_{number}", certificates.make_of(
        f"case_{number}", common.format(number), names.format(number)))
    farm.add(address, tls=True)
    farm.set(address, f"case_{number}")
    add(f"https-{number}", "type: https", farm.port, address, asked, why)


def configure(of):
    return m.config(
        monitor="monitors:\n" + "".join(
            f"  {name}: {{{keys} ca: {folder.name}/ca.pem, interval: 5s, "
            "timeout: 5s, fall: 1, rise: 1, clear: 1}\n"
            for name, keys, _ in of),
        pools="".join(f"  {name}: {{monitor: {name}, "
                      f"regions: {{eu: [{{addr: {a}}}]}}}}\n"
                      for name, _, a in of),
        policies="  all: {rules: [{regions: [eu]}]}\n",
        names="".join(f"  {name}.example.com: {{pool: {name}, policy: all}}\n"
                      for name, _, _ in of))


FILES = {"zones/example.com.zone": m.ZONE}


def has_grpc():
    d = m.Daemon(configure([("only", "type: grpc, tls: on, port: 1,",
                             "192.0.2.1")]), FILES)
    said = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                          capture_output=True, text=True).stdout
    shutil.rmtree(d.dir)
    return "not in this build" not in said


if h is not None and has_grpc():
    grpc = h.Farm(certificates)
    for number, (common, names, asked, why) in enumerate(CASES, 1):
        if asked is None:
            continue  # a server there has an address of its own
        certificate = getattr(certificates, f"case_{number}")
        certificate.set_alpn_protocols(["h2"])
        server = grpc.new(f"case_{number}", tls=True)
        grpc.set(f"case_{number}", f"case_{number}")
        add(f"grpc-{number}", "type: grpc, tls: on", grpc.port,
            server.address, asked, why)
else:
    print("not tried: monitors of type grpc", flush=True)

with m.Daemon(configure(monitors), FILES) as d:
    def watches():
        return {p["name"]: p["regions"][0]["targets"][0]["watches"][0]
                for p in d.json("status")["pools"]}

    for name, why in wanted.items():
        state = "down" if why else "up"
        w = m.wait_for(f"{name} is {state}: {why}", lambda: [
            w for w in [watches()[name]]
            if w["state"] == state and (why or "") in w["last"]])[0]
        print(f"ok: {name} is {state}: {w['last']}", flush=True)
