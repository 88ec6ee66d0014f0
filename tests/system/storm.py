#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A storm: all verbs at once, SIGHUPs, SIGTERM and kill -9 at random moments,
edits of the configuration, database swaps, failing targets, and queries all
along, over builds that take a while.

It never wedges: control answers within a bound, a dead region is left, SIGTERM
ends the daemon.  Each answer and each exit code is one that can be right, no
acknowledged drain or promotion is lost, and descriptors, threads and memory do
not grow.

MERIDIAN_STORM_S is for how long (half an hour: 1800), MERIDIAN_STORM_SEED what
it does; one that fails is run again with the seed that it prints.
"""
import collections
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import dns.exception

import meridian as m
from mmdb import random_database

SECONDS = float(os.environ.get("MERIDIAN_STORM_S", "20"))
SEED = int(os.environ.get("MERIDIAN_STORM_SEED", random.randrange(1 << 30)))
BOUND_S = 60     # a reply: a whole line of jobs on a slow machine
END_S = 5
SLACK_S = 15     # of a machine that is busy
GROWTH_KB = 64 << 10
REPORTS = re.compile(r"Sanitizer|runtime error:|meridian: bug|Assertion|"
                     r"THIS IS A BUG|futex facility|corrupted|double free")

port = m.Target("127.0.1.1").port
targets = {"eu": m.Target("127.0.1.2", port), "us": m.Target("127.0.2.2", port)}
ADDRESS = {"127.0.1.2": "eu", "127.0.2.2": "us"}

CONFIG = m.config(
    daemon_lines="  control_read: read.sock",
    monitor=f"""\
monitors:
  web: {{type: http, port: {port}, path: /healthz, host: www.example.com,
        expect: {{status: 200, body: ok}},
        interval: 500ms, timeout: 400ms, fall: 2, rise: 1, clear: 2,
        damp: {{max: 0s}}}}
  word: {{type: external}}
""",
    pools="""\
  www:
    monitor: web
    regions: {eu: [{addr: 127.0.1.2}], us: [{addr: 127.0.2.2}]}
  told:
    monitor: word
    regions: {eu: [{addr: 127.0.1.3}], us: [{addr: 127.0.2.3}]}
""",
    policies="""\
  eu-first: {rules: [{geo: [DE], regions: [eu, us]}, {regions: [eu, us]}]}
  us-first: {rules: [{geo: [DE], regions: [us, eu]}, {regions: [us, eu]}]}
""",
    names="""\
  www.example.com: {pool: www, policy: eu-first, ttl: {max: 2, min: 1}}
  told.example.com: {pool: told, policy: us-first}
  stage.example.com: {pool: www, ttl: {max: 2, min: 1}}
""",
    extra="""\
stages:
  shop:
    steps:
      - {name: one, policies: {stage.example.com: eu-first}}
      - {name: two, policies: {stage.example.com: us-first}}
      - {name: three, policies: {stage.example.com: eu-first}}
