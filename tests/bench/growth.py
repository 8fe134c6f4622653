"""Figure 9: what grows with the history, and with the number of peers."""
import time

from tests.bench.crowd import Crowd
from tests.bench.look import Held, cpu_us, own_log, part
from tests.bench.table import Figure
from tests.site import process
from tests.site.wait import wait_for

GROUP, CROWD = "cost as the history grows", "cost as the peers grow"


def gate_rows(bench, records, first):
    """first: the same at the smallest size, None for that itself."""
    seen = {}
    central = bench.central_with(records).start()
    bench.enter([central], 1)       # what is read first comes from the disk
    for clients in (1, 32):
        seen[clients], = bench.in_turn(lambda: bench.enter([central], clients))
        for which in ("p50", "p99"):
            key = which + "_ms"
            bench.row(Figure(GROUP, "barrier, %d clients, %s, %d records" % (clients, which, records), seen[clients][key], "ms",
                             first and first[clients][key], "the same at 10000", goal=1.3 if first and which == "p50" else None))
    bench.done()
    return seen


def other_rows(bench, records, first):
    asks = {"detection": "POST /api/edge/detection", "history page": "GET /api/parking/history?limit=50", "stats": "GET /api/stats",
            "state": "GET /api/parking/state"}
    body = '{"edge_id":"edge-2","plate_id":"29A00@@@@","plate_view":"29A00@@@@","camera_type":"car","direction":"EXIT","confidence":0.9}'
    central, seen = bench.central_with(records).start(), {}
    for name, ask in asks.items():
        seen[name], = bench.in_turn(lambda: bench.load([central.api_port], ask, clients=1, body=body if "POST" in ask else None))
        bench.row(Figure(GROUP, "%s, p50, %d records" % (name, records), seen[name]["p50_ms"], "ms", first and first[name]["p50_ms"],
                         "the same at 10000"))
    bench.done()
    return seen


def measure(bench):
    first = others = None
    for records in (10000, 1000000, 10000000) if bench.full else (10000, 100000):
        seen = gate_rows(bench, records, first)
        first = first or seen
        if records <= 1000000:
            now = other_rows(bench, records, others)
            others = others or now


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
