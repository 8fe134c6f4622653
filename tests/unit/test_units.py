#!/usr/bin/python3
"""The units of the package: systemd finds nothing to say about them, and each service is shut in well enough."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PACKAGING = os.path.join(ROOT, "packaging", "debian")
KINDS = ("service", "socket", "timer")
THRESHOLD = 20          # tenths of systemd's figure of exposure, 0 to 100
FOR_EVER = ("StartLimitIntervalSec=0", "Restart=always")
GATES_NEED = ("parkmesh-fcgi.service", "parkmesh-p2pd.service")


def units(folder):
    """Copies under the names they are installed by, with programs that every machine has. -> names"""
    for kind in KINDS:
        for path in glob.glob(os.path.join(PACKAGING, "parkmesh.*." + kind)):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            name = os.path.basename(path)[len("parkmesh."):]
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(re.sub(r"(?m)^(Exec\w+=)[-+!]*/usr/(lib/parkmesh|s?bin)/\S+", r"\1/bin/true", text))
    return sorted(os.listdir(folder))


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_systemd_finds_nothing_to_say(folder, names):
    """Its exit status is 0 for a misspelt key, too."""
    status, _, said = analyze("verify", "--man=no", *(os.path.join(folder, name) for name in names))
    if status != 0 or said:
        yield "%d %s" % (status, said)


def test_each_service_is_shut_in(folder, names):
    for name in names:
        if name.endswith(".service"):
            status, told, said = analyze("security", "--offline=true", "--no-pager", "--threshold=%d" % THRESHOLD, os.path.join(folder, name))
            if status != 0:
                yield "%s: %s%s" % (name, "\n".join(re.findall(r"(?m)^→.*|^✗.*", told)), said)


def test_what_gates_need_is_started_for_ever(folder, names):
    yield from (name + " is missing" for name in GATES_NEED if name not in names)
    for name in set(GATES_NEED) & set(names):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            lines = f.read().split("\n")
        yield from ("%s lacks %s" % (name, line) for line in FOR_EVER if line not in lines)


def test_the_package_installs_each_unit(folder, names):
    """debhelper leaves a unit out without a word unless it is named."""
    with open(os.path.join(PACKAGING, "rules"), encoding="utf-8") as f:
        rules = f.read()
    named = re.findall(r"--name=([\w-]+)", rules)
    yield from ("packaging/debian/rules lacks dh_installsystemd --name for " + name for name in names if name.rpartition(".")[0] not in named)


def main():
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    folder, failed = tempfile.mkdtemp(prefix="parkmesh-units-"), 0
    try:
        names = units(folder)
        print("1..%d" % len(tests))
        for number, (name, test) in enumerate(tests, 1):
            found = list(test(folder, names))
            failed += bool(found)
            print("\n".join(["# " + line for text in found for line in text.split("\n")] +
                            ["%s %d - %s" % ("not ok" if found else "ok", number, name)]))
    finally:
        shutil.rmtree(folder)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
