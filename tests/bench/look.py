"""Looking at a central from outside while it works: what it holds, by a connection that stays open, and what its programs take."""
import bisect
import os
import sqlite3
import threading
import time

from tests.site import process


class Held:
    """How far the database of a central, or at a path, is. Of one thread."""

    def __init__(self, of):
        self._db = sqlite3.connect("file:%s?mode=ro" % (of if isinstance(of, str) else of.rows.path), uri=True, timeout=30, isolation_level=None,
                                   check_same_thread=False)

    def value(self, sql, *values):
        found = self._db.execute(sql, values).fetchone()
        return found and found[0]

    def records(self):
        return self.value("SELECT coalesce(sum(head_seq), 0) FROM logs")

    def head(self, log):
        return self.value("SELECT head_seq FROM logs WHERE log = ?", log) or 0

    def event(self, event_id):
        return self.value("SELECT 1 FROM history WHERE event_id = ?", event_id)

    def close(self):
        self._db.close()


def own_log(central):
    """The log that the central's barriers write now."""
    return central.rows.value("SELECT log FROM logs WHERE id = ? AND writer = 'fcgi' AND (flags & 1) = 0 ORDER BY change DESC",
                              central.id)


class Heads(threading.Thread):
    """Notes all the time up to where all of these centrals hold a log."""

    def __init__(self, centrals, log, every=0.002):
        super().__init__(daemon=True)
        self._centrals, self._log, self._every, self._over = centrals, log, every, threading.Event()
        self.times, self.heads = [], []
        self.start()

    def run(self):
        looks = [Held(c) for c in self._centrals]
        while not self._over.is_set():
            head = min(look.head(self._log) for look in looks)
            if not self.heads or head > self.heads[-1]:
                self.times.append(time.monotonic())
                self.heads.append(head)
            time.sleep(self._every)
        for look in looks:
            look.close()

    def when(self, seq):
        """The moment all were seen to hold it."""
        return self.times[bisect.bisect_left(self.heads, seq)]

    def end(self):
        self._over.set()
        self.join()


def part(values, share):
    values = sorted(values)
    return values[int(share * (len(values) - 1))]


def cpu_us(pid):
    """What all threads of a process have computed for."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e3


def wakeups(pid):
    """How often threads of a process have gone to sleep by themselves."""
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, thread), encoding="ascii") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("voluntary"))
    return total


def rss_mib(central):
    """Of parkmesh.fcgi and p2pd."""
    return sum(process.rss(central.pid(role)) for role in ("fcgi", "p2pd")) / 2**20
