#!/usr/bin/python3
"""An authenticated peer that lies about records, vectors, ACKs and times. What it may write (its own log) is merged everywhere alike;
all else is refused or costs nobody anything; three honest centrals in a row (1 - 2 - 3) keep exchanging all the while."""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.author import Keys, Log, compact, now_ms     # noqa: E402
from tests.hostile.watch import Field, Journal, Witness         # noqa: E402
from tests.hostile.websocket import Gone, Silence, frame        # noqa: E402
from tests.site import tap                                      # noqa: E402
from tests.site.client import Lost                              # noqa: E402
from tests.site.wait import wait_for                            # noqa: E402

ROUND = int(os.environ.get("PARKMESH_HOSTILE_ROUND", 1))
INTEGER_MAX = 2 ** 53 - 1
_names = iter(range(10 ** 6))


class Row(Field):
    """central-1 (the victim), central-2, central-3, of which the first and the last meet only by way of the second."""

    def __init__(self, ground):
        super().__init__(ground, 3, [(0, 1), (1, 2)])
        self.third = self.site[2]

    def insider(self):
        """A fresh peer that has joined the victim -> Session"""
        peer = self.peer("insider-%d" % next(_names))
        return self.own(peer.join(self.port)).greet()

    def all_agree(self):
        self.cross(self.third, self.victim)
        self.site.check_agreement()


def wrong_page(field, change):
    """A page of a good log, spoilt by change(data, lines): ERROR, the end, counted, nothing of it taken."""
    session, before = field.insider(), field.counts().get("ended_page", 0)
    log = session.peer.log()
    log.enter("98A%05d" % next(_names))
    data, lines = log.page()
    data, lines = change(data, list(lines)) or (data, lines)
    session.ask("BATCH", data, lines)
    session.refused("page")
    field.wait_counted("ended_page", before + 1)
    assert log.log not in field.victim.rows.heads(), "nothing of it is held"


def test_forged_pages(field):
    wrong_page(field, lambda data, lines: data.update(seal="00" * 64))
    wrong_page(field, lambda data, lines: data.update(seal=Keys().sign(b"anything").hex()))
    wrong_page(field, lambda data, lines: data.update(chain="11" * 32))
    wrong_page(field, lambda data, lines: lines.__setitem__(1, lines[1].replace(b'"ENTRY"', b'"entry"')) or (data, lines))
    wrong_page(field, lambda data, lines: lines.reverse() or (data, lines))
    wrong_page(field, lambda data, lines: lines.__setitem__(1, b"[" * 4000) or (data, lines))
    wrong_page(field, lambda data, lines: lines.__setitem__(1, b"\xff\xfe") or (data, lines))

    def resealed(data, lines):              # the seal is right, the log's id is not made of its LOG_OPEN
        forged = Log("central-2", Keys())
        other = Log("central-2", Keys())
        forged.log = other.log
        forged.lines, forged.chains = [], [bytes(32)]
        forged.add_line(other.lines[0].replace(other.keys.public.hex().encode(), forged.keys.public.hex().encode()))
        return forged.page()
    wrong_page(field, resealed)
    field.check()


def test_records_of_others_changed(field):
    """What another central wrote, passed on with one byte changed, under the liar's own seal; then as it was written."""
    field.cross(field.victim, field.partner)
    source = field.own(field.peer("insider-x").join(field.partner.p2p_port)).greet({})
    source.expect("SYNC_RESPONSE", "BATCH", where=lambda m: any(held.author == "central-2" and len(held.lines) > 1
                                                                for held in source.peer.held.values()))
    held = [held for held in source.peer.held.values() if held.author == "central-2"][0]
    source.close()
    liar = field.own(field.peer("insider-x").join(field.port))
    forged = Log("central-2", liar.peer.keys)
    forged.log, forged.lines, forged.chains = held.log, [], [bytes(32)]
    for line in held.lines:
        forged.add_line(line.replace(b"29A", b"29B"))
    liar.offer(forged)
    liar.refused("page")
    honest = field.own(field.insider())
    forged.lines, forged.chains = [], [bytes(32)]
    for line in held.lines:
        forged.add_line(line)
    data, lines = forged.page()
    data.update(seal=Log.seal(forged, forged.seq).hex())
    honest.ask("BATCH", data, lines)
    honest.refused("page")
    field.check()


