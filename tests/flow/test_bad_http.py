#!/usr/bin/python3
"""Bad paths, methods, heads and whole requests that are no HTTP: the named status, the API's shape, nothing half written."""
import json
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.refused import (                            # noqa: E402
    API, MIB4, ROUTES, ill, nothing_written, pages, refused, running, send, spoken)
from tests.site.wait import PATIENCE                        # noqa: E402


def test_long_paths_queries_and_headers(c):
    refused(c.raw("GET", "/api/staff", b"x" * (MIB4 - 1)), 413, "too_large")
    refused(c.raw("GET", "/api/" + "a" * 9000), 414, "uri_too_long")
    refused(c.raw("GET", "/api/parking/history?search=" + "a" * 9000), 414, "uri_too_long")
    refused(c.raw("GET", "/api/" + "a" * 7000), 404, "not_found")
    refused(c.raw("GET", "/api/p2p/peers/" + "a" * 7000), 404, "not_found")
    for headers in ({"X-Large": "a" * 9000}, {"Authorization": "Bearer " + "a" * 9000}, {"Idempotency-Key": "a" * 9000},
                    {"X-%d" % i: "a" * 4000 for i in range(20)}):
        refused(c.raw("GET", "/api/stats", None, headers), 431, "headers_too_large")


# ---- methods and paths

def all_paths():
    """{pattern: methods it has}"""
    found = {}
    for route in ROUTES:
        found.setdefault(route.pattern, []).append("GET, HEAD" if route.method == "GET" else route.method)
    return {pattern: ", ".join(methods) for pattern, methods in found.items()}


def methods_of(path):
    """Of the path's own row, else of the pattern it fits."""
    paths = all_paths()
    fitting = path if path in paths else next((p for p in paths if re.fullmatch(p.replace("{id}", "[^/]+"), path)), None)
    return set(paths[fitting].split(", ")) if fitting else set()


def test_methods_a_path_does_not_have(c):
    with nothing_written(c):
        for pattern in all_paths():
            path = pattern.replace("{id}", "1")
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "FOO"):
                if method in methods_of(path):
                    continue
                answer = c.raw(method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None)
                refused(answer, 405, "method_not_allowed")
                assert set(answer.headers["allow"].split(", ")) == methods_of(path), (method, path, answer.headers)


def test_methods_nobody_has(c):
    host = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert "allow" in ill(c, b"TRACE /api/stats" + host, 405, "method_not_allowed")
    assert "allow" in ill(c, b"CONNECT /api/stats" + host, 405, "method_not_allowed")
    ill(c, b"get /api/stats" + host, 400, "bad_request")
    ill(c, b"G\xc3\x89T /api/stats" + host, 400, "bad_request")
    ill(c, b"A" * 70 + b" /api/none" + host, 404, "not_found")
    refused(c.raw("POST", "/static/parkmesh.css", b""), 405, "method_not_allowed")


def test_head_is_answered_without_a_body(c):
    for route in ROUTES:
        if route.method == "GET":
            answer = c.raw("HEAD", route.path)
            assert answer.status == 200 and answer.body == b"", (route, answer)


def test_paths_there_are_not(c):
    with nothing_written(c):
        for path in ["/api", "/api/", "/api/none", "/Api/stats", "/API/STATS", "/api/stats.json", "/api/stats;x", "/healthz/", "/health",
                     "/api/edge", "/api/parking/history/1/2/exit", "/api/p2p/peers//", "/api/st%ffats",
                     "/api/stats%20", "/%20api/stats", "/api/stats%0a", "/api/stats%3Fx=1", "/..%5capi/stats"]:
            assert c.raw("GET", path).status == 404, (path, c.raw("GET", path))
        for pattern in all_paths():
            for more in ("/", "x", "/x/y"):
                path = pattern.replace("{id}", "1") + more
                if not methods_of(path):
                    for method in ("GET", "POST", "PUT", "DELETE"):
                        answer = c.raw(method, path, b"{}" if method in ("POST", "PUT") else None)
                        assert answer.status == 404, (method, path, answer)
                        if path.startswith("/api/"):
                            refused(answer, 404, "not_found")


