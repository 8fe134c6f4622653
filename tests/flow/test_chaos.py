#!/usr/bin/python3
"""Centrals under load while their network and their processes are broken again and again: short runs of tests/chaos. And the proof
itself: that it fails when an answer is missing or a row is forged.

PARKMESH_SEED in the environment plays another seed; a longer run of it: tests/chaos/run --seed N --centrals 5 --sanitize."""
import fcntl
import os
import random
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.chaos.faults import KINDS                        # noqa: E402
from tests.chaos.gates import Watch                         # noqa: E402
from tests.chaos.play import Play                           # noqa: E402
from tests.site import proof, tap                           # noqa: E402
from tests.site.book import Book, Entry, Exit               # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.rows import Rows                            # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, HOUR = 60 * 1000, 3600 * 1000
SEED = int(os.environ.get("PARKMESH_SEED", "126"))
SECONDS = 20


def check(claims):
    against = ["%s: %s" % (claim, line) for claim, lines in claims for line in lines]
    assert not against, "%d things speak against it:\n%s" % (len(against), "\n".join(against[:20]))


# ---- everything at once

def test_every_answer_is_accounted_for_after_chaos(ground):
    site = ground.site(5, relayed=True).start()
    play = ground.on_end(Play(site, SEED, SECONDS, KINDS, gap=0.5, rate=4, sanitized=True))
    tap.note("seed %d" % SEED)
    play.run(tap.note)
    tap.note("\n".join(play.table()))
    check(play.claims())
    kills = sum(count for what, count in play.player.counts.items() if what.startswith("kill"))
    assert kills > 3 and len(play.book.entries) > 100, "it was chaos"
    for what, forge in forgeries(play):
        forged, book = forge(Forged(ground, site[1]), copied(play.book))
        assert any(check_one(forged, book)), "%s is not noticed" % what


# ---- the proof can fail

class Forged:
    """A copy of a central's database, to be spoilt: has what a check looks at."""

    def __init__(self, ground, central):
        self.id, path = central.id, ground.path("forged.db")
        for end in ("", "-wal", "-shm"):
            if os.path.exists(path + end):
                os.unlink(path + end)
        with sqlite3.connect(central.rows.path) as db, sqlite3.connect(path) as copy:
            db.backup(copy)
        self.rows = Rows(path)

    def do(self, sql, *values):
        with sqlite3.connect(self.rows.path) as db:
            assert db.execute(sql, values).rowcount > 0, sql
        return self


def copied(book):
    """A book of its own with the same answers."""
    same = Book()
    for name in ("entries", "exits", "oddities", "settings"):
        getattr(same, name).extend(getattr(book, name))
    same.plates, same.void, same.confirmed = dict(book.plates), set(book.void), set(book.confirmed)
    return same


def check_one(central, book):
    """Every check of one central."""
    for test in (proof.check_entries, proof.check_exits, proof.check_stays_ended, proof.check_inside, proof.check_money,
                 proof.check_fees, proof.check_settings, proof.check_model):
        yield from test(central, book)
    yield from proof.check_integrity(central)
    yield from proof.check_alarms(central)


