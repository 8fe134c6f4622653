"""A network of one's own with mDNS in it: one interface, a D-Bus and an avahi-daemon, that nobody else ever sees."""
import ctypes
import os
import signal
import subprocess

from tests.site import process
from tests.site.wait import PATIENCE, wait_for

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
ADDRESS = "10.77.0.1"

BUS = """<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""
AVAHI = """[server]
host-name=gates
use-ipv4=yes
use-ipv6=no
enable-dbus=yes
disallow-other-stacks=no
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
[rlimits]
"""


class NotPermitted(OSError):
    """This machine does not let the test make a network, or has no avahi-daemon."""


def _run(*words):
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise NotPermitted("%s: %s" % (" ".join(words), done.stderr.strip()))


def leave():
    """From now on this process and its children are in a network of their own, with ADDRESS and loopback. Raises NotPermitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        raise NotPermitted("networks of its own are not permitted: %s" % os.strerror(ctypes.get_errno()))
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "tmpfs", "tmpfs", "/run")           # avahi-daemon writes its number there
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "wall")
    for name in ("lan", "wall"):
        _run("ip", "link", "set", name, "up")
    _run("ip", "address", "add", ADDRESS + "/24", "dev", "lan")


class Lan:
    """folder: for files. Programs started after start() find the bus by the environment."""

    def __init__(self, folder):
        self.folder, self.bus, self.avahi = folder, None, None
        self.socket = os.path.join(folder, "bus")
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=" + self.socket

    def _file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def _start(self, *words):
        with open(os.path.join(self.folder, "lan.out"), "ab") as out:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def start(self):
        conf = self._file("bus.conf", BUS % self.socket)
        self.bus = self._start("dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + conf)
        wait_for(lambda: os.path.exists(self.socket), what="the bus")
        self.start_avahi()
        return self

    def start_avahi(self):
        self.avahi = self._start("avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", self._file("avahi.conf", AVAHI))
        wait_for(self.told, what=self.wrote)

    def told(self):
        return "Server startup complete" in self.wrote()

    def wrote(self):
        with open(os.path.join(self.folder, "lan.out"), errors="replace") as f:
            return f.read()

    def stop_avahi(self):
        self.avahi.terminate()
        self.avahi.wait(PATIENCE)
        os.truncate(os.path.join(self.folder, "lan.out"), 0)

    def freeze(self):
        self.avahi.send_signal(signal.SIGSTOP)
        wait_for(lambda: process.stopped(self.avahi.pid), what="avahi-daemon to stand still")

    def thaw(self):
        self.avahi.send_signal(signal.SIGCONT)

    def clean_up(self):
        for one in (self.avahi, self.bus):
            if one is not None and one.poll() is None:
                one.kill()
                one.wait()
