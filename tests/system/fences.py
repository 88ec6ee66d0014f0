#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""No cache gives a client of a fenced rule an address outside its fence: random
configurations, client subnets of every length, regions that fail, are drained
and full; behind caches as RFC 7871 7.3.1 has them, one that looks at no longer
scope, and the resolvers of others that send client subnets.  FENCES_SEEDS and
FENCES_QUERIES ask for more than make check; FENCES_SEED begins elsewhere."""
import contextlib
import ipaddress
import os
import random
import sys
import time

import dns.message
import dns.query
import dns.rcode

import meridian as m
import peers
from peers import prefix

SEEDS = int(os.environ.get("FENCES_SEEDS", 3))
QUERIES = int(os.environ.get("FENCES_QUERIES", 1200))
FIRST = int(os.environ.get("FENCES_SEED", 1))
LENGTHS = {4: set(), 6: set()}  # that were sent, by version
NAME = "www.example.com"
REGIONS = {"a": "EU", "b": "US", "c": "EU", "d": "JP"}
NETS = 6
ORDERS = ["[a, b, c, d]", "[d, b, a, c]", "[b, d, a]",
          "{a: 3, b: 1, d: 2}, hash: client", "{b: 1, c: 1}, hash: random",
          "[b, c], trickle: 40%", "[d, b, c, a]"]
RESOLVER = ipaddress.ip_network("127.0.0.1/32")
PRIVATE = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "fd00::/8")]
SORRY = {None: "sorry", "EU": "sorry-eu", "US": "sorry-us"}


class World:
    """A configuration, and what a client of it may get: by a scan."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nets = [[] for _ in range(NETS)]
        self.all = []
        for i in range(4 * NETS):
            net = self.net()
            self.nets[i % NETS].append(net)
            self.all.append(net)
        self.fences = [self.random.choice([None, None, "EU", "EU", "US"])
                       for _ in range(NETS + 1)]
        # One fence alone, at least now and then: few are refused.
        if seed % 2:
            self.fences = ["EU" if f else None for f in self.fences]
        # The resolver of fenced clients may be one of them: then it obeys
        # their fence when it says nothing of its clients.
        self.is_safe_without_subnet = seed % 4 == 1 and "EU" in self.fences
        if self.is_safe_without_subnet:
            self.nets[self.fences.index("EU") % NETS].append(RESOLVER)

    def address(self):
        """One that is routable."""
        if self.random.random() < 0.6:
            return ipaddress.ip_address(
                (self.random.randrange(1, 10) << 24) +
                self.random.getrandbits(24))
        return ipaddress.ip_address((0x2600 << 112) +
                                    self.random.getrandbits(100))

    def net(self):
        a = self.address()
        if self.all and self.random.random() < 0.6:
            near = self.random.choice(self.all)
            bits = near.max_prefixlen - near.prefixlen
            a = near.network_address + self.random.getrandbits(bits + 3) \
                % (1 << min(bits + 2, near.max_prefixlen - 8))
            a = a if a in ipaddress.ip_network(
                "0.0.0.0/0" if a.version == 4 else "2600::/12") else \
                near.network_address
        low, high = (10, 32) if a.version == 4 else (20, 128)
        return ipaddress.ip_network(
            (a, self.random.randint(low, high)), strict=False)

    def client(self):
        """Often where it might go wrong: at the edges of a net, and in private
        space, which counts as the resolver's address."""
        dice = self.random.random()
        if dice > 0.95:
            private = self.random.choice(PRIVATE)
            return private[self.random.randrange(private.num_addresses)]
        net = self.random.choice(self.all)
        if dice < 0.3:
            return net[0] if dice < 0.15 else net[-1]
        if dice < 0.6:
            around = net.supernet(new_prefix=max(8, net.prefixlen - 4))
            return around[self.random.randrange(around.num_addresses)]
        if dice < 0.7:
            return net[self.random.randrange(net.num_addresses)]
        return self.address()

    def fence_of(self, client):
        if any(client in net for net in PRIVATE):
            client = RESOLVER[0]
        for i, nets in enumerate(self.nets):
            if any(client in net for net in nets):
                return self.fences[i]
        return self.fences[NETS]

    def rule(self, i):
        fence = self.fences[i]
        match = f"nets: n{i}, " if i < NETS else ""
        down = self.random.choice(["all", "last_known",
                                   f"{{pool: {SORRY[fence]}}}"])
        return (f"      - {{{match}regions: {self.random.choice(ORDERS)}, "
                f"when_all_down: {down}"
                + (f", fence: {fence}" if fence else "") + "}\n")

    def pool(self, name, octet, fence=None):
        return (f"  {name}:\n    cost: 1\n    monitor: sig\n    regions:\n" +
                "".join(f"      {r}: [{{addr: 192.0.{octet}.{i}}}]\n"
                        for i, r in enumerate(REGIONS)
                        if fence in (None, REGIONS[r])))

    def config(self):
        return ("""\
meridian: 1
server:
  listen: ["127.0.0.1@0"]
  workers: 1
  state: state
  control: control.sock
  ecs_from: any
safety: {max_fill: 60%}
monitors:
  sig: {type: external, interval: 200ms}
zones: {example.com: zones/example.com.zone}
geoip:
  nets:
""" + "".join(f"    n{i}: {[str(n) for n in nets]}\n"
              for i, nets in enumerate(self.nets)) + "regions:\n"
            + "".join(f"  {r}: {{jurisdiction: {j}, capacity: 40}}\n"
                      for r, j in REGIONS.items()) + "pools:\n"
            + self.pool("www", 2) + self.pool("sorry", 3)
            + self.pool("sorry-eu", 4, "EU") + self.pool("sorry-us", 5, "US")
            + "policies:\n  p:\n    failback: {hold: 1s, ramp: 5s}\n"
            "    rules:\n"
            + "".join(self.rule(i) for i in range(NETS + 1))
            + f"names:\n  {NAME}: {{pool: www, policy: p, "
            "ttl: {max: 3, min: 1}}\n")


