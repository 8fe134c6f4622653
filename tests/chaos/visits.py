"""What vehicles and operators do at a site under fault: each visit is a generator that asks, waits and asks again as edges do, and
writes every answer into the book (tests/site/book.py).

Whatever is asked is asked until there is an answer, so that at the end nothing is in doubt. A request is repeated byte for byte
(Idempotency-Key), or recognised by its event_id, or told again with the same time, when a conflict says that the lost one had
been carried out. All times lie some days back and pass quicker than ours, so that stays last hours and cost something.
"""
import random
import time

from tests.site.book import Entry, Exit
from tests.site.central import now_ms
from tests.site.client import Lost

MINUTE, HOUR, DAY = 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
LATER = (0, 429, 500, 502, 503, 504)    # not now; 0: no answer
OPEN, CLOSE, EVENT, DETECTION = ("/api/edge/" + path for path in ("barrier/open", "barrier/close", "event", "detection"))
STAYS, HISTORY, FEES = "/api/parking/stays", "/api/parking/history", "/api/parking/fees"
TRUSTED_MS = 50 * 1000                  # a repeat older than that is not known to be told by a good clock any more


class Again(float):
    """Seconds to wait before something is repeated whose answer was lost: it must not be given up."""


class Clock:
    """The site's time: factor times as fast as ours, and days back."""

    def __init__(self, seconds, factor=900):
        self.factor, self._began = factor, time.monotonic()
        self._first = now_ms() - int(seconds * factor * 1000) - 2 * DAY

    def now(self):
        return self._first + int((time.monotonic() - self._began) * self.factor * 1000)


