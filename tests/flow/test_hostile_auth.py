#!/usr/bin/python3
"""A stand-in peer written from the documents talks to the real p2pd, in both roles; then liars try the same without the right to."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.author import Keys, now_ms               # noqa: E402
from tests.hostile.peer import Peer                         # noqa: E402
from tests.hostile.watch import Field                       # noqa: E402
from tests.hostile.websocket import Gone                    # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402


def records_go_both_ways(field, peer, session, plate):
    """What the stand-in writes is in the central's history; what the central writes verifies here; both acknowledge."""
    log = peer.log()
    event_id = log.enter(plate)
    session.greet()
    number = session.offer(log)
    answer = session.acked(number)
    assert answer.data == {"vector": log.entry()}, answer
    row = field.victim.stay(event_id)       # acknowledged: so it is committed
    assert row and (row["plate_id"], row["source_central"], row["status"]) == (plate, peer.id, "IN"), row
    wait_for(lambda: field.partner.stay(event_id), what="it came to the third one by way of the second")

    entry = field.victim.enter("edge-1", plate.replace("99", "98"))
    session.expect("BATCH", where=lambda m: any(json.loads(r).get("event_id") == entry["event_id"] for r in m.records))
    mine = [held for held in peer.held.values() if held.author == "central-1"]
    assert mine and all(held.key == session.theirs.public_key for held in mine), "its own logs, under its own key"
    assert {held.author for held in peer.held.values()} == {"central-1"}, "logs of others only to who asks"
    heads = field.victim.rows.heads()
    for held in mine:
        assert heads[held.log] == (len(held.lines), held.chains[-1].hex().upper())
    assert session.alive()
    log.add("VEHICLE_EXIT", {"plate_id": plate, "exit_central": peer.id, "exit_edge": "edge-1", "fee": 7000,
                             "exit_time": "2026-01-02 05:04:05", "duration": "2 giờ 0 phút", "tariff": None, "reason": "normal"}, event_id)
    session.acked(session.offer(log, first=2), within=30)
    assert field.victim.stay(event_id)["status"] == "OUT" and field.victim.stay(event_id)["fee"] == 7000


def test_the_stand_in_dials(field):
    for tls, plate in ((False, "99A00001"), (True, "99A00003")):
        peer = field.peer("central-7", tls=tls)
        session = field.own(peer.join(field.port))
        records_go_both_ways(field, peer, session, plate)
        wait_for(lambda: field.victim.connected("central-7"), what="it to be shown as connected")
        session.close()
    field.check()


def test_the_stand_in_is_dialled(field):
    peer = field.peer("central-8")
    told(field.victim.ask("POST", "/api/p2p/peers", {"id": "central-8", "ip": "127.0.0.1", "p2p_port": peer.listen()}))
    session = field.own(peer.accept().hello().auth())
    records_go_both_ways(field, peer, session, "99A00002")
    session.close()
    again = field.own(peer.accept().hello().auth())         # dialled again; and a peer that forgot is given all anew
    peer.held.clear()
    again.greet({})
    again.expect("SYNC_RESPONSE", "BATCH", where=lambda m: json.loads(m.records[0])["type"] == "LOG_OPEN")
    again.close()
    told(field.victim.ask("DELETE", "/api/p2p/peers/central-8"))
    field.check()


def test_heartbeats(field):
    session = field.own(field.peer("central-9").join(field.port)).greet()
    beat = session.expect("HEARTBEAT", where=lambda m: m.request_id)
    assert abs(beat.data["sent_at"] - now_ms()) < 60000, beat
    before = now_ms()
    session.ask("HEARTBEAT", {"vector": {}, "sent_at": before})
    echo = session.expect("HEARTBEAT", where=lambda m: "echo" in m.data).data
    assert echo["echo"]["sent_at"] == before and abs(echo["echo"]["received_at"] - now_ms()) < 60000, echo
    field.check()


# ---- liars


