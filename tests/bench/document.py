"""doc/performance.md: a section for each group of figures, so that one can be measured again by itself; the others stay as they are."""
import re

MARK = "## Figures"
HEAD = re.compile(r"^### (.+)$", re.M)


def sections(text):
    """What stands behind the mark -> {title: lines}, in order."""
    parts = HEAD.split(text)
    return {title: part.strip().split("\n") for title, part in zip(parts[1::2], parts[2::2])}


def cells(line):
    """Of a line of a table; [] of any other."""
    return [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []


def verdicts(lines):
    """The rows of a section that have a goal -> (name, value, goal asked for, reached)."""
    for line in lines:
        row = cells(line)
        if len(row) == 7 and row[5] in ("yes", "no"):
            yield row[0], row[1] if row[4].find("x") < 0 else "%s of %s (%s)" % (row[3], row[2], row[6]), row[4], row[5] == "yes"


def summary(found):
    """Which goals are not reached, by section."""
    seen = {title: list(verdicts(lines)) for title, lines in found.items()}
    missed = [(title, *row[:3]) for title, rows in seen.items() for row in rows if not row[3]]
    yield "%d of %d goals are reached.%s" % (sum(map(len, seen.values())) - len(missed), sum(map(len, seen.values())),
                                             " These are not:" if missed else "")
    if missed:
        yield from ("", "| not reached | seen | goal |", "| --- | --- | --- |")
    for title, name, value, goal in missed:
        yield "| %s: %s | %s | %s |" % (title, name, value, goal)


def written(text, fresh, order):
    """The document's text with fresh, {title: lines}, in the place of the sections of these titles. order: all titles there are."""
    head, _, tail = text.partition(MARK)
    found = dict(sections(tail), **fresh)
    found = {title: found[title] for title in order if title in found}
    body = [line for title, lines in found.items() for line in ("### " + title, "", *lines, "")]
    return "\n".join([head + MARK, "", *summary(found), "", *body]).rstrip("\n") + "\n"
