"""A clock of one central's own, by libfaketime: off as told, and set while the central runs. Monotonic clocks stay true."""
import glob
import os
import shutil
import subprocess

from tests.site.build import LAUNCHER

LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"


class NotInstalled(OSError):
    """There is no libfaketime."""


def _sanitizer(program):
    """The library of gcc's sanitizer that the program is linked with has to come first -> its path, None without one."""
    for line in subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True).stdout.splitlines():
        if "libasan" in line:
            return line.split("=>")[1].split()[0]
    return None


class Clock:
    """folder: where a file is kept that says how far the clock is off, and a build of its own: the programs of find_build's, of
    which those that look at the clock see this one. (Not nginx, which such libraries do not agree with.) Raises NotInstalled."""

    def __init__(self, folder, build, offset=0):
        found = glob.glob(LIBRARY)
        if not found:
            raise NotInstalled("libfaketime is not installed")
        self.file, self.build = os.path.join(folder, "offset"), os.path.join(folder, "build")
        os.makedirs(folder)
        self.set(offset)
        for program in ("fcgi/parkmesh.fcgi", "p2pd/p2pd"):
            self._wrap(program, os.path.join(build, program), found[0])
        launcher = os.path.join(self.build, LAUNCHER)
        os.makedirs(os.path.dirname(launcher))
        shutil.copy2(os.path.join(build, LAUNCHER), launcher)      # it looks for the others from where it is itself
        os.symlink(os.path.join(build, "share"), os.path.join(self.build, "share"))

    def _wrap(self, name, program, library):
        """A script that becomes the program, with the library before all others but that of the sanitizer."""
        preload = " ".join(filter(None, (_sanitizer(program), library)))
        words = {"LD_PRELOAD": preload, "FAKETIME_TIMESTAMP_FILE": self.file, "FAKETIME_NO_CACHE": "1",
                 "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        path = os.path.join(self.build, name)
        os.makedirs(os.path.dirname(path))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o700), "w") as f:
            f.write("#!/bin/sh\nexport %s\nexec '%s' \"$@\"\n" % (
                " ".join("%s='%s'" % word for word in words.items()), program))

    def set(self, offset):
        """Set it to so many seconds ahead of the true time (or behind it)."""
        with open(self.file + ".new", "w") as f:
            f.write("%+d\n" % offset)
        os.rename(self.file + ".new", self.file)    # never read half written
        self.offset = offset