""").replace("geoip:\n", "geoip:\n  databases: [geo.mmdb]\n  max_move: 100%\n"
             ).replace("  ap: {location: [35.7, 139.7], jurisdiction: JP, "
                       "capacity: 100}\n", "")
NO_STAGE = CONFIG[:CONFIG.index("stages:")].replace(
    "stage.example.com: {pool: www,",
    "stage.example.com: {pool: www, policy: eu-first,")
EDITS = {
    "as it was": CONFIG,
    "a comment": CONFIG + "# changed\n",
    "server.state": CONFIG.replace("state: state", "state: elsewhere"),
    "no stage": NO_STAGE,
    "broken": CONFIG.replace("pool: told,", "pool: nope,"),
    "no YAML": CONFIG + "]\n",
    "other interval": CONFIG.replace("interval: 500ms", "interval: 600ms"),
    "another target": CONFIG.replace("127.0.1.3", "127.0.1.4"),
}

# Verbs that may come at any time, and how they may exit.
LOOK = [("status",), ("stats",), ("drains",), ("stages",), ("geoip",),
        ("events",), ("explain", "www.example.com", "--from", "DE"),
        ("explain", "stage.example.com", "--from", "9.9.9.9", "--down", "eu"),
        ("explain", "www.example.com", "--from", "DE", "--drain", "us"),
        ("whatif", "--drain", "eu"), ("whatif", "--down", "us")]
WORK = [("reload",), ("check",), ("prove",), ("geoip", "accept"),
        ("geoip", "rollback"), ("probe", "www/eu")]
CHANGE = [("force-up", "www/us", "--for", "2s", "--reason", "storm"),
          ("force-up", "www/us", "--end"), ("failback", "eu"),
          ("signal", "word", "up", "--for", "5s"),
          ("signal", "word/127.0.1.3", "down", "--for", "2s")]
# Told by exit codes: done, refused, no daemon (it is restarted), no such thing,
# timed out.
FINE = (0, 1, 3, 4, 5)


class Storm:
    def __init__(self, daemon):
        self.d, self.rng = daemon, random.Random(SEED)
        self.over = threading.Event()
        self.up = threading.Lock()   # held by whoever changes the process
        self.failed = []
        self.done = {}
        self.answers = self.missed = 0
        self.drained = {}            # acknowledged: what to owner's reason
        self.story = collections.deque(maxlen=60)  # of what changes anything
        self.step = None             # acknowledged, while nobody changes it
        self.stage_lock, self.drain_lock = threading.Lock(), threading.Lock()
        self.restarting = False
        self.restarted = 0

    def fail(self, what):
        self.failed.append(what)
        self.over.set()

    def check(self, truth, what):
        if not truth:
            self.fail(what)
        return truth

    def ctl(self, *args):
        """The verb's exit code and output; within the bound."""
        start, runs = time.monotonic(), self.restarted
        try:
            done = subprocess.run(
                [m.MERIDIANCTL, "--socket", self.d.control, *args],
                capture_output=True, text=True, timeout=BOUND_S + SLACK_S)
        except subprocess.TimeoutExpired:
            self.fail(f"meridianctl {args}: no reply within "
                      f"{time.monotonic() - start:.0f} s")
            return 3, ""
        said = done.stdout + done.stderr
        if args[0] in ("drain", "undrain", "promote", "rollback"):
            self.story.append((round(start, 2), args, done.returncode,
                               said[-150:]))
        self.done[args[0]] = self.done.get(args[0], 0) + 1
        self.check(done.returncode in FINE, f"{args}: exit "
                   f"{done.returncode}: {said[-500:]}")
        self.check(not REPORTS.search(said), f"{args}: {said[-2000:]}")
        # Without a restart meanwhile there is always a daemon.
        if done.returncode == 3 and not self.restarting and \
                runs == self.restarted:
            self.fail(f"{args}: no daemon: {said[-500:]}")
        return done.returncode, said

    def pick(self, rng, choices):
        return rng.choice(list(choices))

    # What runs at once; each has random numbers of its own.

    def look(self, rng):
        self.ctl(*self.pick(rng, LOOK))
        time.sleep(rng.random() * 0.2)

    def work(self, rng):
        self.ctl(*self.pick(rng, WORK))
        time.sleep(rng.random() * 0.2)

    def change(self, rng):
        self.ctl(*self.pick(rng, CHANGE))
        time.sleep(rng.random() * 0.1)

    def drain(self, rng):
        """Drains and undrains; what was acknowledged is there afterwards."""
        what = self.pick(rng, ("eu", "told/eu", "told/us", "us"))
        with self.drain_lock:
            if what in self.drained:
                code, said = self.ctl("undrain", what)
                self.check(code != 4, f"the drain of {what} was acknowledged, "
                           f"{said}: {self.story}")
                if code in (0, 3, 5):  # 3, 5: it is not known whether
                    del self.drained[what]
            else:
                reason = f"storm {rng.randrange(1 << 30)}"
                code, _ = self.ctl("drain", what, "--for", "1h", "--force",
                                   "--reason", reason)
                if code == 0:
                    self.drained[what] = reason
        time.sleep(rng.random() * 0.2)

    def drains_kept(self):
        with self.drain_lock:
            wanted = dict(self.drained)
            code, said = self.ctl("--json", "drains")
            if code != 0:
                return
            got = {d["what"]: d["reason"] for d in m.json.loads(said)["drains"]}
        for what, reason in wanted.items():
            self.check(got.get(what) == reason,
                       f"the drain of {what} ({reason}) is lost: {got}: "
                       f"{[s for s in self.story if s[1][1] == what]}")

    def promote(self, rng):
        step = self.pick(rng, ("one", "two", "three"))
        with self.stage_lock:
            verb = self.pick(rng, ("promote", "rollback"))
            code, said = self.ctl(verb, "shop", step, "--reason", "storm")
            if code == 0:
                self.step = step
            elif code in (3, 5) or "see after its start" in said:
                self.step = None  # it is not known whether it was done
            self.steps_kept()
        time.sleep(rng.random() * 0.3)

    def steps_kept(self):
        code, said = self.ctl("--json", "stages")
        if code != 0 or self.step is None:
            return
        stages = {s["stage"]: s["step"] for s in m.json.loads(said)["stages"]}
        self.check(stages.get("shop", self.step) == self.step,
                   f"step {self.step} was acknowledged, {stages} is in force: "
                   f"{[s for s in self.story if s[1][1] == 'shop'][-5:]}")

    def edit(self, rng):
        what = self.pick(rng, EDITS)
        self.d.write("meridian.yaml.new", EDITS[what])
        os.rename(self.d.config + ".new", self.d.config)
        if rng.random() < 0.3:
            database = random_database(17, ["DE", "FR", "US"],
                                       rng.randrange(8),
                                       rng.randrange(1, 1 << 31))
            self.d.write("geo.new", database)
            os.rename(os.path.join(self.d.dir, "geo.new"),
                      os.path.join(self.d.dir, "geo.mmdb"))
        time.sleep(rng.random() * 0.5)

    def hang_up(self, rng):
        burst = rng.randrange(1, 20)
        for _ in range(burst):
            with self.up:
                self.d.process.send_signal(signal.SIGHUP)
            time.sleep(rng.choice((0, 0.01, 0.05)))
        time.sleep(rng.random() * 0.5)

    def target(self, rng):
        target = targets[self.pick(rng, targets)]
        target.kill()
        time.sleep(rng.random() * 2)
        target.start()
        time.sleep(rng.random() * 2)

    def query(self, rng):
        name = self.pick(rng, ("www", "told", "stage", "static", "none"))
        runs = self.restarted
        try:
            reply = self.d.query(f"{name}.example.com", ecs="198.18.1.1/32",
                                 tcp=rng.random() < 0.1, timeout=10)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            self.missed += 1
            if not self.restarting and self.restarted == runs:
                self.fail(f"no answer to {name}: {error!r}")
            return
        self.answers += 1
        got = m.rdata(reply)
        right = {"static": [["192.0.2.80"]], "none": [[]],
                 "told": [["127.0.1.3"], ["127.0.2.3"], ["127.0.1.4"]]}.get(
                     name, [["127.0.1.2"], ["127.0.2.2"]])
        self.check(got in right, f"{name} is answered {got}")
        time.sleep(0.005)

    def restart(self, rng):
        """SIGTERM or kill -9, and a start."""
        self.over.wait(SECONDS / 6 + rng.random() * SECONDS / 6)
        if self.over.is_set():
            return
        with self.up:
            self.restarting = True
            self.stop(rng.random() < 0.7)
            self.d.write("meridian.yaml", CONFIG)
            self.d.start()
            self.restarted += 1
            self.restarting = False
        self.drains_kept()
        with self.stage_lock:
            self.steps_kept()

    def stop(self, by_term):
        process = self.d.process
        if not by_term:
            process.kill()
            process.wait()
            return
        start = time.monotonic()
        process.terminate()
        try:
            code = process.wait(END_S + SLACK_S)
        except subprocess.TimeoutExpired:
            self.fail("SIGTERM does not end it")
            process.kill()
            process.wait()
            return
        self.check(code == 0, f"SIGTERM: exit {code} after "
                   f"{time.monotonic() - start:.1f} s")

    def run(self, act, seed):
        rng = random.Random(seed)
        while not self.over.is_set():
            try:
                act(rng)
            except (SystemExit, Exception) as error:  # every one is told
                self.fail(f"{act.__name__}: {error!r}")


