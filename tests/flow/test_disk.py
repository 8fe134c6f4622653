#!/usr/bin/python3
"""A full disk (a small tmpfs): gates are told so, nothing is half done, and work goes on by itself once there is room."""
import json
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.disk import MB, Disk, NotPermitted          # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

DISK = 16 * MB


def on_small_disk(ground, size=DISK, id="central-1", **how):
    """A central whose folder is on a disk of its own."""
    try:
        disk = ground.on_end(Disk(ground.path(id), size))
    except NotPermitted as e:
        raise tap.Skip(str(e)) from None
    return disk, ground.central(id, **how)


def two(ground, size=DISK):
    """central-1 on a small disk and central-2, connected."""
    secret = write_secret(ground.path("secret"))
    disk, a = on_small_disk(ground, size, secret_file=secret)
    b = ground.central("central-2", secret_file=secret, peers={"central-1": ("127.0.0.1", a.p2p_port)})
    a.peers["central-2"] = ("127.0.0.1", b.p2p_port)
    a.start(wait=False)
    b.start()
    a.wait_ready()
    wait_for(lambda: a.connected("central-2") and b.connected("central-1"), what="the two to meet")
    return disk, a, b


def refused(result):
    """(status, answer) that has to be a plain 503."""
    status, answer = result
    assert status == 503 and answer["success"] is False and answer["code"] == "unavailable", (status, answer)
    assert len(answer["error"]) > 20, answer


def fill_up(disk, central, prefix):
    """Let vehicles in until nothing at all can be written any more -> plates let in, plates refused.

    One refusal is not yet the end: what is copied out of the write-ahead log makes room in it again, until the database cannot
    grow. So all has to be refused for longer than the central takes to try by itself."""
    told, no, since = [], [], None
    while since is None or time.monotonic() < since + 2.5:
        disk.fill()
        plate = "%s%05d" % (prefix, len(told) + len(no))
        status, answer = central.open("edge-1", plate, "ENTRY")
        if status == 200:
            told.append(plate)
            since = None
            continue
        refused((status, answer))
        no.append(plate)
        status, answer = central.ask("POST", "/api/p2p/test-connection?peer_id=central-2")
        if status == 503 and not central.healthy():
            since = since or time.monotonic()
            time.sleep(0.1)
        else:
            since = None
    return told, no


def check_told(central, plates, inside=True):
    held = {row["plate_id"] for row in central.rows.query("SELECT plate_id FROM history")}
    missing = [plate for plate in plates if (plate in held) != inside]
    assert not missing, "%s on %s: %s" % ("missing" if inside else "there all the same", central.id, missing[:5])


def check_reads(central):
    """What needs no writing is answered on a full disk."""
    status, answer = central.detect("edge-1", "51C77777")
    assert status == 200 and answer["allowed"] is True, (status, answer)
    for path in ("/api/parking/history", "/api/parking/state", "/api/stats", "/api/p2p/config", "/api/p2p/status", "/api/status"):
        central.good("GET", path)
    assert central.raw("GET", "/login").status == 200
    refused(central.ask("POST", "/api/p2p/test-connection?peer_id=central-2"))
    refused(central.ask("POST", "/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "51C77778"}, Idempotency_Key="k"))


def check_big_body(central):
    """A body that nginx would put into a file: it has no room for one."""
    item = {"id": "s1", "plate_number": "29A10001", "owner_name": "x" * 200, "type": "monthly", "status": "active",
            "start_date": "2026-01-01", "end_date": "2026-12-31"}
    items = [dict(item, id="s%d" % i) for i in range(1000)]
    answer = central.raw("PUT", "/api/subscriptions", json.dumps({"subscriptions": items}).encode(),
                         {"Content-Type": "application/json"})
    refused((answer.status, answer.json))


def test_full_and_room_again(ground):
    disk, a, b = two(ground)
    before = {role: a.pid(role) for role in ("fcgi", "p2pd", "nginx")}
    a.enter("edge-1", "29A10001")
    disk.fill(MB)
    for i in range(5):
        a.enter("edge-1", "29A1100%d" % i)      # while there is room the gates work
    told, no = fill_up(disk, a, "30B")
    status, answer = a.ask("GET", "/healthz")
    assert status == 503 and answer["code"] == "database_unwritable", answer
    assert a.good("GET", "/api/status")["database"] == "unwritable"
    check_reads(a)
    check_big_body(a)
    check_told(a, told)
    check_told(a, no + ["51C77778"], inside=False)
    disk.make_room()
    wait_for(a.healthy, what="/healthz to see by itself that there is room")
    a.enter("edge-1", no[0])
    site_agrees(a, b, ["29A10001", no[0]] + told)
    check_told(b, no[1:], inside=False)
    assert {role: a.pid(role) for role in before} == before, "nothing was started again"


def site_agrees(a, b, plates):
    wait_for(lambda: a.rows.heads() == b.rows.heads(), 120, lambda: "the same records: %d, %d" % (a.rows.records(), b.rows.records()))
    assert a.rows.shared_history() == b.rows.shared_history() and a.rows.exits() == b.rows.exits()
    for central in (a, b):
        check_told(central, plates)
        assert central.rows.integrity() == "ok"


def met_times(central):
    """How often it has connected with a peer, by its journal."""
    with open(central.output, errors="replace") as f:
        return sum(" event=connected " in line for line in f)


def test_peers_are_put_off_below_five_percent(ground):
    disk, a, b = two(ground, 4 * DISK)
    before = a.pid("p2pd"), b.pid("p2pd")
    met = met_times(a)
    disk.fill(4 * DISK // 33)
    told = ["29A2%04d" % i for i in range(20)]
    for plate in told:
        b.enter("edge-1", plate)
    wait_for(lambda: "event=disk_low" in a.tail(200), what="central-1 to tell in its journal that there is little room")
    wait_for(lambda: b.peer("central-1")["behind"] > 0, what="central-2 to see that central-1 lacks records")
    gates = ["30B2%04d" % i for i in range(20)]
    for plate in gates:
        a.enter("edge-1", plate)
    wait_for(lambda: all(b.rows.history(plate_id=plate) for plate in gates), what="central-2 to hold what central-1's gates did")
    check_told(a, told[1:], inside=False)
    disk.make_room()
    site_agrees(a, b, told + gates)
    assert (a.pid("p2pd"), b.pid("p2pd")) == before, "nothing was started again"
    assert met_times(a) == met, "the connection was kept"


if __name__ == "__main__":
    tap.run(globals())