def test_ways_round_a_path_lead_to_the_same_place_or_nowhere(c):
    """nginx makes a path plain before anything is decided by it, so that no spelling has rights of its own."""
    for path in ("//api//stats", "/api/./stats", "/api/x/../stats", "/api/%73tats", "/api%2Fstats", "/%61pi/stats"):
        assert c.raw("GET", path).json["success"] is True, path
        refused(c.raw("GET", path, None, {"X-Forwarded-For": "1.2.3.4"}), 403, "forwarded")
    for path in ("/../api/stats", "/..%2f..%2fetc/passwd", "/api/%2e%2e/%2e%2e/x", "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/x",
                 "/api/stats%00", "/%", "/%zz"):
        refused(c.raw("GET", path), 400, "bad_request")
    refused(c.raw("DELETE", "/api/p2p/peers/a%2Fb"), 404, "not_found")


def test_ids_in_a_path(c):
    with nothing_written(c):
        for id in ("x", "0", "-1", "1.5", "1e3", "9" * 20, "9" * 60, "1%20", "%271%27", "1;DROP%20TABLE%20history", "999999"):
            for route in API:
                if route.pattern.startswith("/api/parking/history/{id}"):
                    answer = c.raw(route.method, route.pattern.replace("{id}", id), json.dumps(route.body).encode())
                    assert answer.status in (400, 404), (route, id, answer)
                    refused(answer, answer.status)
        for id in ("None", "-x", "a_b", "x" * 33, "x" * 200, "%00", "%ff"):
            for method in ("PUT", "DELETE"):
                answer = c.raw(method, "/api/p2p/peers/" + id, b"{}" if method == "PUT" else None)
                assert answer.status in (400, 404, 422), (method, id, answer)
                refused(answer, answer.status)


# ---- pages

def test_a_page_has_to_declare_json(c):
    own = "http://127.0.0.1:%d" % c.api_port
    with nothing_written(c):
        for number, route in enumerate(API):
            if route.method == "GET":
                continue
            browsers = Client("127.0.0.1", c.api_port, source="127.0.7.%d" % number)    # one alone would be told to wait
            body = json.dumps(route.body or {}).encode()
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""):
                for mark in ({"Origin": own}, {"Sec_Fetch_Site": "same-origin"}, {"Origin": "null"}):
                    refused(send(browsers, route, body, Content_Type=kind, **mark), 415, "wrong_content_type")
            refused(send(browsers, route, body, Content_Type="application/json; charset=utf-8", Origin=own), 403, "from_a_page")


def test_pages_answer_bad_input_with_a_page(c):
    own = {"Origin": "http://127.0.0.1:%d" % c.api_port, "Sec-Fetch-Site": "same-origin"}
    form = dict(own, **{"Content-Type": "application/x-www-form-urlencoded"})
    with nothing_written(c):
        for body in (b"a=%zz", b"id=\x00", b"id=\xff", b"a&" * 2000):
            answer = c.raw("POST", "/login", body, form)
            assert answer.status == 400 and answer.headers["content-type"].startswith("text/html"), answer
        for number, (path, methods) in enumerate(pages().items()):
            client = Client("127.0.0.1", c.api_port, source="127.0.1.%d" % (number + 1))    # nobody may ask so often
            for method in ("GET", "POST", "PUT", "DELETE", "FOO"):
                if method not in methods:
                    answer = client.raw(method, path, b"" if method in ("POST", "PUT") else None, form)
                    assert answer.status == 405 and answer.headers["allow"] == methods, (method, path, answer.headers)
        answer = c.raw("GET", "/<script>alert(1)</script>")
        assert answer.status == 404 and b"<script>alert" not in answer.body


# ---- HTTP itself

STATS = b"GET /api/stats HTTP/1.1\r\nHost: localhost\r\n"
OPEN = b"POST /api/edge/barrier/open HTTP/1.1\r\nHost: localhost\r\n"


