"""The metric that chooses, decision thresholds and costs."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import f1_score

from backburn import BackburnClassifier


@pytest.fixture
def rare() -> tuple[np.ndarray, np.ndarray]:
    """A class of one row in seven, which overlaps with the other."""
    random = np.random.default_rng(4)
    X = random.normal(size=(400, 3))
    return X, np.where(X[:, 0] + random.normal(size=400) > 1.5, "ill", "healthy")


def test_a_threshold_is_chosen_for_the_metric(classifier, rare, tmp_path):
    X, y = rare
    plain = classifier.set_params(epochs=30).fit(X, y)
    assert plain.threshold_ is None
    of_plain = f1_score(y, plain.predict(X), pos_label="ill")
    classifier.set_params(metric="f1", positive="ill").fit(X, y)
    assert 0 < classifier.threshold_ < 1
    predicted = classifier.predict(X)
    of_class = classifier.predict_proba(X)[:, list(classifier.classes_).index("ill")]
    assert (predicted == np.where(of_class >= classifier.threshold_, "ill", "healthy")).all()
    assert f1_score(y, predicted, pos_label="ill") >= of_plain - 0.05
    assert "f1" in classifier.validation_scores_
    assert classifier.evaluate(X, y)["accuracy"] == pytest.approx(classifier.score(X, y))
    assert (pickle.loads(pickle.dumps(classifier)).predict(X) == predicted).all()
    loaded = BackburnClassifier.load(classifier.save(tmp_path / "m.safetensors"))
    assert loaded.threshold_ == classifier.threshold_
    assert (loaded.predict(X) == predicted).all()


def test_costs_decide(classifier, rare):
    X, y = rare
    plain = (classifier.set_params(epochs=30).fit(X, y).predict(X) == "ill").mean()
    # A missed illness is expensive.
    classifier.set_params(costs={"ill": {"healthy": 50.0}, "healthy": {"ill": 1.0}}).fit(X, y)
    assert (classifier.predict(X) == "ill").mean() > plain
    assert "cost" in classifier.validation_scores_


def test_labels_that_are_numbers_have_costs_too(classifier, rare):
    X, y = rare[0], (rare[1] == "ill").astype(int)
    classifier.set_params(epochs=20, costs={1: {0: 50.0}, 0: {1: 1.0}}).fit(X, y)
    assert classifier.predict(X).dtype == y.dtype
    assert classifier.predict(X).mean() > 0.2


def test_the_metric_of_numbers(regressor, numbers):
    regressor.set_params(metric="mae").fit(*numbers)
    assert "mae" in regressor.validation_scores_
    assert regressor.evaluate(*numbers)["metric"] == "mae"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"metric": "f2"}, "f2"),
        ({"metric": "rmse"}, "scoring.metric: rmse is for numbers"),
        ({"metric": "cost"}, "needs a cost matrix"),
        ({"positive": "sick"}, "positive: y has no class 'sick'"),
        ({"costs": {"sick": {"ill": 1.0}}}, "costs: y has no class 'sick'"),
        ({"costs": {"ill": {"sick": 1.0}}}, "costs: y has no class 'sick'"),
    ],
)
def test_wrong_decisions_are_errors(classifier, rare, params, message):
    with pytest.raises(ValueError, match=message):
        classifier.set_params(**params).fit(*rare)


def test_decisions_are_for_classes(regressor, numbers):
    with pytest.raises(ValueError, match="scoring.positive: this setting is only for classification"):
        regressor.set_params(positive=1).fit(*numbers)
