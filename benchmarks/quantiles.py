"""Quantile regression: mean pinball loss, coverage and crossings, compared with LightGBM and scikit-learn.

usage: python benchmarks/quantiles.py TRAINER [--data FOLDER] [--tables california,ames] [--rounds 1]
needs: pip install numpy pandas scikit-learn lightgbm

TRAINER is the program (cargo build --release -p trainer). FOLDER has a folder for each table with train.csv and test.csv, as
accuracy.py reads them; without it, the tables are those that scikit-learn downloads (California) and diabetes. The levels are 0.05,
0.25, 0.5, 0.75 and 0.95. LightGBM and scikit-learn's boosting fit a model for each level with their defaults, so that their quantiles may
cross: `crossings` is the share of rows where they do. `width` is the mean of the 0.95 quantile minus the 0.05 quantile, and
`coverage` the share of test rows between them (0.9 is right). `interval` is the coverage of predict --interval 90.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
TARGETS = {"california": "median_house_value", "ames": "Sale_Price"}


def downloaded(name):
    from sklearn.datasets import fetch_california_housing, load_diabetes

    load = {"california": fetch_california_housing, "diabetes": load_diabetes}[name]
    frame = load(as_frame=True).frame
    return frame, frame.columns[-1]


def read(args, name, seed):
    """Training rows, test rows and the target."""
    if args.data:
        folder = args.data / name
        train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
        return train, test, TARGETS.get(name, train.columns[-1])
    frame, target = downloaded(name)
    test = frame.sample(frac=0.2, random_state=seed)
    return frame.drop(test.index), test, target


def scores(actual, quantiles):
    errors = actual[:, None] - quantiles
    levels = np.array(LEVELS)
    loss = np.maximum(levels * errors, (levels - 1) * errors).mean()
    inside = (quantiles[:, 0] <= actual) & (actual <= quantiles[:, -1])
    crossings = (np.diff(quantiles, axis=1) < 0).any(axis=1)
    width = (quantiles[:, -1] - quantiles[:, 0]).mean()
    return {"pinball": loss, "coverage": inside.mean(), "crossings": crossings.mean(), "width": width}


def backburn(args, train, test, target):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        levels = ",".join(map(str, LEVELS))
        model = folder / "m.safetensors"
        run = lambda *words: subprocess.run([args.trainer, *map(str, words)], check=True, capture_output=True)
        run("train", folder / "train.csv", "--target", target, "--task", "regression", "--quantiles", levels, "--out", model)
        run("predict", model, folder / "test.csv", "--interval", 90, "--out", folder / "p.csv")
        predicted = pd.read_csv(folder / "p.csv")
    actual = test[target].to_numpy()
    found = scores(actual, predicted[[f"quantile_{level}" for level in LEVELS]].to_numpy())
    held = (predicted["lower"] <= actual) & (actual <= predicted["upper"])
    return {**found, "interval": held.mean()}


def encoded(train, test, target):
    """Numbers and codes of categories, as both peers take them."""
    both = pd.concat([train, test]).drop(columns=target)
    for column in both.select_dtypes(exclude="number"):
        both[column] = both[column].astype("category").cat.codes
    return both[: len(train)], both[len(train) :]


def by_level(make, train, test, target):
    inputs, others = encoded(train, test, target)
    models = [make(level).fit(inputs, train[target]) for level in LEVELS]
    return scores(test[target].to_numpy(), np.column_stack([model.predict(others) for model in models]))


def lightgbm(args, train, test, target):
    import lightgbm

    make = lambda level: lightgbm.LGBMRegressor(objective="quantile", alpha=level, verbose=-1)
    return by_level(make, train, test, target)


def boosting(args, train, test, target):
    from sklearn.ensemble import HistGradientBoostingRegressor

    make = lambda level: HistGradientBoostingRegressor(loss="quantile", quantile=level)
    return by_level(make, train, test, target)


def linear(args, train, test, target):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import QuantileRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    make = lambda level: make_pipeline(SimpleImputer(), StandardScaler(), QuantileRegressor(quantile=level, alpha=0))
    return by_level(make, train, test, target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", default="california,diabetes")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="backburn,lightgbm,boosting,linear")
    args = parser.parse_args()
    methods = {"backburn": backburn, "lightgbm": lightgbm, "boosting": boosting, "linear": linear}
    for name in args.tables.split(","):
        for seed in range(args.rounds):
            train, test, target = read(args, name, seed)
            for method in args.only.split(","):
                start = time.time()
                found = methods[method](args, train, test, target)
                words = ", ".join(f"{key} {value:.4g}" for key, value in found.items())
                print(f"{name} seed {seed} {method}: {words}, {time.time() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
