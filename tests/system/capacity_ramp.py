#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Traffic that grows tenfold and falls again, at once and in steps: regions are
relieved in seconds, without swinging, where there is room; where there is none
all are equally full; and what is said meanwhile is true."""
import re
import time

import flood
import meridian as m

CAPACITY = {"eu": 100, "us": 150, "ap": 300}
ADDRESS = {"eu": "127.0.1.1", "us": "127.0.2.1", "ap": "127.0.3.1"}
MAX_FILL = 85
ROOM = MAX_FILL / 100 * sum(CAPACITY.values())
WATCH_S = 7
config = m.three_regions({r: [a] for r, a in ADDRESS.items()}, 1)
config = config.replace("    monitor: web\n", "    cost: 1\n")
for name, place in (("eu", "EU"), ("us", "US"), ("ap", "JP")):
    config = config.replace(f"{place}, capacity: 100",
                            f"{place}, capacity: {CAPACITY[name]}")
config += f"safety: {{max_fill: {MAX_FILL}%}}\n"
EUROPE = [f"198.18.{i}.0/24" for i in range(250)]


def capacity(d):
    return d.json("status")["capacity"]


def look(d):
    return {r["region"]: r for r in capacity(d)["regions"]}


def text(fills):
    return ", ".join(f"{r} {f:.0f}%" for r, f in fills.items())


def fills(clients, seconds=4.0):
    """Of what clients get, not of what the daemon says."""
    got = clients.shares(seconds)
    return {r: 100 * got.get(ADDRESS[r], 0) / c for r, c in CAPACITY.items()}


def events_are_true(d):
    """A region that is called full is; the limit is named."""
    for line in d.ctl("events").stdout.splitlines():
        full = re.search(r"is full \((\d+)% of its capacity", line)
        if full:
            m.check(int(full[1]) >= MAX_FILL, line)
        if "full" in line or "would be over" in line:
            m.check(f"{MAX_FILL}%" in line, f"the limit is named: {line}")


def swing(values):
    """By how much they go to and fro."""
    steps = [b - a for a, b in zip(values, values[1:])]
    return min(sum(max(s, 0) for s in steps), sum(max(-s, 0) for s in steps))


def has_room(d, clients, rate, watch_s=WATCH_S):
    """From now on so many answers: soon all are within max_fill, and stay so
    for a while.  Of 3 s of 85 answers a second a fifth is three times the
    error."""
    clients.rate = rate
    begun = last = time.monotonic()
    sent, worst = [], {}
    while time.monotonic() < last + watch_s:
        time.sleep(0.25)
        now = fills(clients, 3)
        if time.monotonic() < begun + 3 or \
                max(now.values()) > MAX_FILL * 1.2 or \
                abs(sum(clients.shares(3).values()) - rate) > rate / 4:
            last, sent = time.monotonic(), []
            worst = {r: max(f, worst.get(r, 0)) for r, f in now.items()}
        sent.append(look(d)["eu"]["sent_on"])
        m.check_quiet(last < begun + 90, f"{rate}/s: still {text(now)}")
    m.check(swing(sent) < 15 or not clients.is_steady(watch_s + 3), f"{rate}/s: at most {text(worst)}; after "
            f"{last - begun:.0f} s {text(fills(clients))}; eu sends {min(sent):.0f}% to "
            f"{max(sent):.0f}% on")
    return max(sent)


def no_room(d, clients, rate):
    """All are equally full, and that is said."""
    clients.rate, begun = rate, time.monotonic()
    m.wait_for("all are equally full", lambda: (
        capacity(d)["brownout"] and
        max(fills(clients).values()) < 100 * rate / 550 * 1.2 and
        min(fills(clients).values()) > 100 * rate / 550 / 1.3), 90)
    m.check(True, f"{rate}/s: a brownout, after {time.monotonic() - begun:.0f} "
            f"s {text(fills(clients))}")
    now = look(d)
    m.check(all(now[r]["over"] for r in CAPACITY), "all regions are told")
    m.check("BROWNOUT" in d.ctl("events").stdout, "an event says so")
    told = d.json("whatif", "--drain", "ap", expect=None)
    m.check(told["unsafe"], f"a drain is unsafe: {told['unsafe']}")


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    with flood.Flood(d, "www.example.com", [(EUROPE, 1)], 60) as clients:
        m.wait_for("the load is known", lambda:
                   30 < look(d)["eu"]["fill"] < 75, 30)
        m.check(has_room(d, clients, 60, 1) == 0, "there is room: all stay")
        has_room(d, clients, 400, 20)  # at once, then in steps
        for rate in (150, 300, 400, 460):
            has_room(d, clients, rate)
            m.check(not capacity(d)["brownout"] or rate / ROOM > 0.95,
                    "no brownout")
        no_room(d, clients, 600)
        events_are_true(d)
        for rate in (400, 300, 150, 60):
            has_room(d, clients, rate)
            m.wait_for("the brownout is over", lambda:
                       not capacity(d)["brownout"], 60)
        m.wait_for("all are back", lambda: look(d)["eu"]["sent_on"] == 0, 150)
        events_are_true(d)
