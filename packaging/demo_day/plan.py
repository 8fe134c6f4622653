"""The day that is played: who comes when by which gate, and leaves when by which. Made from a seed alone."""
import random
from dataclasses import dataclass, field

import plates

MINUTE = 60 * 1000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CENTRALS, GATES_EACH = 3, 4
LANES = (("car", "ENTRY"), ("car", "EXIT"), ("moto", "ENTRY"), ("moto", "EXIT"))    # of a central's four gates
GAP = 5 * 1000              # two vehicles are not at one gate within this time

# a central is stopped, another is cut off the network: (which, from, to), ms of the day
STOPPED = (2, 10 * HOUR + 30 * MINUTE, 11 * HOUR + 30 * MINUTE)
CUT_OFF = (1, 14 * HOUR + 30 * MINUTE, 15 * HOUR + 30 * MINUTE)

# arrivals an hour, as weights: people who come to work, and people who come home
ARRIVALS = (2, 1, 1, 1, 2, 7, 24, 60, 54, 26, 15, 13, 17, 19, 14, 15, 24, 46, 42, 28, 18, 11, 7, 4)


@dataclass(order=True)
class Event:
    """One vehicle in front of one gate."""
    at: int                                         # ms of the day
    gate: int                                       # 0 … 11
    plate: str = field(compare=False)               # as written
    read: str = field(compare=False)                # as the camera sends it
    kind: str = field(compare=False)
    direction: str = field(compare=False)
    once: bool = field(compare=False, default=False)    # the other camera of a vehicle seen twice: nobody forces anything


def gate_of(central, kind, direction):
    return central * GATES_EACH + LANES.index((kind, direction))


def central_of(gate):
    return gate // GATES_EACH


class Plan:
    """events: all of the day in order of time. visits, doubles, away: what was put in, for the report."""

    def __init__(self, seed, stays):
        self._chance = random.Random(seed)
        self._plates = plates.Plates(self._chance)
        self._free_from = {}                        # plate -> when its last visit is over
        self.events, self.visits, self.doubles, self.away = [], 0, 0, 0
        for _ in range(stays):
            self._visit()
        self._doubles_in_the_cut(max(4, stays // 150))
        self._space_out()

    # ---- one visit

    def _arrival(self):
        hour = self._chance.choices(range(24), ARRIVALS)[0]
        return hour * HOUR + self._chance.randrange(HOUR)

    def _stay(self, arrival):
        """How long it stays, ms."""
        chance, hour = self._chance, arrival // HOUR
        if hour < 5 or hour >= 18 and chance.random() < 0.55:      # over night
            morning = 6 * HOUR + chance.gauss(75, 35) * MINUTE + (DAY if hour >= 5 else 0)
            return max(6 * MINUTE, int(morning) - arrival)
        if 6 <= hour <= 9 and chance.random() < 0.6:                # a working day
            return int(chance.gauss(9, 1) * HOUR)
        if chance.random() < 0.25:                                  # a short errand
            return chance.randint(6, 29) * MINUTE
        return int(min(14 * HOUR, 30 * MINUTE + chance.expovariate(1 / (1.6 * HOUR))))

    def _vehicle(self, arrival):
        """A new one mostly, or one that was here before and has left -> (plate, kind)"""
        if self._chance.random() < 0.06:
            back = [key for key, over in self._free_from.items() if over < arrival - 20 * MINUTE]
            if back:
                return self._chance.choice(back)
        kind = "car" if self._chance.random() < 0.38 else "moto"
        return self._plates.fresh(kind), kind

    def _visit(self):
        chance, arrival = self._chance, self._arrival()
        plate, kind = self._vehicle(arrival)
        leaves = arrival + max(6 * MINUTE, self._stay(arrival))
        self._free_from[(plate, kind)] = leaves
        came, went = chance.randrange(CENTRALS), 0
        went = came if chance.random() < 2 / 3 else (came + chance.randint(1, CENTRALS - 1)) % CENTRALS
        unseen = chance.random()                    # a few slip in behind another, or out, and no camera sees them
        self.visits += 1
        if unseen > 0.004:
            self._put(arrival, came, plate, kind, "ENTRY")
            if chance.random() < 0.012:
                self._twice(arrival, came, plate, kind)
        if unseen < 0.994 and leaves < DAY - MINUTE:
            self._put(leaves, went, plate, kind, "EXIT")
            self.away += went != came

    def _put(self, at, central, plate, kind, direction, once=False):
        at = at // 1000 * 1000                      # the boxes in the field tell whole seconds
        self.events.append(Event(at, gate_of(central, kind, direction), plate, plates.as_read(self._chance, plate), kind,
                                 direction, once))

    # ---- seen at two gates at once

    def _twice(self, at, central, plate, kind):
        """Another gate's camera sees the vehicle, too: of the lane beside it, or of another central."""
        at += self._chance.randrange(3) * 1000
        self.doubles += 1
        if self._chance.random() < 0.3:
            self._put(at, central, plate, "moto" if kind == "car" else "car", "ENTRY", once=True)
        else:
            self._put(at, (central + self._chance.randint(1, CENTRALS - 1)) % CENTRALS, plate, kind, "ENTRY", once=True)

    def _doubles_in_the_cut(self, count):
        """While a central is off the network, the same vehicle is let in here and there, and let out here and there."""
        alone, begin, end = CUT_OFF
        inside = [(e.plate, e.kind) for e in self.events if e.direction == "ENTRY" and not e.once and e.at < begin - HOUR
                  and self._free_from[(e.plate, e.kind)] > end + HOUR]
        for i in range(count):
            at = begin + self._chance.randrange(5 * MINUTE, end - begin - 5 * MINUTE)
            other = (alone + 1 + i % (CENTRALS - 1)) % CENTRALS
            self.doubles += 1
            if i % 4 == 3 and inside:
                plate, kind = inside.pop(self._chance.randrange(len(inside)))
                self._drop_exit(plate, begin)
                self._both(at, alone, other, plate, kind, "EXIT")
                continue
            kind = self._chance.choice(("car", "moto"))
            plate = self._plates.fresh(kind)
            self.visits += 1
            self._both(at, alone, other, plate, kind, "ENTRY")
            if i % 2:
                self._put(end + self._chance.randint(20, 200) * MINUTE, other, plate, kind, "EXIT")

    def _both(self, at, first, second, plate, kind, direction):
        self._put(at, first, plate, kind, direction)
        self._put(at + self._chance.randint(1, 60) * 1000, second, plate, kind, direction, once=True)

    def _drop_exit(self, plate, after):
        self.events = [e for e in self.events if e.plate != plate or e.direction == "ENTRY" or e.at < after]

    # ---- in order

    def _space_out(self):
        """One vehicle after the other at each gate, so that a gate and a time name one event."""
        self.events.sort()
        last = {}
        for event in self.events:
            event.at = max(event.at, last.get(event.gate, -GAP) + GAP)
            last[event.gate] = event.at
        self.events.sort()
