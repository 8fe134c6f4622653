"""Figures 9 and 10: what grows with the history and the number of peers, and what a record takes on disk and on the wire."""
import contextlib
import os
import socket
import sqlite3
import threading

from tests.bench.look import Held, cpu_us
from tests.bench.table import Figure
from tests.bench.weight import stand_ins
from tests.site.wait import wait_for

GROUP, BYTES = "cost as it grows", "bytes a record"


def gate_rows(bench, records, first):
    """first: the same at the smallest size, None for that itself."""
    seen = {}
    central = bench.central_with(records).start()
    for clients in (1, 32):
        seen[clients], = bench.in_turn(lambda: bench.enter([central], clients))
        for which in ("p50", "p99") if clients == 1 else ("p50",):
            key = which + "_ms"
            bench.row(Figure(GROUP, "barrier, %d clients, %s, %d records" % (clients, which, records), seen[clients][key], "ms",
                             first and first[clients][key], "the same at 10000", goal=1.3 if first and which == "p50" else None))
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


def peer_rows(bench):
    """CPU of p2pd for each entry handed on to each peer, one entry at a time."""
    first, entries = None, 1000 if bench.full else 200
    for peers in (1, 10, 30, 100) if bench.full else (1, 10):
        central = bench.central().start()
        central.enter("edge-9", bench.run() + "0000000")
        made = stand_ins(bench, central, peers)
        pid = central.pid("p2pd")
        began = cpu_us(pid)
        bench.enter([central], 1, requests=entries, seconds=60)
        wait_for(lambda: all(peer.taken >= entries for peer in made), 60, "all peers to have taken %d records" % entries)
        each = (cpu_us(pid) - began) / entries / peers
        bench.row(Figure(GROUP, "CPU of p2pd an entry and peer, %d peers" % peers, each, "us", first, "the same with 1 peer"))
        first = first or each
        bench.done()


def measure(bench):
    first = others = None
    for records in (10000, 1000000, 10000000) if bench.full else (10000, 100000):
        seen = gate_rows(bench, records, first)
        bench.done()
        first = first or seen
        if records <= 1000000:
            now = other_rows(bench, records, others)
            others = others or now
    peer_rows(bench)


# ---- 10

class Meter:
    """A relay that counts the bytes of both directions."""

    def __init__(self, target):
        self.target, self.count, self._lock = target, 0, threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one, other):
        try:
            while piece := one.recv(1 << 18):
                other.sendall(piece)
                with self._lock:
                    self.count += len(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def clean_up(self):
        self._listener.close()


def metered(bench, records):
    """-> holder, meter, a central that has begun to take over all through the meter."""
    holder = bench.central_with(records).start()
    meter = bench.keep(Meter(holder.p2p_port))
    return holder, meter, bench.central(peers={holder.id: ("127.0.0.1", meter.port)}).start()


def all_there(holder, central):
    """-> records held, once both hold the same."""
    wanted = Held(holder).records()
    wait_for(lambda: Held(central).records() >= wanted, 600, "all records to be there")
    return wanted


def wire_rows(bench, line):
    records = 200000 if bench.full else 20000
    holder, meter, central = metered(bench, records)
    held = all_there(holder, central)
    seen = [("catching up", meter.count / held)]
    for clients in (1, 32):
        before = meter.count
        bench.enter([holder], clients)
        more = all_there(holder, central)
        seen.append(("live, %d clients" % clients, (meter.count - before) / (more - held)))
        held = more
    for name, each in seen:
        bench.row(Figure(BYTES, "on the wire (TLS, deflate), " + name, each, "B", line, "the record's line", goal=1.3))


def measure_bytes(bench):
    records = 1000000 if bench.full else 100000
    path = bench.filled(records)
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
        line, = db.execute("SELECT avg(length(CAST(payload AS BLOB))) FROM (SELECT payload FROM records LIMIT 100000)").fetchone()
    bench.row(Figure(BYTES, "on disk, %d records" % records, os.path.getsize(path) / records, "B", line, "the record's line", goal=2))
    wire_rows(bench, line)
