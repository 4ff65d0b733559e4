"""Size and speed of exported ONNX files: `trainer export` beside scikit-learn with skl2onnx.

usage: python benchmarks/onnx_export.py [SECONDS]
needs: pip install numpy onnxruntime pandas scikit-learn skl2onnx

Both predict the houses of Ames from the table's own columns in ONNX Runtime, on one thread and on all: one network
with two hidden layers of 128 units, after scaling and one-hot encoding; for Backburn also the default, an
ensemble with bins and imputation. Each measurement takes SECONDS (1 by default), by turns, three times; the median
is printed. The last column is the root mean squared error on the rows that were kept aside.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import onnxruntime
import pandas
import skl2onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
TRAINER = os.environ.get("BACKBURN_TRAINER", str(ROOT / "target/release/trainer"))
TARGET = "Sale_Price"
BATCHES = (1, 100, 586)


def scikit_learn(train, path):
    is_text = lambda name: not pandas.api.types.is_numeric_dtype(train[name])
    texts = [name for name in train if is_text(name)]
    numbers = [name for name in train if name not in texts and name != TARGET]
    train = train.fillna({name: "" for name in texts})
    columns = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
    ])
    network = MLPRegressor(hidden_layer_sizes=(128, 128), learning_rate_init=0.002, early_stopping=True, random_state=0)
    pipeline = make_pipeline(columns, network)
    # skl2onnx has no converter for TransformedTargetRegressor: its scaler is applied outside of the graph.
    scaler = StandardScaler().fit(train[[TARGET]])
    pipeline.fit(train.drop(columns=TARGET), scaler.transform(train[[TARGET]])[:, 0])
    types = [(name, (StringTensorType if name in texts else FloatTensorType)([None, 1]))
             for name in train if name != TARGET]
    path.write_bytes(skl2onnx.convert_sklearn(pipeline, initial_types=types, target_opset=17).SerializeToString())
    return lambda outputs: outputs * scaler.scale_[0] + scaler.mean_[0]


def backburn(folder, path, *settings):
    model = folder / "model.safetensors"
    model.unlink(missing_ok=True)
    run = lambda *command: subprocess.run([TRAINER, *command], check=True, capture_output=True)
    run("train", folder / "train.csv", "--target", TARGET, "--out", model, *settings)
    run("export", model, "--out", path)
    return lambda outputs: outputs


def feed_of(session, table):
    feed = {}
    for value in session.get_inputs():
        column = table[value.name]
        kind = {"tensor(string)": object, "tensor(float)": numpy.float32}.get(value.type, float)
        feed[value.name] = column.fillna("" if kind is object else numpy.nan).to_numpy(kind).reshape(-1, 1)
    return feed


def rows_in_second(session, feed, rows, seconds):
    part = {name: values[:rows] for name, values in feed.items()}
    output = [session.get_outputs()[0].name]
    session.run(output, part)
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        session.run(output, part)
        runs += 1
    return runs * rows / (time.perf_counter() - start)


def main(seconds):
    table = pandas.read_csv(ROOT / "crates/trainer/data/ames.csv.gz")
    # The graph takes the names of categories without white space around them.
    table = table.map(lambda value: value.strip() if isinstance(value, str) else value)
    order = numpy.random.default_rng(0).permutation(len(table))
    test, train = table.iloc[order[: BATCHES[-1]]], table.iloc[order[BATCHES[-1] :]]
    single = ["--set", "ensemble.members=1", "--set", "data.bins=0", "--set", "data.knn_features=never",
              "--set", "data.neighbor_features=false"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        files = {
            "scikit-learn": lambda path: scikit_learn(train, path),
            "Backburn, one network": lambda path: backburn(folder, path, *single),
            "Backburn, default": lambda path: backburn(folder, path),
        }
        made = {}
        for name, make in files.items():
            path = folder / f"{name}.onnx"
            made[name] = (path, make(path))
        print("| file | size | to load | threads | " + " | ".join(f"rows/s, {n} at once" for n in BATCHES) + " | RMSE |")
        print("| --- | ---: | ---: | ---: | " + "---: | " * (len(BATCHES) + 1))
        for threads in (1, os.cpu_count()):
            sessions = {}
            for name, (path, scale) in made.items():
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = threads
                start = time.perf_counter()
                session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
                sessions[name] = (session, time.perf_counter() - start, feed_of(session, test))
            rates = {name: [[] for _ in BATCHES] for name in made}
            for _ in range(3):
                for place, rows in enumerate(BATCHES):
                    for name, (session, _, feed) in sessions.items():
                        rates[name][place].append(rows_in_second(session, feed, rows, seconds))
            for name, (session, loading, feed) in sessions.items():
                outputs = made[name][1](session.run(None, feed)[0].reshape(-1))
                error = numpy.sqrt(numpy.mean((outputs - test[TARGET].to_numpy()) ** 2))
                medians = " | ".join(f"{statistics.median(of_batch):,.0f}" for of_batch in rates[name])
                size = made[name][0].stat().st_size / 1e6
                print(f"| {name} | {size:.2f} MB | {loading * 1000:.0f} ms | {threads} | {medians} | {error:,.0f} |")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
