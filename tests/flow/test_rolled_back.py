#!/usr/bin/python3
"""Databases that were rolled back, restored or copied, and two centrals under one id: nothing is lost, and operators on both sides are
told plainly what happened and what to do."""
import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.page import administrator                  # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

PARTS = ("", "-wal", "-shm")


def database(central):
    return os.path.join(central.dir, "parkmesh.db")


def keep_copy(central, to):
    """Of a central that is down, as an operator with cp would do it."""
    for part in PARTS:
        if os.path.exists(database(central) + part):
            shutil.copy2(database(central) + part, to + part)


def put_copy(central, copy):
    for part in PARTS:
        with contextlib.suppress(FileNotFoundError):
            os.remove(database(central) + part)
        if os.path.exists(copy + part):
            shutil.copy2(copy + part, database(central) + part)


def online_copy(central, to):
    """While it runs, by VACUUM INTO."""
    with contextlib.closing(sqlite3.connect(database(central))) as db:
        db.execute("VACUUM INTO ?", (to,))
    os.chmod(to, 0o600)


def enter(central, letter, count):
    return {central.enter("edge-1", "29%s%05d" % (letter, i))["event_id"] for i in range(count)}


def holds(central, events):
    return events <= {row["event_id"] for row in central.rows.history()}


def wait_holds(centrals, events):
    for central in centrals:
        wait_for(lambda: holds(central, events), 60, "%s to hold %d stays" % (central.id, len(events)))


def warnings(central, code=None, about=None):
    return [w for w in central.status()["warnings"] if code in (None, w["code"]) and about in (None, w["central"])]


def wait_warning(central, code, about):
    found = wait_for(lambda: warnings(central, code, about), 60,
                     lambda: "%s to warn of %s of %s; it warns of %s" % (central.id, code, about, central.status()["warnings"]))
    assert len(found) == 1, "one warning, not one an event: %r" % found
    return found[0]