class Visits:
    """The visits one thread plays. number: of the thread, in its edges' and plates' names. watch: told of each answer's time."""

    def __init__(self, number, home, site, book, clock, watch, seed):
        self._number, self._home, self._site, self._book = number, home, site, book
        self._clock, self._watch, self._chance = clock, watch, random.Random(seed)
        self._plates, self._keys, self._told_at = 0, 0, set()
        self._prefix = "%d-%x" % (number, random.Random(seed).getrandbits(32))

    def next(self):
        """-> a generator that yields seconds to wait"""
        kinds = {self._plain: 40, self._by_box: 22, self._race: 12, self._by_hand: 10, self._slipped: 7, self._curl: 6,
                 self._settings: 3}
        return self._chance.choices(list(kinds), list(kinds.values()))[0]()

    # ---- asking

    def _ask(self, central, method, path, body=None, **headers):
        """Ask until there is an answer. -> (status, answer, was it repeated?)"""
        repeated, first = False, time.monotonic()
        while True:
            began = time.monotonic()
            try:
                status, answer = central.ask(method, path, body, **headers)
            except (Lost, ValueError) as e:
                status, answer = 0, e
            self._watch.answered(central, began, status not in LATER, "%d %s" % (status, answer))
            if status not in LATER:
                self._book.count(requests=1)
                self._late = time.monotonic() - first > TRUSTED_MS / 1000
                return status, answer, repeated
            repeated = True
            self._book.count(lost=1)
            yield Again(self._chance.uniform(0.1, 0.5))

    def _keyed(self, central, path, body):
        """The same with an Idempotency-Key; now and then asked once more, though it was answered."""
        self._keys += 1
        key = "key-%s-%d" % (self._prefix, self._keys)
        status, answer, repeated = yield from self._ask(central, "POST", path, body, Idempotency_Key=key)
        if status == 200 and self._chance.random() < 0.15:
            late = self._late
            again, same, _ = yield from self._ask(central, "POST", path, body, Idempotency_Key=key)
            self._book.count(repeats=1)
            if again != 200 or same != dict(answer, deduped=True):
                self._book.odd("%s at %s: %s, and when it was repeated %d %s" % (path, central.id, answer, again, same))
            self._late = late
        return status, answer, repeated

    def _odd(self, central, what, status, answer):
        self._book.odd("%s at %s: %d %s" % (what, central.id, status, answer))

    # ---- names and times

    def _plate(self):
        self._plates += 1
        return "%02dK%d%05d" % (29 + self._number % 60, self._number // 60, self._plates)

    def _edge(self, central, lane):
        return "edge-%d-%s" % (self._number, lane)

    def _at(self, central, edge, wish=None):
        """A time that names one event of that edge."""
        at = self._clock.now() if wish is None else wish
        while (central.id, edge, at) in self._told_at:
            at += 1
        self._told_at.add((central.id, edge, at))
        return at

    def _other(self, *not_these):
        return self._chance.choice([central for central in self._site if central not in not_these])

    def _stay_time(self):
        return self._chance.choice((0.2, 1.5, 4, 9, 20)) * self._chance.uniform(0.5, 1.5)

    # ---- entries and exits by barrier/open

    def _enter(self, central, plate, keyed, at=None, force=False):
        """-> the answer of an entry; None if it was refused, which is only right where that car may be inside"""
        edge = self._edge(central, "in")
        at = self._at(central, edge, at)
        body = {"edge_id": edge, "plate_id": plate, "direction": "ENTRY", "timestamp": at, "sent_at": now_ms()}
        if force:
            body["force"] = True
        status, answer, repeated = yield from (self._keyed(central, OPEN, body) if keyed else self._told(central, body))
        if status == 200 or status == 409 and repeated and not keyed:
            if not answer["event_id"].startswith(central.id + "_"):
                self._odd(central, "entry of %s, repeated" % plate, status, answer)
            self._book.entry(Entry(answer["event_id"], plate, central.id, edge, None if keyed and self._late else at, force))
            return answer
        self._book.count(refused=1)
        if status != 409 or not answer.get("already_inside"):
            self._odd(central, "entry of " + plate, status, answer)
        return None

    def _told(self, central, body):
        """Without a key: told again with the same time, and a fresh sent_at."""
        repeated = False
        while True:
            body["sent_at"] = now_ms()
            began = time.monotonic()
            try:
                status, answer = central.ask("POST", OPEN, body)
            except (Lost, ValueError) as e:
                status, answer = 0, e
            self._watch.answered(central, began, status not in LATER, "%d %s" % (status, answer))
            if status not in LATER:
                self._book.count(requests=1)
                self._late = False
                return status, answer, repeated
            repeated = True
            self._book.count(lost=1)
            yield Again(self._chance.uniform(0.1, 0.5))

    def _leave(self, central, plate, keyed, at=None, force=False):
        """-> the answer of an exit; None if it was refused for want of an entry"""
        edge = self._edge(central, "out")
        at = self._at(central, edge, at)
        body = {"edge_id": edge, "plate_id": plate, "direction": "EXIT", "timestamp": at, "sent_at": now_ms()}
        if force:
            body["force"] = True
        status, answer, repeated = yield from (self._keyed(central, OPEN, body) if keyed else self._told(central, body))
        done = status == 409 and repeated and not keyed     # only who saw the entry before asks so
        if status == 200 or done:
            at = None if keyed and self._late else at
            self._book.exit(Exit(answer.get("event_id"), plate, central.id, edge, at, answer.get("fee")))
            return answer
        self._book.count(refused=1)
        if status != 409 or answer.get("has_entry") is not False:
            self._odd(central, "exit of " + plate, status, answer)
        return None

    def _sees(self, central, plate):
        """Does a detection at an exit of that central find the entry?"""
        body = {"edge_id": self._edge(central, "out"), "plate_id": plate, "plate_view": plate, "camera_type": "car",
                "direction": "EXIT", "confidence": 0.9, "timestamp": self._clock.now(), "sent_at": now_ms()}
        status, answer, _ = yield from self._ask(central, "POST", DETECTION, body)
        if status != 200:
            self._odd(central, "detection of " + plate, status, answer)
            return False
        return answer["vehicle_info"]["has_entry"]

    def _close(self, central, plate, event_id):
        body = {"edge_id": self._edge(central, "in"), "plate_id": plate, "event_id": event_id}
        status, answer, repeated = yield from self._keyed(central, CLOSE, body)
        if status == 200 and answer.get("event_id") == event_id:
            self._book.confirm(event_id)
        else:
            self._odd(central, "close behind " + event_id, status, answer)

    def _where_out(self):
        return self._home if self._chance.random() < 0.5 else self._other(self._home)

    def _wait_seen(self, central, plate, tries=8):
        """Until that central knows the entry -> does it?"""
        for _ in range(tries):
            if (yield from self._sees(central, plate)):
                return True
            yield 0.7
        return False

    # ---- the visits

    def _plain(self):
        """In by one gate, out by another, maybe of another central; a few come back; of some no camera sees the exit."""
        plate, central = self._plate(), self._home
        keyed = self._chance.random() < 0.6
        for earlier in range(1 if keyed else self._chance.choice((1, 1, 1, 2, 3))):
            entry = yield from self._enter(central, plate, keyed)
            if entry is None or self._late:
                return
            if not (yield from self._sees(central, plate)):
                self._odd(central, "detection after the entry of " + plate, 200, "has no entry")
            if self._chance.random() < 0.6:
                yield from self._close(central, plate, entry["event_id"])
            yield self._stay_time()
            if self._chance.random() < 0.1:
                return
            out = self._where_out()
            if not (yield from self._wait_seen(out, plate)):
                if keyed and self._chance.random() < 0.5:
                    yield from self._leave(out, plate, keyed, force=True)   # the guard lets it out; its entry is found later
                    return
                out = central
            gone = yield from self._leave(out, plate, keyed)
            if gone is None:
                if not earlier:         # else it was an earlier visit that was seen, whose exit has arrived meanwhile
                    self._odd(out, "exit after its entry was seen", 409, plate)
                return
            if gone.get("event_id") != entry["event_id"]:
                return                  # what that central saw was an earlier visit, whose exit it had not heard of yet
            central = out
            yield self._stay_time()

    def _by_box(self):
        """A camera box: events with ids of its own; the exit has its entry's id, or one of its own."""
        central, plate = self._home, self._plate()
        entry_id = "edge-%s-%d" % (self._prefix, self._plates)
        body = self._event(central, "ENTRY", plate, entry_id, "in")
        status, answer, _ = yield from self._ask(central, "POST", EVENT, body)
        if status != 200 or not answer["success"] or answer["event_id"] != entry_id:
            self._odd(central, "ENTRY of " + plate, status, answer)
            return
        at = int(body["timestamp"] * 1000)
        self._book.entry(Entry(entry_id, plate, central.id, body["data"]["edge_id"], None if self._late else at))
        if self._late:
            return
        yield self._stay_time()
        out = self._where_out()
        if self._chance.random() < 0.8:
            yield from self._wait_seen(out, plate)
        exit_id = entry_id if self._chance.random() < 0.5 else entry_id + "-out"
        body = self._event(out, "EXIT", plate, exit_id, "out")
        status, answer, _ = yield from self._ask(out, "POST", EVENT, body)
        late = self._late
        yield from self._box_told(out, body, status, answer, late, entry_id)
        if self._chance.random() < 0.2:                     # the box did not hear it
            status, answer, _ = yield from self._ask(out, "POST", EVENT, body)
            self._book.count(repeats=1)
            if status != 200 or not answer.get("deduped") or not answer["success"]:
                self._odd(out, "the repeated EXIT of " + plate, status, answer)

    def _event(self, central, kind, plate, event_id, lane):
        edge = self._edge(central, "box-" + lane)
        at = self._at(central, edge)
        return {"type": kind, "camera_id": "cam-%d-%s" % (self._number, lane), "camera_name": "Cổng", "camera_type": "car",
                "timestamp": at / 1000, "sent_at": now_ms() / 1000, "event_id": event_id,
                "data": {"plate_text": plate, "confidence": 0.9, "source": "ai", "edge_id": edge}}

    def _box_told(self, out, body, status, answer, late, entry_id):
        """An EXIT is a record whatever the answer: refused, the car has left all the same."""
        plate, at = body["data"]["plate_text"], None if late else int(body["timestamp"] * 1000)
        fee = event_id = None
        if status == 200 and answer.get("deduped"):
            pass                                            # the first answer, with the fee, was lost
        elif status == 200 and answer["success"]:
            fee, event_id = answer["fee"], answer["event_id"]
            if event_id != entry_id:
                self._odd(out, "EXIT of %s ended another stay" % entry_id, status, answer)
        elif status == 200 and answer.get("code") == "no_entry":
            fee = 0
        else:
            self._odd(out, "EXIT of " + plate, status, answer)
            return
        self._book.exit(Exit(event_id, plate, out.id, body["data"]["edge_id"], at, fee))
        yield 0.0

    def _race(self):
        """Two gates of two centrals see the same car within minutes, in and out; each lets it pass if it knows no better."""
        plate, first, second = self._plate(), self._home, self._other(self._home)
        at = self._clock.now()
        yield from self._enter(first, plate, True, at)
        yield from self._enter(second, plate, True, at + self._chance.randint(0, 9 * MINUTE))
        yield self._stay_time()
        at = max(self._clock.now(), at + 10 * MINUTE)
        for out in self._chance.sample(list(self._site), self._chance.choice((1, 1, 2))):
            yield from self._leave(out, plate, True, at + self._chance.randint(0, 3 * MINUTE), force=self._chance.random() < 0.5)

    def _slipped(self):
        """Out behind another car, unseen; when it comes again a guard lets it in, which ends the old stay as missed."""
        central, plate = self._home, self._plate()
        if (yield from self._enter(central, plate, True)) is None or self._late:
            return
        yield self._stay_time() + 1.5                       # more than 10 minutes of the site's time
        if (yield from self._enter(central, plate, True, force=True)) is None or self._late:
            return
        yield self._stay_time()
        yield from self._leave(central, plate, True)

    def _curl(self):
        """Told without a time: when it arrives is when it happened."""
        central, plate = self._home, self._plate()
        edge = self._edge(central, "curl")
        status, answer, _ = yield from self._keyed(central, OPEN, {"edge_id": edge, "plate_id": plate})
        if status != 200 or answer["action"] != "ENTRY":
            self._odd(central, "entry of " + plate, status, answer)
            return
        self._book.entry(Entry(answer["event_id"], plate, central.id, edge, None))
        yield self._stay_time()
        status, gone, _ = yield from self._keyed(central, OPEN, {"edge_id": edge, "plate_id": plate})
        if status != 200 or (gone["action"], gone["event_id"]) != ("EXIT", answer["event_id"]):
            self._odd(central, "exit of " + plate, status, gone)
            return
        self._book.exit(Exit(answer["event_id"], plate, central.id, edge, None, gone["fee"]))

    def _by_hand(self):
        """An operator enters a car, says another plate, voids the row, undoes that, and ends the stay for a fee of his own."""
        central, plate = self._home, self._plate()
        status, answer, _ = yield from self._keyed(central, STAYS, {"plate_id": plate, "why": "the camera was dark"})
        if status != 200:
            self._odd(central, "entering %s by hand" % plate, status, answer)
            return
        event_id, row = answer["event_id"], "%s/%d" % (HISTORY, answer["history_id"])
        self._book.entry(Entry(event_id, plate, central.id, None, None))
        yield self._stay_time()
        sure = True                     # a lost answer may be carried out yet: nothing is said of that row after it
        if self._chance.random() < 0.7:
            plate, sure = yield from self._correct(central, row, event_id)
        if sure and self._chance.random() < 0.4:
            sure = yield from self._void(central, row, event_id)
            yield self._stay_time()
            if not sure or self._chance.random() < 0.5:
                return
            plate, sure = yield from self._correct(central, row, event_id)
        if not sure:
            return
        fee = self._chance.randrange(1000) * 1000
        status, answer, _ = yield from self._keyed(central, row + "/exit", {"reason": "normal", "fee": fee, "why": "by hand"})
        if status != 200 or answer["fee"] != fee:
            self._odd(central, "ending %s by hand" % event_id, status, answer)
            return
        self._book.exit(Exit(event_id, plate, central.id, None, None, fee, by_tariff=False))

    def _correct(self, central, row, event_id):
        """-> the plate it has now, whether no answer was lost"""
        plate = self._plate()
        body = {"plate_id": plate, "plate_view": plate, "why": "misread"}
        status, answer, repeated = yield from self._ask(central, "PUT", row, body)
        if status != 200 or answer["plate_id"] != plate:
            self._odd(central, "correcting " + event_id, status, answer)
        self._book.correct(event_id, plate)
        return plate, not repeated

    def _void(self, central, row, event_id):
        status, answer, repeated = yield from self._ask(central, "DELETE", row, {"why": "a test"})
        if status != 200 and not (repeated and status == 409 and answer["code"] == "void"):
            self._odd(central, "voiding " + event_id, status, answer)
        self._book.take_out(event_id)
        return not repeated

    def _settings(self):
        """Another tariff; fee_overnight, which nothing uses, makes each change known again."""
        self._keys += 1
        mark = 100000000 + self._number * 100000 + self._keys
        fees = {"fee_per_hour": self._chance.choice((20000, 25000, 30000)), "fee_base": self._chance.choice((0.5, 1, 0.25)),
                "fee_daily_max": self._chance.choice((0, 200000)), "fee_overnight": mark}
        status, answer, _ = yield from self._ask(self._home, "PUT", FEES, {"fees": fees})
        if status != 200:
            self._odd(self._home, "fees", status, answer)
            return
        self._book.set("tariff", '"fee_overnight": %d' % mark)
