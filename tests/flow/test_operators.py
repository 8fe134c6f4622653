#!/usr/bin/python3
"""What operators do by hand, on two centrals: entering, ending, correcting, voiding, and what the history of changes tells. What
one central's operator does the other comes to show; no money appears or goes away by it."""
import json
import os
import sys
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import expect, now_ms, told         # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, HOUR, DAY = 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
STAYS, HISTORY, CHANGES = "/api/parking/stays", "/api/parking/history", "/api/parking/history/changes"
VIETNAM = timezone(timedelta(hours=7))


def local(ms):
    return datetime.fromtimestamp(ms // 1000, VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def two(ground):
    return ground.site(2).start()


def enter(c, plate, **more):
    return c.ask("POST", STAYS, dict(more, plate_id=plate))


def leave(c, id, reason="normal", why="the barrier was broken", **more):
    return c.ask("POST", "%s/%s/exit" % (HISTORY, id), dict(more, reason=reason, why=why))


def correct(c, id, plate, view="", **more):
    return c.ask("PUT", "%s/%s" % (HISTORY, id), dict(more, plate_id=plate, plate_view=view))


def void(c, id, **more):
    return c.ask("DELETE", "%s/%s" % (HISTORY, id), more or None)


def only(c, plate):
    """The one row of the plate that lists show."""
    rows = c.good("GET", HISTORY + "?search=" + plate)["history"]
    assert len(rows) == 1, rows
    return rows[0]


def changes(c, id):
    answer = c.good("GET", CHANGES + "?history_id=%d" % id)
    assert answer["count"] == len(answer["changes"]), answer
    return answer["changes"]


def same_everywhere(site):
    site.check_agreement()
    seen = [sorted((row["event_id"], row["plate_id"], row["plate_view"], row["fee"], row["status"], row["flags"])
                   for status in ("", "VOID", "SUPERSEDED")
                   for row in c.good("GET", HISTORY + "?limit=1000&status=" + status)["history"]) for c in site]
    assert seen[0] == seen[1], "what the API shows"


# ---- entering

def test_a_car_is_entered_by_hand(site):
    began = now_ms()
    answer = told(enter(site[0], "29a-100.01", camera_type="moto", edge_id="edge-3", why="plate was muddy"))
    assert (answer["action"], answer["plate_id"], answer["plate_view"], answer["status"]) == ("ENTRY", "29A10001", "29A-100.01", "IN")
    row = site[0].stay(answer["event_id"])
    assert (row["id"], row["entry_time"]) == (answer["history_id"], answer["entry_time"]) and row["entry_ts"] >= began, row
    assert (row["edge_id"], row["camera_type"], row["entry_source"]) == ("edge-3", "moto", "operator"), row
    same_everywhere(site)
    assert only(site[1], "29A10001")["status"] == "IN"
    told(site[1].open("edge-1", "29A10001", "EXIT"))
    assert only(site[1], "29A10001")["status"] == "OUT"


def test_a_car_is_entered_as_of_an_earlier_time(site):
    at = now_ms() // 1000 * 1000 - 3 * HOUR
    for number, text in enumerate((local(at), str(at), str(at // 1000))):
        answer = told(enter(site[0], "29A1010%d" % number, entry_time=text))
        row = site[0].stay(answer["event_id"])
        assert (row["entry_ts"], answer["entry_time"]) == (at, local(at)), row
        assert told(leave(site[0], answer["history_id"]))["fee"] == 75000
    expect(enter(site[0], "29A10109", entry_time=str(now_ms() + HOUR)), 400, "invalid_value", "entry_time")
    expect(enter(site[0], "29A10109", entry_time="soon"), 400, "invalid_value", "entry_time")
    assert not site[0].rows.history(plate_id="29A10109")


def test_entering_a_car_that_is_inside(site):
    first = told(enter(site[0], "29A10002"))
    answer = expect(enter(site[0], "29A10002"), 409, "already_inside")
    assert (answer["already_inside"], answer["event_id"], answer["entry_time"]) == (True, first["event_id"], first["entry_time"]), answer
    second = told(enter(site[0], "29A10002", force=True))
    assert second["event_id"] != first["event_id"] and second["status"] == "IN", second
    old = site[0].stay(first["event_id"])
    assert (old["status"], old["exit_reason"], old["fee"]) == ("OUT", "missed", 0), old
    same_everywhere(site)


def test_entering_wrongly(site):
    c = site[0]
    expect(enter(c, "29A1"), 400, "plate_too_short", "plate_id")
    expect(enter(c, "29A12345678901234"), 400, "plate_too_long", "plate_id")
    expect(c.ask("POST", STAYS, {}), 422, "missing_field", "plate_id")
    expect(c.ask("POST", STAYS, {"plate_id": 5}), 422, "wrong_type", "plate_id")
    expect(enter(c, "29A10003", camera_type="bus"), 400, "invalid_value", "camera_type")
    expect(enter(c, "29A10003", force="yes"), 422, "wrong_type", "force")
    expect(enter(c, "29A10003", why="x" * 501), 400, "invalid_value", "why")
    expect(enter(c, "29A10003", edge_id="x" * 64), 400, "invalid_value", "edge_id")
    assert c.raw("POST", STAYS, b"[]", {"Content-Type": "application/json"}).status == 400
    assert not c.rows.history(plate_id="29A10003")


def test_an_entry_is_repeated_by_its_key(site):
    body = {"plate_id": "29A10004"}
    first = site[0].ask("POST", STAYS, body, Idempotency_Key="once-1")
    again = site[0].ask("POST", STAYS, body, Idempotency_Key="once-1")
    assert first[0] == again[0] == 200 and again[1].pop("deduped") is True and again[1] == first[1], (first, again)


# ---- ending a stay

def test_a_stay_is_ended_with_the_fee_of_the_tariff(site):
    at = now_ms() - 2 * HOUR
    entry = site[0].enter("edge-1", "29A20001", at)
    site.wait_converged()
    id = only(site[1], "29A20001")["id"]
    answer = told(leave(site[1], id, why="paid at the desk"))
    assert (answer["action"], answer["event_id"], answer["status"]) == ("EXIT", entry["event_id"], "OUT"), answer
    assert (answer["fee"], answer["duration"], answer["history_id"]) == (50000, "2 giờ 0 phút", id), answer
    row = site[1].stay(entry["event_id"])
    assert (row["fee"], row["exit_reason"], row["exit_central"], row["exit_time"]) == (50000, "normal", "central-2", answer["exit_time"])
    same_everywhere(site)
    expect(leave(site[0], only(site[0], "29A20001")["id"]), 409, "already_out")


def test_a_stay_is_ended_with_a_fee_given(site):
    for number, (reason, fee) in enumerate([("normal", 12345), ("forced", 0), ("forced", 7)]):
        site[0].enter("edge-1", "29A2010%d" % number, now_ms() - 5 * HOUR)
        row = only(site[0], "29A2010%d" % number)
        before = site[0].rows.revenue()
        answer = told(leave(site[0], row["id"], reason, fee=fee))
        assert answer["fee"] == fee and site[0].rows.revenue() == before + fee, answer
        assert only(site[0], row["plate_id"])["exit_reason"] == reason


def test_a_missed_exit_takes_nothing(site):
    site[0].enter("edge-1", "29A20002", now_ms() - 5 * HOUR)
    id = only(site[0], "29A20002")["id"]
    expect(leave(site[0], id, "missed", fee=1000), 400, "invalid_value", "fee")
    assert told(leave(site[0], id, "missed"))["fee"] == 0
    row = only(site[0], "29A20002")
    assert (row["status"], row["flags"], row["fee"]) == ("OUT", "missed", 0), row


def test_ending_wrongly(site):
    c = site[0]
    c.enter("edge-1", "29A20003")
    id = only(c, "29A20003")["id"]
    for unknown in (10 ** 9, 0, "x", "1x", "-1", 2 ** 63):
        expect(leave(c, unknown), 404, "unknown_row")
    exit = "%s/%d/exit" % (HISTORY, id)
    expect(c.ask("POST", exit, {"why": "x"}), 422, "missing_field", "reason")
    expect(c.ask("POST", exit, {"reason": "normal"}), 422, "missing_field", "why")
    expect(c.ask("POST", exit, {"reason": "normal", "why": ""}), 400, "invalid_value", "why")
    expect(leave(c, id, "unmatched"), 400, "invalid_value", "reason")
    expect(leave(c, id, fee=-1), 400, "invalid_value", "fee")
    expect(leave(c, id, fee=1.5), 422, "wrong_type", "fee")
    expect(leave(c, id, why="a\nb"), 400, "invalid_value", "why")
    assert only(c, "29A20003")["status"] == "IN", "none of this ended it"
    told(void(c, id))
    expect(leave(c, id), 409, "void")


# ---- correcting

def test_a_plate_is_corrected_everywhere(site):
    answer = site[0].enter("edge-1", "29A30001", now_ms() - HOUR)
    site.wait_converged()
    id = only(site[1], "29A30001")["id"]
    fixed = told(correct(site[1], id, "29a-300.99", "29A-300.99", why="read again"))
    assert (fixed["event_id"], fixed["plate_id"], fixed["plate_view"]) == (answer["event_id"], "29A30099", "29A-300.99"), fixed
    same_everywhere(site)
    assert only(site[0], "29A30099")["event_id"] == answer["event_id"]
    assert not site[0].good("GET", HISTORY + "?search=29A30001")["history"]
    told(site[0].open("edge-2", "29A30099", "EXIT"))
    expect(site[0].open("edge-2", "29A30001", "EXIT"), 409, "no_entry")
    made = told(correct(site[0], answer["history_id"], "29A30098"))
    assert made["plate_view"] == "29A-300.98", "made when it is left empty"


def test_the_same_plate_again_writes_nothing(site):
    answer = site[0].enter("edge-1", "29A30002")
    records = site[0].rows.records()
    told(correct(site[0], answer["history_id"], "29A30002"))
    assert site[0].rows.records() == records and not changes(site[0], answer["history_id"])


def test_correcting_wrongly(site):
    c = site[0]
    id = c.enter("edge-1", "29A30003")["history_id"]
    for unknown in (10 ** 9, "x"):
        expect(correct(c, unknown, "29A30009"), 404, "unknown_row")
    expect(correct(c, "changes", "29A30009"), 405, "method_not_allowed")
    expect(c.ask("PUT", "%s/%d" % (HISTORY, id), {"plate_view": ""}), 422, "missing_field", "plate_id")
    expect(c.ask("PUT", "%s/%d" % (HISTORY, id), {"plate_id": "29A30009"}), 422, "missing_field", "plate_view")
    expect(c.ask("PUT", "%s/%d" % (HISTORY, id), {"plate_id": "29A30009", "plate_view": 5}), 422, "wrong_type", "plate_view")
    expect(correct(c, id, "29A"), 400, "plate_too_short", "plate_id")
    expect(correct(c, id, "29A30009", "x" * 32), 400, "invalid_value", "plate_view")
    assert only(c, "29A30003")["plate_id"] == "29A30003"


# ---- voiding, and back

def test_voiding_removes_no_money(site):
    entry = site[0].enter("edge-1", "29A40001", now_ms() - 5 * HOUR)
    told(leave(site[0], entry["history_id"], fee=40000))
    site.wait_converged()
    before = [c.rows.revenue() for c in site]
    stats = site[0].good("GET", "/api/stats")["revenue_today"]
    answer = told(void(site[0], entry["history_id"], why="typed by mistake"))
    assert answer["status"] == "VOID", answer
    assert not site[0].good("GET", HISTORY + "?search=29A40001")["history"], "out of the lists"
    assert site[0].good("GET", HISTORY + "?search=29A40001&status=VOID")["count"] == 1
    same_everywhere(site)
    assert [c.rows.revenue() for c in site] == before and site[0].good("GET", "/api/stats")["revenue_today"] == stats
    expect(void(site[0], entry["history_id"]), 409, "void")


def test_a_void_is_undone_from_the_other_central(site):
    entry = site[0].enter("edge-1", "29A40002", now_ms() - 2 * HOUR)
    told(void(site[0], entry["history_id"]))
    expect(site[0].open("edge-1", "29A40002", "EXIT"), 409, "no_entry")
    site.wait_converged()
    id = site[1].good("GET", HISTORY + "?status=VOID&search=29A40002")["history"][0]["id"]
    assert told(correct(site[1], id, "29A40002", why="it was right"))["status"] == "IN"
    same_everywhere(site)
    assert told(site[0].open("edge-1", "29A40002", "EXIT"))["event_id"] == entry["event_id"]


def test_an_exit_without_entry_is_corrected_and_voided(site):
    lone = told(site[0].open("edge-1", "29A40003", "EXIT", force=True))
    row = only(site[0], "29A40003")
    assert row["event_id"] == lone["event_id"] and lone["event_id"].startswith("exit_"), row
    assert told(correct(site[0], row["id"], "29A40004"))["plate_id"] == "29A40004"
    same_everywhere(site)
    before = site[0].rows.revenue()
    assert told(void(site[0], row["id"]))["status"] == "VOID"
    assert told(correct(site[0], row["id"], "29A40004"))["status"] == "OUT"
    assert site[0].rows.revenue() == before
    same_everywhere(site)


def test_a_bound_row_is_not_there(site):
    """An exit without entry finds its stay by a corrected plate; its own row is nobody's then."""
    entry = site[0].enter("edge-1", "29A40005", now_ms() - HOUR)
    lone = told(site[0].open("edge-2", "29A40006", "EXIT", force=True))
    id = only(site[0], "29A40006")["id"]
    assert told(correct(site[0], id, "29A40005"))["status"] == "BOUND"
    assert site[0].stay(entry["event_id"])["status"] == "OUT" and site[0].stay(lone["event_id"])["status"] == "BOUND"
    expect(void(site[0], id), 404, "unknown_row")
    expect(correct(site[0], id, "29A40007"), 404, "unknown_row")
    expect(leave(site[0], id), 404, "unknown_row")
    same_everywhere(site)


def test_voiding_wrongly(site):
    c = site[0]
    id = c.enter("edge-1", "29A40008")["history_id"]
    for unknown in (10 ** 9, "x"):
        expect(void(c, unknown), 404, "unknown_row")
    expect(void(c, id, why=5), 422, "wrong_type", "why")
    expect(void(c, id, why="x" * 501), 400, "invalid_value", "why")
    assert c.raw("DELETE", "%s/%d" % (HISTORY, id), b"{").status == 400
    assert c.raw("DELETE", HISTORY).status == 405 and only(c, "29A40008")["status"] == "IN"


# ---- what was changed, by whom, why

def test_changes_are_told_on_both(site):
    why = "Ông Đỗ nói <b>\"sai\"</b>"
    at = site[0].enter("edge-1", "29A50001", now_ms() - HOUR)
    told(correct(site[0], at["history_id"], "29A50002", "29A-500.02", why=why))
    told(leave(site[0], at["history_id"], "forced", fee=1000, why="lost ticket"))
    told(void(site[0], at["history_id"]))
    site.wait_converged()
    for c in site:
        id = c.rows.history(event_id=at["event_id"])[0]["id"]
        rows = wait_for(lambda: len(changes(c, id)) == 3 and changes(c, id), what="three changes at " + c.id)
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True), rows
        gone, out, fixed = rows
        assert (fixed["change_type"], fixed["old_plate_id"], fixed["new_plate_id"]) == ("UPDATE", "29A50001", "29A50002"), fixed
        assert (fixed["new_plate_view"], json.loads(fixed["new_data"])) == ("29A-500.02", {"why": why}), fixed
        assert fixed["changed_by"] == "127.0.0.1" and fixed["event_id"] == at["event_id"], fixed
        assert json.loads(out["new_data"]) == {"action": "exit", "reason": "forced", "fee": 1000, "why": "lost ticket"}, out
        assert (out["change_type"], out["changed_by"]) == ("UPDATE", "127.0.0.1"), out
        assert (gone["change_type"], gone["old_plate_id"], gone["new_plate_id"]) == ("DELETE", "29A50002", None), gone


def test_an_entry_by_hand_is_a_change(site):
    answer = told(enter(site[0], "29A50003", why="gate was open"))
    site.wait_converged()
    for c in site:
        id = only(c, "29A50003")["id"]
        row, = wait_for(lambda: changes(c, id), what="the change at " + c.id)
        assert (row["new_plate_id"], row["event_id"]) == ("29A50003", answer["event_id"]), row
        assert json.loads(row["new_data"]) == {"action": "entry", "why": "gate was open"}, row


def test_pages_of_changes(site):
    everything = site[0].good("GET", CHANGES + "?limit=1000")["changes"]
    assert len(everything) > 5
    page = site[0].good("GET", CHANGES + "?limit=2&offset=1")
    assert page["count"] == 2 and page["changes"] == everything[1:3], page
    assert site[0].good("GET", CHANGES + "?history_id=0")["changes"] == []
    for name, wrong, status in (("limit", "1001", 400), ("limit", "x", 422), ("offset", "-1", 400), ("history_id", "x", 422)):
        seen, answer = site[0].ask("GET", CHANGES + "?%s=%s" % (name, wrong))
        assert (seen, answer["field"]) == (status, name), answer


if __name__ == "__main__":
    tap.run(globals(), two)
