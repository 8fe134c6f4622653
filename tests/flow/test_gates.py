#!/usr/bin/python3
"""The three calls of an edge, from outside: every answer of spec/api.md, "Edges", and what becomes of wrong input."""
import json
import os
import socket
import sys
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import expect, now_ms, told         # noqa: E402

SECOND, MINUTE, HOUR, DAY = 1000, 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
DETECTION, OPEN, CLOSE = "/api/edge/detection", "/api/edge/barrier/open", "/api/edge/barrier/close"
VIETNAM = timezone(timedelta(hours=7))


def running(ground):
    return ground.central().start()


def local(ms):
    """A time as the rows tell it."""
    return datetime.fromtimestamp(ms // 1000, VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def near(row_ms, began):
    """Was this moment between began and now? (Both clocks are of this machine.)"""
    return began <= row_ms <= now_ms()


# ---- right answers

def test_detection_of_an_entry(c):
    status, answer = c.ask("POST", DETECTION, {"edge_id": "edge-1", "plate_id": "29a-100.01", "plate_view": "29A-100.01",
                                               "camera_type": "car", "direction": "ENTRY", "confidence": 0.95})
    assert (status, answer["success"], answer["allowed"]) == (200, True, True), answer
    assert answer["vehicle_info"] == {"plate_id": "29A10001", "plate_view": "29A-100.01", "direction": "ENTRY",
                                      "camera_type": "car", "already_inside": False}, answer
    assert not c.rows.history(plate_id="29A10001"), "a detection writes no stay"
    c.enter("edge-1", "29A10001")
    answer = told(c.detect("edge-2", "29A10001"))
    assert answer["allowed"] is False, answer
    info = answer["vehicle_info"]
    row = c.rows.history(plate_id="29A10001")[0]
    assert info["already_inside"] is True and info["entry_time"] == row["entry_time"], info
    assert info["entry_from"] == "central-1", info


def test_detection_of_an_exit(c):
    answer = told(c.detect("edge-1", "29A10002", "EXIT"))
    assert answer["allowed"] is False, answer
    info = answer["vehicle_info"]
    assert info["has_entry"] is False and info["error"] == "No entry record found" and "fee" not in info, answer
    at = now_ms() - 80 * MINUTE
    c.enter("edge-1", "29A10002", at)
    info = told(c.detect("edge-2", "29A10002", "EXIT"))["vehicle_info"]
    assert (info["has_entry"], info["entry_time"], info["fee"]) == (True, local(at), 25000), info
    assert info["duration"].startswith("1 giờ 2"), info
    assert c.rows.history(plate_id="29A10002")[0]["status"] == "IN", "a preview ends nothing"


def test_open_remembers_the_detection(c):
    c.ask("POST", DETECTION, {"edge_id": "edge-7", "plate_id": "59X110003", "plate_view": "59-X1 100.03", "camera_type": "moto",
                              "direction": "ENTRY", "confidence": 0.5})
    c.enter("edge-7", "59X110003")
    row = c.rows.history(plate_id="59X110003")[0]
    assert (row["plate_view"], row["camera_type"], row["entry_confidence"]) == ("59-X1 100.03", "moto", 0.5), row


def test_open_entry(c):
    began = now_ms()
    answer = c.enter("edge-1", "29A-100.04", plate_view="29A-100.04", action="open")
    assert answer["action"] == "ENTRY", answer
    row = c.stay(answer["event_id"])
    assert row["id"] == answer["history_id"], (row, answer)
    central, ms, plate = answer["event_id"].split("_")
    assert (central, plate) == ("central-1", "29A10004") and near(int(ms), began), answer
    assert (row["status"], row["plate_id"], row["plate_view"], row["edge_id"]) == ("IN", "29A10004", "29A-100.04", "edge-1"), row
    assert near(row["entry_ts"], began) and row["entry_time"] == local(row["entry_ts"]), row
    assert (row["source_central"], row["sync_status"], row["fee"], row["exit_ts"]) == ("central-1", "LOCAL", 0, None), row


def test_open_exit(c):
    at = now_ms() - 5 * HOUR
    entry = c.enter("edge-1", "29A10005", at)
    answer = c.leave("edge-2", "29A10005", at + HOUR)
    expected = {"success": True, "action": "EXIT", "event_id": entry["event_id"], "fee": 25000, "duration": "1 giờ 0 phút"}
    assert answer == expected, answer
    row = c.stay(entry["event_id"])
    assert (row["status"], row["fee"], row["duration"], row["exit_edge"]) == ("OUT", 25000, "1 giờ 0 phút", "edge-2"), row
    assert (row["exit_ts"], row["exit_time"], row["exit_central"]) == (at + HOUR, local(at + HOUR), "central-1"), row


def test_fees_at_their_borders(c):
    """Half an hour is free, then each started hour counts; a started second of it, too."""
    now = now_ms() // 1000 * 1000
    for number, (stay, fee) in enumerate([(0, 0), (1800, 0), (1801, 25000), (5400, 25000), (5401, 50000), (86400, 600000)]):
        plate = "29B%05d" % number
        c.enter("edge-1", plate, now - 2 * DAY)
        answer = c.leave("edge-2", plate, now - 2 * DAY + stay * SECOND)
        assert answer["fee"] == fee, "%d s: %s" % (stay, answer)
        assert answer["duration"] == "%d giờ %d phút" % (stay // 3600, stay % 3600 // 60), answer


def test_open_without_direction(c):
    first = told(c.open("edge-1", "29A10006"))
    second = told(c.open("edge-1", "29A10006"))
    third = told(c.open("edge-1", "29A10006"))
    assert [a["action"] for a in (first, second, third)] == ["ENTRY", "EXIT", "ENTRY"], (first, second, third)
    assert second["event_id"] == first["event_id"] != third["event_id"]


def test_open_against_the_state(c):
    status, answer = c.open("edge-2", "29A10007", "EXIT")
    assert (status, answer["success"], answer["has_entry"]) == (409, False, False) and answer["code"] and answer["error"], answer
    assert not c.rows.history(plate_id="29A10007"), "a refusal writes nothing"
    entry = c.enter("edge-1", "29A10007")
    row = c.stay(entry["event_id"])
    status, answer = c.open("edge-3", "29A10007", "ENTRY")
    assert (status, answer["success"], answer["already_inside"]) == (409, False, True), answer
    assert (answer["event_id"], answer["entry_time"]) == (entry["event_id"], row["entry_time"]) and answer["code"], answer
    assert c.rows.history(plate_id="29A10007") == [row], "a refusal writes nothing"


def test_forced_entry(c):
    at = now_ms() - 3 * HOUR
    old = c.enter("edge-1", "29A10008", at)
    new = c.enter("edge-3", "29A10008", at + 2 * HOUR, force=True)
    assert new["action"] == "ENTRY" and new["event_id"] != old["event_id"], new
    ended, begun = c.stay(old["event_id"]), c.stay(new["event_id"])
    assert (ended["status"], ended["exit_reason"], ended["fee"], ended["exit_ts"]) == ("OUT", "missed", 0, at + 2 * HOUR), ended
    assert (begun["status"], begun["entry_ts"]) == ("IN", at + 2 * HOUR), begun
    pair = c.rows.query("SELECT type, event_id FROM records WHERE at = ? AND plate_id = '29A10008' ORDER BY seq", at + 2 * HOUR)
    assert [(r["type"], r["event_id"]) for r in pair] == [("VEHICLE_EXIT", old["event_id"]),
                                                          ("VEHICLE_ENTRY_PENDING", new["event_id"])], pair
    assert c.enter("edge-1", "29A10009", force=True)["action"] == "ENTRY", "force where nothing has to be forced"


def test_forced_exit(c):
    answer = c.leave("edge-2", "29A10010", force=True)
    assert (answer["action"], answer["fee"]) == ("EXIT", 0) and answer["event_id"].startswith("exit_"), answer
    row = c.stay(answer["event_id"])
    assert (row["status"], row["plate_id"], row["entry_ts"]) == ("OUT", "29A10010", None) and row["flags"], row
    again = c.enter("edge-1", "29A10010")
    assert c.leave("edge-2", "29A10010", force=True)["event_id"] == again["event_id"], "an open stay is what it ends"


def test_close(c):
    entry = c.enter("edge-1", "29A10011")
    assert c.stay(entry["event_id"])["confirmed_ts"] is None
    before = c.rows.records()
    answer = told(c.close("edge-9", "29A10011"))
    assert answer == {"success": True, "message": "Barrier closed"}, "of another edge: %s" % answer
    assert c.rows.records() == before, "nothing is written"
    answer = told(c.close("edge-1", "29a-100.11", action="close"))
    assert answer == {"success": True, "message": "Barrier closed", "event_id": entry["event_id"]}, answer
    assert c.stay(entry["event_id"])["confirmed_ts"], "confirmed"
    before = c.rows.records()
    assert told(c.close("edge-1", "29A10011")) == {"success": True, "message": "Barrier closed"}
    assert told(c.close("edge-1", "29A19999")) == {"success": True, "message": "Barrier closed"}
    assert c.rows.records() == before, "confirmed once"


def test_close_by_event_id(c):
    entry = c.enter("edge-1", "29A10012")
    assert "event_id" not in told(c.close("edge-1", "29A10012", event_id="central-1_1_29A10012"))
    assert told(c.close("edge-1", "29A10012", event_id=entry["event_id"]))["event_id"] == entry["event_id"]


# ---- plates

def test_plate_forms(c):
    forms = {"29MĐ1-123.45": "29MD112345", "29mđ1-123.46": "29MD112346", "30e - 123.47": "30E12347", " 51g.123.48 ": "51G12348",
             "29LD-123.49": "29LD12349", "TM-12-34": "TM1234", "a1b2c3d4e5f6g7h8": "A1B2C3D4E5F6G7H8",
             "59X1_123/50!": "59X112350"}
    for written, plate in forms.items():
        entry = c.enter("edge-1", written)
        row = c.stay(entry["event_id"])
        assert row["plate_id"] == plate, (written, row)
        assert told(c.open("edge-1", plate))["event_id"] == entry["event_id"], "the same vehicle however it is written"


def test_plate_too_short_or_too_long(c):
    for path in (DETECTION, OPEN, CLOSE):
        body = {"edge_id": "edge-1", "camera_type": "car", "direction": "ENTRY", "confidence": 0.9, "plate_view": "29A"}
        for plate in ("29A12", "", "-.-. ", "Ô tô", "日本日本日本日本"):
            status, answer = c.ask("POST", path, dict(body, plate_id=plate))
            assert status == 400 and answer["error"] == "Invalid plate number (too short)", (path, plate, status, answer)
            assert (answer["success"], answer["field"]) == (False, "plate_id") and answer["code"], answer
        status, answer = c.ask("POST", path, dict(body, plate_id="A" * 17))
        assert status in (400, 422) and answer["field"] == "plate_id", (path, status, answer)
    assert not c.rows.history(plate_id="29A12")


def test_plate_view_is_made_if_none_was_given(c):
    for plate, view in (("29A12345", "29A-123.45"), ("29A1234", "29A-1234"), ("29B112345", "29B1-123.45"), ("TM1299", "TM1299")):
        assert c.stay(c.enter("edge-8", plate)["event_id"])["plate_view"] == view


# ---- times

def test_edge_times_in_seconds_and_ms(c):
    at = (now_ms() - 3 * HOUR) // 1000 * 1000
    now = now_ms()
    shapes = {"29C00001": (at, now), "29C00002": (at // 1000, now // 1000), "29C00003": (at / 1000 + 0.25, now / 1000),
              "29C00004": (at // 1000, now), "29C00005": (at, now / 1000)}
    for plate, (timestamp, sent_at) in shapes.items():
        entry = told(c.ask("POST", OPEN, {"edge_id": "edge-1", "plate_id": plate, "timestamp": timestamp, "sent_at": sent_at}))
        row = c.stay(entry["event_id"])
        expected = at + (250 if plate == "29C00003" else 0)
        assert row["entry_ts"] == expected and row["entry_time"] == local(at), (plate, row)
        assert entry["event_id"] == "central-1_%d_%s" % (expected, plate), entry


def arrives_now(c, plate, **times):
    """Is the time of arrival what counts for this entry?"""
    began = now_ms()
    entry = told(c.ask("POST", OPEN, dict(times, edge_id="edge-1", plate_id=plate)))
    row = c.stay(entry["event_id"])
    return near(row["entry_ts"], began)


def test_edge_times_that_do_not_count(c):
    now = now_ms()
    assert arrives_now(c, "29C00011", timestamp=now - HOUR), "without sent_at the edge's clock is not known to be good"
    assert arrives_now(c, "29C00012", timestamp=now - HOUR, sent_at=now - 5 * MINUTE), "sent_at is off by minutes"
    assert arrives_now(c, "29C00013", timestamp=now - HOUR, sent_at=now + 5 * MINUTE)
    assert arrives_now(c, "29C00014", timestamp=now - 31 * DAY, sent_at=now), "older than 30 days"
    assert arrives_now(c, "29C00015", timestamp=now + 30 * SECOND, sent_at=now), "a time ahead of now counts as now"
    assert arrives_now(c, "29C00016", sent_at=now)
    assert arrives_now(c, "29C00017", timestamp=0, sent_at=now)
    entry = told(c.open("edge-1", "29C00018", "ENTRY", now - 29 * DAY))
    assert c.stay(entry["event_id"])["entry_ts"] == now - 29 * DAY, "29 days old counts"


def test_late_times_decide_as_of_then(c):
    now = now_ms()
    entry = c.enter("edge-1", "29C00021", now - 6 * HOUR)
    c.leave("edge-2", "29C00021", now - 4 * HOUR)
    status, answer = c.open("edge-3", "29C00021", "ENTRY", now - 5 * HOUR)
    assert (status, answer.get("event_id")) == (409, entry["event_id"]), "it was inside then: %s" % answer
    status, answer = c.open("edge-3", "29C00021", "EXIT", now - 3 * HOUR)
    assert (status, answer["has_entry"]) == (409, False), "it was outside then: %s" % answer
    info = told(c.detect("edge-3", "29C00021", "EXIT", now - 5 * HOUR))["vehicle_info"]
    assert (info["has_entry"], info["duration"], info["fee"]) == (True, "1 giờ 0 phút", 25000), info
    assert told(c.detect("edge-3", "29C00021", "ENTRY", now - 7 * HOUR))["vehicle_info"]["already_inside"] is False
    assert told(c.open("edge-3", "29C00021", None, now - 3 * HOUR))["action"] == "ENTRY"


def test_an_exit_told_late_is_priced_by_its_time(c):
    now = now_ms()
    entry = c.enter("edge-1", "29C00022", now - 10 * HOUR)
    assert c.leave("edge-2", "29C00022", now - 8 * HOUR)["fee"] == 50000
    again = c.enter("edge-1", "29C00022", now - 7 * HOUR)
    assert c.leave("edge-2", "29C00022", now - 6 * HOUR)["fee"] == 25000
    assert [c.stay(e["event_id"])["status"] for e in (entry, again)] == ["OUT", "OUT"]


def test_events_told_in_the_wrong_order(c):
    """The exit arrives before the entry (another edge held its own back): both are taken, and the rows are right."""
    now = now_ms()
    gone = c.leave("edge-2", "29C00023", now - 2 * HOUR, force=True)
    entry = c.enter("edge-1", "29C00023", now - 3 * HOUR)
    row = c.stay(entry["event_id"])
    assert (row["status"], row["exit_ts"], row["fee"]) == ("OUT", now - 2 * HOUR, 0), row
    assert c.stay(gone["event_id"])["status"] == "BOUND"
    status, answer = c.open("edge-2", "29C00023", "EXIT")
    assert (status, answer["has_entry"]) == (409, False), answer


# ---- wrong input

def bodies(path):
    """A good body of a call, and which of its fields have to be there."""
    body = {"edge_id": "edge-1", "plate_id": "29W12345"}
    if path == DETECTION:
        body.update(plate_view="29W-123.45", camera_type="car", direction="ENTRY", confidence=0.9)
    return body, list(body)


def test_missing_fields(c):
    for path in (DETECTION, OPEN, CLOSE):
        body, needed = bodies(path)
        for name in needed:
            expect(c.ask("POST", path, {k: v for k, v in body.items() if k != name}), 422, "missing_field", name)
            expect(c.ask("POST", path, dict(body, **{name: None})), 422, "missing_field", name)


def test_wrong_types_and_values(c):
    wrong = {"edge_id": [7, True, [], {}, "", "x" * 200, "a b\n"], "plate_id": [7, False, ["29A12345"], {"a": 1}]}
    more = {DETECTION: {"plate_view": [1, "x" * 200], "camera_type": ["truck", 7], "direction": ["SIDEWAYS", "", 1, "entry "],
                        "confidence": ["0.9", -0.1, 1.1, True, 1e308], "timestamp": ["now", True, [1]], "sent_at": ["now", {}]},
            OPEN: {"direction": ["SIDEWAYS", 1], "force": ["true", 1, []], "action": ["close", 1], "plate_view": [1],
                   "timestamp": ["now"], "sent_at": [False]},
            CLOSE: {"action": ["open", 1], "event_id": [1, "x" * 500]}}
    for path in (DETECTION, OPEN, CLOSE):
        body, _ = bodies(path)
        for name, values in {**wrong, **more[path]}.items():
            for value in values:
                status, answer = c.ask("POST", path, dict(body, **{name: value}))
                assert status in (400, 422), "%s %s=%r: %d %s" % (path, name, value, status, answer)
                assert answer["success"] is False and answer["field"] == name and answer["code"] and answer["error"], \
                    "%s %s=%r: %s" % (path, name, value, answer)
                is_type_fault = not isinstance(value, (str, float))
                assert not is_type_fault or status == 422, "a field of the wrong type is 422: %s=%r %s" % (name, value, answer)
    assert not c.rows.history(plate_id="29W12345"), "nothing was written"


def test_unknown_fields_are_ignored(c):
    entry = c.enter("edge-1", "29A10030", model="X5", nested={"a": [1, {"b": None}]}, status="OUT", fee=7)
    assert c.stay(entry["event_id"])["status"] == "IN"


def test_broken_json(c):
    for path in (DETECTION, OPEN, CLOSE):
        for body in (b"", b"{", b"{}}", b"[]", b"7", b'"x"', b"null", b"nonsense", b'{"edge_id":"edge-1",}', b"{'edge_id':'x'}",
                     b'{"edge_id":"edge-1" "plate_id":"29W12345"}', b'{"edge_id":"edge-1"} trailing', b"\xef\xbb\xbf{",
                     b'{"edge_id":"\\ud800"}', b"[" * 60000):
            answer = c.raw("POST", path, body)
            assert answer.status in (400, 422), "%r: %r" % (body[:60], answer)
            assert answer.json["success"] is False and answer.json["code"] and answer.json["error"], answer
        for body in (b"{", b"nonsense", b"{'edge_id':'x'}"):
            expect((c.raw("POST", path, body).status, c.raw("POST", path, body).json), 400, "malformed_json")


def test_nul_and_invalid_utf8(c):
    good = b'{"edge_id":"edge-1","plate_id":"29W12345","plate_view":"%s"}'
    for inside in (b"\x00", b"\\u0000", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"):
        answer = c.raw("POST", OPEN, good % inside)
        assert answer.status in (400, 422) and answer.json["success"] is False and answer.json["code"], (inside, answer)
    answer = c.raw("POST", OPEN, good % b"ok" + b"\x00")
    assert answer.status == 400, answer
    assert not c.rows.history(plate_id="29W12345"), "nothing was written"


def test_too_large(c):
    """Over 64 KiB: 413, in the same shape, whoever of nginx and the program sees it first."""
    body = dict(bodies(OPEN)[0], filler="x" * 70000)
    expect(c.ask("POST", OPEN, body), 413, "too_large")
    expect(c.ask("POST", OPEN, dict(body, filler="x" * 3000000)), 413, "too_large")
    body["filler"] = ""
    body["filler"] = "x" * (65536 - len(json.dumps(body)))
    told(c.ask("POST", OPEN, body))
    body["filler"] += "x"
    expect(c.ask("POST", OPEN, body), 413, "too_large")
    assert told(c.open("edge-1", "29W12345"))["action"] == "EXIT", "what was too large was not carried out"


def test_deep(c):
    for depth in (20, 500, 20000):
        body = b'{"edge_id":"edge-1","plate_id":"29W12346","x":' + b"[" * depth + b"]" * depth + b"}"
        answer = c.raw("POST", CLOSE, body)
        assert answer.status in (200, 400), (depth, answer)
        assert answer.status == (200 if depth == 20 else 400) or depth == 500, (depth, answer)
    assert c.healthy()


def test_sql_and_html_are_data(c):
    nasty = "'; DROP TABLE history; --<b>\"&"
    entry = c.enter("edge-1", "29A10031", plate_view=nasty[:31])
    assert c.stay(entry["event_id"])["plate_view"] == nasty[:31]
    found = c.good("GET", "/api/parking/history?search=29A10031")
    assert found["history"][0]["plate_view"] == nasty[:31], found


def test_wrong_method_and_path(c):
    for path in (DETECTION, OPEN, CLOSE):
        for method in ("GET", "PUT", "DELETE"):
            expect(c.ask(method, path, bodies(path)[0] if method == "PUT" else None), 405, "method_not_allowed")
            assert c.raw(method, path).headers.get("allow") == "POST"
    for path in ("/api/edge", "/api/edge/barrier", "/api/edge/barrier/opens", "/api/edge/barrier/open/", "/api/nothing",
                 "/api/edge/../edge/nothing"):
        expect(c.ask("POST", path, bodies(OPEN)[0]), 404, "not_found")
    expect(c.ask("POST", "/api/edge/barrier/op%00en", bodies(OPEN)[0]), 400, "bad_request")


def test_a_line_no_http(c):
    """What nginx refuses itself is JSON, too, and does no harm."""
    with socket.create_connection(("127.0.0.1", c.api_port), timeout=60) as s:
        s.sendall(b"NONSENSE\r\n\r\n")
        assert s.recv(4096).startswith((b"HTTP/1.1 400", b"<html>", b"{")), "an answer of some kind"
    answer = c.raw("POST", OPEN, b"{}", {"X-Long": "x" * 40000})
    assert answer.status in (400, 414, 431, 494) and answer.json["success"] is False, answer
    answer = c.raw("GET", "/api/" + "x" * 40000)
    assert answer.status == 414 and answer.json["success"] is False, answer
    assert c.healthy()


# ---- around the gates

def test_the_documented_calls_without_a_content_type(c):
    """As `curl -d` sends them: a form's content type, a JSON body."""
    for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {}, {"Content-Type": "text/plain"}):
        body = json.dumps({"edge_id": "edge-1", "plate_id": "29A10040"}).encode()
        assert c.raw("POST", OPEN, body, headers).json["success"] is True


def test_a_page_has_to_declare_json(c):
    body = json.dumps({"edge_id": "edge-1", "plate_id": "29A10041"}).encode()
    for page in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = c.raw("POST", OPEN, body, dict(page, **{"Content-Type": "text/plain"}))
        assert answer.status in (403, 415) and answer.json["success"] is False, answer
    assert not c.rows.history(plate_id="29A10041")


def test_history(c):
    c.enter("edge-1", "88X-777.01", now_ms() - HOUR)
    c.enter("edge-1", "88X-777.02")
    c.leave("edge-1", "88X-777.01")
    found = c.good("GET", "/api/parking/history?search=88x-777")
    assert (found["count"], [row["plate_id"] for row in found["history"]]) == (2, ["88X77702", "88X77701"]), found
    assert {"event_id", "plate_view", "entry_time", "exit_time", "duration", "fee", "status"} <= set(found["history"][0]), found
    page = c.good("GET", "/api/parking/history?search=8x7770&limit=1&offset=1")
    assert [row["plate_id"] for row in page["history"]] == ["88X77701"], page
    assert c.good("GET", "/api/parking/history?search=nothinghere")["history"] == []
    for query in ("limit=0", "limit=1001", "limit=x", "limit=-1", "offset=-1", "offset=x"):
        status, answer = c.ask("GET", "/api/parking/history?" + query)
        assert status in (400, 422) and answer["field"] == query.split("=")[0], (query, status, answer)


def test_stats(c):
    before = c.good("GET", "/api/stats")
    c.enter("edge-1", "88X-777.03", now_ms() - 2 * MINUTE)
    c.enter("edge-1", "88X-777.04")
    c.leave("edge-1", "88X-777.03")
    after = c.good("GET", "/api/stats")
    assert after["vehicles_in_parking"] == before["vehicles_in_parking"] + 1, (before, after)
    if local(now_ms())[11:13] != "00":      # in the first hour of a day the entry may still be yesterday's
        assert after["entries_today"] == before["entries_today"] + 2, (before, after)
    assert after["exits_today"] == before["exits_today"] + 1, (before, after)
    assert after["revenue_today"] == before["revenue_today"], (before, after)


def test_healthz(c):
    status, answer = c.ask("GET", "/healthz")
    assert status == 200, answer


if __name__ == "__main__":
    tap.run(globals(), running)
