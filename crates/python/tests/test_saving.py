"""Models in files, and pickled estimators."""

import copy
import os
import pickle
import subprocess

import cloudpickle
import joblib
import numpy as np
import pyarrow.parquet
import pytest

from backburn import BackburnClassifier, BackburnRegressor
from backburn._backburn import Config, Dataset, Model, fit


def test_a_saved_model_predicts_the_same(regressor, houses, tmp_path):
    X, y = houses.drop(columns="price"), houses["price"]
    expected = regressor.fit(X, y).predict(X)
    path = tmp_path / "houses.safetensors"
    assert regressor.save(path) == path
    loaded = BackburnRegressor.load(path)
    assert (loaded.predict(X) == expected).all()
    assert (loaded.predict(houses) == expected).all(), "other columns are not used"
    assert loaded.history_ is None
    assert loaded.report_html(houses).startswith("<!DOCTYPE html>")
    with pytest.raises(ValueError, match="X has no column 'size', which the model needs"):
        loaded.predict(X.drop(columns="size"))
    with pytest.raises(ValueError, match="this is a model for regression"):
        BackburnClassifier.load(path)


def test_a_loaded_classifier_has_labels_of_text(classifier, numbers, tmp_path):
    X, y = numbers[0], (numbers[1] > 0).astype(int)
    expected = classifier.fit(X, y).predict_proba(X)
    classifier.save(tmp_path / "m.safetensors")
    loaded = BackburnClassifier.load(str(tmp_path / "m.safetensors"))
    assert loaded.classes_.tolist() == ["0", "1"]
    assert (loaded.predict_proba(X) == expected).all()


def test_files_that_are_no_models_are_errors(regressor, numbers, tmp_path):
    with pytest.raises(FileNotFoundError, match="none.safetensors"):
        BackburnRegressor.load(tmp_path / "none.safetensors")
    text = tmp_path / "notes.txt"
    text.write_text("not a model")
    with pytest.raises(ValueError, match="notes.txt"):
        BackburnRegressor.load(text)
    regressor.fit(*numbers)
    with pytest.raises(ValueError, match="notes.txt"):
        regressor.save(text)
    assert text.read_text() == "not a model"
    with pytest.raises(ValueError):
        Model.from_bytes(b"not a model")


@pytest.mark.parametrize("library", [pickle, cloudpickle])
def test_a_pickled_estimator_is_the_same(classifier, numbers, library):
    X, y = numbers[0], np.where(numbers[1] > 0, "high", "low")
    classifier.fit(X, y)
    restored = pickle.loads(library.dumps(classifier))
    assert (restored.predict_proba(X) == classifier.predict_proba(X)).all()
    assert restored.classes_.tolist() == ["high", "low"]
    assert restored.history_ == classifier.history_
    assert restored.get_params() == classifier.get_params()
    assert pickle.loads(library.dumps(BackburnRegressor())).get_params() == BackburnRegressor().get_params()


def test_copies_and_joblib(regressor, numbers, tmp_path):
    X, y = numbers
    expected = regressor.fit(X, y).predict(X)
    assert (copy.deepcopy(regressor).predict(X) == expected).all()
    joblib.dump(regressor, tmp_path / "m.joblib")
    assert (joblib.load(tmp_path / "m.joblib").predict(X) == expected).all()


def test_equal_fits_have_equal_bytes(regressor, numbers):
    first = regressor.fit(*numbers)._model.to_bytes()
    assert regressor.fit(*numbers)._model.to_bytes() == first
    assert Model.from_bytes(first).to_bytes() == first


@pytest.mark.skipif("BACKBURN_TRAINER" not in os.environ, reason="BACKBURN_TRAINER is not the path of the program")
def test_the_command_line_gives_the_same_bytes(houses, tmp_path):
    table = pyarrow.Table.from_pandas(houses, preserve_index=False).replace_schema_metadata(None)
    pyarrow.parquet.write_table(table, tmp_path / "houses.parquet")
    command = [os.path.abspath(os.environ["BACKBURN_TRAINER"]), "train", "houses.parquet", "--target", "price"]
    command += ["--preset", "fast", "--set", "training.epochs=5", "--out", "m.safetensors"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    data = Dataset(table, "price", name="houses.parquet")
    model, _ = fit(data, Config("fast", settings='{"training.epochs": 5}'))
    assert model.to_bytes() == (tmp_path / "m.safetensors").read_bytes()
