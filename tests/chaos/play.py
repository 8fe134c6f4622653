"""One run: a site under load and under faults, healed, and all that can be said of it afterwards."""
import json
import os
import subprocess
import time
from collections import Counter

from tests.chaos.faults import Player, Schedule
from tests.chaos.gates import Gates, Watch
from tests.chaos.visits import Clock
from tests.site import process, proof
from tests.site.book import Book
from tests.site.wait import wait_for

REQUEST_SECONDS = 5.0       # an edge waits that long for an answer
MIB = 1024 * 1024
MOST_RSS = 64 * MIB         # of one process; sanitizers need some times that
SANITIZED = 10


class Play:
    """site: of started centrals, with relays. seconds: of faults. sanitized: is the build one with sanitizers?"""

    def __init__(self, site, seed, seconds, kinds, gap=1.0, rate=1.0, sanitized=False):
        self.site, self.seconds, self.book, self.watch = site, seconds, Book(), Watch()
        self.most = MOST_RSS * (SANITIZED if sanitized else 1)
        self.schedule = Schedule(seed, len(site), seconds, kinds, gap)
        self.player = Player(site, self.schedule, self.watch)
        self.gates = Gates(site, self.book, Clock(seconds + 600), self.watch, seed, rate=rate)
        self.rss, self.healed, self.same, self.settled = Counter(), None, None, None
        for central in site:
            central.client.timeout = REQUEST_SECONDS

    def run(self, tell=None, every=5.0):
        """Load and faults, then healing, until all is settled. tell: gets a line of progress now and then."""
        began = told = time.monotonic()
        self.gates.start()
        self.player.start()
        while time.monotonic() - began < self.seconds:
            self.gates.check_going()
            self._weigh()
            if tell and time.monotonic() - told >= every:
                told = time.monotonic()
                tell(self.progress(told - began))
            time.sleep(0.5)
        self.heal()

    def heal(self):
        """No more faults; the gates go on for a moment, then end; then all has to come together."""
        self.player.heal()
        healed = time.monotonic()
        more = self.book.answers() + 20
        wait_for(lambda: self.book.answers() >= more, what="the gates to go on")
        self.gates.stop()
        last = time.monotonic()
        self.site.wait_connected(120)
        self.healed = time.monotonic() - healed
        self.site.wait_converged(300)
        self.same = time.monotonic() - last
        wait_for(self._nothing_behind, 60, lambda: "nothing to be behind; it says %s" % [central.status() for central in self.site])
        self.settled = time.monotonic() - healed
        self._weigh()

    def clean_up(self):
        self.player.clean_up()
        self.gates.clean_up()

    def _nothing_behind(self):
        """And none of what operators would be warned of."""
        return all(peer["connected"] and peer["behind"] == peer["ahead"] == 0 and not peer["last_error"]
                   for central in self.site for peer in central.status()["peers"])

    def _weigh(self):
        for central in self.site:
            for role in ("nginx", "fcgi", "p2pd"):
                pid = central.pid(role)
                if pid:
                    self.rss[role] = max(self.rss[role], process.rss(pid))

    def progress(self, at):
        book, faults = self.book, self.player.counts
        return "%5.0f s  %6d answers  %5d lost  %3d kills  %3d stops  %4d faults of links  %d in force" % (
            at, book.answers(), book.lost, sum(n for what, n in faults.items() if what.startswith("kill")),
            sum(n for what, n in faults.items() if what.startswith("SIG")),
            sum(n for what, n in faults.items() if what.startswith("link")), len(self.player.in_force))

    # ---- what is to be said

    def claims(self):
        """-> as proof.claims, and what only the programs can be asked"""
        return proof.claims(self.site, self.book) + [
            ("parkmeshctl verify finds that all fits", [line for central in self.site for line in verify(central)]),
            ("operators are warned of nothing any more",
             ["%s: %s" % (central.id, one) for central in self.site for one in central.status()["warnings"]]),
            ("no process held more than %d MiB" % (self.most // MIB),
             ["a %s held %d MiB" % (role, held // MIB) for role, held in self.rss.items() if held > self.most]),
        ]

    def table(self):
        """-> lines"""
        book, relays = self.book, list(self.site.relays.values())
        found = [("answers accounted for", book.answers()), ("  entries", len(book.entries)), ("  exits", len(book.exits)),
                 ("  confirmations", len(book.confirmed)), ("  corrections and voids", len(book.plates) + len(book.void)),
                 ("  settings", len(book.settings)), ("requests answered", book.requests), ("  refused (409)", book.refused),
                 ("  repeated though answered", book.repeats), ("answers lost, asked again", book.lost)]
        found += sorted(self.player.counts.items())
        found += [("connections through relays", sum(relay.accepted for relay in relays)),
                  ("bytes through relays", sum(relay.bytes for relay in relays)),
                  ("pieces broken off", sum(relay.truncations for relay in relays)),
                  ("pieces with flipped bits", sum(relay.corruptions for relay in relays)),
                  ("records", self.site[0].rows.records()), ("logs", len(self.site[0].rows.heads()))]
        found += [("seconds until all were connected again", "%.1f" % self.healed),
                  ("seconds from the last answer until all held the same", "%.1f" % self.same),
                  ("seconds from healing until nothing was behind", "%.1f" % self.settled)]
        found += [("most memory of a %s" % role, "%.1f MiB" % (held / MIB)) for role, held in sorted(self.rss.items())]
        return ["  %-55s %12s" % line for line in found] + self.latencies()

    def latencies(self):
        """-> lines: how long a gate waited, also while p2pd was stopped"""
        found = ["  %-24s %8s %10s %10s %10s %10s" % ("answers by what went on", "count", "p50 ms", "p99 ms", "max ms", "lost")]
        for word in ("calm", "p2pd stopped", "in trouble"):
            figures = self.watch.figures(word)
            if figures:
                found.append("  %-24s %8d %10.1f %10.1f %10.1f %10d" % (word, *figures, self.watch.lost[word]))
        return found + ["  lost at %s" % line for line in self.watch.losses[:12]]


def verify(central):
    """What `parkmeshctl verify` finds wrong."""
    program = os.path.join(central.build, "ctl", "parkmeshctl")
    done = subprocess.run([program, "--db", central.rows.path, "--json", "verify"], capture_output=True, text=True)
    if done.returncode != 0 or not json.loads(done.stdout)["success"]:
        yield "%s: parkmeshctl verify: %d %s %s" % (central.id, done.returncode, done.stdout, done.stderr)
