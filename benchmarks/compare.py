"""Scores and times our defaults beside scikit-learn's on one table, as rows of a Markdown table.

usage: python benchmarks/compare.py TRAIN.csv TEST.csv TARGET [TRAINER]
needs: pip install numpy pandas scikit-learn; TRAINER is target/debug/trainer unless given

scikit-learn runs its linear model and its MLP as most would set them up (median for missing
numbers, standardized; one-hot categories; two hidden layers of 128; early stopping), and its MLP
again for just the epochs and the batch size that ours took, to compare the time: the median of
three runs each, by turns. Every time is of a whole process: start, reading, training, scoring.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path


def scikit_learn(kind, train_path, test_path, target, batch=200, epochs=0):
    warnings.filterwarnings("ignore")
    import pandas as pd
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import accuracy_score, mean_squared_error
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    train, test = pd.read_csv(train_path), pd.read_csv(test_path)
    x, y = train.drop(columns=[target]), train[target]
    regression = pd.api.types.is_numeric_dtype(y)
    numeric = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    categorical = [c for c in x if c not in numeric]
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categorical),
    )
    settings = dict(hidden_layer_sizes=(128, 128), random_state=0, batch_size=batch, early_stopping=True)
    if kind == "epochs":
        settings |= dict(max_iter=epochs, n_iter_no_change=epochs + 1)
    else:
        settings |= dict(max_iter=300)
    if kind == "linear":
        model = Ridge() if regression else LogisticRegression(max_iter=2000)
    else:
        model = MLPRegressor(**settings) if regression else MLPClassifier(**settings)
    if regression:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    fitted = make_pipeline(encode, model).fit(x, y)
    predicted, actual = fitted.predict(test.drop(columns=[target])), test[target]
    if regression:
        return {"rmse": mean_squared_error(actual, predicted) ** 0.5}
    return {"accuracy": accuracy_score(actual, predicted)}


def timed(command):
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - started


def main():
    if sys.argv[1] == "--peer":
        kind, train, test, target, *rest = sys.argv[2:]
        print(json.dumps(scikit_learn(kind, train, test, target, *map(int, rest))))
        return
    train, test, target, *rest = sys.argv[1:]
    trainer = rest[0] if rest else str(Path(__file__).parent.parent / "target/debug/trainer")
    peer = [sys.executable, __file__, "--peer"]
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "model.safetensors")
        command = [trainer, "train", train, "--target", target, "--test", test]
        command += ["--seed", "0", "--json", "--out", out]
        table = [train, test, target]
        linear, _ = timed(peer + ["linear"] + table)
        mlp, _ = timed(peer + ["mlp"] + table)
        our_times, peer_times = [], []
        for _ in range(3):
            ours, seconds = timed(command)
            our_times.append(seconds)
            batch = min(max(ours["training_rows"] // 100, 16), 256)
            same = ["epochs"] + table + [str(batch), str(ours["epochs"])]
            peer_times.append(timed(peer + same)[1])
    ratio = statistics.median(peer_times) / statistics.median(our_times)

    def shown(score):
        return f"{score['rmse']:,.0f}" if "rmse" in score else f"{score['accuracy']:.4f}"

    metric = "RMSE" if "rmse" in ours else "accuracy"
    print(
        f"| {Path(train).parent.name}, {metric} | {shown(linear)} | {shown(mlp)} | {shown(ours)} "
        f"| {ratio:.1f} |"
    )


main()