def bits(world, version):
    """A length of what a resolver sends: every one is drawn, and often those
    that people set."""
    if world.random.random() < 0.3:
        return world.random.choice([16, 24] if version == 4 else [48, 56])
    return world.random.randint(1, 32 if version == 4 else 128)


class Cache:
    """A resolver that sends so many bits.  strict: an answer with a scope that
    is longer than what was sent is for queries of that very length alone."""

    def __init__(self, daemon, world, strict):
        self.daemon, self.random, self.strict = daemon, world.random, strict
        self.sent = {4: bits(world, 4), 6: bits(world, 6)}
        self.kept = {}  # network, of queries with length 0 alone: 0
        #                 -> (end, scope, length, reply)

    def ask(self, client):
        """The reply, and for whom it is decided."""
        # Who is behind it may send less (RFC 7871 7.1.2).
        source = self.sent[client.version]
        if self.random.random() < 0.2:
            source = self.random.randint(0, source)
        now = time.monotonic()
        for length in range(source, -1, -1):
            hit = self.kept.get((prefix(client, length)))
            if hit and hit[0] > now and not (self.strict and hit[1] > length
                                             and hit[2] != source):
                return hit[3], client
        reply = self.daemon.query(NAME, ecs=str(prefix(client, source)))
        LENGTHS[client.version].add(source)
        scope = m.ecs_of(reply).scopelen
        # RFC 7871 7.3.1: what was asked with length 0 is told apart from what
        # is for everyone; here it is not kept.
        if source == 0:
            return reply, RESOLVER[0]
        ttl = min((r.ttl for r in reply.answer), default=0)
        self.kept[prefix(client, min(scope, source))] = \
            (now + ttl, scope, source, reply)
        return reply, client


