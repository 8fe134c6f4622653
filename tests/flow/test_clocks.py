#!/usr/bin/python3
"""Clocks that are wrong by minutes and days and that jump (libfaketime): sync goes on, an exit is after its entry, it is priced by
what the gates say, operators of both sides are told, and nothing is forgotten before its time."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.central import now_ms, told                 # noqa: E402
from tests.site.clock import Clock, NotInstalled            # noqa: E402
from tests.site.page import administrator                  # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
OFFSETS = (0, -3 * DAY, 10 * MINUTE)


def with_clocks(ground, offsets):
    """A site whose centrals' clocks are so many seconds off -> site, clocks"""
    site = ground.site(len(offsets))
    try:
        clocks = [Clock(ground.path("clock-%d" % i), find_build(), offset) for i, offset in enumerate(offsets)]
    except NotInstalled as e:
        raise tap.Skip(str(e)) from None
    for central, clock in zip(site, clocks):
        central.build = clock.build
    return site.start(), clocks


def held(central, plate):
    return wait_for(lambda: central.rows.history(plate_id=plate), what="%s on %s" % (plate, central.id))[0]


def visit(enters, leaves, plate):
    """In at one central, out at another, as soon as that one has heard of it."""
    enters.enter("edge-1", plate)
    held(leaves, plate)
    return leaves.leave("edge-2", plate)


def check_order(site):
    """hlc only ever rises within a log; an exit is after its entry, in both orders."""
    for central in site:
        rows = central.rows.query("SELECT log, seq, hlc_ms, hlc_counter FROM records ORDER BY log, seq")
        for a, b in zip(rows, rows[1:]):
            if a["log"] == b["log"]:
                assert (a["hlc_ms"], a["hlc_counter"]) < (b["hlc_ms"], b["hlc_counter"]), (central.id, a, b)
        pairs = central.rows.query(
            "SELECT i.at AS entry_at, o.at AS exit_at, i.hlc_ms AS im, i.hlc_counter AS ic, o.hlc_ms AS om, o.hlc_counter AS oc"
            " FROM records i JOIN records o ON o.event_id = i.event_id"
            " WHERE i.type = 'VEHICLE_ENTRY_PENDING' AND o.type = 'VEHICLE_EXIT'")
        for pair in pairs:
            assert pair["entry_at"] < pair["exit_at"] and (pair["im"], pair["ic"]) < (pair["om"], pair["oc"]), (central.id, pair)


def check_flagged(a, b, seconds, words):
    """a says that b's clock is so many seconds ahead of its own, everywhere."""
    peer = wait_for(lambda: (lambda p: p if p["last_error"] else None)(a.peer(b.id)), what="%s to flag %s" % (a.id, b.id))
    assert abs(peer["clock_offset_ms"] - seconds * 1000) < 5000 and peer["connected"], peer
    assert words in peer["last_error"], peer
    status, answer = a.ask("POST", "/api/p2p/test-connection?peer_id=" + b.id)
    assert status == 400 and "clock" in answer["error"] and words in answer["error"], (status, answer)
    on_page = "Đồng hồ của %s %s hơn central này" % (b.id, "chậm" if words == "behind" else "nhanh")
    assert on_page in administrator(a).get("/settings/p2p").text, on_page


def no_flag(central):
    return all(peer["last_error"] is None and abs(peer["clock_offset_ms"] or 0) < 5000 for peer in central.status()["peers"])


def test_clocks_that_are_off(ground):
    site, clocks = with_clocks(ground, OFFSETS)
    number = 0
    for enters in site:
        for leaves in site:
            number += 1
            visit(enters, leaves, "29A0000%d" % number)
    # by the gates' own times, which their central shares
    for central, clock in zip(site, clocks):
        now = now_ms() + clock.offset * 1000
        plate = "30B0000%d" % (clocks.index(clock) + 1)
        for direction, ago in (("ENTRY", 3 * HOUR), ("EXIT", HOUR)):
            answer = told(central.ask("POST", "/api/edge/barrier/open", {
                "edge_id": "edge-1", "plate_id": plate, "direction": direction, "timestamp": now - ago * 1000,
                "sent_at": now_ms() + clock.offset * 1000}))
        assert answer["fee"] == 50000, (central.id, answer)
    site.check_agreement()
    for central in site:
        rows = central.rows.history()
        assert len(rows) == 12 and all(row["status"] == "OUT" for row in rows), rows
        assert all(row["fee"] >= 0 for row in rows)
    check_order(site)
    check_flagged(site[0], site[1], -3 * DAY, "behind")
    check_flagged(site[1], site[0], 3 * DAY, "ahead of")
    check_flagged(site[0], site[2], 10 * MINUTE, "ahead of")
    check_flagged(site[2], site[1], -3 * DAY - 10 * MINUTE, "behind")
    for clock in clocks:
        clock.set(0)
    for central in site:
        wait_for(lambda: no_flag(central), what=lambda: "the flags to be gone: %s" % central.status()["peers"])
        told(central.ask("POST", "/api/p2p/test-connection?peer_id=" + ("central-1" if central is not site[0] else "central-2")))


def keyed(central, key, plate):
    return told(central.ask("POST", "/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": plate}, Idempotency_Key=key))


def connections(central):
    with open(central.output, errors="replace") as f:
        return sum(" event=connected " in line for line in f)


def test_clocks_that_jump(ground):
    """Of one central, forward and back, while gates work: a repeat is still known as one, connections stand."""
    site, (clock, _) = with_clocks(ground, (0, 0))
    a, b = site
    met = [connections(central) for central in site]
    first = keyed(a, "key-0", "29A00001")
    for i, offset in enumerate((3 * DAY, 0, -3 * DAY, 10 * MINUTE, -10 * MINUTE, 0), 1):
        clock.set(offset)
        again = keyed(a, "key-0", "29A00001")
        assert again.get("deduped") and again["action"] == "ENTRY" and again["event_id"] == first["event_id"], (offset, again)
        for n in range(20):
            keyed(a, "key-%d-%d" % (i, n), "30B%d%04d" % (i, n))
        visit(a, b, "51C0000%d" % i)
        visit(b, a, "60D0000%d" % i)
    site.check_agreement()
    check_order(site)
    assert [connections(central) for central in site] == met, "no connection was given up"
    wait_for(lambda: a.status()["running"] and no_flag(a) and no_flag(b), what="all to be well again")


def test_p2pd_that_hangs_is_seen_whatever_the_clock(ground):
    """Its last sign of life lies in the future once the clock is set back."""
    site, (clock,) = with_clocks(ground, (0,))
    a = site[0]
    assert a.status()["running"] is True
    a.pause("p2pd")
    clock.set(-3 * DAY)
    assert a.status()["running"] is False and a.good("GET", "/api/status")["p2pd_running"] is False
    clock.set(3 * DAY)
    assert a.status()["running"] is False
    a.resume("p2pd")
    wait_for(lambda: a.status()["running"], what="it to be back")


if __name__ == "__main__":
    tap.run(globals())
