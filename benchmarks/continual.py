"""Learning task after task: what a model forgets, by how it remembers.

usage: python benchmarks/continual.py TABLE TARGET [--time COLUMN] [--tasks 4] [--methods none,ewc,replay,replay+ewc,all]
           [--preset fast] [--set KEY=VALUE ...] [--test 0.2] [--trainer trainer] [--json FILE]
needs: Python only; TABLE is a CSV file with a header, which may be compressed by gzip

Without --time, the classes of the target are divided into tasks, in the order of their names: each task has other classes.
With --time, the rows are sorted by the column (numbers or ISO dates) and cut into tasks of the same size: a drift.

A fifth of the rows of each task, drawn at random, is its test set. The model is trained on the first task and then updated
with one task after the other. After each, it is scored on the test sets of all tasks so far. The methods are:

- none: fine-tuning on the new rows alone (`train --from`), the lower bound;
- ewc, replay, replay+ewc: the same with `--remember ewc`, `--remember replay` and both; `ewc=100` or `replay=3000` set
  the strength or the rows;
- all: a new training on the rows of all tasks so far, the upper bound.

Printed are, for each method, the scores by task and time (accuracy for classes, RMSE for numbers), the mean of the last
scores, the mean forgetting (how much worse the last score of an earlier task is than its best), and the time.
"""

import argparse
import csv
import gzip
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path


def read(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def parts(values, count):
    """Values in order, as `count` lists whose lengths differ by at most one."""
    size, more = divmod(len(values), count)
    ends = [0]
    for part in range(count):
        ends.append(ends[-1] + size + (part < more))
    return [values[start:end] for start, end in zip(ends, ends[1:])]


def by_class(rows, target, tasks):
    classes = sorted({row[target] for row in rows if row[target]})
    if len(classes) < 2 * tasks:
        raise SystemExit(f"{len(classes)} classes are too few for {tasks} tasks of at least two")
    groups = [set(group) for group in parts(classes, tasks)]
    return [[row for row in rows if row[target] in group] for group in groups]


def by_time(rows, column, tasks):
    def key(row):
        try:
            return (0, float(row[column]), "")
        except ValueError:
            return (1, 0.0, row[column])

    return parts(sorted(rows, key=key), tasks)


def run(folder, *args):
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(args)}: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().split("\n")[-1])


class Bench:
    def __init__(self, args, folder, header, tasks):
        self.args, self.folder, self.header = args, folder, header
        self.training, self.trainer = [], args.trainer
        draw = random.Random(args.seed)
        for number, rows in enumerate(tasks, 1):
            rows = rows[:]
            draw.shuffle(rows)
            tested = max(1, int(len(rows) * args.test))
            write(folder / f"test-{number}.csv", header, rows[:tested])
            write(folder / f"task-{number}.csv", header, rows[tested:])
            self.training.append(rows[tested:])
        self.settings = ["--seed", str(args.seed)]
        for setting in args.set:
            self.settings += ["--set", setting]

    def train(self, table, *options):
        line = ["train", table, "--target", self.args.target, "--preset", self.args.preset]
        line += ["--out", "m.safetensors", "--json", *self.settings, *options]
        run(self.folder, self.trainer, *line)

    def update(self, table, *options):
        line = ["train", "--from", "m.safetensors", table, "--out", "m.safetensors", "--json"]
        run(self.folder, self.trainer, *line, *options)

    def learn(self, method, number):
        if method == "all":
            rows = sum(self.training[:number], [])
            write(self.folder / "all.csv", self.header, rows)
            self.train("all.csv")
        elif number == 1:
            # The test rows are those of the script, so that all methods train on the same rows.
            remember = ["--remember", method.replace("+", ",")]
            self.train("task-1.csv", "--test", "test-1.csv", *remember)
        else:
            self.update(f"task-{number}.csv")

    def score(self, number):
        line = ["evaluate", "m.safetensors", f"test-{number}.csv", "--json"]
        scores = run(self.folder, self.trainer, *line)
        name = "accuracy" if "accuracy" in scores else "rmse"
        return name, scores[name]

    def measure(self, method):
        started = time.time()
        tasks = len(self.training)
        matrix, metric = [[] for _ in range(tasks)], None
        for number in range(1, tasks + 1):
            self.learn(method, number)
            for task in range(1, number + 1):
                metric, score = self.score(task)
                matrix[task - 1].append(score)
        (self.folder / "m.safetensors").unlink()
        return {"metric": metric, "matrix": matrix, "seconds": time.time() - started}


def summary(result):
    higher = result["metric"] == "accuracy"
    best, sign = (max, 1) if higher else (min, -1)
    earlier = [scores for scores in result["matrix"] if len(scores) > 1]
    lost = [sign * (best(scores[:-1]) - scores[-1]) for scores in earlier]
    last = [scores[-1] for scores in result["matrix"]]
    result["last"] = sum(last) / len(last)
    result["forgetting"] = sum(lost) / max(1, len(lost))


def show(method, result):
    tasks = len(result["matrix"])
    times = "".join(f"{time:>10}" for time in range(1, tasks + 1))
    print(f"\n{method}: {result['metric']} by task (lines) and time (columns)\n{'':8}{times}")
    for number, scores in enumerate(result["matrix"], 1):
        blank = " " * (10 * (number - 1))
        print(f"task {number:<3}{blank}" + "".join(f"{score:>10.4f}" for score in scores))
    print(
        f"mean of the last scores {result['last']:.4f}, mean forgetting {result['forgetting']:.4f},"
        f" {result['seconds']:.0f} s"
    )


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("target")
    parser.add_argument("--time")
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--methods", default="none,ewc,replay,replay+ewc,all")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--test", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trainer", default="trainer")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    header, rows = read(args.table)
    if args.time:
        tasks = by_time(rows, header.index(args.time), args.tasks)
    else:
        tasks = by_class(rows, header.index(args.target), args.tasks)
    sizes = ", ".join(str(len(rows)) for rows in tasks)
    print(f"{args.table.name}: {args.tasks} tasks of {sizes} rows")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, Path(folder), header, tasks)
        for method in args.methods.split(","):
            results[method] = bench.measure(method)
            summary(results[method])
            show(method, results[method])
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
