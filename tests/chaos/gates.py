"""The load: threads that play visits at all centrals until told to stop, and how long answers took."""
import heapq
import itertools
import threading
import time
from collections import Counter

from tests.chaos.visits import Again, Visits


class Watch:
    """How long gates waited, by what was going on at their central meanwhile.

    now(central, word) says that: "calm", "p2pd stopped" … An answer counts for a word only if that was true before and after it,
    and one that was lost for the word that was true when it was asked for."""

    def __init__(self):
        self._lock, self._words, self._since = threading.Lock(), {}, {}
        self.seconds, self.lost, self.losses = {}, Counter(), []

    def now(self, central, word):
        with self._lock:
            if self._words.get(central.id, ("calm", "calm"))[1] != word:
                self._words[central.id] = (self._words.get(central.id, ("calm", "calm"))[1], word)
                self._since[central.id] = time.monotonic()

    def answered(self, central, began, good, why=""):
        """why: of a lost one."""
        took = time.monotonic() - began
        with self._lock:
            before, word = self._words.get(central.id, ("calm", "calm"))
            whole = began >= self._since.get(central.id, 0)
            if not good:
                self.lost[word if whole else before] += 1
                if whole and word != "in trouble" and len(self.losses) < 200:
                    self.losses.append("%s, %s: after %.1f s: %s" % (central.id, word, took, why))
            elif whole:
                self.seconds.setdefault(word, []).append(took)

    def figures(self, word):
        """-> (count, p50, p99, max), the times in ms; None without any"""
        with self._lock:
            found = sorted(self.seconds.get(word, ()))
        if not found:
            return None
        return (len(found), *(1000 * found[min(len(found) - 1, int(len(found) * part))] for part in (0.5, 0.99)), 1000 * found[-1])


class Gates:
    """each: threads a central. rate: visits a second that begin at each of them."""

    def __init__(self, site, book, clock, watch, seed, each=2, rate=1.0):
        self._stopped, self._given_up, self._rate, self.failure = threading.Event(), threading.Event(), rate, None
        self._threads = []
        for number in range(each * len(site)):
            visits = Visits(number, site[number % len(site)], site, book, clock, watch, "%s visits %d" % (seed, number))
            self._threads.append(threading.Thread(target=self._run, args=(visits,), name="gates-%d" % number))

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def _run(self, visits):
        try:
            self._play(visits)
        except BaseException as e:      # told by stop and check_going
            self.failure = e

    def _play(self, visits):
        queue, order, begin = [], itertools.count(), time.monotonic()
        while not self._given_up.is_set() and (not self._stopped.is_set() or any(again for _, _, _, again in queue)):
            now = time.monotonic()
            if begin <= now and not self._stopped.is_set():
                heapq.heappush(queue, (now, next(order), visits.next(), False))
                begin = max(begin + 1 / self._rate, now - 2)        # what a thread was kept from it makes up for, but not all
            if not queue or queue[0][0] > now:
                time.sleep(0.01)
                continue
            _, _, visit, again = heapq.heappop(queue)
            if self._stopped.is_set() and not again:
                continue                # it is between two requests: nothing is in doubt
            pause = next(visit, None)
            if pause is not None:
                heapq.heappush(queue, (now + pause, next(order), visit, isinstance(pause, Again)))

    def check_going(self):
        if self.failure:
            raise self.failure

    def stop(self):
        """No new visits; return when every request has its answer."""
        self._stopped.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self.check_going()

    def clean_up(self):
        """End, whatever is in doubt."""
        self._given_up.set()
        self._stopped.set()
