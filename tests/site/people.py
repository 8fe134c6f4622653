"""People who may log in to a central, made by its parkmeshctl."""
import os
import subprocess

from tests.site.build import find_build

ADMIN, PASSWORD = "anna", "correct horse battery"


def ctl_command(central, *words):
    """The command line of parkmeshctl at this central's database."""
    program = os.path.join(central.build, "ctl", "parkmeshctl")
    if not os.path.exists(program):         # a build made for one central, without it
        program = os.path.join(find_build(), "ctl", "parkmeshctl")
    return [program, "--db", os.path.join(central.dir, "parkmesh.db"), *words]


def ctl(central, *words, stdin=""):
    """-> what it printed"""
    done = subprocess.run(ctl_command(central, *words), input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "%s: %d %s %s" % (words, done.returncode, done.stdout, done.stderr)
    return done.stdout.strip()


def add_user(central, name, role="operator", password=PASSWORD):
    return ctl(central, "user", "add", name, "--role", role, stdin=password + "\n")


def setup_path(central):
    """A new link to make an administrator, without the central's address."""
    link = ctl(central, "setup-link")
    return link[link.index("/setup"):]
