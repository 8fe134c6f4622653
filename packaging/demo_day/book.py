"""What the gates were told: every acknowledged answer of the day, to be accounted for at its end."""
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    event_id: str
    plate: str          # reduced
    central: str
    edge: str
    at: int             # Unix ms it happened
    forced: bool


@dataclass(frozen=True)
class Exit:
    event_id: str
    plate: str
    central: str
    edge: str
    at: int
    fee: int
    forced: bool


class Book:
    """Written by all gates at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self.entries, self.exits, self.oddities = [], [], []
        self.requests = self.refused = self.kept = 0

    def entry(self, entry):
        with self._lock:
            self.entries.append(entry)

    def exit(self, exit):
        with self._lock:
            self.exits.append(exit)

    def odd(self, text):
        """An answer no gate should get: fails the demo at its end."""
        with self._lock:
            self.oddities.append(text)

    def count(self, requests=0, refused=0, kept=0):
        """requests that were answered, conflicts (409), events that had to wait for their central"""
        with self._lock:
            self.requests += requests
            self.refused += refused
            self.kept += kept
