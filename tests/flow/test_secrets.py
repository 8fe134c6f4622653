#!/usr/bin/python3
"""What nobody else may come to know: tokens, log-ins, passwords, the link, the mesh secret, keys. All of them are used; then nothing of
them stands in the journal, a log, a file, the list of processes or their environment, and the database has hashes where those do."""
import base64
import os
import re
import resource
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import process, tap                         # noqa: E402
from tests.site.page import Browser                         # noqa: E402
from tests.site.people import ctl, setup_path               # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402
from tests.site.watcher import Watcher                         # noqa: E402

PASSWORDS = {"the administrator's password": "a stapler of horses", "another person's": "seven brave lanterns",
             "its new one": "nine quiet lanterns", "one mistyped": "a staplr of horses"}
NEW_SECRET = "the lighthouse keeps its own counsel"
HELD = ("mesh_secret", "mesh_key", "secret_key")    # what a central has to know itself: in its own row, and there alone


def token_of(browser):
    """The cookie by which the browser is known."""
    return next(value for name, value in browser.cookies.items() if "session" in name)


class Used:
    """Two centrals of one mesh, and everything secret that there is, used at the first of them. secrets: {what it is: text}"""

    def __init__(self, ground):
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))      # so it is the programs that forbid it, and no sanitizer
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0"
        self.site = ground.site(2).start()
        self.c = self.site[0]
        self.secrets = dict(PASSWORDS)
        with open(self.site.secret_file, encoding="utf-8") as f:
            self.secrets["the mesh secret of before"] = f.read().strip()
        self._people()
        self._edges()
        self._mesh()
        self._failures()

    def _people(self):
        path = setup_path(self.c)
        self.secrets["the link"] = path.split("=")[1]
        password = PASSWORDS["the administrator's password"]
        self.admin = Browser(self.c)
        self.admin.get(path).press("Tạo tài khoản", {"name": "anna", "password": password, "again": password})
        ctl(self.c, "user", "add", "binh", "--role", "operator", stdin=PASSWORDS["another person's"] + "\n")
        ctl(self.c, "user", "passwd", "binh", stdin=PASSWORDS["its new one"] + "\n")
        assert Browser(self.c).log_in("anna", PASSWORDS["one mistyped"]).answer.status == 403
        self.binh = Browser(self.c)
        assert self.binh.log_in("binh", PASSWORDS["its new one"]).path == "/"
        self.secrets.update({"a log-in": token_of(self.admin), "another log-in": token_of(self.binh),
                             "a form's token": self.admin.get("/account").values("csrf")[0]})
        left = Browser(self.c)
        left.log_in("binh", PASSWORDS["its new one"])
        self.secrets["a log-in that is over"] = token_of(left)
        left.get("/account").press("Đăng xuất")
        self.unused = setup_path(self.c).split("=")[1]
        self.secrets["a link that is open"] = self.unused

    def _edges(self):
        ctl(self.c, "edge", "add", "edge-1")
        for what in ("a token that was replaced", "an edge's token"):
            self.secrets[what] = ctl(self.c, "edge", "token", "edge-1")
            bearer = {"Authorization": "Bearer " + self.secrets[what]}
            assert self.c.raw("POST", "/api/edge/heartbeat", b'{"edge_id":"edge-1"}', bearer).status < 500
            assert self.c.raw("GET", "/api/stats", None, bearer).status == 403
        self.c.enter("edge-1", "29A12345")

    def _mesh(self):
        self.secrets["the mesh secret"] = NEW_SECRET
        for central in self.site:
            ctl(central, "secret", "set", "-", stdin=NEW_SECRET + "\n")
        wait_for(lambda: all(peer["connected"] for one in self.site for peer in one.status()["peers"]), what="the new secret to count")
        kept = self.c.rows.query("SELECT mesh_key, secret_key FROM identity")[0]
        with open(os.path.join(self.c.dir, "tls.key"), encoding="utf-8") as f:
            self.secrets["the key of the certificate"] = f.read().split("\n")[1]
        self.secrets.update({"the mesh's key": kept["mesh_key"].hex(), "the central's key": kept["secret_key"][:32].hex()})

    def _failures(self):
        """What makes programs write lines: they end, are asked for their state, and nginx is sent too much."""
        cookie = {"Cookie": "; ".join("%s=%s" % one for one in self.admin.cookies.items()), "Referer": self.c.url + "/"}
        bearer = dict(cookie, Authorization="Bearer " + self.secrets["an edge's token"])
        victim = self.c.kill("fcgi")
        for path in ("/", "/setup?token=" + self.unused, "/api/stats", "/ws/history", "/static/none", "/%zz?token=" + self.unused):
            self.c.raw("GET", path, None, bearer)
        for path in ("/", "/setup?token=" + self.unused, "/api/stats"):
            self.c.raw("POST", path, b"x" * 70000, bearer)
        self.c.wait_back("fcgi", victim)
        process.send(self.c.pid("p2pd"), 10)       # SIGUSR1
        self.c.raw("GET", "/healthz", headers={"Cookie": cookie["Cookie"] + "x" * 9000})
        self.c.put_config({"mesh_secret": 5})
        ctl(self.c, "backup")
        self.watcher = Watcher(self.c, Cookie=cookie["Cookie"], Origin=self.c.url)

    def forms(self):
        """(what, bytes as which it may be written)"""
        for what, text in self.secrets.items():
            yield what, text.encode()
            yield what, base64.b64encode(text.encode()).rstrip(b"=")
            if re.fullmatch("[0-9a-f]{64}", text):
                yield what, bytes.fromhex(text)
                yield what, text.upper().encode()
                yield what, base64.b64encode(bytes.fromhex(text)).rstrip(b"=")

    def found_in(self, content, but=()):
        return sorted({what for what, form in self.forms() if form in content and what not in but})


