"""Figure 6: a central that has nothing takes over all that another holds."""
import json
import os
import time

from tests.bench.look import Held, cpu_us
from tests.bench.table import Figure
from tests.site import process
from tests.site.wait import wait_for

GROUP = "catching up"
FLOOR = "parse, SHA-256, insert with all indexes, 256 a commit"
PAGES = 4                       # p2pd/batch.h: APPLY_RECORDS of 256 each
POSTGRES = "PostgreSQL's logical replication, a row a transaction"


def connected(central):
    with open(central.output, encoding="utf-8", errors="replace") as f:
        return "event=connected" in f.read()


def catch_up(bench, records):
    """-> seconds from the connection until all is held, and what p2pd took of the machine."""
    holder = bench.central_with(records).start()
    wanted = Held(holder).records()
    central = bench.central(peers={holder.id: (holder.ip, holder.p2p_port)}).start(wait=False)
    wait_for(lambda: os.path.exists(central.output) and connected(central), 60, "the connection", every=0.001)
    began, look, most = time.monotonic(), Held(central), 0
    while look.records() < wanted:
        most = max(most, process.rss(central.pid("p2pd") or 0))
        time.sleep(0.001 if records <= 1000 else 0.05)
    seconds = time.monotonic() - began
    held = central.rows.value("SELECT count(*) FROM records")
    bench.check(held == wanted, "%d of %d records were taken over" % (held, wanted))
    seen = {"seconds": seconds, "per_second": wanted / seconds, "cpu_us": cpu_us(central.pid("p2pd")) / wanted,
            "rss": max(most, process.rss(central.pid("p2pd"))) / 2**20}
    bench.done()
    return seen


def floor(bench, records):
    return json.loads(bench.program("floor_apply", bench.filled(records), os.path.join(bench.path("floor"), "rows.db"), records, 256))


def apart(bench, records):
    """The same pages taken by a ledger in one process, without network, as many a commit as p2pd takes."""
    return json.loads(bench.program("apply", bench.filled(records), os.path.join(bench.path("apply"), "parkmesh.db"), PAGES))


def rows(bench, records, ours, best, ledger, smaller):
    """smaller: as ours, of fewer records, None: there is none yet."""
    bench.row(Figure(GROUP, "records/s, %d" % records, ours["per_second"], "/s", best["per_second"], FLOOR, rate=True, goal=0.6))
    bench.row(Figure(GROUP, "  CPU of p2pd a record", ours["cpu_us"], "us", best["cpu_us"], FLOOR))
    bench.row(Figure(GROUP, "  without network, by the ledger alone", ledger["per_second"], "/s", best["per_second"], FLOOR, rate=True))
    bench.row(Figure(GROUP, "  CPU of that a record", ledger["cpu_us"], "us", best["cpu_us"], FLOOR))
    bench.row(Figure(GROUP, "  RSS of p2pd, the most", ours["rss"], "MiB", smaller and smaller["rss"],
                     "the same with fewer records", goal=smaller and 1.1))


def beside_postgres(bench, records, ours):
    best, = bench.in_turn(lambda postgres=bench.postgres(): {"per_second": postgres.catch_up(records)})
    bench.row(Figure(GROUP, "  as records/s, %d" % records, ours["per_second"], "/s", best["per_second"], POSTGRES, rate=True, goal=1))
    bench.done()


def measure(bench):
    some, = bench.in_turn(lambda: catch_up(bench, 1000))
    bench.row(Figure(GROUP, "1000 records after the connection stands", some["seconds"] * 1e3, "ms", goal=50, alone=True))
    smaller, sizes = None, ((100000, 3), (1000000, 1)) if bench.full else ((20000, 3), (100000, 1))[:1 + bench.peers]
    for records, rounds in sizes:
        ours, best, ledger = bench.in_turn(lambda: catch_up(bench, records), lambda: floor(bench, records), lambda: apart(bench, records),
                                           rounds=rounds)
        rows(bench, records, ours, best, ledger, smaller)
        smaller = ours
        if bench.peers and records == 100000:
            beside_postgres(bench, records, ours)
