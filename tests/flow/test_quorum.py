#!/usr/bin/python3
"""?wait=quorum from outside: what an edge is told of how many disks hold its record, whatever is stopped or killed."""
import os
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import process, tap                         # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.client import Lost                          # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402

LONG_MS = 10000
THREADS = 32               # of parkmesh.fcgi, unless it is told


def open_waiting(central, plate, timeout_ms=LONG_MS, headers=None, wait="quorum", **more):
    """An entry that waits. -> (status, answer)"""
    path = "/api/edge/barrier/open?wait=%s&timeout_ms=%s" % (wait, timeout_ms)
    return central.ask("POST", path, dict(more, edge_id="edge-1", plate_id=plate), **(headers or {}))


def durability(central, plate, timeout_ms=LONG_MS):
    return told(open_waiting(central, plate, timeout_ms))["durability"]


def holders(site, event_id):
    """On how many disks is the record of this entry?"""
    return sum(bool(central.rows.query("SELECT 1 FROM records WHERE event_id = ?", event_id)) for central in site)


def test_alone_is_a_quorum(ground):
    """Also with p2pd down: there is nobody to ask."""
    central = ground.central().start()
    central.pause("p2pd")
    assert durability(central, "29A00002") == "all"
    assert durability(central, "29A00002") == "all", "an exit, too"
    central.resume("p2pd")


def test_four_centrals(ground):
    site = ground.site(4).start()
    one = site[0]

    assert "durability" not in one.enter("edge-1", "29A00001"), "who does not ask gets the answer that boxes in the field know"
    assert durability(one, "29A00002") in ("quorum", "all")

    # A repeat is given the kept answer, and neither waits nor writes.
    key = {"Idempotency_Key": "k1"}
    first = told(open_waiting(one, "29A00003", headers=key))
    again = told(open_waiting(one, "29A00003", headers=key))
    assert first["durability"] in ("quorum", "all") and "deduped" not in first, first
    assert again["deduped"] and again["durability"] == "local" and again["event_id"] == first["event_id"], again

    for path in ("wait=all", "wait=quorum&timeout_ms=10001", "wait=quorum&timeout_ms=-1", "wait=quorum&timeout_ms=x"):
        status, answer = one.ask("POST", "/api/edge/barrier/open?" + path, {"edge_id": "edge-1", "plate_id": "29A00009"})
        assert status in (400, 422) and answer["field"] in ("wait", "timeout_ms"), (path, status, answer)
    assert not one.rows.query("SELECT 1 FROM history WHERE plate_id = '29A00009'"), "what is refused writes nothing"

    # Three of four are a quorum, two are not.
    site[3].stop()
    answer = told(open_waiting(one, "29A00004"))
    assert answer["durability"] == "quorum", answer
    assert holders(site, answer["event_id"]) == 3
    site[2].stop()
    late = told(open_waiting(one, "29A00005", 300))
    assert late["durability"] == "local", late
    assert durability(one, "29A00006", 0) == "local"

    # Whoever comes later gets what was at quorum before, too; and one who waits meanwhile is answered then.
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(open_waiting(one, "29A00007")))
    waiter.start()
    site[2].start()
    waiter.join(PATIENCE)
    assert told(answers[0])["durability"] == "quorum", answers
    site[3].start()
    site.check_agreement()
    wait_for(lambda: one.rows.query("SELECT 1 FROM marks m JOIN logs l USING(log) WHERE m.every = l.head_seq"),
             what="the mark of what all hold to be at the head")

    # What is shown of it.
    assert one.status()["quorum"] == {"weight": 4, "needed": 3, "reachable": 4}, one.status()["quorum"]

    # p2pd down: nothing is known, and the time-out ends the wait.
    one.pause("p2pd")
    assert durability(one, "29A00008", 200) == "local"
    one.resume("p2pd")


class Promises:
    """Gates of one central that wait for a quorum, until stopped; each promise is checked on the disks at once."""

    def __init__(self, site, needed, gates=3):
        self.site, self.needed, self.kept, self.failure = site, needed, 0, None
        self._stopped = threading.Event()
        self._gates = [threading.Thread(target=self._run, args=(i,)) for i in range(gates)]
        for gate in self._gates:
            gate.start()

    def _run(self, number):
        try:
            for i in range(100000):
                if self._stopped.is_set():
                    return
                self._one("31%s%05d" % ("ABC"[number], i))
        except BaseException as e:      # told by wait_more and stop
            self.failure = e

    def _one(self, plate):
        try:
            status, answer = open_waiting(self.site[0], plate, 300)
        except (Lost, ValueError):
            return
        if status != 200 or answer["durability"] == "local":
            return
        held, wanted = holders(self.site, answer["event_id"]), len(self.site) if answer["durability"] == "all" else self.needed
        assert held >= wanted, "%s was told %s and is on %d disks" % (answer["event_id"], answer["durability"], held)
        self.kept += 1

    def wait_more(self, count):
        until = self.kept + count
        wait_for(lambda: self.failure or self.kept >= until, what="%d more promises" % count)
        assert self.failure is None, self.failure

    def stop(self):
        self._stopped.set()
        for gate in self._gates:
            gate.join(PATIENCE)
        assert self.failure is None, self.failure


def test_kill_9(ground):
    """Before and after store, ACK and quorum, wherever it hits: what was promised is on the disks of a quorum at that moment."""
    site = ground.site(4).start()
    promises = Promises(site, needed=3)
    promises.wait_more(5)
    for number, role in ((1, "p2pd"), (0, "p2pd"), (0, "fcgi"), (2, "p2pd")):
        victim = site[number].kill(role)
        site[number].wait_back(role, victim)
        promises.wait_more(5)
    site[3].crash()
    promises.wait_more(5)
    site[3].start()
    promises.wait_more(5)
    promises.stop()
    site.check_agreement()


def test_a_quarter_of_the_threads_waits(ground):
    """The rest is answered at once, and all are when the program is to end."""
    site = ground.site(2).start()
    site[1].stop()
    one, answers, wanted = site[0], [], THREADS // 4 + 4
    waiters = [threading.Thread(target=lambda i=i: answers.append(open_waiting(one, "30A%05d" % i))) for i in range(wanted)]
    begun = time.monotonic()
    for waiter in waiters:
        waiter.start()
    wait_for(lambda: one.rows.value("SELECT count(*) FROM history") == wanted and len(answers) >= 4,
             what="all to be written, and 4 to be answered")
    one.enter("edge-2", "30C00001")     # gates are served meanwhile
    assert len(answers) == 4, answers
    fcgi = one.pid("fcgi")
    process.send(fcgi, signal.SIGTERM)
    for waiter in waiters:
        waiter.join(PATIENCE)
    assert time.monotonic() - begun < LONG_MS / 1000, "nobody waits for the end of the time-out"
    assert [told(answer)["durability"] for answer in answers] == ["local"] * wanted, answers
    one.wait_back("fcgi", fcgi)


if __name__ == "__main__":
    tap.run(globals())
