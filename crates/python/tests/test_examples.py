"""The examples run, each as a program of its own, where what they need is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from backburn import BackburnRegressor

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
    # Spark reads timestamps of microseconds.
    pyarrow.parquet.write_table(rows, tmp_path / "rows.parquet", coerce_timestamps="us")
    houses.to_csv(tmp_path / "rows.csv", index=False)
    return model.predict(houses.drop(columns="price").astype({"street": str}))


def test_ray_predict(prices, tmp_path):
    run("ray_predict.py", "m.safetensors", "rows.parquet", "out", "1", needs=["ray"], folder=tmp_path)
    predicted = pyarrow.parquet.read_table(tmp_path / "out")
    assert sorted(predicted["prediction"].to_pylist()) == pytest.approx(sorted(prices.tolist()))


def test_spark_predict(prices, tmp_path):
    run("spark_predict.py", "m.safetensors", "rows.parquet", "out", needs=["pyspark"], folder=tmp_path)
    predicted = pyarrow.parquet.read_table(tmp_path / "out")
    assert sorted(predicted["prediction"].to_pylist()) == pytest.approx(sorted(prices.tolist()))


def test_dask_fit(prices, tmp_path):
    printed = run("dask_fit.py", "rows.csv", "price", "d.safetensors", needs=["distributed"], folder=tmp_path)
    assert "d.safetensors" in printed
    assert BackburnRegressor.load(tmp_path / "d.safetensors").n_features_in_ > 0


def test_optuna_search(houses, tmp_path):
    houses.assign(dear=houses["price"] > 400).drop(columns="price").to_csv(tmp_path / "dear.csv", index=False)
    printed = run("optuna_search.py", "dear.csv", "dear", "2", "2", needs=["optuna"], folder=tmp_path)
    assert "best of 2 trials: neg_log_loss" in printed
    assert "best settings, on 24 rows that the search has not seen: accuracy" in printed


def test_usage_is_printed():
    for example in sorted(EXAMPLES.glob("*.py")):
        text = example.read_text(encoding="utf-8")
        assert f"usage: python {example.name} " in text.split('"""')[1]