def test_forks_of_its_own_log(field):
    """Two sealed histories of one log: the first held stays, the alarm is raised, the connection and all other logs go on."""
    session = field.insider()
    log = session.peer.log()
    log.enter("97A%05d" % next(_names))
    other = log.copy()
    first, second = log.enter("97A%05d" % next(_names)), other.enter("97B%05d" % next(_names))
    session.acked(session.offer(log))
    for page in ((other, 1), (other, 3)):
        number = session.offer(*page)
        answer = session.acked(number)
        assert answer.data["vector"] == log.entry() and "dropped" not in answer.data, answer
    field.journal.wait("event=fork")
    assert field.victim.stay(first) and not field.victim.stay(second)
    assert field.counts()["forks"] >= 1 and session.alive()
    again = session.peer.log()
    event_id = again.enter("97C%05d" % next(_names))
    session.acked(session.offer(again))
    assert field.victim.stay(event_id), "another log of the same author goes on"
    field.check()


def entered(central):
    """An entry, if the gate answers -> event_id"""
    try:
        status, answer = central.open("edge-1", "92A%05d" % next(_names), "ENTRY")
    except Lost:
        return None
    return answer["event_id"] if status == 200 else None


def test_claims_of_what_nobody_has(field):
    """It claims more of the third central's log than there is and never delivers: the rest comes from somebody else."""
    field.cross(field.third, field.victim)
    mine = [log for log, author in ((row["log"], row["id"]) for row in field.third.rows.query("SELECT log, id FROM logs"))
            if author == "central-3"]
    liars = [field.insider() for _ in range(12)]
    for session in liars:
        session.ask("SYNC_REQUEST", {"vector": {log: [10 ** 6, "00" * 8] for log in mine}, "logs": []})
    field.third.kill("fcgi")                # its next record begins a new log, which somebody has to be asked for anew
    event_id = wait_for(lambda: entered(field.third), what="the gate of the third")
    log = field.third.rows.value("SELECT log FROM records WHERE event_id = ?", event_id)
    for session in liars:
        session.ask("SYNC_REQUEST", {"vector": {log: [10 ** 6, "00" * 8]}, "logs": []})
    began = time.monotonic()
    wait_for(lambda: field.victim.stay(event_id), what="the entry, from whoever has it")
    tap.note("by way of the second, among twelve liars: %.1f s" % (time.monotonic() - began))
    for _ in range(3):
        field.cross(field.third, field.victim)
    assert field.victim.connected("central-2")
    field.check()


def test_invented_logs(field):
    """65 536 logs that nobody wrote."""
    session = field.insider()
    for part in range(32):
        vector = {os.urandom(16).hex(): [INTEGER_MAX, "ab" * 8] for _ in range(2100)}
        session.ask("SYNC_REQUEST", {"vector": vector, "logs": [], "more": part < 31})
    assert session.alive(within=60)
    session.ask("SYNC_REQUEST", {"vector": {}, "logs": [os.urandom(16).hex() for _ in range(6000)]})
    assert session.alive(within=60)
    field.both_ways()
    field.all_agree()
    session.close()
    field.check()