def forgeries(play):
    """-> [(what is wrong, how it is made so)]"""
    chance, book = random.Random(SEED), play.book
    entry = chance.choice([e for e in book.entries if e.at and e.event_id not in book.plates])
    leave = chance.choice([e for e in book.exits if e.at and e.fee and e.by_tariff])
    shut = chance.choice(sorted(book.confirmed))
    there = "WHERE central = ? AND edge = ? AND exit_ts = ?"
    place = (leave.central, leave.edge, leave.at)

    def rows(sql, *values):
        return lambda central, told: (central.do(sql, *values), told)

    def said(change):
        def forge(central, told):
            change(told)
            return central, told
        return forge
    return [
        ("an entry that is gone", rows("DELETE FROM history WHERE event_id = ?", entry.event_id)),
        ("an entry of another plate", rows("UPDATE history SET plate_id = '99Z99999' WHERE event_id = ?", entry.event_id)),
        ("an entry at another time", rows("UPDATE history SET entry_ts = entry_ts + 1 WHERE event_id = ?", entry.event_id)),
        ("an entry at another gate", rows("UPDATE history SET edge_id = 'edge-x' WHERE event_id = ?", entry.event_id)),
        ("an entry nobody was told of", said(lambda told: told.entries.remove(entry))),
        ("an entry told and never written", said(lambda told: told.entry(Entry("x_1_29A12345", "29A12345", "x", "e", 1)))),
        ("an exit that is gone", rows("DELETE FROM exits " + there, *place)),
        ("a fee that was changed by a dong", rows("UPDATE exits SET fee = fee + 1 " + there, *place)),
        ("an exit twice", rows("INSERT INTO exits SELECT log, seq + 100000, at, hlc_ms, hlc_counter, stay, stay_at, other_plate,"
                               " plate_id, plate_view, void, NULL, bound, 'second', fee, exit_ts, exit_time, central, edge, camera_id,"
                               " camera_name, reason, tariff, edge_event_id FROM exits " + there, *place)),
        ("an exit nobody was told of", said(lambda told: told.exits.remove(leave))),
        ("an exit told and never written", said(lambda told: told.exit(Exit(None, "29A12345", "x", "e", 1, 0)))),
        ("a stay told to have ended that is open", rows("UPDATE history SET status = 'IN' WHERE event_id = ?", leave.event_id)),
        ("a confirmation that is gone", rows("UPDATE history SET confirmed_ts = NULL WHERE event_id = ?", shut)),
        ("a correction that is gone", said(lambda told: told.correct(entry.event_id, "99Z99999"))),
        ("a void that is gone", said(lambda told: told.take_out(entry.event_id))),
        ("a void nobody said", rows("UPDATE history SET status = 'VOID' WHERE event_id = ?", entry.event_id)),
        ("a change of a setting that is gone", said(lambda told: told.set("tariff", "never said"))),
        ("an older setting in force", rows("UPDATE settings SET hlc_ms = hlc_ms - 1")),
        ("a log said to be forked", rows("UPDATE logs SET flags = flags | 2 WHERE log = (SELECT min(log) FROM logs)")),
        ("a record that is gone", rows("DELETE FROM record_rows WHERE type = 2 AND event_id = ?", entry.event_id)),
    ]


# ---- stopped processes

