#!/usr/bin/python3
"""parkmeshctl backup beside running gates, and restore: a central whose database was destroyed comes back from its backup and its
peers with all that any central held; what is no good backup of this central is never put in place, and none is half made."""
import contextlib
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import proof, tap                           # noqa: E402
from tests.site.book import Book, Entry, Exit               # noqa: E402
from tests.site.build import ROOT                          # noqa: E402
from tests.site.disk import MB, Disk, NotPermitted          # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import add_user, ctl_command, setup_path     # noqa: E402
from tests.site.rows import Rows                            # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

HOUR = 3600 * 1000


def database(central):
    return os.path.join(central.dir, "parkmesh.db")


def ctl(central, *words, env=None):
    done = subprocess.run(ctl_command(central, *words), capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **(env or {})), check=False)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def good(central, *words, **how):
    done = ctl(central, "--json", *words, **how)
    assert done.returncode == 0, "%s: %d %s %s" % (words, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def refused(central, *words, status=1, **how):
    """-> the sentence"""
    done = ctl(central, "--json", *words, **how)
    assert done.returncode == status and done.stderr.startswith("parkmeshctl: "), (words, done)
    if status == 2:
        return done.stderr
    answer = json.loads(done.stdout)
    assert answer["success"] is False and len(answer["error"]) > 20, answer
    return answer["error"]


def destroy(central):
    for path in glob.glob(database(central) + "*"):
        os.unlink(path)


def change(path, sql, *values):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(sql, values)
        db.commit()


def left_behind(folder):
    return [name for name in os.listdir(folder) if "partial" in name or name.endswith(("-journal", "-wal", "-shm"))]


# ---- a mesh that loses one of its databases

class Traffic:
    """Vehicles at the gates of a site, each told in the book."""

    def __init__(self):
        self.book, self.number = Book(), 0

    def enter(self, central, count):
        """-> plates"""
        plates = []
        for _ in range(count):
            self.number += 1
            plate = "51F%05d" % self.number
            answer = central.enter("edge-1", plate)
            self.book.entry(Entry(answer["event_id"], plate, central.id, "edge-1", None))
            plates.append(plate)
        return plates

    def leave(self, central, plates):
        for plate in plates:
            answer = central.leave("edge-2", plate)
            self.book.exit(Exit(answer["event_id"], plate, central.id, "edge-2", None, answer["fee"]))


def told_of_roll_back(central):
    return [w for w in central.status()["warnings"] if w["code"] == "rolled_back" and w["central"] == "central-1"]


def test_a_destroyed_database_comes_back(ground):
    site, traffic, file = ground.site(3, relayed=True).start(), Traffic(), ground.path("central-1.db")
    old = [plate for central in site for plate in traffic.enter(central, 6)]
    traffic.leave(site[0], old[:4])
    site.wait_converged()
    with ThreadPoolExecutor(1) as gates:
        busy = gates.submit(traffic.enter, site[0], 60)
        wait_for(lambda: site[0].rows.history(plate_id="51F00030"), what="gates at work")
        made = good(site[0], "backup", file)        # it checks itself
        busy.result()
    assert (made["central"], made["file"]) == ("central-1", file) and made["records"] == Rows(file).records(), made

    more = traffic.enter(site[0], 5) + traffic.enter(site[1], 3)
    site.cut(0)
    alone = traffic.enter(site[0], 7)               # on this one only for a while …
    traffic.leave(site[0], old[4:6] + alone[:2])
    traffic.leave(site[2], old[12:14])
    assert site[1].rows.records() < site[0].rows.records()
    site.heal()
    site.wait_connected()
    site.wait_converged()                           # … and then on all
    site.cut(0)
    traffic.leave(site[1], more[5:])                # this the destroyed one never held
    site[0].crash()
    destroy(site[0])
    site.heal()

    assert good(site[0], "restore", file)["records"] == made["records"]
    site[0].start()
    at_once = traffic.enter(site[0], 3)
    site.wait_connected()
    site.check_agreement()
    traffic.leave(site[0], at_once[:1] + alone[2:4])
    site.check_agreement()
    known = "of central-1 has the flags %d" % (1 | 8)       # it is ended, and it was rolled back (lib/store/logs.h)
    assert proof.prove([(claim, [line for line in against if known not in line]) for claim, against in proof.claims(site, traffic.book)])
    for central in site:
        assert len(wait_for(lambda: told_of_roll_back(central), what="%s to be told" % central.id)) == 1    # noqa: B023
        assert ctl(central, "verify").returncode == 0
    own = site[0].rows.query("SELECT log, flags FROM logs WHERE id = 'central-1' AND writer = 'fcgi'")
    assert len(own) == 2, "it goes on in a log of its own: %r" % own


def test_a_log_that_was_left_over(ground):
    """The database is gone, and what had not yet been copied into it is there: a log that fits any file of that name."""
    c, file = ground.central().start(), ground.path("b.db")
    for i in range(20):
        c.enter("edge-1", "29A%05d" % i)
    good(c, "backup", file)
    for i in range(20):
        c.enter("edge-1", "30A%05d" % i)
    c.crash()
    os.unlink(database(c))
    assert os.path.getsize(database(c) + "-wal") > 0
    assert "kept" not in good(c, "restore", file)
    assert len(c.rows.history()) == 20 and c.rows.integrity() == "ok"
    assert len(glob.glob(database(c) + "-before-*-wal")) == 1, os.listdir(c.dir)
    c.start().enter("edge-1", "31A00001")
    assert len(c.rows.history()) == 21 and ctl(c, "verify").returncode == 0


# ---- what comes back and what must not

def test_nobody_is_logged_in_by_a_backup(ground):
    c, file = ground.central().start(), ground.path("b.db")
    browser = administrator(c)
    add_user(c, "otto", "viewer")
    link = setup_path(c)
    c.enter("edge-1", "29A00001")
    hand_made = ground.path("by-hand.db")
    with contextlib.closing(sqlite3.connect(database(c))) as db:
        db.execute("VACUUM INTO ?", (hand_made,))
    good(c, "backup", file)
    assert os.stat(file).st_mode & 0o777 == 0o600
    for table in ("sessions", "setup_link"):
        assert Rows(file).value("SELECT count(*) FROM " + table) == 0 and Rows(hand_made).value("SELECT count(*) FROM " + table) == 1
    assert browser.get("/").answer.status == 200, "here one goes on being logged in"

    for copy in (file, hand_made):                  # one made by other means is as good
        assert c.stop() == 0
        good(c, "restore", copy)
        c.start()
        assert browser.get("/").path.startswith("/login"), "everybody has to log in again"
        assert "token" not in Browser(c).get(link).answer.text or c.rows.value("SELECT count(*) FROM setup_link") == 0
        assert c.rows.values("SELECT name FROM users ORDER BY name") == ["anna", "otto"]
        assert c.rows.value("SELECT count(*) FROM audit WHERE what = 'database_restored'") == 1
    page = administrator(c).get("/audit")
    assert "Khôi phục cơ sở dữ liệu từ bản sao lưu" in page.answer.text
    assert len(c.rows.history()) == 1


def test_what_is_no_good_backup_is_refused(ground):
    c, other = ground.central(), ground.central("central-2")
    c.start()
    other.start()
    for i in range(40):
        c.enter("edge-1", "29A%05d" % i)
    other.enter("edge-1", "30A00001")
    file, foreign = ground.path("b.db"), ground.path("foreign.db")
    good(c, "backup", file)
    good(other, "backup", foreign)
    assert "Stop the services" in refused(c, "restore", file) and "parkmesh.fcgi" in refused(c, "restore", file)
    c.kill()                                        # what it wrote last lies in the write-ahead log
    for holder, words in (("fcgi", "parkmesh.fcgi uses"), ("p2pd", "p2pd uses"), ("ctl", "Another parkmeshctl uses")):
        with open(database(c) + "-" + holder, "a", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            assert words in refused(c, "restore", file), holder
    with contextlib.closing(sqlite3.connect(database(c))) as db:        # a shell, which knows nothing of our locks
        db.execute("SELECT count(*) FROM logs").fetchone()
        assert "Another program uses" in refused(c, "restore", file)
    before, held = c.rows.heads(), sorted(os.listdir(c.dir))
    bad = ground.path("bad.db")

    def refuse(words, *more):
        said = refused(c, "restore", bad, *more)
        assert words in said, said
        assert c.rows.heads() == before and sorted(os.listdir(c.dir)) == held, os.listdir(c.dir)

    with open(file, "rb") as f:
        whole = f.read()
    for size in (0, 50, 4096, len(whole) // 2, len(whole) - 4096):
        with open(bad, "wb") as f:
            f.write(whole[:size])
        refuse("")
    with open(bad, "wb") as f:
        f.write(b"no database at all, and long enough" * 400)
    refuse("")
    for sql, words in (("UPDATE record_rows SET payload = replace(payload, '29A00007', '29A00008') WHERE payload LIKE '%29A00007%'", "Log "),
                       ("UPDATE history SET fee = 1 WHERE id = 3", "Log "),
                       ("DELETE FROM record_rows WHERE seq = 41", "Log "),
                       ("PRAGMA user_version = 99", "newer parkmesh"), ("PRAGMA application_id = 1", "not a parkmesh"),
                       ("DELETE FROM identity", "no backup")):
        shutil.copy(file, bad)
        change(bad, sql)
        refuse(words)
    with open(bad, "wb") as f:                      # a page in the middle is other bytes
        f.write(whole[:len(whole) // 2] + b"\xa5" * 4096 + whole[len(whole) // 2 + 4096:])
    refuse("")
    shutil.copy(foreign, bad)
    refuse("of central-2, and the database here of central-1")
    shutil.copy(file, bad)
    change(bad, "UPDATE identity SET public_key = zeroblob(32)")
    refuse("with another key")
    os.unlink(bad)
    refuse("Name a backup")
    os.mkdir(bad)
    refuse("is not a file")
    assert "database itself" in refused(c, "restore", database(c))
    refused(c, "restore", status=2)
    refused(c, "restore", file, "--keep-days", "3", status=2)
    c.start()
    assert len(c.rows.history()) == 40, "all this took nothing away"


def in_older_shape(file, to, version):
    """What is in file, as an earlier version of the program would have kept it -> to"""
    with open(os.path.join(ROOT, "lib", "store", "schema.c"), encoding="utf-8") as f:
        steps = dict(re.findall(r"^static const char STEP_(\d+)\[\] =\n(.*?);$", f.read(), re.M | re.S))
    with contextlib.closing(sqlite3.connect(to)) as db:
        for n in range(1, version + 1):
            db.executescript("".join(re.findall(r'"([^"]*)"', re.sub(r"/\*.*?\*/", "", steps[str(n)], flags=re.S))))
        db.execute("PRAGMA user_version = %d" % version)
        db.execute("PRAGMA application_id = %d" % 0x706b6d68)
        db.execute("DELETE FROM clock")
        db.execute("ATTACH ? AS held", (file,))
        for table in ("identity", "clock", "logs", "records", "seals", "history", "exits", "settings", "users"):
            columns = ", ".join(row[1] for row in db.execute("PRAGMA main.table_info(%s)" % table))
            db.execute("INSERT INTO %s(%s) SELECT %s FROM held.%s" % (table, columns, columns, table))
        db.commit()
    return to


def test_one_of_an_older_version_and_of_another_machine(ground):
    old, new, file = ground.central(), ground.central("central-9"), ground.path("b.db")
    old.start().enter("edge-1", "29A00001")
    good(old, "backup", file)
    older = in_older_shape(file, ground.path("older.db"), 11)
    old.crash()
    new.start()
    assert new.stop() == 0
    fingerprint = Rows(file).value("SELECT hex(public_key) FROM identity")
    assert good(new, "restore", older)["central"] == "central-1"    # just installed: gives way
    assert new.rows.value("SELECT hex(public_key) FROM identity") == fingerprint
    new.id = "central-1"
    new.start().enter("edge-1", "29A00002")
    assert len(new.rows.history()) == 2
    assert new.stop() == 0
    third, theirs = ground.central("central-3").start(), ground.path("theirs.db")
    third.enter("edge-1", "29A00003")
    good(third, "backup", theirs)
    refused(new, "restore", theirs)
    kept = good(new, "restore", theirs, "--replace")["kept"]
    assert len(Rows(kept).history()) == 2 and len(new.rows.history()) == 1


def test_a_file_that_is_gone_is_not_written(ground):
    """Moved or removed by hand under running programs: what would be told then nobody would ever find again."""
    c = ground.central().start()
    c.enter("edge-1", "29A00001")
    os.rename(database(c), ground.path("moved.db"))
    status, answer = c.open("edge-1", "29A00002", "ENTRY")
    assert (status, answer["code"]) == (503, "unavailable") and not os.path.exists(database(c)), (status, answer)
    wait_for(lambda: not c.healthy(), what="it to be told")
    os.rename(ground.path("moved.db"), database(c))
    wait_for(lambda: c.open("edge-1", "29A00003", "ENTRY")[0] == 200, what="the gates to work again")
    assert {row["plate_id"] for row in c.rows.history()} == {"29A00001", "29A00003"}
    assert c.rows.integrity() == "ok"


# ---- making them

def test_the_folder(ground):
    c = ground.central().start()
    browser = administrator(c)
    folder = os.path.join(c.dir, "backup")
    assert c.rows.query("SELECT expected_ms, made_ms FROM backup") == [{"expected_ms": 0, "made_ms": 0}]
    title = "Bản sao lưu cơ sở dữ liệu"
    strange = ["parkmesh_central-10_20200101-000000.db", "parkmesh_central-1_20200101-000000.db.old", "notes.txt",
               "parkmesh_central-1_20200101-00000x.db"]
    old = ["parkmesh_central-1_202001%02d-000000.db" % day for day in range(1, 6)]
    os.mkdir(folder)
    for name in strange + old + [old[0] + ".partial", old[0] + ".partial-wal"]:
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write("x")
    os.symlink("notes.txt", os.path.join(folder, "parkmesh_central-1_20190101-000000.db"))
    made = good(c, "backup", "--keep-days", "1")
    assert made["removed"] == 3 and os.path.dirname(made["file"]) == folder, made
    held = set(os.listdir(folder))
    assert held == {*strange, *old[3:], os.path.basename(made["file"]), "parkmesh_central-1_20190101-000000.db"}, held
    row = c.rows.query("SELECT * FROM backup")[0]
    assert row["made_ms"] == made["made_at"] and row["place"] == made["file"] and row["expected_ms"] > 0, row
    assert row["bytes"] == os.path.getsize(made["file"]) == made["bytes"], row
    assert title not in browser.get("/").answer.text

    elsewhere = ground.path("elsewhere")
    made = good(c, "backup", "--folder", elsewhere)
    assert os.listdir(elsewhere) == [os.path.basename(made["file"])] and os.stat(elsewhere).st_mode & 0o777 == 0o700
    change(database(c), "UPDATE backup SET expected_ms = 5, made_ms = ?", int(time.time() * 1000) - 47 * HOUR)
    assert title not in browser.get("/").answer.text
    change(database(c), "UPDATE backup SET made_ms = made_ms - ?", 2 * HOUR)
    assert title + " gần nhất được tạo từ" in browser.get("/").answer.text
    change(database(c), "UPDATE backup SET made_ms = 0")
    assert "Chưa có bản sao lưu" in browser.get("/").answer.text
    good(c, "backup", ground.path("by-hand.db"))
    assert "sao lưu" not in browser.get("/").answer.text.split('id="overview-conditions"')[1], "one by hand is one"


def test_where_it_cannot_go(ground):
    c, folder = ground.central().start(), ground.path("full")
    c.enter("edge-1", "29A00001")
    precious = ground.path("precious")
    with open(precious, "w", encoding="ascii") as f:
        f.write("mine")
    assert "no backup" in refused(c, "backup", precious) and "no backup" in refused(c, "backup", database(c))
    with open(precious, encoding="ascii") as f:
        assert f.read() == "mine"
    os.symlink(precious, ground.path("link"))
    refused(c, "backup", ground.path("link"))
    assert "cannot be written" in refused(c, "backup", ground.path("nowhere/b.db"))
    assert "cannot be made" in refused(c, "backup", "--folder", ground.path("nowhere/at/all"))
    refused(c, "backup", ground.path("b.db"), "--folder", ground.folder, status=2)
    refused(c, "backup", "--keep-days", "0", status=2)
    refused(c, "backup", "--keep-days", "3651", status=2)
    try:
        disk = ground.on_end(Disk(folder, 2 * MB))
    except NotPermitted as e:
        raise tap.Skip(str(e)) from None
    file = os.path.join(folder, "b.db")
    good(c, "backup", file)
    with open(file, "rb") as f:
        first = f.read()
    disk.fill(leave=128 * 1024)
    assert "room" in refused(c, "backup", file)
    with open(file, "rb") as f:
        assert f.read() == first, "the one before stays"
    assert sorted(os.listdir(folder)) == ["b.db", "ballast"], os.listdir(folder)
    disk.make_room()
    good(c, "backup", file)
    assert "room" in refused(c, "backup", ground.path("b.db"), env={"TMPDIR": small_scratch(ground)})
    assert not os.path.exists(ground.path("b.db")), "what was not checked is no backup"


def small_scratch(ground):
    disk = ground.on_end(Disk(ground.path("scratch"), MB))
    disk.fill(leave=64 * 1024)
    return disk.path


# ---- killed in the middle

def kill_when(central, words, number, moment):
    """Start it and send the signal when moment() is true or it has ended -> its status"""
    with subprocess.Popen(ctl_command(central, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        wait_for(lambda: moment() or running.poll() is not None, what="the moment to kill", every=0.0005)
        running.send_signal(number)
        return running.wait()


def test_another_ends_while_the_next_begins(ground):
    """Between opening the temporary file and locking it: what has got its name by then is not written over."""
    if not shutil.which("strace"):
        raise tap.Skip("there is no strace")
    c, partial, finished = ground.central().start(), ground.path("b.db.partial"), ground.path("of-another.db")
    with open(partial, "w", encoding="utf-8") as f:
        f.write("a backup")

    def opened(running):
        pids = [str(running.pid)] + open("/proc/%d/task/%d/children" % (running.pid, running.pid), encoding="utf-8").read().split()
        return any(os.path.realpath(fd) == partial for pid in pids for fd in glob.glob("/proc/%s/fd/*" % pid))
    slowly = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-P", partial, "-e", "inject=flock:delay_enter=1000000"]
    with subprocess.Popen(slowly + ctl_command(c, "backup", ground.path("b.db")), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0")) as running:
        wait_for(lambda: opened(running) or running.poll() is not None, what="the temporary file to be opened", every=0.001)
        if running.poll() is not None:
            raise tap.Skip("nobody may trace here: " + running.stderr.read())
        os.rename(partial, finished)
        assert "Another parkmeshctl is writing" in running.communicate()[1] and running.returncode == 1
    with open(finished, encoding="utf-8") as f:
        assert f.read() == "a backup"


def test_killed_in_the_middle(ground):
    c, file = ground.central().start(), ground.path("b.db")
    for i in range(60):
        c.enter("edge-1", "29A%05d" % i)
    partial = file + ".partial"

    def size():
        return os.path.getsize(partial) if os.path.exists(partial) else -1
    assert kill_when(c, ["backup", file], signal.SIGKILL, lambda: size() > 100000) == -signal.SIGKILL
    assert not os.path.exists(file) and os.path.exists(partial), "not half a backup under its name"
    good(c, "backup", file)
    assert left_behind(ground.folder) == []
    assert kill_when(c, ["backup", ground.path("c.db")], signal.SIGTERM, lambda: os.path.exists(ground.path("c.db.partial"))) \
        == -signal.SIGTERM
    assert left_behind(ground.folder) == [] and not os.path.exists(ground.path("c.db")), "asked to end, it cleans up"

    late = {c.enter("edge-1", "30A%05d" % i)["event_id"] for i in range(3)}
    c.crash()
    new = {row["event_id"] for row in Rows(file).history()}
    moments = [lambda: os.path.exists(database(c) + "-restore.partial"), lambda: not os.path.exists(database(c) + "-wal"),
               lambda: glob.glob(database(c) + "-before-*")]
    seen = set()
    for n, moment in enumerate(moments):
        if c.rows.value("SELECT count(*) FROM history") < 63:
            break
        kill_when(c, ["restore", file], signal.SIGKILL, moment)
        held = {row["event_id"] for row in c.rows.history()}
        assert held in (new, new | late) and c.rows.integrity() == "ok", "after kill %d: the old one or the new one" % n
        seen.add(len(held))
        assert ctl(c, "verify").returncode == 0
    assert len(new | late) in seen, "at least once before it was in place"
    good(c, "restore", file)
    assert left_behind(c.dir) == []
    c.start()
    assert {row["event_id"] for row in c.rows.history()} == new


if __name__ == "__main__":
    tap.run(globals())