def test_acks_heartbeats_and_numbers(field):
    """ACKs of what was never sent, of too much, of others' logs; requests with one number; times as nobody's clock shows them."""
    session = field.insider()
    heads = {log: [INTEGER_MAX, "00" * 8] for log in field.victim.rows.heads()}
    for vector in ({}, {os.urandom(16).hex(): [7, "00" * 8]}):
        for number in (1, 2, 77, INTEGER_MAX):
            session.say("ACK", {"vector": vector}, request_id=number)
            session.say("ACK", {"vector": vector, "dropped": True}, request_id=number)
            session.say("ACK", {"vector": vector, "hold": True}, request_id=number)
    session.say("ACK", {"vector": {}})
    for sent_at in (0, 1, INTEGER_MAX):
        session.say("HEARTBEAT", {"vector": {}, "sent_at": sent_at, "echo": {"sent_at": INTEGER_MAX, "received_at": 0}},
                    timestamp=INTEGER_MAX, request_id=3)
    assert session.alive()
    log = session.peer.log()
    for _ in range(3):
        data, lines = log.page()
        session.say("BATCH", data, lines, request_id=5)
    assert session.alive()
    assert field.counts()["stray_ack"] >= 8
    for other in ({"timestamp": 2 ** 53}, {"timestamp": -1}, {"timestamp": "now"}, {"request_id": 0}, {"request_id": 2 ** 53},
                  {"source_central": "A B"}):
        bad = field.insider()
        bad.say("HEARTBEAT", {"vector": {}, "sent_at": 1}, **other)
        bad.refused("syntax")
    for data in ({"vector": {}, "sent_at": 2 ** 53}, {"vector": [], "sent_at": 1}, {"vector": {"x": [1, "00" * 8]}, "sent_at": 1},
                 {"vector": {"0" * 32: [2 ** 53, "00" * 8]}, "sent_at": 1}, {"vector": {"0" * 32: [1, "00"]}, "sent_at": 1}):
        bad = field.insider()
        bad.say("HEARTBEAT", data)
        bad.refused("syntax")
    bad = field.insider()
    bad.ask("BATCH", dict(log.page()[0], count=513), log.lines)
    bad.refused("syntax")
    bad = field.insider()
    data, lines = log.page()
    bad.say("BATCH", data, lines)
    bad.refused("syntax")
    assert heads
    field.check()


def test_acks_of_what_was_sent(field):
    """It acknowledges all and holds nothing, drops all, or says that it cannot take it: nobody else waits for it."""
    for data in ({"dropped": True}, {"hold": True}, {}):
        session = field.own(field.peer("insider-%d" % next(_names)).join(field.port)).greet({})
        page = session.expect("SYNC_RESPONSE", "BATCH", answer=False)
        for _ in range(5):
            session.say("ACK", dict(data, vector={page.data["log"]: [0, "00" * 8]}), request_id=page.request_id)
            field.both_ways()
            if "dropped" not in data:
                break
            page = session.expect("SYNC_RESPONSE", "BATCH", answer=False)
        assert session.alive(answer=False)
        session.close()
    field.check()


# ---- what it may write


def full_page(log, count, size=0, type="UNHEARD_OF", **data):
    """count records with so many bytes of text in each -> the seq of the first"""
    first = log.seq + 1
    for _ in range(count):
        log.add(type, dict(data, text="y" * size))
    return first


