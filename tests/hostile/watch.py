"""The central that is attacked, its honest partner and its gates, watched while an attack goes on."""
import os
import re
import signal
import threading
import time

from tests.hostile.author import Keys
from tests.hostile.peer import Peer
from tests.site.wait import wait_for

MIB = 1024 * 1024
RSS_LIMIT = 64 * MIB        # what p2pd may take, wire.md's bounds added up and rounded up
# AddressSanitizer takes several times as much and keeps what was freed; so the tests look at growth there, with little kept.
KEPT = "quarantine_size_mb=4:malloc_context_size=5:max_free_fill_size=1048576:free_fill_byte=122"
GROWTH_LIMIT = 96 * MIB
# An attack may slow the honest ones, not stop them; how much is measured by tests/hostile/run, a limit only ends a failed wait.
PATIENCE = 60.0


def under_sanitizer(pid):
    with open("/proc/%d/maps" % pid) as f:
        return "libasan" in f.read()


def memory(pid, name):
    """VmRSS or VmHWM, in bytes."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(name + r":\s+(\d+) kB", f.read()).group(1)) * 1024


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


class Journal:
    """What a central's programs write from now on."""

    def __init__(self, central):
        self.central, self.begin = central, os.path.getsize(central.output)

    def lines(self, part=""):
        with open(self.central.output, "rb") as f:
            f.seek(self.begin)
            text = f.read().decode("utf-8", "replace")
        return [line for line in text.split("\n")[:-1] if part in line]

    def wait(self, part, count=1):
        """Until so many lines have this part -> them."""
        wait_for(lambda: len(self.lines(part)) >= count, PATIENCE,
                 lambda: "%d lines with %r; there are: %s" % (count, part, self.lines()[-20:]))
        return self.lines(part)


class Field:
    """Honest centrals that are connected, the first of them to be attacked, and p2pd's figures before.

    secret: the mesh secret, for those who know it. port: where the first one listens."""

    def __init__(self, ground, count=2, links=None):
        os.environ["ASAN_OPTIONS"] = KEPT
        self.ground, self.site = ground, ground.site(count, links=links).start()
        self.victim, self.partner = self.site[0], self.site[1]
        self.port = self.victim.p2p_port
        with open(self.site.secret_file) as f:
            self.secret = f.read().strip()
        self.pid = self.victim.pid("p2pd")
        self.sanitized = under_sanitizer(self.pid)
        self._plates, self._keys = iter(range(10 ** 6)), {}
        self.both_ways()
        self.before = memory(self.pid, "VmRSS")
        self.journal = Journal(self.victim)

    def peer(self, id, **how):
        """A stand-in that knows the secret; the same id has the same keys, since the first key is pinned."""
        how.setdefault("keys", self._keys.setdefault(id, Keys()))
        return self.ground.on_end(Peer(id, how.pop("secret", self.secret), **how))

    def own(self, thing):
        """Ended with the test."""
        return self.ground.on_end(thing)

    def counts(self):
        """What p2pd has counted: {name: number} of its dump, connections ended as ended_<cause>, and all of them as ended."""
        journal = Journal(self.victim)
        os.kill(self.pid, signal.SIGUSR1)
        line = journal.wait("event=dump ")[0]
        found = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}
        journal.wait("event=dump_neighbour")
        for line in journal.lines("event=dump_ended "):
            found["ended_" + re.search(r"cause=(\S+)", line).group(1)] = int(re.search(r"count=(\d+)", line).group(1))
        found["ended"] = sum(count for name, count in found.items() if name.startswith("ended_"))
        return found

    def read_again(self):
        """Returns when p2pd has read what is configured, which it does by itself once a second; what that ends is in the journal then."""
        os.kill(self.pid, signal.SIGHUP)
        self.counts()           # a later signal, so it is answered after the first

    def wait_counted(self, name, least):
        wait_for(lambda: self.counts().get(name, 0) >= least, PATIENCE,
                 lambda: "%s to be %d: %s" % (name, least, self.counts()), every=0.2)

    def cross(self, source, target):
        """An entry at one gate is known at the other central -> (seconds the gate waited, seconds until it was there)."""
        plate = "29A%05d" % next(self._plates)
        began = time.monotonic()
        event_id = source.enter("edge-1", plate)["event_id"]
        told = time.monotonic() - began
        wait_for(lambda: target.stay(event_id), PATIENCE, "%s of %s at %s" % (event_id, source.id, target.id), every=0.003)
        return told, time.monotonic() - began

    def both_ways(self):
        """The honest two still exchange what their gates are told."""
        return max(self.cross(self.victim, self.partner)[1], self.cross(self.partner, self.victim)[1])

    def check(self):
        """After an attack: nothing died, nothing grew, the honest two never lost each other and still exchange."""
        assert self.victim.pid("p2pd") == self.pid, "p2pd is another process"
        self.both_ways()
        lost = [line for line in self.journal.lines("event=disconnected") if " peer=central-2 " in line and "state=ready" in line]
        assert not lost, "the honest connection was lost: %s" % lost
        self.check_memory()
        bad = [line for line in self.journal.lines() if not re.match(r"(debug|info|warning|error|ready|[0-9]{4}/) ?", line)]
        assert not bad, "lines that are none of the journal's: %s" % bad[:3]

    def check_memory(self):
        if self.sanitized:
            grown = memory(self.pid, "VmRSS") - self.before
            assert grown < GROWTH_LIMIT, "it grew by %d MiB" % (grown // MIB)
        else:
            highest = memory(self.pid, "VmHWM")
            assert highest < RSS_LIMIT, "it took %d MiB at most" % (highest // MIB)


class Witness(threading.Thread):
    """While it runs: entries at both gates, and how long each gate and each crossing took. End with stop()."""

    def __init__(self, field):
        super().__init__(daemon=True)
        self.field, self.gate, self.sync, self.rss, self.failure = field, [], [], 0, None
        self._over = threading.Event()
        self.start()

    def run(self):
        victim, partner, turn = self.field.victim, self.field.partner, 0
        try:
            while not self._over.wait(0.05):
                turn += 1
                told, there = self.field.cross(*((victim, partner) if turn % 2 else (partner, victim)))
                self.gate.append(told)
                self.sync.append(there)
                self.rss = max(self.rss, memory(self.field.pid, "VmRSS"))
        except Exception as e:      # told by stop
            self.failure = e

    def stop(self):
        """-> a line of figures. Fails the test if a gate or a crossing failed."""
        self._over.set()
        self.join()
        if self.failure:
            raise self.failure
        return "%d crossings: gate p50 %.1f max %.1f ms, sync p50 %.1f p95 %.1f max %.1f ms, RSS at most %.1f MiB" % (
            len(self.sync), *(1000 * t for t in (middle(self.gate), max(self.gate), middle(self.sync),
                                                  part(self.sync, 0.95), max(self.sync))), self.rss / MIB)

    clean_up = stop


def part(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def middle(values):
    return part(values, 0.5)
