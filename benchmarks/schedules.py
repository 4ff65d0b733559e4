"""Measures what learning rate schedules and weight averaging are worth, by cross-validation.

usage: python benchmarks/schedules.py FILE=TARGET ... [--folds K] [--seeds N] [--preset NAME] [--set KEY=VALUE ...]
       [--only NAME;...] [--trainer PROGRAM]
needs: cargo build --release -p trainer

Each line changes the schedule or the averaging. A cell is the mean RMSE or log loss over the folds and the seeds. In
parentheses is its ratio to the first line, as a geometric mean over the same folds; below 1 is better. The last columns
are the geometric mean over the tables, and the time as a multiple of that of the first line.
"""

import argparse
import json
import math
import subprocess
import tempfile
import time
from pathlib import Path

SCHEDULE = "training.schedule.name="
# Three cycles of 14, 28 and 56 epochs.
RESTARTS = [SCHEDULE + "cosine_restarts", "training.schedule.step_epochs=14", "training.epochs=98"]
VARIANTS = {
    "cosine (default)": [],
    "constant": [SCHEDULE + "constant"],
    "flat_cosine": [SCHEDULE + "flat_cosine"],
    "cosine_log4": [SCHEDULE + "cosine_log4"],
    "cosine_restarts": RESTARTS,
    "cosine_restarts, no early stopping": [*RESTARTS, "training.patience=0"],
    "one_cycle": [SCHEDULE + "one_cycle"],
    "one_cycle, a rate of 0.006": [SCHEDULE + "one_cycle", "training.learning_rate=0.006"],
    "plateau": [SCHEDULE + "plateau"],
    "plateau, patience 4, gamma 0.3": [
        SCHEDULE + "plateau",
        "training.schedule.patience=4",
        "training.schedule.gamma=0.3",
    ],
    "weight_averaging 3": ["training.weight_averaging=3"],
    "weight_averaging 5": ["training.weight_averaging=5"],
    "weight_averaging 10": ["training.weight_averaging=10"],
    "constant, weight_averaging 5": [SCHEDULE + "constant", "training.weight_averaging=5"],
    "flat_cosine, weight_averaging 5": [SCHEDULE + "flat_cosine", "training.weight_averaging=5"],
}


def errors(args, table, settings, seed):
    """The RMSE or log loss of each fold, and the seconds of the command."""
    file, target = table.rsplit("=", 1)
    with tempfile.TemporaryDirectory() as out:
        command = [args.trainer, "train", file, "--target", target, "--folds", str(args.folds), "--seed", str(seed)]
        command += ["--preset", args.preset, "--json", "--out", f"{out}/m.safetensors"]
        for setting in [*settings, *args.set]:
            command += ["--set", setting]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    folds = json.loads(done.stdout.splitlines()[-1])["cross_validation"]["folds"]
    return [fold.get("rmse", fold.get("log_loss")) for fold in folds], seconds


def geometric_mean(ratios):
    return math.exp(sum(math.log(max(ratio, 1e-9)) for ratio in ratios) / len(ratios))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", metavar="FILE=TARGET")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1, help="the number of seeds, from 0")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all lines")
    parser.add_argument("--only", help="names of lines, with semicolons between them; the first line is always run")
    parser.add_argument("--trainer", default="target/release/trainer")
    args = parser.parse_args()
    wanted = args.only.split(";") if args.only else list(VARIANTS)
    unknown = [name for name in wanted if name not in VARIANTS]
    if unknown:
        parser.error(f"--only {unknown[0]}: the lines are {'; '.join(VARIANTS)}")
    names = [Path(table.rsplit("=", 1)[0]).name.split(".")[0] for table in args.tables]
    print("| | " + " | ".join(names) + " | mean | time |\n| --- |" + " ---: |" * (len(names) + 2), flush=True)
    first = {}
    for name, settings in VARIANTS.items():
        if first and name not in wanted:
            continue
        print(f"| {name} |", end="", flush=True)
        ratios, seconds, seconds_of_first = [], 0.0, 0.0
        for table in args.tables:
            runs = [errors(args, table, settings, seed) for seed in range(args.seeds)]
            found = [error for folds, _ in runs for error in folds]
            time_of_table = sum(seconds for _, seconds in runs)
            first.setdefault(table, (found, time_of_table))
            before, time_before = first[table]
            ratios.append(geometric_mean([max(a, 1e-9) / max(b, 1e-9) for a, b in zip(found, before)]))
            seconds, seconds_of_first = seconds + time_of_table, seconds_of_first + time_before
            mean = sum(found) / len(found)
            shown = f"{mean:,.0f}" if mean > 10 else f"{mean:.4f}"
            print(f" {shown} ({ratios[-1]:.3f}) |", end="", flush=True)
        print(f" {geometric_mean(ratios):.3f} | {seconds / seconds_of_first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
