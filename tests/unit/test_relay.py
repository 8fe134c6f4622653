#!/usr/bin/python3
"""The relays that tests put between centrals do what they say: a fault that does not happen would prove nothing."""
import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site.proxy import Link, Relay                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

QUIET = 0.3                 # seconds in which nothing may come


class Pair:
    """A relay with a listener behind it, and one connection through it: near dialled, far was dialled."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.relay = Relay(self.listener.getsockname()[1])
        self.dial()

    def dial(self):
        self.near = socket.create_connection(("127.0.0.1", self.relay.port), 20)
        self.far = self.listener.accept()[0]
        self.far.settimeout(20)
        wait_for(lambda: self.relay.connections > 0, what="the relay to hand on")

    def close(self):
        for one in (self.near, self.far, self.listener):
            one.close()
        self.relay.clean_up()


def receive(end, count):
    got = b""
    while len(got) < count:
        part = end.recv(count - len(got))
        if not part:
            break
        got += part
    return got


def silent(end):
    end.settimeout(QUIET)
    try:
        end.recv(1)
        return False
    except TimeoutError:
        return True
    finally:
        end.settimeout(20)


def how_it_ends(end):
    """-> "FIN" or "RST" """
    try:
        while end.recv(65536):
            pass
        return "FIN"
    except ConnectionResetError:
        return "RST"


def test_bytes_pass_as_they_are(pair):
    sent = os.urandom(300000)
    threading.Thread(target=pair.near.sendall, args=(sent,)).start()
    assert receive(pair.far, len(sent)) == sent
    pair.far.sendall(b"and back")
    assert receive(pair.near, 8) == b"and back"
    assert (pair.relay.bytes, pair.relay.accepted) == (300008, 1), (pair.relay.bytes, pair.relay.accepted)
    pair.near.close()
    assert how_it_ends(pair.far) == "FIN"


def test_hang_up_and_reset(pair):
    for fault, ending in ((pair.relay.hang_up, "FIN"), (pair.relay.reset, "RST")):
        pair.near.sendall(b"x")
        assert receive(pair.far, 1) == b"x"
        assert fault() == 1
        assert (how_it_ends(pair.near), how_it_ends(pair.far)) == (ending, ending)
        wait_for(lambda: pair.relay.connections == 0, what="the relay to forget it")
        pair.dial()


def test_cut_and_heal(pair):
    pair.relay.cut()
    assert how_it_ends(pair.near) == "RST" and how_it_ends(pair.far) == "RST"
    try:
        socket.create_connection(("127.0.0.1", pair.relay.port), 5).close()
        raise AssertionError("nobody listens while it is cut")
    except ConnectionRefusedError:
        pass
    pair.relay.heal()
    pair.dial()


def test_stall_of_one_way(pair):
    pair.relay.forward.stalled = True
    pair.near.sendall(b"there")
    pair.far.sendall(b"back")
    assert receive(pair.near, 4) == b"back" and silent(pair.far)
    pair.relay.calm()
    assert receive(pair.far, 5) == b"there", "late, but nothing is lost"


def test_slow_and_delayed(pair):
    sent = os.urandom(3000)
    pair.relay.forward.rate, began = 10000, time.monotonic()
    pair.near.sendall(sent)
    assert receive(pair.far, len(sent)) == sent
    assert time.monotonic() - began > 0.29, "3000 bytes at 10000 a second"
    pair.relay.forward.rate, pair.relay.back.delay = None, 2 * QUIET
    pair.far.sendall(b"back")
    assert silent(pair.near) and receive(pair.near, 4) == b"back"


def test_truncate(pair):
    pair.relay.forward.truncate = 1
    pair.near.sendall(b"0123456789")
    assert receive(pair.far, 10) == b"01234" and how_it_ends(pair.far) == "FIN"
    assert how_it_ends(pair.near) == "FIN" and pair.relay.truncations == 1


def test_corrupt(pair):
    pair.relay.back.corrupt = 1
    sent = os.urandom(5000)
    pair.far.sendall(sent)
    got = receive(pair.near, len(sent))
    assert len(got) == len(sent) and got != sent and pair.relay.corruptions > 0
    pair.near.sendall(sent)
    assert receive(pair.far, len(sent)) == sent, "the other way is well"


def test_a_link_is_both_relays(pair):
    other = Pair()
    try:
        link = Link(pair.relay, other.relay)
        link.set("there", stalled=True)
        assert (pair.relay.forward.stalled, pair.relay.back.stalled) == (True, False)
        assert (other.relay.forward.stalled, other.relay.back.stalled) == (False, True)
        link.calm()
        link.set("back", rate=7)
        assert (pair.relay.forward.rate, pair.relay.back.rate, other.relay.forward.rate, other.relay.back.rate) == (None, 7, 7, None)
    finally:
        other.close()


def main():
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    print("1..%d" % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        pair, why = Pair(), None
        try:
            test(pair)
        except (AssertionError, OSError) as e:
            why = e
            failed += 1
            print("# %r" % e)
        finally:
            pair.close()
        print("%s %d - %s" % ("not ok" if why else "ok", number, name), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
