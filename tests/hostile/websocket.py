"""WebSocket (RFC 6455) over bare sockets, both roles, with every bit under control."""
import base64
import hashlib
import os
import socket
import ssl
import struct
import time
import zlib

from tests.hostile.tls import tls_dialled

PROTOCOL = "parkmesh.v1"
PACKING = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n"
PACKED_END = b"\0\0\xff\xff"      # left out of a compressed message (RFC 7692)
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MORE, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PATIENCE = 30.0


class Gone(ConnectionError):
    """The other side has closed the connection, or reset it."""


class Silence(TimeoutError):
    """Nothing came in time."""


def upgrade(port, path="/", protocol=PROTOCOL, key=None, extra=""):
    """The request that asks for a WebSocket."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = ["GET %s HTTP/1.1" % path, "Host: 127.0.0.1:%d" % port, "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13"]
    if protocol:
        lines.append("Sec-WebSocket-Protocol: " + protocol)
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode()


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def masked(payload, mask):
    """XOR with the four bytes over and over; as one large number, which is fast."""
    many = (mask * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(many, "big")).to_bytes(len(payload), "big")


def frame(payload=b"", opcode=TEXT, fin=True, rsv=0, mask=True, announce=None, wide=0):
    """One frame. mask: True (random), four bytes, or None. announce: the length the header tells, if not the true one.
    wide: 2 or 8 bytes of length although fewer would do. rsv: 4 is the bit of compressed messages."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload) if announce is None else announce
    code = 127 if size > 65535 or wide == 8 else 126 if size > 125 or wide == 2 else size
    head = bytes([fin << 7 | rsv << 4 | opcode, (mask is not None) << 7 | code])
    head += struct.pack(">Q", size) if code == 127 else struct.pack(">H", size) if code == 126 else b""
    if mask is None:
        return head + payload
    mask = os.urandom(4) if mask is True else mask
    return head + mask + masked(payload, mask)


def packed(payload):
    """A message as permessage-deflate carries it."""
    packer = zlib.compressobj(9, wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-len(PACKED_END)]


class Wire:
    """A connected socket that speaks frames after greet() or welcome()."""

    def __init__(self, sock, mask=True):
        self.sock, self.mask, self._held = sock, True if mask else None, bytearray()
        self.sent, self.packs, self._packed = 0, False, False

    def send_raw(self, data, within=PATIENCE):
        self.sock.settimeout(within)
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise Silence("it does not read") from None
        except OSError as e:
            raise Gone(str(e)) from e
        self.sent += len(data)

    def send(self, payload, opcode=TEXT, **how):
        how.setdefault("mask", self.mask)
        if self.packs and opcode == TEXT:
            payload, how["rsv"] = packed(payload.encode() if isinstance(payload, str) else payload), 4
        self.send_raw(frame(payload, opcode, **how))

    def nibble(self, data):
        """Send this little, and see whether the other side has had enough: Gone."""
        self.send_raw(data)
        self.sip(65536)

    def sip(self, size=1):
        """Take what is there, at most so much; what it is is of no interest. Gone if that is the end."""
        self.sock.settimeout(0)
        try:
            part = self.sock.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as e:
            raise Gone(str(e)) from e
        if not part:
            raise Gone("closed")

    def _fill(self, until):
        left = until - time.monotonic()
        if left <= 0:
            raise Silence("nothing came in time")
        self.sock.settimeout(left)
        try:
            part = self.sock.recv(262144)
        except TimeoutError:
            raise Silence("nothing came in time") from None
        except OSError as e:
            raise Gone(str(e)) from e
        if not part:
            raise Gone("closed")
        self._held += part

    def _take(self, count, until):
        while len(self._held) < count:
            self._fill(until)
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def head(self, within=PATIENCE):
        """A head of HTTP -> text without the empty line."""
        until = time.monotonic() + within
        while b"\r\n\r\n" not in self._held:
            self._fill(until)
        text, _, rest = bytes(self._held).partition(b"\r\n\r\n")
        self._held = bytearray(rest)
        return text.decode("latin-1")

    def frame(self, within=PATIENCE):
        """-> (fin, opcode, payload). Raises Gone, Silence."""
        until = time.monotonic() + within
        first, second = self._take(2, until)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8, until), "big")
        mask = self._take(4, until) if second & 128 else None
        assert bool(mask) != bool(self.mask), "clients mask, servers do not"
        assert not first & (0x30 if self.packs else 0x70), "reserved bits"
        self._packed = bool(first & 0x40) if first & 15 in (TEXT, BINARY) else self._packed
        payload = self._take(size, until)
        return bool(first & 128), first & 15, masked(payload, mask) if mask else payload

    def message(self, within=PATIENCE):
        """The next whole text message -> bytes; pings are answered. A close frame raises Gone."""
        until, parts = time.monotonic() + within, []
        while True:
            fin, opcode, payload = self.frame(max(until - time.monotonic(), 0.001))
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                raise Gone("close frame %r" % payload)
            elif opcode in (TEXT, MORE):
                assert (opcode == TEXT) == (not parts), "a message begins with its type and goes on without"
                parts.append(payload)
                if fin:
                    whole = b"".join(parts)
                    return zlib.decompressobj(-15).decompress(whole + PACKED_END) if self._packed else whole
            else:
                assert opcode == PONG, opcode

    def closed(self, within=PATIENCE):
        """Wait until the other side has closed; whatever comes before is thrown away."""
        until = time.monotonic() + within
        try:
            while True:
                self._held.clear()
                self._fill(until)
        except Gone:
            return True
        except Silence:
            return False

    def greet(self, port, packs=False, **how):
        """As a client: ask for the WebSocket, with compressed messages or without, and check the answer."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.packs = packs
        self.send_raw(upgrade(port, key=key, extra=PACKING if packs else "", **how))
        lines = self.head().split("\r\n")
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        assert lines[0].split()[1] == "101", lines[0]
        assert told["sec-websocket-accept"] == accept_key(key), told
        assert told.get("sec-websocket-protocol") == how.get("protocol", PROTOCOL), told
        assert told.get("sec-websocket-extensions", "").startswith("permessage-deflate") == packs, told
        return self

    def welcome(self, protocol=PROTOCOL, path="/"):
        """As a server: take the request and say yes."""
        lines = self.head().split("\r\n")
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        assert lines[0] == "GET %s HTTP/1.1" % path and told["upgrade"].lower() == "websocket", lines
        asked = told.get("sec-websocket-protocol", "").replace(" ", "").split(",")
        assert protocol in asked if protocol else asked == [""], told
        self.send_raw(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n%s\r\n"
                       % (accept_key(told["sec-websocket-key"]),
                          "Sec-WebSocket-Protocol: %s\r\n" % protocol if protocol else "")).encode())
        return self

    def reset(self):
        """Gone at once, with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    clean_up = close


def connect(port, source=None, buffer=None, tls=False):
    """A TCP connection to loopback. source: another address of 127/8. buffer: bytes it takes in before it is read from. tls: with TLS
    on top of it."""
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    if source:
        sock.bind((source, 0))
    sock.settimeout(PATIENCE)
    try:
        sock.connect(("127.0.0.1", port))
    except OSError as e:
        sock.close()
        raise Gone(str(e)) from e
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return Wire(tls_dialled(sock) if tls else sock)
    except OSError as e:
        sock.close()
        raise Gone(str(e)) from e
