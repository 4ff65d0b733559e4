"""Regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import RegressorMixin

from ._backburn import Model
from ._base import BackburnEstimator
from ._parameters import ATTRIBUTES, PARAMETERS


class BackburnRegressor(RegressorMixin, BackburnEstimator):
    __doc__ = f"""Multilayer perceptrons that predict numbers from the rows of a table.

The estimator encodes the columns, trains an ensemble of networks, and calibrates prediction intervals. X may have
categories, dates and missing values.
{PARAMETERS}
Attributes
----------{ATTRIBUTES}\
quantiles_ : ndarray of shape (n_quantiles,) or None
    The levels of the quantiles that the model predicts, if it predicts any.

Examples
--------
>>> from backburn import BackburnRegressor
>>> from sklearn.datasets import make_regression
>>> X, y = make_regression(n_samples=200, n_features=4, random_state=0)
>>> model = BackburnRegressor(preset="fast", random_state=0).fit(X, y)
>>> model.predict(X[:3]).shape
(3,)
>>> model.predict_interval(X[:3], coverage=0.8).shape
(3, 2)
"""

    _task = "regression"

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        time: Any = None,
        eval_set: tuple[Any, Any] | None = None,
    ) -> BackburnRegressor:
        """Fit the networks.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            A table of pandas, polars or pyarrow, another table with the Arrow PyCapsule interface, or numbers.
        y : array-like of shape (n_samples,)
            The target.
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
        BackburnRegressor
            The fitted estimator.

        Raises
        ------
        KeyboardInterrupt
            The fit was stopped by Ctrl-C. The estimator is fitted with the best result so far, if there is one.
        """
        self._fit(X, y, sample_weight, groups, time, eval_set)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict a value for each row.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            The predictions.
        """
        return self._predict_numbers(X)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Predict an interval for each row, which holds the true value with a given probability.

        The method is split conformal prediction with the validation rows: there are no intervals without
        validation rows. Intervals are wider where the errors at the prediction are larger, and where values
        are imputed that hardly any training row lacks.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.
        coverage : float, default=0.9
            The probability, a whole percentage from 0.5 to 0.99; fewer validation rows support less.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            The lower and the upper bounds.
        """
        table = self._table(X)
        bounds = self._model.predict_interval(table, coverage=float(coverage))
        return np.frombuffer(bounds, dtype=np.float64).reshape(-1, 2)

    def predict_quantiles(self, X: Any) -> np.ndarray:
        """Predict quantiles for each row, with a model that was fitted with the parameter ``quantiles``.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, with the columns of ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles)
            The quantiles of the levels ``quantiles_``. Those of a row ascend.
        """
        table = self._table(X)
        numbers = np.frombuffer(self._model.predict_quantiles(table), dtype=np.float64)
        return numbers.reshape(table.num_rows, -1)

    def _keep(self, model: Model, notes: list[str]) -> None:
        super()._keep(model, notes)
        self.quantiles_ = None if model.quantiles is None else np.asarray(model.quantiles)

    def _target_column(self, y: np.ndarray) -> pa.Array:
        return pa.array(np.asarray(y, dtype=np.float64))
