"""The parts of the example of federated learning: its statistics, and its network in NumPy."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

for needed in ("flwr", "ray", "safetensors"):
    pytest.importorskip(needed)

EXAMPLE = Path(__file__).parents[1] / "examples" / "federated.py"


@pytest.fixture(scope="module")
def federated():
    specification = importlib.util.spec_from_file_location("federated", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def rows():
    """Numbers, categories of which one is rare, missing values, and a target."""
    random = np.random.default_rng(2)
    size = random.uniform(40, 200, size=600)
    street = random.choice(["Elm", "Oak", "Ash"], size=600).astype(object)
    dear = np.where(size + 60 * (street == "Elm") > 150, "yes", "no")
    size[::10] = np.nan
    street[::25] = None
    street[:3] = "Yew"
    return pd.DataFrame({"size": size, "street": street, "dear": dear})


KINDS = {"size": "numeric", "street": "categorical", "dear": "categorical"}


def test_statistics_tell_of_no_single_row(federated, rows):
    told = federated.statistics(rows, KINDS)["columns"]
    assert told["size"]["missing"] == 60
    assert rows["size"].min() < told["size"]["quantiles"][0]
    assert told["size"]["quantiles"][-1] < rows["size"].max()
    assert set(told["street"]["counts"]) == {"Elm", "Oak", "Ash"}
    assert sum(told["dear"]["counts"].values()) == 600


def test_the_network_of_numpy_is_that_of_the_model_file(federated, rows, tmp_path):
    sites = [federated.statistics(rows[site::2], KINDS) for site in range(2)]
    drawn = federated.drawn_table(sites, KINDS).dropna(subset=["dear"])
    kinds = {"size": "numeric", "street": "categorical"}
    model = federated.BackburnClassifier(**federated.SETTINGS, epochs=1, columns=kinds)
    path = model.fit(drawn[list(kinds)], drawn["dear"]).save(tmp_path / "m.safetensors")
    with federated.safe_open(path, "numpy") as file:
        about = json.loads(file.metadata()["backburn"])
        weights = {name: file.get_tensor(name).astype(float) for name in file.keys()}
    x = federated.encode(about, rows).astype(float)
    outputs = federated.forward(weights, x)[1][-1][2] / about["target"]["temperature"]
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    expected = model.predict_proba(rows[list(kinds)])
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(expected, abs=1e-5)

    classes = (rows["dear"] == "yes").to_numpy(int)
    found = federated.gradients(weights, x, classes)

    def loss(name, place, change):
        changed = {**weights, name: weights[name].copy()}
        changed[name][place] += change
        probabilities, _ = federated.forward(changed, x)
        return -np.log(probabilities[np.arange(len(x)), classes]).mean()

    for name, values in weights.items():
        place = tuple(size // 2 for size in values.shape)
        slope = (loss(name, place, 1e-5) - loss(name, place, -1e-5)) / 2e-5
        assert found[name][place] == pytest.approx(slope, rel=1e-5, abs=1e-8)

    trained = federated.train(weights, x, classes, 0.01, seed=0)
    start, end = (
        -np.log(federated.forward(w, x)[0][np.arange(len(x)), classes]).mean() for w in (weights, trained)
    )
    assert end < start


def test_sites_have_about_the_same_size(federated):
    column = pd.Series(np.repeat(list("abcdefgh"), [50, 40, 30, 20, 20, 10, 5, 5]))
    sizes = federated.sites_of(column).value_counts()
    assert len(sizes) == federated.SITES
    assert sizes.max() == 50