def test_odd_records_are_kept_and_passed_on(field):
    """Unknown types, wrong types, nesting, 8 KiB, the largest times: stored, acknowledged, passed on, the same rows everywhere."""
    session = field.insider()
    log = session.peer.log()
    room = 8192 - len(Log.add(log.copy(), "UNHEARD_OF", {"text": ""})) - 8
    full_page(log, 3, room)
    log.add("UNHEARD_OF", json.loads("[" * 40 + "]" * 40))
    log.add_line(compact({"type": "DEEP", "log": log.log, "seq": log.seq + 1, "source_central": log.id}).encode()[:-1] +
                 b',"data":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}")
    plate = "96A%05d" % next(_names)
    for type, data, other in (
            ("VEHICLE_ENTRY_PENDING", {"plate_id": 7}, {}), ("VEHICLE_ENTRY_PENDING", {}, {}), ("VEHICLE_EXIT", {"fee": -1}, {}),
            ("VEHICLE_EXIT", {"plate_id": plate, "fee": INTEGER_MAX}, {}), ("VEHICLE_EXIT", {"plate_id": plate, "fee": 1}, {"at": INTEGER_MAX}),
            ("HISTORY_DELETE", {"by": "x"}, {"event_id": "exit_%s_1" % log.log}), ("CONFIG_UPDATE", {"key": "x" * 500, "value": {}}, {}),
            ("CONFIG_UPDATE", {"key": "timezone", "value": 7}, {}), ("VEHICLE_ENTRY_CONFIRMED", {}, {"event_id": "nothing"}),
            ("VEHICLE_ENTRY_PENDING", {"plate_id": plate}, {"event_id": "e" * 200, "hlc": "nonsense"}),
            ("VEHICLE_ENTRY_PENDING", {"plate_id": plate}, {"event_id": "a'b\"c\n%s" % plate, "timestamp": INTEGER_MAX})):
        log.add(type, data, **other)
    number = session.offer(log)
    answer = session.acked(number)
    assert answer.data == {"vector": log.entry()}, answer
    field.check()


def test_gates_go_on_after_the_largest_times(field):
    """Somebody's clock, or malice, has written the last moment there is: gates still open, also for that plate, and all agree."""
    session = field.insider()
    log, plate = session.peer.log(), "95A%05d" % next(_names)
    log.enter(plate, at=INTEGER_MAX)
    log.add("VEHICLE_EXIT", {"plate_id": plate, "fee": 1}, at=INTEGER_MAX)
    for n, hlc in enumerate(((INTEGER_MAX, INTEGER_MAX), (INTEGER_MAX, INTEGER_MAX - 1), (INTEGER_MAX - 1, INTEGER_MAX))):
        log.enter("95B0000%d" % n, hlc="%d.%d" % hlc)
    session.acked(session.offer(log))
    wait_for(lambda: field.partner.rows.heads().get(log.log), what="it to come to the others")
    for central in field.site:
        for direction in ("ENTRY", "EXIT"):
            status, answer = central.open("edge-1", plate, direction)
            assert status in (200, 409), answer
    field.both_ways()
    field.both_ways()
    field.check()


def test_pages_that_cost_much(field):
    """512 records a page, each in a log or for a plate of its own, and the same page over and over by one who reads no answer."""
    witness = field.own(Witness(field))
    session = field.insider()
    began = time.monotonic()
    numbers = []
    for _ in range(20 * ROUND):
        log = session.peer.log()
        log.enter("94A%05d" % next(_names))
        numbers.append(session.offer(log))
    for number in numbers:
        session.acked(number, within=60)
    log = session.peer.log()
    for page in range(2 * ROUND):
        first = log.seq + 1
        for _ in range(512 - (page == 0)):
            log.enter("94B%05d" % (next(_names) % 100000))
        session.acked(session.offer(log, first if page else 1), within=60)
    tap.note("%.1f s" % (time.monotonic() - began))
    deaf = field.own(field.peer("insider-%d" % next(_names)).join(field.port, buffer=4096)).greet()
    small = deaf.peer.log()
    data, lines = small.page()
    same = frame(deaf.text("BATCH", data, lines, request_id=1)) * 200
    until = time.monotonic() + 3 * ROUND
    try:
        while time.monotonic() < until:
            deaf.wire.send_raw(same, within=max(until - time.monotonic(), 0.1))
    except (Gone, Silence):
        pass
    tap.note("the same page over and over: %.1f MiB; %s" % (deaf.wire.sent / 2 ** 20, witness.stop()))
    deaf.close()
    field.check()


def test_all_agree_on_all_of_it(field):
    field.all_agree()
    field.check()


def test_two_variants_for_two_centrals(field):
    """An author who seals two histories of one log and gives each to another central: they tell it, stop that log, and go on."""
    near, far = field.insider(), None
    log = near.peer.log()
    other = log.copy()
    first, second = log.enter("93A00001"), other.enter("93B00001")
    far = field.own(field.peer(near.peer.id).join(field.partner.p2p_port)).greet({})
    partner = Journal(field.partner)
    near.acked(near.offer(log))
    far.acked(far.offer(other))
    near.close()
    far.close()
    event_id = field.victim.enter("edge-1", "93C00001")["event_id"]
    wait_for(lambda: field.third.stay(event_id), what="the others' logs to go on")
    wait_for(lambda: field.journal.lines("event=log_stopped") or partner.lines("event=log_stopped"), what="the alarm")
    assert field.victim.stay(first) and not field.victim.stay(second)
    assert field.partner.stay(second) and not field.partner.stay(first)
    field.cross(field.third, field.victim)
    field.check()


if __name__ == "__main__":
    tap.run(globals(), Row)
