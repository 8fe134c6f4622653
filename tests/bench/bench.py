"""What all figures share: sizes, programs, centrals, the servers of the floor, what was measured and what went wrong."""
import contextlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

from tests.bench.peers import Etcd, Postgres
from tests.site import process
from tests.site.build import ROOT
from tests.site.central import Central
from tests.site.ports import free_ports
from tests.site.site import Site, write_secret
from tests.site.wait import wait_for

BUILD = os.path.join(ROOT, "build-bench")
PROGRAMS = ("apply", "fill", "floor_apply", "floor_fcgi", "floor_visible", "load")
ENDS = ("", "-wal", "-shm", "-lock")        # of a database's files
ROOM_BYTES = 3000               # on the disk for a record: here, in a copy, and in the copy's log
LARGE_BYTES = 4 << 30
THREADS = 32                    # as parkmesh.fcgi has

NGINX = """
worker_processes 2; daemon off; pid {dir}/nginx.pid; error_log {dir}/nginx.log crit;
events {{ worker_connections 1024; }}
http {{
	access_log off; client_body_temp_path {dir}/body; fastcgi_temp_path {dir}/fastcgi; proxy_temp_path {dir}/proxy;
	scgi_temp_path {dir}/scgi; uwsgi_temp_path {dir}/uwsgi;
	server {{
		listen 127.0.0.1:{port}; client_body_buffer_size 64k;
		location / {{ include /etc/nginx/fastcgi_params; fastcgi_buffers 64 16k; fastcgi_pass unix:{dir}/fcgi.sock; }}
	}}
}}
"""


class Floor:
    """nginx before a small FastCGI program that only answers bytes, or first commits a row (in groups; window: after waiting so many
    us for more of them)."""

    def __init__(self, folder, bytes=200, rows=False, window=0, build=BUILD):
        self.port, self.folder, self._running = free_ports(1)[0], folder, []
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as f:
            f.write(NGINX.format(dir=folder, port=self.port))
        socket, self.database = os.path.join(folder, "fcgi.sock"), os.path.join(folder, "rows.db")
        self._run(os.path.join(build, "tests", "bench", "floor_fcgi"), socket, str(THREADS), str(bytes), *[self.database, str(window)] * rows)
        wait_for(lambda: os.path.exists(socket), what="the floor's socket")
        os.chmod(socket, 0o666)
        self._run("nginx", "-e", os.path.join(folder, "nginx.log"), "-c", os.path.join(folder, "nginx.conf"))

    def _run(self, *command):
        self._running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))

    def pids(self):
        started = [running.pid for running in self._running]
        return started + [pid for parent in started for pid in process.descendants(parent)]

    def clean_up(self):
        for running in self._running:
            running.send_signal(signal.SIGTERM)
            running.wait()
        self._running = []


