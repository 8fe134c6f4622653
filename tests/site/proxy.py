"""Relays between centrals: TCP connections handed on as they are, which can be cut and healed.

So "off the network" is played without touching the programs. All relays share one thread with one event loop.
"""
import asyncio
import threading

from tests.site.ports import free_ports


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


class Relay:
    """Listens on port and hands on to target_port.   open <-> cut, closed at the end

    Cut: nobody listens, what was connected is reset. accepted counts the connections it ever handed on."""

    def __init__(self, target_port):
        self.target_port, self.port = target_port, free_ports(1)[0]
        self._server, self._pairs, self.accepted = None, set(), 0
        _loop.run(self._listen())

    def cut(self):
        _loop.run(self._close())

    def heal(self):
        _loop.run(self._listen())

    clean_up = cut

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
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.abort()

    async def _accepted(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()    # nobody behind: the dialler sees a reset
            return
        if self._server is None:        # cut while dialling
            writer.transport.abort()
            far_writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        self.accepted += 1
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._pairs.discard(pair)


async def _pump(reader, writer):
    """One direction, until its end; then the other end is told."""
    try:
        while True:
            part = await reader.read(65536)
            if not part:
                break
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
