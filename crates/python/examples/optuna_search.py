"""Searches settings with Optuna, by several processes that share a study.

usage: python optuna_search.py TABLE.csv TARGET [TRIALS [PROCESSES]]
needs: pip install ./crates/python optuna pandas

A trial is a fit of the preset `fast` for each of five folds, whose mean score counts: R² for numbers, minus the log
loss for classes. A fifth of the rows is held out from the search, and scores the best settings and the default ones
at the end. The study is in a file, which a search on many machines would have in a folder or a database that all of
them see.
"""
import multiprocessing
import os
import sys
import tempfile

import optuna
import pandas
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sklearn.model_selection import cross_val_score, train_test_split

from backburn import BackburnClassifier, BackburnRegressor


def read(path, target):
    """The estimator, its score, and the rows to search on and to test with."""
    table = pandas.read_csv(path).dropna(subset=[target])
    X, y = table.drop(columns=target), table[target]
    numeric = pandas.api.types.is_numeric_dtype(y) and not pandas.api.types.is_bool_dtype(y)
    estimator = (BackburnRegressor if numeric else BackburnClassifier)(preset="fast", random_state=0)
    scoring = "r2" if numeric else "neg_log_loss"
    return estimator, scoring, train_test_split(X, y, test_size=0.2, random_state=0, stratify=None if numeric else y)


def suggested(trial):
    """The settings of a trial."""
    units = trial.suggest_categorical("units", [32, 64, 128, 256])
    return {
        "hidden": (units,) * trial.suggest_int("layers", 1, 3),
        "learning_rate": trial.suggest_float("learning_rate", 1e-3, 3e-2, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "activation": trial.suggest_categorical("activation", ["silu", "relu", "mish"]),
        "optimizer_weight_decay": trial.suggest_float("optimizer_weight_decay", 1e-4, 1e-1, log=True),
    }


def storage(file):
    return JournalStorage(JournalFileBackend(file))


def search(file, path, target, trials, seed):
    """Adds trials to the study in a file, as one of several processes."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    estimator, scoring, (X, _, y, _) = read(path, target)

    def score(trial):
        settings = suggested(trial)
        return cross_val_score(estimator.set_params(**settings), X, y, cv=5, scoring=scoring).mean()

    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.load_study(study_name="backburn", storage=storage(file), sampler=sampler)
    study.optimize(score, n_trials=trials)


def main(path, target, trials="20", processes="2"):
    trials, processes = int(trials), int(processes)
    # The processors are divided among the processes, which are started with these variables.
    os.environ["RAYON_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // processes))
    start = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "study.log")
        study = optuna.create_study(study_name="backburn", storage=storage(file), direction="maximize")
        shares = [trials // processes + (process < trials % processes) for process in range(processes)]
        calls = [(file, path, target, share, seed) for seed, share in enumerate(shares)]
        workers = [start.Process(target=search, args=call) for call in calls]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            sys.exit("a process of the search has failed")
        best = study.best_trial
    estimator, scoring, (X, X_test, y, y_test) = read(path, target)
    print(f"best of {trials} trials: {scoring} {best.value:.4f} by cross-validation, with {best.params}")
    found = suggested(optuna.trial.FixedTrial(best.params))
    for name, settings in (("default settings", {}), ("best settings", found)):
        scores = estimator.set_params(**settings).fit(X, y).evaluate(X_test, y_test)
        shown = ", ".join(f"{key} {scores[key]:.4f}" for key in ("r2", "rmse", "accuracy", "log_loss") if key in scores)
        print(f"{name}, on {len(y_test)} rows that the search has not seen: {shown}")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
