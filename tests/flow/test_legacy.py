#!/usr/bin/python3
"""A site on its way: two centrals of ours and three of the older Python system (tests/site/old_central.py)."""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.websocket import Gone, connect, upgrade  # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.old_central import LIMIT, OldCentral, text  # noqa: E402
from tests.site.people import ctl                           # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import differences, write_secret       # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

EARLIER = 600
MANY = 5200      # more than they send at once, and than 1 MiB


class Mixed:
    """central-1 and -2 are ours; central-3 and -4 old, all connected with all; central-5 is an old one of the newer form, which knows
    only ours."""

    def __init__(self, ground):
        ids = ["central-%d" % (i + 1) for i in range(5)]
        place = {id: ("127.0.0.1", port) for id, port in zip(ids, free_ports(5))}
        self.ground, self.secret, self.place = ground, write_secret(ground.path("secret"), "s" * 20), place
        self.ours = [self.start_ours(id, {other: place[other] for other in ids[:2] if other != id}) for id in ids[:2]]
        self.old = [OldCentral(id, ground.folder, {other: place[other] for other in ids[:4] if other != id}, port=place[id][1]).start()
                    for id in ids[2:4]]
        self.newer = OldCentral("central-5", ground.folder, {c.id: ("127.0.0.1", c.api_port) for c in self.ours}, http=True,
                                port=place["central-5"][1]).start()
        self.a, self.b = self.ours
        self.c, self.d = self.old
        self.plates = 0
        self.wait_whole()

    def start_ours(self, id, peers, **how):
        options = [word for old in ("central-3", "central-4") if old != id
                   for word in ("--legacy-peer", "%s=127.0.0.1:%d" % (old, self.place[old][1]))]
        c = self.ground.central(id, p2p_port=self.place[id][1], peers=peers, secret_file=self.secret, options=options, **how).start()
        told(c.ask("POST", "/api/p2p/peers", {"id": "central-5", "ip": "localhost", "p2p_port": self.place["central-5"][1],
                                              "dialect": "legacy-http"}))
        return c

    def wait_whole(self):
        wait_for(lambda: all(c.connected("central-3", "central-4", "central-5") for c in self.ours), what=lambda: self.a.status()["peers"])
        wait_for(lambda: self.a.connected("central-2"), what=lambda: self.a.status())
        wait_for(lambda: all(o.connected(c.id) >= 2 for o in [*self.old, self.newer] for c in self.ours), what="both connections of each pair")

    def plate(self):
        self.plates += 1
        return "29A%05d" % self.plates

    def enter(self, place):
        """A car comes in there, ten minutes ago -> its stay and plate."""
        plate, at = self.plate(), time.time() - EARLIER
        if place in self.ours:
            return place.enter("edge-1", plate, at=int(at * 1000))["event_id"], plate
        return place.entry(plate, at=at), plate

    def leave(self, place, event_id, plate):
        """-> what was paid."""
        if place in self.ours:
            return place.leave("edge-2", plate)["fee"]
        place.exit(event_id, 7000)
        return 7000

    def wait_settled(self, event_id, status, fee=None, at=None):
        """Everybody shows the stay so. at: the old ones to look at, else those that know all."""
        def rows():
            return [c.stay(event_id) for c in self.ours] + [o.row(event_id) for o in (self.old if at is None else at)]

        wait_for(lambda: all(row and row["status"] == status and (fee is None or row["fee"] == fee) for row in rows()), what=rows)

    def wait_same(self):
        wait_for(lambda: self.a.rows.heads() == self.b.rows.heads() and not differences(
            "history", "a", self.a.rows.shared_history(), "b", self.b.rows.shared_history()), what="both of ours to hold the same")

    def check_money(self, *stays):
        """Each of these was paid once, as (event_id, fee), and there is no second exit of any."""
        self.wait_same()
        for c in self.ours:
            for event_id, fee in stays:
                found = c.rows.query("SELECT * FROM exits WHERE bound = ?", event_id)
                assert [row["fee"] for row in found] == [fee] and found[0]["kind"] == "counted", (c.id, event_id, fee, found)
            flagged = [row for row in c.rows.history() if row["flags"] and row["status"] != "BOUND"]
            assert not flagged, flagged


