#!/usr/bin/python3
"""The merge against its executable model: generated sets of records in random orders, some twice over, by both ways of applying,
and who was inside as of moments in between.

  test_merge.py [--sets N] [--seed S] [--size RECORDS]    a failing set is named by a line that replays it
"""
import argparse
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data"))
import merge_model  # noqa: E402

WINDOWS = (1, 2, 3, 5, 8, 32)  # how many stays of a line the program goes through at first
QUESTIONS = 6                 # moments asked about in each order


class Merge:
    """The program under test: gives the rows for a set of records in the order they arrive."""

    def __init__(self):
        program = os.path.join(os.environ.get("PARKMESH_BUILD", "."), "tests", "unit", "merge_rows")
        # freed memory of many small transactions is what a sanitizer's build spends its time on: keep less of it
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def rows(self, way, window, records, questions, pages=()):
        """-> rows by event_id, answers to questions [(plate, ms)] asked when all records are in; pages end before these indices"""
        lines = []
        for i, r in enumerate(records):
            lines += ["="] if i in pages else []
            lines.append(json.dumps(r, ensure_ascii=False, separators=(",", ":")))
        lines += ["? %s %d" % q for q in questions]
        self.process.stdin.write("\n".join(["%s %d" % (way, window)] + lines) + "\n\n")
        self.process.stdin.flush()
        rows, answers = {}, []
        for line in self.process.stdout:
            if line == "\n":
                return rows, answers
            said = json.loads(line)
            if isinstance(said, dict):
                rows[said["event_id"]] = said
            else:
                answers.append(said)
        raise RuntimeError("merge_rows ended with status %s" % self.process.wait())


def differences(expected, got):
    """What is not as the model says: texts, none if all is well."""
    for name in sorted(set(expected) | set(got)):
        model, row = expected.get(name), got.get(name)
        if model is None or row is None:
            yield "%s: model %s, program %s" % (name, model, row)
            continue
        wrong = {k: (v, row[k]) for k, v in model.items() if row[k] != v}
        if wrong:
            yield "%s: (model, program) %s" % (name, wrong)
        flags = row["flags"].split(",")
        if ("second_exit" in flags) != (row["second_exits"] > 0) or ("no_entry" in flags) != (row["entry"] is None):
            yield "%s: flags %s do not follow from %s" % (name, flags, row)


def inside(records, plate, at):
    """The model's word: who was inside by entries and exits not later than at, with all corrections and voids."""
    held = [r for r in records if r["at"] <= at or r["type"] not in ("VEHICLE_ENTRY_PENDING", "VEHICLE_EXIT")]
    rows = merge_model.history(held)
    return next((name for name, row in rows.items() if row["status"] == "IN" and row["plate_id"] == plate), None)


def questions_about(records, rng):
    """Moments of records and beside them, for every plate that occurs."""
    plates = sorted({r["data"]["plate_id"] for r in records if "plate_id" in r["data"]})
    moments = [r["at"] + rng.randint(-1, 1) for r in rng.sample(records, min(QUESTIONS, len(records)))]
    return [(rng.choice(plates), at) for at in moments] if plates else []


def runs(records, rng):
    """Orders of arrival, each with the way of applying and where pages end: as written, backwards, and by chance with a third told twice."""
    yield "direct", list(records), ()
    yield "replay", list(reversed(records)), ()
    twice = records + rng.sample(records, len(records) // 3)
    rng.shuffle(twice)
    yield "direct", twice, ()
    yield "replay", twice, ()
    for order in records, twice:
        yield "pages", order, {i for i in range(len(order)) if rng.randrange(8) == 0}


def with_reasons(records, rng):
    """The model does not look at reasons, but flags follow from them."""
    for r in records:
        if r["type"] == "VEHICLE_EXIT":
            r["data"]["reason"] = rng.choice(("normal", "forced", "missed"))
    return records


def check_set(merge, seed, size):
    records = with_reasons(merge_model.generate(seed, size).written, random.Random(-seed))
    expected = merge_model.history(records)
    rng = random.Random(seed)
    questions = questions_about(records, rng)
    answers = [inside(records, plate, at) for plate, at in questions]
    count, seen = 0, None
    for way, order, pages in runs(records, rng):
        got, told = merge.rows(way, rng.choice(WINDOWS), order, questions, pages)
        wrong = list(differences(expected, got))
        wrong += ["inside of %s at %d: model %s, program %s" % (q + (a, t))
                  for q, a, t in zip(questions, answers, told, strict=True) if a != t]
        kept = {name: (row["opened"], row["flags"]) for name, row in got.items()}
        seen = kept if seen is None else seen
        wrong += ["%s: opened and flags are %s, before %s" % (name, kept[name], seen.get(name))
                  for name in kept if kept[name] != seen.get(name)]
        if wrong:
            return count, ["seed %d, size %d, way %s, order %d" % (seed, size, way, count)] + wrong
        count += 1
    return count, []


FOUND = (1029, 113685)         # seeds that once found a fault: always run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--size", type=int, help="records in a set; without it 15, and 60 in every third")
    options = parser.parse_args()
    merge, applied = Merge(), 0
    print("1..1")
    for seed in (*FOUND, *range(options.seed, options.seed + options.sets)):
        count, wrong = check_set(merge, seed, options.size or (15 if seed % 3 and seed not in FOUND else 60))
        applied += count
        if wrong:
            print("not ok 1 - rows as the model says")
            for line in wrong:
                print("# " + line)
            print("# again: tests/unit/test_merge.py --seed %d --sets 1%s" % (seed, " --size %d" % options.size if options.size else ""))
            return 1
    print("ok 1 - %d sets, applied %d times in different orders and ways: rows as the model says" % (options.sets + len(FOUND), applied))
    return 0


if __name__ == "__main__":
    sys.exit(main())