def usage(pid):
    """Descriptors, threads and memory (kB, without files)."""
    with open(f"/proc/{pid}/status") as f:
        status = dict(line.split(":", 1) for line in f)
    return (len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]),
            int(status["RssAnon"].split()[0]))


def settled(d):
    m.wait_for("all jobs are done", lambda: not any(
        d.json("status")["jobs"].values()), BOUND_S + SLACK_S)
    time.sleep(1)  # connections are seen to have ended
    return usage(d.process.pid)


def storm(d):
    s = Storm(d)
    acts = [s.look] * 3 + [s.work] * 3 + [s.change] * 2 + [
        s.drain, s.promote, s.edit, s.hang_up, s.target, s.query, s.query]
    random_ = random.Random(SEED)
    # Threads that save begin with what they save first.
    d.ctl("drain", "eu", "--for", "1m", "--reason", "first")
    d.ctl("undrain", "eu")
    m.wait_for("health is saved", lambda: os.path.exists(
        os.path.join(d.dir, "state", "health.json")))
    # A round without restarts, by which growth is seen; then one with them.
    settled(d)
    for name, more in (("without", []), ("with", [s.restart])):
        s.over.clear()
        end = time.monotonic() + SECONDS / 2
        half, before = time.monotonic() + SECONDS / 4, None
        threads = [threading.Thread(
            target=s.run, args=(act, random_.random()), daemon=True)
                   for act in acts + more]
        for thread in threads:
            thread.start()
        while time.monotonic() < end and not s.failed:
            time.sleep(0.1)
            if not more and before is None and time.monotonic() > half:
                before = usage(d.process.pid)
        s.over.set()
        for thread in threads:
            thread.join(BOUND_S + END_S + 2 * SLACK_S)
            if thread.is_alive():
                s.fail("a thread of the storm does not end")
        if s.failed:
            sys.exit(f"FAIL: {name} restarts, seed {SEED}: {s.failed}")
        for target in targets.values():
            if target.server is None:
                target.start()
        d.write("meridian.yaml", CONFIG)
        s.drains_kept()
        s.steps_kept()
        yield s, before, more


