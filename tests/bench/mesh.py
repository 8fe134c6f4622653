"""Figures 3, 4 and 5: from the acknowledgement to the other centrals."""
import json
import os
import statistics
import time

from tests.bench.look import Heads, Held, own_log, part
from tests.bench.table import Figure
from tests.site.wait import wait_for
from tests.site.watcher import Watcher

VISIBLE, THREE, TEN = "two centrals", "three centrals, clients at one", "ten centrals"
OLD_MOST = 145   # entries/s of the older system with ten centrals


# ---- 3

def visible(central, others, count):
    """ms from the acknowledgement until all of the others show the row, looked at every tenth of a ms."""
    took, looks = [], [Held(other) for other in others]
    for i in range(count):
        answer = central.enter("edge-9", "99Z%05d" % i)
        began = time.perf_counter()
        for look in looks:
            while not look.event(answer["event_id"]):
                time.sleep(0.00005)
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.003)
    for look in looks:
        look.close()
    return took


def told(central, other, count):
    """ms until a dashboard at the other has been told."""
    took, watcher = [], Watcher(other)
    for i in range(count):
        answer = central.enter("edge-9", "98Z%05d" % i)
        began = time.perf_counter()
        watcher.until(answer["event_id"])
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.025)       # below the rate at which changes are told one by one
    watcher.close()
    return took


def visible_rows(bench, group, site, goals):
    count, others = 1000 if bench.full else 300, site.centrals[1:]
    took = visible(site[0], others, count)
    best = json.loads(bench.program("floor_visible", bench.path("visible"), len(others), count))
    where = "acknowledged -> visible on " + ("one peer" if len(others) == 1 else "all %d peers" % len(others))
    for which, share, goal in (("p50", 0.5, goals[0]), ("p99", 0.99, goals[1])):
        bench.row(Figure(group, "%s, %s" % (where, which), part(took, share), "ms", best[which + "_ms"],
                         "framed message, one commit, answer", goal=goal, alone=True))


def measure_visible(bench):
    site = bench.site(2).start()
    visible_rows(bench, VISIBLE, site, (1, 6))
    took = told(site[0], site[1], 200 if bench.full else 50)
    for which, share in (("p50", 0.5), ("p99", 0.99)):
        bench.row(Figure(VISIBLE, "a dashboard at one peer is told, " + which, part(took, share), "ms"))
    bench.done()


# ---- 4

def took_until_all(bench, site, heads, log, seen, times):
    """ms of each entry from the request until all centrals held its record."""
    seqs = {row["plate_id"]: row["seq"] for row in site[0].rows.query(
        "SELECT plate_id, seq FROM records WHERE log = ? AND plate_id BETWEEN ? AND ?", log, seen["run"] + "0", seen["run"] + "9999999")}
    took = []
    with open(times, encoding="ascii") as f:
        for number, began, _ in map(str.split, f):
            took.append((heads.when(seqs["%s%07d" % (seen["run"], int(number))]) - seen["began"]) * 1e3 - float(began))
    for other in site.centrals[1:]:
        held = bench.held(other, seen["run"])
        bench.check(held == len(seqs), "%s holds %d of %d entries" % (other.id, held, len(seqs)))
    return took


def until_all(bench, site, clients):
    """Entries at the first central -> rate and times until all three hold them."""
    times = os.path.join(bench.path("times"), "times")
    site[0].enter("edge-9", bench.run() + "0000000")    # its log stands
    log = own_log(site[0])
    heads = Heads(site.centrals, log)
    seen = bench.enter([site[0]], clients, times=times)
    last = Held(site[0]).head(log)
    wait_for(lambda: heads.heads[-1] >= last, 120, "all centrals to hold all")
    heads.end()
    took = took_until_all(bench, site, heads, log, seen, times)
    return {"per_second": seen["ok"] / (heads.when(last) - seen["began"]), "p50_ms": part(took, 0.5), "p99_ms": part(took, 0.99),
            "acknowledged": seen["per_second"]}


def measure_three(bench):
    site, etcd = bench.site(3).start(), bench.etcd() if bench.peers else None
    for clients in (32, 64):
        measures = [lambda: until_all(bench, site, clients)] + [lambda: etcd.put(bench, clients)] * (etcd is not None)
        ours, *best = bench.in_turn(*measures)
        best = best[0] if best else {}
        bench.row(Figure(THREE, "entries/s held by all three, %d clients" % clients, ours["per_second"], "/s", best.get("per_second"),
                         "etcd, three members, on a quorum's disks", rate=True, goal=1 if best else None))
        bench.row(Figure(THREE, "  acknowledged by the one", ours["acknowledged"], "/s"))
        for which in ("p50", "p99"):
            bench.row(Figure(THREE, "  %s until held by all three" % which, ours[which + "_ms"], "ms", best.get(which + "_ms"),
                             "etcd, three members, on a quorum's disks", goal=1 if best else None))
    waiting(bench, site)


def waiting(bench, site):
    """As many as may wait for a quorum at once: a quarter of the threads."""
    seen, = bench.in_turn(lambda: bench.enter([site[0]], 8, path="/api/edge/barrier/open?wait=quorum"))
    bench.row(Figure(THREE, "entries/s, ?wait=quorum, 8 clients", seen["per_second"], "/s"))
    bench.row(Figure(THREE, "  p99 of it", seen["p99_ms"], "ms"))


# ---- 5

def behind(site):
    """Records that some central lacks, in all."""
    looks = [Held(central) for central in site]
    held = [look.records() for look in looks]
    for look in looks:
        look.close()
    return sum(max(held) - n for n in held)


def ten_rows(bench, site, name, at, times):
    late = []

    def once():
        seen = bench.enter(at, 8)
        time.sleep(1)
        late.append(behind(site))
        site.wait_converged()
        held = bench.held(site[9], seen["run"])
        bench.check(held >= seen["ok"], "%s holds %d of %d entries" % (site[9].id, held, seen["ok"]))
        return seen

    seen, = bench.in_turn(once)
    bench.row(Figure(TEN, "entries/s, 8 clients, all at " + name, seen["per_second"], "/s", OLD_MOST, "the older system: 87-145", rate=True,
                     goal=times))
    bench.row(Figure(TEN, "  records some central lacks 1 s later", statistics.median(late), "", goal=0, alone=True))


def measure_ten(bench):
    site = bench.site(10).start()
    visible_rows(bench, TEN, site, (6, 25))
    ten_rows(bench, site, "one", [site[0]], 8)
    ten_rows(bench, site, "ten in turn", site.centrals, 4)
