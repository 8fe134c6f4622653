"""A camera box of the newer Python system: a WebSocket at a central's /ws/edge, and what such boxes say by it."""
import json
import time

from tests.hostile.websocket import PATIENCE, connect, upgrade
from tests.site.central import now_ms
from tests.site.watcher import Watcher, shake

PATH = "/ws/edge"


class Box(Watcher):
    """Connected, and greeted unless edge is None. Raises Refused with the status. headers: beside those of the handshake."""

    def __init__(self, central, edge, source=None, buffer=None, token=None, **headers):
        if token:
            headers["Authorization"] = "Bearer " + token
        self.wire = connect(central.api_port, source, buffer)
        extra = "".join("%s: %s\r\n" % (name.replace("_", "-"), value) for name, value in headers.items())
        self.wire.send_raw(upgrade(central.api_port, PATH, protocol=None, extra=extra))
        shake(self.wire)
        self.told = []
        if edge is not None:
            self.say({"edge_id": edge})
            hello = self.next()
            assert hello["type"] == "connected" and hello["message"], hello

    def say(self, frame):
        self.wire.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame, ensure_ascii=False))

    def answer(self):
        """The next answer; what it is told of others meanwhile is kept in told."""
        end = time.monotonic() + PATIENCE
        while True:
            frame = self.next(max(end - time.monotonic(), 0.001))
            if "success" in frame or frame["type"] == "pong":
                return frame
            self.told.append(frame)

    def ask(self, frame):
        self.say(frame)
        return self.answer()

    def passage(self, type, plate):
        """The next that tells of this plate."""
        end = time.monotonic() + PATIENCE
        while True:
            frame = self.told.pop(0) if self.told else self.next(max(end - time.monotonic(), 0.001))
            if frame["type"] == type and frame["data"]["plate_text"] == plate:
                return frame

    def settled(self):
        """All that it is told up to now: what an answer overtakes comes at once. -> frames"""
        assert self.ask({"type": "ping"}) == {"type": "pong"}
        told, self.told = self.told, []
        return told


def event(type, plate=None, event_id=None, at=None, camera=1, data=None, **more):
    """As a box writes it. at: Unix ms it happened, by a clock that is right."""
    body = dict(more, type=type, camera_id=camera, camera_name="Cổng 1", camera_type="car",
                timestamp=(now_ms() if at is None else at) / 1000, data=dict(data or {}, confidence=0.91, source="ai"))
    if plate is not None:
        body["data"]["plate_text"] = plate
    if event_id is not None:
        body["event_id"] = event_id
    if at is not None:
        body["sent_at"] = now_ms() / 1000
    return body
