"""Every route with a request it takes, and what a refusal looks like: for tests that send what no route takes."""
import contextlib
import http.client
import json
import os
import re
import socket
from urllib.parse import urlencode

from tests.site.wait import PATIENCE

SOURCE = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
KIB64, MIB4 = 64 * 1024, 4 * 1024 * 1024

TIMES = {"timestamp": 1733140800.5, "sent_at": 1733140800}
OWN = {"id": "central-1", "ip": "127.0.0.1", "p2p_port": 9000, "api_port": 8000}
PEER = {"ip": "127.0.0.1", "p2p_port": 9002, "weight": 1, "dialect": "native", "tls": False}
ROW_QUERY = {"limit": 10, "offset": 0, "after": "", "search": "29A", "status": "IN", "in_parking_only": True, "entries_only": True,
             "today_only": True, "from": "2024-12-02", "to": "2024-12-03", "central": "central-1", "edge": "edge-1",
             "flagged": True, "format": "json"}


class Route:
    """body, query: a right value for every declared field. need: those that may not be missing. largest: bytes of a body.
    box: a route that refuses with 200, since the boxes that call it repeat anything else for ever."""

    def __init__(self, method, path, body=None, query=None, need=(), largest=KIB64, box=False):
        self.method, self.pattern, self.body, self.query, self.need = method, path, body, query or {}, need
        self.path, self.largest, self.box = path.replace("{id}", "999999"), largest, box

    def __repr__(self):
        return "%s %s" % (self.method, self.pattern)


ROUTES = [
    Route("GET", "/healthz"),
    Route("GET", "/metrics"),
    Route("GET", "/api/stats"),
    Route("GET", "/api/status"),
    Route("GET", "/api/cameras"),
    Route("POST", "/api/edge/detection", {"edge_id": "edge-1", "plate_id": "29A12345", "plate_view": "29A-123.45", "camera_type": "car",
                                          "direction": "ENTRY", "confidence": 0.5, **TIMES},
          need=("edge_id", "plate_id", "plate_view", "camera_type", "direction", "confidence")),
    Route("POST", "/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "29A12345", "action": "open", "plate_view": "29A-123.45",
                                             "direction": "ENTRY", "force": False, **TIMES}, {"wait": "quorum", "timeout_ms": 0},
          need=("edge_id", "plate_id")),
    Route("POST", "/api/edge/barrier/close", {"edge_id": "edge-1", "plate_id": "29A12345", "action": "close", "event_id": "x"},
          need=("edge_id", "plate_id")),
    Route("POST", "/api/edge/event", {}, box=True),
    Route("POST", "/api/edge/heartbeat", {"camera_name": "Gate", "camera_type": "car", "status": "online", "events_sent": 1,
                                          "events_failed": 0, "timestamp": 1733140800.5}),
    Route("GET", "/api/parking/state"),
    Route("GET", "/api/parking/history", query=ROW_QUERY),
    Route("POST", "/api/parking/stays", {"plate_id": "29A12345", "plate_view": "29A-123.45", "camera_type": "car", "edge_id": "edge-1",
                                         "entry_time": "2024-12-02 10:00:00", "force": False, "why": "seen"}, need=("plate_id",)),
    Route("POST", "/api/parking/history/{id}/exit", {"reason": "forced", "fee": 0, "why": "left"}, need=("reason", "why")),
    Route("PUT", "/api/parking/history/{id}", {"plate_id": "29A12345", "plate_view": "29A-123.45", "why": "misread"},
          need=("plate_id", "plate_view")),
    Route("DELETE", "/api/parking/history/{id}", {"why": "test"}),
    Route("GET", "/api/parking/history/changes", query={"limit": 10, "offset": 0, "history_id": 1}),
    Route("GET", "/api/parking/fees"),
    Route("PUT", "/api/parking/fees", {"fees": {}}, need=("fees",)),
    Route("GET", "/api/subscriptions"),
    Route("PUT", "/api/subscriptions", {"subscriptions": []}, need=("subscriptions",), largest=MIB4),
    Route("GET", "/api/staff"),
    Route("PUT", "/api/staff", {"staff": []}, need=("staff",), largest=MIB4),
    Route("GET", "/api/p2p/config"),
    Route("PUT", "/api/p2p/config", {"this_central": OWN, "peer_centrals": []}),
    Route("GET", "/api/p2p/status"),
    Route("GET", "/api/p2p/sync-state"),
    Route("POST", "/api/p2p/peers", {"id": "central-2", **PEER}, need=("id",)),
    Route("PUT", "/api/p2p/peers/{id}", {"id": "central-2", **PEER}),
    Route("DELETE", "/api/p2p/peers/{id}"),
    Route("POST", "/api/p2p/peers/{id}/repin", {"fingerprint": "0123-4567"}, need=("fingerprint",)),
    Route("POST", "/api/p2p/warnings/{id}/seen"),
    Route("POST", "/api/p2p/test-connection", query={"peer_id": "central-2"}, need=("peer_id",)),
]
API = [route for route in ROUTES if route.pattern.startswith("/api/")]
TAKING = [route for route in API if route.body is not None]


