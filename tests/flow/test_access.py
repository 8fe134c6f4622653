#!/usr/bin/python3
"""Who may do what (spec/operations.md): tokens, trusted addresses, what takes the trust away, pages of other origins, rate limits.

The calls come from several addresses of loopback. Unless a test says otherwise loopback itself is not trusted: edges are trusted
at 127.0.0.2, programs that administer at 127.0.0.3, and 127.0.0.4 is anybody."""
import fcntl
import hashlib
import http.client
import json
import os
import re
import secrets
import socket
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

EDGE, ADMIN, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4"
APP = "https://office.example"
OPTIONS = ["--trust-edges", "none", "--trust-edges", EDGE + "/32", "--trust-admin", "none", "--trust-admin", ADMIN,
           "--cors-origin", APP, "--host", "parking.example"]
API = ("VIEWER", "OPERATOR", "ADMIN")        # what is not for edges
DETECTION, OPEN, CLOSE = "/api/edge/detection", "/api/edge/barrier/open", "/api/edge/barrier/close"
STATS, CONFIG = "/api/stats", "/api/p2p/config"
SOURCE = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def running(ground):
    c = ground.central(options=OPTIONS).start()
    c.ground, c.others = ground, 0
    return c


def another(c, *options):
    """A central of its own beside the one that the tests share, not started."""
    c.others += 1
    return c.ground.central("other-%d" % c.others, options=options)


def call(central, source, method, path, content=None, **headers):
    """-> Answer. Names of headers have _ for -."""
    client = Client("127.0.0.1", central.api_port, source=source)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return client.raw(method, path, content, headers)
    finally:
        client.close()


def open_body(edge, plate):
    return b'{"edge_id":"%s","plate_id":"%s","direction":"ENTRY"}' % (edge.encode(), plate.encode())


def bearer(token):
    return {"Authorization": "Bearer " + token}


