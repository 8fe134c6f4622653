"""Keys, AUTH proofs, logs, chains and seals, after spec/records.md and spec/wire.md, with libsodium by way of python3-nacl."""
import hashlib
import hmac
import json
import os
import struct
import time

from nacl import bindings, exceptions, signing

PREFIX = b"parkmesh.v1 auth"
ARGON_OPS, ARGON_BYTES = 3, 8 * 1024 * 1024


def sha(data):
    return hashlib.sha256(data).digest()


def now_ms():
    return int(time.time() * 1000)


def compact(thing):
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


def mesh_key(mesh, secret):
    """K of wire.md; 32 zero bytes without a secret."""
    if not secret:
        return bytes(32)
    return bindings.crypto_pwhash_alg(32, secret.encode(), sha(mesh.encode())[:16], ARGON_OPS, ARGON_BYTES,
                                      bindings.crypto_pwhash_ALG_ARGON2ID13)


class Party:
    """One side of an AUTH: what its HELLO says."""

    def __init__(self, id, public_key, nonce):
        self.id, self.public_key, self.nonce = id, public_key, nonce

    def fields(self):
        return [self.id.encode(), self.public_key, self.nonce]


def transcript(mesh, version, dialler, listener, certificate=bytes(32)):
    """T of wire.md."""
    fields = [PREFIX, mesh.encode(), str(version).encode(), *dialler.fields(), *listener.fields(), certificate]
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def proof(key, role, t):
    return hmac.new(key, role.encode() + t, hashlib.sha256).digest()


class Keys:
    """An Ed25519 pair."""

    def __init__(self, seed=None):
        self._signing = signing.SigningKey(seed or os.urandom(32))
        self.public = bytes(self._signing.verify_key)
        self.secret = bytes(self._signing) + self.public        # as libsodium has it

    def sign(self, data):
        return self._signing.sign(data).signature


def verifies(public, data, signature):
    try:
        signing.VerifyKey(public).verify(data, signature)
        return True
    except exceptions.BadSignatureError:
        return False


def log_id(id, public_key, random):
    return sha(id.encode() + public_key + random)[:16].hex()


def sealed_text(log, seq, chain):
    return b"parkmesh.v1 seal" + bytes.fromhex(log) + struct.pack(">Q", seq) + chain


class Log:
    """A log that we write: lines[n-1] is record n, chains[n] the chain after it."""

    def __init__(self, id, keys, writer="fcgi", previous=None):
        self.id, self.keys, self.lines, self.chains = id, keys, [], [bytes(32)]
        random = os.urandom(16)
        self.log = log_id(id, keys.public, random)
        self._ms, self._counter = now_ms(), 0
        self.add("LOG_OPEN", {"id": id, "writer": writer, "public_key": keys.public.hex(), "random": random.hex(),
                              "previous": previous})

    def copy(self):
        """The same log, to go on with differently."""
        other = object.__new__(Log)
        other.__dict__.update(self.__dict__, lines=list(self.lines), chains=list(self.chains))
        return other

    @property
    def seq(self):
        return len(self.lines)

    def _tick(self):
        ms = now_ms()
        self._ms, self._counter = (ms, 0) if ms > self._ms else (self._ms, self._counter + 1)
        return "%d.%d" % (self._ms, self._counter)

    def add(self, type, data, event_id=None, **other):
        """Append a record; other: members of the envelope to set instead. -> its line"""
        at = now_ms()
        record = {"type": type, "source_central": self.id, "timestamp": at, "event_id": event_id, "log": self.log,
                  "seq": self.seq + 1, "hlc": self._tick(), "at": at, "data": data}
        if event_id is None:
            del record["event_id"]
        record.update(other)
        return self.add_line(compact(record).encode())

    def add_line(self, line):
        self.lines.append(line)
        self.chains.append(sha(self.chains[-1] + line))
        return line

    def enter(self, plate, at=None, **other):
        """A vehicle enters. -> event_id"""
        at = at or now_ms()
        event_id = "%s_%d_%s" % (self.id, at, plate)
        self.add("VEHICLE_ENTRY_PENDING", {"plate_id": plate, "plate_view": plate, "edge_id": "edge-1", "camera_type": "car",
                                           "direction": "ENTRY", "entry_time": "2026-01-02 03:04:05"}, event_id, at=at, **other)
        return event_id

    def seal(self, seq):
        return self.keys.sign(sealed_text(self.log, seq, self.chains[seq]))

    def page(self, first=1, last=None, **other):
        """-> (data, lines) of a message that carries these records; other: members of data to set instead."""
        last = last or self.seq
        data = {"log": self.log, "first_seq": first, "count": last - first + 1, "chain": self.chains[first - 1].hex(),
                "seal": self.seal(last).hex(), "more": last < self.seq}
        data.update(other)
        return data, self.lines[first - 1:last]

    def entry(self):
        """This log in a vector."""
        return {self.log: [self.seq, self.chains[-1][:8].hex()]}
