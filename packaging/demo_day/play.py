"""Plays the plan in compressed time: slices of the day, each sent by all gates, in order at each gate."""
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from gate import Gate
from plan import CENTRALS, CUT_OFF, DAY, GATES_EACH, HOUR, MINUTE, STOPPED

from tests.site.wait import wait_for

SLICE = 5 * MINUTE
SENDERS = 6


class Play:
    """site: three running centrals with relays between them. seconds: how long the day takes at least."""

    def __init__(self, site, plan, day_start, seconds, book):
        self._site, self._plan, self._seconds, self._book = site, plan, seconds, book
        self._gates = [Gate(i, site[i // GATES_EACH], day_start, book) for i in range(CENTRALS * GATES_EACH)]
        self._line = Line()

    def run(self):
        """The whole day; returns when every gate's queue is empty."""
        by_slice = {number: list(events) for number, events in groupby(self._plan.events, lambda e: e.at // SLICE)}
        began = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            for number in range(DAY // SLICE):
                now = number * SLICE
                self._happenings(now)
                for event in by_slice.get(number, ()):
                    self._gates[event.gate].add(event)
                self._send(pool)
                self._line.show(now + SLICE, self._progress(), now % (2 * HOUR) == 0)
                self._pace(began, (now + SLICE) / DAY)
            wait_for(lambda: self._send(pool) == 0, 60, "the centrals to take what the gates still hold")
        self._line.end()

    def _send(self, pool):
        """-> how many events the gates have to keep"""
        list(pool.map(Gate.send, self._gates))
        waiting = sum(gate.waiting for gate in self._gates)
        self._book.kept = max(self._book.kept, waiting)
        return waiting

    def _pace(self, began, part):
        """The day is not over sooner than asked for; a slow machine takes longer."""
        ahead = began + part * self._seconds - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)

    def _happenings(self, now):
        """What befalls the centrals at this time of the day."""
        central, stop, start = STOPPED
        if now == stop:
            self._site[central].stop()
        elif now == start:
            self._site[central].start()
        central, cut, heal = CUT_OFF
        if now == cut:
            self._site.cut(central)
        elif now == heal:
            self._site.heal()
        self._away = self._describe(now)

    def _describe(self, now):
        said = []
        if STOPPED[1] <= now < STOPPED[2]:
            said.append("%s is stopped" % self._site[STOPPED[0]].id)
        if CUT_OFF[1] <= now < CUT_OFF[2]:
            said.append("%s is off the network" % self._site[CUT_OFF[0]].id)
        return ", ".join(said)

    def _progress(self):
        text = "%5d entries %5d exits %6d requests" % (len(self._book.entries), len(self._book.exits), self._book.requests)
        waiting = sum(gate.waiting for gate in self._gates)
        if waiting:
            text += "  %d events wait at gates" % waiting
        return text + ("  (%s)" % self._away if self._away else "")


class Line:
    """The progress line: rewritten in place on a terminal, now and then a new one elsewhere."""

    def __init__(self):
        self._tty = sys.stdout.isatty()

    def show(self, now, text, landmark):
        text = "  %02d:%02d  %s" % (now // HOUR, now // MINUTE % 60, text)
        if self._tty:
            sys.stdout.write("\r\x1b[K" + text)
        elif landmark:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def end(self):
        if self._tty:
            sys.stdout.write("\n")
