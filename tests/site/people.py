"""People who may log in to a central, made by its parkmeshctl."""
import os
import subprocess

ADMIN, PASSWORD = "anna", "correct horse battery"


def ctl_command(central, *words):
    """The command line of parkmeshctl at this central's database."""
    return [os.path.join(central.build, "ctl", "parkmeshctl"), "--db", os.path.join(central.dir, "parkmesh.db"), *words]


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
