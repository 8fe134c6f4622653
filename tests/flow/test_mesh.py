#!/usr/bin/python3
"""The mesh from outside: what one central was told, all come to hold, whatever was cut, stopped or added meanwhile."""
import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.watch import GROWTH_LIMIT, memory, under_sanitizer   # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms, told                 # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.proxy import Relay                          # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

HOUR = 3600 * 1000


def wait_stay(central, event_id, status="IN"):
    """Until the central has that stay with that status -> its row."""
    def seen():
        row = central.stay(event_id)
        return row if row and row["status"] == status else None
    return wait_for(seen, what=lambda: "stay %s %s at %s; it has %r" % (event_id, status, central.id, central.stay(event_id)))


def one_peer(id, port):
    return {"id": id, "ip": "127.0.0.1", "p2p_port": port}


def with_peers(central, *peers):
    """Its configuration with these peers instead of its own."""
    config = central.config()
    config["peer_centrals"] = list(peers)
    return config


def test_entry_at_one_exit_at_another(ground):
    site = ground.site(3).start()
    noon = now_ms() - 6 * HOUR
    entry = site[0].enter("edge-1", "29A-123.45", noon)
    wait_stay(site[1], entry["event_id"])

    status, seen = site[1].detect("edge-2", "29A12345", "EXIT", noon + 4 * HOUR)
    info = seen["vehicle_info"]
    assert (status, info["has_entry"], info["fee"], info["duration"]) == (200, True, 100000, "4 giờ 0 phút"), seen
    told_exit = site[1].leave("edge-2", "29A12345", noon + 4 * HOUR)
    assert told_exit["event_id"] == entry["event_id"], told_exit
    assert (told_exit["fee"], told_exit["duration"]) == (100000, "4 giờ 0 phút"), told_exit

    site.check_agreement()
    for central in site:
        row = central.stay(entry["event_id"])
        assert (row["status"], row["fee"], row["duration"]) == ("OUT", 100000, "4 giờ 0 phút"), row
        assert (row["source_central"], row["exit_central"]) == ("central-1", "central-2"), row
        assert (row["entry_ts"], row["exit_ts"]) == (noon, noon + 4 * HOUR), row
        assert central.rows.revenue() == 100000


def test_confirmation_is_on_all(ground):
    site = ground.site(2).start()
    entry = site[0].enter("edge-1", "30E-555.55")
    closed = told(site[0].close("edge-1", "30E55555"))
    assert closed["event_id"] == entry["event_id"], closed
    site.check_agreement()
    for central in site:
        assert central.stay(entry["event_id"])["confirmed_ts"] is not None


def test_catch_up_of_a_stopped_central(ground):
    site = ground.site(3).start()
    before = [site[0].enter("edge-1", "29K%05d" % i, now_ms() - 5 * HOUR)["event_id"] for i in range(20)]
    site.check_agreement()
    assert site[2].stop() == 0, "parkmesh-central has to exit 0 at SIGTERM"

    fees = {before[i]: site[1].leave("edge-2", "29K%05d" % i, now_ms() - HOUR)["fee"] for i in range(20)}
    entries = in_threads(8, 5300, lambda i: site[i % 2].enter("edge-%d" % (1 + i % 4), "30F%05d" % i)["event_id"])
    held = site[2].rows.records()
    site[2].start()
    site.check_agreement(300)

    assert site[2].rows.records() >= held + 5320, "more than 5000 records were missed and are held now"
    for event_id, fee in fees.items():
        row = site[2].stay(event_id)
        assert (row["status"], row["fee"]) == ("OUT", fee), "the exit of a stay known before the stop: %r" % row
        assert fee == 100000, fee
    known = {row["event_id"] for row in site[2].rows.history(status="IN")}
    missing = set(entries) - known
    assert not missing, "%d of %d entries are missing, such as %s" % (len(missing), len(entries), min(missing))


def test_race_at_two_gates(ground):
    site = ground.site(2, relayed=True).start()
    site.cut(0)
    first = site[0].enter("edge-1", "51G-678.90")
    second = site[1].enter("edge-5", "51G-678.90")
    assert first["event_id"] != second["event_id"]
    for central, mine in ((site[0], first), (site[1], second)):
        assert central.stay(mine["event_id"])["status"] == "IN", "each gate's answer holds at its own central while they are cut"
    site.heal()
    site.check_agreement()
    for central in site:
        winner, loser = central.stay(first["event_id"]), central.stay(second["event_id"])
        assert winner["status"] == "IN", winner
        assert (loser["status"], loser["superseded_by"]) == ("SUPERSEDED", first["event_id"]), loser

    # the car leaves once, by the gate whose entry lost
    gone = site[1].leave("edge-6", "51G67890")
    assert gone["event_id"] == first["event_id"], gone
    site.check_agreement()
    for central in site:
        assert central.stay(first["event_id"])["status"] == "OUT"
        assert not central.rows.history(plate_id="51G67890", status="IN")
        assert len(central.rows.exits()) == 1


