"""Figure 10: what a record takes on disk and on the wire."""
import contextlib
import os
import socket
import sqlite3
import threading

from tests.bench.look import Held
from tests.bench.table import Figure
from tests.site.wait import wait_for

GROUP = "bytes a record"


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
    records = 100000 if bench.full else 20000
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
        bench.row(Figure(GROUP, "on the wire (TLS, deflate), " + name, each, "B", line, "the record's line", goal=1.3))


def measure(bench):
    records = 1000000 if bench.full else 100000
    path = bench.filled(records)
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
        line, = db.execute("SELECT avg(length(CAST(payload AS BLOB))) FROM (SELECT payload FROM records LIMIT 100000)").fetchone()
    bench.row(Figure(GROUP, "on disk, %d records" % records, os.path.getsize(path) / records, "B", line, "the record's line", goal=2))
    wire_rows(bench, line)
