#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Resolvers of others in front of the daemon (peers.py: those that are
installed): they give what it gives, no longer than it says, with scopes that
hold in their caches; a region that fails, or is drained, is left within the
TTL; fences hold as meridian.yaml(5) says.  RESOLVERS_ROUNDS asks for more than
make check, RESOLVERS_SEED begins elsewhere, RESOLVERS=Unbound,Bind names some."""
import contextlib
import os
import random
import time

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

import meridian as m
import peers

ROUNDS = int(os.environ.get("RESOLVERS_ROUNDS", 1))
SEED = int(os.environ.get("RESOLVERS_SEED", 1))
NAMED = os.environ.get("RESOLVERS", "").split(",")
NAME = "www.example.com"
TTL_MAX = 4
ADDRESSES = {"eu": "192.0.2.1", "us": "192.0.2.2", "ap": "192.0.2.3"}
FENCED = "127.1.2.17"   # a resolver's address in the net with a fence
ELSEWHERE = "127.9.9.9"
CLIENT = "127.200.0.1"  # of no rule with a net, nor is its /9
ZONE = m.ZONE + """\
up        IN TXT   "yes"
big       IN TXT   """ + "\nbig       IN TXT   ".join(
    f'"{i} {"x" * 200}"' for i in range(30)) + """
www       IN HTTPS 1 . alpn=h2
svc       IN HTTPS 0 www
mail      IN MX    10 www
old       IN DNAME new
a.new     IN TXT   "moved"
to-lb     IN CNAME lb
eu-lb     IN A     192.0.2.101
us-lb     IN A     192.0.2.102
*.wild    IN TXT   "wild"
a.b.deep  IN TXT   "deep"
_sip._tcp IN SRV   1 2 5060 static
"""
CONFIG = m.config(
    monitor="monitors:\n  sig: {type: external, interval: 200ms}\n",
    pools="  www:\n    monitor: sig\n    regions:\n" + "".join(
        f"      {r}: [{{addr: {a}}}]\n" for r, a in ADDRESSES.items()) +
    "  lb:\n    regions:\n" + "".join(
        f"      {r}: [{{cname: {r}-lb.example.com.}}]\n" for r in ("eu", "us")),
    policies="""\
  p:
    rules:
      - {nets: corp, regions: [eu], fence: EU, when_all_down: all}
      - {nets: near_eu, regions: [eu, us, ap]}
      - {nets: near_ap, regions: [ap, us, eu]}
      - {regions: [us, ap, eu]}
""",
    names=f"""\
  {NAME}: {{pool: www, policy: p, ttl: {{max: {TTL_MAX}, min: 1}}}}
  lb.example.com: {{pool: lb, policy: p, ttl: {{max: {TTL_MAX}, min: 1}}}}
""").replace("geoip:\n  nets:\n", """\
geoip:
  nets:
    corp: [81.2.3.16/28, 127.1.2.16/28, "2001:db8:c::/60"]
    near_eu: [81.2.0.0/16, 127.2.0.0/16, "2001:db8:e::/48"]
    near_ap: [81.3.0.0/16, 127.3.0.0/16]
    others: [127.0.0.0/8]
