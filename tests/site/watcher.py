"""Somebody who watches the history of a central by its WebSocket, /ws/history."""
import json
import time

from tests.hostile.websocket import CLOSE, PATIENCE, PING, PONG, connect, upgrade

PATH = "/ws/history"


class Watcher:
    """A WebSocket at a central's /ws/history. headers: beside those of the handshake. Raises Refused with the status."""

    def __init__(self, central, source=None, buffer=None, **headers):
        self.wire = connect(central.api_port, source, buffer)
        extra = "".join("%s: %s\r\n" % (name.replace("_", "-"), value) for name, value in headers.items())
        self.wire.send_raw(upgrade(central.api_port, PATH, protocol=None, extra=extra))
        shake(self.wire)

    def next(self, within=PATIENCE):
        """The next frame, as an object."""
        return json.loads(self.wire.message(within))

    def until(self, event_id, **members):
        """Frames up to the one that tells this of the stay -> its data."""
        end = time.monotonic() + PATIENCE
        while True:
            frame = self.next(max(end - time.monotonic(), 0.001))
            data = frame["data"]
            if frame["type"] == "history_update" and all(data[name] == value for name, value in dict(members, event_id=event_id).items()):
                return data

    def code(self, within=PATIENCE):
        """Everything up to the close frame -> its code."""
        end = time.monotonic() + within
        while True:
            _, opcode, payload = self.wire.frame(max(end - time.monotonic(), 0.001))
            if opcode == PING:
                self.wire.send(payload, PONG)
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    def close(self):
        self.wire.close()


class Refused(Exception):
    """status: of the answer to the handshake."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def shake(wire):
    head = wire.head()
    status = int(head.split()[1])
    if status != 101:
        raise Refused(status, head)
