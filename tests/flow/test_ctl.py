#!/usr/bin/python3
"""parkmeshctl beside running centrals: every subcommand, what it prints, its exit status, and what the central makes of it."""
import contextlib
import fcntl
import hashlib
import json
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.data import make_old_db                          # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.people import add_user                      # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.rows import Rows                            # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402
from tests.unit.test_manuals import completions             # noqa: E402

HOUR, DAY = 3600 * 1000, 24 * 3600 * 1000
COMMANDS = [("status",), ("peer", "list"), ("peer", "add"), ("peer", "remove"), ("peer", "repin"), ("edge", "list"), ("edge", "add"),
            ("edge", "token"), ("config", "export"), ("config", "import"), ("secret", "set"), ("verify",), ("import",),
            ("setup-link",), ("user", "list"), ("user", "add"), ("user", "passwd"), ("user", "role"), ("user", "remove")]


def ctl(db, *words, stdin=None, env=None):
    """-> the finished process; what it wrote of faults of its own fails the test."""
    line = [os.path.join(find_build(), "ctl", "parkmeshctl")] + (["--db", db] if db else []) + list(words)
    done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=300, env=dict(os.environ, **(env or {})))
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode in (0, 1, 2), "%s: status %d: %s" % (words, done.returncode, done.stderr)
    return done


def good(db, *words, **how):
    """A call with --json that has to succeed -> the document."""
    done = ctl(db, "--json", *words, **how)
    assert done.returncode == 0, "%s: status %d: %s %s" % (words, done.returncode, done.stdout, done.stderr)
    answer = json.loads(done.stdout)
    return answer


def refused(db, *words, status=1, **how):
    """A call that has to fail with a sentence on stderr; with --json also a document -> the document, None for status 2."""
    done = ctl(db, "--json", *words, **how)
    assert done.returncode == status, "%s: status %d: %s %s" % (words, done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("parkmeshctl: ") and len(done.stderr) > 30, done.stderr
    if status == 2:
        assert done.stdout == "", done.stdout
        return None
    answer = json.loads(done.stdout)
    assert answer["success"] is False and len(answer["error"]) > 10, answer
    return answer


def database(central):
    return os.path.join(central.dir, "parkmesh.db")


def text_of(db, *words, **how):
    done = ctl(db, *words, **how)
    assert done.returncode == 0 and done.stderr == "", "%s: %d %s" % (words, done.returncode, done.stderr)
    return done.stdout


# ---- the command line

def test_help_and_wrong_use(ground):
    for words in COMMANDS:
        done = ctl(None, *words, "--help")
        assert done.returncode == 0 and done.stdout.startswith("Usage: parkmeshctl "), (words, done)
        assert " ".join(words) in done.stdout.split("\n")[0], done.stdout
    whole = ctl(None, "--help")
    assert whole.returncode == 0 and all(" ".join(words) in whole.stdout for words in COMMANDS), whole.stdout
    assert ctl(None, "peer", "--help").stdout.count("\n  peer ") == 5
    assert ctl(None, "--version").stdout.startswith("parkmeshctl ")
    nowhere = ground.path("nowhere.db")
    for wrong in [(), ("peer",), ("fly",), ("peer", "fly"), ("status", "x"), ("peer", "add"), ("status", "--fast"), ("--db",),
                  ("edge", "add", "e", "--lane"), ("import",), ("edge", "add", "e", "--lane", "left"), ("peer", "add", "central-2"),
                  ("peer", "add", "central-2=1.2.3.4:0"), ("import", "x.db", "--days", "many"), ("secret", "set"),
                  ("secret", "set", "hunter2"), ("secret", "set", "-", "--generate"), ("user", "add"), ("user", "role", "anna"),
                  ("user", "role", "anna", "boss"), ("user", "add", "anna", "--role", "boss"), ("user", "add", "anna", "password")]:
        refused(nowhere, *wrong, status=2)
    for words in COMMANDS:
        more = {"add": ["central-9=127.0.0.1:9"] if words[0] == "peer" else ["one-1"], "set": ["--generate"]}.get(words[-1], ["x"])
        if words in (("status",), ("peer", "list"), ("edge", "list"), ("verify",), ("config", "export"), ("setup-link",),
                     ("user", "list")):
            more = []
        if words == ("user", "role"):
            more = ["anna", "viewer"]
        refused(nowhere, *words, *more, stdin="long enough")
    assert not os.path.exists(nowhere), "no database is made"
    assert os.listdir(ground.folder) == [], os.listdir(ground.folder)


def test_environment_names_the_database(ground):
    c = ground.central().start()
    answer = good(None, "status", env={"PARKMESH_DB": database(c)})
    assert answer["this_central"]["id"] == "central-1", answer
    assert json.loads(ctl(None, "status", "--json", "--db=" + database(c)).stdout)["success"] is True, "options may stand anywhere"


def test_databases_it_cannot_work_with(ground):
    fresh = ground.path("fresh.db")
    central = ground.central().start()
    central.stop()
    with sqlite3.connect(database(central)) as db:
        db.execute("DELETE FROM identity")
    for words in [("status",), ("config", "export"), ("secret", "set", "--generate"), ("edge", "add", "edge-1"), ("verify",)]:
        assert refused(database(central), *words)["code"] == "no_identity", words
    db.execute("PRAGMA user_version = 1")
    for words in [("status",), ("edge", "list"), ("verify",)]:
        assert refused(database(central), *words)["code"] == "old_schema", words
    db.execute("PRAGMA user_version = 99")
    db.close()
    for words in [("status",), ("edge", "add", "edge-1")]:
        assert "newer parkmesh" in refused(database(central), *words)["error"], words
    with open(fresh, "w") as f:
        f.write("no database at all, but long enough to be taken for one by who does not look" * 40)
    for words in [("status",), ("edge", "add", "edge-1")]:
        refused(fresh, *words)


def test_output_that_goes_nowhere(ground):
    c = ground.central().start()
    for words in COMMANDS[:1] + [("status", "--json"), ("config", "export"), ("verify",)]:
        with open("/dev/full", "w") as full:
            line = [os.path.join(find_build(), "ctl", "parkmeshctl"), "--db", database(c), *words]
            done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300)
        assert done.returncode == 1 and "cannot be written" in done.stderr, (words, done)


