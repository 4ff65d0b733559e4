"""What `train` says of a model, compared with what holds for rows that nobody has seen.

usage: python benchmarks/honest_scores.py [TRAINER] [--sizes 10,20,50,100,300] [--presets fast,default,best]
           [--sources signal,noise,classes,coins] [--tables 6] [--fresh 2000] [--json FILE]
needs: Python only; TRAINER is the program, `trainer` by default

For each source, size and preset, models are trained on random tables without a test set. Printed are, over all tables:

- said: the RMSE or the log loss of the score that `train` prints, its accuracy for classes;
- fresh: the same on fresh rows of the source;
- ratio: said / fresh. A score below 1 flatters;
- z: how far the two are from each other on average, in the standard errors that `train` prints;
- held: the share of fresh rows within their 90 % interval, where the models have such intervals;
- constant: the number of tables on which the model is said to be no better than a constant.

At the end, the script lists what is outside of the bounds: from 50 rows on, a ratio within 10 % and at least 88 % of the
rows held, from 20 rows on a ratio within 25 %. It exits with 1 if a score flatters by more than these bounds, or if
intervals hold too few rows.
"""

import argparse
import csv
import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def signal(r):
    x1, x2, color = r.gauss(0, 1), r.uniform(0, 10), r.choice(["red", "green", "blue"])
    y = 3 * x1 - 2 * x2 + {"red": 0, "green": 5, "blue": -4}[color] + r.gauss(0, 0.3)
    return {"x1": round(x1, 4), "x2": round(x2, 3), "color": color, "y": round(y, 3)}


def noise(r):
    row = {name: round(r.gauss(0, 1), 3) for name in "abcde"}
    return row | {"y": round(r.gauss(0, 1), 3)}


def classes(r):
    x1, x2 = r.gauss(0, 1), r.gauss(0, 1)
    p = 1 / (1 + math.exp(-2 * x1 + x2))
    return {"x1": round(x1, 3), "x2": round(x2, 3), "y": "yes" if r.random() < p else "no"}


def coins(r):
    row = {name: round(r.gauss(0, 1), 3) for name in "abcde"}
    return row | {"y": r.choice(["heads", "tails"])}


SOURCES = {"signal": signal, "noise": noise, "classes": classes, "coins": coins}
NUMBERS = ("signal", "noise")


def write(path, source, rows, seed):
    r = random.Random(f"{source} {seed}")
    rows = [SOURCES[source](r) for _ in range(rows)]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def run(folder, *args):
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(args)}: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().split("\n")[-1]) if "--json" in args else None


def held(folder, trainer, truth):
    """The share of rows within their interval; None if the model has no interval of 90 %."""
    line = [trainer, "predict", "m.safetensors", "fresh.csv", "--interval", "90", "--out", "p.csv"]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        return None
    with open(folder / "p.csv", newline="") as file:
        header, *rows = csv.reader(file)
    low, high = header.index("lower"), header.index("upper")
    inside = sum(float(row[low]) <= y <= float(row[high]) for row, y in zip(rows, truth))
    return inside / len(truth)


def measure(folder, trainer, source, size, preset, tables, truth):
    metric = "rmse" if source in NUMBERS else "log_loss"
    task = "regression" if source in NUMBERS else "classification"
    result = {"said": [], "fresh": [], "z": [], "held": [], "constant": 0, "accuracy": []}
    for seed in range(tables):
        write(folder / "t.csv", source, size, seed)
        trained = run(folder, trainer, "train", "t.csv", "--target", "y", "--task", task, "--preset", preset,
                      "--out", "m.safetensors", "--json")
        fresh = run(folder, trainer, "evaluate", "m.safetensors", "fresh.csv", "--json")
        if trained.get(metric) is None:
            continue
        result["said"].append(trained[metric])
        result["fresh"].append(fresh[metric])
        error = trained.get("standard_errors", {}).get(metric)
        if error:
            result["z"].append((trained[metric] - fresh[metric]) / error)
        names = [finding["name"] for finding in trained["findings"]]
        result["constant"] += "no_better_than_constant" in names
        if source in NUMBERS:
            share = held(folder, trainer, truth)
            result["held"] += [] if share is None else [share]
        else:
            result["accuracy"].append((trained["accuracy"], fresh["accuracy"]))
    return result


def mean(values):
    return sum(values) / len(values) if values else math.nan


def summary(source, size, preset, result):
    square = source in NUMBERS
    average = (lambda v: math.sqrt(mean([x * x for x in v]))) if square else mean
    said, fresh = average(result["said"]), average(result["fresh"])
    row = {
        "source": source, "rows": size, "preset": preset, "said": said, "fresh": fresh, "ratio": said / fresh,
        "z": mean(result["z"]), "held": mean(result["held"]), "constant": result["constant"],
        "tables": len(result["said"]),
        "accuracy_said": mean([a for a, _ in result["accuracy"]]),
        "accuracy_fresh": mean([a for _, a in result["accuracy"]]),
    }
    text = f"{source:8} {size:4} rows {preset:8} said {said:.3f}, fresh {fresh:.3f}, ratio {said / fresh:.2f}"
    text += f", z {row['z']:+.1f}"
    if result["accuracy"]:
        text += f", accuracy {row['accuracy_said']:.1%} / {row['accuracy_fresh']:.1%}"
    if result["held"]:
        text += f", held {row['held']:.1%} ({len(result['held'])} tables)"
    print(f"{text}, constant {result['constant']} of {row['tables']}", flush=True)
    return row


def outside(row):
    """What is outside of the bounds, and whether that is on the flattering side."""
    bound = 0.1 if row["rows"] >= 50 else 0.25 if row["rows"] >= 20 else math.inf
    where = f"{row['source']}, {row['rows']} rows, {row['preset']}"
    if row["ratio"] < 1 - bound:
        yield f"{where}: flatters, {row['ratio']:.2f}", True
    if row["ratio"] > 1 + bound:
        yield f"{where}: too modest, {row['ratio']:.2f}", False
    if row["rows"] >= 50 and row["held"] < 0.88:
        yield f"{where}: intervals of 90 % hold {row['held']:.1%}", True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trainer", nargs="?", default="trainer")
    parser.add_argument("--sizes", default="10,20,50,100,300")
    parser.add_argument("--presets", default="fast,default,best")
    parser.add_argument("--sources", default="signal,noise,classes,coins")
    parser.add_argument("--tables", type=int, default=6)
    parser.add_argument("--fresh", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    trainer = str(Path(args.trainer).resolve()) if "/" in args.trainer else args.trainer
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for source in args.sources.split(","):
            fresh = write(folder / "fresh.csv", source, args.fresh, "fresh")
            truth = [row["y"] for row in fresh]
            for size in map(int, args.sizes.split(",")):
                for preset in args.presets.split(","):
                    result = measure(folder, trainer, source, size, preset, args.tables, truth)
                    if result["said"]:
                        rows.append(summary(source, size, preset, result))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))
    problems = [problem for row in rows for problem in outside(row)]
    print("\n".join(text for text, _ in problems) or "all within the bounds")
    sys.exit(any(flatters for _, flatters in problems))


if __name__ == "__main__":
    main()
