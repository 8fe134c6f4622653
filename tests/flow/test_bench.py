#!/usr/bin/python3
"""tests/bench: its programs do what they say, at a tiny size, and nothing of how fast they are. A floor that did less than it should
would make everything beside it look slow, and one that did more would flatter."""
import contextlib
import json
import os
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.bench import document, gates, table              # noqa: E402
from tests.bench.bench import PROGRAMS, Bench               # noqa: E402
from tests.bench.crowd import Crowd                         # noqa: E402
from tests.bench.growth import Regulars                     # noqa: E402
from tests.bench.table import Figure                        # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

RECORDS, INSIDE = 600, 300


class Tiny(Bench):
    """A Bench of the build under test whose measurements take no time."""

    def __init__(self, ground):
        super().__init__(ground.path("bench"), False, False, find_build())
        os.makedirs(self.folder)
        os.chmod(ground.folder, 0o755)
        self.seconds, self.rounds = 0.1, 1
        ground.on_end(self)

    clean_up = Bench.done


def count(path, table, where="1"):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*) FROM %s WHERE %s" % (table, where)).fetchone()[0]


def verified(path):
    done = subprocess.run([os.path.join(find_build(), "ctl", "parkmeshctl"), "--db", path, "verify"], stdout=subprocess.PIPE, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def filled(bench, *options):
    """-> path, what fill says"""
    path = os.path.join(bench.path("filled"), "parkmesh.db")
    return path, json.loads(bench.program("fill", *options, path, "central-2", RECORDS))


def test_a_filled_history_is_one_that_a_central_could_have_written(ground):
    bench = Tiny(ground)
    for options in ((), ("--apart", "--commit", 100)):
        path, seen = filled(bench, *options)
        assert seen["inside"] == INSIDE and seen["per_second"] > 0, seen
        assert (count(path, "history"), count(path, "history", "status = 'IN'")) == (450, INSIDE)
        assert count(path, "seals") == (6 if options else 4)     # the first transaction has the LOG_OPEN, too
        seen = json.loads(bench.program("fill", "--already", RECORDS, path, "central-2", 100))
        assert seen["inside"] == INSIDE and count(path, "history") == 500, seen
        verified(path)


def test_the_floor_of_applying_writes_what_applying_does(ground):
    bench = Tiny(ground)
    source, _ = filled(bench)
    folder = bench.path("applied")
    ours, least = os.path.join(folder, "ours.db"), os.path.join(folder, "least.db")
    seen = json.loads(bench.program("apply", source, ours, 2, 100))
    assert seen["records"] == RECORDS + 1, seen
    verified(ours)
    seen = json.loads(bench.program("floor_apply", source, least, RECORDS + 1, 256))
    assert seen["records"] == RECORDS + 1, seen
    for name in ("record_rows", "history", "exits"):
        assert count(ours, name) == count(least, name) > 0, name
    assert count(least, "history", "status = 'IN'") == INSIDE
    assert json.loads(bench.program("floor_apply", source))["records"] == RECORDS + 1


def test_the_floor_of_a_barrier_commits_each_row_it_answers_for(ground):
    bench = Tiny(ground)
    floor = bench.floor(rows=True, window=100)
    seen = gates.at_floor(bench, floor, 4)
    assert not bench.wrong and seen["ok"] > 0 and 0 < seen["p50_ms"] <= seen["p99_ms"] <= seen["max_ms"], seen
    assert seen["ok"] <= count(floor.database, "r") <= seen["begun"], seen


def test_peers_answer_at_the_floor_of_being_seen(ground):
    bench = Tiny(ground)
    folder = bench.path("visible")
    seen = json.loads(bench.program("floor_visible", folder, 2, 5))
    assert 0 < seen["p50_ms"] <= seen["p99_ms"], seen
    assert [count(os.path.join(folder, "peer-%d.db" % i), "r") for i in range(2)] == [5, 5]


def test_entries_are_counted_here_and_held_by_a_crowd(ground):
    bench = Tiny(ground)
    central = bench.central().start()
    seen = bench.enter([central], 2)
    assert seen["ok"] > 0 and not bench.wrong, bench.wrong
    central.rows.path, there = filled(bench)[0], central.rows.path
    bench.check(bench.held(central, seen["run"]) >= seen["ok"], "not there")
    assert bench.wrong == ["not there"]
    central.rows.path = there
    blank = os.path.join(bench.path("blank"), "parkmesh.db")
    bench.program("fill", "--apart", blank, "blank", 0)
    crowd = bench.keep(Crowd(bench.path("crowd"), bench.build, blank, central, 2))
    for path in crowd.databases:
        wait_for(lambda path=path: count(path, "history") == count(there, "history"), what="a peer to hold all entries")


def test_cars_that_are_known_drive_in_and_out(ground):
    bench = Tiny(ground)
    central = bench.central("central-2")
    os.rename(filled(bench, "--apart")[0], central.rows.path)
    cars = Regulars(bench, central.start())
    seen = cars.drive(2)
    bench.seconds = 60
    more = cars.drive(2, requests=2 * (450 - INSIDE))       # all in once, and all out
    assert seen["ok"] > 0 and more["ok"] == 2 * (450 - INSIDE) and not bench.wrong, (seen, more, bench.wrong)


def test_the_document_keeps_what_was_not_measured_again(ground):
    del ground
    rows = [Figure("one", "fast", 50, "/s", 100, "a floor", rate=True, goal=0.6), Figure("one", "quick", 3, "ms", goal=5, alone=True)]
    text = "# Head\n\n## Figures\n\n### two\n\nearlier\n\n| a | 7 |  |  | <= 5 | no |  |\n\n### gone\n\nwas here\n"
    seen = document.written(text, {"one": ["now", "", *table.markdown(rows)]}, ["one", "two"])
    assert "1 of 3 goals are reached" in seen and "gone" not in seen and seen.startswith("# Head\n\n## Figures\n"), seen
    assert "| one: fast | 0.50x of 100 (a floor) | >= 0.60x |" in seen and "| two: a | 7 | <= 5 |" in seen, seen
    assert document.written(seen, {}, ["one", "two"]) == seen
    assert list(document.sections(seen.partition(document.MARK)[2])) == ["one", "two"]


def setup():
    subprocess.run(["make", "-s", "-j2", "-C", find_build(), *("tests/bench/" + name for name in PROGRAMS)], check=True,
                   stdout=sys.stderr)


if __name__ == "__main__":
    setup()
    tap.run(globals())