def running(ground):
    return ground.central().start()


def source(name):
    with open(os.path.join(SOURCE, "fcgi", name), encoding="utf-8") as f:
        return f.read()


def pages():
    """{path: the methods it takes, as Allow says them} of the pages, off the program's table."""
    found = {}
    for method, path in re.findall(r'\{METHOD_(\w+), "([^"]+)", ACCESS_PAGE_', source("routes.c")):
        found.setdefault(path, []).append("GET, HEAD" if method == "GET" else method)
    return {path.replace("{id}", "1"): ", ".join(methods) for path, methods in found.items()}


def refused(answer, status, code=None, field=None):
    """-> what was told"""
    assert answer.status == status, (status, code, answer)
    assert answer.headers["content-type"] == "application/json", answer.headers
    said = answer.json
    assert said["success"] is False and len(said["error"]) > 10 and re.fullmatch(r"[a-z_]+", said["code"]), said
    assert code is None or said["code"] == code, (code, said)
    assert field is None or said.get("field") == field, (field, said)
    return said


def send(c, route, body, query=None, **headers):
    query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in (query or {}).items()}
    path = route.path + ("?" + urlencode(query) if query else "")
    return c.raw(route.method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def send_json(c, route, content):
    return send(c, route, json.dumps(content).encode())


def spoken(c, request, answers=1):
    """What is answered to these bytes. -> [(status, headers, body)]"""
    found = []
    with socket.create_connection(("127.0.0.1", c.api_port), timeout=PATIENCE) as s:
        s.sendall(request)
        stream = s.makefile("rb")
        for _ in range(answers):
            response = http.client.HTTPResponse(Kept(stream))
            response.begin()
            found.append((response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read()))
        stream.close()
    return found


class Kept:
    """A socket for HTTPResponse that leaves the stream open for the next one."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, *_):
        return Unclosed(self.stream)


class Unclosed:
    def __init__(self, stream):
        self.read, self.readline, self.readinto, self.flush = stream.read, stream.readline, stream.readinto, lambda: None
        self.closed = False

    def close(self):
        pass


def ill(c, request, status, code):
    """These bytes have to be refused so."""
    seen, headers, body = spoken(c, request)[0]
    said = json.loads(body)
    assert seen == status and said["success"] is False and said["code"] == code, (request[:200], seen, said)
    assert headers["content-type"] == "application/json", headers
    return headers


KEPT_OUT = {"events", "mesh_status", "mesh_counts", "peer_status", "marks", "clock", "sqlite_sequence"}


def rows(c):
    """{table: all of its rows}, but for the tables where refused events and the state of p2pd are kept."""
    names = [row["name"] for row in c.rows.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert {"record_rows", "history", "settings", "peers", "idempotency"} <= set(names), names
    return {name: c.rows.query("SELECT * FROM %s" % name) for name in names if name not in KEPT_OUT}


@contextlib.contextmanager
def nothing_written(c):
    before = rows(c)
    yield
    after = rows(c)
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, "changed: %s" % {name: after[name][-3:] for name in changed}