# ---- status, peers, configuration

def test_status(ground):
    site = ground.site(2).start()
    a, b = site
    a.enter("edge-1", "29A10001")
    a.enter("edge-1", "29A10002")
    a.leave("edge-1", "29A10002")
    site.check_agreement()
    for c, other in ((a, b), (b, a)):
        s = wait_for(lambda: (lambda s: s if s["peers"][0].get("behind") == 0 and "rtt_ms" in s["peers"][0] else None)(
            good(database(c), "status")), what="the peer's figures")
        this = s["this_central"]
        assert (this["id"], this["api_port"], this["p2p_port"], this["mesh_secret_set"]) == (c.id, c.api_port, c.p2p_port, True), s
        assert (s["running"], s["stays"], s["vehicles_in_parking"], s["records"]) == (True, 2, 1, c.rows.records()), s
        assert s["schema_version"] == c.rows.value("PRAGMA user_version") and s["logs"] == len(c.rows.heads()), s
        peer = s["peers"][0]
        assert (peer["peer_id"], peer["state"], peer["connected"], peer["ahead"]) == (other.id, "connected", True, 0), peer
        assert "secret_key" not in json.dumps(s) and c.rows.value("SELECT mesh_secret FROM identity") not in json.dumps(s)
        assert peer["pinned"] == good(database(other), "status")["this_central"]["fingerprint"], "both show the same fingerprint"
    b.kill("p2pd")
    lost = lambda counts: {c["cause"]: c["count"] for c in counts if c["kind"] == "closed"}.get("lost", 0)    # noqa: E731
    # there may be a second one, which is lost as well, and counted a moment later
    wait_for(lambda: 0 < lost(good(database(a), "status")["counts"]) == lost(a.status()["counts"]),
             what="the lost connection to be counted, by the API as well")
    site.wait_connected()
    text = text_of(database(a), "status")
    assert "closed           lost" in text, text
    assert "central-2" in text and "connected" in text and "1 vehicles inside" in text, text
    a.stop()
    assert good(database(b), "peer", "list")["peers"][0]["peer_id"] == "central-1"
    s = good(database(a), "status")
    assert s["records"] == a.rows.records(), "also when nothing runs"