def lock_is_free(central):
    """Does nobody hold the lock that every transaction holds?"""
    with open(central.rows.path + "-lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def stop_p2pd(central, writing):
    """Stop it in the middle of a transaction, or between two."""
    def stopped():
        central.pause("p2pd")
        if lock_is_free(central) != writing:
            return True
        central.resume("p2pd")
        return False
    wait_for(stopped, what="p2pd to be met while it writes, or does not", every=0.001)


def told_entries(central, count, plates, watch):
    """That many entries by four gates -> event_ids"""
    def enter(i):
        began = time.monotonic()
        answer = central.enter("edge-%d" % (i % 4), plates % i)
        watch.answered(central, began, True)
        return answer["event_id"]
    return in_threads(4, count, enter)


def test_gates_answer_as_before_while_p2pd_is_stopped(ground):
    site, watch = ground.site(2).start(), Watch()
    watch.now(site[0], "before")
    entries = told_entries(site[0], 300, "62B%05d", watch)
    site.check_agreement()
    stop_p2pd(site[0], writing=False)
    watch.now(site[0], "stopped")
    try:
        entries += told_entries(site[0], 300, "62C%05d", watch)
        wait_for(lambda: not site[1].connected("central-1"), 90, "the stuck peer to be seen as gone")
        entries += told_entries(site[0], 100, "62D%05d", watch)
    finally:
        site[0].resume("p2pd")
    site.check_agreement()
    assert {row["event_id"] for row in site[1].rows.history()} == set(entries), "all arrives afterwards"
    for word in ("before", "stopped"):
        tap.note("p2pd %s: %d answers, p50 %.1f ms, p99 %.1f ms, longest %.1f ms" % ((word,) + watch.figures(word)))
    assert watch.figures("stopped")[0] == 400, "each gate got its answer while p2pd stood still"


def test_a_gate_does_not_wait_for_a_p2pd_that_is_stopped_while_it_writes(ground):
    """It holds the database's lock and would hold it for ever."""
    site, entries, over = ground.site(2).start(), [], threading.Event()

    def flood(number):
        while not over.is_set():
            entries.append(site[1].enter("edge-%d" % number, "66H%d%05d" % (number, len(entries)))["event_id"])
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        victim = site[0].pid("p2pd")
        stop_p2pd(site[0], writing=True)
        began = time.monotonic()
        mine = site[0].enter("edge-9", "66K00001")["event_id"]
        tap.note("the gate waited %.1f s" % (time.monotonic() - began))
        site[0].wait_back("p2pd", victim)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    site.check_agreement()
    assert {row["event_id"] for row in site[1].rows.history()} == {mine, *entries}


def test_a_lock_that_nobody_here_may_end_is_told_of(ground):
    """Held by a program that goes on, as that of another user could not be ended either."""
    site, answers = ground.site(1).start(), []
    gate = threading.Thread(target=lambda: answers.append(site[0].enter("edge-1", "66L00001")))
    with open(site[0].rows.path + "-lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        gate.start()
        wait_for(lambda: "event=write_waits" in site[0].tail(), what="the line in the journal")
    gate.join()
    assert answers[0]["event_id"]


def test_sync_goes_on_while_fcgi_is_stopped(ground):
    """What others write arrives and is handed on, though this central's gates stand still."""
    site = ground.site(3, links=[(0, 1), (1, 2)]).start()
    mine = [site[1].enter("edge-1", "63E%05d" % i)["event_id"] for i in range(20)]
    site[1].pause("fcgi")
    try:
        others = [site[number].enter("edge-1", "63F%d%04d" % (number, i))["event_id"] for number in (0, 2) for i in range(50)]
        wait_for(site.converged, what="the same records on all, also at and over the one whose gates stand still")
    finally:
        site[1].resume("fcgi")
    site.check_agreement()
    assert {row["event_id"] for row in site[2].rows.history()} == set(mine + others)


# ---- islands

ISLANDS = ((0, 1), (2, 3, 4), (5, 6, 7, 8, 9))


def test_ten_centrals_after_three_islands(ground):
    """The same cars are let in and out at several islands; healed, all ten agree, and no money is lost."""
    site, book, at = ground.site(10, relayed=True).start(), Book(), now_ms() - 10 * HOUR
    site.islands(*ISLANDS)

    def visit(i):
        plate = "64G%05d" % i
        inside = {}
        for number, island in enumerate(ISLANDS):
            came = at + i * 1000 + (i * 7 + number * 4) % 9 * MINUTE
            central = site[island[i % len(island)]]
            inside[number] = central.enter("edge-1", plate, came)["event_id"]
            book.entry(Entry(inside[number], plate, central.id, "edge-1", came))
        for number, island in enumerate(ISLANDS):
            out, went = site[island[(i + 1) % len(island)]], at + 3 * HOUR + i * 1000 + number * HOUR
            if (i >> number) & 1:
                wait_for(lambda out=out, number=number: out.stay(inside[number]), what="the entry at another central of the island")
                gone = out.leave("edge-2", plate, went)
                assert gone["event_id"] == inside[number], gone
                book.exit(Exit(gone["event_id"], plate, out.id, "edge-2", went, gone["fee"]))
    in_threads(6, 64, visit)
    assert not site.converged()
    site.heal()
    site.wait_connected(120)
    site.check_agreement()
    check(proof.claims(site, book))
    assert len(site[0].rows.history(status="SUPERSEDED")) == 128, "of three entries of a car one counts"
    assert site[0].rows.value("SELECT count(*) FROM exits WHERE kind = 'second'") == 32 * 3 - 56, "money taken twice is shown"


if __name__ == "__main__":
    tap.run(globals())
