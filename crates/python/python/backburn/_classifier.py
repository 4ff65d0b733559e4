"""Classification."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from ._backburn import Model
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
    The labels, in the order of the probabilities. Those of an estimator that was loaded are text.{ATTRIBUTES}\
threshold_ : float or None
    The decision threshold of the positive class, if one was chosen.

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

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        time: Any = None,
        eval_set: tuple[Any, Any] | None = None,
    ) -> BackburnClassifier:
        """Fit the networks.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            A table of pandas, polars or pyarrow, another table with the Arrow PyCapsule interface, or numbers.
        y : array-like of shape (n_samples,)
            The labels.
        sample_weight : array-like of shape (n_samples,), optional
            The weights of the rows. Rows of weight 0 are left out.
        groups : array-like of shape (n_samples,), optional
            The group of each row, such as a patient. Rows of a group are on one side of every split.
        time : array-like of shape (n_samples,), optional
            The time of each row, numbers or dates. Validation rows are then later than training rows.
        eval_set : tuple (X, y), optional
            Validation rows, in place of rows of X that are held out: no network is trained on them (other than by
            ``refit``), and they choose the best epoch and calibrate the predictions. Their weight is 1.

        Returns
        -------
        BackburnClassifier
            The fitted estimator.

        Raises
        ------
        KeyboardInterrupt
            The fit was stopped by Ctrl-C. The estimator is fitted with the best result so far, if there is one.
        """
        self._fit(X, y, sample_weight, groups, time, eval_set)
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
        """Predict the class of each row.

        It is the most probable one, unless the model has a decision threshold (the parameters ``metric`` and
        ``positive``) or the parameter ``costs``.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            The labels.
        """
        model = self._fitted()
        if not model.decides:
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        predicted = np.frombuffer(model.predict_classes(self._table(X)), dtype=np.float64)
        positions = np.asarray([self._class_names.index(name) for name in model.classes])
        return self.classes_[positions[predicted.astype(np.intp)]]

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

    def _keep(self, model: Model, notes: list[str]) -> None:
        super()._keep(model, notes)
        self.threshold_ = model.threshold

    def _learn_labels(self, y: np.ndarray) -> None:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        self._class_names = class_names(self.classes_)

    def _check_labels(self, y: np.ndarray) -> None:
        known = set(self.classes_.tolist())
        unknown = [label for label in np.unique(y).tolist() if label not in known]
        if unknown:
            raise ValueError(f"eval_set: its y has the class {unknown[0]!r}, which y does not have")

    def _settings_of_classes(self) -> dict[str, Any]:
        costs = self._named("costs", self.costs)
        return {
            "class_weights": self._named("class_weights", self.class_weights),
            "scoring.positive": None if self.positive is None else self._name("positive", self.positive),
            "scoring.costs": {name: self._named("costs", of_class) for name, of_class in costs.items()},
        }

    def _named(self, parameter: str, of_labels: Mapping[Any, Any] | None) -> dict[str, Any]:
        """A parameter by the names of the classes in the model, in place of their labels."""
        return {self._name(parameter, label): value for label, value in (of_labels or {}).items()}

    def _name(self, parameter: str, label: Any) -> str:
        """The name of a class in the model."""
        names = dict(zip(self.classes_.tolist(), self._class_names, strict=True))
        if label not in names:
            raise ValueError(f"{parameter}: y has no class {label!r}")
        return names[label]
