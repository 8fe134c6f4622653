"""What the scenarios of the package's test share: the packages, a folder, and machines that end with the scenario."""
import json
import os
import shutil

from machine import Machine, base, call

UNITS = ("parkmesh-fcgi.socket", "parkmesh-fcgi.service", "parkmesh-p2pd.service", "parkmesh-backup.timer")
DAEMONS = ("parkmesh-fcgi.service", "parkmesh-p2pd.service")
SERVICES = DAEMONS + ("parkmesh-watch.service", "parkmesh-backup.service")


class Place:
    def __init__(self, folder, deb, old=None):
        self.folder, self.deb = folder, deb
        self.version = call("dpkg-deb", "-f", deb, "Version").strip()
        self.base = base(folder, deb)
        self.old = old or self._repacked("0.0.1~earlier")
        self._machines = []

    def _repacked(self, version):
        """The same package under another version."""
        tree, deb = os.path.join(self.folder, "repacked"), os.path.join(self.folder, "repacked.deb")
        shutil.rmtree(tree, ignore_errors=True)
        call("dpkg-deb", "-R", self.deb, tree)
        control = os.path.join(tree, "DEBIAN/control")
        with open(control, encoding="utf-8") as f:
            text = f.read()
        with open(control, "w", encoding="utf-8") as f:
            f.write(text.replace("\nVersion: %s\n" % self.version, "\nVersion: %s\n" % version))
        call("dpkg-deb", "--root-owner-group", "-b", tree, deb)
        shutil.rmtree(tree)
        return deb

    def machine(self, name):
        made = Machine(self.base, self.folder, name)
        self._machines.append(made)
        return made.boot()

    def clean_up(self):
        for machine in self._machines:
            machine.destroy()
        self._machines = []


def end_load(load):
    """-> what load.py told"""
    told, _ = load.communicate(timeout=60)
    assert load.returncode == 0, "load.py ended with %d" % load.returncode
    return json.loads(told)


def lost_nothing(machine, told, least=20):
    """Was every request answered well, and is all of it held?"""
    assert not told["failed"], "%d answers, then: %s" % (told["answers"], told["failed"])
    assert told["answers"] >= least, "only %d answers: too few to tell" % told["answers"]
    held = {row["plate_id"] for row in machine.get("/api/parking/state")["vehicles_in_parking"]}
    missing = [plate for plate in told["inside"] if plate not in held]
    assert not missing, "let in, and not held: %s" % missing[:10]
    return "%d answers, none lost, the slowest %d ms" % (told["answers"], told["slowest_ms"])
