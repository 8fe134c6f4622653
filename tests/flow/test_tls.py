#!/usr/bin/python3
"""TLS between centrals: on by default, bound to the mesh secret, demanded where it is set, and renewed without a restart. Whoever sits in
the middle with a certificate of his own is refused by both sides."""
import json
import os
import shutil
import signal
import ssl
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.peer import Peer                         # noqa: E402
from tests.hostile.tls import Middle, der_of, fingerprint, make_certificate        # noqa: E402
from tests.hostile.watch import Journal                     # noqa: E402
from tests.hostile.websocket import connect                 # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.people import ctl                          # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

PEERS = "/api/p2p/peers/"


class Two:
    """Two centrals that know each other, by TLS as is usual."""

    def __init__(self, ground):
        self.ground, self.site = ground, ground.site(2).start()
        self.a, self.b = self.site
        with open(self.site.secret_file) as f:
            self.secret = f.read().strip()
        self._plates = iter(range(1000))

    def cross(self):
        """What is entered at one is known at the other."""
        for source, target in ((self.a, self.b), (self.b, self.a)):
            event_id = source.enter("edge-1", "29A%05d" % next(self._plates))["event_id"]
            wait_for(lambda: target.stay(event_id), what="%s at %s" % (event_id, target.id))

    def know(self, c, other, **how):
        told(c.ask("PUT", PEERS + other, how))

    def strangers(self):
        """Neither knows the other, so that nobody dials."""
        for c, other in ((self.a, self.b), (self.b, self.a)):
            c.ask("DELETE", PEERS + other.id)
        for c in (self.a, self.b):
            wait_for(lambda: not neighbours(c), what="p2pd of %s to know nobody" % c.id, every=0.2)

    def friends(self, **how):
        for c, other in ((self.a, self.b), (self.b, self.a)):
            self.know(c, other.id, **dict({"ip": "127.0.0.1", "p2p_port": other.p2p_port, "tls": True}, **how))
        wanted = how.get("tls", True)
        for c, other in ((self.a, self.b), (self.b, self.a)):
            wait_for(lambda: (c.peer(other.id)["connected"], c.peer(other.id)["tls"]) == (True, wanted), what=lambda: c.status())


def neighbours(c):
    """Whom p2pd itself knows, whatever the rows say that it will read in a moment."""
    journal = Journal(c)
    for count in (1, 2):        # the second begins when the first is complete
        os.kill(c.pid("p2pd"), signal.SIGUSR1)
        journal.wait("event=dump ", count)
    return journal.lines("event=dump_neighbour")


def reason(c, other):
    peer = c.peer(other.id)
    return (peer["state"], peer["last_error"] or "") if peer else ("", "")


def shown(c):
    """The fingerprint of the certificate that somebody who dials is shown."""
    wire = connect(c.p2p_port, tls=True)
    try:
        return fingerprint(wire.sock.getpeercert(binary_form=True))
    finally:
        wire.close()


def own(c):
    """What parkmeshctl says of this central itself."""
    return json.loads(ctl(c, "--json", "status"))["this_central"]


def files(c):
    return [os.path.join(c.dir, name) for name in ("tls.crt", "tls.key")]


def test_it_is_on_by_default(two):
    for c, other in ((two.a, two.b), (two.b, two.a)):
        wait_for(lambda: (c.peer(other.id) or {}).get("tls") is True, what=lambda: c.status())
        for path in files(c):
            mode = os.stat(path).st_mode
            assert stat.S_ISREG(mode) and mode & 0o777 == 0o600, (path, oct(mode))
        assert own(c)["certificate"] == shown(c) == fingerprint(der_of(files(c)[0]))
        assert Peer("nobody", "").dial(c.p2p_port).close() is None, "who comes without is served at the same port"
    two.cross()


def test_old_tls_is_not_spoken(two):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    wire = connect(two.a.p2p_port)
    try:
        context.wrap_socket(wire.sock)
        raise AssertionError("TLS 1.2 was spoken")
    except ssl.SSLError:
        pass
    finally:
        wire.close()


