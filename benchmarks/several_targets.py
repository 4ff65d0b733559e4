"""Several targets in one network, compared with a network for each: the scores on the same test rows, and the time.

usage: python benchmarks/several_targets.py TABLE TARGETS [--trainer trainer] [--preset fast] [--seeds 1] [--test 0.2]
           [--rows COLUMN=ROWS ...] [--set KEY=VALUE ...] [--weights COLUMN=WEIGHT,...]
needs: Python only; TABLE is a CSV file with a header, which may be compressed by gzip

TARGETS are columns with commas between them. For each seed, a fifth of the rows is drawn at random as test rows. Then the networks are
trained on the others:

- apart: a network for each target, without the columns of the other targets;
- joint: one network for all targets (`train --target a,b,c`);
- with --weights, joint with these weights too (`--target-weight`).

--rows leaves a target its value in so many training rows only, drawn at random: what does such a target do to the others?
Printed is a table with the mean over the seeds: the RMSE of each number, the log loss of each class, and the seconds of all fits with
their predictions. With several seeds, the standard deviation follows.
"""

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from continual import read, write


def divided(args, header, rows, seed):
    """Training rows and test rows. In the training rows, targets have values as --rows says."""
    chance = random.Random(seed)
    order = rows[:]
    chance.shuffle(order)
    count = round(len(order) * args.test)
    test, training = order[:count], [row[:] for row in order[count:]]
    for column, wanted in args.rows:
        place = header.index(column)
        known = [row for row in training if row[place]]
        for row in chance.sample(known, max(0, len(known) - wanted)):
            row[place] = ""
    return training, test


def fit(args, folder, targets, ignored, seed, weights=()):
    """The score of each target on the test rows, and the seconds."""
    line = [args.trainer, "train", folder / "train.csv", "--test", folder / "test.csv", "--preset", args.preset]
    line += ["--target", ",".join(targets), "--out", folder / "m.safetensors", "--seed", seed, "--json", "--quiet"]
    options = {"--ignore": ignored, "--target-weight": weights, "--set": args.set}
    for option, words in options.items():
        for word in words:
            line += [option, word]
    start = time.time()
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    scores = result.get("targets", [result])
    values = [score["rmse"] if "rmse" in score else score["log_loss"] for score in scores]
    return dict(zip(targets, values)), time.time() - start


def apart(args, folder, targets, seed):
    scores, seconds = {}, 0.0
    for target in targets:
        others = [other for other in targets if other != target]
        score, taken = fit(args, folder, [target], others, seed)
        scores |= score
        seconds += taken
    return scores, seconds


def compared(args, header, rows, targets):
    """The scores and the seconds of each way, seed by seed."""
    found = {}
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            training, test = divided(args, header, rows, seed)
            write(folder / "train.csv", header, training)
            write(folder / "test.csv", header, test)
            found.setdefault("apart", []).append(apart(args, folder, targets, seed))
            found.setdefault("joint", []).append(fit(args, folder, targets, [], seed))
            if args.weights:
                joint = fit(args, folder, targets, [], seed, args.weights.split(","))
                found.setdefault(f"joint, {args.weights}", []).append(joint)
    return found


def shown(values):
    mean = f"{statistics.mean(values):,.4g}" if max(values) < 1000 else f"{statistics.mean(values):,.0f}"
    if len(values) == 1:
        return mean
    deviation = statistics.stdev(values)
    return f"{mean} ± {deviation:,.2g}" if deviation < 100 else f"{mean} ± {deviation:,.0f}"


def limit(word):
    column, rows = word.rsplit("=", 1)
    return column, int(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("targets")
    parser.add_argument("--trainer", default="trainer")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--test", type=float, default=0.2)
    parser.add_argument("--rows", type=limit, action="append", default=[], metavar="COLUMN=ROWS")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--weights", default="", metavar="COLUMN=WEIGHT,...")
    args = parser.parse_args()
    header, rows = read(args.table)
    targets = args.targets.split(",")
    unknown = [column for column in targets + [column for column, _ in args.rows] if column not in header]
    if unknown:
        raise SystemExit(f"{args.table} has no column {unknown[0]!r}; the columns are {', '.join(header)}")
    print(f"| way | {' | '.join(targets)} | seconds |")
    print("| --- |" + " ---: |" * (len(targets) + 1))
    for way, runs in compared(args, header, rows, targets).items():
        cells = [shown([scores[target] for scores, _ in runs]) for target in targets]
        seconds = sum(taken for _, taken in runs) / len(runs)
        print(f"| {way} | {' | '.join(cells)} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
