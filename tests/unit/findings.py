"""A runner for tests that look for faults: each test_* function of a module yields what it finds wrong, a line each, and is one line
of TAP. The module goes on without any other runner: nothing has to be built or started for it."""
import sys


def run(namespace, *given):
    """run(globals()): run the module's tests, each with what is given, and exit, 0 if they found nothing."""
    tests = [(name[5:].replace("_", " "), test) for name, test in namespace.items() if name.startswith("test_")]
    failed = 0
    print("1..%d" % len(tests))
    for number, (name, test) in enumerate(tests, 1):
        found = list(test(*given))
        failed += bool(found)
        print("\n".join(["# " + line for line in found] + ["%s %d - %s" % ("not ok" if found else "ok", number, name)]))
    sys.exit(failed > 0)
