"""What befalls a site: a schedule made from a seed alone, and who carries it out.

Replayed, a seed gives the same faults at the same times; what the programs were doing at each moment is the machine's affair.
"""
import heapq
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass

from tests.site import process
from tests.site.wait import wait_for

ROLES = ("nginx", "fcgi", "p2pd")           # beside them "worker" (of nginx), "parkmesh-central" (its children follow it), and
                                            # "central" (every process of one at once)
LINK = ("cut", "flap", "hang up", "reset", "stall", "stall one way", "slow", "delay", "truncate", "corrupt")
KINDS = ("link", "storm", "islands", "kill", "kill several", "kill central", "kill all", "stop")
WEIGHTS = {"link": 40, "storm": 5, "islands": 3, "kill": 22, "kill several": 4, "kill central": 6, "kill all": 1, "stop": 19}


@dataclass(frozen=True)
class Fault:
    at: float               # seconds from the beginning
    kind: str               # of KINDS
    seconds: float          # how long it is in force; of a kill: how long a whole central stays down
    what: tuple             # kill: ((central, role), …). stop: (central, role). islands: groups of numbers.
                            # link, storm: (fault of LINK, direction, strength, ((i, j), …))

    def __str__(self):
        return "%7.2f s  %-12s %5.2f s  %s" % (self.at, self.kind, self.seconds, self.what)


class Schedule:
    """faults in order of time. kinds: of KINDS, those that may happen. gap: seconds from one to the next, on the average."""

    def __init__(self, seed, centrals, seconds, kinds=KINDS, gap=1.0):
        self._chance, self._count = random.Random("%s faults" % seed), centrals
        self.faults, at = [], 0.0
        weights = [WEIGHTS[kind] for kind in kinds]
        while True:
            at += self._chance.expovariate(1 / gap)
            if at >= seconds:
                break
            kind = self._chance.choices(kinds, weights)[0]
            self.faults.append(Fault(at, kind, *getattr(self, "_" + kind.replace(" ", "_"))()))

    def _some(self, most):
        return self._chance.sample(range(self._count), self._chance.randint(2, max(2, min(most, self._count))))

    def _spoil(self, pairs):
        chance, fault = self._chance, self._chance.choice(LINK)
        strength = {"slow": chance.choice((500, 5000, 50000)), "delay": chance.choice((0.02, 0.2, 1.0)),
                    "truncate": chance.choice((0.1, 0.4, 1.0)), "corrupt": chance.choice((0.1, 0.4, 1.0))}.get(fault, 0)
        seconds = {"hang up": 0, "reset": 0, "stall": chance.uniform(2, 20), "stall one way": chance.uniform(2, 20)}
        direction = chance.choice(("there", "back") if fault == "stall one way" else ("there", "back", "both"))
        return seconds.get(fault, chance.uniform(0.5, 10)), (fault, direction, strength, pairs)

    def _link(self):
        return self._spoil((tuple(self._chance.sample(range(self._count), 2)),))

    def _storm(self):
        one = self._chance.randrange(self._count)
        return self._spoil(tuple((one, other) for other in range(self._count) if other != one))

    def _islands(self):
        numbers = self._chance.sample(range(self._count), self._count)
        ends = sorted(self._chance.sample(range(1, self._count), min(self._count - 1, self._chance.choice((1, 2)))))
        groups = zip([0] + ends, ends + [self._count], strict=True)
        return self._chance.uniform(5, 15), tuple(tuple(numbers[a:b]) for a, b in groups)

    def _kill(self):
        return 0, ((self._chance.randrange(self._count), self._chance.choice(ROLES + ("worker",))),)

    def _kill_several(self):
        return 0, tuple((number, self._chance.choice(ROLES)) for number in self._some(4))

    def _kill_central(self):
        role = self._chance.choice(("central", "parkmesh-central"))
        return self._chance.choice((0, 1, 4)), ((self._chance.randrange(self._count), role),)

    def _kill_all(self):
        return 0, tuple((number, "central") for number in range(self._count))

    def _stop(self):
        role = self._chance.choice(("p2pd", "p2pd", "fcgi", "worker"))
        seconds = self._chance.uniform(2, 12) if role == "p2pd" else self._chance.uniform(0.5, 4)
        return seconds, (self._chance.randrange(self._count), role)