def test_peers(ground):
    a, b = ground.central("central-1"), ground.central("central-2")
    a.start()
    b.start()
    where = "central-2=127.0.0.1:%d" % b.p2p_port
    assert good(database(a), "peer", "list")["peers"] == []
    assert good(database(a), "peer", "add", where)["peer_id"] == "central-2"
    wait_for(lambda: a.connected("central-2"), what="the new peer to be connected")
    a.enter("edge-1", "29A20001")
    wait_for(lambda: b.rows.history(plate_id="29A20001"), what="a record there")
    assert refused(database(a), "peer", "add", where)["code"] == "peer_exists"
    assert refused(database(a), "peer", "add", "central-1=127.0.0.1:9")["code"] == "id_own"
    assert refused(database(a), "peer", "add", "Central=127.0.0.1:9")["code"] == "id_invalid"
    assert refused(database(a), "peer", "add", "central-3=bad host:9")["code"] == "host_invalid"
    assert good(database(a), "peer", "add", "central-3=[::1]:9")["success"]
    assert refused(database(a), "peer", "add", "--dialect", "klingon", "central-4=[::1]:9")["code"] == "dialect_unknown"
    for id, how, kept in (("4", ["--plain"], ("native", 0)), ("5", ["--dialect", "legacy"], ("legacy", 0)), ("6", [], ("native", 1)),
                          ("7", ["--dialect", "native"], ("native", 1)), ("8", ["--plain", "--dialect", "legacy-http"], ("legacy-http", 0))):
        good(database(a), "peer", "add", *how, "central-%s=[::1]:9" % id)
        row = a.rows.query("SELECT dialect, tls FROM peers WHERE id = ?", "central-" + id)[0]
        assert (row["dialect"], row["tls"]) == kept, (how, row)
        shown = [peer["dialect"] for peer in good(database(a), "peer", "list")["peers"] if peer["peer_id"] == "central-" + id]
        assert shown == [kept[0]] and (" old " in text_of(database(a), "peer", "list")) == kept[0].startswith("legacy"), (how, shown)
        good(database(a), "peer", "remove", "central-" + id)
    assert [p["ip"] for p in a.config()["peer_centrals"]] == ["127.0.0.1", "::1"]
    assert "central-2 " in text_of(database(a), "peer", "list")
    good(database(a), "peer", "remove", "central-3")
    good(database(a), "peer", "remove", "central-2")
    wait_for(lambda: a.status()["total_peers"] == 0, what="the peer to be gone")
    assert refused(database(a), "peer", "remove", "central-2")["code"] == "unknown_peer"
    assert a.rows.history(plate_id="29A20001"), "its records stay"


def test_repin(ground):
    """A peer installed anew has another key: refused until it is pinned again."""
    site = ground.site(2).start()
    a, b = site
    pinned = "SELECT hex(public_key) FROM pins WHERE id = 'central-2'"
    old = wait_for(lambda: a.rows.value(pinned), what="the pin")
    b.stop()
    for name in os.listdir(b.dir):
        if name.startswith("parkmesh.db"):
            os.unlink(os.path.join(b.dir, name))
    b.start()
    wait_for(lambda: not a.peer("central-2")["connected"] and a.peer("central-2")["last_error"], what="the new key to be refused")
    assert a.rows.value(pinned) == old
    good(database(a), "peer", "repin", "central-2")
    good(database(b), "peer", "repin", "central-1")
    new = wait_for(lambda: a.rows.value(pinned), what="the new key to be pinned")
    assert new != old and new == b.rows.value("SELECT hex(public_key) FROM identity")
    site.wait_connected()
    assert refused(database(a), "peer", "repin", "central-9")["code"] == "unknown_peer"
    assert good(database(a), "peer", "repin", "central-2")["peer_id"] == "central-2"


