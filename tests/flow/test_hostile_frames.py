#!/usr/bin/python3
"""Frames as they must not be, messages that are too large, and those that never stop."""
import os
import secrets
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile import websocket                         # noqa: E402
from tests.hostile.author import now_ms                     # noqa: E402
from tests.hostile.peer import PAGES                        # noqa: E402
from tests.hostile.watch import Field, Witness              # noqa: E402
from tests.hostile.websocket import BINARY, CLOSE, MORE, PING, PONG, Gone, Silence, frame   # noqa: E402
from tests.site import tap                                  # noqa: E402

BEAT = '{"type":"HEARTBEAT","data":{"vector":{},"sent_at":1}}'
MESSAGE_MAX, BEFORE_AUTH = 256 * 1024, 4096
ROUND = int(os.environ.get("PARKMESH_HOSTILE_ROUND", 1))    # how many times as much is flooded


def stranger(field):
    return field.own(field.peer("central-7").dial(field.port))


def insider(field, id="central-7"):
    return field.own(field.peer(id).join(field.port)).greet()


BAD_FRAMES = {      # name: bytes. Answered with the end of the connection (the sender can make out nothing that is said).
    "reserved bit 1, a compressed message": frame(BEAT, rsv=4),
    "reserved bit 2": frame(BEAT, rsv=2),
    "reserved bit 3": frame(BEAT, rsv=1),
    "reserved opcode": frame(BEAT, opcode=3),
    "reserved control opcode": frame(b"", opcode=11),
    "a ping in fragments": frame(b"x", opcode=PING, fin=False),
    "a ping of 126 bytes": frame(b"x" * 126, opcode=PING),
    "a close of one byte": frame(b"x", opcode=CLOSE),
    "a continuation of nothing": frame(BEAT, opcode=MORE),
    "a new message within one": frame(BEAT[:9], fin=False) + frame(BEAT),
    "a length of 2^63": frame(b"", announce=2 ** 63),
}
BAD_MESSAGES = {    # name: (bytes, what the ERROR says)
    "binary": frame(BEAT, opcode=BINARY),
    "not UTF-8": frame(b'{"type":"HEARTBEAT","x":"\xff\xfe","data":{"vector":{},"sent_at":1}}'),
    "UTF-8 cut off": frame(b'{"type":"HEARTBEAT","x":"\xc4'),
    "a NUL": frame('{"type":"HEARTBEAT","x":"\\u0000","data":{"vector":{},"sent_at":1}}'),
    "empty": frame(b""),
    "no object": frame("[]"),
    "nested deeply": frame("[" * 3000 + "]" * 1000),
    "64 MiB announced": frame(b"{" * 100, announce=64 * 1024 * 1024),
}


def bad_on(session_of, field):
    before = field.counts()
    for name, data in BAD_FRAMES.items():
        session = session_of(field)
        session.wire.send_raw(data)
        try:
            session.ended(within=20)
        except Silence:
            raise AssertionError("%s: the connection stays" % name) from None
        session.close()
    for name, data in BAD_MESSAGES.items():
        session = session_of(field)
        session.wire.send_raw(data)
        try:
            session.refused("syntax")
        except (Gone, Silence) as e:
            raise AssertionError("%s: no ERROR, %r" % (name, e)) from e
        session.close()
    field.wait_counted("ended_fault", before.get("ended_fault", 0) + len(BAD_MESSAGES))
    field.wait_counted("ended", before.get("ended", 0) + len(BAD_MESSAGES) + len(BAD_FRAMES))


def test_bad_frames_of_strangers(field):
    bad_on(lambda f: stranger(f).hello(), field)
    field.check()


def test_bad_frames_of_insiders(field):
    bad_on(insider, field)
    field.check()


def test_odd_frames_that_are_taken(field):
    """Trickled bytes, empty fragments, pings between fragments, long headers for short messages, odd masks. No mask at all is
    forbidden, but libwebsockets takes it; masks guard proxies on the way, not us."""
    session = insider(field)
    text = session.text("HEARTBEAT", {"vector": {}, "sent_at": now_ms()}, request_id=session.request())
    session.wire.send_raw(frame(text[:5], fin=False) + frame(b"", MORE, fin=False) + frame(b"between", PING) +
                          frame(text[5:40], MORE, fin=False, mask=bytes(4)) + frame(text[40:], MORE, wide=0))
    session.expect("HEARTBEAT", where=lambda m: "echo" in m.data)
    text = session.text("HEARTBEAT", {"vector": {}, "sent_at": now_ms()}, request_id=session.request())
    for byte in frame(text):
        session.wire.send_raw(bytes([byte]))
    session.expect("HEARTBEAT", where=lambda m: "echo" in m.data)
    session.wire.send(BEAT, mask=None)
    assert session.alive()
    field.check()


# ---- sizes


def test_too_large(field):
    """4 KiB before AUTH, 256 KiB after: one byte more, in one frame or in many, is refused; as much is taken."""
    def filled(session, size):
        bare = session.text("UNHEARD_OF", {"x": ""})
        return session.text("UNHEARD_OF", {"x": "y" * (size - len(bare))})

    session = stranger(field)
    hello = session.own_hello(more="")
    room = BEFORE_AUTH - len(session.text("HELLO", hello))
    session.say("HELLO", dict(hello, more="y" * room))
    session.their_hello()
    session.auth()
    assert session.greet().alive(), "4096 bytes are allowed"
    before = field.counts()["unknown_type"]
    session.wire.send(filled(session, MESSAGE_MAX))
    field.wait_counted("unknown_type", before + 1)
    assert session.alive(), "262144 bytes are allowed"
    session.wire.send(filled(session, MESSAGE_MAX + 1))
    session.refused("syntax")
    for size, session in ((BEFORE_AUTH + 1, stranger(field).hello()), (MESSAGE_MAX + 1, insider(field))):
        text = filled(session, size)
        session.wire.send_raw(frame(text[:1], fin=False))
        for i in range(1, size, 1000):
            session.wire.send_raw(frame(text[i:i + 1000], MORE, fin=i + 1000 >= size))
        session.refused("syntax")
    field.check()


