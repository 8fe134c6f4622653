"""axe-core, which finds what people with a screen reader, a keyboard or weak eyes stumble over.

It is not in Debian. `npm pack` fetches one version into the build folder, once, and what comes has to have the hash written here. Without
npm or without its registry its checks are skipped, and the test says so."""
import hashlib
import os
import subprocess
import tarfile

VERSION = "4.10.3"
SHA512 = "5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c21cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


class NoAxe(Exception):
    """It cannot be had here; the text says why."""


def _download(folder):
    try:
        done = subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", "axe-core@" + VERSION], cwd=folder, capture_output=True,
                              text=True, timeout=120, check=False)
    except FileNotFoundError:
        raise NoAxe("there is no npm to fetch axe-core with (apt-get install npm)") from None
    except subprocess.TimeoutExpired:
        raise NoAxe("the registry of npm did not answer") from None
    if done.returncode != 0:
        raise NoAxe("npm could not fetch axe-core %s: %s" % (VERSION, done.stderr.strip()[-200:]))


def _unpack(path, out):
    with open(path, "rb") as f:
        found = hashlib.sha512(f.read()).hexdigest()
    assert found == SHA512, "%s is not what it was: sha512 %s" % (path, found)
    with tarfile.open(path) as archive:
        text = archive.extractfile("package/axe.min.js").read()
    with open(out + ".new", "wb") as f:
        f.write(text)
    os.replace(out + ".new", out)


def script(build):
    """Its source -> str. Raises NoAxe."""
    folder = os.path.join(build, "browser")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "axe-%s.js" % VERSION)
    if not os.path.exists(path):
        archive = os.path.join(folder, "axe-core-%s.tgz" % VERSION)
        if not os.path.exists(archive):
            _download(folder)
        _unpack(archive, path)
    with open(path, encoding="utf-8") as f:
        return f.read()


def told(violations):
    """What axe found, in lines."""
    return ["%s (%s): %s" % (one["id"], one["help"], "; ".join(node["html"][:160] for node in one["nodes"][:5])) for one in violations]
