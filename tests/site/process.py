"""Processes as /proc shows them: the children of a central's parent, found without asking it."""
import os

# what a role's process is called (comm: 15 characters at most)
ROLES = {"nginx": "nginx", "fcgi": "parkmesh.fcgi", "p2pd": "p2pd", "watch": "parkmesh-watch"}


def _stat(pid):
    """-> (name, state, parent's pid), None if there is no such process."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            text = f.read()
    except (OSError, ValueError):
        return None
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    return head.partition("(")[2], fields[0], int(fields[1])


def _threads(pid):
    try:
        return len(os.listdir("/proc/%d/task" % pid))
    except OSError:
        return 0


def alive(pid):
    """Does it run? A zombie does not; but as long as other threads of it are on their way out, its files are open and locked."""
    seen = _stat(pid)
    return seen is not None and (seen[1] not in "ZX" or _threads(pid) > 1)


def stopped(pid):
    """Does it stand still by a signal, or is it gone?"""
    seen = _stat(pid)
    return seen is None or seen[1] in "TZX"


def children(pid):
    """-> {pid: name} of the living direct children."""
    found = {}
    for name in os.listdir("/proc"):
        seen = _stat(int(name)) if name.isdigit() else None
        if seen and seen[2] == pid and seen[1] not in "ZX":
            found[int(name)] = seen[0]
    return found


def descendants(pid):
    """-> pids below pid, the nearest first."""
    found, last = [], [pid]
    while last:
        last = [child for parent in last for child in children(parent)]
        found += last
    return found


def child_of_role(pid, role):
    """pid of the child that plays role ("nginx", "fcgi", "p2pd") under the parent pid; None if it does not run now."""
    for child, name in children(pid).items():
        if name == ROLES[role] or name.startswith("lt-" + ROLES[role][:12]):
            return child
    return None


def rss(pid):
    """Bytes of memory it holds, 0 if it is gone."""
    try:
        with open("/proc/%d/statm" % pid) as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def send(pid, number):
    """Send a signal; a process that is gone already is fine."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end_all(running):
    """Those of a list of subprocess.Popen are told to stop, all at once, and are gone when this returns."""
    for one in running:
        one.terminate()
    for one in running:
        one.wait()
