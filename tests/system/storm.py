#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A storm: all verbs at once, SIGHUPs, edits of the configuration, database
swaps, failing targets, a failing disk, followers of events and other clients
that come and go, and queries all along, over builds that take a while; then the
same with SIGTERM, kill -9 and restarts in place by the watchdog, at random
moments.

It never wedges: control answers within a bound, a dead region is left, SIGTERM
ends the daemon.  Each answer and each exit code is one that can be right, no
acknowledged drain or promotion is lost, no query is, and descriptors, threads
and memory do not grow.

MERIDIAN_STORM_S is for how long (half an hour: 1800), MERIDIAN_STORM_SEED what
it does; one that fails is run again with the seed that it prints.
"""
import collections
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import dns.edns
import dns.exception
import dns.message
import dns.query

import crowd
import fair
import meridian as m
import ptrace
from mmdb import random_database

SECONDS = float(os.environ.get("MERIDIAN_STORM_S", "20"))
NSID = f"storm {os.getpid()}"
SEED = int(os.environ.get("MERIDIAN_STORM_SEED", random.randrange(1 << 30)))
# Times are those of an idle machine (fair.py).
BOUND_S = 60     # a reply
LINE_S = 300     # a reply to who waits in a line of jobs
LINE = ("reload", "check", "prove", "promote", "rollback", "geoip", "diff")
END_S = 5
SLACK_S = 15     # of a machine that is busy
WATCHDOG_S = 5 if SECONDS < 600 else 30
GROWTH_KB = 64 << 10
CLIENT = "198.18.1.1/32"
COUNTRIES = ["DE", "FR", "US"]
REPORTS = re.compile(r"Sanitizer|runtime error:|meridian: bug|Assertion|"
                     r"THIS IS A BUG|futex facility|corrupted|double free")

port = m.Target("127.0.1.1").port
targets = [m.Target(address, port) for address in
           ("127.0.1.2", "127.0.2.2", "127.0.1.5", "127.0.2.5")]

CONFIG = m.config(
    daemon_lines=f"  control_read: read.sock\n  http: 127.0.0.1@0\n"
    f"  watchdog: {WATCHDOG_S}s\n  nsid: {NSID}",
    monitor=f"""\
monitors:
  web: {{type: http, port: {port}, path: /healthz, host: www.example.com,
        expect: {{status: 200, body: ok}},
        interval: 500ms, timeout: 400ms, fall: 2, rise: 1, clear: 2,
        damp: {{max: 0s}}}}
  word: {{type: external}}
health: {{suspect: 90%, freeze_max: 3s}}
""",
    pools="""\
  www:
    monitor: web
    regions: {eu: [{addr: 127.0.1.2}], us: [{addr: 127.0.2.2}]}
  more:
    monitor: web
    regions: {eu: [{addr: 127.0.1.5}], us: [{addr: 127.0.2.5}]}
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
  more.example.com: {pool: more, policy: us-first, ttl: {max: 2, min: 1}}
  told.example.com: {pool: told, policy: us-first, ttl: {max: 2, min: 1}}
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
    "listen": CONFIG.replace('["127.0.0.1@0"]',
                             '["127.0.0.9@0", "127.0.0.10@0"]'),
    "control": CONFIG.replace("control.sock", "other.sock"),
    "control_read": CONFIG.replace("  control_read: read.sock\n", ""),
    "http": CONFIG.replace("http: 127.0.0.1@0", "http: 127.0.0.9@0"),
    "no http": CONFIG.replace("  http: 127.0.0.1@0\n", ""),
    "workers": CONFIG.replace("workers: 2", "workers: 3"),
    "no stage": NO_STAGE,
    "broken": CONFIG.replace("pool: told,", "pool: nope,"),
    "no YAML": CONFIG + "]\n",
    "other interval": CONFIG.replace("interval: 500ms", "interval: 600ms"),
    "another target": CONFIG.replace("127.0.1.3", "127.0.1.4"),
    "databases are held": CONFIG.replace("max_move: 100%", "max_move: 1%"),
}
ANSWERS = {
    "static": [["192.0.2.80"]], "none": [[]],
    "told": [["127.0.1.3"], ["127.0.2.3"], ["127.0.1.4"]],
    "more": [["127.0.1.5"], ["127.0.2.5"]],
    "www": [["127.0.1.2"], ["127.0.2.2"]],
    "stage": [["127.0.1.2"], ["127.0.2.2"]]}

