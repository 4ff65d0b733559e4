"""Tables of pandas, polars, pyarrow and NumPy, and what is wrong with others."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError


def test_the_same_table_in_every_library_gives_the_same_model(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    of_pandas = regressor.fit(X, y).predict(X)
    arrow = pa.Table.from_pandas(X, preserve_index=False)
    batches = pa.Table.from_batches(arrow.to_batches(max_chunksize=50))
    for table in (arrow, batches, pl.from_arrow(arrow)):
        regressor.fit(table, y)
        assert list(regressor.feature_names_in_) == ["size", "street", "built", "garden"]
        assert (regressor.predict(table) == of_pandas).all()
        assert (regressor.predict(X) == of_pandas).all()
    stream = pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches())
    assert (regressor.predict(stream) == of_pandas).all()


class Capsule:
    """A table that has nothing but one method of the Arrow PyCapsule interface."""

    def __init__(self, method, table):
        self._table = table
        setattr(type(self), method, lambda self, requested_schema=None: getattr(self._table, method)(requested_schema))


def test_anything_with_the_capsule_interface_is_a_table(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    arrow = pa.Table.from_pandas(X, preserve_index=False)
    stream = type("Stream", (Capsule,), {})("__arrow_c_stream__", arrow)
    regressor.fit(stream, y)
    expected = regressor.predict(arrow)
    assert list(regressor.feature_names_in_) == ["size", "street", "built", "garden"]
    assert (regressor.predict(stream) == expected).all()
    array = type("Array", (Capsule,), {})("__arrow_c_array__", arrow.to_batches()[0])
    assert (regressor.predict(array) == expected).all()


def test_a_column_is_no_table(regressor, numbers):
    for column in (pa.array([1.0, 2.0]), pl.Series([1.0, 2.0]), pd.Series([1.0, 2.0])):
        with pytest.raises(ValueError, match="Expected (2D array|a 2-dimensional)"):
            regressor.fit(column, [1.0, 2.0])


def test_an_index_is_no_column(regressor, houses):
    X, y = houses.drop(columns="price"), houses["price"]
    indexed = X.set_index(pd.Index(range(500, 620), name="number"))
    assert (regressor.fit(indexed, y).predict(indexed) == regressor.fit(X, y).predict(X)).all()
    assert regressor.n_features_in_ == 4


def test_every_type_of_number_gives_the_same_predictions(regressor, numbers):
    X, y = np.round(numbers[0] * 10), numbers[1]
    expected = regressor.fit(X, y).predict(X)
    for table in (X.astype(np.float32), X.astype(np.int64), X.astype(np.int16), np.asfortranarray(X), X.tolist()):
        assert (regressor.fit(table, y).predict(table) == expected).all()
    strided = np.repeat(X, 2, axis=0)[::2]
    assert (regressor.predict(strided) == expected).all()


def test_categories_of_numbers_are_categories(regressor, houses):
    zip_code = pd.Categorical(np.arange(120) % 4 + 1000)
    X = houses.drop(columns="price").assign(zip_code=zip_code)
    regressor.fit(X, houses["price"])
    explained = regressor.explain(X, importance=False, rows=[0])["rows"][0]
    values = {part["column"]: part["value"] for part in explained["contributions"]}
    assert values["zip_code"] == "1000"


def test_columns_may_have_other_kinds(regressor, houses):
    X = houses.drop(columns="price")
    regressor.set_params(columns={"street": "ignored"}).fit(X, houses["price"])
    importance = regressor.explain(X, houses["price"])["importance"]
    assert {column["column"] for column in importance} == {"size", "built", "garden"}


def test_words_for_missing_values_are_categories_like_others(classifier):
    X = pd.DataFrame({"a": ["NA", "x"] * 40, "b": np.arange(80) % 7})
    y = X["a"] == "NA"
    assert classifier.set_params(epochs=30).fit(X, y).score(X, y) == 1.0


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog", "emu"],
        [3, -1, 10],
        [1.0, 3.0, 2.0],
        ["1", "1.0", "01"],
        ["", " a", "a"],
        ["NA", "None", "nan"],
    ],
)
def test_labels_come_back_as_they_were(classifier, numbers, labels):
    X = numbers[0]
    of_row = np.digitize(X[:, 0], [-0.5, 0.5])
    y = np.array(labels)[of_row]
    classifier.set_params(epochs=40).fit(X, y)
    assert classifier.classes_.dtype == y.dtype
    assert (classifier.classes_ == np.unique(y)).all()
    assert classifier.score(X, y) > 0.7
    assert classifier.predict_proba(X).shape == (120, 3)


def test_boolean_labels(classifier, numbers):
    X, y = numbers[0], numbers[1] > 0
    assert classifier.fit(X, y).predict(X).dtype == bool
    assert classifier.evaluate(X, y)["classes"] == ["False", "True"]


def test_a_class_without_weight_has_no_probability(classifier, numbers):
    X = numbers[0]
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    classifier.fit(X, y, sample_weight=(y != 1).astype(float))
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (120, 3)
    assert (probabilities[:, 1] == 0).all()
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_a_series_names_the_target(regressor, houses):
    X = houses.drop(columns="price")
    assert regressor.fit(X, houses["price"])._model.target == "price"
    assert regressor.fit(X, houses["size"].fillna(0))._model.target == "size_"
    assert regressor.fit(X, houses["price"].to_numpy())._model.target == "target"


def test_what_cannot_be_fitted_is_an_error_of_scikit_learn(regressor, numbers):
    X, y = numbers
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        regressor.predict(X)
    for table, error, message in [
        (scipy.sparse.csr_array(X), TypeError, "[Ss]parse"),
        (X[:, 0], ValueError, "Expected 2D array, got 1D array instead"),
        (X[:0], ValueError, r"Found array with 0 sample\(s\)"),
        (pd.DataFrame({"a": []}), ValueError, r"Found array with 0 sample\(s\)"),
        (np.full_like(X, "a", dtype=object), ValueError, "could not convert string to float"),
        (np.full_like(X, np.inf), ValueError, "Input X contains infinity"),
    ]:
        with pytest.raises(error, match=message):
            regressor.fit(table, y[: len(y) if len(np.shape(table)) < 2 else table.shape[0]])
    for target, message in [
        (np.full_like(y, np.nan), "Input y contains NaN"),
        (np.full_like(y, np.inf), "Input y contains infinity"),
        (y[:-1], "Found input variables with inconsistent numbers of samples"),
        (None, "requires y to be passed, but the target y is None"),
    ]:
        for table in (X, pd.DataFrame(X, columns=["a", "b", "c"])):
            with pytest.raises(ValueError, match=message):
                regressor.fit(table, target)
    with pytest.warns(DataConversionWarning):
        regressor.fit(pd.DataFrame(X), y[:, None])


def test_a_table_of_another_width_is_an_error_of_scikit_learn(regressor, numbers, houses):
    X, y = numbers
    regressor.fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but BackburnRegressor is expecting 3 features"):
        regressor.predict(X[:, :2])
    X = houses.drop(columns="price")
    regressor.fit(X, houses["price"])
    with pytest.raises(ValueError, match="The feature names should match those that were passed during fit"):
        regressor.predict(X.rename(columns={"size": "area"}))
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        regressor.predict(X[["street", "size", "built", "garden"]])


def test_a_column_of_another_type_is_named(regressor, houses):
    X = houses.drop(columns="price")
    regressor.fit(X, houses["price"])
    with pytest.raises(ValueError, match="`size`"):
        regressor.predict(X.assign(size="large"))
    mixed = X.assign(size=[1, "a"] * 60)
    with pytest.raises(ValueError, match="column size.*convert the column to one type"):
        regressor.fit(mixed, houses["price"])
    with pytest.raises(ValueError, match="Duplicate column names|two columns are named"):
        regressor.fit(pd.concat([X, X], axis=1), houses["price"])


def test_weights_are_checked(regressor, numbers):
    X, y = numbers
    regressor.fit(X, y, sample_weight=2.0)
    for weights, message in [
        (np.zeros(120), "at least one non-zero number"),
        (np.full(120, -1.0), "Negative values"),
        (np.ones(119), r"expected \(120,\)"),
        (np.full(120, np.nan), "contains NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            regressor.fit(X, y, sample_weight=weights)
