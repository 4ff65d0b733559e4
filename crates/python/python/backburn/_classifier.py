"""Classification."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from ._base import BackburnEstimator
from ._class_names import class_names
from ._parameters import ATTRIBUTES, PARAMETERS


class BackburnClassifier(ClassifierMixin, BackburnEstimator):
    __doc__ = f"""Multilayer perceptrons that predict classes from the rows of a table.

The estimator encodes the columns, trains an ensemble of networks, and calibrates their probabilities. X may have
categories, dates and missing values.
{PARAMETERS}
Attributes
----------
classes_ : ndarray of shape (n_classes,)
    The labels, in the order of the probabilities. Those of an estimator that was loaded are text.{ATTRIBUTES}
Examples
--------
>>> from backburn import BackburnClassifier
>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> model = BackburnClassifier(preset="fast", random_state=0).fit(X, y)
>>> model.predict_proba(X[:2]).shape
(2, 3)
"""

    _task = "classification"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BackburnClassifier:
        """Fit the networks.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            A table of pandas, polars or pyarrow, another table with the Arrow PyCapsule interface, or numbers.
        y : array-like of shape (n_samples,)
            The labels.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows. Rows of weight 0 are left out.

        Returns
        -------
        BackburnClassifier
            The fitted estimator.

        Raises
        ------
        KeyboardInterrupt
            The fit was stopped by Ctrl-C. The estimator is fitted with the best result so far, if there is one.
        """
        table, target, kinds = self._training_table(X, y)
        check_classification_targets(target)
        self.classes_ = np.unique(target)
        self._class_names = class_names(self.classes_)
        weights = self._named_weights()
        self._fit_model(table, self._target_column(target), kinds, sample_weight, weights)
        return self

    @classmethod
    def load(cls, path: str | PathLike[str]) -> BackburnClassifier:
        """Load a model that :meth:`save` or the command line ``trainer`` has saved; its labels are text.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        BackburnClassifier
            A fitted estimator with default parameters. Its features are the columns that the model uses; it selects
            them from tables by their names.
        """
        loaded = super().load(path)
        loaded._class_names = list(loaded._model.classes)
        loaded.classes_ = np.asarray(loaded._class_names)
        return loaded

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class of each row.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            The labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The calibrated probabilities, in the order of ``classes_``.
        """
        numbers = self._predict_numbers(X)
        known = self._model.classes
        numbers = numbers.reshape(-1, len(known))
        if known == self._class_names:
            return numbers
        # The model does not know classes whose rows all have weight 0.
        probabilities = np.zeros((len(numbers), len(self.classes_)))
        for position, name in enumerate(self._class_names):
            if name in known:
                probabilities[:, position] = numbers[:, known.index(name)]
        return probabilities

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Predict the natural logarithm of the probability of each class.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The logarithms, in the order of ``classes_``.
        """
        return np.log(self.predict_proba(X))

    def _target_column(self, y: np.ndarray) -> pa.Array:
        names = dict(zip(self.classes_.tolist(), self._class_names, strict=True))
        labels, codes = np.unique(y, return_inverse=True)
        # Labels that the model does not know are scored as unknown classes.
        known = [names.get(label, f"unknown class {label}") for label in labels.tolist()]
        return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(known, pa.large_string()))

    def _named_weights(self) -> dict[str, float]:
        """The parameter `class_weights` with the names of the classes in the model."""
        names = dict(zip(self.classes_.tolist(), self._class_names, strict=True))
        weights = dict(self.class_weights or {})
        unknown = [label for label in weights if label not in names]
        if unknown:
            raise ValueError(f"class_weights: y has no class {unknown[0]!r}")
        return {names[label]: weight for label, weight in weights.items()}
