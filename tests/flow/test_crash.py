#!/usr/bin/python3
"""kill -9 of each process under load: whatever was acknowledged is on every central afterwards, once."""
import os
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.client import Lost                          # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

HOUR = 3600 * 1000
KILLS = 3
WRITERS = 5


class Load:
    """Gates that let vehicles in and out until told to stop, and remember every answer.

    A gate whose answer was lost asks again, as an edge does, with the same time; a conflict then tells that the lost one had
    been carried out. After stop(): entered {event_id: (plate, central's id)}, left {event_id: (plate, fee)}, plates."""

    def __init__(self, central, name):
        self.central, self.name = central, name
        self.entered, self.left, self.plates = {}, {}, set()
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
        entry = self._open("edge-%d1" % number, plate, "ENTRY", now_ms() - 3 * HOUR)
        if entry is None:
            return
        self.entered[entry["event_id"]] = plate
        self.plates.add(plate)
        if not stays:
            gone = self._open("edge-%d2" % number, plate, "EXIT", now_ms() - HOUR)
            if gone is not None:
                self.left[entry["event_id"]] = (plate, gone.get("fee"))

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
        return len(self.entered) + len(self.left)

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


def check_nothing_missing(site, loads):
    """Every acknowledged entry and exit is on every central, with the fee that was told, and no stay twice."""
    site.check_agreement(180)
    for central in site:
        rows = {row["event_id"]: row for row in central.rows.query("SELECT * FROM history")}
        exits = central.rows.query("SELECT * FROM exits")
        stays_of = {}
        for row in rows.values():
            stays_of.setdefault(row["plate_id"], []).append(row["event_id"])
        for load in loads:
            for event_id, plate in load.entered.items():
                assert event_id in rows, "%s, acknowledged by %s, is missing on %s" % (event_id, load.central.id, central.id)
                assert stays_of[plate] == [event_id], "%s has the stays %s on %s" % (plate, stays_of[plate], central.id)
            for event_id, (plate, fee) in load.left.items():
                row = rows[event_id]
                assert row["status"] == "OUT" and row["exit_ts"], "its exit is missing on %s: %r" % (central.id, row)
                assert fee is None or row["fee"] == fee == 50000, "the gate was told %s, %s holds %r" % (fee, central.id, row)
        assert len(exits) == len({(row["log"], row["seq"]) for row in exits})
        assert central.rows.revenue() == sum(row["fee"] for row in rows.values()), "each exit's money once, on " + central.id
        many = central.rows.query("SELECT plate_id FROM history WHERE status = 'IN' GROUP BY plate_id HAVING count(*) > 1")
        assert not many, "more than one open stay: %s" % many


def under_load(ground, disturb):
    """Three centrals, two of them busy; disturb(central) is what is done to the first, three times; then all is counted."""
    site = ground.site(3).start()
    loads = [ground.on_end(Load(site[0], "29A")), ground.on_end(Load(site[1], "30B"))]
    for _ in range(KILLS):
        for load in loads:
            load.wait_more(60)
        disturb(site[0])
    for load in loads:
        load.wait_more(60)
        load.stop()
    site.wait_connected()
    check_nothing_missing(site, loads)
    assert len(loads[0].entered) > 50 and len(loads[0].left) > 20, "the load was one"
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
    loads = [ground.on_end(Load(central, name)) for central, name in zip(site, ("29A", "30B", "51C"))]
    for load in loads:
        load.wait_more(60)
    for central in site:
        central.kill()
    for central in site:
        central.start()
    for load in loads:
        load.wait_more(30)
        load.stop()
    site.wait_connected()
    check_nothing_missing(site, loads)


if __name__ == "__main__":
    tap.run(globals())