class Bench:
    """quick, full: how long and how large. rows: tests/bench/table.py's Figure, in order. wrong: sentences; one fails the run."""

    def __init__(self, folder, full, peers, build=BUILD):
        self.folder, self.full, self.peers, self.build = folder, full, peers, build
        self.seconds, self.rounds = 1.5 if full else 0.4, 3
        self.rows, self.wrong, self._made, self._filled, self._version = [], [], [], set(), None
        self._numbers, self._folders, self._newcomers = itertools.count(1), itertools.count(1), itertools.count(1)

    def row(self, figure):
        self.rows.append(figure)

    def check(self, good, sentence):
        if not good:
            self.wrong.append(sentence)

    # ---- what is measured

    def path(self, name):
        """A new folder's, which nothing else has."""
        made = os.path.join(self.folder, "%02d-%s" % (next(self._folders), name))
        os.makedirs(made)
        return made

    def keep(self, thing):
        """It is cleaned up by done()."""
        self._made.append(thing)
        return thing

    def site(self, count, **more):
        return self.keep(Site(self.path("site"), count, build=self.build, **more))

    def secret(self):
        """The file with the mesh secret of all centrals that belong to no site."""
        path = os.path.join(self.build, "bench-secret")
        return path if os.path.exists(path) else write_secret(path)

    def central(self, id="central-1", **more):
        more.setdefault("secret_file", self.secret())
        return self.keep(Central(id, self.path("central"), build=self.build, **more))

    def newcomer(self, **more):
        """A central that nobody has met: whoever has met central-1 knows its key, and would not take another for it."""
        return self.central("newcomer-%d" % next(self._newcomers), **more)

    def floor(self, **more):
        return self.keep(Floor(self.path("floor"), build=self.build, **more))

    def etcd(self):
        return self.keep(Etcd(self.path("etcd")))

    def postgres(self):
        return self.keep(Postgres(self.path("postgres")))

    def done(self):
        """The end of a group of figures: its programs end, its files go."""
        while self._made:
            self._made.pop().clean_up()
        for name in os.listdir(self.folder):
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    # ---- programs

    def place(self, name):
        """Of a program."""
        return os.path.join(self.build, "tests", "bench", name)

    def program(self, name, *words):
        """What it wrote."""
        return subprocess.run([self.place(name), *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout

    @staticmethod
    def options(ports, asks, options):
        words = [word for port in ports for word in ("--port", port)] + [word for ask in asks for word in ("--ask", ask)]
        return words + [word for name, value in options.items() if value is not None for word in ("--" + name, value)]

    def load(self, ports, *asks, **options):
        """Clients at these ports (tests/bench/load.c) -> what it says."""
        options.setdefault("seconds", self.seconds)
        seen = json.loads(self.program("load", *self.options(ports, asks, options)))
        self.check(seen["failed"] == 0, "%s: %d answers were not as they should be" % (asks[0], seen["failed"]))
        self.check(seen["lost"] == 0, "%s: %d requests were never answered" % (asks[0], seen["lost"]))
        return seen

    def run(self):
        """A letter and two digits that make one run's plates differ from another's."""
        number = next(self._numbers)
        return "%s%02d" % ("ABCDEFGHKLMNPSTUVXYZ"[number // 100 % 20], number % 100)

    def enter(self, centrals, clients, **more):
        """Clients drive in other cars each, at these centrals around; each one that was acknowledged has to be in the database.
        -> what load says, and run."""
        run = self.run()
        body = '{"edge_id":"edge-1","plate_id":"%s@@@@@@@","direction":"ENTRY","confidence":0.94,"camera_type":"car"}' % run
        seen = self.load([c.api_port for c in centrals], "POST " + more.pop("path", "/api/edge/barrier/open"), clients=clients, body=body,
                         must='"action":"ENTRY"', **more)
        held = sum(self.held(c, run, own=True) for c in centrals)
        self.check(seen["ok"] <= held <= seen["begun"],
                   "run %s: %d entries were acknowledged, %d are in the database" % (run, seen["ok"], held))
        return dict(seen, run=run)

    @staticmethod
    def held(central, run, own=False):
        """Entries of that run that the central holds; own: that came in there."""
        sql = "SELECT count(*) FROM history WHERE plate_id BETWEEN ? AND ? AND entry_ts IS NOT NULL"
        return central.rows.value(sql + (" AND source_central = '%s'" % central.id if own else ""), run + "0000000", run + "9999999")

    def in_turn(self, *measures, rounds=None):
        """Each in turn, so often (usually as the run says), so that what else the machine does meets all alike -> the median of each
        member."""
        seen = [[measure() for measure in measures] for _ in range(rounds or self.rounds)]
        return [{name: statistics.median(of[i][name] for of in seen) for name in seen[0][i] if not isinstance(seen[0][i][name], str)}
                for i in range(len(measures))]

    # ---- databases that are large

    def _current(self, path):
        """Is it as this program makes one? Of an earlier schema it is not what a new history would be, though it could be brought here."""
        def version(of):
            with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % of, uri=True)) as db:
                return db.execute("PRAGMA user_version").fetchone()

        if self._version is None:
            new = os.path.join(self.path("version"), "parkmesh.db")
            self.program("fill", new, "central-2", 0)
            self._version = version(new)
        return os.path.exists(path) and version(path) == self._version

    def filled(self, records):
        """A database of central-2 with so many records, made once and kept in build-bench/data -> its path."""
        path = os.path.join(self.build, "data", "%d.db" % records)
        if path in self._filled or self._current(path):
            self._filled.add(path)
            return path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        remove(path)
        remove(path + ".new")
        self._fill(path, records)
        self._filled.add(path)
        return path

    def _fill(self, path, records):
        free = shutil.disk_usage(os.path.dirname(path)).free
        assert free > records * ROOM_BYTES, "%d records and a copy of them need %d GB here" % (records, records * ROOM_BYTES >> 30)
        print("  making a database of %d records, once" % records, file=sys.stderr, flush=True)
        seen = json.loads(self.program("fill", "--apart", "--sql", "PRAGMA cache_size = -1048576", path + ".new", "central-2", records))
        with contextlib.closing(sqlite3.connect(path + ".new")) as db:
            db.execute("PRAGMA journal_mode = WAL")
        os.rename(path + ".new", path)
        remove(path + ".new")
        print("  %d records/s" % seen["per_second"], file=sys.stderr, flush=True)

    def central_with(self, records, **more):
        """central-2, not started, that holds so many records."""
        central = self.central("central-2", **more)
        copy(self.filled(records), central.rows.path)
        return central


def remove(path):
    """A database with all its files, as far as they are there."""
    for end in ENDS:
        if os.path.exists(path + end):
            os.unlink(path + end)


def copy(source, target):
    """On the disk when it returns, so that its writing disturbs no measurement. Of a large one memory then has the copy alone."""
    shutil.copyfile(source, target)
    with open(target, "rb+") as f:
        os.fsync(f.fileno())
    if os.path.getsize(source) > LARGE_BYTES:
        with open(source, "rb") as f:
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds_until(what, most=600.0, every=0.002):
    """Seconds until what() is true, from now."""
    began = time.monotonic()
    wait_for(what, most, "a measurement to end", every=every)
    return time.monotonic() - began
