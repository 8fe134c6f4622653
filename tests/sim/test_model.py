#!/usr/bin/python3
"""What simulated sites hold in the end, against the executable model of the merge: all faults together, real gates and operators.

  test_model.py [--seeds N] [--seed S]    a failing seed is named by a line that replays it
"""
import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "unit"), os.path.join(HERE, "..", "data")]
import merge_model  # noqa: E402
import test_merge   # noqa: E402


def lines_until_empty(lines):
    return [json.loads(line) for line in itertools.takewhile(lambda line: line != "\n", lines)]


def site(seed, path):
    """-> records, rows by event_id; None if the simulation itself failed"""
    program = os.path.join(os.environ.get("PARKMESH_BUILD", "."), "tests", "sim", "sim")
    ended = subprocess.run([program, "--seed", str(seed), "--records", path], stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        print(ended.stdout)
        return None
    with open(path, encoding="utf-8") as f:
        records, rows = lines_until_empty(f), lines_until_empty(f)
    return records, {row["event_id"]: row for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=100001, help="the first seed")
    options = parser.parse_args()
    held = 0
    print("1..1")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.seeds):
            found = site(seed, os.path.join(folder, "records"))
            wrong = ["the simulation failed"] if found is None else list(
                test_merge.differences(merge_model.history(found[0]), found[1]))
            if wrong:
                print("not ok 1 - the rows of simulated sites are as the model says")
                print("\n".join("# " + line for line in wrong[:20]))
                print("# again: tests/sim/test_model.py --seed %d --seeds 1" % seed)
                return 1
            held += len(found[0])
    print("ok 1 - the rows of %d simulated sites (%d records) are as the model says" % (options.seeds, held))
    return 0


if __name__ == "__main__":
    sys.exit(main())
