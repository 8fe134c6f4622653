#!/usr/bin/python3
"""A site on its way: two centrals of ours and two of the older Python system (tests/site/old_central.py), all connected with all."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.old_central import OldCentral, text         # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import differences, write_secret       # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402


class Mixed:
    """central-1 and -2 are ours, central-3 and -4 old: one of each dialect."""

    def __init__(self, ground):
        ports = dict(zip(("central-1", "central-2", "central-3", "central-4"), free_ports(4)))
        place = {id: ("127.0.0.1", port) for id, port in ports.items()}
        self.ours, self.old = [], []
        for id, other in (("central-1", "central-2"), ("central-2", "central-1")):
            c = ground.central(id, p2p_port=ports[id], peers={other: place[other]}, secret_file=write_secret(ground.path("secret"), "s" * 20),
                               options=["--legacy-peer", "central-3=127.0.0.1:%d" % ports["central-3"],
                                        "--legacy-peer", "central-4=127.0.0.1:%d" % ports["central-4"]])
            self.ours.append(c.start())
        for id in ("central-3", "central-4"):
            peers = {other: place[other] for other in place if other != id}
            self.old.append(OldCentral(id, ground.folder, peers, port=ports[id]).start())
        self.a, self.b = self.ours
        self.c, self.d = self.old
        self.plates = 0
        wait_for(lambda: all(self.whole(c) for c in self.ours), what=lambda: [c.status()["peers"] for c in self.ours])
        wait_for(lambda: all(o.connected(c.id) == 2 for o in self.old for c in self.ours), what="both connections of each pair")

    def whole(self, c):
        return c.connected(*[other.id for other in self.ours + self.old if other is not c])

    def plate(self):
        self.plates += 1
        return "29A%05d" % self.plates

    def same(self):
        """Both of ours hold the same."""
        return self.a.rows.heads() == self.b.rows.heads() and not differences(
            "history", "a", self.a.rows.shared_history(), "b", self.b.rows.shared_history())

    def settled(self, event_id, status, fee=None):
        """Everybody shows the stay so."""
        rows = [c.stay(event_id) for c in self.ours] + [o.row(event_id) for o in self.old]
        return all(row and row["status"] == status and (fee is None or row["fee"] == fee) for row in rows)

    def wait_settled(self, event_id, status, fee=None):
        wait_for(lambda: self.settled(event_id, status, fee),
                 what=lambda: [c.stay(event_id) for c in self.ours] + [o.row(event_id) for o in self.old])

    def no_exit_twice(self):
        for c in self.ours:
            assert c.rows.value("SELECT count(*) FROM exits WHERE kind != 'counted'") == 0, c.rows.query("SELECT * FROM exits")
            assert not [row for row in c.rows.history() if row["flags"]], c.rows.history()


def test_in_all_directions(site):
    """A car comes in at each and leaves at another: everybody knows, and the money is there once."""
    paid = 0
    earlier = time.time() - 600
    came = [(c.id, c.enter("edge-1", plate, at=int(earlier * 1000))["event_id"], plate)
            for c in site.ours for plate in (site.plate(), site.plate(), site.plate())]
    came += [(o.id, o.entry(plate, at=earlier), plate) for o in site.old for plate in (site.plate(), site.plate(), site.plate())]
    for _, event_id, _ in came:
        site.wait_settled(event_id, "IN")
    places = site.ours + site.old
    for id, event_id, plate in came:
        others = [place for place in places if place.id != id]
        place = others[came.index((id, event_id, plate)) % 3]
        if place in site.ours:
            fee = place.leave("edge-2", plate)["fee"]
        else:
            fee = 7000
            place.exit(event_id, fee)
        paid += fee
        site.wait_settled(event_id, "OUT", fee)
    wait_for(site.same, what="both of ours to hold the same")
    site.no_exit_twice()
    assert all(c.rows.revenue() == paid for c in site.ours), (paid, [c.rows.revenue() for c in site.ours])


if __name__ == "__main__":
    tap.run(globals(), shared=Mixed)