def ctl(central, *words):
    done = subprocess.run([os.path.join(find_build(), "ctl/parkmeshctl"), "--db", database(central), *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def check_shown(central, warning, vietnamese):
    """The same warning on the page, in parkmeshctl and, once, in the journal."""
    page = administrator(central).get("/settings/p2p").text
    assert vietnamese in page, "the page of %s says nothing of %s" % (central.id, vietnamese)
    status, text = ctl(central, "status")
    assert status == 0 and warning["message"] in text, text
    status, text = ctl(central, "--json", "warning", "list")
    assert [w["id"] for w in json.loads(text)["warnings"] if w["code"] == warning["code"]] == [warning["id"]], text
    with open(central.output, encoding="utf-8", errors="replace") as f:
        told = [line for line in f if "event=warning code=%s central=%s" % (warning["code"], warning["central"]) in line]
    assert len(told) == 1, "one line in the journal an event: %r" % told


def logs_of(central, id):
    return central.rows.query("SELECT * FROM logs WHERE id = ?", id)


def rolled_back_site(ground, make_copy, restore):
    """Three centrals; the first loses what it told after make_copy. -> (site, stays it lost, stays all held before)"""
    site = ground.site(3).start()
    copy = ground.path("copy.db")
    before = enter(site[0], "A", 5)
    site.wait_converged()
    make_copy(site, copy)
    lost = enter(site[0], "B", 7)
    site.wait_converged()
    restore(site, copy)
    return site, lost, before


def stopped_copy(site, copy):
    assert site[0].stop() == 0
    keep_copy(site[0], copy)
    site[0].start()
    site.wait_connected()


def stopped_restore(site, copy):
    assert site[0].stop() == 0
    put_copy(site[0], copy)


def check_taken_back(site, lost, before, least):
    wait_holds(site, lost | before)
    site.check_agreement()
    own = wait_warning(site[0], "rolled_back", "central-1")
    assert own["own"] is True and "taken back" not in own["code"], own
    got_back = wait_for(lambda: max(w["records"] for w in warnings(site[0], "rolled_back")) >= least
                        and wait_warning(site[0], "rolled_back", "central-1"), what="%d records to be told as got back" % least)
    check_shown(site[0], got_back, "Cơ sở dữ liệu của central này đã bị đưa về một bản cũ hơn")
    for central in (site[1], site[2]):
        other = wait_warning(central, "rolled_back", "central-1")
        assert other["own"] is False and other["records"] >= least, other
        assert "central-1 was rolled back" in other["message"] and other["since"], other
        check_shown(central, other, "Cơ sở dữ liệu của central-1 đã bị đưa về một bản cũ hơn")


def test_an_older_copy_in_place_of_the_database(ground):
    site, lost, before = rolled_back_site(ground, stopped_copy, stopped_restore)
    logs = {row["log"] for row in logs_of(site[1], "central-1")}
    site[0].start()
    check_taken_back(site, lost, before, 7)

    later = enter(site[0], "C", 2)
    site.check_agreement()
    assert holds(site[2], later)
    fresh = {row["log"] for row in logs_of(site[1], "central-1")} - logs
    assert len(fresh) == 1, "it goes on in a new log: %r" % fresh
    for central in site:
        assert ctl(central, "verify")[0] == 0
        assert not warnings(central, "two_centrals"), "its own clock goes on: no second central"


def test_a_backup_made_while_running(ground):
    def restore(site, copy):
        assert site[0].stop() == 0
        put_copy(site[0], copy)
    site, lost, before = rolled_back_site(ground, lambda site, copy: online_copy(site[0], copy), restore)
    site[0].start()
    check_taken_back(site, lost, before, 7)


def test_written_to_offline_and_two_peers_with_different_parts(ground):
    """central-2 holds the first part of what was lost, central-3 the second: they never talk to each other before."""
    site = ground.site(3, relayed=True, links=[(0, 1), (0, 2)]).start()
    before = enter(site[0], "A", 3)
    site.wait_converged()
    copy = ground.path("copy.db")
    stopped_copy(site, copy)
    site.cut_between(0, 2)
    part = enter(site[0], "B", 4)
    wait_holds([site[1]], part)
    assert site[0].stop() == 0
    site.cut_between(0, 1)          # from here central-1 starts again, in a log that central-2 never sees
    site.heal()
    site.cut_between(0, 1)
    put_copy(site[0], copy)
    site[0].start(wait=True)
    wait_for(lambda: site[0].connected("central-3"), what="central-3 to be connected")
    other_part = enter(site[0], "C", 5)
    wait_holds([site[2]], other_part)
    assert not holds(site[2], part)

    assert site[0].stop() == 0
    site.cut_between(0, 2)
    put_copy(site[0], copy)
    site[0].start()
    alone = enter(site[0], "D", 2)
    assert not holds(site[0], part) and not holds(site[0], other_part)
    site.heal()
    site.wait_connected()
    wait_holds(site, before | part | other_part | alone)
    site.check_agreement()
    for central in site:
        wait_warning(central, "rolled_back", "central-1")
    assert wait_warning(site[0], "rolled_back", "central-1")["records"] >= 9


def test_seen_and_anew(ground):
    site, lost, before = rolled_back_site(ground, stopped_copy, stopped_restore)
    site[0].start()
    check_taken_back(site, lost, before, 7)
    told = wait_warning(site[1], "rolled_back", "central-1")

    assert site[1].ask("POST", "/api/p2p/warnings/%d/seen" % told["id"])[0] == 200
    assert not warnings(site[1])
    status, answer = site[1].ask("POST", "/api/p2p/warnings/%d/seen" % told["id"])
    assert (status, answer["code"]) == (404, "unknown_warning"), answer
    assert site[1].ask("POST", "/api/p2p/warnings/x/seen")[0] == 404
    assert warnings(site[0]) and warnings(site[2]), "seen is each central's own affair"
    own = wait_warning(site[0], "rolled_back", "central-1")
    assert ctl(site[0], "warning", "seen", str(own["id"]))[0] == 0
    assert ctl(site[0], "warning", "seen", str(own["id"]))[0] == 1
    assert not warnings(site[0])
    third = wait_warning(site[2], "rolled_back", "central-1")
    assert any(warning["id"] == third["id"] for warning in warnings(site[2])), third
    page = administrator(site[2]).get("/settings/p2p").press("Đã xem")
    assert page.path == "/settings/p2p" and page.answer.status == 200, page.answer
    assert not warnings(site[2])

    site[1].stop()
    site[1].start()
    site.wait_connected()
    site.check_agreement()
    assert not any(warnings(central) for central in site), "what was seen does not come back by itself"
    assert site[0].stop() == 0
    put_copy(site[0], ground.path("copy.db"))
    site[0].start()
    site.check_agreement()
    for central in site:
        wait_warning(central, "rolled_back", "central-1")


def twin_of(ground, central, copy, peers):
    """A second machine with a copy of the database: the same id, the same keys, other ports."""
    twin = ground.central(central.id, secret_file=central.secret_file)
    shutil.copy2(copy, database(twin))
    with contextlib.closing(sqlite3.connect(database(twin))) as db:
        db.execute("UPDATE identity SET api_port = ?, p2p_port = ?", (twin.api_port, twin.p2p_port))
        db.execute("DELETE FROM peers")
        db.executemany("INSERT INTO peers VALUES(?, '127.0.0.1', ?, 1, 'native', 0)", peers)
        db.commit()
    return twin


def test_a_copied_database_runs_twice(ground):
    """They never meet directly: both dial central-2, which serves central-3 as well."""
    site = ground.site(3, links=[(0, 1), (1, 2)]).start()
    before = enter(site[0], "A", 3)
    site.wait_converged()
    copy = ground.path("copy.db")
    online_copy(site[0], copy)
    config = site[1].config()
    config["peer_centrals"] = [peer for peer in config["peer_centrals"] if peer["id"] != "central-1"]
    assert site[1].put_config(config)[0] == 200     # central-1 dials it; both of them from now on
    twin = twin_of(ground, site[0], copy, [("central-2", site[1].p2p_port)]).start()
    both, told = [site[0], twin], set()

    def told_everywhere():
        for n, central in enumerate(both):
            told.update([central.enter("edge-1", "30%s%05d" % ("EF"[n], len(told)))["event_id"]])
        return all(warnings(central, "two_centrals", "central-1") for central in [site[1], site[2], *both])
    wait_for(told_everywhere, 120, lambda: "all four to be told of two centrals; they are told %s"
             % [[w["code"] for w in warnings(central)] for central in [site[1], site[2], *both]])
    elsewhere = site[2].enter("edge-9", "31G00001")["event_id"]
    wait_holds([site[1]], {elsewhere})              # the others go on as ever
    wait_holds([*site, twin], before | told | {elsewhere})
    assert site[2].connected("central-2")
    for central in [site[1], site[2]]:
        warning = wait_warning(central, "two_centrals", "central-1")
        assert "Two centrals use the id central-1" in warning["message"], warning
        check_shown(central, warning, "Có hai central cùng dùng ID central-1")
        assert not warnings(central, "rolled_back"), "it is not told as a roll-back as well"
    for central in both:
        warning = wait_warning(central, "two_centrals", "central-1")
        assert warning["own"] and "Another central uses the id central-1" in warning["message"], warning
        check_shown(central, warning, "Có hai central cùng dùng ID central-1 của central này")

    # what the sentence says to do: another id for the copy; then all are connected and agree
    config = twin.config()
    config["this_central"]["id"] = "central-9"
    assert twin.put_config(config)[0] == 200
    wait_for(lambda: site[1].connected("central-1", "central-9"), 60, "both to be connected under ids of their own")
    apart = twin.enter("edge-1", "30H00001")["event_id"]
    wait_holds(site, {apart})


def test_they_meet_directly(ground):
    secret = write_secret(ground.path("secret"))
    one = ground.central("central-1", secret_file=secret).start()
    enter(one, "A", 1)
    copy = ground.path("copy.db")
    online_copy(one, copy)
    ground.folder, kept = ground.path("second"), ground.folder
    os.makedirs(ground.folder, exist_ok=True)
    twin = twin_of(ground, one, copy, [("central-7", one.p2p_port)]).start()
    ground.folder = kept
    for central in (one, twin):
        assert "central-1" in wait_warning(central, "two_centrals", "central-1")["message"]
    assert "has this central's id" in wait_for(lambda: twin.peer("central-7")["last_error"], what="the reason to be told")


def test_one_id_set_up_twice(ground):
    """Different keys: the third central keeps to the first, both sides are told; the records of the second come by another way."""
    secret = write_secret(ground.path("secret"))
    third = ground.central("central-3", secret_file=secret).start()
    peers = {"central-3": ("127.0.0.1", third.p2p_port)}
    first = ground.central("central-1", secret_file=secret, peers=peers).start()
    wait_for(lambda: third.connected("central-1"), what="the first to be connected")
    kept = enter(first, "A", 2)
    wait_holds([third], kept)
    ground.folder, folder = ground.path("second"), ground.folder
    second = ground.central("central-1", secret_file=secret, peers=peers)
    fourth = ground.central("central-4", secret_file=secret)
    ground.folder = folder
    fourth.peers["central-3"] = peers["central-3"]
    second.peers["central-4"] = ("127.0.0.1", fourth.p2p_port)
    fourth.start()
    second.start()
    more = enter(second, "B", 2)
    assert "refuses this central" in wait_warning(second, "key_refused", "central-3")["message"]
    assert "Two centrals use the id central-1" in wait_warning(third, "two_centrals", "central-1")["message"]
    wait_holds([third, first], more)                # over central-4, which pinned the second's key
    wait_holds([second, fourth], kept)
    more |= enter(first, "C", 1) | enter(second, "D", 1)
    wait_holds([first, second, third, fourth], kept | more)
    wait_warning(first, "two_centrals", "central-1")
    assert third.connected("central-1") and third.rows.value("SELECT count(*) FROM logs WHERE flags & 4") == 1


def test_a_new_machine_under_the_old_id(ground):
    secret = write_secret(ground.path("secret"))
    a = ground.central("central-1", secret_file=secret)
    b = ground.central("central-2", secret_file=secret, peers={"central-1": ("127.0.0.1", a.p2p_port)})
    a.peers["central-2"] = ("127.0.0.1", b.p2p_port)
    a.start()
    b.start()
    wait_for(lambda: b.connected("central-1"), what="the pair to be connected")
    kept = enter(a, "A", 3)
    wait_holds([b], kept)
    old_logs = {row["log"] for row in logs_of(b, "central-1")}
    assert a.stop() == 0
    shutil.rmtree(a.dir)
    os.makedirs(a.dir, mode=0o700)
    a.start()                                       # the same place, a new database with new keys
    warning = wait_warning(b, "wrong_key", "central-1")
    assert "peer repin central-1" in warning["message"], warning
    check_shown(b, warning, "Một central tự xưng là central-1 nhưng có khóa khác đã bị từ chối")
    other = wait_warning(a, "key_refused", "central-2")
    check_shown(a, other, "central-2 từ chối central này")
    fingerprint = json.loads(ctl(a, "--json", "status")[1])["this_central"]["fingerprint"]
    assert warning["place"] == fingerprint, (warning, fingerprint)
    fresh = enter(a, "B", 1)

    assert ctl(b, "peer", "repin", "central-1")[0] == 0
    wait_for(lambda: b.connected("central-1") and a.connected("central-2"), 60, "them to be connected after the repin")
    wait_holds([a, b], kept | fresh)
    assert old_logs <= {row["log"] for row in logs_of(a, "central-1")}, "its old logs stay, and it takes them back"
    assert not warnings(b, "wrong_key"), "it was confirmed"
    wait_for(lambda: not warnings(a, "key_refused"), what="the refusal to be over")
    assert not warnings(b) and not warnings(a), "the old logs ended before the new ones began: %r" % warnings(a)


def test_repin_of_a_connected_peer(ground):
    site = ground.site(2).start()
    assert ctl(site[1], "peer", "repin", "central-1")[0] == 0
    wait_for(lambda: site[1].rows.value("SELECT count(*) FROM pins WHERE id = 'central-1'") == 1, 20,
             "the key to be pinned anew without anybody's doing")
    site.wait_connected()


def forge_last(holder, author_keys):
    """Another sealed record in place of the last one of central-1's log, in holder's database."""
    sodium = ctypes.CDLL("libsodium.so.23")
    with contextlib.closing(sqlite3.connect(database(holder))) as db:
        log, seq = db.execute("SELECT log, head_seq FROM logs WHERE id = 'central-1' AND writer = 'fcgi'").fetchone()
        payload, = db.execute("SELECT payload FROM records WHERE log = ? AND seq = ?", (log, seq)).fetchone()
        before, = db.execute("SELECT chain FROM records WHERE log = ? AND seq = ?", (log, seq - 1)).fetchone()
        other = payload.replace('"edge_id":"edge-1"', '"edge_id":"edge-8"')
        assert other != payload
        chain = hashlib.sha256(before + other.encode()).digest()
        text = b"parkmesh.v1 seal" + bytes.fromhex(log) + seq.to_bytes(8, "big") + chain
        seal = ctypes.create_string_buffer(64)
        assert sodium.crypto_sign_detached(seal, None, text, ctypes.c_ulonglong(len(text)), author_keys) == 0
        db.execute("UPDATE record_rows SET payload = ?, chain = ? WHERE log = (SELECT number FROM logs WHERE log = ?) AND seq = ?",
                   (other, chain, log, seq))
        db.execute("UPDATE logs SET head_chain = ? WHERE log = ?", (chain, log))
        db.execute("UPDATE seals SET signature = ? WHERE log = ? AND seq = ?", (seal.raw, log, seq))
        db.commit()
        return log


def test_a_fork(ground):
    site = ground.site(3).start()
    enter(site[0], "A", 3)
    site.wait_converged()
    keys = site[0].rows.value("SELECT secret_key FROM identity")
    assert site[1].stop() == 0
    log = forge_last(site[1], keys)
    site[1].start()
    site.wait_connected()
    for central in site:
        warning = wait_warning(central, "fork", "central-1")
        assert warning["log"] == log and "verify" in warning["message"], warning
        check_shown(central, warning, "có hai bản ghi khác nhau dưới cùng một số")
        assert central.rows.value("SELECT flags & 2 FROM logs WHERE log = ?", log) == 2
    # central-1 goes on with that very log: central-3 gets it, central-2 does not; all else goes everywhere
    stopped = enter(site[0], "B", 2)
    wait_holds([site[2]], stopped)
    onward = enter(site[1], "C", 2) | enter(site[2], "D", 2)
    wait_holds(site, onward)
    assert site[0].connected("central-2", "central-3") and site[1].connected("central-1", "central-3")
    assert not holds(site[1], stopped), "a forked log is not exchanged between those who disagree"
    assert site[1].stop() == 0
    site[1].start()
    site.wait_connected()
    onward = enter(site[0], "E", 1)
    wait_holds([site[2]], onward)
    for central in site:
        assert len(warnings(central, "fork")) == 1, warnings(central)


if __name__ == "__main__":
    tap.run(globals())