def test_in_all_directions(site):
    """A car comes in at each and leaves at another: everybody knows, and the money is there once."""
    places, paid = site.ours + site.old, []
    came = [(place, *site.enter(place)) for place in places for _ in range(3)]
    for _, event_id, _ in came:
        site.wait_settled(event_id, "IN")
    for i, (place, event_id, plate) in enumerate(came):
        fee = site.leave([other for other in places if other is not place][i % 3], event_id, plate)
        paid.append((event_id, fee))
    for event_id, fee in paid:
        site.wait_settled(event_id, "OUT", fee)
    site.check_money(*paid)
    own = [m for o in site.old for peer, m in o.heard if peer in ("central-1", "central-2") and m["type"].startswith("VEHICLE_")]
    assert own and all(m["source_central"] == peer for o in site.old for peer, m in o.heard if m["type"] != "ERROR"), own
    assert all(m["event_id"] for m in own), own


def test_the_newer_form(site):
    came = [(place, *site.enter(place)) for place in [*site.ours, site.newer]]
    for place, event_id, _ in came:
        site.wait_settled(event_id, "IN", at=[site.newer])
    paid = [(event_id, site.leave(other, event_id, plate))
            for (_, event_id, plate), other in zip(came, (site.newer, site.newer, site.a))]
    for event_id, fee in paid:
        site.wait_settled(event_id, "OUT", fee, at=[site.newer])
    site.check_money(*paid)
    assert site.a.stay(came[2][1])["edge_id"] == "9", "a number there"
    site.newer.broadcast("HISTORY_DELETE", None, {"id": 1})
    site.newer.broadcast("HISTORY_UPDATE", None, {"id": 1, "plate_id": "XXXXXX"})
    event_id, _ = site.enter(site.newer)
    site.wait_settled(event_id, "IN", at=[site.newer])
    assert not site.a.rows.history(status="VOID") and not site.a.rows.history(plate_id="XXXXXX")


def test_an_outage(site):
    """What happened on both sides meanwhile arrives, though their marks have moved; what is told again counts once."""
    before = [site.enter(place) for place in (site.a, site.c, site.a, site.c)]
    for event_id, _ in before:
        site.wait_settled(event_id, "IN")
    site.c.stop()
    wait_for(lambda: not site.a.connected("central-3") and not site.b.connected("central-3"), what="the old one to be missed")
    paid = [(before[0][0], site.leave(site.b, *before[0])), (before[1][0], site.leave(site.a, *before[1]))]
    new = [site.enter(site.a), site.enter(site.b)]
    for event_id, _ in before[2:]:
        site.c.exit(event_id, 7000, tell=False)          # at a gate of its own, told nobody
        paid.append((event_id, 7000))
    alone = site.c.entry(site.plate(), tell=False)
    site.c.marks = {id: time.time() for id in site.c.peers}
    site.c.start()
    for event_id, fee in paid:
        site.wait_settled(event_id, "OUT", fee, at=[site.c])
    for event_id in [alone, *[event_id for event_id, _ in new]]:
        site.wait_settled(event_id, "IN", at=[site.c])
    site.check_money(*paid)
    records = site.a.rows.records()
    site.c.stop()                                        # and all is asked for and told again
    site.c.marks = {}
    site.c.start()
    wait_for(lambda: site.c.connected("central-1") >= 2, what="its connections")
    asked = len(site.c.asked)
    wait_for(lambda: site.a.connected("central-3") and len(site.c.asked) >= asked, what="the old one to be asked")
    again, _ = site.enter(site.c)
    site.wait_settled(again, "IN")
    site.check_money(*paid)
    assert site.a.rows.records() - records <= 2 * 2, "only the new entry and its confirmation, by each of ours: %d" % (
        site.a.rows.records() - records)


