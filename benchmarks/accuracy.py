"""Scores our presets and other programs on tables with a test set each, and prints a Markdown table.

usage: python benchmarks/accuracy.py FOLDER [--only METHOD,...] [--seeds 0,1,2] [--set KEY=VALUE ...]
needs: pip install numpy pandas scikit-learn lightgbm xgboost pytabkit tabm; cargo build --release -p trainer

FOLDER has a folder for each table, with train.csv and test.csv, or one for each fold of a table (NAME.0, NAME.1,
…), whose scores are averaged. The target is the last column unless TARGETS names it. Every program has two threads and
its own defaults (gradient boosting: 500 trees at a learning rate of 0.05). Cells are the score on the test rows, then the
seconds to fit and predict; ours include reading the table. Each program runs in a process of its own, one after
the other. --set changes a setting of ours, --tables NAME,… selects tables.
"""

import argparse
import csv
import itertools
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

TARGETS = {
    "california": "median_house_value",
    "ames": "Sale_Price",
    "adult": "income",
    "penguins": "species",
    "wheat_seeds": "variety",
}
PEERS = ["linear", "sklearn-mlp", "lightgbm", "xgboost", "realmlp", "tabm"]
OURS = ["fast", "default", "best"]
THREADS = 2


def peer(method, folder, target, seed):
    warnings.filterwarnings("ignore")
    import numpy as np
    import pandas as pd
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import accuracy_score, log_loss
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    x, y = train.drop(columns=[target]), train[target].to_numpy()
    x_test, y_test = test.drop(columns=[target]), test[target].to_numpy()
    regression = pd.api.types.is_numeric_dtype(train[target])
    if not regression:
        labels = LabelEncoder().fit(y)
        y, y_test = labels.transform(y), labels.transform(y_test)
    numeric = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    categorical = [c for c in x if c not in numeric]
    started = time.time()
    if method in ("linear", "sklearn-mlp"):
        encode = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categorical),
        )
        if method == "linear":
            model = Ridge() if regression else LogisticRegression(max_iter=2000)
        else:
            kind = MLPRegressor if regression else MLPClassifier
            model = kind(hidden_layer_sizes=(128, 128), early_stopping=True, max_iter=300, random_state=seed)
        if regression:
            model = TransformedTargetRegressor(model, transformer=StandardScaler())
        model = make_pipeline(encode, model)
    else:
        for column in categorical:
            x[column] = x[column].astype(str).astype("category")
            kept = x[column].cat.categories
            x_test[column] = pd.Categorical(x_test[column].astype(str), categories=kept)
        boosting = dict(n_estimators=500, learning_rate=0.05, n_jobs=THREADS, random_state=seed)
        if method == "lightgbm":
            import lightgbm

            kind = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
            model = kind(verbose=-1, **boosting)
        elif method == "xgboost":
            import xgboost

            kind = xgboost.XGBRegressor if regression else xgboost.XGBClassifier
            model = kind(enable_categorical=True, **boosting)
        else:
            import pytabkit

            for column in numeric:
                median = x[column].median()
                x[column] = x[column].fillna(median).astype(float)
                x_test[column] = x_test[column].fillna(median).astype(float)
            for column in categorical:
                x[column], x_test[column] = x[column].astype(str), x_test[column].astype(str)
            name = {"realmlp": "RealMLP_TD", "tabm": "TabM_D"}[method]
            kind = getattr(pytabkit, name + ("_Regressor" if regression else "_Classifier"))
            model = kind(random_state=seed, device="cpu", n_threads=THREADS)
    model.fit(x, y)
    predicted = np.asarray(model.predict(x_test)).ravel()
    if regression:
        score = {"rmse": float(np.sqrt(np.mean((predicted - y_test) ** 2)))}
    else:
        classes = range(len(labels.classes_))
        loss = log_loss(y_test, model.predict_proba(x_test), labels=classes)
        score = {"accuracy": accuracy_score(y_test, predicted), "log_loss": loss}
    return score | {"seconds": time.time() - started}


def task(folder, target):
    """What the peers take a target for: numbers are predicted as numbers, however few there are."""
    with open(folder / "train.csv") as file:
        try:
            for row in csv.DictReader(file):
                float(row[target] or 0)
        except ValueError:
            return "classification"
    return "regression"