# Verbs that may come at any time, and how they may exit.
LOOK = [("status",), ("stats",), ("drains",), ("stages",), ("geoip",),
        ("events",), ("events", "--level", "warning", "--since", "5"),
        ("explain", "www.example.com", "--from", "DE"),
        ("explain", "stage.example.com", "--from", "9.9.9.9", "--down", "eu"),
        ("explain", "www.example.com", "--from", "DE", "--drain", "us"),
        ("whatif", "--drain", "eu"), ("whatif", "--down", "us")]
WORK = [("reload",), ("check",), ("prove",), ("geoip", "accept"),
        ("geoip", "rollback"), ("diff", "FOLDER/old.yaml", "FOLDER/new.yaml"),
        ("diff", "FOLDER/old.yaml", "FOLDER/other.mmdb")]
CHANGE = [("force-up", "www/us", "--for", "2s", "--reason", "storm"),
          ("force-up", "www/us", "--for", "2s", "--reason", "storm",
           "--unsaved"),
          ("force-up", "www/us", "--end"), ("failback", "eu"),
          ("thaw", "--reason", "storm"),
          ("probe", "www/eu"), ("probe", "more/us/127.0.2.5"),
          ("probe", "told/eu"),
          ("signal", "word", "up", "--for", "5s"),
          ("signal", "word", "down", "--for", "2s", "--unsaved"),
          ("signal", "word/127.0.1.3", "down", "--for", "2s")]
DRAINED = ("eu", "us", "told/eu", "told/us", "www/us", "more/eu/127.0.1.5")
# Told by exit codes: done, refused, no daemon (it is restarted), no such thing,
# timed out.
FINE = (0, 1, 3, 4, 5)


def own(reply):
    """A reply; one of another server, which has the port by now, is none."""
    for option in reply.options:
        if option.otype == dns.edns.OptionType.NSID and \
                option.to_wire() == NSID.encode():
            return reply
    raise EOFError(f"a reply of another server: {reply}")