def test_one_of_ours_was_away(site):
    """Its p2pd asks the old ones at once, and the mesh a moment later: what both tell is one exit."""
    cars = [site.enter(site.a) for _ in range(20)]
    for event_id, _ in cars:
        site.wait_settled(event_id, "IN")
    site.b.stop()
    paid = [(event_id, site.leave(site.a, event_id, plate)) for event_id, plate in cars]
    wait_for(lambda: all(site.c.row(event_id)["status"] == "OUT" for event_id, _ in cars), what="the old one to hear it")
    site.b.start()
    site.wait_whole()
    for event_id, fee in paid:
        site.wait_settled(event_id, "OUT", fee)
    site.check_money(*paid)


def test_their_limit(site):
    """More than their library takes in one message is sent in several."""
    since = time.time() - 3600
    site.c.insert_many([{"event_id": "central-3_%d_30B%05d" % (since * 1000 + n, n), "source_central": "central-3",
                         "plate_id": "30B%05d" % n, "plate_view": "30B-%03d.%02d" % (n // 100, n % 100), "entry_time": text(since),
                         "status": "IN", "edge_id": "edge-9", "sync_status": "LOCAL", "created_at": text(time.time() - 60 + n // 100)}
                        for n in range(MANY)])
    site.c.stop()
    site.c.start()                                       # ours ask, and get 5000 at once, and then the rest
    wait_for(lambda: all(c.rows.value("SELECT count(*) FROM history WHERE plate_id LIKE '30B%'") == MANY for c in site.ours),
             what=lambda: [c.rows.value("SELECT count(*) FROM history WHERE plate_id LIKE '30B%'") for c in site.ours])
    site.newer.stop()
    site.newer.marks, site.newer.sizes = {}, []
    site.newer.start()
    wait_for(lambda: len(site.newer.rows("plate_id LIKE '30B%'")) == MANY, what=lambda: len(site.newer.rows("plate_id LIKE '30B%'")))
    assert sum(site.newer.sizes) > LIMIT and max(site.newer.sizes) < 900_000, (sum(site.newer.sizes), max(site.newer.sizes))
    site.wait_same()


def old_wire(site, id, port=None):
    """Somebody who says he is that old central."""
    wire = connect(port or site.a.p2p_port).greet(port or site.a.p2p_port, protocol=None)
    return wire


def test_strangers_and_liars(site):
    """What an old central may do, and who is one."""
    def say(kind, source="central-4", event_id="central-4_1_29X00001", **data):
        return json.dumps({"type": kind, "source_central": source, "timestamp": 1, "event_id": event_id, "data": data})

    entry = {"plate_id": "29X00001", "entry_time": text(time.time())}
    for source in ("central-1", "central-2", "central-9", "central-5"):  # itself, a native one, nobody, of the other form
        wire = old_wire(site, source)
        wire.send(say("VEHICLE_ENTRY_PENDING", source, **entry))
        assert wire.closed(), source
    wire = old_wire(site, "central-4")
    wire.send(say("HEARTBEAT"))
    refused = [say("VEHICLE_ENTRY_PENDING", "central-3", **entry), say("VEHICLE_ENTRY_PENDING", plate_id="29X00001"),
               say("VEHICLE_ENTRY_PENDING", entry_time=text(0)), say("VEHICLE_EXIT", exit_time=text(time.time()), fee=-5),
               say("VEHICLE_EXIT", exit_time="yesterday", fee=5), say("VEHICLE_EXIT", event_id=None, exit_time=text(time.time())),
               say("VEHICLE_EXIT", event_id="exit_%s_1" % ("0" * 32), exit_time=text(time.time())),
               say("VEHICLE_ENTRY_PENDING", event_id="x" * 4000, **entry), "[1]", "{", '{"type":7}', "", "null",
               say("SYNC_RESPONSE", events=[1]), "x" * 70000, "[" * 60000]
    for message in refused:
        wire.send(message)
        answer = json.loads(wire.message(10))
        while answer["type"] in ("HEARTBEAT", "VEHICLE_ENTRY_PENDING", "VEHICLE_EXIT"):
            answer = json.loads(wire.message(10))
        assert sorted(answer) == ["error", "timestamp", "type"] and answer["type"] == "ERROR", (message[:100], answer)
    for message in (say("WHATEVER"), say("HEARTBEAT"), say("SYNC_RESPONSE"), say("SYNC_RESPONSE", events={}),
                    say("HISTORY_DELETE", id=1)):
        wire.send(message)
    wire.send(say("VEHICLE_ENTRY_PENDING", **entry))
    wait_for(lambda: site.a.stay("central-4_1_29X00001"), what="the entry of the connection that lives on")
    wire.close()
    again = old_wire(site, "central-4")
    try:
        again.send(say("HEARTBEAT") + " " * 5000)                        # too large before it is known
        assert again.closed()
    except Gone:
        pass
    site.wait_same()


def test_who_comes_from_elsewhere_is_refused(site):
    """From an address where no old central is: before a frame is looked at, at the mesh's port and by nginx."""
    for port, path, header in ((site.a.p2p_port, "/", ""), (site.a.api_port, "/ws/p2p", ""),
                               (site.a.api_port, "/ws/p2p", "X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\n")):
        for source, code in (("127.0.0.9", None), (None, "101")):
            wire = connect(port, source=source)
            wire.send_raw(upgrade(port, path, protocol=None, extra=header))
            try:
                said = wire.head().split()[1]
            except Gone:
                said = None
            wire.close()
            assert said == code or (code is None and said >= "400"), (port, path, header, source, said)


def test_one_is_replaced(site):
    """An old one goes; one of ours gets its name, its place and its database, before it has heard anything of the mesh."""
    cars = [site.enter(place) for place in (site.a, site.b, site.c, site.d) for _ in range(3)]
    for event_id, _ in cars:
        site.wait_settled(event_id, "IN")
    paid = [(event_id, site.leave(place, event_id, plate))
            for (event_id, plate), place in zip(cars[::3] + cars[1::3], (site.b, site.d, site.d, site.a, site.c, site.a, site.b, site.c))]
    for event_id, fee in paid:
        site.wait_settled(event_id, "OUT", fee)
    site.d.stop()
    new = site.ground.central("central-4", p2p_port=site.place["central-4"][1], secret_file=site.secret,
                              peers={c.id: site.place[c.id] for c in site.ours},
                              options=["--legacy-peer", "central-3=127.0.0.1:%d" % site.place["central-3"][1]])
    new.start()
    new.stop()
    ctl(new, "import", site.d.path)
    for c in site.ours:
        told(c.ask("PUT", "/api/p2p/peers/central-4", {"dialect": "native"}))
    new.start()
    wait_for(lambda: new.connected("central-1", "central-2", "central-3"), what=lambda: new.status()["peers"])
    site.old, site.ours = [site.c], [*site.ours, new]
    for event_id, _ in cars[2::3]:
        site.wait_settled(event_id, "IN")
    last = [(event_id, site.leave(place, event_id, plate)) for (event_id, plate), place in zip(cars[2::3], (new, new, new, site.c))]
    came = site.enter(new)
    site.wait_settled(came[0], "IN")
    for event_id, fee in paid + last:
        site.wait_settled(event_id, "OUT", fee)
    wait_for(lambda: new.rows.heads() == site.a.rows.heads(), what="the new one to hold all")
    site.check_money(*paid, *last)


if __name__ == "__main__":
    tap.run(globals(), shared=Mixed)
