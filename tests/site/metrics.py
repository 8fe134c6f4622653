"""What /metrics of a central says, read as Prometheus does."""
import re

SAMPLE = re.compile(r'^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)')
SUFFIX = re.compile(r"_(bucket|sum|count)$")


class Metrics:
    """families: {name: (type, help)}; samples: {(name, frozenset of labels): number}"""

    def __init__(self, text):
        self.families, self.samples = {}, {}
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
            assert name not in self.families, "%s is there twice" % name
            self.families[name] = (kind, helps.pop(name))
        assert not helps, "help without type: %s" % helps
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, number = SAMPLE.match(line).groups()
                key = (name, frozenset(LABEL.findall(labels or "")))
                assert key not in self.samples, "a sample is there twice: %s" % line
                self.samples[key] = float(number)

    def family(self, name):
        """The family that a sample of this name belongs to, None if there is none."""
        if name in self.families:
            return name
        of = SUFFIX.sub("", name)
        return of if self.families.get(of, ("",))[0] == "histogram" else None

    def labels(self, family):
        """The sets of label names that its samples have, without the bounds of a histogram."""
        return {frozenset(label for label, _ in labels if label != "le")
                for name, labels in self.samples if self.family(name) == family}

    def values(self, family, label):
        """What the label says in any of its samples."""
        return {dict(labels).get(label) for name, labels in self.samples if self.family(name) == family}

    def get(self, name, **labels):
        """The sample's number, None if there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    def sum(self, name, **labels):
        """Of all samples that have these labels."""
        return sum(number for (one, has), number in self.samples.items() if one == name and has >= frozenset(labels.items()))


def read(central):
    answer = central.raw("GET", "/metrics")
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", answer.headers
    return Metrics(answer.text)
