"""Nearest neighbors in the embedding of a model, beside nearest neighbors in the columns of the table.

usage: python benchmarks/embeddings.py TABLE --target COLUMN [--test TABLE] [--trainer PROGRAM] [--set KEY=VALUE ...]
needs: pip install numpy pandas pyarrow scikit-learn

A model is trained on the training rows (`--preset fast` unless --preset names another). `trainer embed` writes the vectors of
the training rows and of the test rows. Each test row is predicted from its K nearest training rows: by their mean, or by
their most frequent class. The distance is Euclidean, between the vectors or between the columns, where numbers have mean 0
and standard deviation 1, missing ones are the mean, and each category is a column of 0 and 1. The score is the RMSE, or
for classes the accuracy. The last line is the model's own score. Without --test, a random fifth of the rows is the test set.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
NEIGHBORS = (1, 5, 10, 20, 50)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--test", type=pathlib.Path, help="the test rows")
    parser.add_argument("--trainer", default=ROOT / "target/release/trainer", help="the program")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="a setting of the training, as for `trainer train`")
    return parser.parse_args()


def split(args, folder):
    """The files of the training rows and of the test rows."""
    if args.test:
        return args.table, args.test
    # As text, so that every value stays as it is.
    table = pandas.read_csv(args.table, dtype=str, keep_default_na=False)
    test = table.sample(frac=0.2, random_state=args.seed)
    files = folder / "train.csv", folder / "test.csv"
    for file, rows in zip(files, (table.drop(test.index), test)):
        rows.to_csv(file, index=False)
    return files


def run(args, *command):
    done = subprocess.run([str(part) for part in (args.trainer, *command)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def train(args, model, file):
    """Trains the model. Returns the task."""
    settings = [part for setting in args.set for part in ("--set", setting)]
    run(args, "train", file, "--target", args.target, "--preset", args.preset, "--seed", args.seed, "--out", model, *settings)
    return json.loads(run(args, "inspect", model, "--json").splitlines()[-1])["target"]["task"]


def embedded(args, model, file, out):
    run(args, "embed", model, file, "--out", out)
    return numpy.stack(pandas.read_parquet(out)["embedding"])


def encoded(train, test):
    """The columns of both tables as numbers."""
    is_number = pandas.api.types.is_numeric_dtype
    numbers = [name for name in train if is_number(train[name]) and is_number(test[name])]
    texts = [name for name in train if name not in numbers]
    columns = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
    ])
    text = lambda table: table.astype({name: str for name in texts})
    return columns.fit_transform(text(train)), columns.transform(text(test))


def score(is_number, actual, predicted):
    if is_number:
        error = numpy.sqrt(numpy.mean((predicted - actual) ** 2))
        return f"{error:,.0f}" if error >= 1000 else f"{error:.4g}"
    return f"{numpy.mean(predicted == actual):.4f}"


def print_scores(inputs, targets, is_number):
    """The score of each number of neighbors, with each kind of input."""
    train_targets, test_targets = targets
    Neighbors = KNeighborsRegressor if is_number else KNeighborsClassifier
    names = [f"{name}, {rows.shape[1]} dimensions" for name, (rows, _) in inputs.items()]
    print(f"| neighbors | {' | '.join(names)} |")
    print("| ---: " * (len(names) + 1) + "|")
    for neighbors in NEIGHBORS:
        found = []
        for train_rows, test_rows in inputs.values():
            predicted = Neighbors(neighbors).fit(train_rows, train_targets).predict(test_rows)
            found.append(score(is_number, test_targets, predicted))
        print(f"| {neighbors} | {' | '.join(found)} |")


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        files = split(args, folder)
        model = folder / "model.safetensors"
        start = time.perf_counter()
        is_number = train(args, model, files[0]) == "regression"
        seconds = time.perf_counter() - start
        vectors = [embedded(args, model, file, folder / "vectors.parquet") for file in files]
        run(args, "predict", model, files[1], "--out", folder / "predictions.csv")
        kind = float if is_number else str
        own = pandas.read_csv(folder / "predictions.csv")["prediction"].astype(kind).to_numpy()
        tables = [pandas.read_csv(file) for file in files]
    targets = [table.pop(args.target).astype(kind).to_numpy() for table in tables]
    inputs = {"columns": encoded(*tables), "embedding": vectors}
    print_scores(inputs, targets, is_number)
    print(f"\nthe model itself: {score(is_number, targets[1], own)}, trained in {seconds:.0f} s; "
          f"{len(targets[0]):,} training rows, {len(targets[1]):,} test rows")


if __name__ == "__main__":
    main()
