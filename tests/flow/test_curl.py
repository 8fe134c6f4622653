#!/usr/bin/python3
"""The documented calls, as a person types them: the real curl, in a shell, mostly without a content type. Every answer has the
members that spec/api.md names, and no wrong ones."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.build import ROOT                           # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402

DETECTION = """curl -X POST http://HOST:PORT/api/edge/detection -d '{
  "edge_id": "edge-1",
  "plate_id": "29A12345",
  "plate_view": "29A-123.45",
  "camera_type": "car",
  "direction": "ENTRY",
  "confidence": 0.95
}'"""
OPEN_ENTRY = """curl -X POST http://HOST:PORT/api/edge/barrier/open -d '{
  "edge_id": "edge-1",
  "plate_id": "29A12345",
  "action": "open"
}'"""
OPEN_EXIT = """curl -X POST http://HOST:PORT/api/edge/barrier/open -d '{
  "edge_id": "edge-2",
  "plate_id": "29A12345",
  "action": "open"
}'"""
DETECTION_EXIT = DETECTION.replace('"ENTRY"', '"EXIT"').replace("edge-1", "edge-2")
CLOSE = """curl -X POST http://HOST:PORT/api/edge/barrier/close -d '{"edge_id": "edge-1", "plate_id": "29A12345", "action": "close"}'"""
HISTORY = "curl http://HOST:PORT/api/parking/history"
SEARCH = 'curl "http://HOST:PORT/api/parking/history?limit=50&search=29A-123&status=OUT"'
TODAY = "curl 'http://HOST:PORT/api/parking/history?today_only=true&in_parking_only=true'"
STATS = "curl http://HOST:PORT/api/stats"
CONFIG = "curl http://HOST:PORT/api/p2p/config"
CONFIG_PUT = """curl -X PUT http://HOST:PORT/api/p2p/config -d '{
  "this_central": {"id": "central-1", "ip": "127.0.0.1", "p2p_port": P2P_PORT, "api_port": PORT},
  "peer_centrals": [
    {"id": "central-2", "ip": "127.0.0.1", "p2p_port": PEER_PORT}
  ]
}'"""
STATUS = "curl http://HOST:PORT/api/p2p/status"
TEST = "curl -X POST 'http://HOST:PORT/api/p2p/test-connection?peer_id=central-2'"
SYNC = "curl http://HOST:PORT/api/p2p/sync-state"
JSON_SAID = " -H 'Content-Type: application/json'"
TOLD = " -s -S --max-time 60 -w '\\n%{http_code} %{content_type}'"

EVENT_ID = re.compile(r"central-1_\d{13}_29A12345$")
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
STATS_NAMES = {"vehicles_in_parking", "entries_today", "exits_today", "revenue_today"}


