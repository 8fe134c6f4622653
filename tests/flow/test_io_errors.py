#!/usr/bin/python3
"""A disk that fails (calls of the programs that fail, by strace): no failed commit is answered as good, none that was answered is
lost, and it goes on by itself."""
import contextlib
import os
import resource
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.client import Client, Lost                  # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.strace import Failing, NotPermitted         # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

# of the program that serves the gates: always, and now and then
COMMITS_FAIL = ("fdatasync,fsync:error=EIO:when=2+3", "pwrite64:error=EIO:when=7+61", "pwrite64:error=ENOSPC:when=5+83",
                "fdatasync,fsync:error=ENOSPC:when=1+2")
GATES = 4


@contextlib.contextmanager
def failing(pid, rule):
    """While it lasts, these calls of the process fail."""
    try:
        broken = Failing(pid, rule)
    except NotPermitted as e:
        raise tap.Skip(str(e)) from None
    try:
        yield
    finally:
        broken.end()


class Told:
    """What gates were told: plates let in, and plates refused."""

    def __init__(self):
        self.good, self.refused, self._count, self._lock = [], [], 0, threading.Lock()

    def enter(self, central, count):
        """So many entries, by several gates at once."""
        def one(_):
            with self._lock:
                self._count += 1
                plate = "29A%05d" % self._count
            status, answer = central.open("edge-1", plate, "ENTRY")
            assert status == 200 or (status == 503 and answer["code"] == "unavailable"), (status, answer)
            (self.good if status == 200 else self.refused).append(plate)
        in_threads(GATES, count, one)

    def check(self, central):
        """Exactly what was answered as good is there."""
        held = sorted(row["plate_id"] for row in central.rows.query("SELECT plate_id FROM history WHERE plate_id LIKE '29A%'"))
        assert held == sorted(self.good), "told %d, held %d: %s" % (
            len(self.good), len(held), sorted(set(held) ^ set(self.good))[:10])
        assert central.rows.value("SELECT count(*) FROM records WHERE plate_id LIKE '29A%'") == len(held)

    def check_after_power_loss(self, central):
        """All that was answered as good is there. The last that was refused may have turned up, whole."""
        held = {row["plate_id"] for row in central.rows.query("SELECT plate_id FROM history")}
        assert held >= set(self.good), "lost: %s" % sorted(set(self.good) - held)[:10]
        assert held <= set(self.good) | set(self.refused[-GATES:]), sorted(held - set(self.good))
        assert central.rows.integrity() == "ok"


def test_no_commit_succeeds(ground):
    a, told = ground.central().start(), Told()
    fcgi = a.pid("fcgi")
    told.enter(a, 10)
    assert not told.refused
    with failing(fcgi, "fdatasync,fsync:error=EIO"):
        told.enter(a, 10)
        assert len(told.refused) == 10, "every commit failed"
        assert a.ask("GET", "/healthz")[0] == 503
        assert a.detect("edge-1", "51C77777")[0] == 200
        a.good("GET", "/api/parking/history")
        told.check(a)
    wait_for(a.healthy, what="/healthz to see by itself that it works again")
    told.enter(a, 10)
    assert len(told.refused) == 10 and a.pid("fcgi") == fcgi
    told.check(a)
    a.kill()
    a.start()
    told.check_after_power_loss(a)


def test_commits_fail_now_and_then(ground):
    a, told = ground.central().start(), Told()
    told.enter(a, 10)
    for rule in COMMITS_FAIL:
        before = len(told.good), len(told.refused)
        with failing(a.pid("fcgi"), rule):
            told.enter(a, 40)
        assert len(told.refused) > before[1] and len(told.good) > before[0], "some of each: %s" % rule
        told.check(a)
    told.enter(a, 20)
    a.kill()
    a.start()
    told.check_after_power_loss(a)
    a.good("GET", "/api/parking/history")


def test_checkpoints_fail(ground):
    """Of p2pd, which checkpoints above 4 MiB: the gates do not notice, and nothing is lost."""
    a, told = ground.central().start(), Told()
    for rule in ("fdatasync,fsync:error=EIO", "pwrite64:error=EIO:when=20+40"):
        with failing(a.pid("p2pd"), rule):
            goal = os.path.getsize(a.rows.path + "-wal") + 5 * 1024 * 1024
            while os.path.getsize(a.rows.path + "-wal") < goal:
                told.enter(a, 40)
            wait_for(lambda: "event=checkpoint_failed" in a.tail(500), what="p2pd to tell that it cannot checkpoint")
    assert not told.refused, "gates do not notice"
    told.enter(a, 100)
    told.check(a)
    assert a.rows.integrity() == "ok"
    a.kill()
    a.start()
    told.check_after_power_loss(a)


def test_a_peer_that_cannot_store_loses_nothing(ground):
    site = ground.site(2).start()
    a, b = site
    told = Told()
    with failing(a.pid("p2pd"), "fdatasync,fsync:error=EIO"):
        told.enter(b, 10)
        wait_for(lambda: "event=commit_failed" in a.tail(200), what="central-1's p2pd to fail")
        assert not a.rows.history(), "nothing half there"
        a.enter("edge-1", "30B00001")
    site.check_agreement()
    told.check(a)
    assert b.rows.history(plate_id="30B00001")


def lowest_free(pid):
    """The lowest descriptor it does not use: with this as its limit it gets none any more."""
    used = {int(name) for name in os.listdir("/proc/%d/fd" % pid)}
    return next(fd for fd in range(len(used) + 1) if fd not in used)


def test_no_descriptors_left(ground):
    """Neither program has a descriptor to spare: what cannot be done is refused or waits, and both go on by themselves."""
    site = ground.site(2, links=[]).start()
    a, b = site
    told = Told()
    told.enter(a, 20)
    pids = a.pid("fcgi"), a.pid("p2pd")
    limits = [resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in pids]
    for pid, (_, hard) in zip(pids, limits):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free(pid), hard))
    try:
        for i in range(3):
            try:
                answer = Client("127.0.0.1", a.api_port, timeout=1).raw("GET", "/api/status")
                assert answer.status == 503 and answer.json["success"] is False, answer
            except Lost:
                pass        # it waits for a descriptor, and so does who asks
        assert a.tail(1000).count("event=accept_failed") <= 1, "told once"
    finally:
        for pid, limit in zip(pids, limits):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
    wait_for(a.healthy, what="it to serve again")
    told.enter(a, 20)
    told.check(a)
    assert (a.pid("fcgi"), a.pid("p2pd")) == pids, "nothing was started again"


if __name__ == "__main__":
    tap.run(globals())