def refused_as(field, code, session, act):
    """act() is answered with this ERROR and the end, and counted."""
    field.own(session)
    before = field.counts().get("ended_" + code.replace("_", "-"), 0)
    act(session)
    session.refused(code)
    field.wait_counted("ended_" + code.replace("_", "-"), before + 1)


def test_wrong_secret_and_reflected(field):
    refused_as(field, "wrong_secret", field.peer("central-7", secret="another").dial(field.port),
               lambda s: s.hello() and s.prove())
    refused_as(field, "wrong_secret", field.peer("central-7", secret="").dial(field.port), lambda s: s.hello() and s.prove())
    refused_as(field, "wrong_secret", field.peer("central-7").dial(field.port),
               lambda s: s.hello() and s.say("AUTH", s.own_auth("listener")))
    refused_as(field, "wrong_secret", field.peer("central-7").dial(field.port), lambda s: s.hello() and s.prove(proof="00" * 32))
    refused_as(field, "wrong_secret", field.peer("central-7").dial(field.port),
               lambda s: s.hello() and s.prove(signature="00" * 64))
    field.check()


def test_its_own_proof_sent_back(field):
    """Dialled by the victim, a liar without the secret has only what the victim says; it cannot make it say the listener's part."""
    liar = field.peer("central-6", secret="")
    told(field.victim.ask("POST", "/api/p2p/peers", {"id": "central-6", "ip": "127.0.0.1", "p2p_port": liar.listen(),
                                                            "tls": False}))
    session = field.own(liar.accept())
    session.hello()
    heard = session.hear()
    assert heard.type == "AUTH", "the dialler proves first"
    session.say("AUTH", heard.data)
    session.refused("wrong_secret")
    # The victim's nonce and key, its id, told back as if they were the liar's.
    session = field.own(liar.accept())
    hello = session.their_hello()
    session.say("HELLO", hello)
    session.refused("own_id")
    # On the other side: its proof as a dialler shown to it where it listens.
    session, other = field.own(liar.accept()), field.own(liar.dial(field.port))
    other.say("HELLO", other.own_hello(nonce=session.their_hello()["nonce"]))
    session.say("HELLO", session.own_hello(nonce=other.their_hello()["nonce"]))
    other.say("AUTH", session.hear().data)
    other.refused("wrong_secret")
    told(field.victim.ask("DELETE", "/api/p2p/peers/central-6"))
    field.check()


def test_replayed_proof(field):
    """Every byte of a session that was good, said again on a new connection."""
    peer = field.peer("central-7")
    good = field.own(peer.dial(field.port).hello())
    auth = good.own_auth()
    good.say("AUTH", auth)
    good.their_auth()
    again = field.own(peer.dial(field.port))
    again.nonce = good.nonce
    again.hello()
    assert again.theirs.nonce != good.theirs.nonce, "a nonce is used once"
    again.say("AUTH", auth)
    again.refused("wrong_secret")
    assert good.alive(), "the good one does not notice"
    field.check()


def relayed(field, change, tls=True):
    """The victim dials somebody in the middle, by TLS or not, who hands on to the partner in the same way; change(direction, text)
    alters what passes."""
    middle = field.own(Peer("central-2", ""))               # speaks in the partner's name and knows nothing
    honest = [peer for peer in field.victim.config()["peer_centrals"] if peer["id"] == "central-2"][0]
    told(field.victim.ask("PUT", "/api/p2p/peers/central-2", dict(honest, p2p_port=middle.listen(), tls=tls)))
    try:
        near = field.own(middle.accept())
        far = field.own(Peer("nobody", "", tls=tls).dial(field.partner.p2p_port))
        said = {}
        for kind in ("HELLO", "AUTH"):
            for source, target, name in ((near, far, "dialler"), (far, near, "listener")):
                try:
                    text = source.wire.message(10)
                except Gone:
                    return said
                said[name, kind] = json.loads(text.split(b"\n")[0])
                if said[name, kind]["type"] != kind:
                    return said
                target.wire.send(change(name, kind, text))
        return said
    finally:
        told(field.victim.ask("PUT", "/api/p2p/peers/central-2", dict(honest, tls=True)))
        field.read_again()


