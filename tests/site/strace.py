"""System calls that fail, by strace: attached to a program that runs, gone without a trace."""
import os
import shutil
import signal
import subprocess

from tests.site.wait import wait_for


class NotPermitted(OSError):
    """No strace, or nobody may trace here."""


def _threads(pid):
    return [int(name) for name in os.listdir("/proc/%d/task" % pid)]


def _tracer(pid, thread):
    try:
        with open("/proc/%d/task/%d/status" % (pid, thread)) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("TracerPid:"))
    except FileNotFoundError:
        return -1       # that thread has ended


class Failing:
    """From now on until end(), calls of the process (all threads) fail. rule: as strace's inject=, such as
    "fdatasync:error=EIO:when=3+5". Raises NotPermitted."""

    def __init__(self, pid, rule):
        if not shutil.which("strace"):
            raise NotPermitted("there is no strace")
        self.pid = pid
        self._strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-p", str(pid), "-e", "trace=" + rule.split(":")[0], "-e", "inject=" + rule, "-o", "/dev/null"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(self._attached, what="strace to be attached to %d" % pid)

    def _attached(self):
        if self._strace.poll() is not None:
            raise NotPermitted("strace says: %s" % self._strace.stderr.read().strip())
        return all(_tracer(self.pid, thread) for thread in _threads(self.pid))

    def end(self):
        if self._strace.poll() is None:
            self._strace.send_signal(signal.SIGINT)
        self._strace.wait()
        self._strace.stderr.close()
