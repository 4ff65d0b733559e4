"""Scores the prediction intervals of numbers: the share of test rows that they hold, and their mean width.

usage: python benchmarks/intervals.py FOLDER [--preset default] [--missing 0.2]
needs: pip install numpy pandas; cargo build --release -p trainer

FOLDER has a folder for each table, with train.csv and test.csv, as accuracy.py reads them; tables of classes are skipped.
The intervals are those of 90 %. Beside them stand intervals of one width for all rows that hold as many test rows. Each is
scored for all test rows and for the rows with the lowest, middle and highest third of the predictions. --missing removes
every number of a test row except the target with this probability, as missing_numbers.py does, and scores the rows that
lack a number and the others instead.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from accuracy import TARGETS

TRAINER = os.environ.get("TRAINER", "target/release/trainer")
COVERAGE = 0.9


def remove_numbers(train, test, target, share):
    """The training rows that lack no number, and test rows that lack numbers."""
    numeric = [c for c in test if c != target and pd.api.types.is_numeric_dtype(train[c])]
    generator = np.random.default_rng(0)
    removed = test.copy()
    for column in numeric:
        removed[column] = test[column].mask(generator.random(len(test)) < share)
    return train.dropna(subset=numeric), removed


def predicted(train, test, target, preset):
    """The test rows with their prediction and the bounds of its interval."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        model, out = folder / "model.safetensors", folder / "predictions.csv"
        fit = [TRAINER, "train", folder / "train.csv", "--target", target, "--preset", preset, "--out", model]
        predict = [TRAINER, "predict", model, folder / "test.csv", "--interval", str(COVERAGE), "--out", out]
        for command in (fit, predict):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return pd.read_csv(out)


def row(name, held, width):
    cells = [f"{100 * held[rows].mean():.1f} % / {width[rows].mean():,.0f}" for rows in name.values()]
    return " | ".join(cells)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--missing", type=float, default=0.0)
    args = parser.parse_args()
    for folder in sorted(f.parent for f in args.folder.glob("*/train.csv")):
        train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
        target = TARGETS.get(folder.name, train.columns[-1])
        if not pd.api.types.is_numeric_dtype(train[target]):
            continue
        lacks = np.zeros(len(test), dtype=bool)
        if args.missing:
            before = test
            train, test = remove_numbers(train, test, target, args.missing)
            lacks = (test.isna() & before.notna()).any(axis=1).to_numpy()
        rows = predicted(train, test, target, args.preset)
        truth, prediction = test[target].to_numpy(), rows["prediction"].to_numpy()
        lower, upper = rows["lower"].to_numpy(), rows["upper"].to_numpy()
        held, width = (lower <= truth) & (truth <= upper), upper - lower
        errors = np.abs(truth - prediction)
        half = np.quantile(errors, held.mean())
        order = prediction.argsort().argsort() * 3 // len(prediction)
        parts = {"all": np.ones(len(test), dtype=bool)}
        if args.missing:
            parts |= {"lack a number": lacks, "complete": ~lacks}
        else:
            parts |= {"lowest third": order == 0, "middle": order == 1, "highest": order == 2}
        print(f"| {folder.name} | {' | '.join(parts)} |")
        print(f"| intervals | {row(parts, held, width)} |")
        print(f"| of one width | {row(parts, errors <= half, np.full(len(test), 2 * half))} |", flush=True)


if __name__ == "__main__":
    main()
