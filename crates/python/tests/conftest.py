"""Small tables, and estimators that train in a moment."""

import numpy as np
import pandas as pd
import pytest

from backburn import BackburnClassifier, BackburnRegressor

FAST = {"preset": "fast", "epochs": 5, "hidden": (16,), "random_state": 0}


@pytest.fixture
def regressor() -> BackburnRegressor:
    return BackburnRegressor(**FAST)


@pytest.fixture
def classifier() -> BackburnClassifier:
    return BackburnClassifier(**FAST)


@pytest.fixture
def numbers() -> tuple[np.ndarray, np.ndarray]:
    """An array of 120 rows and 3 columns, and a target of numbers."""
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 3))
    return X, 2 * X[:, 0] - X[:, 1] + 0.1 * random.normal(size=120)


@pytest.fixture
def houses() -> pd.DataFrame:
    """A table of 120 rows with numbers, categories, dates and missing values. The target is `price`."""
    random = np.random.default_rng(1)
    size = random.uniform(40, 200, size=120)
    street = random.choice(["Elm", "Oak", "Ash"], size=120)
    built = pd.Timestamp("1990-01-01") + pd.to_timedelta(random.integers(0, 10_000, size=120), unit="D")
    price = 3.0 * size + 50.0 * (street == "Elm") + random.normal(size=120)
    size[::10] = np.nan
    return pd.DataFrame(
        {
            "size": size,
            "street": pd.Categorical(street),
            "built": built,
            "garden": random.choice([True, False], size=120),
            "price": price,
        }
    )
