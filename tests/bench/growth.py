"""Figure 9: what grows with the history, and with the number of peers."""
import contextlib
import os
import random
import sqlite3
import time

from tests.bench.crowd import Crowd
from tests.bench.gates import with_cpu
from tests.bench.look import Held, cpu_us, own_log, part
from tests.bench.table import Figure
from tests.site import process
from tests.site.wait import wait_for

GROUP, CROWD = "cost as the history grows", "cost as the peers grow"
FEW, REGULARS = 10000, 20000


class Regulars:
    """Cars that are known and outside, all over the history, come in, one after another, and drive out, and come in again."""

    def __init__(self, bench, central):
        self._bench, self._central, self._next = bench, central, 0
        self._lines = os.path.join(bench.path("regulars"), "lines")
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % central.rows.path, uri=True)) as db:
            last, = db.execute("SELECT max(id) FROM history").fetchone()
            ids = random.Random(1).sample(range(1, last + 1), min(last, 4 * REGULARS))
            plates = [plate for id in ids for plate, in db.execute(
                "SELECT plate_id FROM history h WHERE id = ? AND NOT EXISTS (SELECT 1 FROM history i WHERE i.plate_id = h.plate_id"
                " AND i.status = 'IN')", (id,))]
        plates = list(dict.fromkeys(plates))[:REGULARS]
        with open(self._lines, "w", encoding="ascii") as f:
            for direction in ("ENTRY", "EXIT"):
                f.writelines('{"edge_id":"edge-1","plate_id":"%s","direction":"%s","confidence":0.94,"camera_type":"car"}\n'
                             % (plate, direction) for plate in plates)

    def drive(self, clients, **more):
        """-> what load says; each answer is a record."""
        look = Held(self._central)
        before = look.records()
        seen = self._bench.load([self._central.api_port], "POST /api/edge/barrier/open", clients=clients, body="#", lines=self._lines,
                                first=self._next, must='"success":true', **more)
        self._next += seen["begun"]
        written = look.records() - before
        look.close()
        self._bench.check(seen["ok"] <= written, "%d barriers were opened, %d records written" % (seen["ok"], written))
        return seen


def gate_rows(bench, records, centrals):
    """centrals: one with few records, one with so many. Both are asked in turn, so that a machine that drifts does so for both."""
    cars = [Regulars(bench, central) for central in centrals]
    pids = [process.descendants(central.pid()) for central in centrals]
    for clients in (1, 32):
        few, many = bench.in_turn(*(lambda i=i: with_cpu(pids[i], lambda: cars[i].drive(clients)) for i in (0, 1)))
        for name, key, unit, goal in (("p50", "p50_ms", "ms", 1.3), ("p99", "p99_ms", "ms", None), ("CPU", "cpu_us", "us", None)):
            bench.row(Figure(GROUP, "barrier, %d clients, %s, %d records" % (clients, name, records), many[key], unit, few[key],
                             "the same with %d" % FEW, goal=goal))


def other_rows(bench, records, centrals):
    asks = {"detection": "POST /api/edge/detection", "history page": "GET /api/parking/history?limit=50", "stats": "GET /api/stats",
            "state": "GET /api/parking/state"}
    body = '{"edge_id":"edge-2","plate_id":"29A00@@@@","plate_view":"29A00@@@@","camera_type":"car","direction":"EXIT","confidence":0.9}'
    for name, ask in asks.items():
        few, many = bench.in_turn(*(lambda c=c: bench.load([c.api_port], ask, clients=1, body=body if "POST" in ask else None)
                                    for c in centrals))
        bench.row(Figure(GROUP, "%s, p50, %d records" % (name, records), many["p50_ms"], "ms", few["p50_ms"],
                         "the same with %d" % FEW))


def measure(bench):
    for records in (1000000, 10000000) if bench.full else (100000,):
        centrals = [bench.central_with(FEW).start(), bench.central_with(records).start()]
        if records <= 1000000:
            other_rows(bench, records, centrals)
        gate_rows(bench, records, centrals)
        bench.done()


# ---- peers

def crowd_of(bench, central, count):
    blank = bench.path("blank") + "/parkmesh.db"
    bench.program("fill", "--apart", blank, "blank", 0)
    return bench.keep(Crowd(bench.path("crowd"), bench.build, blank, central, count))


def one_by_one(central, looks, log, count):
    """ms from the acknowledgement of each entry until all of the others hold it."""
    took, ours = [], Held(central)
    for i in range(count):
        central.enter("edge-9", "97Z%05d" % i)
        began, seq = time.perf_counter(), ours.head(log)
        for look in looks:
            while look.head(log) < seq:
                time.sleep(0.0001)
        took.append((time.perf_counter() - began) * 1e3)
    ours.close()
    return took


def with_peers(bench, count):
    """-> what p2pd of a central with so many peers takes."""
    central = bench.central().start()
    central.enter("edge-9", bench.run() + "0000000")
    log, crowd = own_log(central), crowd_of(bench, central, count)
    looks = [Held(path) for path in crowd.databases]
    wait_for(lambda: all(look.head(log) for look in looks), 120, "%d peers to hold a record" % count, every=0.05)
    pid, entries = central.pid("p2pd"), 200 if bench.full else 50
    time.sleep(1)                   # what connecting leaves behind
    began, cpu = time.monotonic(), cpu_us(pid)
    time.sleep(10 if bench.full else 3)
    idle = (cpu_us(pid) - cpu) / (time.monotonic() - began) / 1e4
    cpu = cpu_us(pid)
    took = one_by_one(central, looks, log, entries)
    for look in looks:
        look.close()
    seen = {"each": (cpu_us(pid) - cpu) / entries / count, "idle": idle, "rss": process.rss(pid) / 2**20, "p50": part(took, 0.5)}
    bench.done()
    return seen


def measure_crowd(bench):
    first = None
    for count in (1, 10, 30, 100) if bench.full else (1, 10):
        seen = with_peers(bench, count)
        bench.row(Figure(CROWD, "CPU of p2pd an entry and peer, %d peers" % count, seen["each"], "us", first and first["each"],
                         "the same with 1 peer", goal=first and 1.3))
        bench.row(Figure(CROWD, "  acknowledged -> held by all, p50", seen["p50"], "ms"))
        bench.row(Figure(CROWD, "  CPU of p2pd at rest", seen["idle"], "%"))
        bench.row(Figure(CROWD, "  RSS of p2pd", seen["rss"], "MiB"))
        first = first or seen
