#!/usr/bin/python3
"""/ws/edge: camera boxes that keep a WebSocket. What they say is decided as by POST /api/edge/event; they are told what passes elsewhere."""
import json
import os
import re
import signal
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.websocket import BINARY, PATIENCE, PING, PONG, Gone, Silence, Wire, frame, upgrade     # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.box import PATH, Box, event                 # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.page import Browser                         # noqa: E402
from tests.site.people import add_user, ctl                 # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402
from tests.site.watcher import Refused, shake               # noqa: E402

OFFICE, STRANGER = "https://office.example", "127.0.0.2"
OPTIONS = ["--trust-edges", "none", "--trust-edges", "127.0.0.1", "--trust-edges", "127.0.0.8/29", "--trust-admin", "none",
           "--trust-admin", "127.0.0.1", "--cors-origin", OFFICE]
MINUTE = 60 * 1000
BOXES, SHARE = 64, 16
GOING_AWAY, NO_SUCH_DATA, POLICY, TOO_LARGE, TRY_LATER = 1001, 1003, 1008, 1009, 1013
EVENT = "/api/edge/event"


class Two:
    """Two centrals that are each other's peers."""

    def __init__(self, ground):
        site = ground.site(2)
        for central in site:
            central.options = OPTIONS
        self.site = site.start()
        self.a, self.b = site
        self.plates = iter("29A%d" % number for number in range(10000, 99999))


def new_token(central, edge):
    """As an administrator makes it -> the token"""
    if edge not in ctl(central, "edge", "list"):
        ctl(central, "edge", "add", edge)
    words = ctl(central, "edge", "token", edge)
    return re.search(r"\b[A-Za-z0-9_-]{40,}\b", words).group()


def refused_handshake(status, central, **how):
    try:
        Box(central, None, **how).close()
    except Refused as e:
        assert e.status == status, (status, how, e)
        return e
    raise AssertionError("it was let in: %s" % how)


def refused(answer, code):
    assert answer["success"] is False and answer["code"] == code and len(answer["error"]) > 10, (code, answer)
    return answer


# ---- what it says

def test_connected_and_pings(two):
    box = Box(two.a, 7)
    assert box.ask({"type": "ping"}) == {"type": "pong"}
    box.say({"type": "pong"})
    box.wire.send(b"hello", PING)
    assert box.wire.frame()[1:] == (PONG, b"hello")
    assert box.ask({"type": "ping"}) == {"type": "pong"}, "a pong is not answered"
    box.close()


def test_an_entry_and_an_exit_are_answered_as_by_http(two):
    inside, outside = Box(two.a, "edge-in"), Box(two.a, "edge-out")
    plate, came = next(two.plates), now_ms() - 80 * MINUTE
    answer = inside.ask(event("ENTRY", plate, "box-1", at=came))
    row = two.a.stay("box-1")
    assert answer == {"success": True, "action": "ENTRY", "message": "Xe %s VÀO bãi" % row["plate_view"], "plate_id": plate,
                      "plate_view": row["plate_view"], "history_id": row["id"], "entry_time": row["entry_time"], "event_id": "box-1"}, answer
    assert (row["edge_id"], row["entry_camera_id"], row["status"]) == ("edge-in", "1", "IN"), row
    answer = outside.ask(event("EXIT", plate, "box-1-out", camera=2))
    row = two.a.stay("box-1")
    assert (answer["success"], answer["action"], answer["event_id"], answer["fee"]) == (True, "EXIT", "box-1", 25000), answer
    assert (answer["duration"], answer["exit_time"]) == ("1 giờ 20 phút", row["exit_time"]) and row["status"] == "OUT", (answer, row)
    assert row["exit_edge"] == "edge-out", row
    logged = two.a.rows.query("SELECT type, accepted, edge_id FROM events WHERE event_id LIKE 'box-1%' ORDER BY id")
    assert [tuple(one.values()) for one in logged] == [("ENTRY", 1, "edge-in"), ("EXIT", 1, "edge-out")], logged
    inside.close()
    outside.close()


