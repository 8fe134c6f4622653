"""Figure 7: what parkmeshctl does with a whole history, beside reading the file."""
import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import time

from tests.bench.bench import BUILD
from tests.bench.table import Figure
from tests.data.make_old_db import MESH, TYPES

GROUP = "whole histories"
CTL = os.path.join(BUILD, "ctl", "parkmeshctl")


def seconds(what):
    began = time.monotonic()
    what()
    return time.monotonic() - began


def read(path):
    """From the disk, not from memory."""
    with open(path, "rb", buffering=0) as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while f.read(1 << 20):
            pass


def old_database(path, rows):
    """As the older system leaves it: stays of five minutes, a second apart, each plate some twenty times."""
    plates = max(rows // 20, 1009)

    def stay(n):
        at, plate = 1700000000 + n, "29A%06d" % (n % plates)
        text = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + more)) for more in (7 * 3600, 7 * 3600 + 300)]
        return ("central-1_%d_%s" % (at * 1000, plate), "central-1", "edge-1", plate, plate, text[0], text[1], "0 giờ 5 phút", 10000, "OUT",
                "SYNCED", text[0], text[1])

    names = ["event_id", "source_central", "edge_id", "plate_id", "plate_view", "entry_time", "exit_time", "duration", "fee", "status",
             "sync_status", "created_at", "updated_at"]
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE history(%s)" % ", ".join("%s %s" % (name, TYPES.get(name, "TEXT")) for name in MESH))
        db.executemany("INSERT INTO history(%s) VALUES(%s)" % (", ".join(names), ", ".join("?" * len(names))), map(stay, range(rows)))
        db.commit()


def ctl(database, *words):
    done = subprocess.run([CTL, "--db", database, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, "parkmeshctl %s:\n%s" % (words[0], done.stdout[-2000:])


def csv(central):
    connection = http.client.HTTPConnection(central.ip, central.api_port)
    connection.request("GET", "/api/parking/history?format=csv")
    answer, lines = connection.getresponse(), 0
    while piece := answer.read(1 << 20):
        lines += piece.count(b"\n")
    connection.close()
    return lines


def row(bench, name, took, path, goal=4):
    best = min(seconds(lambda: read(path)) for _ in range(2))
    bench.row(Figure(GROUP, name, took, "s", best, "reading the file from the disk", goal=goal))


def imported(bench, records):
    old, fresh = os.path.join(bench.path("old"), "old.db"), bench.central()
    old_database(old, records // 2)
    fresh.start()
    fresh.stop()
    took = seconds(lambda: ctl(fresh.rows.path, "import", old))
    held = fresh.rows.value("SELECT count(*) FROM history")
    bench.check(held == records // 2, "%d of %d rows were imported" % (held, records // 2))
    row(bench, "import of %d rows" % (records // 2), took, old)


def measure(bench):
    records = 1000000 if bench.full else 20000
    central = bench.central_with(records)
    path = central.rows.path
    took = seconds(lambda: ctl(path, "verify"))
    row(bench, "verify, %d records" % records, took, path)
    best = json.loads(bench.program("floor_apply", path))["seconds"]
    bench.row(Figure(GROUP, "  the same", took, "s", best, "read, parse, SHA-256 of each record"))
    row(bench, "backup with its checks", seconds(lambda: ctl(path, "backup", os.path.join(central.dir, "copy.db"))), path)
    central.start()
    lines = []
    row(bench, "CSV of all stays", seconds(lambda: lines.append(csv(central))), path)
    stays = central.rows.value("SELECT count(*) FROM history WHERE status IN ('IN', 'OUT')")
    bench.check(lines[0] == stays + 1, "the CSV has %d lines for %d stays" % (lines[0], stays))
    bench.done()
    imported(bench, records)
