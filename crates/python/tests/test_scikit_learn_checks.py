"""scikit-learn's own checks of estimators."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from backburn import BackburnClassifier, BackburnRegressor

# The preset that trains in a moment, with the default number of epochs: some checks ask for a good score.
ESTIMATORS = [BackburnRegressor(preset="fast"), BackburnClassifier(preset="fast")]

EXCEPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "networks are trained on random batches and choose their best epoch by held-out rows: a row of weight 2 is in "
        "one batch and on one side of the split, and two equal rows are not"
    ),
}


def exceptions(estimator):
    return EXCEPTIONS


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=exceptions)
def test_estimator(estimator, check):
    check(estimator)
