#!/usr/bin/python3
"""Both writers of one central at full speed while others checkpoint its database as often as they can: nothing is lost."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.load import in_threads                      # noqa: E402

GATES, BACKLOG, HERE = 8, 1500, 500


class Checkpoints:
    """A process that checkpoints a central's database, dawdling where a race would hurt (tests/stress/test_wal.c)."""

    def __init__(self, central):
        program = os.path.join(find_build(), "tests", "stress", "test_wal")
        self._process = subprocess.Popen([program, "--checkpoint", central.rows.path], stdin=subprocess.DEVNULL)

    def running(self):
        return self._process.poll() is None

    def clean_up(self):
        self._process.kill()
        self._process.wait()


def enter(central, prefix, count):
    """-> plates let in, by several gates at once"""
    def one(i):
        plate = "%s%05d" % (prefix, i)
        central.enter("edge-%d" % (i % GATES), plate)
        return plate
    return in_threads(GATES, count, one)


def test_gates_and_a_backlog_among_checkpoints(ground):
    site = ground.site(2).start()
    a, b = site
    a.stop()
    told = enter(b, "29A", BACKLOG)
    a.start()
    others = [ground.on_end(Checkpoints(a)) for _ in range(2)]
    told += enter(a, "30B", HERE)
    a.wait_back("p2pd", a.kill("p2pd"))
    a.wait_back("fcgi", a.kill("fcgi"))
    told += enter(a, "51C", HERE)
    site.wait_converged()
    assert all(other.running() for other in others), "they checkpointed all the time"
    for other in others:
        other.clean_up()
    site.check_agreement()
    for central in site:
        held = {row["plate_id"] for row in central.rows.query("SELECT plate_id FROM history WHERE status = 'IN'")}
        assert held == set(told), "%s: %s" % (central.id, sorted(held ^ set(told))[:10])


if __name__ == "__main__":
    tap.run(globals())
