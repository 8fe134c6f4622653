"""Figure 12: what each choice costs or gains, as far as it can be made otherwise from outside, so that the next one knows why it is as it
is. Most are CPU time of one process that writes records through the ledger, which hardly depends on what else the machine does."""
import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import time
import zlib

from tests.bench.crowd import KNOWS
from tests.bench.look import Held, cpu_us
from tests.bench.table import Figure
from tests.site.wait import wait_for

GROUP = "what each choice costs"
LEDGER = "as it is: 256 records a commit and seal"
# Indexes that writing itself does not look into: without another one it would only become slower.
INDEXES = ("history_list", "history_change", "history_begin", "exits_bound", "exits_day")
USUAL = 256


def row(bench, name, value, usual=None, what=LEDGER, unit="us", rate=False):
    bench.row(Figure(GROUP, name, value, unit, usual, what, rate=rate))


# ---- the ledger alone

def written(bench, records, *options, prepare=(), already=0):
    """-> what fill says, of a new database or a copy of one with so many records, prepared by SQL."""
    folder = bench.path("choice")
    path = os.path.join(folder, "parkmesh.db")
    if already:
        shutil.copyfile(bench.filled(already), path)
        options = ("--already", already, *options)
    if prepare:
        bench.program("fill", "--apart", path, "central-2", 0)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            for sql in prepare:
                db.execute(sql)
    seen = json.loads(bench.program("fill", *options, path, "central-2", records))
    seen["bytes"] = os.path.getsize(path) / records
    shutil.rmtree(folder)
    return seen


def compared(bench, measures):
    """{name: measure} -> {name: the median of CPU a record}, each in turn."""
    seen = bench.in_turn(*measures.values())
    return {name: one["cpu_us"] for name, one in zip(measures, seen)}


def records_of(bench, commit):
    """So many that it takes about as long, however often it waits for the disk."""
    return min(20000 if bench.full else 4000, 1000 * commit)


def commits(bench):
    seen = compared(bench, {size: lambda size=size: written(bench, records_of(bench, size), "--commit", size)
                            for size in ((USUAL, 1, 8, 32, 1024) if bench.full else (USUAL, 1, 32))})
    usual = seen.pop(USUAL)
    row(bench, "ledger: CPU a record, %d a commit and seal" % USUAL, usual)
    for size, value in seen.items():
        row(bench, "ledger: %d a commit and seal" % size, value, usual)


def pages(bench):
    for commit in (USUAL, 1):
        seen = compared(bench, {size: lambda size=size, commit=commit: written(
            bench, records_of(bench, commit), "--commit", commit, prepare=["PRAGMA page_size = %d" % size, "VACUUM"]) for size in (4096, 8192, 16384)})
        for size in (8192, 16384):
            row(bench, "database: pages of %d bytes, %d a commit" % (size, commit), seen[size], seen[4096], "pages of 4096 bytes")


def connection(bench):
    """Settings of the connection that writes, beside a history that is larger than its cache."""
    held = 100000
    wanted = {"": "", "cache of 1 MiB": "PRAGMA cache_size = -1024", "cache of 64 MiB": "PRAGMA cache_size = -65536",
              "log cut to 1 MiB": "PRAGMA journal_size_limit = 1048576", "log cut to nothing": "PRAGMA journal_size_limit = 0",
              "synchronous=NORMAL": "PRAGMA synchronous = NORMAL"}
    for commit in (USUAL, 1):
        seen = compared(bench, {name: lambda sql=sql, commit=commit: written(
            bench, records_of(bench, commit), "--commit", commit, "--sql", sql, already=held) for name, sql in wanted.items()})
        usual = seen.pop("")
        for name, value in seen.items():
            row(bench, "database: %s, %d a commit, %d held" % (name, commit, held), value, usual,
                "as it is: cache of 8 MiB, log kept, FULL")