def test_somebody_in_the_middle(two):
    """With a certificate of his own, by TLS or without on the far side; not a record passes, and both are told and count it."""
    two.cross()
    two.strangers()
    for strip in (False, True):
        middle, here, there = two.ground.on_end(Middle(two.b.p2p_port, strip=strip)), Journal(two.a), Journal(two.b)
        two.know(two.a, two.b.id, ip="127.0.0.1", p2p_port=middle.port, tls=True)
        event_id = two.a.enter("edge-1", "30A%05d" % next(two._plates))["event_id"]
        here.wait("cause=wrong-secret peer=central-2")
        there.wait("cause=wrong-secret peer=central-1")
        wait_for(lambda: reason(two.a, two.b)[0] == "refused", what=lambda: two.a.status())
        assert "rong secret" in reason(two.a, two.b)[1] and "TLS" in reason(two.a, two.b)[1], reason(two.a, two.b)
        assert middle.carried > 0 and two.b.stay(event_id) is None
        assert any(count["cause"] == "wrong-secret" for count in two.a.status()["counts"]), two.a.status()
        two.strangers()
    two.friends()
    two.cross()


def test_who_demands_it_refuses_plain(two):
    two.strangers()
    nowhere = two.ground.on_end(Peer("nobody", "")).listen()
    two.know(two.a, two.b.id, ip="127.0.0.1", p2p_port=nowhere, tls=True)
    journal = Journal(two.a)
    two.know(two.b, two.a.id, ip="127.0.0.1", p2p_port=two.a.p2p_port, tls=False)
    wait_for(lambda: reason(two.b, two.a)[0] == "refused", what=lambda: two.b.status())
    assert "by TLS only" in reason(two.b, two.a)[1], reason(two.b, two.a)
    journal.wait("cause=plain peer=central-2")
    two.know(two.b, two.a.id, tls=True)
    two.site.wait_connected()
    two.know(two.a, two.b.id, p2p_port=two.b.p2p_port)
    two.know(two.b, two.a.id, tls=False)            # the other one dials, and does so by TLS
    wait_for(lambda: (two.b.peer(two.a.id) or {}).get("tls"), what=lambda: two.b.status())
    two.friends()


def test_without_where_both_want_it_so(two):
    two.friends(tls=False)
    two.cross()
    two.friends()


def put(source, target):
    """As a careful program replaces a file."""
    shutil.copyfile(source, target + ".fresh")
    os.chmod(target + ".fresh", 0o600)
    os.rename(target + ".fresh", target)


def test_renewal_without_a_restart(two):
    two.cross()
    journal, pid = Journal(two.b), two.b.pid("p2pd")
    pairs = [make_certificate(two.ground.folder, name, days) for name, days in (("second", 1), ("ended", -1))]
    for pair in pairs:          # one that has expired is as good as any
        for source, target in zip(pair, files(two.b)):
            put(source, target)
        wanted = fingerprint(der_of(pair[0]))
        wait_for(lambda: shown(two.b) == wanted, what="the new certificate to be shown")
        wait_for(lambda: own(two.b)["certificate"] == wanted, what="it to be told")
    assert not journal.lines("peer=central-1 ") and two.b.pid("p2pd") == pid, "old connections live on"
    two.cross()
    two.strangers()
    two.friends()               # and new ones are made with it
    assert two.b.pid("p2pd") == pid


def test_one_that_cannot_be_used(two):
    """A self-made one is made anew. A crash between its two files is the same."""
    before, journal = shown(two.b), Journal(two.b)
    with open(files(two.b)[1], "w") as f:
        f.write("no key\n")
    wait_for(lambda: shown(two.b) != before, what="another certificate")
    assert len(journal.lines("event=certificate ")) == 1 and not journal.lines("peer=central-1 ")
    assert fingerprint(der_of(files(two.b)[0])) == shown(two.b)
    os.kill(two.b.pid("p2pd"), signal.SIGHUP)
    two.cross()


if __name__ == "__main__":
    tap.run(globals(), Two)
