"""The estimators inside other tools of scikit-learn, and beside it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags


def test_cross_validation(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    regressor.set_params(epochs=30)
    assert cross_val_score(regressor, X, y, cv=3).mean() > 0.5
    assert cross_val_predict(regressor, X, y, cv=3).shape == (120,)


def test_cross_validation_in_processes(regressor, numbers):
    scores = cross_val_score(regressor, *numbers, cv=2, n_jobs=2)
    assert (scores == cross_val_score(regressor, *numbers, cv=2)).all()


def test_a_search_over_parameters(classifier, numbers):
    X, y = numbers[0], np.where(numbers[1] > 0, "high", "low")
    grid = {"epochs": [1, 30], "hidden": [(4,), (16,)]}
    search = GridSearchCV(classifier, grid, cv=2, scoring="neg_log_loss").fit(X, y)
    assert search.best_params_["epochs"] == 30
    assert search.predict_proba(X).shape == (120, 2)


def test_a_pipeline_whose_output_is_a_table(regressor, numbers):
    X, y = pd.DataFrame(numbers[0], columns=["a", "b", "c"]), numbers[1]
    pipeline = make_pipeline(StandardScaler(), regressor)
    for library in ("pandas", "polars"):
        pipeline.set_output(transform=library).fit(X, y)
        assert list(pipeline[-1].feature_names_in_) == ["a", "b", "c"]
        assert pipeline.predict(X).shape == (120,)
    pipeline.set_params(backburnregressor__epochs=2).fit(X, y)
    assert pipeline[-1].n_iter_ == 2


def test_calibration(classifier, numbers):
    X, y = numbers[0], (numbers[1] > 0).astype(int)
    calibrated = CalibratedClassifierCV(classifier, cv=2).fit(X, y)
    assert calibrated.predict_proba(X).shape == (120, 2)


def test_other_tools(regressor, numbers):
    X, y = numbers
    wrapped = TransformedTargetRegressor(regressor, transformer=StandardScaler()).fit(X, y)
    assert wrapped.predict(X).shape == (120,)
    importance = permutation_importance(regressor.set_params(epochs=30).fit(X, y), X, y, n_repeats=2, random_state=0)
    assert importance["importances_mean"].argmax() == 0


def test_tags(regressor, classifier):
    assert get_tags(regressor).input_tags.allow_nan
    assert get_tags(regressor).estimator_type == "regressor"
    assert get_tags(classifier).classifier_tags.multi_class


def test_shap(regressor, numbers):
    shap = pytest.importorskip("shap")
    X, y = numbers
    regressor.fit(X, y)
    values = shap.Explainer(regressor.predict, X, seed=0)(X[:2])
    total = values.values.sum(axis=1) + values.base_values
    assert total == pytest.approx(regressor.predict(X[:2]), abs=1e-6)


def test_optuna(regressor, numbers):
    optuna = pytest.importorskip("optuna")
    X, y = numbers

    def objective(trial):
        regressor.set_params(
            learning_rate=trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
            activation=trial.suggest_categorical("activation", ["silu", "relu"]),
        )
        return cross_val_score(regressor, X, y, cv=2).mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=2)
    assert np.isfinite(study.best_value)
