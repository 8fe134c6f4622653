#!/usr/bin/python3
"""Bad input of every kind against every route: the named status, the API's shape, nothing half written, nothing told to the
journal that is not its business, and text from outside comes back as text.

What each route takes is listed here and compared with the program's own tables, so that a new route or field cannot be left out.
"""
import json
import os
import re
import sys
from urllib.parse import urlencode

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import told                         # noqa: E402
from tests.site.refused import (                            # noqa: E402
    API, KIB64, MIB4, ROUTES, TAKING, ill, nothing_written, refused, running, send, send_json, source)


# ---- the list of routes

def test_this_list_is_the_programs(_):
    table = re.findall(r'\{METHOD_(\w+), "([^"]+)", ACCESS_(\w+), (?:FIELDS\((\w+)\)|NO_FIELDS)', source("routes.c"))
    assert len(table) == source("routes.c").count("{METHOD_"), "all rows were read"
    here = {(route.method, route.pattern): route for route in ROUTES}
    assert set(here) == {(method, path) for method, path, access, _ in table if not access.startswith("PAGE_") and access not in ("WATCH", "BOX")}
    headers = source("api.h") + source("p2p_config.h")
    counts = dict(re.findall(r"\b(\w+_fields)\[(\w+)\]", headers))
    named = dict(re.findall(r"#define (\w+) (\d+)", headers))
    for method, path, access, fields in table:
        if not access.startswith("PAGE_") and fields:
            route = here[method, path]
            declared = len(route.body or {}) + len(route.query)
            assert declared == int(named.get(counts[fields], counts[fields])), \
                "%r: %d fields are listed here, %s declared" % (route, declared, counts[fields])


# ---- bodies that are no JSON object

def deep(levels, mark="[]"):
    return b'{"a":' + mark[0].encode() * levels + mark[1].encode() * levels + b"}"


NO_OBJECT = [b"", b" ", b"{", b"}", b"nonsense", b"[]", b"[{}]", b"1", b'"x"', b"null", b"true", b'{"a":1}x', b'{"a":1}{}', b"{'a':1}",
             b'{"a":1,}', b'{"a" 1}', b'{a:1}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}',
             b'{"a":0x10}', b'{"a":"\x00"}', b'{"a":1}\x00', b'\x00{"a":1}', b'{"a":"\n"}', b'{"a":"\\u0000"}', b'{"a":"\\x41"}',
             b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf4\x90\x80\x80"}', b'{"a":"\\ud800"}',
             b'{"a":"\\udc00"}', b'{"a":"\\ud800\\ud800"}', b'\xef\xbb\xbf{"a":1}', '{"a":1}'.encode("utf-16"), deep(1001),
             deep(30000), b'{"a":' * 9000 + b"1" + b"}" * 9000, b'{"a":' + b"1" * 64 + b"}", b'{"a":/* */1}']


def test_what_is_no_json_object(c):
    with nothing_written(c):
        for route in TAKING:
            for body in NO_OBJECT:
                if body or route.need or route.box:     # nothing at all is no field, which others can do without
                    answer = send(c, route, body)
                    assert answer.status == (200 if route.box else 400), (route, body[:80], answer)
                    refused(answer, answer.status, "malformed_json")


def test_a_form_is_no_json(c):
    with nothing_written(c):
        for route in TAKING:
            answer = send(c, route, urlencode({"edge_id": "edge-1"}).encode(), Content_Type="application/x-www-form-urlencoded")
            refused(answer, 200 if route.box else 400, "malformed_json")


# ---- fields

def other_types(value):
    every = [None, "text", 7, 0.5, True, [], {}, [value], {"a": value}]
    if isinstance(value, bool):
        return [other for other in every if not isinstance(other, bool) and other is not None]
    if isinstance(value, (int, float)):
        return [other for other in every if isinstance(other, bool) or not isinstance(other, (int, float, type(None)))]
    return [other for other in every if not isinstance(other, type(value)) and other is not None]


def test_each_field_of_another_type(c):
    with nothing_written(c):
        for route in TAKING:
            for name, value in route.body.items():
                for other in other_types(value):
                    body = dict(route.body, **{name: other})
                    refused(send_json(c, route, body), 422, "wrong_type", name)