def test_config(ground):
    c = ground.central().start()
    file = ground.path("config.json")
    exported = good(database(c), "config", "export")
    assert exported == json.loads(text_of(database(c), "config", "export")), "the document is the configuration"
    assert exported["this_central"] == {"id": "central-1", "ip": "127.0.0.1", "p2p_port": c.p2p_port, "api_port": c.api_port}
    assert "secret" not in json.dumps(exported)
    good(database(c), "peer", "add", "central-2=10.0.0.2:9000")
    good(database(c), "config", "export", file)
    with open(file) as f:
        config = json.load(f)
    config["peer_centrals"][0]["weight"] = 7
    config["peer_centrals"].append({"id": "central-3", "ip": "central3.example", "p2p_port": 9000})
    good(database(c), "config", "import", "-", stdin=json.dumps(config))
    assert [p["id"] for p in c.config()["peer_centrals"]] == ["central-2", "central-3"]
    wait_for(lambda: c.status()["total_peers"] == 2, what="p2pd to know")
    good(database(c), "config", "import", "-", stdin=json.dumps({"peer_centrals": [{"id": "central-2", "ip": "10.0.0.3"}]}))
    assert c.rows.query("SELECT id, ip, p2p_port, weight FROM peers") == [{"id": "central-2", "ip": "10.0.0.3", "p2p_port": 9000,
                                                                         "weight": 7}], "what is not named keeps its value"

    def links(*peers):
        good(database(c), "config", "import", "-", stdin=json.dumps({"peer_centrals": peers}))
        return [(row["dialect"], row["tls"]) for row in c.rows.query("SELECT dialect, tls FROM peers ORDER BY id")]

    two, three = {"id": "central-2"}, {"id": "central-3", "ip": "10.0.0.4", "p2p_port": 9}
    assert links(two, three) == [("native", 1), ("native", 1)], "TLS, unless it is said otherwise"
    assert links(dict(two, tls=False), dict(three, dialect="legacy")) == [("native", 0), ("legacy", 0)]
    assert links(two, three) == [("native", 0), ("legacy", 0)]
    assert links(two, dict(three, dialect="native")) == [("native", 0), ("native", 1)]
    assert links(dict(two, tls=True)) == [("native", 1)]
    good(database(c), "config", "import", "-", stdin=json.dumps({"config": c.config()}))
    before = good(database(c), "config", "export")
    for wrong, code in [({"peer_centrals": [{"id": "central-4", "ip": "10.0.0.4", "p2p_port": 9}, {"id": "central-1", "ip": "::1",
                                                                                                 "p2p_port": 9}]}, "id_own"),
                        ({"peer_centrals": [{"id": "x", "ip": "::1", "p2p_port": 70000}]}, "port_invalid"),
                        ({"peer_centrals": [{"id": "x", "ip": "::1", "p2p_port": "9"}]}, "wrong_type"),
                        ({"peer_centrals": [{"id": "x", "p2p_port": 9}]}, "host_invalid"),
                        ({"peer_centrals": {}}, "wrong_type"), ({"peer_centrals": [3]}, "wrong_type"),
                        ({"this_central": {"id": "Nope"}}, "id_invalid"), ({"this_central": []}, "wrong_type"), ({}, "missing_field"),
                        ({"peer_centrals": [{"id": "x%d" % n, "ip": "::1", "p2p_port": 9} for n in range(101)]}, "too_many_peers")]:
        answer = refused(database(c), "config", "import", "-", stdin=json.dumps(wrong))
        assert answer["code"] == code, (wrong, answer)
        assert good(database(c), "config", "export") == before, "all or nothing"
    assert refused(database(c), "config", "import", "-", stdin="{")["code"] == "syntax"
    refused(database(c), "config", "import", ground.path("none.json"))
    refused(database(c), "config", "import", "-", stdin="[" * (1024 * 1024 + 1))
    refused(database(c), "config", "export", ground.path("none/config.json"))
    new_port, = free_ports(1)
    good(database(c), "config", "import", "-", stdin=json.dumps({"this_central": {"p2p_port": new_port}}))
    assert c.config()["this_central"]["p2p_port"] == new_port