def ours(preset, folder, target, seed, settings):
    with tempfile.TemporaryDirectory() as out:
        command = [
            "target/release/trainer", "train", folder / "train.csv", "--test", folder / "test.csv",
            "--target", target, "--task", task(folder, target), "--preset", preset, "--seed", str(seed), "--json",
            "--out", f"{out}/m.safetensors",
        ]
        for setting in settings:
            command += ["--set", setting]
        started = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result = json.loads(done.stdout.splitlines()[-1])
    names = [name for name in ("rmse", "accuracy", "log_loss", "calibration_error") if name in result]
    held = re.search(r"intervals \(.*\) hold ([0-9.]+) % of", done.stderr + done.stdout)
    # Small tables get a learning curve too, which is not training.
    seconds = min(result["seconds"], time.time() - started)
    held = {"held": float(held[1])} if held else {}
    return {name: result[name] for name in names} | held | {"seconds": seconds}


def score(method, folder, target, seed, settings):
    if method in OURS:
        return ours(method, folder, target, seed, settings)
    command = [sys.executable, __file__, "--peer", method, str(folder), target, str(seed)]
    threads = {name: str(THREADS) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    limit = float(os.environ.get("LIMIT", 1200))
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=limit, env=os.environ | threads
        )
    except subprocess.TimeoutExpired:
        return {"seconds": limit, "late": True}
    return json.loads(done.stdout.splitlines()[-1])


def words(scores):
    if any("late" in s for s in scores):
        return f"not in {scores[0]['seconds'] / 60:.0f} min"
    mean = lambda name: sum(s[name] for s in scores) / len(scores)
    if "rmse" in scores[0]:
        rmse = mean("rmse")
        text = f"{rmse:,.0f}" if rmse >= 1000 else f"{rmse:.4g}"
    else:
        text = f"{mean('accuracy'):.4f} / {mean('log_loss'):.3f}"
    return f"{text} ({mean('seconds'):.1f} s)"


def trust(scores):
    """How many rows the intervals hold that are to hold 90 %, or the expected calibration error."""
    mean = lambda name: sum(s[name] for s in scores) / len(scores)
    if "held" in scores[0]:
        return f"{mean('held'):.1f} %"
    return f"{mean('calibration_error'):.3f}" if "calibration_error" in scores[0] else ""


def error(scores):
    """The mean RMSE or log loss; nothing is as bad as no answer in time."""
    errors = [s.get("rmse", s.get("log_loss", math.inf)) for s in scores]
    return sum(errors) / len(errors)


def main():
    if "--peer" in sys.argv:
        method, folder, target, seed = sys.argv[2:6]
        print(json.dumps(peer(method, Path(folder), target, int(seed))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(PEERS + OURS))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--tables")
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args()
    methods = args.only.split(",")
    print("| table | " + " | ".join(methods) + " |\n|" + " --- |" * (len(methods) + 1), flush=True)
    folders = sorted(f for f in args.folder.iterdir() if (f / "train.csv").exists())
    errors, trusted = [], []
    for name, folds in itertools.groupby(folders, lambda folder: folder.name.split(".")[0]):
        folds = list(folds)
        if args.tables and name not in args.tables.split(","):
            continue
        with open(folds[0] / "train.csv") as file:
            target = TARGETS.get(name, next(csv.reader(file))[-1])
        print(f"| {name} |", end="", flush=True)
        row, trusts = [], []
        for method in methods:
            seeds = [int(seed) for seed in args.seeds.split(",")]
            runs = itertools.product(folds, seeds)
            scores = [score(method, fold, target, seed, args.set) for fold, seed in runs]
            print(f" {words(scores)} |", end="", flush=True)
            row.append(error(scores))
            trusts += [trust(scores)] if method in OURS else []
        print(flush=True)
        errors.append(row)
        trusted.append(f"| {name} | " + " | ".join(trusts) + " |")
    ranks = [[sum(e <= mine for e in row) for mine in row] for row in errors]
    print("| mean rank |" + "".join(f" {sum(r) / len(r):.2f} |" for r in zip(*ranks)))
    logs = [[math.log(mine / row[-1]) for mine in row] for row in errors]
    ratios = "".join(f" {math.exp(sum(r) / len(r)):.3f} |" for r in zip(*logs))
    print(f"| error, as a share of that of {methods[-1]} |{ratios}")
    ours_alone = [method for method in methods if method in OURS]
    if ours_alone:
        print("\nRows that intervals of 90 % hold, or the expected calibration error:\n")
        print("| table | " + " | ".join(ours_alone) + " |\n|" + " --- |" * (len(ours_alone) + 1))
        print("\n".join(trusted))


if __name__ == "__main__":
    main()