class Drain:
    """Whether something is drained, by what was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reason = None     # of the drain, None where there is none
        self.known = True      # what was acknowledged last
        self.unsaved = None    # in this run: a restart may forget what it was


class Storm:
    def __init__(self, daemon):
        self.d = daemon
        self.clock = fair.Clock(lambda: daemon.process)
        self.over = threading.Event()
        self.up = threading.RLock()  # held by whoever changes the process
        self.files = threading.Lock()  # and by whoever changes what it reads
        self.failed = []
        self.done = collections.defaultdict(collections.Counter)
        self.longest = collections.Counter()
        self.answers = 0
        self.lost = []       # (when it was sent, what)
        self.may_lose = []   # (from, to): no daemon was there
        self.drains = {what: Drain() for what in DRAINED}
        self.story = collections.deque(maxlen=60)  # of what changes anything
        self.step = None     # acknowledged, while nobody changes it
        self.stage_lock = threading.Lock()
        self.restarting = False
        self.restarted = 0
        self.kinds = []

    def fail(self, what):
        self.failed.append(what)
        self.over.set()

    def check(self, truth, what):
        if not truth:
            self.fail(what)
        return truth

    def count(self, verb, outcome, start):
        self.done[verb][outcome] += 1
        self.longest[verb] = max(self.longest[verb], time.monotonic() - start)

    def has_daemon(self, runs):
        """There was one all the while since the number of restarts was runs."""
        return not self.restarting and runs == self.restarted

    def ctl(self, *args):
        """The verb's exit code and output; within the bound."""
        start, runs = time.monotonic(), self.restarted
        verb = args[0] if args[0] != "--json" else args[1]
        bound_s = LINE_S if verb in LINE else BOUND_S + SLACK_S
        done = subprocess.Popen(
            [m.MERIDIANCTL, "--socket", self.d.control, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        end = self.clock.now() + bound_s
        while True:
            try:
                said = done.communicate(timeout=1)[0]
                break
            except subprocess.TimeoutExpired:
                if self.clock.now() > end:
                    done.kill()
                    self.fail(f"meridianctl {args}: no reply within "
                              f"{time.monotonic() - start:.0f} s")
        if verb in ("drain", "undrain", "promote", "rollback"):
            self.story.append((round(start, 2), args, done.returncode,
                               said[-150:]))
        self.count(verb, done.returncode, start)
        self.check(done.returncode in FINE, f"{args}: exit "
                   f"{done.returncode}: {said[-500:]}")
        self.check(not REPORTS.search(said), f"{args}: {said[-2000:]}")
        self.check(done.returncode != 3 or not self.has_daemon(runs),
                   f"{args}: no daemon: {said[-500:]}")
        return done.returncode, said

    # What runs at once; each has random numbers of its own.

    def look(self, rng):
        self.ctl(*rng.choice(LOOK))
        time.sleep(rng.random() * 0.2)

    def work(self, rng):
        self.ctl(*(arg.replace("FOLDER", self.d.dir)
                   for arg in rng.choice(WORK)))
        time.sleep(rng.random() * 0.2)

    def change(self, rng):
        self.ctl(*rng.choice(CHANGE))
        time.sleep(rng.random() * 0.1)

    def drain(self, rng):
        """Drains and undrains; what was acknowledged is there afterwards."""
        what = rng.choice(DRAINED)
        d = self.drains[what]
        with d.lock:
            if d.known and d.reason is None:
                self.begin_drain(rng, what, d)
            else:
                self.end_drain(rng, what, d)
        time.sleep(rng.random() * 0.2)

    def begin_drain(self, rng, what, d):
        reason = f"storm {rng.randrange(1 << 30)}"
        more = rng.choice(((), (), ("--unsaved",), ("--share", "50%"),
                           ("--wait", "--timeout", "5s")))
        if "--share" in more and "." in what:
            more = ()
        runs = self.restarted
        code, said = self.ctl("drain", what, "--for", "1h", "--force",
                              "--reason", reason, *more)
        if code == 0 or (code == 5 and "--wait" in more):
            d.reason, d.known = reason, True
            d.unsaved = runs if "NOT SAVED" in said else None
            self.check(d.unsaved is None or "--unsaved" in more,
                       f"the drain of {what} is not saved: {said}")
        elif code != 1 or "--wait" in more:
            d.known = False

    def end_drain(self, rng, what, d):
        more = rng.choice(((), ("--unsaved",)))
        runs = self.restarted
        code, said = self.ctl("undrain", what, *more)
        self.check(code != 4 or self.may_forget(d),
                   f"the drain of {what} was acknowledged, {said}: "
                   f"{self.story}")
        if code in (0, 4):
            d.reason, d.known = None, True
            d.unsaved = runs if "NOT SAVED" in said else None
        elif code != 1:
            d.known = False

    def may_forget(self, d):
        return not d.known or (d.unsaved is not None and
                               d.unsaved != self.restarted)

    def drains_kept(self):
        with contextlib.ExitStack() as stack:
            for d in self.drains.values():
                stack.enter_context(d.lock)
            code, said = self.ctl("--json", "drains")
            if code != 0:
                return
            got = {d["what"]: d["reason"]
                   for d in m.json.loads(said)["drains"]}
            for what, d in self.drains.items():
                if self.may_forget(d):
                    d.known = False
                    continue
                self.check(got.get(what) == d.reason,
                           f"the drain of {what} was {d.reason}: {got}: "
                           f"{[s for s in self.story if s[1][1] == what]}")

    def promote(self, rng):
        step = rng.choice(("one", "two", "three"))
        with self.stage_lock:
            verb = rng.choice(("promote", "rollback"))
            code, said = self.ctl(verb, "shop", step, "--reason", "storm")
            if code == 0:
                self.step = step
            elif code in (3, 5) or "check after its next start" in said:
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

    def swap(self, rng):
        """Another database, or what is none."""
        database = random_database(17, COUNTRIES, rng.randrange(8),
                                   rng.randrange(1, 1 << 31))
        if rng.random() < 0.2:
            database = database[:rng.randrange(len(database))]
        self.replace("geo.mmdb", database)

    def replace(self, name, content):
        path = self.d.write(name + ".new", content)
        os.rename(path, os.path.join(self.d.dir, name))

    def edit(self, rng):
        with self.files:
            edit = rng.choice(list(EDITS))
            self.replace("meridian.yaml", EDITS[edit])
            self.done["edit"][edit] += 1
            if rng.random() < 0.3:
                self.swap(rng)
        time.sleep(rng.random() * 0.5)

    def hang_up(self, rng):
        burst = rng.randrange(1, 20)
        for _ in range(burst):
            with self.up:
                self.d.process.send_signal(signal.SIGHUP)
            time.sleep(rng.choice((0, 0.01, 0.05)))
        time.sleep(rng.random() * 0.5)

    def disk(self, rng):
        """The state cannot be saved for a while, as on a disk that fails."""
        time.sleep(rng.random() * 4)
        state = os.path.join(self.d.dir, "state")
        with self.up:
            os.rename(state, state + ".away")
            time.sleep(rng.random())
            self.check(not os.path.exists(state),
                       "the state directory is made anew while it runs")
            os.rename(state + ".away", state)
            if rng.random() < 0.5:
                m.wait_for("all is saved", lambda: not self.d.json("status")[
                    "unsaved"], LINE_S)

    def target(self, rng):
        """One of them dies, or all at once, so that the prober suspects
        itself."""
        dead = rng.choice([[t] for t in targets] + [targets])
        for t in dead:
            t.kill()
        time.sleep(rng.random() * 3)
        for t in dead:
            t.start()
        time.sleep(rng.random() * 2)

    def follow(self, rng):
        """Events come in order, once, and none is left out."""
        wrong, told = crowd.follow(self.d, rng)
        self.count("events --follow", told, time.monotonic())
        self.check(not wrong, f"followed events: {wrong}")

    def visit(self, rng):
        """Clients that never read, never finish a request, or read pages."""
        start, runs = time.monotonic(), self.restarted
        kind, wrong = crowd.visit(self.d, rng, LINE_S)
        self.count(kind, "told" if wrong else "ok", start)
        self.check(not wrong or not self.has_daemon(runs), f"{kind}: {wrong}")

    def query(self, rng):
        name, tcp = rng.choice(list(ANSWERS)), rng.random() < 0.1
        start, runs = time.monotonic(), self.restarted
        try:
            reply = self.ask(f"{name}.example.com", tcp)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            what = f"{name} over {'TCP' if tcp else 'UDP'}: {error!r}"
            self.lost.append((start, what))
            self.check(not self.has_daemon(runs), f"no answer to {what}")
            return
        self.answers += 1
        self.longest["query"] = max(self.longest["query"],
                                    time.monotonic() - start)
        got = m.rdata(reply)
        self.check(got in ANSWERS[name], f"{name} is answered {got}: {reply}")
        time.sleep(0.005)

    def ask(self, name, tcp):
        """Waits as long as a restart in place may take; one that is lost with
        the process is not waited for."""
        query = dns.message.make_query(name, "A", use_edns=0, options=[
            m.ecs_option(CLIENT), dns.edns.GenericOption(
                dns.edns.OptionType.NSID, b"")])
        if tcp:
            return own(dns.query.tcp(query, "127.0.0.1", timeout=LINE_S,
                                     port=self.d.port))
        start, end = time.monotonic(), self.clock.now() + BOUND_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.d.port))
            s.send(query.to_wire())
            s.settimeout(0.5)
            while True:
                try:
                    return own(dns.message.from_wire(s.recv(4096)))
                except TimeoutError:
                    if self.may_be_lost(start) or self.clock.now() > end:
                        raise

    # Restarts.

    def restart(self, rng):
        self.over.wait(max(3, SECONDS / 40 * (1 + rng.random())))
        if self.over.is_set():
            return
        if not self.kinds:
            self.kinds = [self.by_term, self.by_kill, self.by_watchdog]
            rng.shuffle(self.kinds)
        with self.up:
            self.restarting = True
            try:
                self.kinds.pop()(rng)
            finally:
                self.restarted += 1
                self.restarting = False
        self.drains_kept()
        with self.stage_lock:
            self.steps_kept()

    def by_term(self, rng):
        start = time.monotonic()
        waited = self.end(self.d.process)
        # Queries are answered until the last; what is sent in the second
        # before it may be one that nobody reads any more.
        self.start(rng, max(start, time.monotonic() - 2 - waited) - 1)
        self.count("SIGTERM", 0, start)

    def by_kill(self, rng):
        start = time.monotonic()
        self.d.kill()
        self.start(rng, start - 1)
        self.count("kill -9", 0, start)

    def end(self, process):
        """For how many seconds the machine let it wait meanwhile."""
        start, fair_start = time.monotonic(), self.clock.now()
        process.terminate()
        while process.poll() is None:
            time.sleep(0.02)
            if self.clock.now() - fair_start > END_S + SLACK_S:
                self.fail("SIGTERM does not end it")
                process.kill()
        code, took = process.returncode, time.monotonic() - start
        fair_took = self.clock.now() - fair_start
        if code == 1 and fair_took < END_S - 1:
            code = 0  # the machine was too busy to save all in 4 s
        self.longest["SIGTERM to the end"] = max(
            self.longest["SIGTERM to the end"], took)
        # -15: there was no handler yet.
        self.check(code in (0, -15), f"SIGTERM: exit {code} after {took:.1f} s")
        return took - fair_took

    def start(self, rng, lost_from):
        """Starts it again; one start in two is ended or killed before."""
        with self.files:
            self.d.write("meridian.yaml", CONFIG)
            if rng.random() < 0.5:
                with open(self.d.log, "ab") as log:
                    process = subprocess.Popen(
                        [m.MERIDIAND, "-c", self.d.config], stdout=log,
                        stderr=log)
                time.sleep(rng.random())
                if rng.random() < 0.5:
                    process.kill()
                    process.wait()
                else:
                    self.end(process)
            self.d.start(LINE_S)
        self.may_lose.append((lost_from, time.monotonic()))

    def by_watchdog(self, rng):
        """Main does nothing any more: the process begins anew, with its
        sockets, and no query over UDP is lost."""
        start, pid = time.monotonic(), self.d.process.pid
        with self.files:
            self.d.write("meridian.yaml", CONFIG)
            self.replace("geo.mmdb", random_database(17, COUNTRIES, 0))
            times = m.wait_for("it tells how often it began anew",
                               lambda: crowd.restarts(self.d), LINE_S)
            if not ptrace.stop(pid):
                return  # threads may not be traced here
            m.wait_for("the process begins anew",
                       lambda: crowd.restarts(self.d) not in (None, times),
                       LINE_S)
            ptrace.traced.discard(pid)
            m.wait_for("it takes commands", lambda: self.d.ctl(
                "status", expect=None).returncode == 0, LINE_S)
        self.count("watchdog", 0, start)

    def may_be_lost(self, sent):
        return any(begin <= sent <= end for begin, end in self.may_lose)

    def nothing_lost(self):
        for sent, what in self.lost:
            self.check("TCP" in what or self.may_be_lost(sent),
                       f"no answer to {what}, though there was a daemon: sent "
                       f"{sent:.1f}, restarts {self.may_lose}")

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
        d.json("status")["jobs"].values()), LINE_S)
    time.sleep(1)  # connections are seen to have ended
    return usage(d.process.pid)