def test_secret(ground):
    a, b = ground.central("central-1"), ground.central("central-2")
    for c, other in ((a, b), (b, a)):
        c.peers = {other.id: ("127.0.0.1", other.p2p_port)}
    a.start()
    b.start()
    wait_for(lambda: a.connected("central-2"), what="a connection without a secret")
    secret = good(database(a), "secret", "set", "--generate")["secret"]
    assert len(secret) == 32 and a.rows.value("SELECT mesh_secret FROM identity") == secret
    wait_for(lambda: not a.connected("central-2"), what="the connection to end: the secrets differ now")
    good(database(b), "secret", "set", "-", stdin=secret + "\n")
    wait_for(lambda: a.connected("central-2"), what="both to be connected again")
    file = ground.path("secret")
    with open(file, "w") as f:
        f.write("Tường thành\r\nnot this\n")
    good(database(a), "secret", "set", "--file", file, "--mesh", "bãi-xe")
    identity = a.rows.query("SELECT mesh, mesh_secret FROM identity")[0]
    assert identity == {"mesh": "bãi-xe", "mesh_secret": "Tường thành"}, identity
    good(database(a), "secret", "set", "--mesh", "parkmesh")
    assert a.rows.query("SELECT mesh, mesh_secret FROM identity")[0] == {"mesh": "parkmesh", "mesh_secret": "Tường thành"}
    made = text_of(database(a), "secret", "set", "--generate").strip()
    assert made == a.rows.value("SELECT mesh_secret FROM identity") != secret, "each is new"
    for stdin in ("\n", "x" * 129):
        assert refused(database(a), "secret", "set", "-", stdin=stdin)["code"] == "secret_invalid"
    refused(database(a), "secret", "set", "--file", ground.path("none"))
    refused(database(a), "secret", "set", "--mesh", "m" * 64)
    assert a.rows.value("SELECT mesh_secret FROM identity") == made


# ---- bash

def test_bash_completes_names_that_there_are(ground):
    c = ground.central(peers={"central-2": ("127.0.0.1", 9), "central-3": ("127.0.0.1", 9)}).start()
    for words in (("edge", "add", "edge-1"), ("edge", "add", "west-2", "--name", "West; $(touch /tmp/no)")):
        good(database(c), *words)
    add_user(c, "binh")
    for words, wanted in (("peer remove ", ["central-2", "central-3"]), ("--json peer repin --fingerprint x central-3", ["central-3"]),
                          ("edge token ", ["edge-1", "west-2"]), ("user role b", ["binh"]), ("user role binh v", ["viewer"]),
                          ("warning seen ", [])):
        assert completions("ctl/parkmeshctl", "--db", database(c), *words.split(" ")) == wanted, words
    assert completions("ctl/parkmeshctl", "--db", ground.path("none"), "peer", "remove", "") == []


# ---- a terminal

def at_terminal(*words, typed):
    """parkmeshctl at a terminal of its own, where somebody types a line once asked -> (status, all that the terminal showed)"""
    line = [os.path.join(find_build(), "ctl", "parkmeshctl"), *words]
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(line[0], line)
    shown, asked = b"", False
    with contextlib.suppress(OSError):      # EIO: it has ended
        while select.select([fd], [], [], PATIENCE)[0] and (more := os.read(fd, 1000)):
            shown += more
            if shown.endswith(b": ") and not asked:
                asked = True
                os.write(fd, typed.encode() + b"\n")
    os.close(fd)                            # one that still waits is hung up on
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_what_is_typed_is_not_shown(ground):
    c = ground.central().start()
    for words, typed in ((("user", "add", "binh"), "seven brave lanterns"), (("secret", "set", "-"), "the lighthouse keeps it")):
        status, shown = at_terminal("--db", database(c), *words, typed=typed)
        assert status == 0 and typed not in shown and ": " in shown, (words, status, shown)
    assert c.rows.value("SELECT mesh_secret FROM identity") == "the lighthouse keeps it"
    assert [row["name"] for row in good(database(c), "user", "list")["users"]] == ["binh"]


# ---- edges

def test_edges(ground):
    c = ground.central().start()
    assert good(database(c), "edge", "list")["edges"] == []
    good(database(c), "edge", "add", "edge-1", "--name", "Cổng <1>", "--lane", "entry")
    good(database(c), "edge", "add", "edge-2")
    good(database(c), "edge", "add", "edge-2", "--lane=exit")
    edges = {e["edge_id"]: e for e in good(database(c), "edge", "list")["edges"]}
    assert (edges["edge-1"]["name"], edges["edge-1"]["lane"], edges["edge-1"]["token_set"]) == ("Cổng <1>", "entry", False), edges
    assert edges["edge-2"]["lane"] == "exit", edges
    good(database(c), "edge", "add", "edge-1", "--name", "Cổng 1")
    first = good(database(c), "edge", "token", "edge-1")["token"]
    second = text_of(database(c), "edge", "token", "edge-1").strip()
    assert first != second and len(second) >= 32, (first, second)
    row = c.rows.query("SELECT name, lane, hex(token_hash) AS hash FROM edges WHERE edge_id = 'edge-1'")[0]
    assert row == {"name": "Cổng 1", "lane": "ENTRY", "hash": hashlib.sha256(second.encode()).hexdigest().upper()}, row
    assert "edge-1" in text_of(database(c), "edge", "list")
    assert refused(database(c), "edge", "token", "edge-9")["code"] == "unknown_edge"
    assert refused(database(c), "edge", "add", "e" * 64)["code"] == "edge_id_invalid"
    assert refused(database(c), "edge", "add", "e", "--name", "n" * 128)["code"] == "edge_name_invalid"
    good(database(c), "edge", "add", "edge-2", "--lane", "both")
    assert {e["edge_id"]: e["lane"] for e in good(database(c), "edge", "list")["edges"]} == {"edge-1": "entry", "edge-2": "both"}


