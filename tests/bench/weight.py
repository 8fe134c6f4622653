"""Figures 8 and 11: what the programs of a central take while nothing happens, and how they start and start again."""
import signal
import threading
import time

from tests.bench.look import cpu_us, rss_mib, wakeups
from tests.bench.table import Figure
from tests.hostile.author import sha
from tests.hostile.peer import Attendant, Peer
from tests.site import process

WEIGHT, LIFE = "a central at rest", "starting"
PEERS = 10


class StandIn(Peer):
    """Says to hold all it is sent, and keeps none of it. taken: records."""

    taken = 0

    def take(self, message):
        chain, first = bytes.fromhex(message.data["chain"]), message.data["first_seq"]
        for line in message.records:
            chain = sha(chain + line)
        self.taken += len(message.records)
        return Claim({message.data["log"]: [first + len(message.records) - 1, chain[:8].hex()]})


class Claim:
    def __init__(self, vector):
        self.entry = lambda: vector


def stand_ins(bench, central, count):
    """Peers that hold all that the central holds now."""
    with open(bench.secret(), encoding="ascii") as f:
        secret = f.read().strip()
    held = {log: [seq, chain[:16].lower()] for log, (seq, chain) in central.rows.heads().items()}
    made = [StandIn("stand-in-%d" % i, secret) for i in range(count)]
    for peer in made:
        session = peer.join(central.p2p_port)
        session.greet(held)
        bench.keep(Attendant(session))
    return made


def at_rest(bench, central, name):
    pids = [central.pid(role) for role in ("fcgi", "p2pd")]
    began, cpu, woken = time.monotonic(), sum(map(cpu_us, pids)), sum(map(wakeups, pids))
    time.sleep(30 if bench.full else 5)
    passed = time.monotonic() - began
    bench.row(Figure(WEIGHT, "CPU, " + name, (sum(map(cpu_us, pids)) - cpu) / passed / 1e4, "%", goal=0.1, alone=True))
    bench.row(Figure(WEIGHT, "wake-ups/s, " + name, (sum(map(wakeups, pids)) - woken) / passed, "/s"))


def measure_weight(bench):
    central = bench.central().start()
    bench.row(Figure(WEIGHT, "RSS of fcgi + p2pd, new", rss_mib(central), "MiB", 4.3, "an idle libwebsockets context", goal=24, alone=True))
    at_rest(bench, central, "new, without peers")
    bench.done()
    records = 1000000 if bench.full else 100000
    central = bench.central_with(records).start()
    bench.row(Figure(WEIGHT, "RSS of fcgi + p2pd, %d records, just started" % records, rss_mib(central), "MiB", goal=64, alone=True))
    stand_ins(bench, central, PEERS)
    bench.load([central.api_port], "GET /api/parking/history?limit=50", "GET /api/stats", clients=8)
    bench.enter([central], 32)
    name = "%d records, %d peers, after some work" % (records, PEERS)
    bench.row(Figure(WEIGHT, "RSS of fcgi + p2pd, " + name, rss_mib(central), "MiB", goal=64, alone=True))
    time.sleep(2)                   # what the work leaves behind
    at_rest(bench, central, "%d peers" % PEERS)


# ---- 11

def ready_seconds(central):
    began = time.monotonic()
    central.start(wait=False)
    while True:
        with open(central.output, "rb") as f:
            if b"\nready " in b"\n" + f.read():
                return time.monotonic() - began
        time.sleep(0.002)


def restart_under_load(bench, central):
    """parkmesh.fcgi is told to end twice while 32 clients ask."""
    def restart():
        for _ in range(2):
            time.sleep(0.3)
            victim = central.pid("fcgi")
            process.send(victim, signal.SIGTERM)
            central.wait_back("fcgi", victim)

    thread = threading.Thread(target=restart)
    thread.start()
    seen = bench.enter([central], 32, seconds=max(bench.seconds, 1))
    thread.join()
    return seen


def measure_life(bench):
    records = 1000000 if bench.full else 100000
    central = bench.central_with(records)
    bench.row(Figure(LIFE, "start to ready, %d records" % records, ready_seconds(central), "s", goal=1, alone=True))
    central.wait_ready()
    seen = restart_under_load(bench, central)
    bench.row(Figure(LIFE, "requests lost by two restarts of parkmesh.fcgi, of %d" % seen["begun"], seen["lost"] + seen["failed"], "",
                     goal=0, alone=True))
    bench.row(Figure(LIFE, "  the longest answer meanwhile", seen["max_ms"], "ms"))
