#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The status page in a browser (Chromium without a window): on a telephone and
on a desk nothing needs scrolling sideways, however long names and reasons are;
it says what is up, down and drained, without an error on the console, and
follows by itself; what people write is text there; a page of another site
cannot read it (421)."""
import base64
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import time

import meridian as m

PROGRAMS = ("chromium-headless-shell", "chromium")
WIDTHS = (320, 390, 768, 961, 1280)
PICTURES = os.environ.get("BROWSERS_PICTURES")  # a folder for them


class Browser:
    """Asked over a pair of pipes (the DevTools protocol); its state is in a
    folder of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="meridian-browser.")
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        self.number, self.said, self.buffer = 0, [], b""
        # It reads 3 and writes 4.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c",
             f'exec "$@" 3<&{to_read} 4>&{to_write}', "sh",
             next(filter(shutil.which, PROGRAMS)), "--headless",
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking",
             "--no-proxy-server", "--hide-scrollbars",
             "--host-resolver-rules=MAP *.example 127.0.0.1",
             f"--user-data-dir={self.dir}", "--remote-debugging-pipe",
             "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.session = None

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *exc):
        m.end(self.process)
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.dir, ignore_errors=True)

    def message(self, until):
        """The next that it says; None: nothing until then."""
        while b"\0" not in self.buffer:
            wait = max(0, until - time.monotonic())
            if not select.select([self.back], [], [], wait)[0]:
                return None
            got = os.read(self.back, 1 << 16)
            m.check_quiet(got, "the browser runs")
            self.buffer += got
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        text = {"id": self.number, "method": method, "params": params}
        if self.session:
            text["sessionId"] = self.session
        os.write(self.to, json.dumps(text).encode() + b"\0")
        # The first call waits for its start, which is long on a busy machine.
        until = time.monotonic() + 4 * m.DEADLINE
        while (got := self.message(until)) is not None:
            if got.get("id") == self.number:
                m.check_quiet("result" in got, f"{method}: {got}")
                return got["result"]
            self.said.append(got)
        return m.check(False, f"the browser answers {method}")

    def evaluate(self, script):
        got = self.call("Runtime.evaluate", expression=script,
                        returnByValue=True)
        m.check_quiet("exceptionDetails" not in got, f"{script}: {got}")
        return got["result"].get("value")

    def show(self, url, width):
        """Opens it anew; the status of the reply."""
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=800, deviceScaleFactor=1, mobile=width < 800)
        self.said = []
        self.call("Page.navigate", url=url)
        m.wait_for(f"{url} is there", lambda: self.evaluate(
            "document.readyState") == "complete" and self.status_of(url))
        return self.status_of(url)

    def status_of(self, url):
        for said in self.said:
            params = said.get("params", {})
            if said.get("method") == "Network.responseReceived" and \
                    params["type"] == "Document" and \
                    params["response"]["url"] == url:
                return params["response"]["status"]
        return None

    def complaints(self):
        """What stands on its console."""
        return [said for said in self.said if said.get("method") in (
            "Runtime.exceptionThrown", "Runtime.consoleAPICalled",
            "Log.entryAdded", "Network.loadingFailed")]

    def requests(self):
        return [said["params"]["request"]["url"] for said in self.said
                if said.get("method") == "Network.requestWillBeSent"]

    def text(self):
        return self.evaluate("document.body ? document.body.innerText : ''")

    def picture(self, name):
        if PICTURES:
            got = self.call("Page.captureScreenshot",
                            captureBeyondViewport=True)
            with open(f"{PICTURES}/{name}.png", "wb") as f:
                f.write(base64.b64decode(got["data"]))


LONG = "a-name-without-any-blank-as-long-as-a-label-can-be-in-the-dns-0"
REASON = "<script>alert(1)</script><img src=x onerror=alert(2)> & \"so\" on"
SIX = "2001:db8:1111:2222:3333:4444:5555"
CONFIG = m.config(
    daemon_lines='  http: "127.0.0.1@0"\n  http_names: [status.example]\n',
    monitor="monitors:\n  sig: {type: external, interval: 1s}\n"
            f"  {LONG}: {{type: external, interval: 1s}}\n",
    pools=f"""\
  www:
    monitor: sig
    regions:
      eu: [{{addr: [192.0.2.1, "{SIX}:1"]}}, {{addr: 192.0.2.5}}]
      us: [{{addr: [192.0.2.2, "{SIX}:2"]}}]
      ap: [{{addr: [192.0.2.3, "{SIX}:3"]}}]
  {LONG}:
    monitor: [sig, {LONG}]
    regions:
      eu: [{{addr: "{SIX}:6"}}]
  plain:
    regions:
      us: [{{cname: {LONG}.{LONG}.{LONG}.example.net.}}]
""",
    policies="  p: {rules: [{regions: [eu, us, ap]}]}\n",
    names="  www.example.com: {pool: www, policy: p}\n"
          f"  {LONG}.example.com: {{pool: {LONG}, policy: p}}\n"
          "  plain.example.com: {pool: plain, policy: p}\n")