# ---- verify

def used_site(ground):
    """Two centrals with some of everything, stopped -> (path of one's database, its rows)."""
    site = ground.site(2).start()
    at = now_ms() - 2 * DAY
    for n in range(30):
        c, other = site[n % 2], site[(n + 1) % 2]
        c.enter("edge-1", "29A3%04d" % n, at + n * 1000)
        c.close("edge-1", "29A3%04d" % n)
        if n % 3 == 0:
            wait_for(lambda: other.rows.history(plate_id="29A3%04d" % n), what="the entry there")
            other.leave("edge-2", "29A3%04d" % n, at + HOUR + n * 1000)
    site[0].enter("edge-1", "29A39999", at)
    site[0].enter("edge-1", "29A39999", force=True)
    site[1].leave("edge-1", "29A38888", force=True)
    site.check_agreement()
    answer = good(database(site[0]), "verify")
    assert answer["records"] == site[0].rows.records() and answer["logs"] == len(site[0].rows.heads()), answer
    assert "All fits" in text_of(database(site[1]), "verify"), "while it runs"
    for c in site:
        assert c.stop() == 0
    return site[0]


def spoilt(ground, central, *statements):
    """A copy of the database after these statements -> (path, rows)."""
    path = ground.path("spoilt.db")
    for end in ("", "-wal", "-shm", "-lock"):
        if os.path.exists(path + end):
            os.unlink(path + end)
        if os.path.exists(database(central) + end):
            shutil.copy(database(central) + end, path + end)
    db = sqlite3.connect(path)
    for sql, *values in statements:
        assert db.execute(sql, values).rowcount > 0, sql
    db.commit()
    db.close()
    return path


