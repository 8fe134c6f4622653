#!/usr/bin/python3
"""kill -9 of each process under load: whatever was acknowledged is on every central afterwards, once."""
import os
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import proof, tap                           # noqa: E402
from tests.site.book import Book, Entry, Exit               # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.client import Lost                          # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

HOUR = 3600 * 1000
KILLS = 3
WRITERS = 5


class Load:
    """Gates that let vehicles in and out until told to stop, and write every answer into the book.

    A gate whose answer was lost asks again, as an edge does, with the same time; a conflict then tells that the lost one had
    been carried out."""

    def __init__(self, central, name, book):
        self.central, self.name, self.book = central, name, book
        self.entered = self.left = 0
        self.failure, self.lost, self._stopped = None, 0, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        try:
            i = 0
            while not self._stopped.is_set():
                self._visit(number, "%s%d%04d" % (self.name, number, i), stays=i % 3 == 0)
                i += 1
        except BaseException as e:      # told by check_going
            self.failure = e

    def _visit(self, number, plate, stays):
        came = now_ms() - 3 * HOUR
        entry = self._open("edge-%d1" % number, plate, "ENTRY", came)
        if entry is None:
            return
        self.book.entry(Entry(entry["event_id"], plate, self.central.id, "edge-%d1" % number, came))
        self.entered += 1
        went = came + 2 * HOUR
        gone = None if stays else self._open("edge-%d2" % number, plate, "EXIT", went)
        if gone is not None:
            self.book.exit(Exit(entry["event_id"], plate, self.central.id, "edge-%d2" % number, went, gone.get("fee")))
            self.left += 1

    def _open(self, edge, plate, direction, at):
        """Ask until there is an answer -> the answer; None if the load was stopped before."""
        repeated = False
        while True:
            try:
                status, answer = self.central.open(edge, plate, direction, at)
            except (Lost, ValueError):
                status, answer = 0, None
            if status == 200:
                return answer
            if status == 409 and repeated:      # the repeat conflicts with what the request whose answer was lost had done
                assert answer["already_inside"] if direction == "ENTRY" else not answer["has_entry"], answer
                return answer
            if status not in (0, 502, 503, 504):
                raise AssertionError("%s of %s: %d %s" % (direction, plate, status, answer))
            repeated = True
            self.lost += 1
            if self._stopped.wait(0.05):
                return None

    def answers(self):
        return self.entered + self.left

    def wait_more(self, count):
        """Until that many more answers came."""
        goal = self.answers() + count

        def going():
            if self.failure:
                raise self.failure
            return self.answers() >= goal
        wait_for(going, 120, lambda: "%d more answers at %s (%d of %d came, %d requests lost)"
                 % (count, self.central.id, self.answers(), goal, self.lost))

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if self.failure:
            raise self.failure

    clean_up = stop


def check_nothing_missing(site, book):
    """Every acknowledged entry and exit is on every central, with the fee that was told, and no stay twice."""
    site.check_agreement(180)
    against = [line for _, lines in proof.claims(site, book) for line in lines]
    assert not against, "\n".join(against[:20])


def under_load(ground, disturb):
    """Three centrals, two of them busy; disturb(central) is what is done to the first, three times; then all is counted."""
    site = ground.site(3).start()
    book = Book()
    loads = [ground.on_end(Load(site[0], "29A", book)), ground.on_end(Load(site[1], "30B", book))]
    for _ in range(KILLS):
        for load in loads:
            load.wait_more(60)
        disturb(site[0])
    for load in loads:
        load.wait_more(60)
        load.stop()
    site.wait_connected()
    check_nothing_missing(site, book)
    assert loads[0].entered > 50 and loads[0].left > 20, "the load was one"
    return loads


def kill_child(role):
    def disturb(central):
        victim = central.kill(role)
        central.wait_back(role, victim)
    return disturb


def test_kill_nginx(ground):
    under_load(ground, kill_child("nginx"))


def test_kill_fcgi(ground):
    under_load(ground, kill_child("fcgi"))


def test_kill_p2pd(ground):
    loads = under_load(ground, kill_child("p2pd"))
    assert loads[0].lost == 0, "gates do not notice that p2pd is gone"


def test_kill_the_parent(ground):
    def disturb(central):
        central.kill()              # waits until its children are dead, too
        central.start()
    under_load(ground, disturb)


def test_kill_of_all_at_once(ground):
    """The whole site loses power: every central's every process at once."""
    site = ground.site(3).start()
    book = Book()
    loads = [ground.on_end(Load(central, name, book)) for central, name in zip(site, ("29A", "30B", "51C"))]
    for load in loads:
        load.wait_more(60)
    for central in site:
        central.crash()
    for central in site:
        central.start()
    for load in loads:
        load.wait_more(30)
        load.stop()
    site.wait_connected()
    check_nothing_missing(site, book)


if __name__ == "__main__":
    tap.run(globals())
