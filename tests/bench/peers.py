"""What else a site could pick, in the same run: etcd as three members, PostgreSQL with logical replication. Both from Debian."""
import base64
import os
import pwd
import shutil
import subprocess
import urllib.request

from tests.site import process
from tests.site.build import ROOT
from tests.site.ports import free_ports
from tests.site.wait import wait_for

PUT_BYTES = 438                 # a record's line


def install():
    subprocess.run([os.path.join(ROOT, "packaging", "need"), "--and=etcd-server,postgresql"], check=True)


def answered(url, body=b"{}"):
    try:
        with urllib.request.urlopen(url, body, 2) as answer:
            return answer.read().decode()
    except OSError:
        return ""


class Etcd:
    """Three members on loopback; puts go to the one that leads."""

    def __init__(self, folder):
        self._running, ports = [], free_ports(6)
        self._clients = ports[:3]
        cluster = ",".join("m%d=http://127.0.0.1:%d" % (i, port) for i, port in enumerate(ports[3:]))
        for i in range(3):
            self._start(folder, "m%d" % i, "http://127.0.0.1:%d" % ports[i], "http://127.0.0.1:%d" % ports[3 + i], cluster)
        wait_for(lambda: any(map(self._leads, self._clients)), 60, "etcd to choose a leader")

    def _start(self, folder, name, client, peer, cluster):
        with open(os.path.join(folder, name + ".log"), "wb") as log:
            self._running.append(subprocess.Popen(
                ["etcd", "--name", name, "--data-dir", os.path.join(folder, name), "--listen-client-urls", client,
                 "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", cluster, "--initial-cluster-state", "new", "--log-level", "error"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))

    @staticmethod
    def _leads(port):
        text = answered("http://127.0.0.1:%d/v3/maintenance/status" % port)
        return '"leader":"' in text and text.split('"member_id":"')[1].split('"')[0] == text.split('"leader":"')[1].split('"')[0]

    def put(self, bench, clients):
        """-> what load says."""
        leader = next(port for port in self._clients if self._leads(port))
        value = base64.b64encode(b"x" * PUT_BYTES).decode()
        number = bench.run()[1:].ljust(4, "0")      # what is written is base64, too
        return bench.load([leader], "POST /v3/kv/put", clients=clients, body='{"key":"%s@@@@@@@@","value":"%s"}' % (number, value),
                          must='"revision"')

    def clean_up(self):
        process.end_all(self._running)
        self._running = []


class Postgres:
    """Two servers; the second subscribes to a table of the first."""

    TABLE = ("CREATE TABLE stays(event_id text PRIMARY KEY, plate text, at bigint, payload text);"
             "CREATE INDEX stays_plate ON stays(plate, at); CREATE INDEX stays_at ON stays(at);")
    FILL = ("DO $$ BEGIN FOR i IN %d..%d LOOP INSERT INTO stays VALUES ('central-2_' || i, '29A' || (i::bigint * 7919 %% 100003), i,"
            " repeat('x', %d)); COMMIT; END LOOP; END $$")
    TOOK = ("SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)) - min(pg_xact_commit_timestamp(xmin))) FROM stays"
            " WHERE at > %d")

    def __init__(self, folder):
        self._bin = max(os.path.join("/usr/lib/postgresql", v, "bin") for v in os.listdir("/usr/lib/postgresql"))
        self._folder, self._user, self._rows = folder, pwd.getpwnam("postgres"), 0
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._ports = free_ports(2)
        for port in self._ports:
            self._run("initdb", "-D", self._place(port), "-A", "trust", "--no-sync")
            self._run("pg_ctl", "-D", self._place(port), "-w", "-l", self._place(port) + ".log", "-o",
                      "-p %d -k %s -c wal_level=logical -c track_commit_timestamp=on -c listen_addresses=127.0.0.1" % (port, folder), "start")
            self.sql(port, self.TABLE)
        self.sql(self._ports[0], "CREATE PUBLICATION site FOR TABLE stays")
        self.sql(self._ports[1], "CREATE SUBSCRIPTION site CONNECTION 'host=127.0.0.1 port=%d dbname=postgres'"
                                 " PUBLICATION site WITH (copy_data = false)" % self._ports[0])

    def _place(self, port):
        return os.path.join(self._folder, str(port))

    def _run(self, name, *words):
        return subprocess.run(["runuser", "-u", "postgres", "--", os.path.join(self._bin, name), *words], check=True, cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

    def sql(self, port, text):
        return self._run("psql", "-qAt", "-h", self._folder, "-p", str(port), "-d", "postgres", "-c", text).strip()

    def catch_up(self, rows):
        """Rows a second, each a transaction of its own, from the first to the last that the subscriber commits."""
        here, there = self._ports
        self.sql(there, "ALTER SUBSCRIPTION site DISABLE")
        first, self._rows = self._rows, self._rows + rows
        self.sql(here, "ALTER SYSTEM SET synchronous_commit = off")
        self.sql(here, "SELECT pg_reload_conf()")
        self.sql(here, self.FILL % (first + 1, self._rows, PUT_BYTES))
        self.sql(there, "ALTER SUBSCRIPTION site ENABLE")
        wait_for(lambda: int(self.sql(there, "SELECT count(*) FROM stays")) >= self._rows, 600, "the subscriber to catch up", every=0.1)
        return rows / float(self.sql(there, self.TOOK % first))

    def clean_up(self):
        for port in self._ports:
            self._run("pg_ctl", "-D", self._place(port), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)