class Peer:
    """The same by another's hand: clients say who they are, whole or as far as
    the resolver would say it, or ask not to be told apart."""

    def __init__(self, daemon, world, kind):
        self.random = world.random
        sent = {4: bits(world, 4), 6: bits(world, 6)}
        self.is_cut = world.random.random() < 0.5
        # Unbound takes the reply to a client subnet that it has cut within an
        # octet for forged, and asks without one (meridian.yaml(5)).
        if kind is peers.Unbound and not (self.is_cut or
                                          world.is_safe_without_subnet):
            sent = {v: max(8, n // 8 * 8) for v, n in sent.items()}
        self.peer = kind(daemon, str(RESOLVER[0]), sent)
        self.sent = {"by": kind.__name__, "cut": self.is_cut, **sent}

    def ask(self, client):
        length = client.max_prefixlen
        if self.is_cut:
            length = self.sent[client.version]
        if self.random.random() < 0.05:
            length = 0
        LENGTHS[client.version].add(min(length, self.sent[client.version]))
        reply = self.peer.ask(NAME, ecs=str(prefix(client, length)))
        return reply, client if length else RESOLVER[0]


def shake(d, world):
    """Another state of health, drains in part and in whole."""
    r = world.random
    region = r.choice(list(REGIONS))
    octet, i = r.choice([2, 3]), list(REGIONS).index(region)
    verb = r.randrange(4)
    if verb == 0:
        d.ctl("signal", f"sig/192.0.{octet}.{i}", r.choice(["down", "up"]),
              "--for", "1h")
    elif verb == 1:
        d.ctl("drain", region, "--for", "1h", "--reason", "t", "--force")
    elif verb == 2:
        d.ctl("drain", f"www/{region}", "--for", "1h", "--reason", "t",
              "--force", "--share", f"{r.randint(1, 100)}%", "--over", "10s")
    else:
        for lease in d.json("drains")["drains"]:
            if r.random() < 0.5:
                d.ctl("undrain", lease["what"], expect=None)


def told(reply):
    """The region that is given; None: no answer."""
    got = m.rdata(reply)
    return list(REGIONS)[int(got[0].split(".")[3])] if got else None


def ask_often(d, world, caches, seed):
    seen = {"fenced": 0, "free": 0, "refused": 0}
    for i in range(QUERIES):
        if i % 25 == 0:
            shake(d, world)
        cache, client = world.random.choice(caches), world.client()
        reply, whom = cache.ask(client)
        fence, region = world.fence_of(whom), told(reply)
        if region is None:
            m.check_quiet(reply.rcode() == dns.rcode.SERVFAIL and
                          {"EU", "US"} <= set(world.fences),
                          f"seed {seed}: {client} gets an answer")
            seen["refused"] += 1
            continue
        m.check_quiet(fence in (None, REGIONS[region]),
                      f"seed {seed}: {client}, fence {fence}, gets "
                      f"{region} by {type(cache).__name__}, which "
                      f"sends {cache.sent}:\n{reply}")
        seen["fenced" if fence else "free"] += 1
    return seen


def run(seed):
    world = World(seed)
    with m.Daemon(world.config(), {"zones/example.com.zone": m.ZONE}) as d, \
            contextlib.ExitStack() as stack:
        caches = [Cache(d, world, strict) for strict in (True, False)
                  for _ in range(4)]
        for kind in KINDS:
            peer = Peer(d, world, kind)
            stack.enter_context(peer.peer)
            caches += [peer] * 3
        seen = ask_often(d, world, caches, seed)
    m.check(True, f"seed {seed}: no client leaves its fence: {seen}")
    return seen["fenced"]


def repeated(d, client, length):
    """RFC 7871 7.2.1: the option of the reply is the query's, octet for octet,
    but for the scope."""
    q = dns.message.make_query(NAME, "A", use_edns=0, options=[
        m.ecs_option(str(prefix(client, length)))])
    reply = dns.query.udp(q, "127.0.0.1", port=d.port, timeout=5)
    asked, got = q.options[0].to_wire(), m.ecs_of(reply).to_wire()
    return asked[:3] + asked[4:] == got[:3] + got[4:]


def every_length():
    world = World(FIRST)
    with m.Daemon(world.config(), {"zones/example.com.zone": m.ZONE}) as d:
        for net in world.all:
            for length in range(net.max_prefixlen + 1):
                m.check_quiet(repeated(d, net[-1], length),
                              f"{net[-1]}/{length} comes back as it was sent")
    m.check(True, "client subnets of every length come back as they were sent")


KINDS = [kind for kind in (peers.Unbound, peers.Recursor)
         if kind.can_run()]
for missing in {peers.Unbound, peers.Recursor} - set(KINDS):
    print(f"without {missing.program}, which is not installed",
          file=sys.stderr)
every_length()
fenced = sum(run(number) for number in range(FIRST, FIRST + SEEDS))
m.check(fenced > SEEDS * QUERIES / 20, f"{fenced} clients of fenced rules")
if SEEDS >= 100:
    m.check(LENGTHS == {4: set(range(33)), 6: set(range(129))},
            "resolvers sent client subnets of every length")
