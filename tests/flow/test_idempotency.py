#!/usr/bin/python3
"""Idempotency-Key (spec/api.md): the first good answer to a POST is given again, whoever repeats it how."""
import contextlib
import os
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms, told                 # noqa: E402
from tests.site.client import Client                        # noqa: E402

DETECTION, OPEN, CLOSE = "/api/edge/detection", "/api/edge/barrier/open", "/api/edge/barrier/close"
EVENT, HEARTBEAT = "/api/edge/event", "/api/edge/heartbeat"
THREADS = 24


def running(ground):
    return ground.central().start()


def ask(c, path, key, body):
    return c.ask("POST", path, body, Idempotency_Key=key)


def passage(plate, **more):
    return dict(edge_id="edge-1", plate_id=plate, **more)


def again(c, path, key, body):
    """Ask twice -> (first answer, second answer), which differ in `deduped` alone"""
    first, second = told(ask(c, path, key, body)), told(ask(c, path, key, body))
    assert second == dict(first, deduped=True), (first, second)
    return first, second


# ---- repeats

def test_open_twice_is_one_entry(c):
    """Without the key the second would be an exit."""
    first, _ = again(c, OPEN, "open-1", passage("29A30001"))
    assert first["action"] == "ENTRY" and "deduped" not in first, first
    assert [row["status"] for row in c.rows.history(plate_id="29A30001")] == ["IN"]
    assert told(ask(c, OPEN, "open-1-out", passage("29A30001")))["action"] == "EXIT", "another key is another request"
    assert told(ask(c, OPEN, "open-1", passage("29A30001")))["action"] == "ENTRY", "what was answered then, whatever is so now"


def test_without_a_key_nothing_is_kept(c):
    assert told(c.open("edge-1", "29A30002"))["action"] == "ENTRY"
    assert told(c.open("edge-1", "29A30002"))["action"] == "EXIT"
    assert c.rows.value("SELECT count(*) FROM idempotency WHERE key = ''") == 0


def test_each_post(c):
    told(c.open("edge-1", "29A30003"))
    again(c, CLOSE, "close-3", passage("29A30003"))
    again(c, CLOSE, "close-none", passage("29A39999"))
    again(c, DETECTION, "look-3", passage("29A30003", plate_view="x", camera_type="car", direction="EXIT", confidence=1))
    again(c, HEARTBEAT, "beat-3", {"camera_id": 3})
    again(c, EVENT, "event-3", {"type": "EXIT", "camera_id": 3, "data": {"plate_text": "29A30003"}})
    again(c, "/api/parking/stays", "stay-3", {"plate_id": "29A30004", "why": "the camera was dark"})
    assert len(c.rows.history(plate_id="29A30004")) == 1


def test_a_refusal_answered_200_is_kept(c):
    """A box's event is answered 200 whatever it is told."""
    body = {"type": "EXIT", "camera_id": 3, "data": {"plate_text": "29A30005"}}
    status, first = ask(c, EVENT, "event-5", body)
    assert (status, first["code"]) == (200, "no_entry"), first
    assert ask(c, EVENT, "event-5", body) == (200, dict(first, deduped=True))
    assert c.rows.value("SELECT count(*) FROM exits WHERE plate_id = '29A30005'") == 1


def test_a_repeated_event_is_marked_once(c):
    body = {"type": "ENTRY", "camera_id": 3, "event_id": "box-6", "data": {"plate_text": "29A30006"}}
    told(c.ask("POST", EVENT, body))
    for _ in range(2):
        answer = c.raw("POST", EVENT, b'{"type":"ENTRY","camera_id":3,"event_id":"box-6","data":{"plate_text":"29A30006"}}',
                       {"Idempotency-Key": "event-6"})
        assert answer.text.count("deduped") == 1, answer


def test_a_refused_request_may_be_tried_again(c):
    """Only a good answer is kept."""
    assert ask(c, OPEN, "open-7", passage("29A30007", direction="EXIT"))[0] == 409
    told(c.enter("edge-1", "29A30007") and (200, {"success": True}))
    assert told(ask(c, OPEN, "open-7", passage("29A30007", direction="EXIT")))["action"] == "EXIT"
    assert ask(c, OPEN, "open-7-short", passage("29A"))[0] == 400
    assert told(ask(c, OPEN, "open-7-short", passage("29A30008")))["action"] == "ENTRY", "nor was its body"


# ---- another request under the same key

def test_another_body(c):
    told(ask(c, OPEN, "open-10", passage("29A30010")))
    for body in (passage("29A30011"), passage("29A30010", force=True)):
        status, answer = ask(c, OPEN, "open-10", body)
        assert (status, answer["success"], answer["code"]) == (422, False, "idempotency_key_reused"), answer
    assert not c.rows.history(plate_id="29A30011")
    answer = c.raw("POST", OPEN + "?wait=quorum", b'{"edge_id": "edge-1", "plate_id": "29A30010"}', {"Idempotency-Key": "open-10"})
    assert answer.status == 422, "the query counts as much: %s" % answer


