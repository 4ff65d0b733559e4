"""Compares `trainer tune` with Optuna's TPE over the same space and number of trials, and prints a Markdown table.

usage: python benchmarks/tune.py FOLDER [--trials 30] [--seeds 0,1] [--tables NAME,...] [--only METHOD,...]
needs: pip install optuna; cargo build --release -p trainer

FOLDER has a folder for each table, with train.csv and test.csv, as for accuracy.py. All methods train single networks of
ours with the preset `fast`, so that only the searches differ:

  start      the settings at the start, without a search
  tpe        `trainer tune`: TPE with successive halving over three folds
  random     the same with random settings
  optuna     Optuna's TPESampler and SuccessiveHalvingPruner; each trial is scored on the same number of folds, by
             `trainer train --json` on the rows of the other folds, with the fold as its test table

Cells are the error on the test rows (RMSE or log loss) of a model with the best settings, trained on all training
rows, and the seconds of the search for each trial. The last line is the mean rank. Optuna starts a process for each network,
of which reading the table is a part; its networks per trial are the fair measure of its pruning.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

TRAINER = "target/release/trainer"
FOLDS = 3
METHODS = ["start", "tpe", "random", "optuna"]
TARGETS = {
    "california": "median_house_value",
    "ames": "Sale_Price",
    "adult": "income",
    "penguins": "species",
    "wheat_seeds": "variety",
}
SHAPES = ["[64]", "[128]", "[256]", "[64, 64]", "[128, 128]", "[256, 256]", "[128, 128, 128]"]


def trainer(*arguments):
    done = subprocess.run([TRAINER, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def target_of(folder):
    with open(folder / "train.csv", newline="") as file:
        return TARGETS.get(folder.name) or next(csv.reader(file))[-1]


def task_of(folder, target):
    with open(folder / "train.csv", newline="") as file:
        try:
            for row in csv.DictReader(file):
                float(row[target] or 0)
        except ValueError:
            return "classification"
    return "regression"


def error(result):
    return result["rmse"] if "rmse" in result else result["log_loss"]


def common(folder, seed):
    target = target_of(folder)
    return ["--target", target, "--task", task_of(folder, target), "--preset", "fast", "--seed", seed]


def test_error(folder, seed, place, settings):
    """The error on the test rows of a model with these options, trained on all training rows."""
    return error(trainer(
        "train", folder / "train.csv", "--test", folder / "test.csv", *common(folder, seed), "--out",
        place / "final.safetensors", *settings,
    ))


def ours(sampler, folder, seed, trials, place):
    started = time.time()
    result = trainer(
        "tune", folder / "train.csv", *common(folder, seed), "--out", place / "m.safetensors", "--trials", trials,
        "--folds", FOLDS, "--outer-folds", 0, "--sampler", sampler,
    )
    seconds = time.time() - started
    return test_error(folder, seed, place, ["--config", result["settings"]]), seconds, result["networks"]


def folds_of(folder, seed, place):
    """Writes the rows of each fold, and the others, as two files."""
    with open(folder / "train.csv", newline="") as file:
        header, *rows = csv.reader(file)
    order = list(range(len(rows)))
    Random(seed).shuffle(order)
    fold_of = {row: index % FOLDS for index, row in enumerate(order)}
    paths = []
    for fold in range(FOLDS):
        pair = []
        for name, inside in [("train", False), ("test", True)]:
            path = place / f"fold-{fold}-{name}.csv"
            with open(path, "w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                writer.writerows(row for index, row in enumerate(rows) if (fold_of[index] == fold) == inside)
            pair.append(path)
        paths.append(pair)
    return paths


def suggested(trial):
    """The default space of `trainer tune`, as options."""
    bins = trial.suggest_categorical("data.bins", ["0", "16", "auto"])
    values = {
        "network.hidden": trial.suggest_categorical("network.hidden", SHAPES),
        "network.activation": trial.suggest_categorical("network.activation", ["relu", "silu", "gelu", "selu"]),
        "network.dropout": trial.suggest_float("network.dropout", 0.0, 0.5),
        "training.learning_rate": trial.suggest_float("training.learning_rate", 0.0003, 0.02, log=True),
        "training.batch_size": trial.suggest_int("training.batch_size", 16, 256, log=True),
        "training.optimizer.weight_decay":
            trial.suggest_float("training.optimizer.weight_decay", 0.001, 1.0, log=True),
        "data.numeric_scaler": trial.suggest_categorical("data.numeric_scaler", ["robust", "standard", "quantile"]),
        "data.bins": bins,
    }
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def by_optuna(folder, seed, trials, place):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    paths = folds_of(folder, seed, place)
    networks = 0
    options = {}

    def objective(trial):
        nonlocal networks
        # The first trial has the settings at the start, as that of `trainer tune`.
        settings = suggested(trial) if trial.number else []
        options[trial.number] = settings
        errors = []
        for fold, (train, test) in enumerate(paths):
            networks += 1
            errors.append(error(trainer(
                "train", train, "--test", test, *common(folder, seed), "--out", place / "m.safetensors", *settings,
            )))
            mean = sum(errors) / len(errors)
            trial.report(mean, fold + 1)
            if fold + 1 < FOLDS and trial.should_prune():
                raise optuna.TrialPruned()
        return mean

    started = time.time()
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    )
    study.optimize(objective, n_trials=trials)
    seconds = time.time() - started
    return test_error(folder, seed, place, options[study.best_trial.number]), seconds, networks


def run(method, folder, seed, trials):
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        if method == "start":
            started = time.time()
            return test_error(folder, seed, place, []), time.time() - started, 1
        if method == "optuna":
            return by_optuna(folder, seed, trials, place)
        return ours(method, folder, seed, trials, place)


def ranks(errors):
    """The rank of each error, from 1; the mean rank of equal ones."""
    return [sum(o < e for o in errors) + (sum(o == e for o in errors) + 1) / 2 for e in errors]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--tables")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    methods = arguments.only.split(",") if arguments.only else METHODS
    folders = sorted(path for path in arguments.folder.iterdir() if (path / "train.csv").exists())
    if arguments.tables:
        folders = [path for path in folders if path.name in arguments.tables.split(",")]
    print("| table | " + " | ".join(methods) + " |")
    print("| --- |" + " ---: |" * len(methods))
    totals = [0.0] * len(methods)
    for folder in folders:
        errors, cells = [], []
        for method in methods:
            done = [run(method, folder, int(seed), arguments.trials) for seed in arguments.seeds.split(",")]
            mean = [sum(column) / len(done) for column in zip(*done)]
            errors.append(mean[0])
            trials = 1 if method == "start" else arguments.trials
            cells.append(f"{mean[0]:.4g} ({mean[1] / trials:.2f} s, {mean[2]:.0f} networks)")
            print(f"{folder.name} {method}: {cells[-1]}", file=sys.stderr)
        totals = [total + rank for total, rank in zip(totals, ranks(errors))]
        print(f"| {folder.name} | " + " | ".join(cells) + " |", flush=True)
    means = [f"{total / max(1, len(folders)):.2f}" for total in totals]
    print("| mean rank | " + " | ".join(means) + " |")


if __name__ == "__main__":
    main()