def test_verify_finds_what_was_changed(ground):
    c = used_site(ground)
    at = "WHERE log = ? AND seq = ?"
    record_at = "WHERE log = (SELECT number FROM logs WHERE log = ?) AND seq = ?"
    exit_log, exit_seq, payload = c.rows.query("SELECT log, seq, payload FROM records WHERE type = 'VEHICLE_EXIT'"
                                               " AND payload LIKE '%\"fee\":25000%' ORDER BY log, seq LIMIT 1")[0].values()
    named = (exit_log, exit_seq)
    heads = c.rows.query("SELECT log, head_seq FROM logs ORDER BY head_seq DESC LIMIT 1")[0]
    seal = c.rows.query("SELECT log, seq FROM seals ORDER BY log DESC, seq LIMIT 1 OFFSET 3")[0]
    bound = c.rows.query("SELECT event_id FROM history WHERE exit_log = ? AND exit_seq = ?", *named)[0]["event_id"]
    entry = c.rows.query("SELECT entry_log AS log, entry_seq AS seq FROM history WHERE event_id = ?", bound)[0]
    assert good(spoilt(ground, c), "verify")["success"], "the copy as it is"
    cheap = payload.replace('"fee":25000', '"fee":15000')
    cases = [
        ("a changed fee", [("UPDATE record_rows SET payload = ? " + record_at, cheap, *named)], named, "chain"),
        ("the same with its chain made to fit",
         [("UPDATE record_rows SET payload = ?, chain = ? " + record_at, cheap, chain_of(c, cheap, *named), *named)], named, None),
        ("a removed record", [("DELETE FROM record_rows " + record_at, *named)], named, "missing"),
        ("the last record removed", [("DELETE FROM record_rows " + record_at, heads["log"], heads["head_seq"])],
         (heads["log"], heads["head_seq"]), "missing"),
        ("a forged seal", [("UPDATE seals SET signature = zeroblob(64) " + at, seal["log"], seal["seq"])],
         (seal["log"], seal["seq"]), "seal"),
        ("a removed seal", [("DELETE FROM seals " + at, heads["log"], heads["head_seq"])], (heads["log"], heads["head_seq"]), "seal"),
        ("a changed column", [("UPDATE record_rows SET plate_id = '29A00000' " + record_at, *named)], named, "plate_id"),
        ("another author", [("UPDATE logs SET id = 'central-9' WHERE log = ?", exit_log)], (exit_log, 1), "author"),
        ("a fee changed in history", [("UPDATE history SET fee = 5 WHERE event_id = ?", bound)], (entry["log"], entry["seq"]), "fee is 5"),
        ("a number of exits", [("UPDATE history SET exit_count = 5 WHERE event_id = ?", bound)], (entry["log"], entry["seq"]), "exit_count is 5"),
        ("a fee changed in exits", [("UPDATE exits SET fee = 5 " + at, *named)], named, "fee is 5"),
        ("a row of history removed", [("DELETE FROM history WHERE event_id = ?", bound)], (entry["log"], entry["seq"]), "lacks"),
        ("an exit invented", [("INSERT INTO exits SELECT log, seq + 1000, at, hlc_ms, hlc_counter, NULL, NULL, NULL, plate_id, plate_view,"
                               " 0, NULL, bound, kind, 1, exit_ts, exit_time, central, edge, NULL, NULL, reason, NULL, NULL FROM exits "
                               + at, *named)], (exit_log, exit_seq + 1000), "no record makes"),
        ("a setting invented", [("INSERT INTO settings VALUES('tariff', '{}', 1, 1, ?, 7)", exit_log)], (exit_log, 7), "no record makes"),
    ]
    for what, statements, place, word in cases:
        answer = refused(spoilt(ground, c, *statements), "verify")
        assert answer["code"] == "does_not_fit" and answer["log"] == place[0], (what, answer)
        if word is None:    # found at the record behind it, whose chain goes on from the true one, or at the seal
            assert answer["seq"] >= place[1], (what, answer)
        else:
            assert answer["seq"] == place[1] and word in answer["error"], (what, place, answer)


def chain_of(central, payload, log, seq):
    """The chain as somebody would make it who changed the record."""
    before = central.rows.value("SELECT chain FROM records WHERE log = ? AND seq = ?", log, seq - 1)
    return hashlib.sha256(before + payload.encode()).digest()


# ---- import

def imported(central, path, status, *more):
    done = ctl(database(central), "--json", "import", path, *more)
    answer = json.loads(done.stdout)
    assert done.returncode == status and answer["success"] is (status == 0), (done.returncode, answer, done.stderr)
    return answer


def check_import(ground, kind):
    site = ground.site(2).start()
    a, b = site
    old = make_old_db.make(kind, ground.path(kind + ".db"))
    want = make_old_db.expected(kind)
    with open(old, "rb") as f:
        bytes_before = f.read()
    first = imported(a, old, 1)
    assert {name: first[name] for name in want} == want, (first, want)
    assert first["known"] == 0 and sum(note["lost"] for note in first["notes"]) == want["lost"], first
    assert all(len(note["note"]) > 10 and note["row"] > make_old_db.ORDINARY for note in first["notes"]), first["notes"]
    assert a.rows.revenue() == want["fees"], "not a đồng less or more"
    records = a.rows.records()
    second = imported(a, old, 1)
    assert (second["entries"], second["exits"]) == (0, 0) and a.rows.records() == records, second
    assert second["known"] == second["rows"] - 2 and second["fees"] == want["fees"], second
    assert second["notes"] == first["notes"] and second["open"] == first["open"], "the same names, the same list"
    with open(old, "rb") as f:
        assert f.read() == bytes_before, "the old database is not touched"
    if kind != "plain":                 # every central of a mesh has such a file
        assert imported(b, old, 1)["fees"] == want["fees"]
    site.check_agreement()
    assert b.rows.revenue() == want["fees"], "told twice, counted once"
    assert good(database(b), "verify")["success"]
    return a, first


