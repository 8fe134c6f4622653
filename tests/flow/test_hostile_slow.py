#!/usr/bin/python3
"""Those who take their time: handshakes by the byte, messages that never end, readers that sip. Each has the time wire.md gives, and
all of them wait at once here, beside honest centrals that exchange as ever."""
import os
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.tls import client_hello                  # noqa: E402
from tests.hostile.watch import Field, Witness              # noqa: E402
from tests.hostile.websocket import MORE, Gone, Silence, connect, frame, upgrade    # noqa: E402
from tests.site import tap                                  # noqa: E402

LATE = 9.0              # by when a busy machine has noticed that 5 s are over; twice 5 s would be a fault
LONG_HELLO = bytes.fromhex("16030140000101ffff") + bytes(400)     # announces as much as OpenSSL takes


def handshakes(field):
    """-> {name: (Wire, bytes to trickle)}"""
    hello = field.peer("central-7").dial(field.port)
    half = connect(field.port)
    half.send_raw(upgrade(field.port)[:-2])
    begun = connect(field.port)
    begun.send_raw(client_hello())
    return {
        "silence": (connect(field.port), b""), "a TLS handshake byte by byte": (connect(field.port), client_hello()),
        "a TLS handshake not gone on with": (begun, b""), "a long ClientHello": (connect(field.port), LONG_HELLO),
        "nothing after TLS": (connect(field.port, tls=True), b""),
        "an upgrade byte by byte by TLS": (connect(field.port, tls=True), upgrade(field.port, extra="X-Much: %s\r\n" % ("y" * 900))),
        "nothing after HELLO by TLS": (field.peer("central-8", tls=True).dial(field.port).hello().wire, b""),
        "an upgrade byte by byte": (connect(field.port), upgrade(field.port, extra="X-Much: %s\r\n" % ("y" * 900))),
        "an upgrade without an end": (half, b"X-More: 1\r\n" * 100),
        "a HELLO byte by byte": (hello.wire, frame(hello.text("HELLO", hello.own_hello(more="y" * 900)))),
        "nothing after the upgrade": (field.peer("central-8").dial(field.port).wire, b""),
        "nothing after HELLO": (field.peer("central-8").dial(field.port).hello().wire, b""),
        "empty fragments": (field.peer("central-8").dial(field.port).hello().wire,
                            frame(b"{", fin=False, mask=bytes(4)) + frame(b"", MORE, fin=False) * 500),
        "an HTTP request": (connect(field.port), b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n"),
        "noise": (connect(field.port), os.urandom(300)),
    }


def trickle_all(field):
    """Each has 5 s from TCP to AUTH, however lively it trickles."""
    slow, ended, began, at = handshakes(field), {}, time.monotonic(), 0
    while len(ended) < len(slow) and time.monotonic() < began + LATE:
        for name in slow.keys() - ended.keys():
            wire, data = slow[name]
            try:
                wire.nibble(data[at:at + 1])
            except Gone:
                ended[name] = time.monotonic() - began
        at += 1
        time.sleep(0.03)
    for wire, _ in slow.values():
        wire.close()
    tap.note("handshakes ended after: " + ", ".join("%s %.1f s" % item for item in ended.items()))
    assert ended.keys() == slow.keys(), "still there after %g s: %s" % (LATE, slow.keys() - ended.keys())


def until_gone(step, seconds=60.0):
    """Call step() over and over until the other side has had enough -> seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            step()
        except Gone:
            return time.monotonic() - began
        except Silence:
            pass
    raise AssertionError("still there after %g s" % seconds)


def fragments_without_end(field):
    """Empty ones make no message: an insider is as good as silent, or acknowledges nothing."""
    session = field.own(field.peer("central-9").join(field.port)).greet()
    session.wire.send_raw(frame(b"{", fin=False))

    def step():
        session.wire.send_raw(frame(b"", MORE, fin=False) * 200)
        time.sleep(0.05)
    tap.note("endless fragments ended after %.1f s" % until_gone(step))


def sip(field, log):
    """It is given all there is, says that it lives, and takes a byte a second: dropped, it has acknowledged nothing for 10 s."""
    session = field.own(field.peer("central-11").join(field.port, buffer=4096))
    session.ask("SYNC_REQUEST", {"vector": {}, "logs": [log.log]})

    def step():
        session.wire.sip()
        session.ask("HEARTBEAT", {"vector": {}, "sent_at": 1})
        time.sleep(1)
    tap.note("a byte a second ended after %.1f s" % until_gone(step))


def deaf(field, log):
    """It reads nothing and guesses the numbers to acknowledge, so that it is always given more: what cannot leave is bounded."""
    session = field.own(field.peer("central-12").join(field.port, buffer=4096))
    session.ask("SYNC_REQUEST", {"vector": {}, "logs": [log.log]})

    def step():
        for number in range(1, 200):
            session.say("ACK", {"vector": {log.log: [0, "00" * 8]}, "dropped": True}, request_id=number)
        time.sleep(0.05)
    tap.note("the deaf one ended after %.1f s" % until_gone(step))


def large_log(field):
    """2 MiB of records by way of an insider, held by the victim -> Log"""
    writer = field.own(field.peer("central-10").join(field.port)).greet()
    log = writer.peer.log()
    while log.seq < 300:
        first = log.seq + 1 if log.seq > 1 else 1
        for _ in range(24):
            log.add("UNHEARD_OF", {"text": "y" * 7000})
        writer.acked(writer.offer(log, first), within=60)
    writer.close()
    return log


def test_those_who_take_their_time(field):
    log, failures = large_log(field), []
    witness = field.own(Witness(field))

    def guarded(work, *arguments):
        try:
            work(field, *arguments)
        except BaseException as e:      # told in the test's own thread
            failures.append((work.__name__, e))
    threads = [threading.Thread(target=guarded, args=arguments)
               for arguments in ((trickle_all,), (fragments_without_end,), (sip, log), (deaf, log))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.note(witness.stop())
    assert not failures, failures
    field.check()


if __name__ == "__main__":
    tap.run(globals(), Field)