def test_heads_that_are_no_http(c):
    with nothing_written(c):
        for request in (b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET /api/stats\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"GET /api/stats HTTP/1.1\r\n\r\n", b"GET /api/stats HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                        b"GET /api/stats HTTP/1.1\r\nHost: a b\r\n\r\n", b"GET /api/stats HTTP/1.1\r\nHost: a/b\r\n\r\n",
                        STATS + b"X: a\x00b\r\n\r\n", STATS + b"Content-Length: x\r\n\r\n", STATS + b"Content-Length: -1\r\n\r\n",
                        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", b"GET api/stats HTTP/1.1\r\nHost: x\r\n\r\n"):
            ill(c, request, 400, "bad_request")
        for request in (b"GET /api/stats HTTP/2.0\r\nHost: x\r\n\r\n", b"GET /api/stats HTTP/9.9\r\nHost: x\r\n\r\n"):
            ill(c, request, 400, "bad_request")


def test_one_request_cannot_be_smuggled_in_another(c):
    body = b'{"edge_id":"edge-1","plate_id":"29A30001","direction":"ENTRY"}'
    inner = OPEN + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with nothing_written(c):
        for head in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                     b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Transfer-Encoding: xchunked\r\n",
                     b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                     b"Content-Length: 5, 5\r\n", b"Content-Length: +5\r\n", b"Content-Length: 0x5\r\n",
                     b"Content-Length: 99999999999999999999\r\n"):
            seen, _, said = spoken(c, OPEN + head + b"\r\n0\r\n\r\n" + inner)[0]
            assert seen in (400, 413) and json.loads(said)["success"] is False, (head, seen, said)
        for body_bytes in (b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n", b"FFFFFFFFFFFFFFFFF\r\n{}\r\n"):
            seen, _, said = spoken(c, OPEN + b"Transfer-Encoding: chunked\r\n\r\n" + body_bytes + inner)[0]
            assert seen in (400, 413) and json.loads(said)["success"] is False, (body_bytes, seen, said)


def test_a_body_that_ends_early_does_nothing(c):
    body = b'{"edge_id":"edge-1","plate_id":"29A30002","direction":"ENTRY"}'
    with nothing_written(c):
        for head in (b"Content-Length: %d\r\n\r\n" % (len(body) + 1), b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (len(body) + 9)):
            with socket.create_connection(("127.0.0.1", c.api_port), timeout=PATIENCE) as s:
                s.sendall(OPEN + head + body)
                s.shutdown(socket.SHUT_WR)
                assert b"200 OK" not in s.recv(65536), head


def test_http_as_programs_speak_it(c):
    """What looks odd but is right."""
    body = b'{"edge_id":"edge-1","plate_id":"%s","direction":"ENTRY"}'
    one = body % b"29A30003"
    found = spoken(c, OPEN + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\n\r\n"
                   % (10, one[:10], len(one) - 10, one[10:]))
    assert found[0][0] == 200 and json.loads(found[0][2])["action"] == "ENTRY", found
    one = body % b"29A30004"
    with socket.create_connection(("127.0.0.1", c.api_port), timeout=PATIENCE) as s:
        s.sendall(OPEN + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(one))
        assert s.recv(65536).startswith(b"HTTP/1.1 100 "), "nothing of the body is needed before"
        s.sendall(one)
        assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert len(c.rows.history(plate_id="29A30003")) == len(c.rows.history(plate_id="29A30004")) == 1
    two = STATS + b"\r\n" + OPEN + b"Content-Length: 2\r\n\r\n{}" + STATS + b"\r\n"
    assert [status for status, _, _ in spoken(c, two, 3)] == [200, 422, 200]
    found = spoken(c, b"GET /api/stats HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert found[0][0] == 200, found
    found = spoken(c, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert found[0][0] == 200, found
    ill(c, b"GET /api/stats HTTP/1.0\r\n\r\n", 403, "unknown_host")


if __name__ == "__main__":
    tap.run(globals(), running)
