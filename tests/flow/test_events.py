#!/usr/bin/python3
"""What camera boxes in the field send, from outside: events and heartbeats, every answer of spec/api.md, "Edges", and what is told
of cameras, of the vehicles inside and of the central. Also lanes."""
import contextlib
import json
import os
import sqlite3
import sys
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms, told                 # noqa: E402

MINUTE, HOUR, DAY = 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
EVENT, HEARTBEAT, OPEN = "/api/edge/event", "/api/edge/heartbeat", "/api/edge/barrier/open"
VIETNAM = timezone(timedelta(hours=7))
LANES = {"lane-in": "ENTRY", "lane-out": "EXIT"}


def running(ground):
    """A central with two lanes. They are set while nothing runs, as the database is nobody else's then."""
    c = ground.central().start()
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.executemany("INSERT INTO edges(edge_id, lane, created_ms) VALUES(?, ?, 0)", LANES.items())
    return c.start()


def local(ms):
    return datetime.fromtimestamp(ms // 1000, VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def event(c, type, plate, event_id=None, at=None, sent_at=None, camera=1, data=None, **more):
    """at: Unix ms it happened; by itself also says that the box's clock is good. -> (status, answer)"""
    body = {"type": type, "camera_id": camera, "camera_name": "Cổng 1", "camera_type": "car",
            "timestamp": (now_ms() if at is None else at) / 1000, "data": {"plate_text": plate, "confidence": 0.91, "source": "ai"}}
    if event_id is not None:
        body["event_id"] = event_id
    if at is not None and sent_at is None:
        body["sent_at"] = now_ms() / 1000
    if sent_at:
        body["sent_at"] = sent_at
    body["data"].update(data or {})
    body.update(more)
    return c.ask("POST", EVENT, body)


def refused(result, code, field=None):
    """-> answer"""
    status, answer = result
    assert status == 200, "a box repeats anything but a 200: %d %s" % (status, answer)
    assert answer["success"] is False and answer["code"] == code, "code %s expected: %s" % (code, answer)
    assert isinstance(answer["error"], str) and len(answer["error"]) > 10, answer
    assert answer.get("field") == field, "field %s expected: %s" % (field, answer)
    return answer


def events(c, **where):
    sql = "SELECT * FROM events WHERE " + " AND ".join("%s IS ?" % name for name in where)
    return c.rows.query(sql + " ORDER BY id", *where.values())


def exits(c, **where):
    return c.rows.query("SELECT * FROM exits WHERE " + " AND ".join("%s IS ?" % name for name in where), *where.values())


# ---- entries and exits

def test_entry(c):
    answer = told(event(c, "ENTRY", "29A-123.45", "edge-1_1733140800000_29A12345"))
    row = c.stay("edge-1_1733140800000_29A12345")
    assert answer == {"success": True, "action": "ENTRY", "message": "Xe 29A-123.45 VÀO bãi", "plate_id": "29A12345",
                      "plate_view": "29A-123.45", "history_id": row["id"], "entry_time": row["entry_time"],
                      "event_id": "edge-1_1733140800000_29A12345"}, answer
    seen = {name: row[name] for name in ("edge_id", "plate_id", "plate_view", "entry_camera_id", "entry_camera_name", "camera_type",
                                         "entry_confidence", "entry_source", "status")}
    assert seen == {"edge_id": "edge-1", "plate_id": "29A12345", "plate_view": "29A-123.45", "entry_camera_id": "1",
                    "entry_camera_name": "Cổng 1", "camera_type": "car", "entry_confidence": 0.91, "entry_source": "ai",
                    "status": "IN"}, seen
    logged = events(c, event_id="edge-1_1733140800000_29A12345")
    assert [(e["type"], e["camera_id"], e["edge_id"], e["plate_id"], e["accepted"], e["code"]) for e in logged] == \
        [("ENTRY", "1", "edge-1", "29A12345", 1, "")], logged
    assert json.loads(logged[0]["payload"])["data"]["plate_text"] == "29A-123.45", "as it came"


def test_entry_without_an_id(c):
    answer = told(event(c, "ENTRY", "29A20001"))
    assert answer["event_id"].startswith("central-1_") and answer["event_id"].endswith("_29A20001"), answer


def test_detection_is_an_entry(c):
    answer = told(event(c, "DETECTION", "29A20002", "box-2"))
    assert answer["action"] == "ENTRY" and c.stay("box-2")["status"] == "IN", answer
    assert told(event(c, "ENTRY", "29A20002", "box-2"))["deduped"] is True, "the same stay by its other name of type"


def test_exit(c):
    began = now_ms() - 80 * MINUTE
    told(event(c, "ENTRY", "29A20003", at=began))
    answer = told(event(c, "EXIT", "29A20003", "box-exit-3", camera="gate-b", data={"plate_view": "29A 200.03"}))
    row = c.rows.history(plate_id="29A20003")[0]
    assert answer == {"success": True, "action": "EXIT", "message": "Xe 29A 200.03 RA bãi", "plate_id": "29A20003",
                      "plate_view": "29A 200.03", "history_id": row["id"], "entry_time": local(began), "event_id": row["event_id"],
                      "exit_time": row["exit_time"], "duration": row["duration"], "fee": 25000}, answer
    assert row["status"] == "OUT" and row["duration"] == "1 giờ 20 phút" and row["fee"] == 25000, row
    assert (row["exit_edge"], row["exit_camera_id"], row["exit_reason"]) == ("edge-gate-b", "gate-b", "normal"), row
    assert exits(c, edge_event_id="box-exit-3")[0]["fee"] == 25000


def test_exit_that_carries_its_entrys_id(c):
    """Closes that stay although the camera misread the plate."""
    told(event(c, "ENTRY", "29A20004", "box-4"))
    answer = told(event(c, "EXIT", "29A20O04", "box-4"))
    row = c.stay("box-4")
    assert answer["event_id"] == "box-4" and answer["history_id"] == row["id"] and row["status"] == "OUT", (answer, row)


def test_edge_of_an_event(c):
    told(event(c, "ENTRY", "29A20005", camera=77, data={"edge_id": "gate-77"}))
    assert c.rows.history(plate_id="29A20005")[0]["edge_id"] == "gate-77"
    told(event(c, "ENTRY", "29A20006", camera="cam A"))
    assert c.rows.history(plate_id="29A20006")[0]["edge_id"] == "edge-cam A"


# ---- repeats

def test_repeats(c):
    first = told(event(c, "ENTRY", "29A20010", "box-10"))
    before = c.rows.records()
    for _ in range(3):
        assert told(event(c, "ENTRY", "29A20010", "box-10")) == {"success": True, "deduped": True, "event_id": "box-10"}
    told(event(c, "EXIT", "29A20010", "box-10"))
    for type in ("EXIT", "ENTRY", "EXIT"):
        assert told(event(c, type, "29A20010", "box-10")) == {"success": True, "deduped": True, "event_id": "box-10"}, type
    assert c.rows.records() == before + 1 and c.stay("box-10")["id"] == first["history_id"]
    told(event(c, "ENTRY", "29A20010"))
    told(event(c, "EXIT", "29A20010", "box-10-out"))
    assert told(event(c, "EXIT", "29A20010", "box-10-out"))["deduped"] is True
    assert len(c.rows.history(plate_id="29A20010")) == 2


def test_repeat_after_the_log_of_events_is_gone(c):
    """Records survive for ever, and a restart."""
    told(event(c, "ENTRY", "29A20011", "box-11"))
    told(event(c, "EXIT", "29A20011", "box-11-out"))
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("DELETE FROM events")
    c.start()
    assert told(event(c, "ENTRY", "29A20011", "box-11"))["deduped"] is True
    assert told(event(c, "EXIT", "29A20011", "box-11-out"))["deduped"] is True


def test_ids_that_cannot_name_a_stay(c):
    hostile = ("x" * 128, "x" * 5000, "exit_%s_7" % ("ab" * 16), "a\nb", "a\x7fb")
    for number, id in enumerate(hostile):
        plate = "29A2002%d" % number
        answer = told(event(c, "ENTRY", plate, id))
        assert answer["event_id"].startswith("edge_") and len(answer["event_id"]) == 37, answer
        assert c.stay(answer["event_id"])["status"] == "IN"
        assert told(event(c, "ENTRY", plate, id)) == {"success": True, "deduped": True, "event_id": id}
        assert told(event(c, "EXIT", plate, id))["event_id"] == answer["event_id"]
        assert told(event(c, "EXIT", plate, id))["deduped"] is True


# ---- refusals

def test_already_inside(c):
    told(event(c, "ENTRY", "29A20030", "box-30"))
    row = c.stay("box-30")
    answer = refused(event(c, "ENTRY", "29A20030", "box-30-again", camera=2), "already_inside")
    assert (answer["already_inside"], answer["entry_time"], answer["event_id"]) == (True, row["entry_time"], "box-30"), answer
    assert len(c.rows.history(plate_id="29A20030")) == 1
    logged = events(c, event_id="box-30-again")
    assert [(e["accepted"], e["code"]) for e in logged] == [(0, "already_inside")], logged


def test_a_refused_entry_stays_refused(c):
    """Its repeat comes when the car has left by another gate: an old sighting must not let it in anew."""
    told(event(c, "ENTRY", "29A29031", "box-931"))
    refused(event(c, "ENTRY", "29A29031", "box-931-again", camera=2), "already_inside")
    told(event(c, "EXIT", "29A29031", "box-931"))
    refused(event(c, "ENTRY", "29A29031", "box-931-again", camera=2), "already_inside")
    assert [row["status"] for row in c.rows.history(plate_id="29A29031")] == ["OUT"]
    told(event(c, "ENTRY", "29A29031", "box-931-new", camera=2))


def test_exit_without_an_entry(c):
    """Refused, but the car has left; and told once, however often it is repeated."""
    answer = refused(event(c, "EXIT", "29A20031", "box-31"), "no_entry")
    assert "already_inside" not in answer, answer
    for _ in range(2):
        assert told(event(c, "EXIT", "29A20031", "box-31")) == {"success": True, "deduped": True, "event_id": "box-31"}
    kept = exits(c, plate_id="29A20031")
    assert [(e["reason"], e["fee"], e["edge_event_id"], e["kind"]) for e in kept] == [("unmatched", 0, "box-31", "no_entry")], kept
    row = c.rows.history(plate_id="29A20031")
    assert [(r["status"], r["flags"]) for r in row] == [("OUT", "no_entry")], row
    assert [e["code"] for e in events(c, event_id="box-31")] == ["no_entry", "deduped", "deduped"]


def test_unmatched_exit_finds_its_entry_later(c):
    """The entry was held back by its box, with the time it happened."""
    left = now_ms() - 5 * MINUTE
    refused(event(c, "EXIT", "29A20032", "box-32-out", at=left), "no_entry")
    told(event(c, "ENTRY", "29A20032", "box-32", at=left - 115 * MINUTE))
    row = c.stay("box-32")
    assert (row["status"], row["exit_reason"], row["fee"], row["duration"]) == ("OUT", "unmatched", 0, "1 giờ 55 phút"), row
    assert [(e["kind"], e["bound"]) for e in exits(c, plate_id="29A20032")] == [("counted", "box-32")]
    assert len([r for r in c.rows.history(plate_id="29A20032") if r["status"] != "BOUND"]) == 1


def test_second_exit_of_a_stay_takes_no_money(c):
    told(event(c, "ENTRY", "29A20033", "box-33", at=now_ms() - 2 * HOUR))
    assert c.leave("edge-1", "29A20033")["fee"] == 50000
    refused(event(c, "EXIT", "29A20033", "box-33"), "no_entry")
    row = c.stay("box-33")
    assert (row["fee"], row["flags"]) == (50000, "second_exit"), row
    assert sorted(e["fee"] for e in exits(c, plate_id="29A20033")) == [0, 50000]


def test_plates_that_are_none(c):
    for type in ("ENTRY", "EXIT"):
        refused(event(c, type, "29A-1", "short-" + type), "plate_too_short", "data.plate_text")
        refused(event(c, type, "29A12345678901234", "long-" + type), "plate_too_long", "data.plate_text")
        assert events(c, event_id="short-" + type)[0]["code"] == "plate_too_short"
    assert not exits(c, plate_id="29A1")


def test_wrong_types_and_values(c):
    wrong = {"type": ([7, None, []], "missing_field"), "camera_id": ([[], {}, True], "wrong_type"),
             "camera_name": ([1], "wrong_type"), "camera_type": ([["car"]], "wrong_type"), "timestamp": (["now", {}], "wrong_type"),
             "sent_at": (["now"], "wrong_type"), "event_id": ([7, ["x"]], "wrong_type"), "data": ([7, "x", []], "wrong_type")}
    for field, (values, code) in wrong.items():
        for value in values:
            refused(event(c, "ENTRY", "29A20040", **{field: value}) if field not in ("type", "event_id", "data") else
                    c.ask("POST", EVENT, {"type": "ENTRY", "camera_id": 1, "data": {"plate_text": "29A20040"}, field: value}),
                    code, field)
    for field, value in (("camera_id", ""), ("camera_id", "x" * 60), ("camera_id", "a\nb"), ("camera_name", "x" * 200)):
        body = {"type": "ENTRY", "camera_id": 1, "data": {"plate_text": "29A20040"}, field: value}
        refused(c.ask("POST", EVENT, body), "invalid_value", field)
    for field, value, code in (("plate_text", None, "missing_field"), ("plate_text", 7, "wrong_type"), ("confidence", 2, "invalid_value"),
                               ("confidence", "0.9", "wrong_type"), ("source", 7, "wrong_type"), ("edge_id", "", "invalid_value"),
                               ("edge_id", "x" * 64, "invalid_value"), ("plate_view", "x" * 40, "invalid_value")):
        refused(event(c, "ENTRY", "29A20040", data={field: value}), code, "data." + field)
    refused(event(c, "LOITERING", "29A20040", "box-loiter"), "unknown_type", "type")
    assert [(e["type"], e["code"]) for e in events(c, code="unknown_type")] == [("LOITERING", "unknown_type")]
    for name in ("type", "camera_id", "data"):
        body = {"type": "ENTRY", "camera_id": 1, "data": {"plate_text": "29A20040"}}
        del body[name]
        refused(c.ask("POST", EVENT, body), "missing_field", name)
    assert not c.rows.history(plate_id="29A20040"), "nothing was written"


def test_bodies_that_are_no_event(c):
    for body in (b"", b"{", b"[]", b"7", b"nonsense", b'{"type":"ENTRY"\xff}', b'{"a":"\\u0000"}'):
        answer = c.raw("POST", EVENT, body)
        refused((answer.status, answer.json), "malformed_json")
    assert c.raw("POST", EVENT, b"{" + b" " * 70000 + b"}").status == 413


# ---- times

def heartbeat(c, camera, offset=0, **more):
    """offset: ms by which the box's clock is wrong."""
    return c.ask("POST", HEARTBEAT, dict({"camera_id": camera, "timestamp": (now_ms() + offset) / 1000}, **more))


def held_back(c, camera, plate, at):
    """An entry told late, without sent_at -> the row"""
    told(event(c, "ENTRY", plate, at=at, sent_at=0, camera=camera))
    return c.rows.history(plate_id=plate)[0]


def test_times_count_while_heartbeats_say_the_clock_is_good(c):
    at = now_ms() - 3 * HOUR
    before = now_ms()
    assert held_back(c, "clock-a", "29A20050", at)["entry_ts"] >= before, "nothing is known of this clock"
    told(heartbeat(c, "clock-a"))
    row = held_back(c, "clock-a", "29A20051", at)
    assert row["entry_ts"] == at and row["entry_time"] == local(at), row
    told(heartbeat(c, "clock-a", offset=90 * 1000))
    before = now_ms()
    assert held_back(c, "clock-a", "29A20052", at)["entry_ts"] >= before, "its last heartbeat was 90 s off"
    told(c.ask("POST", HEARTBEAT, {"camera_id": "clock-a"}))
    assert held_back(c, "clock-a", "29A20053", at)["entry_ts"] >= before, "it said nothing of its clock"


def test_times_of_barriers_by_heartbeat(c):
    at = now_ms() - 3 * HOUR
    told(heartbeat(c, 81))
    body = {"edge_id": "edge-81", "plate_id": "29A20054", "timestamp": at}
    told(c.ask("POST", OPEN, body))
    assert c.rows.history(plate_id="29A20054")[0]["entry_ts"] == at
    told(c.ask("POST", OPEN, dict(body, edge_id="edge-82", plate_id="29A20055")))
    assert c.rows.history(plate_id="29A20055")[0]["entry_ts"] > at, "another edge's heartbeat says nothing"
    info = told(c.ask("POST", "/api/edge/detection", {"edge_id": "edge-81", "plate_id": "29A20054", "plate_view": "x",
                                                      "camera_type": "car", "direction": "EXIT", "confidence": 1,
                                                      "timestamp": at + 90 * MINUTE}))["vehicle_info"]
    assert (info["fee"], info["duration"]) == (25000, "1 giờ 30 phút"), info


def test_heartbeat_of_a_camera_whose_events_name_its_edge(c):
    told(event(c, "ENTRY", "29A20056", camera=83, data={"edge_id": "gate-83"}))
    told(heartbeat(c, 83))
    at = now_ms() - HOUR
    told(c.ask("POST", OPEN, {"edge_id": "gate-83", "plate_id": "29A20057", "timestamp": at}))
    assert c.rows.history(plate_id="29A20057")[0]["entry_ts"] == at


def test_exit_held_back_is_priced_right(c):
    began = now_ms() - 10 * HOUR
    told(event(c, "ENTRY", "29A20058", at=began))
    answer = told(event(c, "EXIT", "29A20058", at=began + 2 * HOUR))
    assert (answer["exit_time"], answer["duration"], answer["fee"]) == (local(began + 2 * HOUR), "2 giờ 0 phút", 50000), answer


# ---- heartbeats and what is told of cameras

def camera(c, id):
    return next((one for one in c.good("GET", "/api/cameras")["cameras"] if one["camera_id"] == id), None)


def test_heartbeat(c):
    began = now_ms()
    body = {"camera_id": 90, "camera_name": "Cổng chính", "camera_type": "car", "status": "online", "events_sent": 12,
            "events_failed": 1, "timestamp": began / 1000}
    assert c.ask("POST", HEARTBEAT, body) == (200, {"success": True})
    seen = camera(c, "90")
    assert began <= seen.pop("last_heartbeat") <= now_ms()
    assert seen == {"camera_id": "90", "camera_name": "Cổng chính", "camera_type": "car", "edge_id": "edge-90", "online": True,
                    "status": "online", "events_sent": 12, "events_failed": 1, "last_event": None, "clock_good": True}, seen
    told(heartbeat(c, "90", offset=-61 * 1000))
    seen = camera(c, "90")
    assert seen["clock_good"] is False and seen["camera_name"] == "Cổng chính" and seen["events_sent"] is None, seen


def test_silent_cameras_are_offline(c):
    """60 s are not waited for: the central is stopped, and its database told that the last heartbeat was longer ago."""
    told(heartbeat(c, 91))
    told(heartbeat(c, 92))
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("UPDATE cameras SET heartbeat_ms = heartbeat_ms - 61000 WHERE camera_id = '91'")
        db.execute("UPDATE cameras SET heartbeat_ms = heartbeat_ms + 86400000 WHERE camera_id = '92'")
    c.start()
    assert (camera(c, "91")["online"], camera(c, "92")["online"]) == (False, True)
    counts = c.good("GET", "/api/status")["cameras"]
    listed = c.good("GET", "/api/cameras")
    assert listed["count"] == len(listed["cameras"]) == counts["online"] + counts["offline"], (listed, counts)
    assert counts["offline"] == len([one for one in listed["cameras"] if not one["online"]]), (listed, counts)
    told(heartbeat(c, 91))
    assert camera(c, "91")["online"] is True


def test_wrong_heartbeats(c):
    for field, value, status in (("camera_id", None, 422), ("camera_id", [], 422), ("camera_id", "", 400), ("camera_id", "x" * 60, 400),
                                 ("camera_name", 7, 422), ("camera_name", "x" * 200, 400), ("status", 7, 422),
                                 ("events_sent", "7", 422), ("events_sent", -1, 400), ("events_failed", 0.5, 422),
                                 ("timestamp", "now", 422)):
        seen, answer = c.ask("POST", HEARTBEAT, {"camera_id": 95, field: value})
        assert (seen, answer["success"], answer["field"]) == (status, False, field), (field, value, seen, answer)
    assert camera(c, "95") is None


# ---- lanes

def test_lanes_decide_the_direction(c):
    assert told(c.open("lane-in", "29A20060"))["action"] == "ENTRY"
    status, answer = c.open("lane-in", "29A20060")
    assert (status, answer["code"], answer["already_inside"]) == (409, "already_inside", True), answer
    assert told(c.open("lane-out", "29A20060"))["action"] == "EXIT"
    status, answer = c.open("lane-out", "29A20060")
    assert (status, answer["code"], answer["has_entry"]) == (409, "no_entry", False), answer
    assert told(c.open("lane-out", "29A20060", force=True))["action"] == "EXIT", "an operator's word"


def test_direction_against_the_lane(c):
    status, answer = c.open("lane-in", "29A20061", "EXIT")
    assert (status, answer["code"], answer["field"], answer["has_entry"]) == (409, "wrong_lane", "direction", False), answer
    told(c.open("lane-in", "29A20061", "ENTRY"))
    status, answer = c.open("lane-in", "29A20061", "EXIT")
    row = c.rows.history(plate_id="29A20061")[0]
    assert (status, answer["code"], answer["has_entry"], answer["event_id"], answer["entry_time"]) == \
        (409, "wrong_lane", True, row["event_id"], row["entry_time"]), answer
    status, answer = c.open("lane-out", "29A20062", "ENTRY")
    assert (status, answer["code"], answer["already_inside"]) == (409, "wrong_lane", False), answer
    assert row["status"] == "IN" and not c.rows.history(plate_id="29A20062")
    assert told(c.open("lane-in", "29A20061", "EXIT", force=True))["action"] == "EXIT"


# ---- what is so now

def test_parking_state(c):
    told(event(c, "ENTRY", "29A20070", "box-70"))
    state = c.good("GET", "/api/parking/state")
    inside = {row["event_id"]: row for row in state["vehicles_in_parking"]}
    assert inside["box-70"]["plate_id"] == "29A20070" and inside["box-70"]["status"] == "IN", inside
    assert {row["status"] for row in inside.values()} == {"IN"}
    assert state["stats"] == {name: value for name, value in c.good("GET", "/api/stats").items() if name != "success"}, state["stats"]
    assert len(inside) == state["stats"]["vehicles_in_parking"]
    told(event(c, "EXIT", "29A20070", "box-70"))
    assert "box-70" not in {row["event_id"] for row in c.good("GET", "/api/parking/state")["vehicles_in_parking"]}


def test_status(c):
    status = c.good("GET", "/api/status")
    assert status["central"] == "central-1" and status["database"] == "ok" and status["version"], status
    assert 0 <= status["uptime_s"] < 3600 and set(status["cameras"]) == {"online", "offline"}, status
    assert status["stats"]["vehicles_in_parking"] == c.good("GET", "/api/stats")["vehicles_in_parking"]
    assert status["p2pd_running"] is c.status()["running"]


if __name__ == "__main__":
    tap.run(globals(), running)