def test_each_required_field_missing_or_null(c):
    with nothing_written(c):
        for route in TAKING:
            for name in route.need:
                body = dict(route.body)
                body[name] = None
                refused(send_json(c, route, body), 422, "missing_field", name)
                del body[name]
                refused(send_json(c, route, body), 422, "missing_field", name)


REAL = ("confidence", "timestamp", "sent_at")    # the others have to be whole numbers that a double can hold


def test_numbers_beyond_all_bounds(c):
    with nothing_written(c):
        for route in TAKING:
            for name, value in route.body.items():
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    continue
                for number in ("1e308", "-1e308", "1e999", "-1e999", "9" * 60, "-1", "9007199254740992", "18446744073709551616"):
                    text = json.dumps(dict(route.body, **{name: "@"})).replace('"@"', number)
                    readable = number == "-1" or (name in REAL and "e999" not in number)
                    refused(send(c, route, text.encode()), 400 if readable else 422, field=name)


def test_texts_with_control_characters_and_too_long_ones(c):
    with nothing_written(c):
        for route in TAKING:
            for name, value in route.body.items():
                if isinstance(value, str):
                    for bad in ("a\tb", "a\nb", "\x1b[31m", "a\x7fb", "x" * 60000, "\u0110" * 9000):
                        said = refused(send_json(c, route, dict(route.body, **{name: bad})), 400)
                        assert said.get("field") in (name, None), (route, name, said)


def test_each_field_of_a_query_wrong(c):
    with nothing_written(c):
        for route in API:
            body = json.dumps(route.body).encode() if route.body else None
            for name, value in route.query.items():
                if isinstance(value, bool):
                    bad = [("2", 422), ("yes", 422), ("TRUE", 422)]
                elif isinstance(value, int):
                    bad = [("x", 422), ("1.5", 422), ("1e999", 422), ("0x1", 422), ("1 ", 422), ("-1", 400), ("9" * 19, 422)]
                else:
                    bad = [("a\x01b", 400), ("x" * 3000, 400)]
                for text, status in bad:
                    refused(send(c, route, body, dict(route.query, **{name: text})), status, field=name)
            for name in route.need if route.query and not body else ():
                refused(send(c, route, None, {}), 422, "missing_field", name)
                refused(send(c, route, None, {name: ""}), 422, "missing_field", name)


def test_queries_that_cannot_be_read(c):
    with nothing_written(c):
        for route in API:
            if route.box:
                continue
            for query in ("a=%zz", "a=%", "a=%0", "a=%00", "%00", "a=%ff", "a=%ed%a0%80", "&" * 2000):
                body = json.dumps(route.body).encode() if route.body else None
                refused(c.raw(route.method, route.path + "?" + query, body), 400, "malformed_query")


def test_unknown_fields_are_ignored(c):
    answer = told(c.open("edge-1", "29A20001", "ENTRY", unknown=[{"deep": [1]}], constructor={}, **{"__proto__": {"force": True}, "": 1}))
    assert answer["action"] == "ENTRY", answer
    assert c.raw("GET", "/api/parking/history?unknown=1&__proto__=2&=3&limit=1").status == 200


def test_of_a_name_given_twice_the_first_counts(c):
    body = b'{"edge_id":"edge-1","plate_id":"29A20002","plate_id":"29A20003","direction":"ENTRY","direction":7}'
    answer = c.raw("POST", "/api/edge/barrier/open", body)
    assert answer.status == 200, answer
    assert c.rows.history(plate_id="29A20002") and not c.rows.history(plate_id="29A20003")
    answer = c.raw("GET", "/api/parking/history?search=29A20002&search=nothing&limit=5&limit=x")
    assert answer.status == 200 and answer.json["count"] == 1, answer


# ---- sizes

def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_not(c):
    with nothing_written(c):
        for route in API:
            largest = send(c, route, b'{"a":"' + b"x" * (route.largest - 8) + b'"}')
            assert largest.status != 413, (route, largest)
            refused(send(c, route, b'{"a":"' + b"x" * (route.largest - 7) + b'"}'), 413, "too_large")


