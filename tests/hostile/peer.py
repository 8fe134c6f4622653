"""A stand-in for a central: HELLO, AUTH, heartbeats, pages and ACKs, honest unless told otherwise.

    Peer(id, secret) -> dial(port) or listen() + accept() -> Session: hello(), auth() or prove_as…, then say(), hear(), expect()
"""
import json
import os
import socket
import threading
import time

from tests.hostile import tls, websocket
from tests.hostile.author import Keys, Log, Party, compact, mesh_key, now_ms, proof, sealed_text, sha, transcript, verifies
from tests.hostile.websocket import Gone, Silence, Wire

WARNINGS = ("fork", "two_centrals")     # told on a connection that goes on
PAGES = ("SYNC_RESPONSE", "BATCH")


class Message:
    """type, content (the envelope), data, records (lines in bytes)."""

    def __init__(self, raw):
        first, *self.records = raw.split(b"\n")
        self.raw, self.content = raw, json.loads(first)
        self.type, self.data = self.content["type"], self.content.get("data", {})

    @property
    def request_id(self):
        return self.content.get("request_id")

    @property
    def code(self):
        return self.content.get("code")

    def __repr__(self):
        return self.raw[:300].decode("utf-8", "replace")


class Held:
    """A log of somebody else, as received: checked by chain and seal on the way in."""

    def __init__(self, log):
        self.log, self.lines, self.chains, self.author, self.key = log, [], [bytes(32)], None, None

    def take(self, data, lines):
        """A page -> number of new records. Fails the test if it is not what wire.md promises."""
        first, count = data["first_seq"], data["count"]
        assert count == len(lines) and 1 <= count <= 512, data
        assert first <= len(self.lines) + 1, "a gap: %d after %d" % (first, len(self.lines))
        assert data["chain"] == self.chains[first - 1].hex(), "chain of first_seq - 1"
        new = 0
        for seq, line in enumerate(lines, first):
            new += self._record(seq, line)
        last = first + count - 1
        assert verifies(self.key, sealed_text(self.log, last, self.chains[last]), bytes.fromhex(data["seal"])), "the seal"
        return new

    def _record(self, seq, line):
        assert len(line) <= 8192
        if seq <= len(self.lines):
            assert line == self.lines[seq - 1], "record %d has changed" % seq
            return 0
        record = json.loads(line)
        assert (record["log"], record["seq"]) == (self.log, seq), record
        if seq == 1:
            self._opened(record)
        assert record["source_central"] == self.author, record
        self.lines.append(line)
        self.chains.append(sha(self.chains[-1] + line))
        return 1

    def _opened(self, record):
        data = record["data"]
        assert record["type"] == "LOG_OPEN", record
        self.author, self.key = data["id"], bytes.fromhex(data["public_key"])
        made = sha(data["id"].encode() + self.key + bytes.fromhex(data["random"]))[:16].hex()
        assert made == self.log, "the log's id is made of its LOG_OPEN"

    def entry(self):
        return {self.log: [len(self.lines), self.chains[-1][:8].hex()]}


