"""The one table: what was measured, its floor of the same run, their ratio, and what is to be reached."""
import dataclasses
from typing import Optional, Union


@dataclasses.dataclass
class Figure:
    """A row. floor: what the unavoidable part takes or reaches, named by what. rate: more is better; else less is. goal: the ratio, or
    (alone) the value that is to be reached at least (rate) or at most."""
    group: str
    name: str
    value: Union[float, str, None]
    unit: str = ""
    floor: Optional[float] = None
    what: str = ""
    rate: bool = False
    goal: Optional[float] = None
    alone: bool = False

    @property
    def ratio(self):
        return self.value / self.floor if self.floor and isinstance(self.value, (int, float)) else None

    @property
    def reached(self):
        """None: nothing is asked for, or nothing was measured."""
        seen = self.value if self.alone else self.ratio
        if self.goal is None or not isinstance(seen, (int, float)):
            return None
        return seen >= self.goal if self.rate else seen <= self.goal


def number(value):
    if value is None or isinstance(value, str):
        return value or ""
    return "%.0f" % value if abs(value) >= 100 else "%.1f" % value if abs(value) >= 10 else "%.2f" % value


def asked(figure):
    if figure.goal is None:
        return ""
    return "%s %s%s" % (">=" if figure.rate else "<=", number(figure.goal), "" if figure.alone else "x")


def cells(figure):
    """Name, value, floor, ratio, goal, reached."""
    return [figure.name, ("%s %s" % (number(figure.value), figure.unit)).strip(), number(figure.floor),
            "" if figure.ratio is None else "%.2fx" % figure.ratio, asked(figure), {None: "", True: "yes", False: "no"}[figure.reached],
            "" if figure.floor is None else figure.what]


HEADS = ["figure", "parkmesh", "floor", "ratio", "goal", "reached", "floor is"]


def lines(rows):
    """As text, a heading for each group."""
    table = [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in [HEADS, *table]) for i in range(len(HEADS))]
    group = None
    yield write(HEADS, widths)
    for row, line in zip(rows, table):
        if row.group != group:
            group = row.group
            yield "-- " + group
        yield write(line, widths)


def write(line, widths):
    first, *middle = [text.ljust(width) if i in (0, len(widths) - 1) else text.rjust(width)
                      for i, (text, width) in enumerate(zip(line, widths))]
    return "  ".join([first, *middle]).rstrip()


def markdown(rows):
    """As doc/performance.md has one group."""
    yield "| " + " | ".join(HEADS) + " |"
    yield "| " + " | ".join(["---", "---:", "---:", "---:", "---:", "---", "---"]) + " |"
    for row in rows:
        yield "| " + " | ".join(text.replace("|", "\\|") for text in cells(row)) + " |"


def objects(rows):
    """For --json."""
    return [dict(dataclasses.asdict(row), ratio=row.ratio, reached=row.reached) for row in rows]
