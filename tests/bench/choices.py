"""Figure 12: what each choice costs or gains, as far as it can be made otherwise from outside. One process writes thousands of
records through the ledger into a new database; its CPU time hardly depends on what else the machine does."""
import contextlib
import json
import os
import sqlite3

from tests.bench.bench import Bench
from tests.bench.table import Figure

GROUP = "what a choice costs (CPU a record, ledger alone)"
INDEXES = ("history_list", "history_change", "exits_stay", "exits_bound", "exits_day")      # that writing itself does not look into
USUAL = 256


def written(bench, a_commit, records, prepare=None):
    """-> what fill says, of a database prepared by SQL."""
    path = os.path.join(bench.path("choice"), "parkmesh.db")
    if prepare:
        Bench.program("fill", path, "central-2", 0)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = DELETE")
            for sql in prepare:
                db.execute(sql)
    return json.loads(Bench.program("fill", path, "central-2", records, a_commit))


def row(bench, name, seen, usual=None):
    bench.row(Figure(GROUP, name, seen["cpu_us"], "us", usual and usual["cpu_us"], "%d records a commit, as it is" % USUAL))


def measure(bench):
    records = 50000 if bench.full else 4000
    usual = written(bench, USUAL, records)
    row(bench, "as it is, %d records a commit and seal" % USUAL, usual)
    for a_commit in (1, 8, 32, 1024) if bench.full else (1, 32):
        row(bench, "%d records a commit and seal" % a_commit, written(bench, a_commit, records), usual)
    for size in (8192, 16384) if bench.full else (8192,):
        row(bench, "pages of %d bytes" % size, written(bench, USUAL, records, ["PRAGMA page_size = %d" % size, "VACUUM"]), usual)
    for name in INDEXES:
        row(bench, "without the index " + name, written(bench, USUAL, records, ["DROP INDEX " + name]), usual)
