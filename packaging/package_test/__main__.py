"""The package on real machines: packaging/test-package builds it and runs this."""
import argparse
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, ROOT)

import life                                                 # noqa: E402
import mesh                                                 # noqa: E402
import neighbours                                           # noqa: E402
import paper                                                # noqa: E402
import upgrade                                              # noqa: E402
from place import Place                                     # noqa: E402

TOLD = 6000     # characters of a failure
SCENARIOS = (paper, life, neighbours, upgrade, mesh)


def arguments():
    parser = argparse.ArgumentParser(prog="packaging/test-package", description="Install the package on fresh machines (debootstrap, "
                                     "systemd-nspawn), use it, break it, upgrade it, remove it.")
    parser.add_argument("deb", nargs="?", help="the package (default: it is built)")
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--old", help="an earlier version to upgrade from (default: this one under a lower version)")
    parser.add_argument("--only", choices=[scenario.__name__ for scenario in SCENARIOS], help="play only one scenario")
    return parser.parse_args()


def tell(text):
    print(text, flush=True)


def note(text):
    for line in text.rstrip("\n").split("\n"):
        tell("# " + line)


def one(number, test, state, name):
    """-> did it pass?"""
    began, good = time.monotonic(), True
    try:
        said = test(state)
        if isinstance(said, str):
            note(said)
    except Exception:               # told, and on to the next one
        note(traceback.format_exc()[-TOLD:])
        good = False
    tell("%s %d - %s: %s (%.1f s)" % ("ok" if good else "not ok", number, name, test.__name__[5:].replace("_", " "),
                                      time.monotonic() - began))
    return good


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that clean-up runs
    chosen, began = arguments(), time.monotonic()
    passed = failed = 0
    place = Place(chosen.folder, chosen.deb, chosen.old)
    note("parkmesh %s from %s" % (place.version, chosen.deb))
    for scenario in SCENARIOS:
        if chosen.only not in (None, scenario.__name__):
            continue
        state = {"place": place}
        try:
            for name, test in list(vars(scenario).items()):
                if name.startswith("test_"):
                    good = one(passed + failed + 1, test, state, scenario.__name__)
                    passed, failed = passed + good, failed + (not good)
        finally:
            place.clean_up()
    tell("1..%d" % (passed + failed))
    tell("test-package: %d passed, %d failed in %.0f s" % (passed, failed, time.monotonic() - began))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
