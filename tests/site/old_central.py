"""A stand-in for one central of the older Python system, written from spec/wire.md ("Legacy dialect"), its weaknesses included:

- both sides dial and both connections live; every event is told on each of them, so twice;
- its mark is moved to now by each dial that fails, so what was missed is not asked for;
- its answer has only rows created since, the exits of older stays are left out, and at most 5000;
- it takes at most 1 MiB a message, and closes the connection at a larger one;
- of an answer it takes only rows whose event_id it does not know, so an exit of a known stay has to come as an event;
- an answer of more than 1 MiB is sent all the same.

http: its newer form, which meets at /ws/p2p of the api_port, begins with {"peer_id"} and has numbers as edge_id.
"""
import datetime
import json
import os
import queue
import socket
import sqlite3
import threading
import time

from tests.hostile.websocket import Gone, Silence, Wire
from tests.site.ports import free_ports

ZONE = datetime.timezone(datetime.timedelta(hours=7))
LIMIT, ROWS, WEEK = 1 << 20, 5000, 7 * 24 * 3600
COLUMNS = ("id INTEGER PRIMARY KEY AUTOINCREMENT", "event_id TEXT UNIQUE", "source_central TEXT", "edge_id TEXT", "plate_id TEXT NOT NULL",
           "plate_view TEXT", "entry_time TEXT", "entry_camera_id TEXT", "entry_camera_name TEXT", "entry_confidence REAL",
           "entry_source TEXT", "exit_time TEXT", "exit_camera_id TEXT", "exit_camera_name TEXT", "exit_confidence REAL",
           "exit_source TEXT", "duration TEXT", "fee INTEGER DEFAULT 0", "status TEXT NOT NULL", "sync_status TEXT",
           "created_at TEXT", "updated_at TEXT")
NAMES = [column.split()[0] for column in COLUMNS]


def text(moment):
    return datetime.datetime.fromtimestamp(moment, ZONE).strftime("%Y-%m-%d %H:%M:%S")


