#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""IPv4 and IPv6 are decided apart: a region whose targets of one family are all
down or drained is left for that family alone; and together, where asked."""
import urllib.request

import meridian as m

EU4, EU6, US4, US6 = "192.0.2.1", "2001:db8::1", "198.51.100.1", "2001:db8:1::1"
BOTH4, BOTH6 = "192.0.2.3", "2001:db8::3"  # of one machine
config = m.config(
    daemon_lines='  http: "127.0.0.1@0"',
    monitor="""\
monitors:
  gate: {type: external, interval: 200ms}
""",
    pools=f"""\
  apart:
    monitor: gate
    regions:
      eu: [{{addr: {EU4}, records: {{HTTPS: 1 . alpn=h2 ipv4hint={EU4} ipv6hint={EU6}}}}},
           {{addr: "{EU6}"}}]
      us: [{{addr: [{US4}, "{US6}"], records: {{HTTPS: 1 . alpn=h3}}}}]
  together:
    monitor: gate
    families: together
    regions:
      eu: [{{addr: {EU4}}}, {{addr: "{EU6}"}}]
      us: [{{addr: [{US4}, "{US6}"]}}]
  last:
    monitor: gate
    regions:
      eu: [{{addr: {EU4}}}, {{addr: "{EU6}"}}]
      us: [{{addr: [{US4}, "{US6}"]}}]
  machine:
    monitor: gate
    min_healthy: 2
    regions:
      eu: [{{addr: [{BOTH4}, "{BOTH6}"]}}, {{addr: 192.0.2.4}}, {{addr: 192.0.2.5}}]
      us: [{{addr: [{US4}, "{US6}"]}}, {{addr: 198.51.100.2}}]
""",
    policies="""\
  line: {rules: [{regions: [eu, us]}]}
  known: {rules: [{regions: [eu, us]}], when_all_down: last_known}
""",
    names="".join(f"  {p}.example.com: {{pool: {p}, policy: line}}\n"
                  for p in ("apart", "together", "machine")) +
    "  last.example.com: {pool: last, policy: known}\n")


def ask(pool, rdtype):
    return d.addresses(f"{pool}.example.com", rdtype)


def signal(address, state):
    d.ctl("signal", f"gate/{address}", state, "--for", "1h")


def expect(pool, a, aaaa, what):
    got = ask(pool, "A"), ask(pool, "AAAA")
    m.check(got == (sorted(a), sorted(aaaa)), f"{pool}: {what}: {got}")
    for rdtype in ("A", "AAAA"):
        told = d.json("explain", f"{pool}.example.com", rdtype, "--from",
                      "192.0.2.200")
        m.check_quiet("disagreement" not in told and sorted(
            r.split()[-1] for r in told["answer"]["records"]) ==
            sorted(a if rdtype == "A" else aaaa),
            f"{pool} {rdtype}: explain says what is answered: {told}")


def https():
    return m.rdata(d.query("apart.example.com", "HTTPS"))[0]


def metric(line):
    port = d.log_text().rsplit("http on 127.0.0.1@", 1)[1].split("\n")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as r:
        return line + "\n" in r.read().decode()


def page():
    port = d.log_text().rsplit("http on 127.0.0.1@", 1)[1].split("\n")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as r:
        return r.read().decode()


def live(region, family):
    return f'meridian_region_family_live{{pool="apart",region="{region}",' \
           f'family="{family}"}}'


def test_down():
    expect("apart", [EU4], [EU6], "all is well")
    m.check("ipv4hint" in https() and "ipv6hint" in https(), "both are hinted")
    signal(EU6, "down")
    expect("apart", [EU4], [US6], "AAAA leaves the region, A stays")
    expect("together", [US4], [US6], "both leave it")
    m.check("ipv4hint" in https() and "ipv6hint" not in https(),
            "what is down is not hinted")
    m.check("pool apart: region eu is out for IPv6 (0 of 1 targets live)" in
            d.log_text(), "an event says so")
    m.check("pool apart: region eu is out for IPv6: AAAA is served by us" in
            d.ctl("status").stdout, "and status")
    m.check(", out for IPv6" in page(), "and the page")
    m.check(metric(live("eu", "ipv6") + " 0") and
            metric(live("eu", "ipv4") + " 1") and
            metric('meridian_region_live{pool="apart",region="eu"} 1'),
            "and metrics")
    signal(EU4, "down")
    expect("apart", [US4], [US6], "both are down")
    signal(EU6, "up")
    expect("apart", [US4], [EU6], "IPv6 alone is back")
    signal(EU4, "up")
    expect("apart", [EU4], [EU6], "all is well again")
    expect("together", [EU4], [EU6], "and together")


def test_drain():
    d.ctl("drain", f"apart/eu/{EU6}", "--for", "1h", "--reason", "x")
    expect("apart", [EU4], [US6], "a drained family leaves the region")
    refused = d.ctl("drain", f"apart/us/{US4}", "--for", "1h", "--reason", "x",
                    expect=1)
    m.check("live region" in refused.stderr and "IPv6" in refused.stderr,
            "the last region of a family is kept: " + refused.stderr.strip())
    d.ctl("undrain", f"apart/eu/{EU6}")
    expect("apart", [EU4], [EU6], "and comes back")


def test_machine():
    """One machine's addresses count each for their own family."""
    signal(BOTH6, "down")
    expect("machine", [BOTH4, "192.0.2.4", "192.0.2.5"], [US6],
           "one target of a family is as many as the region has")
    signal(BOTH6, "up")
    signal("192.0.2.4", "down")
    expect("machine", [BOTH4, "192.0.2.5"], [BOTH6], "two of three are enough")
    signal("192.0.2.5", "down")
    expect("machine", [US4, "198.51.100.2"], [BOTH6], "one of three is not")
    signal("192.0.2.4", "up")
    signal("192.0.2.5", "up")


def test_none():
    for a in (EU6, US6):
        signal(a, "down")
    expect("apart", [EU4], [EU6], "none is live for IPv6: all are answered")
    m.check("pool apart: no region is live for IPv6, answering all" in
            d.log_text(), "an event says so")
    m.check("pool apart: NO REGION IS LIVE FOR IPv6, answering all" in
            d.ctl("status").stdout, "and status")
    expect("last", [EU4], [US6], "us was live last for IPv6")
    d.ctl("reload")
    expect("last", [EU4], [US6], "after a reload, too")
    d.process.terminate()
    d.process.wait(m.DEADLINE)
    d.start()
    expect("last", [EU4], [US6], "and a restart")
    expect("apart", [EU4], [EU6], "all the same")
    signal(US6, "up")
    expect("apart", [EU4], [US6], "us is back for IPv6")
    m.check("pool apart: a region is live again for IPv6" in d.log_text(),
            "an event says so")


with m.Daemon(config, {"zones/example.com.zone": m.ZONE}) as d:
    d.ctl("signal", "gate", "up", "--for", "1h")
    test_down()
    test_drain()
    test_machine()
    test_none()
