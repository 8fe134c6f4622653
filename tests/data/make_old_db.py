#!/usr/bin/python3
"""Databases as the older Python system left them (spec/records.md, last paragraph): python3 make_old_db.py KIND FILE.

KIND: "plain" (no mesh: without event_id, source_central, edge_id, sync_status), "mesh" (22 columns), "newest" (three more). Each holds
ordinary stays and odd rows: what years of restarts, hand edits and two programs left behind. expected(KIND) says what has to come of it.
"""
import sqlite3
import sys
from datetime import datetime, timedelta

PLAIN = ["id", "plate_id", "plate_view", "entry_time", "entry_camera_id", "entry_camera_name", "entry_confidence", "entry_source",
         "exit_time", "exit_camera_id", "exit_camera_name", "exit_confidence", "exit_source", "duration", "fee", "status",
         "created_at", "updated_at"]
MESH = ["id", "event_id", "source_central", "edge_id"] + PLAIN[1:16] + ["sync_status"] + PLAIN[16:]
NEWEST = MESH + ["last_location", "last_location_time", "is_anomaly"]
COLUMNS = {"plain": PLAIN, "mesh": MESH, "newest": NEWEST}
TYPES = {"id": "INTEGER PRIMARY KEY AUTOINCREMENT", "fee": "REAL DEFAULT 0", "entry_confidence": "REAL", "exit_confidence": "REAL",
         "event_id": "TEXT UNIQUE", "is_anomaly": "INTEGER DEFAULT 0", "status": "TEXT NOT NULL DEFAULT 'IN'"}
BEGIN = datetime(2025, 3, 10, 6, 0, 0)
ORDINARY = 40
CENTRALS = ["central-1", "central-2"]


def stamp(minutes):
    return (BEGIN + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def epoch_ms(text):
    """Of a local time in Vietnam."""
    return int((datetime.strptime(text, "%Y-%m-%d %H:%M:%S") - datetime(1970, 1, 1) - timedelta(hours=7)).total_seconds()) * 1000


def ordinary():
    """Stays that went as they should; the last five are still inside."""
    for n in range(ORDINARY):
        row = {"plate_id": "29A%05d" % n, "plate_view": "29A-%03d.%02d" % divmod(n, 100), "entry_time": stamp(7 * n),
               "entry_camera_id": "cam-1", "entry_camera_name": "Cổng vào", "entry_confidence": 0.9, "entry_source": "camera",
               "status": "IN", "fee": 0, "source_central": CENTRALS[n % 2], "edge_id": "edge-%d" % (n % 4),
               "event_id": "%s_%d_29A%05d" % (CENTRALS[n % 2], epoch_ms(stamp(7 * n)), n)}
        if n < ORDINARY - 5:
            row.update(exit_time=stamp(7 * n + 90), exit_camera_id="cam-2", exit_camera_name="Cổng ra", duration="1 giờ 30 phút",
                       fee=25000.0 if n % 2 else 25000, status="OUT")
        yield row


def odd():
    """(row, what has to come of it): records written (entry, exit), the fee that counts, and whether something is lost."""
    def row(**values):
        return dict({"plate_view": None, "fee": 0, "status": "OUT", "source_central": "central-1", "event_id": None}, **values)
    yield row(plate_id="30A00001", entry_time=None, exit_time=stamp(1000), fee=30000), (0, 1, 30000, False)
    yield row(plate_id="30A00002", entry_time=stamp(1100), exit_time=stamp(1040), fee=5000.0), (1, 1, 5000, False)
    yield row(plate_id="30A-?!7", entry_time=stamp(1000), exit_time=stamp(1010), fee=10000), (1, 1, 10000, False)
    yield row(plate_id="51F", entry_time=stamp(1000), status="IN"), (1, 0, 0, False)
    yield row(plate_id=None, entry_time=stamp(1001), exit_time=stamp(1011), fee=15000), (1, 1, 15000, False)
    for _ in range(2):          # the same row twice
        yield row(plate_id="30A00003", entry_time=stamp(1200), exit_time=stamp(1260), fee=25000), (1, 1, 25000, False)
    yield row(plate_id="30A00004", entry_time=stamp(1300), exit_time=stamp(1360), fee=None), (1, 1, 0, False)
    yield row(plate_id="30A00005", entry_time=stamp(1300), exit_time=None, fee=20000), (1, 1, 20000, False)
    yield row(plate_id="30A00006", entry_time=stamp(1300), exit_time=stamp(1360), fee="miễn phí"), (1, 1, 0, True)
    yield row(plate_id="30A00007", entry_time=None, exit_time=None, status="IN"), (0, 0, 0, True)
    yield row(plate_id="30A00008", entry_time="gestern", exit_time="", fee=0, status="OUT"), (0, 0, 0, True)
    yield row(plate_id="30A00009", entry_time=stamp(1400).replace(" ", "T") + ".123456", exit_time=stamp(1500)), (1, 1, 0, False)
    yield row(plate_id="30a-000.10", entry_time="2025-03-11T06:00:00+00:00", exit_time=epoch_ms("2025-03-11 15:00:00") // 1000,
              fee=50000), (1, 1, 50000, False)
    yield row(plate_id="30Đ00011", entry_time=stamp(1400), exit_time=stamp(1500), status="IN", fee=25000), (1, 1, 25000, False)
    yield row(plate_id="30A00012", entry_time=stamp(1400), status="gone"), (1, 0, 0, False)
    yield row(plate_id="30A00013", entry_time=stamp(1400), exit_time=stamp(1500), source_central="Zentrale 7",
              plate_view=b"30A\xff\xfe", fee="25000"), (1, 1, 25000, False)
    yield row(plate_id="30A00014", entry_time=stamp(1400), exit_time=stamp(1500), event_id="x" * 300, fee=25000), (1, 1, 25000, False)


def make(kind, path):
    columns = COLUMNS[kind]
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE history(%s)" % ", ".join("%s %s" % (name, TYPES.get(name, "TEXT")) for name in columns))
        for row in list(ordinary()) + [row for row, _ in odd()]:
            given = [name for name in columns if name in row]
            db.execute("INSERT INTO history(%s) VALUES(%s)" % (", ".join(given), ", ".join("?" * len(given))),
                       [row[name] for name in given])
    db.close()
    return path


def expected(_kind):
    """-> {rows, entries, exits, fees, lost} of a first import."""
    odds = [result for _, result in odd()]
    left = ORDINARY - 5
    return {"rows": ORDINARY + len(odds), "entries": ORDINARY + sum(r[0] for r in odds), "exits": left + sum(r[1] for r in odds),
            "fees": 25000 * left + sum(r[2] for r in odds), "lost": sum(r[3] for r in odds)}


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in COLUMNS:
        sys.exit(__doc__)
    make(sys.argv[1], sys.argv[2])
