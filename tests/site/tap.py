"""A tiny runner for flow tests: each test_* function of a module is one line of TAP."""
import os
import shutil
import signal
import sys
import tempfile
import traceback

from tests.site.build import NoBuild, find_build
from tests.site.central import Central
from tests.site.site import Site


class Skip(Exception):
    """Raised by a test that cannot be played on this machine; the text says why."""


class Ground:
    """Where a test plays: a folder, and everything that was started on it, so that all of it ends with the test."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="parkmesh-flow-")
        self._mine, self._sites = [], 0

    def central(self, id="central-1", **how):
        """A central of its own, not started."""
        made = Central(id, self.folder, **how)
        self._mine.append(made)
        return made

    def site(self, count, **how):
        """A Site, not started."""
        self._sites += 1
        made = Site(os.path.join(self.folder, "site-%d" % self._sites), count, **how)
        self._mine.append(made)
        return made

    def path(self, name):
        return os.path.join(self.folder, name)

    def on_end(self, thing):
        """Have thing.clean_up() called at the end."""
        self._mine.append(thing)
        return thing

    def tails(self, lines=12):
        """The end of what each central wrote, for the diagnostics of a failure."""
        for central in self._centrals():
            yield "---- %s\n%s" % (central.id, central.tail(lines))

    def _centrals(self):
        """All that were ever started."""
        found = [central for mine in self._mine for central in getattr(mine, "centrals", [mine])]
        return [central for central in found if isinstance(central, Central) and os.path.exists(central.output)]

    def clean_up(self):
        """End everything. -> what the programs said of faults of their own while they ran and when they ended."""
        for mine in reversed(self._mine):
            try:
                mine.clean_up()
            except Exception:       # the rest has to be cleaned up all the same
                note(traceback.format_exc())
        faults = [line for central in self._centrals() for line in central.faults()]
        shutil.rmtree(self.folder, ignore_errors=True)
        return faults


def note(text):
    """A diagnostic, as TAP comment lines."""
    for line in text.rstrip("\n").split("\n"):
        print("# " + line)
    sys.stdout.flush()


def _one(test, argument, ground):
    """Run one test -> did it pass? (A Skip, if it could not be played.)"""
    try:
        test(argument)
        return True
    except Skip as reason:
        return reason
    except Exception:               # a failed assertion or any other surprise: told, and on to the next test
        note(traceback.format_exc())
        for tail in ground.tails():
            note(tail)
        return False


def _tell(number, good, name):
    reason = " # SKIP %s" % good if isinstance(good, Skip) else ""
    print("%s %d - %s%s" % ("ok" if good else "not ok", number, name, reason), flush=True)
    return 0 if good else 1


def _end(ground):
    """Clean up -> did every program end well, without a complaint of a sanitizer?"""
    faults = ground.clean_up()
    for line in faults[:50]:
        note(line)
    return not faults


def _name(test):
    return test.__name__[5:].replace("_", " ")


def _each_on_its_own(tests):
    """-> number of failures"""
    failed = 0
    for number, test in enumerate(tests, 1):
        ground, ended = Ground(), None
        try:
            good = _one(test, ground, ground)
            ended = _end(ground)
        finally:
            if ended is None:       # SIGTERM, Ctrl-C
                ground.clean_up()
        failed += _tell(number, ended and good, _name(test))
    return failed


def _all_on_one(tests, shared):
    """-> number of failures"""
    failed, ground, ended = 0, Ground(), None
    try:
        argument = shared(ground)
        for number, test in enumerate(tests, 1):
            failed += _tell(number, _one(test, argument, ground), _name(test))
        ended = _end(ground)
    finally:
        if ended is None:
            ground.clean_up()
    return failed + _tell(len(tests) + 1, ended, "the programs ended well")


def _selected(namespace):
    """The module's tests in the order they are written; those whose names have what the command line says in them, if it
    says anything."""
    tests = [thing for name, thing in namespace.items() if name.startswith("test_") and callable(thing)]
    wanted = sys.argv[1:]
    unknown = [part for part in wanted if not any(part in test.__name__ for test in tests)]
    if unknown:
        sys.exit("No such test: %s. There are: %s" % (", ".join(unknown), ", ".join(test.__name__ for test in tests)))
    return [test for test in tests if not wanted or any(part in test.__name__ for part in wanted)]


def run(namespace, shared=None):
    """run(globals()): run the module's tests and exit, 0 if all passed.

    Each test gets a Ground of its own. With shared, a function, all get what shared(ground) returned: for many small tests of
    one central. Parts of names as arguments: only these tests."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that clean-up runs
    tests = _selected(namespace)
    try:
        find_build()
    except NoBuild as e:
        print("Bail out! %s" % e)
        sys.exit(1)
    print("1..%d" % (len(tests) + bool(shared)), flush=True)
    failed = _all_on_one(tests, shared) if shared else _each_on_its_own(tests)
    sys.exit(1 if failed else 0)
