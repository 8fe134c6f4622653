"""Figure 1: barriers opened a second, and how long each takes, alone and beside a catch-up."""
from tests.bench.look import cpu_us
from tests.bench.table import Figure
from tests.site import process

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
        for name, key, goal in MS if clients in (1, 32) else ():
            bench.row(Figure(GROUP, "  %s, %d clients" % (name, clients), ours[key], "ms", best[key], FLOOR, goal=goal))
        bench.row(Figure(GROUP, "  CPU of nginx, fcgi and p2pd an entry", ours["cpu_us"], "us", best["cpu_us"], FLOOR))
    bench.done()


def beside(bench):
    """The central takes over all that another holds, and opens barriers meanwhile."""
    records = 1000000 if bench.full else 100000
    for clients in (1, 32):
        holder = bench.central_with(records).start()
        central = bench.central(peers={holder.id: (holder.ip, holder.p2p_port)}).start()
        seen = bench.enter([central], clients)
        left = holder.rows.records() - central.rows.records()
        still = "" if left > 0 else " (it was over before)"
        for name, key, _ in MS:
            bench.row(Figure(GROUP, "  %s, %d clients, beside a catch-up%s" % (name, clients, still), seen[key], "ms",
                             goal=15 if name == "p99" else None, alone=True))
        bench.row(Figure(GROUP, "entries/s, %d clients, beside a catch-up%s" % (clients, still), seen["per_second"], "/s"))
        bench.done()


def measure(bench):
    alone(bench)
    beside(bench)
