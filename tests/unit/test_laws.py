#!/usr/bin/python3
"""The laws of the house, read off the sources: who may include whom, where time and chance come from, that the Makefile names
every file, and sizes."""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.unit import findings                             # noqa: E402

ROOT = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# Whose headers the files of a room may include besides their own.
USES = {
    "lib/base": [],
    "lib/seal": ["lib/base"],
    "lib/wire": ["lib/base", "lib/seal"],
    "lib/store": ["lib/base", "lib/seal", "lib/wire"],
    "lib/domain": ["lib/base", "lib/seal", "lib/wire", "lib/store"],
    "fcgi": ["lib", "lib/base", "lib/seal", "lib/wire", "lib/store", "lib/domain"],
    "p2pd": ["lib", "lib/base", "lib/seal", "lib/wire", "lib/store", "lib/domain"],
    "ctl": ["lib", "lib/base", "lib/seal", "lib/wire", "lib/store", "lib/domain"],
    "lib": ["lib/base"],        # lib/conf, lib/notify
}
# Header of a library -> rooms that may include it, and in how many files.
LIBRARIES = {
    "sqlite3.h": (["lib/store"], 99), "fcgiapp.h": (["fcgi"], 2), "libwebsockets.h": (["p2pd"], 2),
    "cJSON.h": (["lib/wire", "fcgi", "p2pd", "ctl"], 99), "sodium.h": (["lib/seal"], 99), "nettle/sha2.h": (["lib/seal"], 1), "curl.h": (["ctl"], 1), "avahi-client/client.h": (["p2pd"], 1),
    "ini.h": (["lib"], 1), "ssl.h": (["p2pd"], 2), "x509.h": (["p2pd"], 1),
}
# Asking the system for time or chance; lib/base/world.c is the one place that does.
CLOCKS = re.compile(r"\b(time|gettimeofday|clock_gettime|clock|rand|random|srand|getrandom|getentropy|randombytes_\w+)\s*\(")
SECRET = re.compile(r"secret|token|csrf|proof|signature|passw|_key\b|hash|cookie|bearer", re.I)
# What is compared with something that nobody from outside has chosen, or that its owner has just typed himself.
COMPARED = {
    ("lib/domain/people.c", "strcmp(name, password)"), ("fcgi/password_form.c", 'strcmp(password, params_typed(&c->params, "again"))'),
    ("lib/domain/people.c", "strcmp(now.password, checked->password)"),     # two hashes that are held
    ("fcgi/idempotency.c", "memcmp(hash, kept.body_hash, sizeof hash)"),
    ("p2pd/mesh.c", "strcmp(a->mesh_secret, b->mesh_secret)"), ("p2pd/mesh.c", "memcmp(a->mesh_key, b->mesh_key, sizeof(a->mesh_key))"),
    ("p2pd/mesh.c", "memcmp(a->keys.secret_key, b->keys.secret_key, sizeof(a->keys.secret_key))"),
    ("ctl/seed.c", "strcmp(secret, identity.mesh_secret)"),
}
# Keys that everybody may know, and words that only look so.
PUBLIC = re.compile(r'public_key|_KEY\b|"\w+ ?"')
STATIC_BUFFER = re.compile(r"\b(localtime|gmtime|ctime|asctime|strtok|strerror_l|inet_ntoa|gethostbyname|readdir64)\s*\(")


def sources():
    for room in USES:
        for path in sorted(glob.glob(os.path.join(ROOT, room, "*.[ch]"))):
            yield room, os.path.relpath(path, ROOT), open(path, encoding="utf-8").read()


def without_comments_and_texts(text):
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', '""', text, flags=re.S)


def room_of(name, includer):
    """The room an #include "name" in a file of the room includer leads to; None if there is no such file."""
    for folder in (includer, "lib"):
        if os.path.exists(os.path.join(ROOT, folder, name)):
            return os.path.dirname(os.path.join(folder, name))
    return None


def test_rooms_use_only_those_below_them():
    for room, path, text in sources():
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
            target = room_of(name, room)
            if target != room and target not in USES[room]:
                yield "%s includes %s" % (path, name)


def test_each_library_is_behind_its_room():
    for library, (rooms, most) in LIBRARIES.items():
        users = [(room, path) for room, path, text in sources() if re.search(r'#\s*include\s+[<"](\w+/)*%s[>"]' % library, text)]
        yield from ("%s includes %s" % (path, library) for room, path in users if room not in rooms)
        if len(users) > most:
            yield "%s is included by %s" % (library, [path for _, path in users])


def test_time_and_chance_are_handed_in():
    for _, path, text in sources():
        if path != "lib/base/world.c":
            yield from ("%s calls %s" % (path, name) for name in CLOCKS.findall(without_comments_and_texts(text)))


def test_nothing_returns_a_static_buffer():
    for _, path, text in sources():
        yield from ("%s calls %s" % (path, name) for name in STATIC_BUFFER.findall(without_comments_and_texts(text)))


def test_secrets_are_compared_in_constant_time():
    """By sodium_memcmp (seal/token.h, seal/auth.h), or not at all: tokens are looked up by their hash."""
    for _, path, text in sources():
        for call in re.findall(r"\b(?:str\w*cmp|memcmp|bcmp)\((?:[^;()]|\([^;()]*\))*\)", text):
            if SECRET.search(PUBLIC.sub("", call)) and (path, call) not in COMPARED:
                yield "%s: %s" % (path, call)
    yield from ("%s: %s is not there any more" % known for known in sorted(COMPARED)
                if known[1] not in dict((path, text) for _, path, text in sources()).get(known[0], ""))


def test_a_source_includes_its_own_header_first():
    for room, path, text in sources():
        own = path[:-2] + ".h"
        if path.endswith(".c") and os.path.exists(os.path.join(ROOT, own)):
            first = re.search(r'#\s*include\s+["<]([^">]+)', text)
            stem = os.path.basename(own)[:-2]
            if first is None or os.path.basename(first.group(1)) not in (stem + ".h", stem + "_internal.h"):
                yield "%s begins with %s" % (path, first and first.group(1))


def test_files_and_lines_are_short():
    for _, path, text in sources():
        lines = text.split("\n")
        if len(lines) > 500:
            yield "%s has %d lines" % (path, len(lines))
        yield from ("%s:%d has %d columns" % (path, number, len(line))
                    for number, line in enumerate(lines, 1) if len(line) > 140)


def test_the_makefile_names_every_file():
    """What it does not name is neither built nor in the tarball."""
    with open(os.path.join(ROOT, "Makefile.am"), encoding="utf-8") as f:
        words = set(f.read().split())
    for top in ("ctl", "doc", "fcgi", "lib", "nginx", "p2pd", "packaging", "static", "templates", "tests"):
        for folder, below, files in os.walk(os.path.join(ROOT, top)):
            below[:] = [name for name in below if not name.startswith((".", "__"))]
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if name.startswith(".") or name.endswith((".o", ".a", ".trs", ".log", ".pyc", "~")):
                    continue
                if path not in words and not (re.match(r"tests/\w+/\w+\.c$", path) and path[:-2] in words):
                    yield path


def main():
    if len(list(sources())) < 50:
        sys.exit("Bail out! These are not the sources: " + ROOT)
    findings.run(globals())


if __name__ == "__main__":
    main()