def is_narrow(browser):
    """Nothing reaches beyond the window: neither the page nor a part of it."""
    return browser.evaluate("""(() => {
        const wide = innerWidth, root = document.documentElement;
        const out = [...document.querySelectorAll('body *')].filter(e =>
            e.getBoundingClientRect().right > wide + 1);
        return [root.scrollWidth, document.body.scrollWidth, screen.width,
                wide, out.map(e => e.outerHTML.slice(0, 200)).slice(0, 3)];
    })()""")


def shows(browser, url, state, words):
    for width in WIDTHS:
        m.check_quiet(browser.show(url, width) == 200, f"{url}: 200")
        browser.picture(f"{state}-{width}")
        root, body, _, wide, out = is_narrow(browser)
        m.check_quiet(wide == width and root <= width and body <= width and
                      not out, f"{state}, {width} wide: the page is {root} "
                      f"wide, the window {wide}: {out}")
        text = browser.text()
        for word in words:
            m.check_quiet(word in text, f"{state}: says {word!r}:\n{text}")
        m.check_quiet(not browser.complaints(),
                      f"{state}: {browser.complaints()}")
        m.check_quiet(set(browser.requests()) <= {url},
                      f"{state}: asks for nothing else: {browser.requests()}")
    m.check(True, f"{state}: no sideways scrolling at {WIDTHS}, no complaint, "
            f"and {', '.join(words)}")


def states(d, browser, url):
    shows(browser, url, "healthy", ["Pool www", "live", LONG,
                                       f"sig {SIX}:3: "])
    d.ctl("drain", "us", "--for", "1h", "--reason", REASON, "--force")
    d.ctl("drain", f"{LONG}/eu", "--until-cancelled", "--reason", 200 * "x",
          "--force")
    shows(browser, url, "drained", ["drained", REASON, m.USER])
    m.check(browser.evaluate("document.images.length + "
                             "document.scripts.length") == 0,
            "what people write is text, not markup")
    for lease in ("us", f"{LONG}/eu"):
        d.ctl("undrain", lease)
    for address in ["192.0.2.5"] + [f"{net}{i}" for i in (1, 2, 3)
                                    for net in ("192.0.2.", f"{SIX}:")]:
        d.ctl("signal", f"sig/{address}", "down", "--for", "1h")
    m.wait_for("all down", lambda: not any(
        r["live"] for p in d.json("status")["pools"] if p["name"] == "www"
        for r in p["regions"]))
    shows(browser, url, "all down", ["no region is live", "down", "out"])
    for address in ("192.0.2.1", f"{SIX}:1"):
        d.ctl("signal", f"sig/{address}", "up", "--for", "1h")

    def has_followed():
        text = browser.text()
        return "Pool www" in text and "no region is live" not in text

    m.wait_for("the page follows by itself", has_followed)
    m.check(True, "the page follows by itself")


def other_sites(browser, port):
    """DNS rebinding: a name of another site that leads here."""
    for width in (390, 1280):
        status = browser.show(f"http://evil.example:{port}/", width)
        m.check(status == 421 and "Pool www" not in browser.text(),
                f"another site's name gets {status}, and not the status")
    m.check(browser.show(f"http://status.example:{port}/", 1280) == 200,
            "one of server.http_names gets the page")
    # A page of another site cannot read it from its own origin either.
    browser.show(f"http://status.example:{port}/", 1280)
    got = browser.call(
        "Runtime.evaluate", awaitPromise=True, returnByValue=True,
        expression=f"fetch('http://127.0.0.1:{port}/v1/status').then("
                   "r => r.text(), e => 'refused')")
    m.check(got["result"]["value"] == "refused",
            "and no other origin may read the status")


if not any(map(shutil.which, PROGRAMS)):
    m.skip("Chromium is not installed")
with m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE}) as d:
    http = m.wait_for("the HTTP listener", lambda: re.search(
        r"http on 127\.0\.0\.1@(\d+)", d.log_text()))
    with Browser() as browser:
        at = f"http://127.0.0.1:{http.group(1)}/"
        states(d, browser, at)
        other_sites(browser, int(http.group(1)))