def test_a_repeat_is_one_event_by_either_door(two):
    box, plate = Box(two.a, "edge-in"), next(two.plates)
    by_http, by_box = event("ENTRY", plate, "twice-1"), event("ENTRY", next(two.plates), "twice-2")
    two.a.good("POST", EVENT, by_http)
    assert box.ask(by_http) == {"success": True, "deduped": True, "event_id": "twice-1"}
    assert box.ask(by_box)["success"] is True
    assert box.ask(by_box) == {"success": True, "deduped": True, "event_id": "twice-2"}
    assert two.a.good("POST", EVENT, by_box) == {"success": True, "deduped": True, "event_id": "twice-2"}
    assert len(two.a.rows.history(plate_id=plate)) == 1
    box.close()


def test_refused_ones_are_answered_and_logged(two):
    box, plate = Box(two.a, "edge-in"), next(two.plates)
    assert box.ask(event("ENTRY", plate, "first"))["success"] is True
    inside = refused(box.ask(event("ENTRY", plate, "second")), "already_inside")
    assert (inside["already_inside"], inside["event_id"]) == (True, "first"), inside
    refused(box.ask(event("EXIT", "51F99999", "gone")), "no_entry")
    assert refused(box.ask(event("ENTRY", "29A")), "plate_too_short")["field"] == "data.plate_text"
    assert refused(box.ask(event("JUMP", plate)), "unknown_type")["field"] == "type"
    assert refused(box.ask({"type": "ENTRY"}), "missing_field")["field"] == "camera_id"
    refused(box.ask("[1]"), "malformed_json")
    refused(box.ask("ping"), "malformed_json")
    codes = [row["code"] for row in two.a.rows.query("SELECT code FROM events WHERE edge_id = 'edge-in' AND accepted = 0 ORDER BY id")]
    assert codes[-7:] == ["already_inside", "no_entry", "plate_too_short", "unknown_type", "missing_field", "malformed_json",
                          "malformed_json"], codes
    box.close()


def test_answers_come_in_order(two):
    """Pings among events, all sent before the first is answered; in pieces, too."""
    box = Box(two.a, "edge-in")
    ids = ["row-%d" % number for number in range(30)]
    for id in ids:
        box.say(event("ENTRY", next(two.plates), id))
        box.say({"type": "ping"})
    for id in ids:
        assert box.answer().get("event_id") == id
        assert box.answer() == {"type": "pong"}
    whole = json.dumps(event("ENTRY", next(two.plates), "in-pieces")).encode()
    box.wire.send(whole[:50], fin=False)
    box.wire.send(whole[50:90], 0, fin=False)
    box.wire.send(whole[90:], 0)
    assert box.answer()["event_id"] == "in-pieces"
    box.close()


# ---- what it is told

def test_an_exit_box_knows_cars_that_came_in_elsewhere(two):
    entry, exit, other = Box(two.a, "edge-in"), Box(two.b, "edge-out"), Box(two.a, "edge-other")
    plate, came = next(two.plates), now_ms() - 80 * MINUTE
    entry.ask(event("ENTRY", plate, "far-1", at=came))
    row = two.a.stay("far-1")
    told = exit.passage("ENTRY", plate)
    assert told == {"type": "ENTRY", "event_id": "far-1", "camera_id": "1", "camera_name": "Cổng 1", "camera_type": "car",
                    "source_central": two.a.id, "entry_time": row["entry_time"],
                    "data": {"plate_text": plate, "plate_view": row["plate_view"], "confidence": 0.91, "source": "ai"}}, told
    assert other.passage("ENTRY", plate) == told
    gone = exit.ask(event("EXIT", plate, "far-1", camera="k2"))
    assert (gone["success"], gone["fee"], gone["duration"]) == (True, 25000, "1 giờ 20 phút"), gone
    left = entry.passage("EXIT", plate)
    assert (left["event_id"], left["source_central"], left["camera_id"]) == ("far-1", two.b.id, "k2"), left
    assert (left["fee"], left["duration"], left["exit_time"]) == (25000, gone["duration"], gone["exit_time"]), left
    assert left["data"]["plate_text"] == plate, left
    assert other.passage("EXIT", plate) == left
    for box in (entry, exit, other):
        box.close()