def set_token(central, edge, token):
    """As `parkmeshctl edge token` does it, with the lock that all writers take."""
    with open(os.path.join(central.dir, "parkmesh.db-lock"), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        db = sqlite3.connect(os.path.join(central.dir, "parkmesh.db"), timeout=30)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("INSERT INTO edges(edge_id, token_hash, created_ms) VALUES(?, ?, 0) "
                   "ON CONFLICT(edge_id) DO UPDATE SET token_hash = excluded.token_hash",
                   (edge, hashlib.sha256(token.encode()).digest()))
        db.commit()
        db.close()


def new_token(central, edge):
    token = secrets.token_hex(32)
    set_token(central, edge, token)
    return token


def refused(answer, status, code):
    """Was it refused so, in the API's shape, and without a hint of CORS? -> answer"""
    assert answer.status == status, (status, code, answer)
    told = answer.json
    assert told["success"] is False and told["code"] == code and len(told["error"]) > 10, (code, told)
    assert ("www-authenticate" in answer.headers) == (status == 401), answer.headers
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer"), answer.headers
    return answer


def granted(answer):
    assert answer.status == 200 and answer.json["success"] is True, answer
    return answer


def every_route():
    """(method, path, access) of all that the program answers to, off its table."""
    with open(os.path.join(SOURCE, "fcgi", "routes.c"), encoding="utf-8") as f:
        found = re.findall(r'\{METHOD_(\w+), "([^"]+)", ACCESS_(\w+),', f.read())
    assert len(found) > 15, found
    return found


# ---- tokens

def test_a_token_opens_what_is_for_edges_from_any_address(c):
    token = new_token(c, "edge-1")
    for number, source in enumerate((STRANGER, EDGE, ADMIN, "127.0.0.1")):
        answer = call(c, source, "POST", OPEN, open_body("edge-1", "29A1110%d" % number), **bearer(token))
        assert granted(answer).json["action"] == "ENTRY"
    assert c.rows.value("SELECT count(*) FROM history WHERE edge_id = 'edge-1' AND plate_id LIKE '29A1110%'") == 4


def test_a_token_opens_nothing_else(c):
    token = new_token(c, "edge-1")
    for method, path, access in every_route():
        path = path.replace("{id}", "1")
        if access not in ("ANYONE", "EDGE", "BOX"):
            form = {"Content_Type": "application/x-www-form-urlencoded"} if access.startswith("PAGE_") else {}
            answer = call(c, ADMIN, method, path, b"{}" if method in ("POST", "PUT") else None, **form, **bearer(token))
            assert answer.status == 403, (method, path, answer)
            if not access.startswith("PAGE_"):
                refused(answer, 403, "forbidden" if access == "WATCH" else "not_for_edges")


def test_a_token_cannot_take_anothers_camera(c):
    tokens = {edge: new_token(c, edge) for edge in ("edge-71", "edge-72")}

    def tell(edge, path, **more):
        body = dict(camera_id=71, camera_name="Cổng", camera_type="car", timestamp=0, **more)
        return call(c, ADMIN, "POST", path, json.dumps(body).encode(), **bearer(tokens[edge]))

    def sighting(edge, plate):
        return {"type": "ENTRY", "data": {"plate_text": plate, "confidence": 0.9, "source": "ai", "edge_id": edge}}

    granted(tell("edge-71", "/api/edge/event", **sighting("edge-71", "29A71001")))
    refused(tell("edge-72", "/api/edge/event", **sighting("edge-72", "29A71002")), 403, "edge_mismatch")
    beat = {"status": "online", "events_sent": 1, "events_failed": 0}
    granted(tell("edge-71", "/api/edge/heartbeat", **beat))
    refused(tell("edge-72", "/api/edge/heartbeat", **beat), 403, "edge_mismatch")


def test_a_wrong_token_is_never_made_good_by_the_address(c):
    token = new_token(c, "edge-1")
    wrong = [token[:-1] + ("0" if token[-1] != "0" else "1"), token.upper() if token != token.upper() else "x", token + "0",
             token[:-1], secrets.token_hex(32), "x", "' OR 1=1 --", "a b"]
    shown = ["Bearer " + one for one in wrong] + ["Bearer", "Basic " + token, token, "bearer" + token, ""]
    for source, path in ((EDGE, DETECTION), (ADMIN, STATS), (STRANGER, DETECTION)):
        for authorization in shown:
            method = "GET" if path == STATS else "POST"
            answer = call(c, source, method, path, None if path == STATS else b"{}", Authorization=authorization)
            refused(answer, 401, "token_unknown")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-1", "29A22222"), Authorization="bEARER  " + token))


def test_a_token_speaks_for_its_own_edge_alone(c):
    token = new_token(c, "edge-1")
    before = c.rows.records()
    for path in (DETECTION, OPEN, CLOSE):
        body = (b'{"edge_id":"edge-2","plate_id":"29A33333","plate_view":"","camera_type":"car","direction":"ENTRY",'
                b'"confidence":1}')
        answer = refused(call(c, STRANGER, "POST", path, body, **bearer(token)), 403, "edge_mismatch")
        assert answer.json["field"] == "edge_id", answer.json
    for path, body in (("/api/edge/event", b'{"type":"ENTRY","camera_id":"2","camera_name":"x","camera_type":"car","timestamp":1,'
                                           b'"data":{"plate_text":"29A33333","confidence":1,"source":"x"%s}}'),):
        for edge in (b',"edge_id":"edge-2"', b""):
            refused(call(c, STRANGER, "POST", path, body % edge, **bearer(token)), 403, "edge_mismatch")
    heartbeat = (b'{"camera_id":"%s","camera_name":"x","camera_type":"car","status":"online","events_sent":1,"events_failed":0,'
                 b'"timestamp":1}')
    granted(call(c, EDGE, "POST", "/api/edge/heartbeat", heartbeat % b"2"))      # now it is known to be edge-2's
    refused(call(c, STRANGER, "POST", "/api/edge/heartbeat", heartbeat % b"2", **bearer(token)), 403, "edge_mismatch")
    assert c.rows.records() == before and not c.rows.history(plate_id="29A33333")
    granted(call(c, STRANGER, "POST", "/api/edge/heartbeat", heartbeat % b"1", **bearer(token)))


def test_a_replaced_token_is_no_longer_one(c):
    old = new_token(c, "edge-5")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-5", "29A44444"), **bearer(old)))
    fresh = new_token(c, "edge-5")
    refused(call(c, STRANGER, "POST", CLOSE, open_body("edge-5", "29A44444"), **bearer(old)), 401, "token_unknown")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-5", "29A44444"), **bearer(fresh)))


def test_a_token_that_parkmeshctl_made(c):
    def ctl(*words):
        line = [os.path.join(c.build, "ctl", "parkmeshctl"), "--db", os.path.join(c.dir, "parkmesh.db"), *words]
        return subprocess.run(line, stdin=subprocess.DEVNULL, timeout=60, capture_output=True, text=True, check=True).stdout.strip()
    ctl("edge", "add", "edge-7", "--name", "Gate 7")
    first = ctl("edge", "token", "edge-7")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-7", "29A44447"), **bearer(first)))
    second = ctl("edge", "token", "edge-7")
    refused(call(c, STRANGER, "POST", CLOSE, open_body("edge-7", "29A44447"), **bearer(first)), 401, "token_unknown")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-7", "29A44447"), **bearer(second)))


def test_it_is_noted_when_a_tokens_edge_was_there(c):
    token = new_token(c, "edge-6")
    assert c.rows.value("SELECT seen_ms FROM edges WHERE edge_id = 'edge-6'") == 0
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-6", "29A44445"), **bearer(token)))
    seen = wait_for(lambda: c.rows.value("SELECT seen_ms FROM edges WHERE edge_id = 'edge-6'"), what="seen_ms of edge-6")
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-6", "29A44445"), **bearer(token)))
    granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-6", "29A44445"), **bearer(token)))
    assert c.rows.value("SELECT seen_ms FROM edges WHERE edge_id = 'edge-6'") == seen, "at most once a minute"


def test_a_token_counts_through_a_proxy_and_by_any_name(c):
    token = new_token(c, "edge-1")
    for headers in ({"X_Forwarded_For": "8.8.8.8"}, {"Forwarded": "for=8.8.8.8"}, {"Host": "anything.example"},
                    {"Sec_Fetch_Site": "cross-site", "Content_Type": "application/json"}):
        granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-1", "29A44446"), **headers, **bearer(token)))


# ---- addresses

def test_every_route_is_closed_to_anybody(c):
    """Off the program's table, so that a new route cannot be forgotten."""
    before = c.rows.records()
    for method, path, access in every_route():
        body = b"{}" if method in ("POST", "PUT") else None
        form = {"Content_Type": "application/x-www-form-urlencoded"} if access.startswith("PAGE_") else {}
        answer = call(c, STRANGER, method, path.replace("{id}", "1"), body, **form)
        if access in ("EDGE", "BOX"):
            refused(answer, 401, "token_needed")
        elif access in API:
            refused(answer, 403, "address_not_trusted")
        elif access == "WATCH":
            refused(answer, 403, "forbidden")
        elif access == "PAGE_OPEN":
            assert answer.status == 403 if method == "POST" else answer.status != 403, (method, path, answer)
        elif access != "ANYONE":
            assert access.startswith("PAGE_") and answer.status == 303, (method, path, answer)
            assert answer.headers["location"].startswith("/login?lost=1&back=%2F" if method == "POST" else "/login?back=%2F"), answer.headers
    assert c.rows.records() == before


def test_edges_by_address_open_what_is_for_edges_only(c):
    granted(call(c, EDGE, "POST", OPEN, open_body("edge-1", "29A55555")))
    granted(call(c, EDGE, "GET", "/api/status"))
    granted(call(c, EDGE, "GET", "/api/subscriptions"))
    for method, path, access in every_route():
        if access in API:
            answer = call(c, EDGE, method, path.replace("{id}", "1"), b"{}" if method in ("POST", "PUT") else None)
            refused(answer, 403, "address_not_trusted")


def test_admins_by_address_may_use_all_of_the_api(c):
    granted(call(c, ADMIN, "GET", STATS))
    granted(call(c, ADMIN, "GET", CONFIG))
    granted(call(c, ADMIN, "GET", "/api/status"))
    granted(call(c, ADMIN, "POST", OPEN, open_body("edge-1", "29A66666")))


def test_an_edge_by_address_may_be_any_edge(c):
    for edge in ("edge-1", "edge-77"):
        granted(call(c, EDGE, "POST", CLOSE, open_body(edge, "29A55556")))


def test_loopback_is_trusted_unless_told_otherwise(shared):
    c = another(shared).start()
    for source in ("127.0.0.1", STRANGER):
        granted(call(c, source, "GET", STATS))
        granted(call(c, source, "POST", CLOSE, open_body("edge-1", "29A77777")))


def test_the_former_trust_option_is_for_edges_alone(shared):
    c = another(shared, "--trust-edges", "none", "--trust-admin", "none", "--trust", EDGE).start()
    granted(call(c, EDGE, "POST", CLOSE, open_body("edge-1", "29A77777")))
    refused(call(c, EDGE, "GET", STATS), 403, "address_not_trusted")
    refused(call(c, "127.0.0.1", "POST", CLOSE, open_body("edge-1", "29A77777")), 401, "token_needed")
    assert c.healthy()


# ---- what takes the trust in an address away

TAKEN = [({"X_Forwarded_For": "127.0.0.2"}, "forwarded"), ({"X_Forwarded_For": ""}, "forwarded"),
         ({"Forwarded": "for=127.0.0.2"}, "forwarded"), ({"Forwarded": ""}, "forwarded"),
         ({"Host": "evil.example"}, "unknown_host"), ({"Host": "127.0.0.1.evil.example"}, "unknown_host"),
         ({"Host": "localhost.evil.example:80"}, "unknown_host"), ({"Host": "parking.example.evil.example"}, "unknown_host"),
         ({"Sec_Fetch_Site": "none"}, "from_a_page"), ({"Sec_Fetch_Site": "same-origin"}, "from_a_page"),
         ({"Sec_Fetch_Site": "cross-site"}, "from_a_page"), ({"Sec_Fetch_Site": ""}, "from_a_page"),
         ({"Origin": "http://evil.example"}, "origin_not_allowed"), ({"Origin": "null"}, "origin_not_allowed"),
         ({"Origin": ""}, "origin_not_allowed"), ({"Origin": APP + ".evil.example"}, "origin_not_allowed"),
         ({"Origin": APP.replace("https", "http")}, "origin_not_allowed")]


def test_trust_by_address_does_not_reach_through_others(c):
    before = c.rows.records()
    for headers, code in TAKEN:
        json = {"Content_Type": "application/json"}
        refused(call(c, EDGE, "POST", OPEN, open_body("edge-1", "29A88888"), **json, **headers), 403, code)
        refused(call(c, ADMIN, "GET", STATS, **headers), 403, code)
        refused(call(c, ADMIN, "PUT", CONFIG, b"{}", **json, **headers), 403, code)
    own = "http://127.0.0.1:%d" % c.api_port
    refused(call(c, EDGE, "POST", OPEN, open_body("edge-1", "29A88888"), Origin=own, Content_Type="application/json"), 403, "from_a_page")
    refused(call(c, ADMIN, "GET", STATS, Origin=own), 403, "from_a_page")
    refused(call(c, ADMIN, "GET", STATS, Origin=APP), 403, "from_a_page")
    refused(call(c, EDGE, "POST", OPEN, b"{}", Origin=APP, Content_Type="application/json"), 401, "token_needed")
    assert c.rows.records() == before


def test_a_repeated_header_hides_nothing(c):
    for first in ("X-Forwarded-For: ", "Forwarded: ", "Origin: ", "Sec-Fetch-Site: "):
        with socket.create_connection(("127.0.0.1", c.api_port), timeout=60, source_address=(ADMIN, 0)) as s:
            s.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%sx\r\n\r\n" % (STATS, first, first)).encode())
            response = http.client.HTTPResponse(s)
            response.begin()
            assert response.status == 403, (first, response.status, response.read())


def test_names_this_central_is_called_by(c):
    for host in ("127.0.0.1:%d" % c.api_port, "localhost", "LOCALHOST:1", "[::1]:80", "10.0.0.1", "parking.example",
                 "Parking.Example:8000"):
        granted(call(c, ADMIN, "GET", STATS, Host=host))


# ---- pages of other origins

def test_a_preflight_of_an_allowed_origin(c):
    for path, methods in ((OPEN, "POST"), ("/api/subscriptions", "GET, HEAD, PUT"), (STATS, "GET, HEAD")):
        answer = call(c, STRANGER, "OPTIONS", path, Origin=APP, Access_Control_Request_Method="POST",
                      Access_Control_Request_Headers="authorization")
        assert answer.status == 204 and answer.body == b"", answer
        assert answer.headers["access-control-allow-origin"] == APP, answer.headers
        assert answer.headers["access-control-allow-methods"] == methods, answer.headers
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match")), allowed
        assert answer.headers["vary"] == "Origin", answer.headers
        assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_of_any_other_origin(c):
    for origin in ("https://evil.example", "null", "", APP + ":444"):
        answer = refused(call(c, ADMIN, "OPTIONS", OPEN, Origin=origin, Access_Control_Request_Method="POST"), 403,
                         "origin_not_allowed")
        assert not [name for name in answer.headers if name.startswith("access-control-")], answer.headers
        assert answer.headers["vary"] == "Origin", answer.headers
    answer = refused(call(c, ADMIN, "OPTIONS", "/api/none", Origin=APP, Access_Control_Request_Method="POST"), 404, "not_found")
    answer = refused(call(c, ADMIN, "OPTIONS", OPEN), 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST", answer.headers


def test_an_allowed_origin_with_a_token(c):
    token = new_token(c, "edge-1")
    json = {"Content_Type": "application/json", "Origin": APP}
    answer = granted(call(c, STRANGER, "POST", CLOSE, open_body("edge-1", "29A99999"), **json, **bearer(token)))
    assert answer.headers["access-control-allow-origin"] == APP and answer.headers["vary"] == "Origin", answer.headers
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()
    answer = refused(call(c, STRANGER, "POST", CLOSE, b"{}", **json, Authorization="Bearer x"), 401, "token_unknown")
    assert answer.headers["access-control-allow-origin"] == APP, "an app can read why: %s" % answer.headers
    for origin in ("https://evil.example", "null"):
        json["Origin"] = origin
        answer = refused(call(c, STRANGER, "POST", CLOSE, b"{}", **json, **bearer(token)), 403, "origin_not_allowed")
        assert not [name for name in answer.headers if name.startswith("access-control-")], answer.headers


def test_no_origin_is_allowed_by_default(shared):
    c = another(shared).start()
    answer = refused(call(c, "127.0.0.1", "OPTIONS", OPEN, Origin=APP, Access_Control_Request_Method="POST"), 403,
                     "origin_not_allowed")
    assert not [name for name in answer.headers if name.startswith("access-control-")], answer.headers
    answer = granted(call(c, "127.0.0.1", "GET", STATS))
    assert not [name for name in answer.headers if name.startswith("access-control-")], answer.headers


# ---- options

def test_wrong_options_are_told(c):
    for wrong in (["--trust", "office"], ["--trust-edges", "10.0.0.0/8;"], ["--trust-admin", ""], ["--trust-admin", "0" * 90]):
        told = run_to_its_end(another(c, *wrong))
        assert told.returncode == 2 and "such as 10.0.0.0/8" in told.stderr, (wrong, told)
    for wrong, word in ((["--trust-edges", "10.0.0.0/33"], "--trust-edges"), (["--trust-admin", "300.0.0.1"], "--trust-admin"),
                        (["--cors-origin", "*"], "--cors-origin"), (["--host", "a:80"], "--host")):
        told = run_to_its_end(another(c, *wrong))
        assert told.returncode == 2 and word in told.stderr, (wrong, told)


def run_to_its_end(central):
    return subprocess.run(central.command(), stdin=subprocess.DEVNULL, timeout=60, capture_output=True, text=True, check=False)


# ---- rate limits

BURST = 400


def many(c, source, method, path, body=None, **headers):
    """BURST calls, several at a time -> {status: answers}"""
    found = {}
    client = Client("127.0.0.1", c.api_port, source=source)
    for answer in in_threads(8, BURST, lambda _: client.raw(method, path, body, headers)):
        found.setdefault(answer.status, []).append(answer)
    return found


def test_too_many_calls_from_one_address_have_to_wait(c):
    found = many(c, "127.0.0.9", "GET", STATS)
    assert set(found) == {403, 429} and len(found[403]) >= 100, {status: len(answers) for status, answers in found.items()}
    for answer in found[429]:
        refused(answer, 429, "too_many_requests")
        assert int(answer.headers["retry-after"]) >= 1 and answer.headers["content-type"] == "application/json", answer.headers
    assert "retry-after" not in found[403][0].headers
    wait_for(lambda: call(c, "127.0.0.9", "GET", STATS).status == 403, what="the address to be let in again")


def test_one_that_calls_too_often_holds_up_no_other(c):
    many(c, "127.0.0.10", "GET", STATS)
    refused(call(c, "127.0.0.11", "GET", STATS), 403, "address_not_trusted")


def test_gates_trusted_by_address_are_never_limited(c):
    found = many(c, EDGE, "POST", CLOSE, open_body("edge-1", "29A10101"))
    assert set(found) == {200}, {status: len(answers) for status, answers in found.items()}


def test_pages_are_limited_apart_from_the_api(c):
    found = many(c, "127.0.0.13", "GET", "/login")
    assert set(found) == {200, 429} and len(found[200]) >= 100, {status: len(answers) for status, answers in found.items()}
    refused(found[429][0], 429, "too_many_requests")
    refused(call(c, "127.0.0.13", "GET", STATS), 403, "address_not_trusted")
    assert set(many(c, "127.0.0.13", "GET", "/static/parkmesh.css")) == {200}, "what each page needs besides"


def test_what_a_proxy_sends_is_limited_even_from_a_trusted_address(c):
    for headers in ({"X-Forwarded-For": "1.2.3.4"}, {"Forwarded": "for=1.2.3.4"}, {"Origin": APP}):
        found = many(c, EDGE, "GET", STATS, **headers)
        assert set(found) == {403, 429}, {status: len(answers) for status, answers in found.items()}
        wait_for(lambda: call(c, EDGE, "GET", STATS, X_Forwarded_For="x").status == 403, what="the address to be let in again")


def test_no_header_makes_another_address_of_it(c):
    """If the limit or the trust believed a header, these calls would all count for different callers."""
    found = {}
    client = Client("127.0.0.1", c.api_port, source="127.0.0.12")
    for answer in in_threads(8, BURST, lambda i: client.raw("GET", STATS, None, {"X-Forwarded-For": "10.0.%d.%d" % (i // 256, i % 256),
                                                                                 "X-Real-IP": EDGE})):
        found[answer.status] = found.get(answer.status, 0) + 1
    assert found.get(429, 0) > 0 and set(found) == {403, 429}, found


# ---- journal

def test_no_token_is_ever_written_anywhere(c):
    token = new_token(c, "edge-1")
    for headers in (bearer(token), bearer("wrong" + token), {"Authorization": "Basic " + token}):
        for method, path in (("POST", CLOSE), ("GET", STATS), ("POST", "/api/none"), ("GET", "/static/none")):
            call(c, STRANGER, method, path, open_body("edge-1", "29A10102") if method == "POST" else None, **headers)
    for folder, _, files in os.walk(c.dir):
        for path in (os.path.join(folder, name) for name in files):
            if os.path.isfile(path):        # not the socket and the pipe
                with open(path, "rb") as f:
                    assert token.encode() not in f.read(), path
    with open(c.output, "rb") as f:
        assert token.encode() not in f.read(), "in the journal"


if __name__ == "__main__":
    tap.run(globals(), running)
