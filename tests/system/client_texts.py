#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What meridianctl makes of replies for people, word for word: replies as in
tests/unit/reports.txt, from a socket that is no daemon.  What is expected is in
client_texts.txt; MERIDIAN_TEXTS=FILE writes there what is said now, to be
compared by eye and taken over."""
import difflib
import http.server
import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

import meridian as m

TESTS = os.path.join(m.SRCDIR, "tests")
EXPECTED = os.path.join(TESTS, "system", "client_texts.txt")
AGO = 3 * 86400 + 5 * 3600 + 1800  # told as "3d 5h", however long it takes
COMMANDS = {
    "status": ["status"],
    "stats": ["stats"],
    "whatif": ["whatif", "--drain", "us"],
    "drains": ["drains"],
    "prove": ["prove"],
    "check": ["check"],
    "stages": ["stages"],
    "geoip": ["geoip"],
    "explain": ["explain", "www.example.com", "--from", "83.0.0.1"],
    "drain": ["drain", "eu", "--for", "10m", "--reason", "x"],
    "force-up": ["force-up", "eu", "--for", "10m", "--reason", "x"],
    "undrain": ["undrain", "eu"],
    "force-up-end": ["force-up", "eu", "--end"],
}


# What reports.txt has none of.
MORE = [("geoip", 200, json.dumps({"databases": [
    {"database": "a.mmdb", "built": 1700000000, "since": 1700000100,
     "by": "ana", "sha256": "aa",
     "held": {"reason": "moves", "built": 1700000200, "sha256": "bb",
              "most": 12.345, "max": 10, "text": "a.mmdb: a text\n"}},
    {"database": "b.mmdb", "built": 1700000000, "since": 1700000100,
     "by": "", "sha256": "cc",
     "held": {"reason": "fails", "built": 0, "sha256": "dd"}},
    {"database": "c.mmdb", "built": 0, "since": 1700000100, "by": "x",
     "sha256": "ee", "held": {"reason": "refused"}},
    {"database": "d.mmdb", "built": 0, "since": 1700000100, "by": "x",
     "sha256": "ff", "held": None}]}))]


def lease(**fields):
    return dict({"owner": "ana", "reason": "x", "until": 1700000000},
                **fields)


# Drains: whole, in part, over a time, both, announced, renewed, overridden.
MORE += [("drain", 200, json.dumps(lease(drained="eu", **fields)))
         for fields in (
    {"until": None, "let_go_s": 0},
    {"share": 100, "over_s": 0, "let_go_s": 1},
    {"share": 99, "over_s": 0, "let_go_s": 90},
    {"share": 100, "over_s": 600},
    {"share": 1, "over_s": 1},
    {"at": 1700000000, "unsaved": True},
    {"renewed": lease(), "drained_by": ["ap", "www/eu"]},
    {"renewed": lease(share=50, over_s=0, owner="bo", until=None)},
    {"pools": [{"pool": "www", "live_before": 2, "live_after": 1,
                "fill": {"us": 79.6}},
               {"pool": "api", "live_before": 1, "live_after": 0}],
     "unsafe": ["leave pool api without a live region"]},
    {"pools": [], "judged": False, "why": "too few answers were seen"})]
MORE += [("force-up", 200, json.dumps(lease(forced_up="eu", **fields)))
         for fields in ({}, {"renewed": lease(reason="y"),
                             "drained_by": ["eu"]})]
MORE += [(verb, 200, json.dumps(fields))
         for verb in ("undrain", "force-up-end") for fields in (
    {"in_force": True, "announced": False, "still": [], "within": []},
    {"in_force": False, "announced": True, "still": ["www/eu"]},
    {"in_force": True, "announced": True, "within": ["www/eu", "api/eu"],
     "unsaved": True})]


def replies():
    """[(path, status, text of JSON)]"""
    with open(os.path.join(TESTS, "unit", "reports.txt")) as f:
        parts = re.split(r"^---- (.*)\n",
                         re.sub(r"^====.*\n", "", f.read(), flags=re.M),
                         flags=re.M)[1:]
    heads = [re.match(r"/v1/(\w+)\?\S* (\d+)", h) for h in parts[::2]]
    return [(h[1], int(h[2]), text)
            for h, text in zip(heads, parts[1::2]) if h is not None] + MORE


def now(text):
    """As of this moment: what began long ago, and what ends as much later."""
    text = re.sub(r'"(since|started|loaded|last_at)": \d{6,}',
                  lambda x: f'"{x[1]}": {int(time.time()) - AGO}', text)
    return re.sub(r'"until": \d{6,}',
                  f'"until": {int(time.time()) + AGO}', text)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = now(self.server.text).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def address_string(self):
        return "meridianctl"

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def run(path, *args):
    done = subprocess.run(
        [m.MERIDIANCTL, "--socket", path, *args], capture_output=True,
        text=True, timeout=60, env=dict(os.environ, TZ="UTC", LC_ALL="C"))
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def all_texts(folder):
    path = os.path.join(folder, "control.sock")
    said = []
    with Server(path, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, status, text in replies():
            if name not in COMMANDS:
                continue
            server.status, server.text = status, text
            said.append(f"---- {name}\n" + run(path, *COMMANDS[name]))
            if name == "drains":
                said.append("---- --json drains\n" + re.sub(
                    r'("(since|until)": )\d+', r"\1TIME",
                    run(path, "--json", "drains")))
        for error in (
                {"error": "there is no eu", "exit": 4},
                {"error": "no", "exit": 1, "text": "a.yaml:1:1: error: x\n"},
                {}, []):
            server.status, server.text = 409, json.dumps(error)
            for verb in ("status", "whatif", "check", "explain"):
                said.append(f"---- {verb}: {server.text}\n" +
                            run(path, *COMMANDS[verb]))
        server.shutdown()
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", "0000-00-00T00:00:00Z",
                  "".join(said).replace(path, "SOCKET"))


with tempfile.TemporaryDirectory(prefix="meridian-test.") as folder:
    said = all_texts(folder)
if "MERIDIAN_TEXTS" in os.environ:
    with open(os.environ["MERIDIAN_TEXTS"], "w") as f:
        f.write(said)
    sys.exit(0)
with open(EXPECTED) as f:
    expected = f.read()
for line in difflib.unified_diff(expected.splitlines(), said.splitlines(),
                                 "client_texts.txt", "said", lineterm=""):
    print(line)
m.check(said == expected, "every word is as expected (MERIDIAN_TEXTS=FILE "
        "writes what is said now)")