def test_gates_without_a_box_are_told_and_nothing_else(two):
    """Barriers by HTTP, an operator's entry; not the confirmation, a correction or a void; not what a box itself said."""
    box, plates = Box(two.a, "edge-box"), [next(two.plates) for _ in range(3)]
    first = two.a.enter("edge-9", plates[0])["event_id"]
    told = box.passage("ENTRY", plates[0])
    assert (told["event_id"], told["camera_id"], told["camera_name"]) == (first, "edge-9", "edge-9"), told
    two.a.close("edge-9", plates[0])
    number = two.a.stay(first)["id"]
    two.a.good("PUT", "/api/parking/history/%d" % number, {"plate_id": plates[1], "plate_view": plates[1], "why": "misread"})
    two.a.good("DELETE", "/api/parking/history/%d" % number, {"why": "a test"})
    two.a.enter("edge-box", next(two.plates))
    assert box.ask(event("ENTRY", next(two.plates)))["success"] is True
    two.a.good("POST", "/api/parking/stays", {"plate_id": plates[2], "why": "a test"})
    assert box.next()["data"]["plate_text"] == plates[2], "the next it is told"
    box.close()


def test_in_the_order_in_which_it_happened(two):
    box, plates = Box(two.b, "edge-out"), [next(two.plates) for _ in range(60)]
    for plate in plates:
        two.a.enter("edge-9", plate)
    told = []
    while len(told) < len(plates):      # what came to it before may still be on its way
        told += [plate for plate in [box.next()["data"]["plate_text"]] if plate in plates]
    assert told == plates
    box.close()


# ---- changes of what it said

def test_a_plate_that_it_thought_better_of(two):
    box, other, plate, right = Box(two.a, "edge-in"), Box(two.a, "edge-other"), next(two.plates), next(two.plates)
    box.ask(event("ENTRY", plate, "wrong-1"))
    update = event("UPDATE", right, "wrong-1")
    answer = box.ask(update)
    assert (answer["success"], answer["action"], answer["plate_id"], answer["event_id"]) == (True, "UPDATE", right, "wrong-1"), answer
    assert box.ask(update) == {"success": True, "deduped": True, "event_id": "wrong-1"}
    wait_for(lambda: (two.b.stay("wrong-1") or {}).get("plate_id") == right, what="the other central to know it")
    change = two.a.rows.query("SELECT * FROM history_changes WHERE event_id = 'wrong-1'")
    assert [(row["changed_by"], row["old_plate_id"], row["new_plate_id"]) for row in change] == [("edge-in", plate, right)], change
    refused(other.ask(event("UPDATE", plate, "wrong-1")), "edge_mismatch")
    refused(box.ask(event("UPDATE", plate, "never-said")), "unknown_event")
    refused(box.ask(event("UPDATE", "29A", "wrong-1")), "plate_too_short")
    assert refused(box.ask(event("UPDATE", plate)), "missing_field")["field"] == "event_id"
    box.close()
    other.close()


def test_a_car_that_was_none(two):
    box, far, plate = Box(two.a, "edge-in"), Box(two.b, "edge-in"), next(two.plates)
    box.ask(event("ENTRY", plate, "none-1"))
    wait_for(lambda: two.b.stay("none-1"), what="the other central to know it")
    refused(far.ask({"type": "DELETE", "event_id": "none-1"}), "edge_mismatch")
    answer = box.ask({"type": "DELETE", "event_id": "none-1"})
    assert (answer["success"], answer["action"], answer["event_id"]) == (True, "DELETE", "none-1"), answer
    assert two.a.stay("none-1")["status"] == "VOID"
    assert box.ask({"type": "DELETE", "event_id": "none-1"})["deduped"] is True
    box.close()
    far.close()