class Peer:
    """id, keys, mesh secret; the logs it writes (own) and those it was told (held). tls: does it dial by TLS? Where it listens it
    takes both."""

    _mesh_keys = {}

    def __init__(self, id, secret, mesh="parkmesh", keys=None, tls=False):
        self.id, self.secret, self.mesh, self.keys, self.tls = id, secret, mesh, keys or Keys(), tls
        self.own, self.held, self._server = [], {}, None
        self._known = threading.Lock()
        if (mesh, secret) not in Peer._mesh_keys:
            Peer._mesh_keys[(mesh, secret)] = mesh_key(mesh, secret)
        self.key = Peer._mesh_keys[(mesh, secret)]

    def log(self, **how):
        """A new log of its own."""
        self.own.append(Log(self.id, self.keys, **how))
        return self.own[-1]

    def dial(self, port, source=None, buffer=None, packs=False):
        """-> Session whose WebSocket stands; nothing said yet. packs: with compressed messages."""
        wire = websocket.connect(port, source, buffer, self.tls)
        try:
            return Session(self, wire.greet(port, packs), "dialler")
        except BaseException:
            wire.close()
            raise

    def join(self, port, **how):
        """dial, HELLO, AUTH -> Session that is READY."""
        return self.dial(port, **how).hello().auth()

    def listen(self):
        """-> the port it can be dialled at."""
        self._server = self._server or socket.create_server(("127.0.0.1", 0))
        return self._server.getsockname()[1]

    def accept(self, within=60.0):
        """The next connection somebody dialled -> Session whose WebSocket stands."""
        self._server.settimeout(within)
        sock, _ = self._server.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = None
        try:
            wire = Wire(tls.accepted(sock, within), mask=False)
            return Session(self, wire.welcome(), "listener")
        except BaseException:
            (wire or sock).close()
            raise

    def vector(self):
        with self._known:
            found = {}
            for log in [*self.own, *self.held.values()]:
                found.update(log.entry())
            return found

    def take(self, message):
        """A page of somebody else's log -> Held."""
        with self._known:
            held = self.held.setdefault(message.data["log"], Held(message.data["log"]))
            held.take(message.data, message.records)
            return held

    def clean_up(self):
        if self._server:
            self._server.close()