def swap(name, value, of="dialler"):
    def change(direction, kind, text):
        if kind != "HELLO" or direction != of:
            return text
        told_by = json.loads(text)
        told_by["data"][name] = value(told_by["data"][name]) if callable(value) else value
        return json.dumps(told_by).encode()
    return change


def code(message):
    return message["code"] if message["type"] == "ERROR" else message["type"]


MIDDLE = (      # what is told instead; what the listener then answers to AUTH, or the dialler to HELLO
    ("nonce", lambda old: "00" * 32, "wrong_secret", None), ("public_key", lambda old: Keys().public.hex(), "wrong_secret", None),
    ("id", "central-5", "wrong_secret", "wrong_id"), ("mesh", "another", "wrong_mesh", "wrong_mesh"),
)


def test_somebody_in_the_middle(field):
    """Any change of HELLO is noticed before the listener has proven anything. Who hands on unchanged, as a wire does, is one where TLS
    is not wanted; here it is, and who takes it apart or has left it out is noticed, too."""
    for name, value, listener, dialler in MIDDLE:
        said = relayed(field, swap(name, value, "dialler"), tls=False)
        assert code(said["listener", "AUTH"]) == listener, (name, said)
        if dialler is None and name != "nonce":
            continue            # the listener's nonce and key go the same way
        said = relayed(field, swap(name, value, "listener"), tls=False)
        seen = said["dialler", "AUTH"] if dialler else said["listener", "AUTH"]
        assert code(seen) == (dialler or listener), (name, said)
    for tls, answer in ((False, "tls_needed"), (True, "wrong_secret")):
        said = relayed(field, lambda direction, kind, text: text, tls)
        assert code(said["listener", "AUTH"]) == answer, said
    field.site.wait_connected()
    field.both_ways()
    field.journal = type(field.journal)(field.victim)       # it was told to dial elsewhere: those ends were wanted
    field.check()


def test_another_key_than_the_pinned_one(field):
    field.own(field.peer("central-10").join(field.port)).alive()
    for id in ("central-10", "central-2"):
        refused_as(field, "wrong_key", field.peer(id, keys=Keys(), tls=True).dial(field.port), lambda s: s.hello() and s.prove())
    refused_as(field, "own_id", field.peer("central-1").dial(field.port), lambda s: s.hello() and s.prove())
    field.check()


def test_out_of_turn(field):
    peer = field.peer("central-7")
    for kind, data in (("AUTH", {"proof": "00" * 32, "signature": "00" * 64}), ("HEARTBEAT", {"vector": {}, "sent_at": 1}),
                       ("SYNC_REQUEST", {"vector": {}}), ("ACK", {"vector": {}}), ("UNHEARD_OF", {})):
        refused_as_fault(field, peer.dial(field.port), lambda s: s.say(kind, data))
    refused_as_fault(field, peer.dial(field.port), lambda s: s.hello() and s.say("HELLO", s.own_hello()))
    refused_as_fault(field, peer.dial(field.port), lambda s: s.hello() and s.ask("SYNC_REQUEST", {"vector": {}}))
    refused_as_fault(field, peer.join(field.port), lambda s: s.say("HELLO", s.own_hello()))
    refused_as_fault(field, peer.join(field.port), lambda s: s.prove())
    for other in ({"mesh": "another"}, {"id": "Central 7"}, {"version": 0}, {"nonce": "00"}, {"public_key": "zz"}, {"software": 7}):
        session = field.own(peer.dial(field.port))
        session.say("HELLO", session.own_hello(**other))
        session.refused("wrong_mesh" if "mesh" in other else "syntax")
    field.check()


def refused_as_fault(field, session, act):
    field.own(session)
    before = field.counts().get("ended_fault", 0)
    act(session)
    session.refused("syntax")
    field.wait_counted("ended_fault", before + 1)


if __name__ == "__main__":
    tap.run(globals(), Field)
