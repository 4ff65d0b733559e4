"""Quantiles, counts and exposures."""

import numpy as np
import pandas as pd
import pytest

from backburn import BackburnRegressor


@pytest.fixture
def counts() -> tuple[pd.DataFrame, np.ndarray]:
    """Counts that are proportional to an exposure, and depend on `x`."""
    random = np.random.default_rng(3)
    x, exposure = random.normal(size=300), random.uniform(0.5, 4.0, size=300)
    return pd.DataFrame({"x": x, "years": exposure}), random.poisson(exposure * np.exp(0.5 * x))


def test_quantiles_ascend_and_have_their_levels(regressor, numbers, tmp_path):
    X, y = numbers
    regressor.set_params(quantiles=(0.1, 0.5, 0.9), epochs=60).fit(X, y)
    quantiles = regressor.predict_quantiles(X)
    assert quantiles.shape == (120, 3)
    assert regressor.quantiles_.tolist() == [0.1, 0.5, 0.9]
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (y <= quantiles[:, 2]).mean() > 0.7
    assert regressor.predict_interval(X, coverage=0.8).shape == (120, 2)
    path = regressor.save(tmp_path / "quantiles.safetensors")
    assert (BackburnRegressor.load(path).predict_quantiles(X) == quantiles).all()


def test_other_models_have_no_quantiles(regressor, numbers):
    X, y = numbers
    assert regressor.fit(X, y).quantiles_ is None
    with pytest.raises(ValueError, match="fit it with the parameter quantiles"):
        regressor.predict_quantiles(X)


def test_wrong_quantiles_are_errors(regressor, classifier, numbers):
    X, y = numbers
    with pytest.raises(ValueError, match="training.quantiles"):
        regressor.set_params(quantiles=(0.5, 1.5)).fit(X, y)
    with pytest.raises(ValueError, match="the loss 'huber' predicts no quantiles"):
        regressor.set_params(quantiles=(0.5,), loss="huber").fit(X, y)
    with pytest.raises(ValueError, match="training.loss"):
        classifier.set_params(quantiles=(0.5,)).fit(X, y > 0)


def test_predictions_are_proportional_to_the_exposure(regressor, counts):
    X, y = counts
    regressor.set_params(loss="poisson", offset="years", epochs=30).fit(X, y)
    twice = regressor.predict(X.assign(years=2.0 * X["years"]))
    assert twice == pytest.approx(2.0 * regressor.predict(X), rel=1e-3)
    of_array = regressor.set_params(offset="x1").fit(X.to_numpy(), y).predict(X.to_numpy())
    assert of_array.shape == (300,)


def test_wrong_exposures_are_errors(regressor, counts):
    X, y = counts
    with pytest.raises(ValueError, match="offset: X has no column 'months'"):
        regressor.set_params(offset="months", loss="poisson").fit(X, y)
    with pytest.raises(ValueError, match="an exposure needs a log link"):
        regressor.set_params(offset="years", loss=None).fit(X, y)
    with pytest.raises(ValueError, match="numbers above 0"):
        regressor.set_params(loss="poisson").fit(X.assign(years=-1.0), y)
