"""Counts: the mean Poisson deviance, compared with LightGBM and with scikit-learn's Poisson regressors.

usage: python benchmarks/counts.py TRAINER [--tables bikes,claims] [--rounds 1] [--only backburn,lightgbm]
needs: pip install numpy pandas scikit-learn lightgbm

TRAINER is the program (cargo build --release -p trainer). The tables are downloaded from OpenML: `bikes` is Bike_Sharing_Demand (17,379
hours, rentals per hour; a random split, so only methods are compared and not forecasts), and `claims` is freMTPL2freq (French motor
insurance, 50,000 of 678,013 policies, mostly without a claim). Each round splits off a fifth of the rows for the test. `constant`
is the mean of the training rows. `calibration` is the sum of the predictions over the sum of the counts (1 is right).
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import mean_poisson_deviance


def bikes():
    from sklearn.datasets import fetch_openml

    frame = fetch_openml(data_id=42712, as_frame=True, parser="pandas").frame
    return frame, "count", None


def claims():
    from sklearn.datasets import fetch_openml

    frame = fetch_openml(data_id=41214, as_frame=True, parser="pandas").frame
    frame = frame.drop(columns="IDpol").sample(50_000, random_state=0).reset_index(drop=True)
    return frame, "ClaimNb", "Exposure"


def backburn(args, train, test, target, exposure):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        model = folder / "m.safetensors"
        run = lambda *words: subprocess.run([args.trainer, *map(str, words)], check=True, capture_output=True)
        settings = ["--task", "regression", "--set", "training.loss=poisson"]
        if exposure and args.offset:
            settings += ["--offset", exposure]
        run("train", folder / "train.csv", "--target", target, *settings, "--out", model)
        run("predict", model, folder / "test.csv", "--out", folder / "p.csv")
        return pd.read_csv(folder / "p.csv")["prediction"].to_numpy()


def inputs(train, test, target, exposure):
    both = pd.concat([train, test]).drop(columns=[target] + ([exposure] if exposure else []))
    for column in both.select_dtypes(exclude="number"):
        both[column] = both[column].astype("category").cat.codes
    return both[: len(train)], both[len(train) :]


def rates(train, test, exposure):
    ones = lambda rows: np.ones(len(rows))
    return (train[exposure], test[exposure]) if exposure else (ones(train), ones(test))


def weighted(model, train, test, target, exposure):
    """A model of counts per unit of exposure, with the exposures as weights."""
    known, unknown = inputs(train, test, target, exposure)
    of_train, of_test = rates(train, test, exposure)
    step = {f"{model.steps[-1][0]}__sample_weight": of_train} if hasattr(model, "steps") else {"sample_weight": of_train}
    model.fit(known, train[target] / of_train, **step)
    return model.predict(unknown) * of_test


def lightgbm(args, train, test, target, exposure):
    import lightgbm

    return weighted(lightgbm.LGBMRegressor(objective="poisson", verbose=-1), train, test, target, exposure)


def boosting(args, train, test, target, exposure):
    from sklearn.ensemble import HistGradientBoostingRegressor

    return weighted(HistGradientBoostingRegressor(loss="poisson"), train, test, target, exposure)


def linear(args, train, test, target, exposure):
    from sklearn.linear_model import PoissonRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), PoissonRegressor(alpha=1e-6, max_iter=1000))
    return weighted(model, train, test, target, exposure)


def constant(args, train, test, target, exposure):
    of_train, of_test = rates(train, test, exposure)
    return np.asarray(of_test) * train[target].sum() / of_train.sum()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trainer", type=Path)
    parser.add_argument("--tables", default="bikes,claims")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="backburn,lightgbm,boosting,linear,constant")
    parser.add_argument("--offset", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    tables = {"bikes": bikes, "claims": claims}
    methods = {f.__name__: f for f in [backburn, lightgbm, boosting, linear, constant]}
    for name in args.tables.split(","):
        frame, target, exposure = tables[name]()
        frame[target] = frame[target].astype(float)
        for seed in range(args.rounds):
            test = frame.sample(frac=0.2, random_state=seed)
            train = frame.drop(test.index)
            for method in args.only.split(","):
                start = time.time()
                predicted = np.asarray(methods[method](args, train, test, target, exposure))
                deviance = mean_poisson_deviance(test[target], predicted)
                calibration = predicted.sum() / test[target].sum()
                seconds = time.time() - start
                print(f"{name} seed {seed} {method}: deviance {deviance:.4f}, calibration {calibration:.3f}, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