class Session:
    """One connection of a Peer. role: which part it plays in AUTH. heard: all messages that came, oldest first."""

    def __init__(self, peer, wire, role):
        self.peer, self.wire, self.role = peer, wire, role
        self.nonce, self.theirs, self.heard, self._requests, self._backlog = os.urandom(32), None, [], 0, []

    # ---- sending

    def envelope(self, type, data, **other):
        made = {"type": type, "source_central": self.peer.id, "timestamp": now_ms(), "data": data}
        made.update(other)
        return {name: value for name, value in made.items() if value is not None}

    def text(self, type, data, lines=(), **other):
        return b"\n".join([compact(self.envelope(type, data, **other)).encode(), *lines])

    def say(self, type, data, lines=(), **other):
        """Send a message; other: members of the envelope."""
        self.wire.send(self.text(type, data, lines, **other))

    def request(self):
        self._requests += 1
        return self._requests

    def ask(self, type, data, lines=(), **other):
        """Send a message with the next request_id -> that."""
        number = self.request()
        self.say(type, data, lines, request_id=number, **other)
        return number

    def offer(self, log, first=1, last=None, type="BATCH", **other):
        """Send a page of one's own log -> request_id."""
        data, lines = log.page(first, last, **other)
        return self.ask(type, data, lines)

    # ---- the handshake

    def own_hello(self, **other):
        data = {"version": 1, "mesh": self.peer.mesh, "id": self.peer.id, "public_key": self.peer.keys.public.hex(),
                "nonce": self.nonce.hex(), "software": "stand-in"}
        data.update(other)
        return data

    def hello(self, **other):
        """HELLO both ways; other: fields told instead. -> self"""
        self.say("HELLO", self.own_hello(**other))
        self.their_hello()
        return self

    def their_hello(self):
        message = self.hear()
        assert message.type == "HELLO", message
        data = message.data
        self.theirs = Party(data["id"], bytes.fromhex(data["public_key"]), bytes.fromhex(data["nonce"]))
        assert len(self.theirs.public_key) == len(self.theirs.nonce) == 32 and data["mesh"] == self.peer.mesh
        assert data["version"] == 1 and data["software"], data
        return data

    def transcript(self):
        own = Party(self.peer.id, self.peer.keys.public, self.nonce)
        dialler, listener = (own, self.theirs) if self.role == "dialler" else (self.theirs, own)
        return transcript(self.peer.mesh, 1, dialler, listener, tls.listeners_hash(self.wire.sock, self.role))

    def own_auth(self, role=None):
        role, t = role or self.role, self.transcript()
        made = proof(self.peer.key, role, t)
        return {"proof": made.hex(), "signature": self.peer.keys.sign(role.encode() + t + made).hex()}

    def prove(self, **other):
        """Send AUTH; other: members of its data told instead."""
        self.say("AUTH", dict(self.own_auth(), **other))

    def their_auth(self):
        """Hear AUTH and check it as wire.md says."""
        message = self.hear()
        assert message.type == "AUTH", message
        role, t = "listener" if self.role == "dialler" else "dialler", self.transcript()
        told = bytes.fromhex(message.data["proof"])
        assert told == proof(self.peer.key, role, t), "their proof"
        assert verifies(self.theirs.public_key, role.encode() + t + told, bytes.fromhex(message.data["signature"])), "signature"
        return message

    def auth(self):
        """AUTH both ways, the dialler first -> self"""
        if self.role == "dialler":
            self.prove()
            self.their_auth()
        else:
            self.their_auth()
            self.prove()
        return self

    def greet(self, vector=None):
        """Tell what is held, as is done on every connect."""
        self.ask("SYNC_REQUEST", {"vector": self.peer.vector() if vector is None else vector, "logs": []})
        return self

    # ---- hearing

    def hear(self, within=30.0):
        """The next message, whatever it is."""
        message = Message(self.wire.message(within))
        self.heard.append(message)
        assert len(message.raw) <= 256 * 1024 and len(message.records) <= 512
        return message

    def answer(self, message):
        """What an honest central does with it."""
        if message.type == "HEARTBEAT" and message.request_id:
            now = now_ms()
            self.say("HEARTBEAT", {"vector": {}, "sent_at": now,
                                   "echo": {"sent_at": message.data["sent_at"], "received_at": now}})
        elif message.type in PAGES and message.data["log"] in [log.log for log in self.peer.own]:
            return      # our own log shown to us, as the proof of a fork
        elif message.type in PAGES:
            held = self.peer.take(message)
            self.say("ACK", {"vector": held.entry()}, request_id=message.request_id)

    def expect(self, *types, within=30.0, where=lambda message: True, answer=True):
        """The next message of one of these types; the others that come before are answered as is right (or not at all). An ERROR
        among them is one the connection outlives, or the reason why it ends here."""
        until, error = time.monotonic() + within, None
        while True:
            try:
                message = self.hear(max(until - time.monotonic(), 0.001))
            except (Gone, Silence) as e:
                raise type(e)("%s; told before: %s" % (e, error)) from e
            error = message if message.type == "ERROR" else error
            if answer:
                self.answer(message)
            if message.type in types and where(message):
                return message

    def acked(self, number, within=30.0):
        """The ACK of this request."""
        return self.expect("ACK", where=lambda message: message.request_id == number, within=within)

    def go_on(self, seconds):
        """Be an honest peer for so long."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                self.answer(self.hear(max(until - time.monotonic(), 0.001)))
        except Silence:
            pass

    def refused(self, code, within=30.0):
        """ERROR with this code comes, then the end of the connection."""
        message = self.expect("ERROR", within=within, answer=False, where=lambda m: m.code not in WARNINGS)
        assert message.code == code, message
        assert set(message.content) >= {"type", "error", "code", "timestamp"} and len(message.content["error"]) > 10, message
        assert self.wire.closed(within), "closed after ERROR"
        return message

    def ended(self, within=30.0):
        """The connection ends without a word that has to be said. -> the codes of ERRORs that were"""
        until, codes = time.monotonic() + within, []
        while True:
            try:
                message = self.hear(max(until - time.monotonic(), 0.001))
            except Gone:
                return codes
            if message.type == "ERROR":
                codes.append(message.code)

    def alive(self, within=30.0, answer=True):
        """Is it still served? A heartbeat asked is answered."""
        sent = now_ms()
        self.ask("HEARTBEAT", {"vector": {}, "sent_at": sent})
        self.expect("HEARTBEAT", where=lambda m: m.data.get("echo", {}).get("sent_at") == sent, within=within,
                    answer=answer)
        return True

    def close(self):
        self.wire.close()

    clean_up = close


class Attendant(threading.Thread):
    """Keeps a Session honest in the background until its end; failure: what went wrong, None if nothing."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session, self.failure, self._over = session, None, threading.Event()
        self.start()

    def run(self):
        try:
            while not self._over.is_set():
                self.session.go_on(0.2)
        except Gone:
            self.failure = "the connection ended"
        except (AssertionError, OSError, ValueError) as e:
            self.failure = repr(e)

    def clean_up(self):
        self._over.set()
        self.join(5)
        self.session.close()