def blow(s, name, acts, seconds):
    """One round of the storm; what the process used half-way, where it is not
    restarted."""
    random_ = random.Random(f"{SEED} {name}")
    s.over.clear()
    end, before = time.monotonic() + seconds, None
    threads = [threading.Thread(target=s.run, args=(act, random_.random()),
                                daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    while time.monotonic() < end and not s.failed:
        time.sleep(0.1)
        if before is None and s.restart not in acts and \
                time.monotonic() > end - seconds / 2:
            before = usage(s.d.process.pid)
    s.over.set()
    for thread in threads:
        thread.join(3 * LINE_S)
        if thread.is_alive():
            s.fail("a thread of the storm does not end")
    s.nothing_lost()
    if s.failed:
        sys.exit(f"FAIL: {name}, seed {SEED}: {len(s.failed)}, first: "
                 f"{s.failed[:10]}")
    return before


def test_after(s, d):
    """It does all that it did at first."""
    d.write("meridian.yaml", CONFIG)
    s.drains_kept()
    s.steps_kept()
    for drain in d.json("drains")["drains"]:
        d.ctl("undrain", drain["what"], expect=None)
    for drain in s.drains.values():
        drain.reason, drain.known = None, True
    d.ctl("force-up", "www/us", "--end", expect=None)
    d.ctl("reload")
    d.ctl("thaw", "--reason", "storm", expect=None)
    m.wait_for("both regions are up", lambda: all(
        d.region("www", region)["live"] for region in ("eu", "us")), LINE_S)
    targets[0].kill()
    m.wait_for("the dead region is left", lambda: d.addresses(
        "www.example.com", ecs=CLIENT) == ["127.0.2.2"], LINE_S)
    targets[0].start()


def report(s, name):
    m.check(not s.failed, f"{name}: no promise broken: {s.failed[:10]}")
    m.check(not REPORTS.search(s.d.log_text()), "no report in the log")
    print(f"{s.answers} answers, {len(s.lost)} lost over {s.restarted} "
          f"restarts; longest query {s.longest['query']:.2f} s")
    for verb, outcomes in sorted(s.done.items()):
        print(f"  {verb}: {dict(outcomes)}, longest {s.longest[verb]:.2f} s")
    print(f"  SIGTERM to the end: {s.longest['SIGTERM to the end']:.2f} s",
          flush=True)


def storm(d):
    s = Storm(d)
    acts = [s.look] * 3 + [s.work] * 3 + [s.change] * 2 + [s.drain] * 2 + [
        s.promote, s.edit, s.hang_up, s.disk, s.target, s.follow, s.follow,
        s.visit, s.visit, s.visit, s.query, s.query]
    # Threads that save begin with what they save first.
    d.ctl("drain", "eu", "--for", "1m", "--reason", "first")
    d.ctl("undrain", "eu")
    m.wait_for("health is saved", lambda: os.path.exists(
        os.path.join(d.dir, "state", "health.json")))
    # A round without restarts, by which growth is seen; then one with them.
    first = settled(d)
    half = blow(s, "without restarts", acts, SECONDS / 2)
    test_after(s, d)
    last = settled(d)
    print(f"descriptors, threads, memory (kB): {first} at first, {half} "
          f"half-way, {last} at last")
    m.check(last[0] <= first[0] + 2 and last[1] <= first[1] + 1 and
            last[2] <= half[2] + GROWTH_KB, "they do not grow")
    report(s, "without restarts")
    blow(s, "with restarts", acts + [s.restart], SECONDS / 2)
    test_after(s, d)
    report(s, "with restarts")


with m.Daemon(CONFIG, {
        "zones/example.com.zone": m.ZONE, "old.yaml": CONFIG,
        "new.yaml": EDITS["another target"],
        "other.mmdb": random_database(17, COUNTRIES, 1),
        "geo.mmdb": random_database(17, COUNTRIES, 0)}) as daemon:
    print(f"seed {SEED}, {SECONDS:g} s", flush=True)
    storm(daemon)
