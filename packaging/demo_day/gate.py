"""One gate: detection, barrier open, barrier close for each vehicle, in order, as a camera box does it.

What its central does not take now stays in the gate's own queue and is sent again, with the time it happened.
"""
from collections import deque

import plates

from tests.site.book import Entry, Exit
from tests.site.central import now_ms
from tests.site.client import Lost

LATER = (502, 503, 504)         # nginx or the central says: not now


class NotNow(Exception):
    """The central did not take it; the event is kept."""


class Gate:
    """number: 0 … 11. day_start: Unix ms the played day began."""

    def __init__(self, number, central, day_start, book):
        self.edge, self.central = "edge-%d" % (number + 1), central
        self._day_start, self._book = day_start, book
        self._queue, self._asked = deque(), False       # asked: an open of the first in the queue went out without an answer

    def add(self, event):
        self._queue.append(event)

    @property
    def waiting(self):
        return len(self._queue)

    def send(self):
        """Send what waits, the oldest first, as far as the central takes it."""
        while self._queue:
            try:
                self._pass(self._queue[0])
            except NotNow:
                return
            self._queue.popleft()
            self._asked = False

    def _post(self, path, event, **body):
        """-> (status, answer)"""
        at = self._day_start + event.at
        body.update(edge_id=self.edge, plate_id=event.read, sent_at=now_ms(), timestamp=at if event.kind == "car" else at // 1000)
        try:
            status, answer = self.central.ask("POST", path, body)
        except (Lost, ValueError) as e:
            raise NotNow from e
        if status in LATER:
            raise NotNow
        self._book.count(requests=1)
        return status, answer

    def _pass(self, event):
        """One vehicle passes, or is turned away."""
        status, seen = self._post("/api/edge/detection", event, plate_view=event.plate, camera_type=event.kind,
                                  direction=event.direction, confidence=0.97)
        if status != 200:
            self._odd(event, "detection", status, seen)
            return
        answer = self._open(event)
        if answer is None:
            return
        status, closed = self._post("/api/edge/barrier/close", event, action="close", event_id=answer["event_id"])
        if status != 200:
            self._odd(event, "close", status, closed)

    def _open(self, event):
        """-> the answer of a success, None if the barrier stays closed"""
        status, answer = self._ask_open(event, False)
        if status == 409:
            self._book.count(refused=1)
            if self._asked or not self._fits(event, answer):
                self._odd(event, "open", status, answer)
                return None
            if event.once:
                return None                             # the guard sees that the vehicle is dealt with at the other gate
            status, answer = self._ask_open(event, True)
            if status == 200:
                self._write(event, answer, True)
                return answer
        elif status == 200:
            self._write(event, answer, False)
            return answer
        self._odd(event, "open", status, answer)
        return None

    def _ask_open(self, event, force):
        try:
            return self._post("/api/edge/barrier/open", event, action="open", direction=event.direction, force=force)
        except NotNow:
            self._asked = self.central.running()        # a central that is down has not taken it
            raise

    @staticmethod
    def _fits(event, answer):
        """Does the conflict say what it is about?"""
        if event.direction == "ENTRY":
            return answer.get("already_inside") is True and bool(answer.get("event_id"))
        return answer.get("has_entry") is False

    def _write(self, event, answer, forced):
        common = {"event_id": answer["event_id"], "plate": plates.plate_id(event.plate), "central": self.central.id,
                  "edge": self.edge, "at": self._day_start + event.at, "forced": forced}
        if answer.get("action") != event.direction:
            self._odd(event, "open", 200, answer)
        elif event.direction == "ENTRY":
            self._book.entry(Entry(**common))
        else:
            self._book.exit(Exit(fee=answer["fee"], **common))

    def _odd(self, event, what, status, answer):
        self._book.odd("%s of %s at %s: %d %s" % (what, event.plate, self.edge, status, answer))
