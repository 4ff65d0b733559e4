"""The examples run, each as a program of its own, where what they need is installed."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from backburn import BackburnClassifier, BackburnRegressor

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(example, *arguments, needs, folder):
    """Runs an example in a folder, and returns what it prints."""
    for needed in needs:
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    command = [sys.executable, EXAMPLES / example, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture
def prices(houses, tmp_path):
    """The houses as a file, with a model that was saved for them."""
    model = BackburnRegressor(preset="fast", epochs=3).fit(houses.drop(columns="price"), houses["price"])
    model.save(tmp_path / "m.safetensors")
    rows = pyarrow.Table.from_pandas(houses.astype({"street": str}), preserve_index=False)
    (tmp_path / "rows").mkdir()
    for part in range(2):
        # Spark reads timestamps of microseconds.
        file = tmp_path / "rows" / f"{part}.parquet"
        pyarrow.parquet.write_table(rows.slice(60 * part, 60), file, coerce_timestamps="us")
    houses.to_csv(tmp_path / "rows.csv", index=False)
    return model.predict(houses.drop(columns="price").astype({"street": str}))


def test_ray_predict(prices, tmp_path):
    run("ray_predict.py", "m.safetensors", "rows", "out", "1", needs=["ray"], folder=tmp_path)
    predicted = pyarrow.parquet.read_table(tmp_path / "out")
    assert sorted(predicted["prediction"].to_pylist()) == pytest.approx(sorted(prices.tolist()))


def test_ray_predict_of_classes(classifier, houses, tmp_path):
    X, dear = houses[["size", "garden"]], np.where(houses["price"] > 400, "dear", "cheap")
    classifier.fit(X, dear).save(tmp_path / "m.safetensors")
    X.to_parquet(tmp_path / "rows.parquet")
    run("ray_predict.py", "m.safetensors", "rows.parquet", "out", needs=["ray"], folder=tmp_path)
    predicted = pyarrow.parquet.read_table(tmp_path / "out")
    assert sorted(predicted["prediction"].to_pylist()) == sorted(classifier.predict(X))
    expected = classifier.predict_proba(X)[:, list(classifier.classes_).index("dear")]
    assert sorted(predicted["probability of dear"].to_pylist()) == pytest.approx(sorted(expected))


@pytest.mark.skipif(not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="there is no Java")
def test_spark_predict(prices, tmp_path):
    run("spark_predict.py", "m.safetensors", "rows", "out", needs=["pyspark"], folder=tmp_path)
    predicted = pyarrow.parquet.read_table(tmp_path / "out")
    assert sorted(predicted["prediction"].to_pylist()) == pytest.approx(sorted(prices.tolist()))


def test_dask_fit(prices, tmp_path):
    printed = run("dask_fit.py", "rows.csv", "price", "d.safetensors", needs=["distributed"], folder=tmp_path)
    assert "d.safetensors" in printed
    houses = pd.read_csv(tmp_path / "rows.csv")
    expected = BackburnRegressor(random_state=0).fit(houses.drop(columns="price"), houses["price"])
    assert (tmp_path / "d.safetensors").read_bytes() == expected._model.to_bytes()


def test_optuna_search(houses, tmp_path):
    houses.assign(dear=houses["price"] > 400).drop(columns="price").to_csv(tmp_path / "dear.csv", index=False)
    printed = run("optuna_search.py", "dear.csv", "dear", "2", "2", needs=["optuna"], folder=tmp_path)
    assert "best of 2 trials: neg_log_loss" in printed
    assert "best settings, on 24 rows that the search has not seen: accuracy" in printed


def federated_table():
    """Seven streets, which are dealt out to five sites, and a target that depends on them and on the size."""
    random = np.random.default_rng(3)
    street = random.choice(["Elm", "Oak", "Ash", "Fir", "Yew", "Bay", "Box"], size=1000)
    size = random.uniform(40, 200, size=1000)
    dear = np.where(size + 40 * (street == "Elm") > 130, "yes", "no")
    return pd.DataFrame({"size": size, "street": street, "empty": np.nan, "dear": dear})


def test_federated(tmp_path):
    federated_table().to_csv(tmp_path / "rows.csv", index=False)
    needs = ["flwr", "ray", "safetensors"]
    printed = run("federated.py", "rows.csv", "dear", "street", "15", needs=needs, folder=tmp_path)
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    scores = {row[0]: row[1:] for row in rows[2:]}
    together = ["FedAvg", "FedProx", "FedAvg, a site drops out", "all rows in one place"]
    assert list(scores) == [*together, *(f"site {site} alone" for site in range(5))]
    assert min(float(scores[name][1]) for name in together) > 0.8
    assert scores["FedAvg"] != scores["FedAvg, a site drops out"]


def test_too_few_values_for_the_sites(tmp_path):
    federated_table().replace({"street": {"Fir": "Elm", "Yew": "Elm", "Bay": "Elm", "Box": "Elm"}}).to_csv(
        tmp_path / "rows.csv", index=False
    )
    with pytest.raises(AssertionError, match="street has fewer than 5 values"):
        run("federated.py", "rows.csv", "dear", "street", needs=["flwr", "ray", "safetensors"], folder=tmp_path)


def test_usage_is_printed():
    for example in sorted(EXAMPLES.glob("*.py")):
        text = example.read_text(encoding="utf-8")
        assert f"usage: python {example.name} " in text.split('"""')[1]