def test_two_exits_of_one_stay_during_a_cut(ground):
    site = ground.site(2, relayed=True).start()
    entry = site[0].enter("edge-1", "29B-111.11", now_ms() - 3 * HOUR)
    site.check_agreement()
    site.cut(0)
    fees = [site[0].leave("edge-2", "29B11111", now_ms() - HOUR)["fee"], site[1].leave("edge-6", "29B11111", now_ms())["fee"]]
    assert fees == [50000, 75000], fees
    site.heal()
    site.check_agreement()
    for central in site:
        row = central.stay(entry["event_id"])
        assert (row["status"], row["fee"]) == ("OUT", 50000), "the first exit counts: %r" % row
        assert row["flags"], "that money was taken twice has to be flagged: %r" % row
        assert central.rows.revenue() == sum(fees), "no money is in no row"


def test_exit_without_entry_finds_it_later(ground):
    site = ground.site(2, relayed=True).start()
    site.cut(0)
    entry = site[0].enter("edge-1", "43A-222.22", now_ms() - 2 * HOUR)
    status, refused = site[1].open("edge-6", "43A22222", "EXIT", now_ms() - HOUR)
    assert (status, refused["has_entry"]) == (409, False), refused
    gone = site[1].leave("edge-6", "43A22222", now_ms() - HOUR, force=True)
    lone = site[1].stay(gone["event_id"])
    assert lone["status"] == "OUT" and "no entry" in lone["flags"].replace("_", " "), lone
    site.heal()
    site.check_agreement()
    for central in site:
        row = central.stay(entry["event_id"])
        assert (row["status"], row["exit_central"]) == ("OUT", "central-2"), row
        lone = central.stay(gone["event_id"])
        assert lone is None or lone["status"] == "BOUND", "out of all lists: %r" % lone
        assert central.rows.revenue() == gone["fee"]


def test_records_travel_over_a_third_central(ground):
    site = ground.site(3, relayed=True).start()
    site.cut_between(0, 2)
    there = site[0].enter("edge-1", "60A-333.33", now_ms() - 4 * HOUR)
    back = site[2].enter("edge-9", "60A-444.44", now_ms() - 4 * HOUR)
    wait_stay(site[2], there["event_id"])
    wait_stay(site[0], back["event_id"])
    fee = site[2].leave("edge-9", "60A33333", now_ms() - HOUR)["fee"]
    assert fee == 75000, fee
    wait_stay(site[0], there["event_id"], "OUT")
    site.check_agreement()


def test_bulk_over_a_third_central(ground):
    """Many pages of relayed records, in a mesh that never had the direct link."""
    site = ground.site(3, links=[(0, 1), (1, 2)]).start()
    entries = in_threads(4, 1500, lambda i: site[0].enter("edge-1", "61B%05d" % i)["event_id"])
    site.check_agreement()
    known = {row["event_id"] for row in site[2].rows.history(status="IN")}
    assert known == set(entries), "%d known at the far end, %d told" % (len(known), len(entries))


def test_peers_by_the_api_come_in_force_without_a_restart(ground):
    secret = write_secret(ground.path("secret"))
    a, b, c = (ground.central("central-%d" % i, secret_file=secret).start() for i in (1, 2, 3))
    relay = ground.on_end(Relay(b.p2p_port))
    before = {central.id: {role: central.pid(role) for role in ("nginx", "fcgi", "p2pd")} for central in (a, b, c)}
    assert a.status()["standalone_mode"] is True

    assert a.put_config(with_peers(a, one_peer(b.id, relay.port)))[0] == 200
    wait_for(lambda: a.connected(b.id), what="the added peer to be connected")
    assert (relay.accepted, relay.connections) == (1, 1)
    assert a.put_config(with_peers(a, one_peer(b.id, relay.port), one_peer(c.id, c.p2p_port)))[0] == 200
    wait_for(lambda: a.connected(b.id, c.id), what="the second added peer to be connected")
    status = a.status()
    assert (status["standalone_mode"], status["total_peers"], status["connected_peers"]) == (False, 2, 2), status
    entry = c.enter("edge-9", "29A-900.01")
    wait_stay(b, entry["event_id"])                         # b and c do not know each other: over a

    assert a.put_config(with_peers(a, one_peer(b.id, relay.port)))[0] == 200
    wait_for(lambda: not a.connected(c.id), what="the removed peer to be let go")
    assert [peer["id"] for peer in a.config()["peer_centrals"]] == [b.id]
    later = a.enter("edge-1", "29A-900.02")
    wait_stay(b, later["event_id"])
    assert c.stay(later["event_id"]) is None, "a removed peer is told nothing more"
    assert (relay.accepted, relay.connections) == (1, 1), "the connection to the unchanged peer was kept all the time"
    after = {central.id: {role: central.pid(role) for role in ("nginx", "fcgi", "p2pd")} for central in (a, b, c)}
    assert after == before, "no process was restarted"


