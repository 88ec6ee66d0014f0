#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""kill -9 at random moments during drains, renewals, announcements, force-ups
and their ends: none that was acknowledged is lost, none is invented.

MERIDIAN_DRAINS is the number of requests (default 200), MERIDIAN_SEED the seed
of their choice (it is printed)."""
import http.client
import json
import os
import random
import socket
import time

import meridian as m

REQUESTS = int(os.environ.get("MERIDIAN_DRAINS", "200"))
SEED = int(os.environ.get("MERIDIAN_SEED", time.time_ns()))
KILLS = 0.25     # share of the requests during or after which it is killed
NEAR_S = 1.6     # a moment so near may have been seen to come, or not
TARGETS = {"eu": ["192.0.2.1", "192.0.2.2"], "us": ["192.0.2.3"],
           "ap": ["192.0.2.4"]}
WHAT = [*TARGETS, *(f"www/{r}" for r in TARGETS),
        *(f"www/{r}/{a}" for r in TARGETS for a in TARGETS[r])]
CONFIG = m.config(
    pools="  www:\n    regions:\n" + "".join(
        f"      {r}: [{', '.join('{addr: [%s]}' % a for a in addrs)}]\n"
        for r, addrs in TARGETS.items()),
    policies="  near: {rules: [{regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


def choose(model):
    """A request, and the leases as they are once it is done: {(kind, what,
    announced): (reason, at, until)}."""
    kind = "force_up" if random.random() < 0.2 else "drain"
    what = random.choice(WHAT)
    after = dict(model)
    if random.random() < 0.25:
        path = {"drain": "/v1/undrain", "force_up": "/v1/force_up_end"}[kind]
        after.pop((kind, what, False), None)
        after.pop((kind, what, True), None)
        return path, {"what": what}, after
    body = {"what": what, "reason": f"{random.random():.9f}"}
    at = 0
    if kind == "drain":
        body["force"] = True
        if random.random() < 0.25:
            at = body["at"] = int(time.time()) + random.choice([3, 60, 600])
    length = random.choice([4, 30, 3000, None])
    if length is None:
        body["until_cancelled"] = True
    else:
        body["for_s"] = length
    # About then: the daemon looks at the clock later.
    until = 0 if length is None else (at or time.time()) + length
    after[kind, what, at > 0] = (body["reason"], at, until)
    return f"/v1/{kind}", body, after


def at_now(model, now):
    """What time has made of it: those announced begin, then some end."""
    for (kind, what, announced), lease in sorted(
            model.items(), key=lambda kv: kv[1][1]):
        if announced and lease[1] <= now:
            del model[kind, what, True]
            model[kind, what, False] = (lease[0], 0, lease[2])
    for key, lease in list(model.items()):
        if lease[2] and lease[2] <= now:
            del model[key]
    return model


def believed(connection):
    connection.request("GET", "/v1/drains")
    said = json.loads(connection.getresponse().read())
    return {(kind, d["what"], d["at"] is not None):
            (d["reason"], d["at"] or 0, d["until"] or 0)
            for kind, key in (("drain", "drains"), ("force_up", "force_ups"))
            for d in said[key]}


def wait_between(leases):
    """No beginning and no end so near that both would be right."""
    while True:
        now = time.time()
        moments = [x for lease in leases for x in lease[1:] if x]
        if all(abs(x - now) > NEAR_S for x in moments):
            return now
        time.sleep(0.1)


def compare(daemon, before, after):
    """The leases are those before or after the request that got no reply."""
    now = wait_between([*before.values(), *after.values()])
    got = believed(Connection(daemon.control))
    wanted = [at_now(dict(x), now) for x in (before, after)]
    for w in wanted:
        for key, lease in w.items():
            if key in got and abs(lease[2] - got[key][2]) <= 1.5:
                w[key] = (*lease[:2], got[key][2])
    m.check_quiet(got in wanted, f"seed {SEED}: {got} is neither {wanted[0]} "
                  f"nor {wanted[1]}")
    return got


def exchange(daemon, connection, path, body, kill):
    """The reply; None: it was killed before."""
    connection.request("POST", path, json.dumps(body))
    if kill:
        time.sleep(random.uniform(0, 0.002))
        daemon.kill()
    try:
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None


random.seed(SEED)
print(f"seed {SEED}, {REQUESTS} requests", flush=True)
kills = unanswered = 0
with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
    leases = {}
    link = Connection(d.control)
    for _ in range(REQUESTS):
        path, body, after = choose(leases)
        kill = random.random() < KILLS
        got = exchange(d, link, path, body, kill)
        if got is None:
            unanswered += 1
        else:
            status, reply = got
            m.check_quiet(status in (200, 404), f"{path} {body}: {reply}")
            if status == 200:
                leases = after
                for key, lease in leases.items():
                    if lease[0] == body.get("reason"):
                        leases[key] = (*lease[:2], reply["until"] or 0)
            after = leases
        if kill:
            kills += 1
            link.close()
            d.start()
            leases = compare(d, leases, after)
            link = Connection(d.control)
    compare(d, leases, leases)
    m.check("DRAINS MAY BE LOST" not in d.log_text(),
            f"{REQUESTS} requests, {kills} times kill -9, {unanswered} of them "
            "before the reply: nothing lost, nothing invented")
