#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Traffic that grows tenfold at once: regions are relieved in seconds, without
swinging, and what is said meanwhile is true."""
import re
import time

import flood
import meridian as m

CAPACITY = {"eu": 100, "us": 150, "ap": 300}
ADDRESS = {"eu": "127.0.1.1", "us": "127.0.2.1", "ap": "127.0.3.1"}
MAX_FILL = 80
config = m.three_regions({r: [a] for r, a in ADDRESS.items()}, 1)
config = config.replace("    monitor: web\n", "    cost: 1\n")
for name, place in (("eu", "EU"), ("us", "US"), ("ap", "JP")):
    config = config.replace(f"{place}, capacity: 100",
                            f"{place}, capacity: {CAPACITY[name]}")
config += f"safety: {{max_fill: {MAX_FILL}%}}\n"
EUROPE = [f"198.18.{i}.0/24" for i in range(250)]


def look(d):
    return {r["region"]: r for r in d.json("status")["capacity"]["regions"]}


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


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    with flood.Flood(d, "www.example.com", [(EUROPE, 1)], 60) as clients:
        m.wait_for("the load is known", lambda:
                   30 < look(d)["eu"]["fill"] < 75, 30)
        time.sleep(12)
        m.check(look(d)["eu"]["sent_on"] == 0, "there is room")

        # 400 of 440 that are within max_fill; of ap alone 240.
        clients.rate, begun = 400, time.monotonic()
        m.wait_for("each is within max_fill", lambda: max(
            fills(clients).values()) < MAX_FILL * 1.15 and
            sum(clients.shares(2).values()) > 300, 60)
        m.check(True, f"after {time.monotonic() - begun:.0f} s: "
                f"{text(fills(clients))}")
        sent = []
        for _ in range(40):
            time.sleep(0.5)
            now = fills(clients)
            m.check_quiet(max(now.values()) < MAX_FILL * 1.25 or
                          not clients.is_steady(10),
                          f"it stays so: {text(now)}")
            sent.append(look(d)["eu"]["sent_on"])
        m.check(max(sent) - min(sent[4:]) < 15 or
                not clients.is_steady(24),
                f"it does not swing: eu sends {min(sent):.0f}% to "
                f"{max(sent):.0f}% on; {text(now)}")

        # 600: 109% of all.
        clients.rate = 600
        m.wait_for("all are equally full", lambda: (
            d.json("status")["capacity"]["brownout"] and
            max(fills(clients).values()) < 130 and
            min(fills(clients).values()) > 85), 60)
        m.check(True, f"a brownout: {text(fills(clients))}")
        events_are_true(d)

        clients.rate = 60
        m.wait_for("all are back", lambda: look(d)["eu"]["sent_on"] == 0, 150)
        m.check(not d.json("status")["capacity"]["brownout"], "it is over")
