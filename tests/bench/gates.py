"""Figure 1: barriers opened a second, and how long each takes, alone and beside a catch-up."""
import time

from tests.bench.look import Held, cpu_us
from tests.bench.table import Figure
from tests.site import process
from tests.site.wait import wait_for

GROUP = "barrier/open through nginx"
FLOOR = "nginx, libfcgi, group commit of one row"
CLIENTS = (1, 8, 32, 64)
MS = (("p50", "p50_ms", None), ("p99", "p99_ms", 2.0))


def at_floor(bench, floor, clients):
    body = '{"edge_id":"edge-1","plate_id":"%s@@@@@@@","direction":"ENTRY","confidence":0.94,"camera_type":"car"}' % bench.run()
    return bench.load([floor.port], "POST /api/edge/barrier/open", clients=clients, body=body)


def with_cpu(pids, ask):
    """What ask gives, and the CPU time all these programs took for each answer: it hardly depends on what else the machine does."""
    before = sum(map(cpu_us, pids))
    seen = ask()
    return dict(seen, cpu_us=(sum(map(cpu_us, pids)) - before) / max(seen["ok"], 1))


def alone(bench):
    central, floor = bench.central().start(), bench.floor(rows=True)
    pids, floor_pids = process.descendants(central.pid()), floor.pids()
    for clients in CLIENTS:
        ours, best = bench.in_turn(lambda: with_cpu(pids, lambda: bench.enter([central], clients)),
                                   lambda: with_cpu(floor_pids, lambda: at_floor(bench, floor, clients)))
        bench.row(Figure(GROUP, "entries/s, %d clients" % clients, ours["per_second"], "/s", best["per_second"], FLOOR, rate=True,
                         goal=0.6 if clients >= 32 else None))
        for name, key, goal in MS:
            bench.row(Figure(GROUP, "  %s, %d clients" % (name, clients), ours[key], "ms", best[key], FLOOR,
                             goal=goal if clients in (1, 32) else None))
        bench.row(Figure(GROUP, "  CPU of nginx, fcgi and p2pd an entry", ours["cpu_us"], "us", best["cpu_us"], FLOOR))
    bench.done()


def taking_over(bench, holder, clients):
    """A central takes over all that the holder has, and opens barriers meanwhile."""
    central = bench.newcomer(peers={holder.id: (holder.ip, holder.p2p_port)}).start()
    look, wanted = Held(central), holder.rows.records()
    wait_for(lambda: look.records() > 0, 60, "the first records")
    began, before = time.monotonic(), look.records()
    seen = bench.enter([central], clients, seconds=2 * bench.seconds)       # it answers few, and p99 is asked for
    took, taken = time.monotonic() - began, look.records() - before - seen["ok"]
    bench.check(before + taken < wanted, "The catch-up was over before the barriers were, of %d records" % wanted)
    look.close()
    central.stop()
    return dict(seen, taken=taken / took)


def beside(bench):
    holder = bench.central_with(1000000 if bench.full else 100000).start()
    for clients in (1, 32):
        seen, = bench.in_turn(lambda: taking_over(bench, holder, clients))
        for name, key, _ in MS:
            bench.row(Figure(GROUP, "%s, %d clients, beside a catch-up" % (name, clients), seen[key], "ms",
                             goal=15 if name == "p99" else None, alone=True))
        bench.row(Figure(GROUP, "  entries/s meanwhile", seen["per_second"], "/s"))
        bench.row(Figure(GROUP, "  records/s taken over meanwhile", seen["taken"], "/s", rate=True))


def measure(bench):
    alone(bench)
    beside(bench)