def test_after(s, d):
    """It does all that it did at first."""
    for drain in d.json("drains")["drains"]:
        d.ctl("undrain", drain["what"])
    s.drained.clear()
    d.ctl("force-up", "www/us", "--end", expect=None)
    d.ctl("reload")
    m.wait_for("both regions are up", lambda: all(
        d.region("www", region)["live"] for region in targets))
    targets["eu"].kill()
    m.wait_for("the dead region is left", lambda: d.addresses(
        "www.example.com", ecs="198.18.1.1/32") == ["127.0.2.2"])
    targets["eu"].start()


with m.Daemon(CONFIG, {
        "zones/example.com.zone": m.ZONE,
        "geo.mmdb": random_database(17, ["DE", "FR", "US"], 0)}) as daemon:
    print(f"seed {SEED}, {SECONDS:g} s", flush=True)
    for s, before, restarts in storm(daemon):
        after = settled(daemon)
        if not restarts:
            m.check(after[0] <= before[0] + 2 and after[1] <= before[1] and
                    after[2] <= before[2] + GROWTH_KB,
                    f"descriptors, threads, memory: {before}, then {after}")
        test_after(s, daemon)
        m.check(not s.failed, f"no promise broken: {s.failed}")
        m.check(not REPORTS.search(daemon.log_text()), "no report in the log")
        print(f"{s.answers} answers, {s.missed} missed over {s.restarted} "
              f"restarts; verbs: {s.done}", flush=True)