def test_asking_again_says_when(c):
    """A repeat carries the edge's clock of now: that makes it no other request, and its time goes on to count."""
    noon = now_ms() - 3 * 3600 * 1000
    first = told(ask(c, OPEN, "open-11", passage("29A30015", timestamp=noon, sent_at=now_ms())))
    again = told(ask(c, OPEN, "open-11", passage("29A30015", timestamp=noon, sent_at=now_ms() + 7)))
    assert again["deduped"] and again["event_id"] == first["event_id"], again
    status, answer = ask(c, OPEN, "open-11", passage("29A30015", timestamp=noon + 1, sent_at=now_ms()))
    assert (status, answer["code"]) == (422, "idempotency_key_reused"), answer


def test_another_path_is_another_request(c):
    told(ask(c, OPEN, "same", passage("29A30012")))
    assert told(ask(c, CLOSE, "same", passage("29A30012")))["message"] == "Barrier closed"


def test_another_caller_is_another_request(c):
    told(ask(c, OPEN, "mine", passage("29A30013")))
    other = Client("127.0.0.1", c.api_port, source="127.0.0.2")
    status, answer = other.ask("POST", OPEN, passage("29A30013"), Idempotency_Key="mine")
    assert (status, answer["action"]) == (200, "EXIT") and "deduped" not in answer, answer
    other.close()


# ---- keys

def test_keys(c):
    for key in ("", "x" * 129, "x" * 2000, "a\x7fb"):
        status, answer = ask(c, OPEN, key, passage("29A30020"))
        assert (status, answer["code"], answer["field"]) == (400, "invalid_idempotency_key", "Idempotency-Key"), (key, answer)
    assert not c.rows.history(plate_id="29A30020")
    for number, key in enumerate(("x" * 128, "k", "{\"a\": 'b'; --}")):
        again(c, OPEN, key, passage("29A3003%d" % number))


# ---- at once, and after a restart

def at_once(c, bodies, keys):
    """Ask from many threads -> answers"""
    answers, gate = [None] * THREADS, threading.Barrier(THREADS)

    def one(number):
        gate.wait()
        answers[number] = ask(c, OPEN, keys(number), bodies(number))
        c.client.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_many_at_once(c):
    """All get the first's answer, in one batch of the writer or in several."""
    for turn in range(8):
        plate = "29A4%04d" % turn
        answers = [told(answer) for answer in at_once(c, lambda _: passage(plate), lambda _: "at-once-%d" % turn)]
        assert {answer["event_id"] for answer in answers} == {answers[0]["event_id"]}, answers
        assert sum("deduped" not in answer for answer in answers) == 1, answers
        assert [row["status"] for row in c.rows.history(plate_id=plate)] == ["IN"]


def test_many_at_once_with_different_bodies(c):
    """One wins; the others are told."""
    answers = at_once(c, lambda number: passage("29A5%04d" % number), lambda _: "one-key")
    assert sorted(status for status, _ in answers) == [200] + [422] * (THREADS - 1), answers
    assert c.rows.value("SELECT count(*) FROM history WHERE plate_id LIKE '29A5%'") == 1


def test_after_a_restart(c):
    first = told(ask(c, OPEN, "restart", passage("29A30040")))
    c.stop()
    c.start()
    assert told(ask(c, OPEN, "restart", passage("29A30040"))) == dict(first, deduped=True)


def test_after_a_kill(c):
    """The answer lies in the transaction of what it tells of: both are there or neither."""
    first = told(ask(c, OPEN, "killed", passage("29A30041")))
    victim = c.pid("fcgi")
    c.kill("fcgi")
    c.wait_back("fcgi", victim)
    assert told(ask(c, OPEN, "killed", passage("29A30041"))) == dict(first, deduped=True)


def test_a_day_later(c):
    """Not waited for: the database is told that it was kept earlier."""
    told(ask(c, OPEN, "old", passage("29A30042")))
    told(ask(c, OPEN, "older", passage("29A30043")))
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("UPDATE idempotency SET created_ms = created_ms - 86400000 WHERE key IN ('old', 'older')")
    c.start()
    answer = told(ask(c, OPEN, "old", passage("29A30042")))
    assert answer["action"] == "EXIT" and "deduped" not in answer, answer
    assert c.rows.value("SELECT count(*) FROM idempotency WHERE key = 'older'") == 0, "a few old ones go with each that is kept"


if __name__ == "__main__":
    tap.run(globals(), running)
