"""Where the programs are: the build tree under test."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAUNCHER = os.path.join("ctl", "parkmesh-central")


class NoBuild(RuntimeError):
    """There is no build tree to run; the text says how to make one."""


def _candidates():
    for name in os.listdir(ROOT):
        launcher = os.path.join(ROOT, name, LAUNCHER)
        if name.startswith("build") and os.access(launcher, os.X_OK):
            yield os.path.getmtime(launcher), os.path.join(ROOT, name)


def find_build():
    """The folder named by PARKMESH_BUILD, else the build*/ folder of the source tree whose launcher is newest."""
    named = os.environ.get("PARKMESH_BUILD")
    if named:
        if not os.access(os.path.join(named, LAUNCHER), os.X_OK):
            raise NoBuild("PARKMESH_BUILD is %s, but there is no %s in it. Run make there." % (named, LAUNCHER))
        return os.path.abspath(named)
    found = max(_candidates(), default=None)
    if found is None:
        raise NoBuild("No build*/%s below %s. Build first, or set PARKMESH_BUILD." % (LAUNCHER, ROOT))
    return found[1]