def test_status_and_sync_state(ground):
    site = ground.site(2).start()
    began = now_ms()
    site[0].enter("edge-1", "29A-555.55")
    site.check_agreement()
    status = site[1].status()
    assert (status["this_central"], status["running"], status["standalone_mode"]) == ("central-2", True, False), status
    assert (status["total_peers"], status["connected_peers"]) == (1, 1) and status["messages_received"] > 0, status
    peer = status["peers"][0]
    assert (peer["peer_id"], peer["peer_ip"], peer["peer_port"]) == ("central-1", "127.0.0.1", site[0].p2p_port), peer

    def synced():
        states = site[1].good("GET", "/api/p2p/sync-state")["sync_state"]
        return states if states and states[0]["last_sync_timestamp"] >= began else None
    state = wait_for(synced, what="the time of the last sync to be told")[0]
    assert state["peer_central_id"] == "central-1" and state["last_sync_time"] and state["updated_at"], state

    site[1].pause("p2pd")
    try:
        wait_for(lambda: site[1].status()["running"] is False, what="the status to say that p2pd does not run")
        assert site[1].status()["connected_peers"] == 0, site[1].status()
    finally:
        site[1].resume("p2pd")
    wait_for(lambda: site[1].connected("central-1"), what="p2pd to be back")