def test_what_has_left_a_box_changes_no_more(two):
    box, plate = Box(two.a, "edge-in"), next(two.plates)
    box.ask(event("ENTRY", plate, "paid-1", at=now_ms() - 80 * MINUTE))
    assert two.a.leave("edge-9", plate)["fee"] == 25000
    refused(box.ask(event("UPDATE", next(two.plates), "paid-1")), "not_inside")
    refused(box.ask({"type": "DELETE", "event_id": "paid-1"}), "not_inside")
    assert two.a.stay("paid-1")["status"] == "OUT"
    box.close()


def test_a_new_place_is_noted_and_changes_nothing(two):
    box, plate = Box(two.a, "edge-in"), next(two.plates)
    box.ask(event("ENTRY", plate, "moved-1"))
    before = two.a.stay("moved-1")
    answer = box.ask({"type": "LOCATION_UPDATE", "event_id": "moved-1", "data": {"location": "B2"}})
    assert answer == {"success": True, "action": "LOCATION_UPDATE", "event_id": "moved-1"}, answer
    assert two.a.stay("moved-1") == before
    row = two.a.rows.query("SELECT accepted, payload FROM events WHERE event_id = 'moved-1' AND type = 'LOCATION_UPDATE'")[0]
    assert row["accepted"] == 1 and "B2" in row["payload"], row
    box.close()


def test_by_http_nothing_is_changed(two):
    plate = next(two.plates)
    two.a.good("POST", EVENT, event("ENTRY", plate, "http-1"))
    status, answer = two.a.ask("POST", EVENT, {"type": "DELETE", "event_id": "http-1", "camera_id": 1})
    assert status == 200 and refused(answer, "unknown_type") and two.a.stay("http-1")["status"] == "IN"


# ---- who may

def test_a_token_is_for_its_own_edge(two):
    token = new_token(two.a, "gate-5")
    box = Box(two.a, "gate-5", source=STRANGER, token=token)
    assert box.ask(event("ENTRY", next(two.plates), "token-1", camera=51))["success"] is True
    assert two.a.stay("token-1")["edge_id"] == "gate-5"
    refused(box.ask(event("ENTRY", next(two.plates), camera=51, data={"edge_id": "gate-6"})), "edge_mismatch")
    two.a.good("POST", EVENT, event("ENTRY", next(two.plates), camera="of-another"))
    refused(box.ask(event("ENTRY", next(two.plates), camera="of-another")), "edge_mismatch")
    box.close()
    wrong = Box(two.a, None, source=STRANGER, token=token, X_Parkmesh_Watcher="box 127.0.0.1")
    wrong.say({"edge_id": "gate-6"})
    assert wrong.code() == POLICY


def test_who_may_not(two):
    add_user(two.a, "vy", "admin")
    browser = Browser(two.a)
    browser.log_in("vy")
    cookie = "; ".join("%s=%s" % one for one in browser.cookies.items())
    refusal = refused_handshake(401, two.a, source=STRANGER)
    assert '"code":"token_needed"' in str(refusal) or "WWW-Authenticate" in str(refusal), refusal
    refused_handshake(401, two.a, source=STRANGER, token="0" * 64)
    refused_handshake(401, two.a, token="0" * 64)
    refused_handshake(401, two.a, source=STRANGER, X_Parkmesh_Watcher="box 127.0.0.1")
    refused_handshake(401, two.a, source=STRANGER, Cookie=cookie)
    refused_handshake(403, two.a, Cookie=cookie, Origin="http://127.0.0.1:%d" % two.a.api_port)
    refused_handshake(401, two.a, Cookie=cookie, Origin=OFFICE)
    refused_handshake(403, two.a, Origin="https://evil.example")
    refused_handshake(403, two.a, token=new_token(two.a, "gate-7"), Origin="https://evil.example")
    refused_handshake(403, two.a, X_Forwarded_For="127.0.0.1")
    assert two.a.raw("GET", PATH).status == 426
    assert two.a.raw("GET", PATH + "/allowed").status == 404
    assert two.a.raw("POST", PATH, b"{}").status == 405