def indexes(bench):
    """CPU of those that can be left out; bytes of all that take any."""
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % bench.filled(20000), uri=True)) as db:
        parts = db.execute("SELECT name, sum(pgsize) / 20000.0 AS bytes FROM dbstat GROUP BY name HAVING bytes >= 1 ORDER BY bytes DESC"
                           ).fetchall()
        there = {name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    for name, size in parts:
        row(bench, "bytes a record: %s %s" % ("index" if name in there else "table", name), size, unit="B")
    names = [name for name in INDEXES if name in there] if bench.full else []
    measures = {name: lambda name=name: written(bench, 30000, prepare=["DROP INDEX " + name]) for name in names}
    seen = compared(bench, dict({"": lambda: written(bench, 30000)}, **measures)) if names else {}
    usual = seen.pop("", None)
    for name, value in seen.items():
        row(bench, "ledger: CPU a record without the index " + name, value, usual)


# ---- the mesh

def packed(level, messages):
    """As permessage-deflate does it without keeping its window -> bytes, and us of CPU, a message."""
    began, size = time.process_time(), 0
    for message in messages:
        pack = zlib.compressobj(level, zlib.DEFLATED, -15)
        size += len(pack.compress(message)) + len(pack.flush(zlib.Z_SYNC_FLUSH)) - 4
    return size / len(messages), (time.process_time() - began) * 1e6 / len(messages)


def compression(bench):
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % bench.filled(20000), uri=True)) as db:
        lines = [line.encode() for line, in db.execute("SELECT payload FROM records LIMIT ?", (40 * USUAL,))]
    messages = {1: lines[:2000], 8: [b"\n".join(lines[i:i + 8]) for i in range(0, 4000, 8)],
                USUAL: [b"\n".join(lines[i:i + USUAL]) for i in range(0, len(lines), USUAL)]}
    for count, of in messages.items():
        plain = statistics.mean(map(len, of)) / count
        for level in (1, 6):
            size, cpu = packed(level, of)
            row(bench, "deflate, level %d, %d records a message: bytes a record" % (level, count), size / count, plain,
                "the record's line", "B")
            row(bench, "  CPU a record", cpu / count)


def taken_over(bench, holder, tls):
    """CPU of both p2pd for each record that a new central takes over."""
    central = bench.newcomer().start()
    central.stop()
    with contextlib.closing(sqlite3.connect(central.rows.path)) as db:
        db.execute(KNOWS, (holder.id, holder.ip, holder.p2p_port, tls))
        db.commit()
    wanted, before = holder.rows.records(), cpu_us(holder.pid("p2pd"))
    central.start()
    look = Held(central)
    wait_for(lambda: look.records() >= wanted, 120, "%d records" % wanted, every=0.02)
    look.close()
    seen = {"to": cpu_us(central.pid("p2pd")) / wanted, "from": (cpu_us(holder.pid("p2pd")) - before) / wanted}
    central.stop()
    return seen


def tls(bench):
    holder = bench.central_with(20000).start()
    plain, safe = bench.in_turn(lambda: taken_over(bench, holder, 0), lambda: taken_over(bench, holder, 1))
    row(bench, "TLS: CPU a record of the p2pd that takes over", safe["to"], plain["to"], "without TLS")
    row(bench, "TLS: CPU a record of the p2pd that gives", safe["from"], plain["from"], "without TLS")
    bench.done()


# ---- windows and pauses

def windows(bench):
    """What it would bring if the writer waited for more to come before it begins a transaction: at the floor, which has nothing else."""
    waits = (0, 200, 1000)
    floors = {us: bench.floor(rows=True, window=us) for us in waits}
    for clients in (1, 32):
        seen = bench.in_turn(*(lambda us=us: bench.load([floors[us].port], "POST /", clients=clients, body="{}") for us in waits))
        for us, one in list(zip(waits, seen))[1:]:
            row(bench, "floor's writer waits %d us for more, %d clients" % (us, clients), one["per_second"], seen[0]["per_second"],
                "no wait, as it is", "/s", True)
    bench.done()


def beside(bench, holder, pages_a_commit, pause_us):
    """Barriers at a central while a program takes over records in transactions of so many pages, with so long a pause between."""
    central = bench.central().start()
    with subprocess.Popen([bench.place("apply"), holder, central.rows.path, str(pages_a_commit), str(pause_us)],
                          stdout=subprocess.DEVNULL) as taking:
        look = Held(central)
        wait_for(lambda: look.records() > 0, 60, "the first records")
        began, before = time.monotonic(), look.records()
        seen = bench.enter([central], 8)
        taken = (look.records() - before - seen["ok"]) / (time.monotonic() - began)
        look.close()
        bench.check(taking.poll() is None, "All was taken over before the barriers were opened.")
        taking.kill()
    central.stop()
    return dict(seen, taken=taken)


def pauses(bench):
    holder = bench.filled(1000000 if bench.full else 100000)
    ways = ((1, 0), (1, 2000), (8, 0), (8, 2000), (32, 2000))
    for (count, pause), seen in zip(ways, bench.in_turn(*(lambda way=way: beside(bench, holder, *way) for way in ways))):
        name = "%d pages a transaction, then %.0f ms of pause" % (count, pause / 1000)
        row(bench, "taking over: %s: p99 of a barrier, 8 clients" % name, seen["p99_ms"], unit="ms")
        row(bench, "  records/s taken over", seen["taken"], unit="/s")
    bench.done()


def measure(bench):
    for part in (commits, indexes, compression, *((pages, connection, tls, windows, pauses) if bench.full else ())):
        part(bench)