def test_a_stuck_peer_costs_the_others_nothing(ground):
    """Its connection stands, its kernel takes what fits and then nothing more: the others get everything, and memory stays where it is."""
    site = ground.site(3).start()
    told(site[0].open("edge-1", "29K00000"))
    site.check_agreement()

    def enter(first, count):
        """-> event_ids, and the seconds that each answer took, sorted"""
        def one(i):
            began = time.monotonic()
            answer = site[0].enter("edge-%d" % (i % 4), "29K%05d" % (first + i))
            return answer["event_id"], time.monotonic() - began
        answers = in_threads(4, count, one)
        return [name for name, _ in answers], sorted(took for _, took in answers)

    _, before = enter(1, 400)
    site.check_agreement()
    took = memory(site[0].pid("p2pd"), "VmRSS")
    site[2].pause("p2pd")
    try:
        names, during = enter(1000, 1200)
        wait_for(lambda: site[1].rows.heads() == site[0].rows.heads(), what="all of it to be at the one that is not stuck")
        grown = memory(site[0].pid("p2pd"), "VmRSS") - took
        bound = 2 * GROWTH_LIMIT if under_sanitizer(site[0].pid("p2pd")) else 16 * 1024 * 1024      # a sanitizer keeps what was freed
        assert grown < bound, "p2pd grew by %d KiB" % (grown // 1024)
        wait_for(lambda: not site[0].connected("central-3"), what="the stuck one to be taken for lost")
        assert site[0].connected("central-2") and site[1].connected("central-1")
    finally:
        site[2].resume("p2pd")
    tap.note("answers p50 %.1f ms before, %.1f ms while it is stuck; p2pd grew by %d KiB"
             % (before[len(before) // 2] * 1e3, during[len(during) // 2] * 1e3, grown // 1024))
    site.check_agreement()
    assert set(names) <= {row["event_id"] for row in site[2].rows.history()}, "it has all of it afterwards"


def test_a_configuration_is_all_or_nothing(ground):
    a = ground.central().start()
    good = with_peers(a, one_peer("central-2", 9))
    assert a.put_config(good)[0] == 200
    held = a.config()
    wrong = {
        "peer_centrals[1].id": [one_peer("Central 3", 9), one_peer("central-2", 10), one_peer("central-1", 9), one_peer("", 9)],
        "peer_centrals[1].p2p_port": [one_peer("central-3", port) for port in (0, 65536, -1, 9.5, "x", None)],
        "peer_centrals[1].ip": [dict(one_peer("central-3", 9), ip=ip) for ip in ("", "300.1.2.3", "a b", "<b>", 7)],
    }
    for field, peers in wrong.items():
        for peer in peers:
            status, answer = a.put_config(with_peers(a, one_peer("central-2", 9999), peer))
            assert status in (400, 422) and answer["success"] is False, (peer, status, answer)
            assert answer["code"] and answer["error"], answer
            assert answer.get("field") == field, "peer %r: the wrong field is %s: %r" % (peer, field, answer)
            assert a.config() == held, "a refused configuration changes nothing"
    for peers, field in (("none", "peer_centrals"), ([7], "peer_centrals[0]")):
        status, answer = a.put_config(dict(held, peer_centrals=peers))
        assert (status, answer.get("field")) == (422, field), (peers, status, answer)
    assert a.config() == held


def test_configuration_outlives_a_restart(ground):
    secret = write_secret(ground.path("secret"))
    a = ground.central("central-1", secret_file=secret).start()
    b = ground.central("central-2", secret_file=secret).start()
    assert a.put_config(with_peers(a, one_peer(b.id, b.p2p_port)))[0] == 200
    wait_for(lambda: a.connected(b.id), what="the peer to be connected")
    held = a.config()
    assert a.stop() == 0
    a.start()
    assert a.config() == held
    wait_for(lambda: a.connected(b.id), what="the peer to be connected after a restart")


def refused(central, peer):
    """test-connection that has to fail with a reason -> the reason."""
    status, answer = central.ask("POST", "/api/p2p/test-connection?peer_id=" + peer)
    assert (status, answer["success"]) == (400, False), (peer, status, answer)
    return answer["error"].lower()


def test_connection_test(ground):
    secret = write_secret(ground.path("secret"))
    a = ground.central("central-1", secret_file=secret).start()
    b = ground.central("central-2", secret_file=secret).start()
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        closed = free_ports(1)[0]
        assert a.put_config(with_peers(a, one_peer("central-2", b.p2p_port), one_peer("central-7", closed),
                                       one_peer("central-8", silent.getsockname()[1]),
                                       one_peer("central-9", b.p2p_port)))[0] == 200
        wait_for(lambda: a.connected("central-2"), what="the peer to be connected")
        answer = a.good("POST", "/api/p2p/test-connection?peer_id=central-2")
        assert answer["message"] and 0 <= answer["rtt_ms"] < 60000, answer
        status, answer = a.ask("POST", "/api/p2p/test-connection?peer_id=central-5")
        assert (status, answer["success"]) == (404, False), (status, answer)
        assert "refused" in refused(a, "central-7"), refused(a, "central-7")
        assert "id" in refused(a, "central-9") and "central-2" in refused(a, "central-9"), refused(a, "central-9")
        reason = refused(a, "central-8")
        assert "time-out" in reason or "did not answer" in reason, reason
        assert a.connected("central-2"), "testing others does not disturb a good connection"
    finally:
        silent.close()


def test_another_mesh_secret_is_refused(ground):
    ours, theirs = write_secret(ground.path("ours")), write_secret(ground.path("theirs"))
    a = ground.central("central-1", secret_file=ours)
    b = ground.central("central-2", secret_file=theirs, peers={"central-1": ("127.0.0.1", a.p2p_port)})
    a.peers["central-2"] = ("127.0.0.1", b.p2p_port)
    a.start()
    b.start()
    entry = a.enter("edge-1", "29A-777.77")
    for here, there in ((a, "central-2"), (b, "central-1")):
        reason = refused(here, there)
        assert "key" in reason or "secret" in reason, reason
        assert not here.connected(there)
    assert b.stay(entry["event_id"]) is None and len(b.rows.heads()) == 0, "nothing passes between them"


def test_both_ends_write_at_once(ground):
    """Entries at all centrals at the same moment, none is lost, none doubled, nothing is behind at the end."""
    site = ground.site(3).start()
    start = threading.Barrier(6)

    def enter(i):
        if i < 6:
            start.wait(60)
        return site[i % 3].enter("edge-%d" % (i % 4), "63D%05d" % i)["event_id"]
    entries = in_threads(6, 900, enter)
    site.check_agreement()
    for central in site:
        assert {row["event_id"] for row in central.rows.history(status="IN")} == set(entries)
        wait_for(lambda: all(peer["behind"] == peer["ahead"] == 0 for peer in central.status()["peers"]),
                 what="nothing to be behind in the status of " + central.id)


if __name__ == "__main__":
    tap.run(globals())