def test_a_token_that_is_replaced(two):
    box = Box(two.a, "gate-8", source=STRANGER, token=new_token(two.a, "gate-8"))
    assert box.ask({"type": "ping"}) == {"type": "pong"}
    new_token(two.a, "gate-8")
    assert box.code() == POLICY


def test_a_first_frame_that_says_nothing(two):
    for first in ("{}", "ping", '{"edge_id":""}', '{"edge_id":null}', '{"edge_id":"%s"}' % ("x" * 64), '{"edge_id":-1}', '{"edge_id":1.5}',
                  '{"edge_id":"a\\u0007"}', json.dumps(event("ENTRY", "29A12345"))):
        box = Box(two.a, None)
        box.say(first)
        assert box.code() == POLICY, first
    assert two.a.rows.history(plate_id="29A12345") == []


# ---- what may happen

def test_p2pd_dies_before_the_answer_has_arrived(two):
    """The event is on disk, the box does not know: it says it again, by either door."""
    box, plate = Box(two.a, "edge-in"), next(two.plates)
    said = event("ENTRY", plate, "killed-1")
    box.say(said)
    wait_for(lambda: two.a.stay("killed-1"), what="the event to be on disk", every=0.001)
    victim = two.a.kill("p2pd")
    two.a.wait_back("p2pd", victim)
    box.close()
    again = wait_for(lambda: _again(two.a), what="p2pd to take boxes again")
    assert again.ask(said) == {"success": True, "deduped": True, "event_id": "killed-1"}
    assert two.a.good("POST", EVENT, said)["deduped"] is True
    assert len(two.a.rows.history(plate_id=plate)) == 1
    again.close()
    two.site.wait_connected()
    wait_for(lambda: two.b.stay("killed-1"), what="the other central to know it")


def _again(central):
    try:
        return Box(central, "edge-in")
    except (Refused, Gone, OSError):
        return None


def test_what_is_acknowledged_survives_kills(two):
    """A box that repeats what was not answered; p2pd is killed under it. Each event is there once, on both centrals."""
    said, stop = {}, threading.Event()

    def run():
        box, number = None, 0
        while not stop.is_set():
            plate = "51G%05d" % number
            try:
                box = box or Box(two.a, "edge-k")
                answer = box.ask(event("ENTRY", plate, "k-%d" % number))
                assert answer["success"] is True, answer
                said["k-%d" % number] = plate
                number += 1
            except (Refused, Gone, Silence, OSError):
                box = None

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(3):
            before = len(said)
            wait_for(lambda: len(said) > before + 20, what="events to be answered")
            two.a.wait_back("p2pd", two.a.kill("p2pd"))
    finally:
        stop.set()
        thread.join()
    two.site.wait_connected()
    for central in (two.a, two.b):
        wait_for(lambda: len(central.rows.query("SELECT id FROM history WHERE event_id LIKE 'k-%'")) >= len(said), what="all of them")
        rows = central.rows.query("SELECT event_id, plate_id, status FROM history WHERE event_id LIKE 'k-%'")
        assert {row["event_id"]: row["plate_id"] for row in rows}.items() >= said.items() and len(rows) <= len(said) + 1, len(rows)
        assert {row["status"] for row in rows} == {"IN"}


