"""A small disk of one's own: a tmpfs that can be filled and emptied again."""
import ctypes
import os
import subprocess

CLONE_NEWNS = 0x00020000
MB = 1024 * 1024


class NotPermitted(OSError):
    """This machine does not let the test mount anything."""


_apart = False


def _own_mounts():
    """From now on this process and its children have mounts of their own: they are gone with the last of them, even if the test
    is killed, and nobody else ever sees them."""
    global _apart
    if _apart:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise NotPermitted("mounts of its own are not permitted: %s" % os.strerror(ctypes.get_errno()))
    _mount("--make-rprivate", "/")
    _apart = True


def _mount(*words):
    done = subprocess.run(("mount",) + words, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise NotPermitted("mounting is not permitted: %s" % done.stderr.strip())


class Disk:
    """A tmpfs of so many bytes at path. Raises NotPermitted."""

    def __init__(self, path, size):
        self.path, self.ballast = path, os.path.join(path, "ballast")
        os.makedirs(path, mode=0o700, exist_ok=True)
        _own_mounts()
        _mount("-t", "tmpfs", "-o", "size=%d,mode=0700" % size, "tmpfs", path)

    def free(self):
        seen = os.statvfs(self.path)
        return seen.f_bavail * seen.f_frsize

    def fill(self, leave=0):
        """Put so much into the ballast that leave bytes are free; 0: not one."""
        with open(self.ballast, "ab") as f:
            while self.free() > leave:
                try:
                    f.write(bytes(min(MB, max(self.free() - leave, 1))))
                    f.flush()
                except OSError:         # somebody else was faster: full is full
                    break

    def make_room(self):
        os.unlink(self.ballast)

    def clean_up(self):
        subprocess.run(["umount", "-l", self.path], stderr=subprocess.DEVNULL)