class Person:
    """Somebody with a shell, and two centrals that do not know of each other."""

    def __init__(self, ground):
        site = ground.site(2, links=[]).start()
        self.central, self.peer = site[0], site[1]

    def types(self, call, host="127.0.0.1"):
        """-> (status, object): what the call prints, which has to be JSON."""
        for name, value in (("HOST", host), ("P2P_PORT", self.central.p2p_port), ("PEER_PORT", self.peer.p2p_port),
                            ("PORT", self.central.api_port)):
            call = re.sub(r"\b%s\b" % name, str(value), call)
        done = subprocess.run(["sh", "-c", call + TOLD], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                              check=False, env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent"})
        assert done.returncode == 0, "%s\nended with %d: %s" % (call, done.returncode, done.stderr)
        body, said = done.stdout.rsplit("\n", 1)
        status, media = said.split(" ", 1)
        assert media.split(";")[0] == "application/json", "%s\nanswers %s: %s" % (call, media, body)
        return int(status), json.loads(body)

    def gets(self, call, names, **how):
        """-> what a call that has to succeed answers; it has to have these members."""
        status, answer = self.types(call, **how)
        assert status == 200 and answer.get("success") is True, "%s\nanswers %d: %s" % (call, status, answer)
        assert names <= set(answer), "%s\nanswers without %s: %s" % (call, sorted(names - set(answer)), answer)
        return answer


def test_detection(person):
    answer = person.gets(DETECTION, {"allowed", "vehicle_info"})
    assert answer == {"success": True, "allowed": True, "vehicle_info": {
        "plate_id": "29A12345", "plate_view": "29A-123.45", "direction": "ENTRY", "camera_type": "car",
        "already_inside": False}}, answer


def test_detection_with_the_type_declared(person):
    answer = person.gets(DETECTION + JSON_SAID, {"allowed", "vehicle_info"})
    assert answer["allowed"] is True, answer


def test_open_for_an_entry(person):
    answer = person.gets(OPEN_ENTRY, {"action", "event_id", "history_id"})
    assert set(answer) == {"success", "action", "event_id", "history_id"} and answer["action"] == "ENTRY", answer
    assert EVENT_ID.match(answer["event_id"]) and isinstance(answer["history_id"], int), answer
    row = person.central.stay(answer["event_id"])
    assert (row["plate_view"], row["camera_type"], row["entry_confidence"]) == ("29A-123.45", "car", 0.95), row


def test_close(person):
    answer = person.gets(CLOSE, {"message", "event_id"})
    assert answer["message"] == "Barrier closed" and EVENT_ID.match(answer["event_id"]), answer


def test_detection_of_a_car_inside(person):
    answer = person.gets(DETECTION, {"allowed", "vehicle_info"})
    info = answer["vehicle_info"]
    assert answer["allowed"] is False and info["already_inside"] is True, answer
    assert info["entry_from"] == "central-1" and LOCAL_TIME.match(info["entry_time"]), answer


def test_detection_of_an_exit(person):
    answer = person.gets(DETECTION_EXIT, {"allowed", "vehicle_info"})
    info = answer["vehicle_info"]
    assert answer["allowed"] is True and info["has_entry"] is True, answer
    assert (info["fee"], info["duration"]) == (0, "0 giờ 0 phút") and LOCAL_TIME.match(info["entry_time"]), answer


def test_open_for_an_exit(person):
    answer = person.gets(OPEN_EXIT, {"action", "event_id", "fee", "duration"})
    assert set(answer) == {"success", "action", "event_id", "fee", "duration"} and EVENT_ID.match(answer["event_id"]), answer
    assert (answer["action"], answer["fee"], answer["duration"]) == ("EXIT", 0, "0 giờ 0 phút"), answer


def test_history(person):
    answer = person.gets(HISTORY, {"count", "stats", "history"})
    assert answer["count"] == len(answer["history"]) == 1 and set(answer["stats"]) == STATS_NAMES, answer
    row = answer["history"][0]
    assert (row["plate_id"], row["plate_view"], row["status"], row["edge_id"]) == ("29A12345", "29A-123.45", "OUT", "edge-1"), row


def test_history_search(person):
    answer = person.gets(SEARCH, {"count", "stats", "history"})
    assert [row["plate_id"] for row in answer["history"]] == ["29A12345"], answer
    answer = person.gets(SEARCH.replace("29A-123", "30F"), {"count", "stats", "history"})
    assert (answer["count"], answer["history"]) == (0, []), answer
    answer = person.gets(TODAY, {"count", "stats", "history"})
    assert (answer["count"], answer["history"]) == (0, []), "it has left: %s" % answer


def test_stats(person):
    answer = person.gets(STATS, STATS_NAMES)
    assert answer["vehicles_in_parking"] == 0 and answer["revenue_today"] == 0, answer


def test_config(person):
    answer = person.gets(CONFIG, {"config"})
    assert answer["config"] == {"this_central": {"id": "central-1", "ip": "127.0.0.1", "p2p_port": person.central.p2p_port,
                                                 "api_port": person.central.api_port}, "peer_centrals": []}, answer
    status = person.gets(STATUS, {"this_central", "running", "standalone_mode", "total_peers", "connected_peers", "peers"})
    assert (status["standalone_mode"], status["total_peers"], status["peers"]) == (True, 0, []), status


def test_config_put_and_status(person):
    answer = person.gets(CONFIG_PUT, {"config"})
    assert answer["config"]["peer_centrals"] == [{"id": "central-2", "ip": "127.0.0.1", "p2p_port": person.peer.p2p_port}], answer
    assert person.gets(CONFIG, {"config"})["config"] == answer["config"]
    there = person.peer.config()
    there["peer_centrals"] = [{"id": "central-1", "ip": "127.0.0.1", "p2p_port": person.central.p2p_port}]
    assert person.peer.put_config(there)[0] == 200
    status = wait_for(lambda: connected(person.gets(STATUS, {"peers"})), what="the status to tell of a connection")
    assert (status["this_central"], status["running"], status["standalone_mode"]) == ("central-1", True, False), status
    assert (status["total_peers"], status["connected_peers"]) == (1, 1), status
    assert status["messages_sent"] > 0 and status["messages_received"] > 0, status
    peer, = status["peers"]
    assert (peer["peer_id"], peer["peer_ip"], peer["peer_port"]) == ("central-2", "127.0.0.1", person.peer.p2p_port), peer
    assert {"state", "rtt_ms", "clock_offset_ms", "behind", "ahead", "last_error", "last_ping_time"} <= set(peer), peer


def connected(status):
    return status if status["connected_peers"] == 1 else None


def test_connection_test_and_sync_state(person):
    answer = person.gets(TEST, {"message", "rtt_ms"})
    assert set(answer) == {"success", "message", "rtt_ms"} and answer["rtt_ms"] >= 0, answer
    status, answer = person.types(TEST.replace("central-2", "central-9"))
    assert status == 404 and answer["success"] is False and answer["code"] == "unknown_peer", answer
    assert isinstance(person.gets(SYNC, {"sync_state"})["sync_state"], list)


def test_a_host_by_name(person):
    person.gets(STATS, STATS_NAMES, host="localhost")


def test_a_body_that_is_none_is_told(person):
    status, answer = person.types("curl -X POST http://HOST:PORT/api/edge/detection -d 'edge_id=edge-1'")
    assert status == 400 and answer["success"] is False and answer["code"] == "malformed_json", answer
    status, answer = person.types(OPEN_ENTRY.replace("29A12345", "29A"))
    assert status == 400 and answer["error"] == "Invalid plate number (too short)", answer


def test_the_calls_of_the_readme(person):
    """With this central's port; whatever stands there has to work."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        calls = re.findall(r"^    (curl (?:'[^']*'|[^'\n])*)$", f.read(), re.M)
    assert len(calls) >= 3, calls
    for call in calls:
        person.gets(re.sub(r"http://127\.0\.0\.1:\d+/", "http://HOST:PORT/", call), set())


if __name__ == "__main__":
    tap.run(globals(), Person)