def test_gates_and_other_boxes_go_on_beside_one_that_floods(two):
    flood, box = Box(two.a, "edge-f", source="127.0.0.8"), Box(two.a, "edge-in")
    whole = b"".join(frame(json.dumps(event("ENTRY", "29", "f"))) for _ in range(3000))
    sent = threading.Thread(target=lambda: _pour(flood, whole))
    sent.start()
    for _ in range(5):
        assert box.ask(event("ENTRY", next(two.plates)))["success"] is True
        two.a.enter("edge-9", next(two.plates))
    flood.wire.reset()
    sent.join()
    box.close()


def _pour(box, data):
    try:
        box.wire.send_raw(data)
    except (Gone, Silence, OSError):
        pass


def test_hostile_frames_end_their_sender_alone(two):
    good = Box(two.a, "edge-in")
    for what, code in ((lambda w: w.send(b"\0\1", BINARY), NO_SUCH_DATA), (lambda w: w.send(b"x" * 65537), TOO_LARGE),
                       (lambda w: w.send_raw(frame(b"x", announce=1 << 40)), TOO_LARGE)):
        box = Box(two.a, "edge-h")
        what(box.wire)
        assert box.code() == code
    for what in (lambda w: w.send(b"x", 3), lambda w: w.send(b"x", rsv=4), lambda w: w.send(b"x" * 200, PING)):
        box = Box(two.a, "edge-h")
        what(box.wire)
        assert box.wire.closed()
    refused(good.ask("\0" * 60000), "malformed_json")
    assert good.ask(event("ENTRY", next(two.plates), "é" * 30000))["success"] is True, "a long id gets a name of ours"
    good.close()


def test_who_does_not_read_is_ended_and_nobody_else(two):
    """Past nginx, which would buffer."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(os.path.join(two.a.dir, "live.sock"))
    slow, box, done = Wire(sock), Box(two.a, "edge-in"), threading.Event()
    slow.send_raw(upgrade(80, PATH, protocol=None, extra="X-Parkmesh-Watcher: box 127.0.0.9\r\n"))
    shake(slow)
    slow.send('{"edge_id":"edge-slow"}')

    def say():      # an answer says the id again
        while not done.is_set():
            try:
                slow.send(json.dumps(event("ENTRY", "29", "s" * 20000)))
                slow.send('{"type":"UPDATE","event_id":"%s","data":{"plate_text":"29A12345"}}' % ("é" * 8000))
                slow.send('{"type":"LOCATION_UPDATE","event_id":"%s"}' % ("é" * 8000))
            except (Gone, Silence):
                return

    thread = threading.Thread(target=say)
    thread.start()
    try:
        for _ in range(20):
            assert box.ask(event("ENTRY", next(two.plates)))["success"] is True
    finally:
        done.set()
        slow.reset()
        thread.join()
    box.close()


def test_nobody_takes_all_places(two):
    crowd = [Box(two.a, "edge-%d" % number, source="127.0.0.8") for number in range(SHARE)]
    assert Box(two.a, None, source="127.0.0.8").code() == TRY_LATER
    box = Box(two.a, "edge-in")
    assert box.ask({"type": "ping"}) == {"type": "pong"}
    crowd += [Box(two.a, "edge-%d" % number, source="127.0.0.%d" % (9 + number // SHARE)) for number in range(BOXES - SHARE - 1)]
    assert Box(two.a, None).code() == TRY_LATER
    two.a.enter("edge-none", next(two.plates))
    for one in [box, *crowd]:
        assert one.next()["type"] == "ENTRY"
        one.close()


def test_the_end_of_p2pd_is_told(two):
    box, victim = Box(two.a, "edge-in"), two.a.pid("p2pd")
    os.kill(victim, signal.SIGTERM)
    assert box.code() == GOING_AWAY
    two.a.wait_back("p2pd", victim)
    wait_for(lambda: _again(two.a), what="p2pd to take boxes again").close()


if __name__ == "__main__":
    tap.run(globals(), Two)
