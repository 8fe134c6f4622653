"""What gates and operators were told: every acknowledged answer, to be accounted for at the end (tests/site/proof.py)."""
import threading
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Entry:
    event_id: str
    plate: str                  # reduced
    central: str
    edge: Optional[str]         # None: an operator's hand
    at: Optional[int]           # Unix ms it happened; None: when the request arrived
    forced: bool = False


@dataclass(frozen=True)
class Exit:
    event_id: Optional[str]     # the stay it was told to end, or exit_… without one; None: not told
    plate: str
    central: str
    edge: Optional[str]
    at: Optional[int]           # None: when the request arrived; then no other exit of this plate is at this edge
    fee: Optional[int]          # None: it was done, but the answer with the fee was lost for good
    forced: bool = False
    by_tariff: bool = True      # else an operator said the fee, or there was nothing to charge


class Book:
    """Written by all gates at once.

    plates and void: what operators said last of a row, by its event_id; confirmed: event_ids of barriers that closed; settings:
    (key, text that the value holds) of acknowledged changes of the site's settings; free: plates with a subscription."""

    def __init__(self):
        self._lock = threading.Lock()
        self.entries, self.exits, self.oddities = [], [], []
        self.plates, self.void, self.confirmed, self.settings, self.free = {}, set(), set(), [], set()
        self.requests = self.refused = self.kept = self.lost = self.repeats = 0

    def entry(self, entry):
        with self._lock:
            self.entries.append(entry)

    def exit(self, exit):
        with self._lock:
            self.exits.append(exit)

    def confirm(self, event_id):
        with self._lock:
            self.confirmed.add(event_id)

    def correct(self, event_id, plate):
        """The row is that plate's from now on, and counts."""
        with self._lock:
            self.plates[event_id] = plate
            self.void.discard(event_id)

    def take_out(self, event_id):
        with self._lock:
            self.void.add(event_id)

    def set(self, key, text):
        with self._lock:
            self.settings.append((key, text))

    def odd(self, text):
        """An answer nobody should get: fails the proof."""
        with self._lock:
            self.oddities.append(text)

    def count(self, requests=0, refused=0, lost=0, repeats=0):
        """requests that were answered, conflicts (409), answers that were lost, answers that were asked for twice"""
        with self._lock:
            self.requests += requests
            self.refused += refused
            self.lost += lost
            self.repeats += repeats

    def answers(self):
        """Number of answers that have to be accounted for."""
        with self._lock:
            return (len(self.entries) + len(self.exits) + len(self.plates) + len(self.void) + len(self.confirmed)
                    + len(self.settings))
