"""Parameters, and the settings of the library that they stand for."""

import inspect
import json

import numpy as np
import pytest
from sklearn.base import clone

from backburn import BackburnClassifier, BackburnRegressor
from backburn._backburn import Config
from backburn._settings import SETTINGS, config_of


def settings(**params) -> dict:
    estimator = BackburnRegressor(**params)
    return json.loads(config_of(estimator.get_params(), {}, {}).to_json())


def test_every_setting_is_a_parameter():
    # A trend needs the times of the rows that are predicted.
    others = {"training.seed", "scoring.positive", "data.trend"}
    assert set(Config.names()) == {*SETTINGS.values(), *others}
    parameters = set(inspect.signature(BackburnRegressor).parameters)
    assert set(SETTINGS) <= parameters
    for estimator in (BackburnRegressor, BackburnClassifier):
        for name in parameters:
            assert name in estimator.__doc__, name


def test_parameters_are_over_the_config_and_the_config_is_over_the_preset(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text("[training]\nepochs = 7\npatience = 3\n")
    for config in (file, str(file), {"training": {"epochs": 7, "patience": 3}}):
        training = settings(preset="fast", config=config, epochs=9)["training"]
        assert (training["epochs"], training["patience"], training["learning_rate"]) == (9, 3, 0.003)


def test_numpy_values_are_settings():
    chosen = settings(epochs=np.int64(4), dropout=np.float32(0.5), refit=np.bool_(True), hidden=np.array([8, 4]))
    assert chosen["training"]["epochs"] == 4
    assert chosen["network"]["dropout"] == 0.5
    assert chosen["network"]["hidden"] == [8, 4]
    assert chosen["data"]["refit"] is True


def test_settings_of_the_optimizer_the_schedule_and_the_ensemble_have_a_prefix():
    chosen = settings(optimizer="sgd", optimizer_momentum=0.9, schedule="step", schedule_gamma=0.5, ensemble_members=2)
    assert chosen["training"]["optimizer"]["name"] == "sgd"
    assert chosen["training"]["optimizer"]["momentum"] == 0.9
    assert chosen["training"]["schedule"]["gamma"] == 0.5
    assert chosen["ensemble"]["members"] == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"preset": "slow"}, "preset: `slow` is not a preset"),
        ({"epochs": 0}, "training.epochs: must be at least 1"),
        ({"epochs": "many"}, "training.epochs"),
        ({"activation": "rleu"}, "rleu"),
        ({"config": {"training": {"epoch": 3}}}, "did you mean `training.epochs`"),
        ({"columns": {"z": "numeric"}}, "X has no column 'z'"),
        ({"columns": {"x0": "number"}}, "unknown variant `number`"),
        ({"label_smoothing": 0.1}, "only for classification"),
        ({"time_limit": -1.0}, "time_limit=-1"),
    ],
)
def test_a_wrong_parameter_is_an_error_of_fit(regressor, numbers, params, message):
    regressor.set_params(**params)
    with pytest.raises(ValueError, match=message):
        regressor.fit(*numbers)


def test_parameters_are_get_set_and_cloned():
    estimator = BackburnClassifier(hidden=(8, 8), class_weights={"spam": 2.0}, columns={"zip": "categorical"})
    params = clone(estimator).get_params()
    assert params == estimator.get_params()
    assert params["hidden"] == (8, 8)
    assert estimator.set_params(epochs=3).epochs == 3
    assert "hidden=(8, 8)" in repr(estimator)


def test_the_seed_decides_the_model(regressor, numbers):
    def predictions(seed):
        return regressor.set_params(random_state=seed).fit(*numbers).predict(numbers[0])

    assert (predictions(3) == predictions(3)).all()
    assert (predictions(3) != predictions(4)).any()
    assert (predictions(None) == predictions(0)).all()
    assert (predictions(np.random.RandomState(5)) == predictions(np.random.RandomState(5))).all()


def test_class_weights_have_the_labels_of_y(classifier, numbers):
    X, y = numbers[0], (numbers[1] > 0).astype(int) + 10
    even = classifier.fit(X, y).predict_proba(X)[:, 1].mean()
    heavy = classifier.set_params(class_weights={11: 20.0}).fit(X, y).predict_proba(X)[:, 1].mean()
    assert heavy > even
    with pytest.raises(ValueError, match="class_weights: y has no class 3"):
        classifier.set_params(class_weights={3: 2.0}).fit(X, y)


def test_a_trend_is_refused():
    X = np.arange(40.0).reshape(20, 2)
    model = BackburnRegressor(preset="fast", config={"data": {"trend": True}})
    with pytest.raises(ValueError, match="subtract a trend from y"):
        model.fit(X, X[:, 0], time=X[:, 1])