def files(folder):
    for below, _, names in os.walk(folder):
        yield from (os.path.join(below, name) for name in names if os.path.isfile(os.path.join(below, name)))


def is_database(path):
    """Or a copy of it."""
    return os.path.basename(path).startswith("parkmesh.db") or "/backup/" in path


def processes(used):
    for central in used.site:
        yield from [central.pid(), *process.descendants(central.pid())]


def of_process(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as f:
        return f.read()


# ---- logs, files, processes

def test_what_is_looked_for_can_be_found(used):
    """Or the tests below would prove nothing."""
    for what, form in used.forms():
        assert what in used.found_in(b"x" + form + b"x")
    with open(used.c.output, "rb") as f:
        written = f.read()
    for event in (b"event=logged_in user=anna", b"event=login_refused", b"child=fcgi", b"event=identity"):
        assert event in written, event
    with open(os.path.join(used.c.dir, "nginx-error.log"), "rb") as f:
        assert b"too large body" in f.read(), "nginx was sent too much, and said so"
    assert b"parkmesh.db" in of_process(used.c.pid("fcgi"), "cmdline") + of_process(used.c.pid("p2pd"), "cmdline")


def test_nothing_is_in_the_journal(used):
    for central in used.site:
        with open(central.output, "rb") as f:
            assert not used.found_in(f.read()), central.id


def test_nothing_is_in_a_file_but_the_database(used):
    looked = 0
    for path in files(used.c.dir):
        if is_database(path) or path.endswith("/tls.key"):
            continue
        looked += 1
        with open(path, "rb") as f:
            assert not used.found_in(f.read()), path
    assert looked >= 3, "nginx.conf, its pid, its log"


def test_nothing_is_in_the_list_of_processes(used):
    seen = 0
    for pid in processes(used):
        for name in ("cmdline", "environ", "comm"):
            content = of_process(pid, name)
            seen += len(content)
            assert not used.found_in(content), (pid, name, content[:200])
    assert seen > 1000


def test_nothing_is_in_an_answer_of_the_api(used):
    for path in ("/api/p2p/config", "/api/p2p/status", "/api/p2p/sync-state", "/api/status", "/api/stats", "/healthz"):
        assert not used.found_in(used.c.raw("GET", path).body), path
    for words in (("config", "export"), ("--json", "status"), ("status",), ("--json", "user", "list"), ("--json", "edge", "list")):
        assert not used.found_in(ctl(used.c, *words).encode()), words


# ---- the database

def test_the_database_has_hashes_where_those_do(used):
    """Neither a row nor what is left of one: the files, byte by byte."""
    tables = used.c.rows.values("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {"users", "sessions", "edges", "setup_link", "identity", "audit"} <= set(tables), tables
    for table in tables:
        for row in used.c.rows.query('SELECT * FROM "%s"' % table):
            for name, value in row.items():
                if table == "identity" and name in HELD:
                    continue
                content = value if isinstance(value, bytes) else str(value).encode()
                assert not used.found_in(content), (table, name)
    held = ("the mesh secret", "the mesh secret of before", "the mesh's key", "the central's key")
    databases = [path for path in files(used.c.dir) if is_database(path)]
    assert any("/backup/" in path for path in databases), databases
    for path in databases:
        with open(path, "rb") as f:
            assert not used.found_in(f.read(), but=held), path
    for sql in ("SELECT hash FROM sessions", "SELECT hash FROM setup_link", "SELECT token_hash FROM edges WHERE token_hash IS NOT NULL"):
        kept = used.c.rows.values(sql)
        assert kept and all(len(value) == 32 for value in kept), sql
    assert all(value.startswith("$argon2id$") for value in used.c.rows.values("SELECT password FROM users"))


# ---- files and sockets

def test_files_and_sockets_are_for_their_owner(used):
    """Sockets that nginx, as another user, has to reach are for its group, too."""
    wanted = {stat.S_IFREG: 0o600, stat.S_IFIFO: 0o600, stat.S_IFSOCK: 0o660, stat.S_IFDIR: 0o700}
    kinds = set()
    for folder, below, names in os.walk(used.c.dir):
        for path in [folder, *(os.path.join(folder, name) for name in below + names)]:
            mode = os.lstat(path).st_mode
            kinds.add(stat.S_IFMT(mode))
            assert stat.S_IMODE(mode) & ~wanted[stat.S_IFMT(mode)] == 0, (path, oct(mode))
    assert kinds == set(wanted), "there is one of each"


def test_no_program_leaves_a_core_file(used):
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
        raise tap.Skip("this machine allows none")
    for pid in processes(used):
        assert re.search(rb"^Max core file size +0 ", of_process(pid, "limits"), re.M), of_process(pid, "comm")


# ---- pages

def test_the_link_is_not_told_to_what_its_page_loads(used):
    """A browser says with each file of a page where it comes from, and what fails is logged with that."""
    answer = used.c.raw("GET", "/setup?token=" + used.unused)
    assert answer.status == 200 and answer.headers["referrer-policy"] == "strict-origin", answer.headers
    assert used.c.raw("GET", "/login").headers["referrer-policy"] == "same-origin"


def test_a_browser_keeps_no_page(used):
    """Somebody else at the same screen goes back after a log-out."""
    for path in ("/", "/history", "/account", "/settings/p2p", "/api/parking/history", "/none"):
        answer = used.c.raw("GET", path, None, {"Cookie": "; ".join("%s=%s" % one for one in used.admin.cookies.items())})
        assert answer.headers["cache-control"] == "no-store", (path, answer.headers)


def test_who_watches_is_told_to_p2pd_alone(used):
    used.watcher.until(used.c.leave("edge-1", "29A12345")["event_id"], status="OUT")
    answer = used.c.raw("GET", "/ws/history", None, {"Cookie": "; ".join("%s=%s" % one for one in used.admin.cookies.items()),
                                                     "Origin": used.c.url})
    assert answer.status == 426 and "x-parkmesh-watcher" not in answer.headers, answer.headers


# ---- a machine in somebody's hands

def refusals(central):
    with open(central.output, encoding="utf-8") as f:
        return f.read().count("cause=wrong-secret")


def test_a_stolen_central_is_locked_out(used):
    """By a new secret at those that are left, whatever it still knows. The last test: nothing is as before afterwards."""
    left, stolen = used.site
    used.secrets["the secret after the theft"] = ctl(left, "secret", "set", "--generate")
    for central, other in ((stolen, left), (left, stolen)):
        wait_for(lambda c=central, o=other: not c.connected(o.id) and "wrong secret" in (c.peer(o.id)["last_error"] or ""),
                 what=lambda c=central: "each to refuse the other; %s" % c.status()["peers"])
    here, there = left.enter("edge-1", "51F00001")["event_id"], stolen.enter("edge-1", "51F00002")["event_id"]
    ctl(left, "peer", "remove", stolen.id)
    tries = refusals(stolen)
    wait_for(lambda: refusals(stolen) > tries, what="it to be refused again and again")
    assert stolen.stay(here) is None and left.stay(there) is None
    assert not used.found_in(ctl(stolen, "status").encode() + stolen.raw("GET", "/api/p2p/status").body)


if __name__ == "__main__":
    tap.run(globals(), Used)
