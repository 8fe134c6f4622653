#!/usr/bin/python3
"""Crowds: idle connections by the hundred (thousands with PARKMESH_HOSTILE_ROUND), insiders who fill all there is
room for; the honest still get in, from the crowd's own address, too."""
import os
import resource
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.peer import Peer                         # noqa: E402
from tests.hostile.tls import client_hello                  # noqa: E402
from tests.hostile.watch import Field, Witness, descriptors     # noqa: E402
from tests.hostile.websocket import MORE, Gone, Silence, connect, frame, upgrade      # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

ROUND = int(os.environ.get("PARKMESH_HOSTILE_ROUND", 1))
STRANGERS = 64

resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


class Crowd(threading.Thread):
    """Keeps so many connections open that say nothing (or only the upgrade, or the begin of TLS), and opens new ones as fast as they are closed."""

    def __init__(self, field, size, source="127.0.0.2", greeting=b""):
        super().__init__(daemon=True)
        self.field, self.size, self.source, self.greeting = field, size, source, greeting
        self.opened, self._wires, self._over = 0, [], threading.Event()
        self.start()

    def run(self):
        while not self._over.is_set():
            while len(self._wires) < self.size and not self._over.is_set():
                self._open()
            self._wires = [wire for wire in self._wires if not self._gone(wire)]
            self._over.wait(0.02)

    def _open(self):
        try:
            wire = connect(self.field.port, self.source)
            self.opened += 1
            self._wires.append(wire)
            wire.send_raw(self.greeting)
        except (Gone, Silence):
            self._over.wait(0.01)

    @staticmethod
    def _gone(wire):
        try:
            wire.sip()
        except Gone:
            wire.close()
            return True
        return False

    def clean_up(self):
        self._over.set()
        self.join(10)
        for wire in self._wires:
            wire.close()


def test_idle_crowd(field):
    """More idle strangers than there are places: whoever is honest gets in, from another address and from the crowd's own."""
    before = descriptors(field.pid)
    for greeting in (b"", upgrade(field.port), client_hello()):
        witness, began = field.own(Witness(field)), time.monotonic()
        crowd = field.own(Crowd(field, 300 * ROUND, greeting=greeting))
        wait_for(lambda: crowd.opened >= 300 * ROUND, 60, lambda: "%d connections" % crowd.opened)
        peer = field.peer("central-9")
        for source in ("127.0.0.1", "127.0.0.2") * 3:
            tries = 0

            def got_in():
                nonlocal tries
                tries += 1
                try:
                    session = field.own(peer.join(field.port, source=source)).greet()
                    return session.alive() and session.close() is None
                except (Gone, Silence):
                    return False
            wait_for(got_in, 60, "an honest one to get in from " + source)
            assert tries == 1 or source == "127.0.0.2", "who is alone at its address is not driven out"
        while time.monotonic() < began + 3 * ROUND:
            session = peer.join(field.port, source="127.0.0.3").greet()
            assert session.alive()
            session.close()
            time.sleep(0.5)
        victim = field.partner.kill("p2pd")     # the partner has to connect anew in the midst of it, and the victim to it
        field.partner.wait_back("p2pd", victim)
        field.site.wait_connected()
        crowd.clean_up()
        assert descriptors(field.pid) < before + STRANGERS + 40, "%d descriptors" % descriptors(field.pid)
        tap.note("%d connections in %.1f s; %s" % (crowd.opened, time.monotonic() - began, witness.stop()))
    field.journal = type(field.journal)(field.victim)
    field.check()


def test_only_dialling_in(field):
    """A real central that nobody dials (behind NAT), at the crowd's own address."""
    crowd = field.own(Crowd(field, 200 * ROUND, source="127.0.0.1"))
    wait_for(lambda: crowd.opened >= 200 * ROUND, 60, lambda: "%d connections" % crowd.opened)
    third = field.ground.central("central-5", secret_file=field.site.secret_file,
                                 peers={"central-1": ("127.0.0.1", field.port)}).start()
    wait_for(lambda: third.connected("central-1"), 60, lambda: third.status()["peers"])
    field.cross(third, field.victim)
    crowd.clean_up()
    third.stop()
    field.check()


def test_reconnecting_without_end(field):
    """Strangers that come and go, insiders that prove themselves each time: nothing is left of them."""
    before, peer, began = descriptors(field.pid), field.peer("central-7"), time.monotonic()
    witness = field.own(Witness(field))
    for number in range(150 * ROUND):
        connect(field.port).reset()
        Peer("nobody", "").dial(field.port).close()
        session = peer.join(field.port)
        if number % 3 == 0:
            session.greet()
        session.close() if number % 2 else session.wire.reset()
    wait_for(lambda: descriptors(field.pid) <= before + 3, 30, lambda: "%d descriptors, %d before" % (descriptors(field.pid), before))
    tap.note("%d connections in %.1f s; %s" % (450 * ROUND, time.monotonic() - began, witness.stop()))
    field.check()


def test_unfinished_messages_of_many(field):
    """80 insiders begin messages of 255 KiB and do not finish them: 16 MiB are held, then nobody is read until some have gone."""
    sessions = [field.own(field.peer("guest-%d" % n).join(field.port)) for n in range(80)]
    witness = field.own(Witness(field))
    part = frame(b'{"type":"X","data":"' + b"y" * 200000, fin=False) + frame(b"y" * 60000, MORE, fin=False)

    def begin(session):
        try:
            session.wire.send_raw(part, within=20)
        except (Gone, Silence):
            pass
    threads = [threading.Thread(target=begin, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    field.journal.wait("event=unfinished_dropped")
    for thread in threads:
        thread.join()
    tap.note(witness.stop())
    field.check()
    for session in sessions:
        session.close()
    wait_for(lambda: "guest-79" not in [peer["peer_id"] for peer in field.victim.status()["peers"]], 60, "the guests to be gone")


def test_guests_leave_room(field):
    """Who knows the secret may come under many names, but not under so many that no configured central could be added."""
    sessions, full = [], 0
    for number in range(120):
        session = field.own(field.peer("guest-%d" % number).dial(field.port).hello())
        session.prove()
        message = session.hear()
        full += message.type == "ERROR" and message.code == "full"
        sessions.append(session)
    assert 20 <= full <= 25, "100 guests are let in, some were there before; %d of 120 were refused" % full
    late = field.peer("central-20")
    told(field.victim.ask("POST", "/api/p2p/peers", {"id": "central-20", "ip": "127.0.0.1", "p2p_port": late.listen(),
                                                             "tls": False}))
    assert field.own(late.accept().hello().auth()).alive(), "a configured one is dialled all the same"
    assert field.own(late.join(field.port)).alive(), "and comes in"
    told(field.victim.ask("DELETE", "/api/p2p/peers/central-20"))
    for session in sessions:
        session.close()
    field.check()


if __name__ == "__main__":
    tap.run(globals(), Field)
