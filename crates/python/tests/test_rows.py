"""Weights, groups, times and validation rows of a fit."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from backburn import BackburnRegressor


@pytest.fixture
def panel() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of 12 groups whose target depends on the group alone, which the column `place` tells apart."""
    random = np.random.default_rng(2)
    groups = np.repeat(np.arange(12), 10)
    place = [f"s{number}" for number in random.permutation(12)[groups]]
    X = pd.DataFrame({"place": place, "x": random.normal(size=120)})
    return X, random.normal(size=12)[groups] + 0.01 * random.normal(size=120), groups


def rmse(estimator) -> float:
    return estimator.validation_scores_["rmse"]["value"]


def test_rows_of_a_group_are_on_one_side(regressor, panel):
    X, y, groups = panel
    regressor.set_params(epochs=60, validation_fraction=0.25)
    at_random = rmse(regressor.fit(X, y))
    by_group = rmse(regressor.fit(X, y, groups=groups))
    assert by_group > 1.5 * at_random
    for same in (groups.astype(str), list(groups), pd.Series(groups), pd.Categorical(groups), pl.Series(groups)):
        assert rmse(regressor.fit(X, y, groups=same)) == by_group
    assert regressor.n_features_in_ == 2


def test_later_rows_are_predicted_from_earlier_ones(regressor, numbers):
    X, _ = numbers
    days = np.arange(120)
    # What is learned from the first days is wrong on the last ones.
    y = np.where(days < 100, X[:, 0], X[:, 0] + 10.0)
    order = np.random.default_rng(0).permutation(120)
    X, y, days = X[order], y[order], days[order]
    regressor.set_params(epochs=30, validation_fraction=0.15)
    by_time = regressor.fit(X, y, time=days)
    assert rmse(by_time) > 5.0
    expected = by_time.predict(X)
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    for same in (days.astype(float), dates, dates.to_numpy(), dates.strftime("%Y-%m-%d").to_numpy()):
        assert (regressor.fit(X, y, time=same).predict(X) == expected).all()
    regressor.set_params(gap="30d").fit(X, y, time=dates)
    assert (regressor.predict(X) != expected).any()


def test_the_validation_rows_may_be_given(regressor, numbers):
    X, y = numbers
    # Rows with another target: whatever is learned has an error of 100 there.
    others = X[:30], y[:30] + 100.0
    regressor.fit(X, y, eval_set=others)
    assert 80 < rmse(regressor) < 120
    assert regressor.history_["start"]["rows"] == 120
    assert regressor.history_["start"]["validation_rows"] == 30
    expected = regressor.predict(X)
    assert (regressor.fit(X, y, eval_set=[others]).predict(X) == expected).all()
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    regressor.fit(frame, y, eval_set=(frame[:30], others[1]), sample_weight=np.ones(120))
    assert 80 < rmse(regressor) < 120


def test_given_validation_rows_of_an_ensemble(numbers):
    X, y = numbers
    model = BackburnRegressor(preset="fast", epochs=3, hidden=(8,), ensemble_members=3, random_state=0)
    model.fit(X[:90], y[:90], eval_set=(X[90:], y[90:]))
    assert model.history_["start"]["rows"] == 90
    assert model.predict_interval(X[:5], coverage=0.8).shape == (5, 2)


def test_given_validation_rows_may_have_other_categories(classifier, houses):
    X = houses.drop(columns="price").assign(street=houses["street"].astype(str))
    y = np.where(houses["price"] > houses["price"].median(), "high", "low")
    training = X[:80].assign(street=X["street"][:80].astype("category"))
    further = X[80:].assign(street="Fir").astype({"street": "category"})
    classifier.fit(training, y[:80], eval_set=(further, y[80:]))
    assert classifier.validation_scores_["log_loss"]["standard_error"] > 0
    assert classifier.predict(X.astype({"street": "category"})).shape == (120,)


@pytest.mark.parametrize("library", ["arrow", "polars"])
def test_given_validation_rows_of_other_libraries(regressor, houses, library):
    arrow = pa.Table.from_pandas(houses.drop(columns="price"), preserve_index=False)
    X = arrow if library == "arrow" else pl.from_arrow(arrow)
    y = houses["price"].to_numpy()
    regressor.fit(X[:80], y[:80], eval_set=(X[80:], y[80:]))
    assert regressor.history_["start"]["validation_rows"] == 40


def test_validation_scores_stand_beside_those_of_a_constant(regressor, numbers):
    regressor.set_params(epochs=60).fit(*numbers)
    scores = regressor.validation_scores_
    assert set(scores) >= {"rmse", "mae", "r2"}
    assert scores["rmse"]["value"] < scores["rmse"]["constant"]
    assert scores["rmse"]["standard_error"] > 0
    assert regressor.set_params(validation_fraction=0.0).fit(*numbers).validation_scores_ == {}


def test_what_rows_cannot_be(regressor, classifier, numbers):
    X, y = numbers
    days = np.arange(120)
    for arguments, message in [
        ({"groups": days[:-1]}, "inconsistent numbers of samples"),
        ({"groups": days[:, None]}, "groups: expected a 1D array"),
        ({"groups": np.zeros(120)}, "groups: all rows have the same value"),
        ({"time": np.where(days < 5, np.nan, days)}, "time: row 0 has no time"),
        ({"time": np.zeros(120)}, "time: all rows have the same time"),
        ({"eval_set": X}, r"eval_set: expected a tuple \(X, y\)"),
        ({"eval_set": (X[:, :2], y)}, "X has 2 features, but BackburnRegressor is expecting 3"),
        ({"eval_set": (X, y[:-1])}, "inconsistent numbers of samples"),
        ({"eval_set": (X, y), "time": days}, "time and eval_set"),
    ]:
        with pytest.raises(ValueError, match=message):
            regressor.fit(X, y, **arguments)
    with pytest.raises(ValueError, match="gap: it needs the times"):
        regressor.set_params(gap=1).fit(X, y)
    with pytest.raises(ValueError, match="gap=.*without a unit"):
        regressor.set_params(gap="7d").fit(X, y, time=days)
    with pytest.raises(ValueError, match="eval_set: its y has the class 'c'"):
        classifier.fit(X, np.where(y > 0, "a", "b"), eval_set=(X[:1], ["c"]))


def test_notes_name_parameters_of_python(regressor, panel):
    X, y, groups = panel
    table = X.assign(patient=[f"p{group}" for group in groups])
    notes = regressor.fit(table, y).notes_
    assert not any("--" in note for note in notes), notes