def test_import_of_the_newest(ground):
    a, first = check_import(ground, "newest")
    row = a.rows.history(plate_id="29A00003")[0]
    assert (row["source_central"], row["edge_id"], row["entry_time"], row["exit_time"]) == ("central-2", "edge-3",
                                                                                    make_old_db.stamp(21), make_old_db.stamp(111)), row
    assert (row["fee"], row["status"], row["duration"], row["entry_camera_name"]) == (25000, "OUT", "1 giờ 30 phút", "Cổng vào"), row
    assert row["event_id"] == "central-2_%d_29A00003" % make_old_db.epoch_ms(make_old_db.stamp(21)), row
    assert {s["plate_view"] for s in first["open"]} >= {"29A-000.39", "51F"}, first["open"]
    assert a.rows.history(plate_id="30A00002")[0]["flags"] == "negative"
    assert sorted(r["status"] for r in a.rows.history(plate_id="30A00003")) == ["OUT", "SUPERSEDED"], "the row that was there twice"
    assert a.rows.history(plate_id="30A00001")[0]["flags"] == "no_entry"
    assert a.rows.history(plate_id="30A00010")[0]["duration"] == "2 giờ 0 phút"
    assert a.rows.history(plate_id="30D00011")[0]["status"] == "OUT"
    a.leave("edge-1", "29A00039")
    assert len(imported(a, ground.path("newest.db"), 1)["open"]) == len(first["open"]) - 1, "one was ended"
    assert imported(a, ground.path("newest.db"), 1, "--days", "36500")["open"] == []
    text = ctl(database(a), "import", ground.path("newest.db"))
    assert text.returncode == 1 and "LOST" in text.stdout and "Still inside" in text.stdout and text.stderr, text


def test_import_of_the_mesh_form(ground):
    check_import(ground, "mesh")


def test_import_of_the_plain_form(ground):
    a, _ = check_import(ground, "plain")
    row = a.rows.history(plate_id="29A00003")[0]
    assert row["event_id"] == "central-1_%d_29A00003" % make_old_db.epoch_ms(make_old_db.stamp(21)), row
    assert row["source_central"] == "central-1", row


def test_import_of_something_else(ground):
    c = ground.central().start()
    before = c.rows.records()
    with open(ground.path("text.db"), "w") as f:
        f.write("not a database, but long enough to be taken for one" * 40)
    with sqlite3.connect(ground.path("empty.db")) as db:
        db.execute("CREATE VIEW history AS SELECT 1 AS plate_id, 2 AS entry_time, 3 AS exit_time, 4 AS fee, 5 AS status")
    db.close()
    for name, code in [("none.db", "no_file"), ("text.db", "not_read"), ("empty.db", "not_old")]:
        assert refused(database(c), "import", ground.path(name))["code"] == code
    assert refused(database(c), "import", database(c))["code"] == "not_old", "its own database"
    good_one = make_old_db.make("plain", ground.path("plain.db"))
    with open(database(c) + "-ctl", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refused(database(c), "import", good_one)["code"] == "busy", "one at a time"
    assert c.rows.records() == before


def test_import_goes_on_beside_gates(ground):
    """A larger file: gates go on working, and all is seen on the peer."""
    site = ground.site(2).start()
    a, b = site
    path = ground.path("large.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE history(id INTEGER PRIMARY KEY, plate_id, plate_view, entry_time, exit_time, fee, status)")
        db.executemany("INSERT INTO history(plate_id, entry_time, exit_time, fee, status) VALUES(?, ?, ?, 1000, 'OUT')",
                       (("29B%05d" % n, make_old_db.stamp(n), make_old_db.stamp(n + 30)) for n in range(3000)))
    db.close()
    line = [os.path.join(find_build(), "ctl", "parkmeshctl"), "--db", database(a), "--json", "import", path]
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    n = 0
    while running.poll() is None:
        a.enter("edge-1", "29C%05d" % n)
        n += 1
    out, err = running.communicate()
    assert running.returncode == 0 and n > 0, (running.returncode, err, n)
    assert json.loads(out)["fees"] == 3000 * 1000 == a.rows.revenue()
    site.check_agreement()
    assert b.rows.revenue() == 3000 * 1000 and len(b.rows.history(status="IN")) == n
    assert Rows(database(b)).value("SELECT count(*) FROM logs WHERE writer = 'ctl'") == 1


if __name__ == "__main__":
    tap.run(globals())
