"""Machines to install on: a fresh Debian 12 each, booted with its own systemd by systemd-nspawn, without a network but its own
loopback. What a machine writes lies in memory, over one Debian on disk that none of them changes. They need no systemd here.

The mounts are those of this process alone (packaging/test-package runs it in a mount namespace), so they end with it however it ends.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess

from tests.site.process import children
from tests.site.wait import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
MIRROR = "http://deb.debian.org/debian"
# Beside what debootstrap takes for the smallest machine; curl and iproute2 are what the main job asks with.
INCLUDED = "systemd,systemd-sysv,dbus,curl,iproute2"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
PR_SET_PDEATHSIG = 1


class Failed(AssertionError):
    """A command ended otherwise than with 0; the text has what it wrote."""


def call(*words, seconds=600, **how):
    """Run a command of this machine -> what it wrote."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, check=False, **how)
    if done.returncode != 0:
        raise Failed("%s: exit %d\n%s" % (" ".join(words), done.returncode, done.stdout[-3000:]))
    return done.stdout


def base(folder, deb):
    """A fresh Debian 12 in folder, made once, with what the package depends on downloaded, not installed. -> its path"""
    root, stamp = os.path.join(folder, "base"), os.path.join(folder, "base.made")
    wanted = "%s\n%s\n%s" % (MIRROR, INCLUDED, call("dpkg-deb", "-f", deb, "Depends"))
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as f:
            if f.read() == wanted:
                return root
        os.unlink(stamp)
    shutil.rmtree(root, ignore_errors=True)
    call("debootstrap", "--variant=minbase", "--include=" + INCLUDED, "bookworm", root, MIRROR)
    shutil.copy("/etc/resolv.conf", os.path.join(root, "etc"))
    shutil.copy(deb, os.path.join(root, "tmp/parkmesh.deb"))
    call("chroot", root, "apt-get", "-q", "clean")
    call("chroot", root, "apt-get", "-q", "-y", "install", "--download-only", "--no-install-recommends", "/tmp/parkmesh.deb")
    os.unlink(os.path.join(root, "tmp/parkmesh.deb"))
    # There is no network to wait for.
    call("chroot", root, "systemctl", "mask", "systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service")
    with open(stamp, "w", encoding="utf-8") as f:
        f.write(wanted)
    return root


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """One of them. boot() it, then run() commands in it; destroy() ends it and removes its files."""

    def __init__(self, base, folder, name):
        self.root, self.name = os.path.join(folder, name, "root"), name
        self._folder, self._spawned = os.path.join(folder, name), None
        self._console = os.path.join(self._folder, "console")
        os.makedirs(self._folder, exist_ok=True)
        call("mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "parkmesh-" + name, self._folder)
        layers = {"upperdir": os.path.join(self._folder, "written"), "workdir": os.path.join(self._folder, "work")}
        for path in (self.root, *layers.values()):
            os.mkdir(path)
        call("mount", "-t", "overlay", "-o", ",".join(["lowerdir=" + base] + ["%s=%s" % pair for pair in layers.items()]), "parkmesh", self.root)

    def boot(self):
        with open(self._console, "ab") as console:
            self._spawned = subprocess.Popen(
                ["systemd-nspawn", "-q", "-D", self.root, "--machine=parkmesh-" + self.name, "--hostname=" + self.name, "--boot", "--register=no", "--keep-unit",
                 "--private-network", "--console=read-only"], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                preexec_fn=_die_with_parent, start_new_session=True)
        wait_for(self._up, what=lambda: "%s to boot:\n%s" % (self.name, self.tail()))
        return self

    def _up(self):
        try:
            return self.pid and self.run("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")
        except (Failed, subprocess.TimeoutExpired):
            return False

    @property
    def pid(self):
        """Of its systemd, as this machine knows it; None while there is none."""
        return next((pid for pid, name in children(self._spawned.pid).items() if name == "systemd"), None)

    def tail(self):
        with open(self._console, encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:]

    def _inside(self, *words):
        return ["nsenter", "-t", str(self.pid), "-a", "-r", "-w", *words]

    def run(self, *words, stdin="", check=True, seconds=120):
        """Run a command in it as root -> what it wrote."""
        try:
            return call(*self._inside(*words), seconds=seconds, env=ENVIRONMENT, input=stdin)
        except Failed as e:
            if check:
                raise
            return str(e).partition("\n")[2]

    def works(self, *words, **how):
        try:
            self.run(*words, **how)
        except Failed:
            return False
        return True

    def sh(self, script, **how):
        return self.run("sh", "-c", script, **how)

    def start_in_network(self, program, *words):
        """Have a program of package_test at work, on this machine but in its network, until its standard input ends."""
        return subprocess.Popen(["nsenter", "-t", str(self.pid), "-n", "/usr/bin/python3", "-B", os.path.join(HERE, program), *words],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=_die_with_parent)

    def start_load(self, *words):
        """Gates at work: load.py. -> for end_load, once the first cars are in"""
        load = self.start_in_network("load.py", *words)
        load.stdout.readline()
        return load

    def put(self, source, path, mode=0o644):
        """Copy a file into it, as root's."""
        there = os.path.join(self.root, path.lstrip("/"))
        shutil.copyfile(source, there)
        os.chmod(there, mode)

    def write(self, path, text, mode=0o644):
        there = os.path.join(self.root, path.lstrip("/"))
        os.makedirs(os.path.dirname(there), exist_ok=True)
        with open(there, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(there, mode)

    def apt(self, *words, **how):
        return self.run("apt-get", "-q", "-y", "--no-install-recommends", *words, seconds=300, **how)

    def install(self, deb, **how):
        """The way a site does it -> what was told."""
        self.put(deb, "/root/parkmesh.deb")
        return self.apt("install", "/root/parkmesh.deb", "--allow-downgrades", **how)

    def status(self, path="/healthz", base="http://127.0.0.1:8000", *options):
        """-> HTTP status, "000" if there is no answer"""
        return self.run("curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", *options, base + path, check=False).strip()[-3:]

    def get(self, path):
        return json.loads(self.run("curl", "-s", "-m", "10", "http://127.0.0.1:8000" + path))

    def post(self, path, body):
        return json.loads(self.run("curl", "-s", "-m", "10", "-d", json.dumps(body), "http://127.0.0.1:8000" + path))

    def ctl(self, *words, **how):
        return self.run("parkmeshctl", *words, **how)

    def serves(self):
        return wait_for(lambda: self.status() == "200", seconds=30, what=lambda: "an answer of %s:\n%s" % (self.name, self.journal()))

    def journal(self, *words):
        return self.run("journalctl", "--no-pager", "-n", "40", *words, check=False)

    def unit(self, name, property):
        return self.run("systemctl", "show", "--value", "-p", property, name).strip()

    def reboot(self):
        self.shut_down()
        self.boot()

    def shut_down(self):
        """As somebody would who presses the power button."""
        if self._spawned is None:
            return
        if self.pid:
            self.run("systemctl", "poweroff", check=False)
        try:
            self._spawned.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._spawned.kill()
            self._spawned.wait()
        self._spawned = None

    def destroy(self):
        """At once: nothing of it is needed any more."""
        if self._spawned is not None:
            os.kill(self.pid or self._spawned.pid, signal.SIGKILL)      # with its first process all others end, then systemd-nspawn
            self._spawned.wait(timeout=60)
            self._spawned = None
        call("umount", "--recursive", self._folder)
        os.rmdir(self._folder)