def test_a_chunked_body_has_the_same_limit(c):
    for path, largest in (("/api/edge/barrier/open", KIB64), ("/api/staff", MIB4)):
        head = "%s %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" % ("PUT" if "staff" in path else "POST", path)
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (largest + 1, b"x" * (largest + 1))
        ill(c, head.encode() + body, 413, "too_large")



# ---- text from outside stays text

HOSTILE = ["'; DROP TABLE history; --", "' OR '1'='1", "%' --", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
           "{{{sentence}}}", "${jndi:ldap://x}", "%n%n%s", "\u202e", "\U0001f697 Đường", "\\' \\\" \\u0041", "a&lt;b"]


def test_sql_and_html_come_back_as_data(c):
    for number, text in enumerate(HOSTILE):
        plate = "29A4%04d" % number
        answer = told(c.ask("POST", "/api/edge/detection", {"edge_id": text, "plate_id": plate, "plate_view": text[:24], "camera_type": "car",
                                                            "direction": "ENTRY", "confidence": 1}))
        assert answer["vehicle_info"]["plate_view"] == text[:24], answer
        c.enter(text, plate, plate_view=text[:24])
        row = c.rows.history(plate_id=plate)[0]
        assert row["edge_id"] == text and row["plate_view"] == text[:24], row
        status, answer = c.ask("GET", "/api/parking/history?" + urlencode({"search": plate}))
        assert status == 200 and answer["history"][0]["edge_id"] == text and answer["history"][0]["plate_view"] == text[:24], answer
        status, answer = c.ask("GET", "/api/parking/history?" + urlencode({"edge": text}))
        assert status == 200 and [found["plate_id"] for found in answer["history"]] == [plate], (text, answer)
        status, answer = c.ask("GET", "/api/parking/history?" + urlencode({"search": text}))
        letters = len(re.findall("[A-Za-z0-9Đ]", text))
        assert (status, answer.get("code")) == ((200, None) if letters <= 16 else (400, "invalid_value")), (text, answer)
        told(c.ask("POST", "/api/edge/heartbeat", {"camera_id": text[:60], "camera_name": text, "camera_type": "car", "status": "online"}))
        names = {camera["camera_id"]: camera["camera_name"] for camera in c.good("GET", "/api/cameras")["cameras"]}
        assert names[text[:60]] == text, names
    assert c.rows.integrity() == "ok" and c.rows.value("SELECT count(*) FROM history") > len(HOSTILE)


def test_lists_keep_hostile_text_as_it_is(c):
    rows_in = [{"id": "s%d" % i, "plate_number": "29A5%04d" % i, "owner_name": text, "note": text} for i, text in enumerate(HOSTILE)]
    told(c.ask("PUT", "/api/subscriptions", {"subscriptions": rows_in}))
    held = {one["id"]: one for one in c.good("GET", "/api/subscriptions")["subscriptions"]}
    for one in rows_in:
        assert held[one["id"]]["owner_name"] == held[one["id"]]["note"] == one["note"], held[one["id"]]


# ---- the journal

def test_the_journal_tells_nothing_of_what_was_sent(c):
    mark = "s3cr3t-0f-s0meb0dy"
    for route in API:
        send(c, route, b'{"secret":"%s"' % mark.encode(), Authorization="Bearer " + mark, Cookie="session=" + mark)
        send(c, route, json.dumps({name: mark for name in route.body or {"a": 1}}).encode(), {"token": mark}, Idempotency_Key=mark)
    c.raw("GET", "/api/" + "a" * 9000 + mark)
    c.raw("GET", "/api/stats", None, {"X-Large": mark * 900})
    c.raw("POST", "/api/edge/barrier/open", mark.encode() * 9000)
    c.raw("GET", "/static/none?" + mark)
    for path in (c.output, os.path.join(c.dir, "nginx-error.log")):
        with open(path, encoding="utf-8", errors="replace") as f:
            found = [line for line in f if mark in line]
        assert not found, (path, found[:3])


if __name__ == "__main__":
    tap.run(globals(), running)