class OldWire(Wire):
    """A connection of theirs. peer: with whom, None until it has said so."""

    def __init__(self, sock, mask):
        super().__init__(sock, mask=mask)
        self.lock, self.peer = threading.Lock(), None

    def tell(self, message):
        with self.lock:
            self.send(json.dumps(message))

    def limited(self):
        """The next message; one above their library's limit ends the connection."""
        raw = self.message(3600)
        if len(raw) > LIMIT:
            raise Gone("1009 message too big: %d" % len(raw))
        return raw

    def end(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class OldCentral:
    """id, peers {id: (ip, port)}. made -> start() -> running -> stop() -> start() again, with the same ports and rows."""

    def __init__(self, id, folder, peers=None, http=False, port=None):
        self.id, self.http, self.peers = id, http, dict(peers or {})
        self.port = port or free_ports(1)[0]
        self.path = os.path.join(folder, id + "-old.db")
        self.heard, self.errors, self.sizes, self.asked = [], [], [], []    # (peer, message), …
        self.marks, self._wires, self._threads = {}, [], []
        self._lock, self._running, self._listener = threading.Lock(), False, None
        self.on_dial = None
        with self._db() as db:
            db.execute("CREATE TABLE IF NOT EXISTS history(%s)" % ", ".join(COLUMNS))

    # ---- rows

    def _db(self):
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def rows(self, where="1", *values):
        db = self._db()
        try:
            return [dict(row) for row in db.execute("SELECT * FROM history WHERE %s ORDER BY id" % where, values)]
        finally:
            db.close()

    def row(self, event_id):
        found = self.rows("event_id = ?", event_id)
        return found[0] if found else None

    def _run(self, sql, *values):
        db = self._db()
        try:
            with self._lock:
                return db.execute(sql, values).rowcount
        finally:
            db.close()

    def insert(self, row):
        """One that is known already is left as it is."""
        row = {name: row[name] for name in NAMES if name in row and name != "id"}
        row.setdefault("created_at", text(time.time()))
        return self._run("INSERT OR IGNORE INTO history(%s) VALUES(%s)" % (", ".join(row), ", ".join("?" * len(row))), *row.values())

    def insert_many(self, rows):
        """Of the same columns, all at once."""
        db = self._db()
        names = list(rows[0])
        try:
            with self._lock:
                db.execute("BEGIN")
                db.executemany("INSERT OR IGNORE INTO history(%s) VALUES(%s)" % (", ".join(names), ", ".join("?" * len(names))),
                               [tuple(row.values()) for row in rows])
                db.execute("COMMIT")
        finally:
            db.close()

    # ---- its gates

    def entry(self, plate, edge="edge-9", at=None, tell=True):
        at = time.time() if at is None else at
        event_id = "%s_%d_%s" % (self.id, at * 1000, plate)
        data = {"plate_id": plate, "plate_view": plate, "edge_id": 9 if self.http else edge, "camera_type": "ENTRY", "direction": "ENTRY",
                "entry_time": text(at)}
        self.insert(dict(data, event_id=event_id, source_central=self.id, status="IN", sync_status="LOCAL", created_at=text(time.time())))
        if tell:
            self.broadcast("VEHICLE_ENTRY_PENDING", event_id, data)
            self.broadcast("VEHICLE_ENTRY_CONFIRMED", event_id, {"confirmed_time": text(at + 1)})
        return event_id

    def exit(self, event_id, fee, at=None, tell=True):
        at = time.time() if at is None else at
        data = {"exit_central": self.id, "exit_edge": 9 if self.http else "edge-9", "exit_time": text(at), "fee": fee,
                "duration": "0 giờ 5 phút"}
        if self.http:
            data["plate_id"] = event_id.split("_")[2]
        self._left(event_id, data)
        if tell:
            self.broadcast("VEHICLE_EXIT", event_id, data)

    def _left(self, event_id, data):
        self._run("UPDATE history SET status = 'OUT', exit_time = ?, fee = ?, duration = ?, updated_at = ? WHERE event_id = ?",
                  data.get("exit_time"), data.get("fee"), data.get("duration"), text(time.time()), event_id)

    def envelope(self, kind, event_id=None, data=None):
        return {"type": kind, "source_central": self.id, "timestamp": int(time.time() * 1000), "event_id": event_id, "data": data or {}}

    def broadcast(self, kind, event_id, data):
        """On every connection there is: who is dialled by both hears it twice."""
        message = self.envelope(kind, event_id, data)
        for wire in list(self._wires):
            self._try(wire, message)

    def send_to(self, peer, message):
        """This very message, to one of them, once."""
        wire = next(w for w in self._wires if w.peer == peer)
        self._try(wire, message)

    @staticmethod
    def _try(wire, message):
        try:
            wire.tell(message)
        except (Gone, Silence, OSError):
            pass

    # ---- connections

    def start(self):
        self._running = True
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._begin(self._accept)
        for peer in self.peers:
            self._begin(self._dial, peer)
        self._begin(self._beat)
        return self

    def _begin(self, what, *args):
        thread = threading.Thread(target=what, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self):
        self._running = False
        if self._listener:
            self._listener.close()
        for wire in list(self._wires):
            wire.end()
        for thread in self._threads:
            thread.join(10)
        self._threads, self._listener = [], None

    clean_up = stop

    def connected(self, peer):
        """How many connections there are with this one."""
        return sum(w.peer == peer for w in self._wires)

    def _accept(self):
        while self._running:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._begin(self._serve, sock)

    def _serve(self, sock):
        sock.settimeout(10)
        wire = OldWire(sock, None)
        try:
            wire.welcome(protocol=None, path="/ws/p2p" if self.http else "/")
            if self.http:
                wire.peer = json.loads(wire.message(10))["peer_id"]
            self._listen(wire)
        except (Gone, Silence, OSError, AssertionError, ValueError, KeyError) as e:
            self.errors.append(repr(e))
        finally:
            wire.close()

    def _dial(self, peer):
        while self._running:
            ip, port = self.peers[peer]
            wire = None
            try:
                sock = socket.create_connection((ip, port), 5)
                wire = OldWire(sock, True)
                wire.greet(port, protocol=None, path="/ws/p2p" if self.http else "/")
                wire.peer = peer
                if self.http:
                    wire.tell({"peer_id": self.id})
                since = self.marks.get(peer, time.time() - WEEK)
                wire.tell(self.envelope("SYNC_REQUEST", None, {"since_timestamp": int(since * 1000)}))
                self._listen(wire)
            except (Gone, Silence, OSError, AssertionError) as e:
                self.errors.append(repr(e))
                self.marks[peer] = time.time()       # as if something had been asked for
            finally:
                if wire:
                    wire.close()
            time.sleep(0.3)

    def _listen(self, wire):
        self._wires.append(wire)
        try:
            while self._running:
                raw = wire.limited()
                self.sizes.append(len(raw))
                self._hear(wire, json.loads(raw))
        finally:
            self._wires.remove(wire)

    def _beat(self):
        left = 30.0
        while self._running:
            time.sleep(0.2)
            left -= 0.2
            if left <= 0:
                self.broadcast("HEARTBEAT", None, {})
                left = 30.0

    # ---- messages

    def _hear(self, wire, message):
        wire.peer = wire.peer or message.get("source_central")
        self.heard.append((wire.peer, message))
        handle = {"VEHICLE_ENTRY_PENDING": self._heard_entry, "VEHICLE_EXIT": self._heard_exit, "SYNC_REQUEST": self._heard_request,
                  "SYNC_RESPONSE": self._heard_response}.get(message["type"])
        if handle:
            handle(wire, message)

    def _heard_entry(self, wire, message):
        self.insert(dict(message["data"], event_id=message["event_id"], source_central=message["source_central"], status="IN",
                         sync_status="SYNCED"))

    def _heard_exit(self, wire, message):
        self._left(message["event_id"], message["data"])

    def _heard_request(self, wire, message):
        since = text(message["data"]["since_timestamp"] / 1000)
        self.asked.append((wire.peer, message["data"]["since_timestamp"]))
        self._try(wire, self.envelope("SYNC_RESPONSE", None, {"events": self._since(since)}))

    def _since(self, since):
        db = self._db()
        try:
            found = db.execute("SELECT * FROM history WHERE created_at >= ? ORDER BY created_at, id LIMIT ?", (since, ROWS))
            rows = [{name: row[name] for name in NAMES if row[name] is not None} for row in found]
        finally:
            db.close()
        for row in rows if self.http else []:
            if str(row.get("edge_id", "")).isdigit():
                row["edge_id"] = int(row["edge_id"])
        return rows

    def _heard_response(self, wire, message):
        rows = [dict({name: row.get(name) for name in NAMES if name != "id"}, sync_status="SYNCED", created_at=text(time.time()))
                for row in message["data"]["events"]]
        if rows:
            self.insert_many(rows)
        self.marks[wire.peer] = time.time()
