#!/usr/bin/python3
"""The documents for people against the program: each test that doc/threats.md names is there, doc/operations.md has a paragraph for
everything a central may tell its operators, and links lead somewhere."""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.unit import findings                             # noqa: E402

ROOT = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ROWS_LEAST = 25


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def rows(text):
    """[cells] of all rows of tables but their heads."""
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.split("\n") if line.startswith("| ")]
    return [cells for cells in found if cells[0] != "boundary" and not cells[0].startswith("---")]


def tests_of(file):
    """Names of the tests of a file below tests/, without "test_"; None if there is no such file."""
    for end, pattern in ((".py", r"^def test_(\w+)\("), (".c", r"^TEST\((\w+)\)")):
        path = os.path.join(ROOT, "tests", file + end)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return set(re.findall(pattern, f.read(), re.M))
    return None


def test_each_boundary_names_tests_that_there_are():
    found = rows(read("doc/threats.md"))
    if len(found) < ROWS_LEAST:
        yield "there are only %d rows" % len(found)
    for cells in found:
        if len(cells) != 5 or not all(cells):
            yield "%s: %d cells" % (cells[0], len(cells))
        named = re.findall(r"`(\w+/\w+):(\w+)`", cells[-1])
        if not named or re.sub(r"`\w+/\w+:\w+`", "", cells[-1]).strip(" |"):
            yield "%s: its last cell is not a list of tests" % cells[0]
        for file, name in named:
            if name not in (tests_of(file) or ()):
                yield "%s: there is no test %s:%s" % (cells[0], file, name)


def codes_of(path):
    """The words of the table of names in a source: [CODE] = "name"."""
    return re.findall(r'^\t\[(?:WARNING|CONDITION)_\w+\] = "(\w+)"', read(path), re.M)


def test_operators_are_told_what_everything_means():
    text = read("doc/operations.md")
    headings = re.findall(r"^#### `(\w+)`", text, re.M)
    codes = codes_of("lib/domain/warnings.c") + codes_of("lib/domain/conditions.c")
    if len(codes) < 12:
        yield "these are not the codes: %s" % codes
    yield from ("doc/operations.md has no paragraph about %s" % code for code in codes if code not in headings)
    yield from ("doc/operations.md has a paragraph about %s, which nothing tells" % code for code in headings if code not in codes)
    for code, body in re.findall(r"^#### `(\w+)`[^\n]*\n(.*?)(?=^#)", text, re.M | re.S):
        if "**What to do.**" not in body:
            yield "doc/operations.md does not say what to do about %s" % code


def test_links_lead_somewhere():
    for path in ["README.md", "HACKING.md", *sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "doc", "*.md")))]:
        text = read(path)
        headings = {re.sub(r"[^\w\- ]", "", line).strip().replace(" ", "-").lower() for line in re.findall(r"^#+ (.*)", text, re.M)}
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            file, _, part = link.partition("#")
            if file and "://" not in file and not os.path.exists(os.path.join(ROOT, os.path.dirname(path), file)):
                yield "%s: %s leads nowhere" % (path, link)
            if not file and part not in headings:
                yield "%s: #%s is no heading" % (path, part)


def test_commands_are_those_of_parkmeshctl():
    source = read("ctl/parkmeshctl.c")
    known = {(first, second) for first, second in re.findall(r'^\t\{"([a-z-]+)", (?:"([a-z-]+)"|NULL)', source, re.M)}
    firsts = {first for first, second in known if second}
    for path in ("README.md", "doc/operations.md"):
        for first, second in re.findall(r"parkmeshctl (?:--db \S+ |--json )*([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", read(path)):
            if (first, second) not in known and not (first not in firsts and (first, "") in known):
                yield "%s: there is no parkmeshctl %s %s" % (path, first, second)


if __name__ == "__main__":
    findings.run(globals())
