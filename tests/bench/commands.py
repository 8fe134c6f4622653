"""Figure 7: what parkmeshctl does with a whole history, beside reading the file."""
import contextlib
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import time

from tests.bench.table import Figure
from tests.data.make_old_db import MESH, TYPES

GROUP = "whole histories"


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


def ctl(bench, database, *words):
    done = subprocess.run([os.path.join(bench.build, "ctl", "parkmeshctl"), "--db", database, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, "parkmeshctl %s:\n%s" % (words[0], done.stdout[-2000:])


def csv(central):
    connection = http.client.HTTPConnection(central.ip, central.api_port)
    connection.request("GET", "/api/parking/history?format=csv")
    answer, lines = connection.getresponse(), 0
    while piece := answer.read(1 << 20):
        lines += piece.count(b"\n")
    connection.close()
    return lines


def synced(source, target):
    """What any copy of a file takes that is to outlast the machine's power."""
    shutil.copyfile(source, target)
    with open(target, "rb+") as f:
        os.fsync(f.fileno())


def rows(bench, name, path, ours, least=None, what=""):
    """Beside reading the file, and beside the least that does what is asked for. ours, least: -> seconds."""
    measures = [ours, lambda: seconds(lambda: read(path)), *[least] * (least is not None)]
    took, reading, *best = (one["s"] for one in bench.in_turn(*(lambda of=of: {"s": of()} for of in measures),
                                                              rounds=1 if bench.full else None))
    bench.row(Figure(GROUP, name, took, "s", reading, "reading the file from the disk", goal=4))
    if best:
        bench.row(Figure(GROUP, "  the same", took, "s", best[0], what))


def verified(bench, path, records):
    rows(bench, "verify, %d records" % records, path, lambda: seconds(lambda: ctl(bench, path, "verify")),
         lambda: json.loads(bench.program("floor_apply", path))["seconds"], "read, parse, SHA-256 of each record")


def backed_up(bench, path):
    target = os.path.join(bench.path("copies"), "copy.db")

    def once():
        took = seconds(lambda: ctl(bench, path, "backup", target))
        os.unlink(target)
        return took
    rows(bench, "backup with its checks", path, once, lambda: seconds(lambda: synced(path, target + ".floor")), "copying the file, fsync")


def listed(bench, central, path):
    stays, lines = central.rows.value("SELECT count(*) FROM history WHERE status IN ('IN', 'OUT')"), []
    rows(bench, "CSV of %d stays" % stays, path, lambda: seconds(lambda: lines.append(csv(central))))
    bench.check(set(lines) == {stays + 1}, "the CSV has %s lines for %d stays" % (set(lines), stays))


def imported(bench, records):
    count = records // 2
    old, last = os.path.join(bench.path("old"), "old.db"), []
    old_database(old, count)

    def once():
        fresh = bench.central()
        bench.program("fill", fresh.rows.path, fresh.id, 0)
        took = seconds(lambda: ctl(bench, fresh.rows.path, "import", old))
        held = fresh.rows.value("SELECT count(*) FROM history")
        bench.check(held == count, "%d of %d rows were imported" % (held, count))
        last[:] = [fresh.rows.path]
        return took

    def least():
        return json.loads(bench.program("floor_apply", last[0], os.path.join(bench.path("floor"), "rows.db"), records, 256))["seconds"]
    rows(bench, "import of %d rows" % count, old, once, least, "parse, SHA-256, insert with all indexes, 256 a commit")


def measure(bench):
    records = 1000000 if bench.full else 20000
    central = bench.central_with(records)
    path = central.rows.path
    verified(bench, path, records)
    backed_up(bench, path)
    central.start()
    listed(bench, central, path)
    bench.done()
    imported(bench, records)
