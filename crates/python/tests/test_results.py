"""What a fitted estimator tells: scores, intervals, explanations, the report, the history."""

import numpy as np
import pytest


def test_scores_are_those_of_scikit_learn_and_of_the_library(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    regressor.set_params(epochs=30).fit(X, y)
    scores = regressor.evaluate(X, y)
    assert scores["rows"] == 120
    assert regressor.score(X, y) == pytest.approx(scores["r2"])
    assert any("training" in note for note in scores["notes"])


def test_a_classifier_scores_labels_that_it_does_not_know(classifier, numbers):
    X, y = numbers[0], np.where(numbers[1] > 0, "high", "low")
    classifier.fit(X, y)
    assert classifier.evaluate(X, y)["accuracy"] == pytest.approx(classifier.score(X, y))
    y[:10] = "other"
    scores = classifier.evaluate(X, y)
    assert (scores["rows"], scores["skipped"]) == (110, 10)


def test_intervals_hold_the_predictions(regressor, numbers):
    X, y = numbers
    predictions = regressor.fit(X, y).predict(X)
    narrow, wide = (regressor.predict_interval(X, coverage=coverage) for coverage in (0.5, 0.8))
    assert narrow.shape == (120, 2)
    assert (narrow[:, 0] <= predictions).all() and (predictions <= narrow[:, 1]).all()
    assert (wide[:, 0] <= narrow[:, 0]).all()
    with pytest.raises(ValueError, match="whole percentage"):
        regressor.predict_interval(X, coverage=0.123)


def test_explanations_add_up(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    regressor.set_params(epochs=30).fit(X, y)
    explained = regressor.explain(X, y, rows=[7, 3])
    assert explained["measure"] == "rmse"
    assert explained["importance"][0]["column"] == "size"
    assert [row["row"] for row in explained["rows"]] == [7, 3]
    for row in explained["rows"]:
        total = row["baseline"] + sum(part["amount"] for part in row["contributions"])
        assert total == pytest.approx(row["prediction"], rel=0.01)
    alone = regressor.explain(X, importance=False)
    assert (alone["importance"], len(alone["rows"])) == ([], 3)
    with pytest.raises(IndexError, match="there is no row 120"):
        regressor.explain(X, rows=[120])


def test_the_report_is_a_page(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    page = regressor.fit(X, y).report_html(X, y)
    assert page.startswith("<!DOCTYPE html>")
    assert "What predicts price" in page
    assert "What predicts price" in regressor.report_html(X)


def test_the_history_has_every_epoch(regressor, numbers):
    regressor.fit(*numbers)
    epochs = regressor.history_["epochs"]
    assert len(epochs) == regressor.n_iter_ == 5
    assert epochs[0]["training_loss"] > epochs[-1]["training_loss"]
    assert isinstance(regressor.findings_, list)


def test_findings_name_a_remedy(regressor, numbers):
    regressor.set_params(learning_rate=1e-5, epochs=40, patience=0).fit(*numbers)
    assert regressor.findings_
    assert all(finding["remedy"] for finding in regressor.findings_)


def test_notes_tell_of_columns_that_are_not_used(regressor, houses):
    X = houses.drop(columns="price").assign(constant=1.0)
    regressor.fit(X, houses["price"])
    assert any("`constant`" in note for note in regressor.notes_)
