#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""DNS cookies over the network and over a reload; who the server is; how long
it keeps a connection."""
import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring

import meridian as m

COOKIE, KEEPALIVE = 10, 11
BIG = "".join(f"big IN TXT \"{'x' * 200}{i}\"\n" for i in range(4))
config = m.config(
    daemon_lines="  nsid: ams-1\n  cookies: {max_without: 512}",
    pools="  www: {regions: {eu: [{addr: [192.0.2.10]}]}}\n",
    policies="  near: {rules: [{regions: [eu]}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")
config = "\n".join(line for line in config.splitlines()
                   if not line.startswith(("  us:", "  ap:", "    europe:",
                                           "    america:", "  nets:",
                                           "geoip:")))


def refuses_key(d, ask):
    q = dns.message.make_query("big.example.com", "TXT")
    q.use_tsig(dns.tsigkeyring.from_text({"key.": "c2VjcmV0"}))
    try:
        ask(q, "127.0.0.1", timeout=5, port=d.port)
    except dns.tsig.PeerBadKey:
        return True
    return False


def option_of(reply, otype):
    for option in reply.options:
        if option.otype == otype:
            return option.data
    return None


def ask(d, otype, data, name="big.example.com", rdtype="TXT", ask=None):
    q = dns.message.make_query(name, rdtype, use_edns=0, payload=1232,
                               options=[dns.edns.GenericOption(otype, data)])
    ask = ask or dns.query.udp
    return ask(q, "127.0.0.1", timeout=5, port=d.port)


def is_good(d, cookie):
    return not ask(d, COOKIE, cookie).flags & dns.flags.TC


with m.Daemon(config, {"zones/example.com.zone": m.ZONE + BIG}) as d:
    reply = ask(d, COOKIE, b"myclient")
    cookie = option_of(reply, COOKIE)
    m.check(len(cookie) == 24 and cookie[:9] == b"myclient\1",
            "a client's cookie is answered with one of version 1")
    m.check(reply.flags & dns.flags.TC and not reply.answer,
            "without a good one a reply is limited to 512 octets")
    m.check(all(is_good(d, cookie) for _ in range(20)),
            "with it, it is not, at any worker")
    m.check(not is_good(d, cookie[:-1] + bytes([cookie[-1] ^ 1])),
            "a forged one is none")
    d.ctl("reload")
    m.check(is_good(d, cookie), "it stays good over a reload")
    for name in ("id.server", "hostname.bind"):
        q = dns.message.make_query(name, "TXT", "CH")
        reply = dns.query.udp(q, "127.0.0.1", timeout=5, port=d.port)
        m.check(m.rdata(reply) == ['"ams-1"'], f"{name} says who it is")
    q = dns.message.make_query("version.bind", "TXT", "CH")
    reply = dns.query.udp(q, "127.0.0.1", timeout=5, port=d.port)
    m.check(reply.rcode() == dns.rcode.REFUSED, "version.bind is refused")
    reply = ask(d, KEEPALIVE, b"", "www.example.com", "A", dns.query.tcp)
    m.check(int.from_bytes(option_of(reply, KEEPALIVE), "big") > 0,
            "over TCP the idle timeout is said to who asks")
    reply = ask(d, KEEPALIVE, b"", "www.example.com", "A")
    m.check(option_of(reply, KEEPALIVE) is None, "over UDP it is not")
    m.check(refuses_key(d, dns.query.udp) and refuses_key(d, dns.query.tcp),
            "who signs with a key is told that it is not known")

FLEET = config.replace("max_without: 512",
                       "max_without: 512, secrets: "
                       "e5e973e5a6b2a43f48e7dc849e37bfcf")
ZONES = {"zones/example.com.zone": m.ZONE + BIG}
with m.Daemon(FLEET, ZONES) as one, m.Daemon(FLEET, ZONES) as two:
    cookie = option_of(ask(one, COOKIE, b"myclient"), COOKIE)
    m.check(is_good(two, cookie), "servers that share a secret share cookies")