def test_64_MiB_announced_and_sent(field):
    """It is refused when announced; who goes on sending all the same is cut off, and nothing of it is kept."""
    for session in (stranger(field).hello(), insider(field)):
        session.wire.send_raw(frame(b"", announce=64 * 1024 * 1024)[:14])
        try:
            for _ in range(64 * 16):
                session.wire.send_raw(bytes(65536))
        except (Gone, Silence):
            pass
        session.close()
    field.check()


def test_compressed(field):
    """permessage-deflate is spoken with who asks for it, and what a message inflates to counts: a small one that would become 64 MiB is
    refused like any that is too large, and costs no memory; so is one that is no deflate."""
    bomb = websocket.packed(b"a" * (64 * 1024 * 1024))
    session = field.own(field.peer("central-7").join(field.port, packs=True)).greet()
    before = field.counts()["unknown_type"]
    session.say("UNHEARD_OF", {"x": "y" * 200000})
    field.wait_counted("unknown_type", before + 1)
    assert session.alive()
    for act in (lambda s: s.wire.send_raw(frame(bomb, rsv=4)), lambda s: s.wire.send_raw(frame(os.urandom(3000), rsv=4))):
        for session in (field.own(field.peer("central-8").dial(field.port, packs=True)).hello(),
                        field.own(field.peer("central-9").join(field.port, packs=True)).greet()):
            act(session)
            assert session.wire.closed(10)
            session.close()
    field.check()


def test_what_hardly_packs_arrives_whole(field):
    """libwebsockets packs a large message bit by bit as it leaves and reads it until then: it has to be there so long. (In a build with
    AddressSanitizer nothing remains of what was freed.)"""
    for number in range(500):
        field.victim.good("POST", "/api/parking/stays", {"plate_id": "30A%05d" % number, "why": secrets.token_hex(250)})
    for _ in range(2):
        peer = field.peer("central-7")
        peer.held.clear()
        session = field.own(peer.join(field.port, packs=True)).greet({})
        session.expect(*PAGES, where=lambda message: sum(len(held.lines) for held in peer.held.values()) > 500)
        session.close()
    field.check()


def test_packed_messages_of_many_at_once_are_not_mixed_up(field):
    """libwebsockets unpacks into a buffer of its own, and from one that all connections share: what it has not unpacked when it goes on
    to the next connection is lost."""
    sessions = [field.own(field.peer("central-%d" % id).join(field.port, packs=True)).greet() for id in (7, 8, 9, 10)]
    before, told = field.counts()["unknown_type"], 0
    for number in range(60):
        for session in sessions:
            text = "".join(secrets.token_hex(4) * 2 for _ in range(number * 100))
            session.say("UNHEARD_OF", {"x": text})
            told += 1
    field.wait_counted("unknown_type", before + told)
    assert all(session.alive() for session in sessions)
    field.check()


# ---- floods


def flood(session, data, seconds):
    """Send it over and over until the time is over or the other side has had enough -> bytes sent."""
    until, before = time.monotonic() + seconds, session.wire.sent
    try:
        while time.monotonic() < until:
            session.wire.send_raw(data, within=max(until - time.monotonic(), 0.1))
    except (Gone, Silence):
        pass
    return session.wire.sent - before


FLOODS = {
    "pings": frame(b"x" * 125, PING) * 300,
    "empty pings": frame(b"", PING) * 5000,
    "pongs": frame(b"x" * 125, PONG) * 300,
    "closes": frame(b"", CLOSE) * 5000,
    "tiny messages": frame('{"type":"X"}') * 2000,
    "heartbeats to answer": frame('{"type":"HEARTBEAT","request_id":1,"data":{"vector":{},"sent_at":1}}') * 500,
    "ERRORs": frame('{"type":"ERROR","error":"x\\ninfo p2pd event=forged\\r\\n","code":"y"}') * 500,
    "SYNC_REQUESTs": frame('{"type":"SYNC_REQUEST","request_id":1,"data":{"vector":{},"logs":[],"more":true}}') * 500,
    "ACKs": frame('{"type":"ACK","request_id":7,"data":{"vector":{}}}') * 500,
}


def test_floods(field):
    """Nobody reads the answers either: so they must not pile up."""
    witness = field.own(Witness(field))
    for name, data in FLOODS.items():
        session = field.own(field.peer("central-7").join(field.port, buffer=4096)).greet()
        before = time.monotonic()
        sent = flood(session, data, 0.6 * ROUND)
        tap.note("%s: %.1f MiB in %.1f s" % (name, sent / 2 ** 20, time.monotonic() - before))
        session.close()
        field.check_memory()
    tap.note(witness.stop())
    assert not field.journal.lines("event=forged\n") and all(
        line.startswith(("info ", "warning ", "error ", "debug ")) for line in field.journal.lines("event=forged"))
    field.check()


def test_journal_of_a_flood_stays_small(field):
    """Whatever is sent: a few lines a second are written about it, not one for each message or connection."""
    session = insider(field)
    begin = len(field.journal.lines())
    flood(session, FLOODS["ERRORs"], 2)
    for _ in range(300):
        websocket.connect(field.port).reset()
        stranger(field).close()
    field.both_ways()
    written = len(field.journal.lines()) - begin
    assert written < 400, "%d lines" % written
    field.check()


if __name__ == "__main__":
    tap.run(globals(), Field)