""").replace("    europe: [198.18.0.0/16, \"2001:db8:e::/48\"]\n", "")
QUESTIONS = [(name, kind) for name in (
    "", "www", "towww", "static", "alias", "lb", "to-lb", "svc", "mail", "old",
    "a.old", "new", "a.new", "b.old", "any.wild", "wild", "deep", "b.deep",
    "a.b.deep", "_sip._tcp", "_tcp", "nothing", "not.even.this", "big", "ns1")
    for kind in ("A", "AAAA", "HTTPS", "MX", "TXT", "NS", "SOA", "SRV", "ANY",
                 "DNAME", "CNAME", "TYPE65280")
    # Whether what is synthesized ends the search (RFC 6672 3.2) is seen in two
    # ways.
    if (name, kind) not in (("a.old", "CNAME"), ("b.old", "CNAME"))]


def full(name):
    return f"{name}.example.com".lstrip(".")


def direct(d, name, rdtype="A", ecs=None, source="127.0.0.1"):
    """What the daemon says to who asks from there."""
    q = dns.message.make_query(name, rdtype, use_edns=0, payload=1232,
                               options=[m.ecs_option(ecs)] if ecs else [])
    q.flags &= ~dns.flags.RD
    reply, _ = dns.query.udp_with_fallback(q, "127.0.0.1", port=d.port,
                                           timeout=10, source=source)
    return reply


def by(resolver):
    return (f"{type(resolver).__name__} at {resolver.asks_from}, "
            f"sent {resolver.sent}")


def cut(resolver, address):
    """What a resolver that sends client subnets says of a client."""
    bits = resolver.sent[6 if ":" in address else 4]
    return str(peers.prefix(address, bits))


# The same answers ----------------------------------------------------------- #

class Answer:
    """What a resolver makes of replies: those along aliases put together, as
    a steered name does not follow an alias in one reply."""

    def __init__(self, replies):
        self.replies, self.rcode = len(replies), replies[-1].rcode()
        self.text = "\n".join(str(reply) for reply in replies)
        rrsets = [rrset for reply in replies for rrset in reply.answer]
        self.ttls = {(r.name, r.rdtype): r.ttl for r in rrsets}
        self.records = {f"{r.name} {int(r.rdtype)} {data}".lower()
                        for r in rrsets for data in r}


def alias_of(reply, rdtype):
    """The name that a reply leads to without an answer for it."""
    if not reply.answer or rdtype in ("CNAME", "ANY"):
        return None
    last = reply.answer[-1]
    if last.rdtype != dns.rdatatype.CNAME:
        return None
    target = last[0].target.to_text(omit_final_dot=True)
    return target if target.endswith(".example.com") else None


def expected(d, resolver, client, name=NAME, rdtype="A"):
    ecs = cut(resolver, client) if resolver.sends_subnets else None
    replies = []
    while name and len(replies) < 9:
        replies.append(direct(d, name, rdtype, ecs, resolver.asks_from))
        name = alias_of(replies[-1], rdtype)
    return Answer(replies)


def is_permitted_any(got, want):
    """RFC 8482: some of what there is, or that it is not told."""
    return got.rcode in (dns.rcode.SERVFAIL, dns.rcode.NOTIMP,
                         dns.rcode.NOERROR, want.rcode) \
        and (bool(want.records) or not got.records)


def same_answers(d, resolver, client):
    """Every question twice: from the daemon, and from the cache."""
    for name, kind in QUESTIONS * 2:
        want = expected(d, resolver, client, full(name), kind)
        got = Answer([resolver.ask(full(name), kind, source=client)])
        what = (f"{name} {kind} by {by(resolver)}:\n{got.text}\nnot as the "
                f"daemon says it:\n{want.text}")
        if kind == "ANY":
            m.check_quiet(is_permitted_any(got, want), what)
            continue
        m.check_quiet(got.rcode == want.rcode, what)
        m.check_quiet(got.records == want.records, what)
        m.check_quiet(all(ttl <= max(want.ttls[key], TTL_MAX)
                          for key, ttl in got.ttls.items()), what)
    m.check(True, f"{len(QUESTIONS)} questions, each twice: {by(resolver)} "
            "says what the daemon says, no longer")


def large_answers(d, resolver):
    """RFC 7766 5: what does not fit comes by TCP."""
    before = sum(d.json("stats")["queries"]["tcp"].values())
    got = resolver.ask("big.example.com", "TXT")
    m.check(len(m.rdata(got)) == 30, f"a large answer, by {by(resolver)}")
    return sum(d.json("stats")["queries"]["tcp"].values()) - before


# Scopes --------------------------------------------------------------------- #

def clients(rng, number):
    """Often at the edges, and of each net."""
    for _ in range(number):
        base = rng.choice(["127.1.2.{}", "127.2.{}.9", "127.3.{}.9",
                           "127.{}.2.17", "127.1.{}.17"])
        yield base.format(rng.choice([1, 2, 3, 15, 16, 17, 31, 32, 254]))


def scopes_hold(d, resolver, rng):
    """Whatever a cache holds, each client gets what the daemon would give to
    its subnet, along aliases too, and one of the fence never anything else."""
    before, asked = d.json("stats")["ecs_queries"], 0
    for client in clients(rng, 300):
        name = rng.choice(["www", "www", "towww", "lb", "to-lb"])
        got = Answer([resolver.ask(full(name), source=client)])
        want = expected(d, resolver, client, full(name))
        asked += want.replies
        before += want.replies
        m.check_quiet(got.records == want.records, f"{name} for {client} by "
                      f"{by(resolver)}:\n{got.text}\nnot:\n{want.text}")
        if peers.prefix(client, 28) == peers.prefix("127.1.2.16", 28):
            m.check_quiet(any(text.endswith((" 1 192.0.2.1", " 1 192.0.2.101"))
                              for text in got.records),
                          f"{client}, fenced, gets {got.text} by "
                          f"{by(resolver)}")
    cost = d.json("stats")["ecs_queries"] - before
    m.check(cost < asked, f"300 clients of {by(resolver)} get what their "
            f"subnet gets, with {cost} queries in place of {asked}")


# Cut-over ------------------------------------------------------------------- #

def region_of(reply):
    got = m.rdata(reply)
    return {a: r for r, a in ADDRESSES.items()}.get(got[0]) if got else None


def prime(d, resolvers, region):
    """Each has the region in its cache; until when at the latest, by its own
    TTL, and a second that it and this test may each cut off."""
    until = {}
    for r in resolvers:
        def has():
            reply = r.ask(NAME, source=CLIENT)
            until[r] = time.monotonic() + reply.answer[0].ttl + 2
            return region_of(reply) == region
        m.wait_for(f"{by(r)} has {region}", has)
    return until


def left_in_time(resolvers, until, region):
    """No answer that is asked for after that has the region."""
    held = 0
    for r in resolvers:
        while True:
            asked = time.monotonic()
            if region_of(r.ask(NAME, source=CLIENT)) != region:
                break
            held += 1
            m.check_quiet(asked < until[r], f"{by(r)} gives {region} "
                          f"{asked - until[r]:.1f} s after its TTL")
            time.sleep(0.05)
    return held


def failover(d, resolvers):
    until = prime(d, resolvers, "us")
    d.ctl("signal", f"sig/{ADDRESSES['us']}", "down", "--for", "1h")
    m.wait_for("the daemon leaves us", lambda:
               region_of(direct(d, NAME)) == "ap")
    held = left_in_time(resolvers, until, "us")
    m.check(True, "a region that failed is left by every cache within its TTL "
            f"({held} answers came from caches)")
    d.ctl("signal", f"sig/{ADDRESSES['us']}", "up", "--for", "1h")
    m.wait_for("us is back", lambda: region_of(direct(d, NAME)) == "us")


def drained(d, resolvers, *how):
    prime(d, resolvers, "us")
    d.ctl("drain", "us", "--for", "1h", "--reason", "test", "--force",
          "--wait", *how)
    for r in resolvers:
        got = region_of(r.ask(NAME, source=CLIENT))
        m.check_quiet(got == "ap", f"{by(r)} gives {got} after drain --wait")
    m.check(True, f"drain {' '.join(how)} --wait returned: no cache has it")
    d.ctl("undrain", "us")
    m.wait_for("us is back", lambda: region_of(direct(d, NAME)) == "us")


# Fences --------------------------------------------------------------------- #

def shared_answers(d):
    """Resolvers that say nothing of their clients: what one gets, all get.
    The fence holds where the resolver is in the net of the rule, and a client
    of it elsewhere gets what the resolver gets: as the manual says."""
    for kind in (k for k in wanted() if not k.sends_subnets):
        for asks_from, want in ((FENCED, "eu"), (ELSEWHERE, "us")):
            with kind(d, asks_from) as resolver:
                for client in ("127.1.2.17", "127.2.1.1", "127.3.1.1"):
                    got = region_of(resolver.ask(NAME, source=client))
                    m.check_quiet(got == want, f"{client} gets {got}, not "
                                  f"{want}, by {by(resolver)}")
    m.check(True, "without client subnets the resolver's address decides, "
            "for all its clients")


def forged(d, rng):
    """Unbound takes replies to what it has cut within an octet for forged,
    where its client sent the subnet, and asks again without one."""
    bits = {4: rng.choice([n for n in range(1, 32) if n % 8]),
            6: rng.choice([n for n in range(1, 128) if n % 8])}
    fenced = [f"81.2.3.{n}/32" for n in range(16, 32)] + [
        f"2001:db8:c:{n:x}::{n:x}/128" for n in range(16)]
    others = ["81.2.9.9/32", "81.3.255.1/32", "2001:db8:c:10::1/128"]
    with peers.Unbound(d, FENCED, bits) as resolver:
        subnets = 3 * fenced + 8 * others
        rng.shuffle(subnets)
        for subnet in subnets:
            got = region_of(resolver.ask(NAME, ecs=subnet))
            m.check_quiet(subnet not in fenced or got == "eu",
                          f"{subnet} gets {got} by {by(resolver)}")
        said = resolver.log_text().count("forged data")
    m.check(True, f"{by(resolver)} calls replies forged {said} times; as it is "
            "in the net of the fence itself, no client leaves it")


# ---------------------------------------------------------------------------- #

def wanted():
    return [kind for kind in peers.RESOLVERS if kind.can_run() and
            (NAMED == [""] or kind.__name__ in NAMED)]


def in_front(d, rng):
    """All at once, with as many bits as people set, or others."""
    with contextlib.ExitStack() as stack:
        resolvers = [stack.enter_context(kind(d, ELSEWHERE, {
            4: rng.choice([24, 24, 32, rng.randint(1, 32)]),
            6: rng.choice([56, rng.randint(1, 128)])})) for kind in wanted()]
        by_tcp = 0
        for r in resolvers:
            by_tcp += large_answers(d, r)
            same_answers(d, r, "127.2.0.1")
            if r.sends_subnets:
                scopes_hold(d, r, rng)
        m.check(by_tcp >= len(resolvers), "large answers came by TCP")
        # A larger subnet has a client of the fence, who gets eu alone.
        free = [r for r in resolvers
                if not r.sends_subnets or r.sent[4] >= 9]
        failover(d, free)
        drained(d, free)
        if ROUNDS > 1:
            drained(d, free, "--at", "+6s")


def run(number):
    rng = random.Random(number)
    with m.Daemon(CONFIG, {"zones/example.com.zone": ZONE}) as d:
        in_front(d, rng)
        shared_answers(d)
        if peers.Unbound in wanted():
            forged(d, rng)


if not wanted():
    m.skip("no resolver of peers.py is installed")
print("with", ", ".join(kind.__name__ for kind in wanted()))
for number in range(SEED, SEED + ROUNDS):
    run(number)
