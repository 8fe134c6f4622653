"""One real central: nginx, parkmesh.fcgi and p2pd under parkmesh-central, in a folder of its own.

    made -> start() -> running -> stop() or kill() -> down -> start() again, with the same ports and the same folder
"""
import json
import os
import re
import signal
import subprocess
import time

from tests.site import process
from tests.site.build import LAUNCHER, find_build
from tests.site.client import Client, Lost
from tests.site.ports import free_ports
from tests.site.rows import Rows
from tests.site.wait import PATIENCE, NotSeen, wait_for

FAULT = re.compile(r"Sanitizer|runtime error:|event=(ended|stopped) .*(status=[1-9]|signal=(?!9\b))|Assertion")


class Central:
    """id: its name. folder: where its folder and the output of its programs go. peers: {id: (ip, port)}, which count at the
    first start (later the database knows better). options: further words of its command line."""

    def __init__(self, id, folder, peers=None, secret_file=None, build=None, api_port=None, p2p_port=None, ip="127.0.0.1",
                 options=()):
        self.id, self.ip, self.build = id, ip, build or find_build()
        self.dir = os.path.join(folder, id)
        self.output = os.path.join(folder, id + ".out")
        self.secret_file, self.peers, self.options = secret_file, dict(peers or {}), list(options)
        fresh = free_ports((api_port is None) + (p2p_port is None))
        self.api_port = fresh.pop() if api_port is None else api_port
        self.p2p_port = fresh.pop() if p2p_port is None else p2p_port
        self.client = Client(ip, self.api_port)
        self.rows = Rows(os.path.join(self.dir, "parkmesh.db"))
        self._parent, self._known = None, []
        os.makedirs(self.dir, mode=0o700, exist_ok=True)

    # ---- processes

    def command(self):
        """The command line it is started by."""
        line = [os.path.join(self.build, LAUNCHER), "--dir", self.dir, "--id", self.id, "--ip", self.ip,
                "--api-port", str(self.api_port), "--p2p-port", str(self.p2p_port)]
        for name, (ip, port) in sorted(self.peers.items()):
            line += ["--peer", "%s=%s:%d" % (name, ip, port)]
        if self.secret_file:
            line += ["--mesh-secret-file", self.secret_file]
        return line + self.options

    def start(self, wait=True):
        """Start all three programs; wait: return when they are ready. Raises NotSeen with the tail of what they wrote."""
        # A group, so that Ctrl-C is ours, but no session: the kernel shares a busy processor out by session (autogroup), and is at it so
        # coarse that a p2pd was seen to get 2 % of one for 60 ms while others had the rest.
        assert not self.running(), "%s runs already" % self.id
        with open(self.output, "ab") as out:
            begin = out.tell()
            self._parent = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            process_group=0)
        if wait:
            self.wait_ready(begin)
        return self

    def _said_ready(self, begin):
        with open(self.output, "rb") as f:
            f.seek(begin)
            said = any(line.startswith(b"ready ") for line in f)
        if not said and self._parent.poll() is not None:
            raise NotSeen("%s ended with status %d before it was ready:\n%s"
                          % (self.id, self._parent.returncode, self.tail()))
        return said

    def wait_ready(self, begin=0):
        """Wait for the `ready` line written after byte begin of the output."""
        wait_for(lambda: self._said_ready(begin), PATIENCE,
                 lambda: "the ready line of %s; it wrote:\n%s" % (self.id, self.tail()))
        self._known = process.descendants(self._parent.pid)

    def running(self):
        return self._parent is not None and self._parent.poll() is None

    def pid(self, role=None):
        """Of a child by role ("nginx", "fcgi", "p2pd"), or of the parent; None while it does not run."""
        parent = self._parent
        if role is None or parent is None:
            return parent and parent.pid
        return process.child_of_role(parent.pid, role)

    def stop(self):
        """SIGTERM to the parent; all three end. -> its exit status, 0 if all is well."""
        if self._parent is None:
            return 0
        self._known = process.descendants(self._parent.pid) or self._known
        process.send(self._parent.pid, signal.SIGTERM)
        return self._ended()

    def kill(self, role=None):
        """SIGKILL: of one child (the parent starts it again; call wait_back then), or of the parent (all three die)."""
        if role is None:
            self._known = process.descendants(self._parent.pid)
            process.send(self._parent.pid, signal.SIGKILL)
            self._ended()
            return None
        victim = wait_for(lambda: self.pid(role), what="%s of %s to be there" % (role, self.id))
        process.send(victim, signal.SIGKILL)
        return victim

    def crash(self):
        """SIGKILL of every process at once, as if the machine had died; none gets to end by itself."""
        self._known = process.descendants(self._parent.pid)
        process.send(self._parent.pid, signal.SIGSTOP)      # starts nobody again meanwhile
        for pid in [*process.descendants(self._parent.pid), self._parent.pid]:
            process.send(pid, signal.SIGKILL)
        self._ended()

    def _ended(self):
        try:
            status = self._parent.wait(PATIENCE)
            wait_for(lambda: not any(map(process.alive, self._known)), what=self._left)
        finally:
            self._kill_left()
        self._parent = None
        return status

    def _kill_left(self):
        """What a failed test leaves behind must not disturb the next."""
        for pid in filter(process.alive, [self._parent.pid, *self._known]):
            process.send(pid, signal.SIGKILL)

    def _left(self):
        return "the children of %s to end; left: %s" % (self.id, [pid for pid in self._known if process.alive(pid)])

    def clean_up(self):
        """End everything, whatever state it is in. Never raises."""
        if self._parent is None:
            return
        self._known = process.descendants(self._parent.pid) or self._known
        for pid in self._known:
            process.send(pid, signal.SIGCONT)
        process.send(self._parent.pid, signal.SIGTERM)
        try:
            self._parent.wait(10)
        except subprocess.TimeoutExpired:
            process.send(self._parent.pid, signal.SIGKILL)
            self._parent.wait()
        self._kill_left()
        self._parent = None

    def wait_back(self, role, victim):
        """After kill(role): another process plays the role, and the central answers again."""
        wait_for(lambda: self.pid(role) not in (None, victim), what="%s of %s to be started again" % (role, self.id))
        wait_for(self.healthy, what=lambda: "%s to answer again; it wrote:\n%s" % (self.id, self.tail()))

    def pause(self, role="p2pd"):
        """Freeze a child: a program that is stuck. Returns when it stands still."""
        pid = self.pid(role)
        process.send(pid, signal.SIGSTOP)
        wait_for(lambda: process.stopped(pid), what="%s of %s to stand still" % (role, self.id), every=0.001)

    def resume(self, role="p2pd"):
        pid = self.pid(role)
        if pid is not None:         # else it was ended meanwhile
            process.send(pid, signal.SIGCONT)

    def tail(self, lines=40):
        """The end of what its programs wrote."""
        with open(self.output, errors="replace") as f:
            return "".join(f.readlines()[-lines:])

    def faults(self):
        """Lines of the output that tell of a crash or a sanitizer's complaint: parkmesh-central starts a child again that died,
        so that a test would not notice. What a test killed (signal 9) is none."""
        with open(self.output, errors="replace") as f:
            return [self.id + ": " + line.rstrip("\n") for line in f if FAULT.search(line)]

    # ---- HTTP

    @property
    def url(self):
        return "http://%s:%d" % (self.ip, self.api_port)

    def ask(self, method, path, content=None, **headers):
        """-> (status, object). Raises Lost if no answer came."""
        return self.client.ask(method, path, content, **headers)

    def raw(self, method, path, body=None, headers=None):
        return self.client.raw(method, path, body, headers)

    def good(self, method, path, content=None):
        """As ask, but anything than 200 with success:true fails the test. -> object"""
        status, answer = self.ask(method, path, content)
        assert status == 200 and answer.get("success") is True, \
            "%s %s %s at %s: %d %s" % (method, path, json.dumps(content, ensure_ascii=False), self.id, status, answer)
        return answer

    def healthy(self):
        """Does /healthz say that all is well?"""
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except (Lost, ValueError):
            return False

    def detect(self, edge, plate, direction="ENTRY", at=None, **more):
        return self.ask("POST", "/api/edge/detection", timed(at, edge_id=edge, plate_id=plate, plate_view=plate,
                                                            camera_type="car", direction=direction, confidence=0.9, **more))

    def open(self, edge, plate, direction=None, at=None, **more):
        """at: Unix ms it happened; its sent_at is then now."""
        if direction:
            more["direction"] = direction
        return self.ask("POST", "/api/edge/barrier/open", timed(at, edge_id=edge, plate_id=plate, **more))

    def close(self, edge, plate, **more):
        return self.ask("POST", "/api/edge/barrier/close", dict(more, edge_id=edge, plate_id=plate))

    def enter(self, edge, plate, at=None, **more):
        """An entry that has to succeed -> answer."""
        return told(self.open(edge, plate, "ENTRY", at, **more))

    def leave(self, edge, plate, at=None, **more):
        """An exit that has to succeed -> answer."""
        return told(self.open(edge, plate, "EXIT", at, **more))

    def config(self):
        return self.good("GET", "/api/p2p/config")["config"]

    def put_config(self, config):
        return self.ask("PUT", "/api/p2p/config", config)

    def status(self):
        return self.good("GET", "/api/p2p/status")

    def peer(self, id):
        """The peer's part of the status, None if it has none."""
        return next((peer for peer in self.status()["peers"] if peer["peer_id"] == id), None)

    def connected(self, *ids):
        """Is it connected with all of these?"""
        now = {peer["peer_id"]: peer["connected"] for peer in self.status()["peers"]}
        return all(now.get(id) for id in ids)

    # ---- what it holds

    def stay(self, event_id):
        """Its row of `history`, None if it has none."""
        return next(iter(self.rows.history(event_id=event_id)), None)


def now_ms():
    return int(time.time() * 1000)


def timed(at, **body):
    """The body of an edge's request; with at (Unix ms it happened) also the two times an edge tells."""
    if at is not None:
        body.update(timestamp=at, sent_at=now_ms())
    return body


def expect(result, status, code, field=None):
    """(status, answer) that has to be a refusal as api.md wants it -> answer."""
    seen, answer = result
    assert seen == status, "status %d expected: %d %s" % (status, seen, answer)
    assert answer["success"] is False and answer["code"] == code, "code %s expected: %s" % (code, answer)
    assert isinstance(answer["error"], str) and len(answer["error"]) > 10, "a sentence for people: %s" % answer
    assert answer.get("field") == field, "field %s expected: %s" % (field, answer)
    return answer


def told(result):
    """(status, answer) that has to be a success -> answer."""
    status, answer = result
    assert status == 200 and answer.get("success") is True, "refused: %d %s" % (status, answer)
    return answer