class Player(threading.Thread):
    """Carries the schedule out. counts: {what was done: how often}. watch: told what goes on at which central (gates.Watch)."""

    def __init__(self, site, schedule, watch):
        super().__init__(name="faults")
        self._site, self._watch, self._over = site, watch, threading.Event()
        self._queue = [(fault.at, number, self._begin, (fault,)) for number, fault in enumerate(schedule.faults)]
        heapq.heapify(self._queue)
        self._number = len(self._queue)
        self._stopped = {}          # (central's number, role) -> pids
        self._trouble = Counter()   # central's number -> faults of its processes in force
        self.counts, self.in_force, self.failure = Counter(), [], None

    def run(self):
        try:
            began = time.monotonic()
            while self._queue and not self._over.is_set():
                if self._over.wait(max(0, self._queue[0][0] - (time.monotonic() - began))):
                    break
                _, _, do, words = heapq.heappop(self._queue)
                do(*words)
        except BaseException as e:      # told by heal
            self.failure = e

    def heal(self):
        """End every fault that is in force, and all that was to come; return when every central answers."""
        self.clean_up()
        self._site.heal()
        for central in self._site:
            if not central.running():
                central.start(wait=False)
        for central in self._site:
            wait_for(central.healthy, what=lambda central=central: "%s to answer; it wrote:\n%s" % (central.id, central.tail()))
        if self.failure:
            raise self.failure

    def clean_up(self):
        """No more of it; nothing stands still any more."""
        self._over.set()
        if self.ident is not None:
            self.join()
        for number, role in list(self._stopped):
            self._resume(number, role)

    def _later(self, seconds, fault, do, *words):
        self._number += 1
        heapq.heappush(self._queue, (fault.at + seconds, self._number, do, words))

    def _begin(self, fault):
        if fault.kind in ("link", "storm"):
            self._spoil(fault)
        elif fault.kind == "islands":
            self.counts["partitions into islands"] += 1
            self._site.islands(*fault.what)
            self._lasts(fault, self._site.heal)
        elif fault.kind == "stop":
            self._pause(fault, *fault.what)
        else:
            for number, role in fault.what:
                self._kill(fault, number, role)

    def _lasts(self, fault, end):
        self.in_force.append(fault)

        def ended():
            self.in_force.remove(fault)
            end()
        self._later(fault.seconds, fault, ended)

    # ---- links

    def _spoil(self, fault):
        what, direction, strength, pairs = fault.what
        links = [self._site.link(i, j) for i, j in pairs]
        self.counts["link: " + what] += len(links)
        for link in links:
            if what in ("hang up", "reset"):
                getattr(link, what.replace(" ", "_"))()
            elif what in ("cut", "flap"):
                link.cut()
            elif what in ("stall", "stall one way"):
                link.set("both" if what == "stall" else direction, stalled=True)
            else:
                link.set(direction, **{"rate" if what == "slow" else what: strength})
        if what == "flap":
            self._flap(fault, links)
        elif fault.seconds:
            self._lasts(fault, lambda: [(link.calm(), link.heal()) for link in links])

    def _flap(self, fault, links):
        """Down and up until its time is over, then up."""
        at = 0.3
        while at < fault.seconds:
            self._later(at, fault, lambda: [link.heal() for link in links])
            self._later(at + 0.6, fault, lambda: [link.cut() for link in links])
            at += 0.9
        self._later(at, fault, lambda: [link.heal() for link in links])

    # ---- processes

    def _pids(self, central, role):
        """Of a role's processes that run now; "worker": those of nginx."""
        if not central.running():
            return []
        pid = central.pid("nginx" if role == "worker" else role)
        if pid is None:
            return []
        return list(process.children(pid)) if role == "worker" else [pid]

    def _tell(self, number):
        """Say what goes on at that central now."""
        stopped = sorted(role for where, role in self._stopped if where == number)
        word = "calm"
        if self._trouble[number] or stopped not in ([], ["p2pd"]):
            word = "in trouble"
        elif stopped:
            word = "p2pd stopped"
        self._watch.now(self._site[number], word)

    def _kill(self, fault, number, role):
        central = self._site[number]
        if not central.running():
            return
        self._trouble[number] += 1
        self._tell(number)
        if role in ("central", "parkmesh-central"):
            self.counts["kill -9: " + role] += 1
            self._kill_central(fault, number, role)
        else:
            for pid in self._pids(central, role)[:1]:
                self.counts["kill -9: " + role] += 1
                process.send(pid, signal.SIGKILL)
            for stopped in (role, "worker") if role == "nginx" else (role,):
                self._resume(number, stopped)           # of nginx's workers only one was killed
            self._later(3, fault, self._better, number)

    def _kill_central(self, fault, number, role):
        central = self._site[number]
        for where, stopped in list(self._stopped):
            if where == number:
                self._resume(where, stopped)            # what is stopped could not follow its parent into death
        if role == "central":
            central.crash()
        else:
            central.kill()
        self._later(fault.seconds, fault, self._start_again, number)
        self._later(fault.seconds + 8, fault, self._better, number)

    def _start_again(self, number):
        if not self._site[number].running():
            self._site[number].start(wait=False)

    def _better(self, number):
        self._trouble[number] -= 1
        self._tell(number)

    def _pause(self, fault, number, role):
        central = self._site[number]
        pids = self._pids(central, role)
        if not pids or (number, role) in self._stopped:
            return
        self.counts["SIGSTOP: " + role] += 1
        self._stopped[(number, role)] = pids
        for pid in pids:
            process.send(pid, signal.SIGSTOP)
        self._tell(number)
        self._later(fault.seconds, fault, self._resume, number, role)

    def _resume(self, number, role):
        for pid in self._stopped.pop((number, role), ()):
            process.send(pid, signal.SIGCONT)
        self._tell(number)
