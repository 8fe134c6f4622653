"""Many peers of one central on one machine: each a p2pd with a database of its own, without nginx and parkmesh.fcgi."""
import contextlib
import os
import shutil
import sqlite3
import subprocess

from tests.hostile.author import Keys
from tests.site import process
from tests.site.ports import free_ports

OURS = "SELECT mesh, mesh_secret, mesh_key FROM identity"
MINE = ("UPDATE identity SET id = ?, ip = '127.0.0.1', p2p_port = ?, api_port = 1, mesh = ?, mesh_secret = ?, mesh_key = ?,"
        " public_key = ?, secret_key = ?")
KNOWS = "INSERT INTO peers(id, ip, p2p_port, weight, dialect, tls) VALUES(?, ?, ?, 1, 'native', ?)"


class Crowd:
    """count peers that know this central alone, dial it by TLS, and hold what it holds."""

    def __init__(self, folder, build, blank, central, count):
        """blank: a database nobody has used yet."""
        self._running, self.databases = [], []
        self._build, self._central = build, central
        with contextlib.closing(sqlite3.connect(central.rows.path)) as db:
            self._mesh, = db.execute(OURS)
        for i, port in enumerate(free_ports(count)):
            self._start(os.path.join(folder, "peer-%d" % i), blank, "peer-%d" % i, port)

    def _start(self, folder, blank, id, port):
        os.makedirs(folder)
        path = os.path.join(folder, "parkmesh.db")
        shutil.copyfile(blank, path)
        self._acquaint(path, id, port)
        with open(os.path.join(folder, "output"), "wb") as out:
            self._running.append(subprocess.Popen(
                [os.path.join(self._build, "p2pd", "p2pd"), "--db", path, "--notify", os.path.join(folder, "notify")],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT))
        self.databases.append(path)

    def _acquaint(self, path, id, port):
        keys = Keys()
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute(MINE, (id, port, *self._mesh, keys.public, keys.secret))
            db.execute(KNOWS, (self._central.id, self._central.ip, self._central.p2p_port, True))

    def clean_up(self):
        process.end_all(self._running)
        self._running = []
