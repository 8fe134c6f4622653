"""Relays between centrals: TCP connections handed on as they are, which can be cut and healed, and spoilt in every way a network
has: ended, reset, stalled (also in one direction), slowed, delayed, broken off in the middle of a message, flipped bits.

So "off the network" is played without touching the programs. All relays share one thread with one event loop.
"""
import asyncio
import random
import socket
import struct
import threading

from tests.site.ports import free_ports

PIECE = 65536                   # bytes taken at once
NOBODY_LINGERS = struct.pack("ii", 1, 0)


class _Loop:
    """The thread the relays live in, started with the first of them."""

    def __init__(self):
        self._lock, self._loop = threading.Lock(), None

    def run(self, work):
        """Run a coroutine there and wait for it -> its result."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, daemon=True, name="relays").start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


_loop = _Loop()


class Way:
    """What befalls the bytes of one direction. Set from any thread, looked at before each piece.

    stalled: nothing passes, the connection stays. rate: bytes a second, None as fast as they come. delay: seconds, of each piece.
    truncate: chance that a piece is handed on by half and its connection then ended. corrupt: chance that a piece has some bits
    flipped."""

    def __init__(self):
        self.calm()

    def calm(self):
        self.stalled, self.rate, self.delay, self.truncate, self.corrupt = False, None, 0.0, 0.0, 0.0

    async def passable(self):
        while self.stalled:
            await asyncio.sleep(0.02)

    def at_once(self):
        """Bytes to take at once: of a slow way the tenth part of a second."""
        return PIECE if self.rate is None else max(1, min(PIECE, int(self.rate / 10)))


class Relay:
    """Listens on port and hands on to target_port.   open <-> cut, closed at the end

    Cut: nobody listens, what was connected is reset. forward is the way from who dialled, back the other one. accepted counts the
    connections it ever handed on, bytes what passed, truncations and corruptions the pieces that met that."""

    def __init__(self, target_port, chance=None):
        self.target_port, self.port = target_port, free_ports(1)[0]
        self.forward, self.back = Way(), Way()
        self._chance = chance or random.Random(target_port)
        self._server, self._pairs = None, set()
        self.accepted = self.bytes = self.truncations = self.corruptions = 0
        _loop.run(self._listen())

    def cut(self):
        _loop.run(self._close())

    def heal(self):
        _loop.run(self._listen())

    clean_up = cut

    def hang_up(self):
        """End all connections as if both ends had (FIN) -> how many. It goes on listening."""
        return _loop.run(self._end(_finish))

    def reset(self):
        """Reset all connections (RST) -> how many. It goes on listening."""
        return _loop.run(self._end(_reset))

    def calm(self):
        """No fault is in force on either way any more."""
        self.forward.calm()
        self.back.calm()

    @property
    def connections(self):
        """Number of connections that are handed on now."""
        return len(self._pairs)

    async def _listen(self):
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def _close(self):
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._end(_reset)

    async def _end(self, how):
        pairs = list(self._pairs)
        for pair in pairs:
            for writer in pair:
                how(writer)
        return len(pairs)

    async def _accepted(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)              # nobody behind: the dialler sees a reset
            return
        if self._server is None:        # cut while dialling
            _reset(writer)
            _reset(far_writer)
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        self.accepted += 1
        try:
            await asyncio.gather(self._pump(self.forward, reader, far_writer, writer),
                                 self._pump(self.back, far_reader, writer, far_writer))
        finally:
            self._pairs.discard(pair)

    async def _pump(self, way, reader, writer, near):
        """One direction, until its end; then the other end is told."""
        try:
            while await self._piece(way, reader, writer):
                pass
            if way.truncate:
                near.close()
        except OSError:
            pass
        finally:
            writer.close()

    async def _piece(self, way, reader, writer):
        """Hand a piece on -> is there more to come?"""
        await way.passable()
        part = await reader.read(way.at_once())
        await way.passable()
        if way.delay or way.rate:
            await asyncio.sleep(way.delay + (len(part) / way.rate if way.rate else 0))
        if way.corrupt and part and self._chance.random() < way.corrupt:
            part = self._flipped(part)
        broken = len(part) > 1 and self._chance.random() < way.truncate
        if broken:
            part = part[:len(part) // 2]
            self.truncations += 1
        self.bytes += len(part)
        writer.write(part)
        await writer.drain()
        return bool(part) and not broken

    def _flipped(self, part):
        part = bytearray(part)
        for _ in range(1 + len(part) // 1000):
            part[self._chance.randrange(len(part))] ^= 1 << self._chance.randrange(8)
        self.corruptions += 1
        return bytes(part)


def _finish(writer):
    writer.close()


def _reset(writer):
    """The other end sees a reset, whatever was still on its way."""
    at = writer.get_extra_info("socket")
    if at is not None and at.fileno() >= 0:
        at.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOBODY_LINGERS)
    writer.transport.abort()


class Link:
    """All that passes between two centrals, a and b, whichever of them dialled. relays: the one a dials b by, and the reverse.
    Directions: "there" is from a to b, "back" from b to a, "both"."""

    def __init__(self, there, back):
        self.relays = (there, back)

    def ways(self, direction="both"):
        there, back = self.relays
        return {"there": [there.forward, back.back], "back": [there.back, back.forward],
                "both": [there.forward, back.back, there.back, back.forward]}[direction]

    def set(self, direction="both", **what):
        """Attributes of Way, such as set("there", stalled=True)."""
        for way in self.ways(direction):
            for name, value in what.items():
                setattr(way, name, value)

    def cut(self):
        for relay in self.relays:
            relay.cut()

    def heal(self):
        for relay in self.relays:
            relay.heal()

    def hang_up(self):
        return sum(relay.hang_up() for relay in self.relays)

    def reset(self):
        return sum(relay.reset() for relay in self.relays)

    def calm(self):
        for relay in self.relays:
            relay.calm()
