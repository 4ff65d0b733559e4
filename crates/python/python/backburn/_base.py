"""What both estimators share: parameters, input, fitting, saving."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_X_y
from sklearn.utils.validation import check_is_fitted, validate_data

from ._backburn import Config, Model
from ._progress import Progress, all_of
from ._rows import PARAMETERS, row_columns, validation_pair, with_validation_rows
from ._settings import config_of
from ._tables import appended, array_to_arrow, category_columns, is_table, table_to_arrow, unused_name
from ._training import Trained, Training, train_here

Preset = Literal["fast", "default", "best"]
ColumnKind = Literal["numeric", "boolean", "categorical", "date", "ignored"]


class BackburnEstimator(BaseEstimator):
    """The base of :class:`BackburnRegressor` and :class:`BackburnClassifier`, which document the parameters."""

    _task: Literal["regression", "classification"]

    def __init__(
        self,
        *,
        preset: Preset = "default",
        config: str | PathLike[str] | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        time_limit: float | None = None,
        verbose: bool = False,
        callback: Callable[[dict[str, Any]], object] | None = None,
        columns: Mapping[str, ColumnKind] | None = None,
        offset: str | None = None,
        gap: float | str | None = None,
        metric: str | None = None,
        positive: Any = None,
        costs: Mapping[Any, Mapping[Any, float]] | None = None,
        quantiles: Sequence[float] | None = None,
        class_weights: Mapping[Any, float] | None = None,
        validation_fraction: float | None = None,
        refit: bool | None = None,
        target_transform: str | None = None,
        clip_predictions: bool | None = None,
        balance_classes: bool | None = None,
        numeric_scaler: str | None = None,
        bins: int | str | None = None,
        impute: bool | None = None,
        neighbor_features: bool | None = None,
        knn_features: str | None = None,
        one_hot_max: int | None = None,
        embedding_dimension: int | None = None,
        hidden: Sequence[int] | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        normalization: str | None = None,
        residual: bool | None = None,
        initializer: str | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | str | None = None,
        loss: str | None = None,
        huber_delta: float | None = None,
        label_smoothing: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        patience: int | None = None,
        weight_averaging: int | None = None,
        fused: bool | None = None,
        optimizer: str | None = None,
        optimizer_momentum: float | None = None,
        optimizer_nesterov: bool | None = None,
        optimizer_weight_decay: float | None = None,
        optimizer_beta_1: float | None = None,
        optimizer_beta_2: float | None = None,
        optimizer_epsilon: float | None = None,
        schedule: str | None = None,
        schedule_warmup: float | None = None,
        schedule_end: float | None = None,
        schedule_step_epochs: int | None = None,
        schedule_gamma: float | None = None,
        schedule_restart_factor: int | None = None,
        schedule_patience: int | None = None,
        ensemble_members: int | str | None = None,
        ensemble_folds: int | None = None,
        ensemble_widths: Sequence[int] | None = None,
    ) -> None:
        self.preset = preset
        self.config = config
        self.random_state = random_state
        self.time_limit = time_limit
        self.verbose = verbose
        self.callback = callback
        self.columns = columns
        self.offset = offset
        self.gap = gap
        self.metric = metric
        self.positive = positive
        self.costs = costs
        self.quantiles = quantiles
        self.class_weights = class_weights
        self.validation_fraction = validation_fraction
        self.refit = refit
        self.target_transform = target_transform
        self.clip_predictions = clip_predictions
        self.balance_classes = balance_classes
        self.numeric_scaler = numeric_scaler
        self.bins = bins
        self.impute = impute
        self.neighbor_features = neighbor_features
        self.knn_features = knn_features
        self.one_hot_max = one_hot_max
        self.embedding_dimension = embedding_dimension
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.initializer = initializer
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.loss = loss
        self.huber_delta = huber_delta
        self.label_smoothing = label_smoothing
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.patience = patience
        self.weight_averaging = weight_averaging
        self.fused = fused
        self.optimizer = optimizer
        self.optimizer_momentum = optimizer_momentum
        self.optimizer_nesterov = optimizer_nesterov
        self.optimizer_weight_decay = optimizer_weight_decay
        self.optimizer_beta_1 = optimizer_beta_1
        self.optimizer_beta_2 = optimizer_beta_2
        self.optimizer_epsilon = optimizer_epsilon
        self.schedule = schedule
        self.schedule_warmup = schedule_warmup
        self.schedule_end = schedule_end
        self.schedule_step_epochs = schedule_step_epochs
        self.schedule_gamma = schedule_gamma
        self.schedule_restart_factor = schedule_restart_factor
        self.schedule_patience = schedule_patience
        self.ensemble_members = ensemble_members
        self.ensemble_folds = ensemble_folds
        self.ensemble_widths = ensemble_widths

    def save(self, path: str | PathLike[str]) -> Path:
        """Save the model to a file, completely or not at all.

        The file is that of the command line ``trainer``. It holds the model with its preprocessing, and neither
        the parameters of the estimator nor the history: for these, use :mod:`pickle` or :mod:`joblib`.

        Parameters
        ----------
        path : str or path-like
            The file, such as ``"houses.safetensors"``. A file that is not a model is not replaced.

        Returns
        -------
        pathlib.Path
            The path.
        """
        return self._fitted().save(path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Any:
        """Load a model that :meth:`save` or the command line ``trainer`` has saved.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        object
            A fitted estimator with default parameters. Its features are the columns that the model uses; it selects
            them from tables by their names.
        """
        model = Model.load(path)
        if model.task != cls._task:
            raise ValueError(f"{path}: this is a model for {model.task}, and {cls.__name__} is for {cls._task}")
        loaded = cls()
        loaded.feature_names_in_ = np.asarray(model.features, dtype=object)
        loaded.n_features_in_ = len(model.features)
        loaded._selects_columns = True
        loaded._keep(model, [])
        return loaded

    def explain(
        self,
        X: Any,
        y: Any = None,
        *,
        rows: Sequence[int] = (),
        importance: bool = True,
        repeats: int = 5,
    ) -> dict[str, Any]:
        """Explain the model with the rows of a table.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, preferably others than those of ``fit``.
        y : array-like of shape (n_samples,), optional
            The target. With it, importance is the rise of the error, and without it the change of the predictions.
        rows : sequence of int, default=()
            The rows to explain one by one, counted from 0. Without any, three rows are explained: those with the
            highest, the middle and the lowest prediction.
        importance : bool, default=True
            Whether the importance of columns and the dependence on them are computed, which takes most of the time.
        repeats : int, default=5
            How often each column is shuffled.

        Returns
        -------
        dict
            ``measure``: the error that importance is measured by. ``importance``: for each column the ``mean`` and
            the ``std`` of its rise when the column is shuffled, the largest first. ``dependence``: for the most
            important columns, the mean prediction for several values. ``rows``: for each row its ``prediction``,
            the ``baseline``, and what each column adds to it, as ``contributions`` (integrated gradients).
        """
        model = self._fitted()
        table = self._table_with(X, y)
        chosen = [int(row) for row in rows]
        return json.loads(model.explain(table, rows=chosen, columns=importance, repeats=repeats))

    def evaluate(self, X: Any, y: Any) -> dict[str, Any]:
        """Score the model by every metric of its task.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,)
            The target.

        Returns
        -------
        dict
            The metrics by name (``rmse``, ``mae``, ``r2``; or ``accuracy``, ``log_loss``, ``macro_f1``, ``auc``,
            ``calibration_error``, ``confusion``), and in ``notes`` how the rows differ from those of ``fit``.
        """
        return json.loads(self._fitted().evaluate(self._table_with(X, y)))

    def report_html(self, X: Any, y: Any = None) -> str:
        """Write a report on the model, its training, and its predictions for a table.

        Parameters
        ----------
        X : table or array-like of shape (n_samples, n_features)
            The rows, preferably others than those of ``fit``.
        y : array-like of shape (n_samples,), optional
            The target. With it, the report compares predictions with true values.

        Returns
        -------
        str
            The text of an HTML file that loads nothing from elsewhere.
        """
        model = self._fitted()
        told = [json.dumps(value) if value else None for value in (self.history_, self.findings_)]
        return model.report_html(self._table_with(X, y), history=told[0], findings=told[1])

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        time: Any,
        eval_set: Any,
        train: Callable[[Training], Trained] = train_here,
    ) -> None:
        """Fits the model by `train`, and keeps what is known about the fit."""
        table, target, kinds = self._training_table(X, y)
        self._learn_labels(target)
        columns = dict(self.columns or {})
        for name in (*columns, *([] if self.offset is None else [self.offset])):
            if name not in table.column_names:
                parameter = "columns" if name in columns else "offset"
                raise ValueError(f"{parameter}: X has no column {name!r}")
        if self.gap is not None and time is None:
            raise ValueError("gap: it needs the times of the rows, as in fit(X, y, time=...)")
        of_rows = row_columns(table.num_rows, self, sample_weight=sample_weight, groups=groups, time=time)
        validation = 0
        if eval_set is not None:
            if time is not None:
                raise ValueError("time and eval_set both say which rows are held out: leave out one of them")
            further, labels = self._validation_rows(eval_set)
            table, target = appended(table, further), np.concatenate([target, labels])
            validation = further.num_rows
            of_rows = {role: with_validation_rows(role, column, validation) for role, column in of_rows.items()}
        roles: dict[str, str] = {}
        for role, column in of_rows.items():
            roles[role] = unused_name(PARAMETERS[role], [*table.column_names, self._target])
            table = table.append_column(roles[role], column)
        for role, value in (("offset", self.offset), ("gap", self.gap)):
            if value is not None:
                roles[role] = str(value)
        table = table.append_column(self._target, self._target_column(target))
        # The last rows of the table are held out.
        kinds = {**kinds, **columns}
        options = {"task": self._task, "roles": roles, "columns": kinds, "validation": validation}
        config = config_of(self.get_params(deep=False), columns, self._settings_of_classes())
        if json.loads(config.to_json())["data"].get("trend"):
            raise ValueError("config: data.trend needs the times of the rows that are predicted: subtract a trend from y")
        self._train(train, table, options, config)

    def _train(
        self,
        train: Callable[[Training], Trained],
        table: pa.Table,
        options: dict[str, Any],
        config: Config,
    ) -> None:
        """Trains on a table with these arguments of its dataset, and shows progress."""
        progress = Progress() if self.verbose else None
        observers = [observer for observer in (progress, self.callback) if observer is not None]
        observe = all_of(observers)
        observer = (lambda event: observe(json.loads(event))) if observers else None
        try:
            training = Training(table, self._target, options, config, self.time_limit, observer)
            model, notes, interrupt = train(training)
        finally:
            if progress is not None:
                progress.close()
        self._keep(model, notes)
        if interrupt is not None:
            raise interrupt

    def _keep(self, model: Model, notes: list[str]) -> None:
        self._model = model
        self._target = model.target
        summary = json.loads(model.summary)
        self.n_iter_ = summary["epochs"]
        errors, constant = (summary.get(name, {}) for name in ("validation_errors", "validation_constant"))
        self.validation_scores_ = {
            name: {"value": value, "standard_error": errors.get(name), "constant": constant.get(name)}
            for name, value in summary["validation"].items()
        }
        self.history_ = json.loads(model.history or "null")
        self.findings_ = json.loads(model.findings or "[]")
        self.notes_ = notes

    def _training_table(self, X: Any, y: Any) -> tuple[pa.Table, np.ndarray, dict[str, str]]:
        """The features as a table, the target, and the kinds of columns that their types say."""
        self.__dict__.pop("_model", None)
        self._selects_columns = False
        numeric = self._task == "regression"
        if isinstance(y, (pa.Array, pa.ChunkedArray)):
            y = np.asarray(y)
        if is_table(X):
            table = table_to_arrow(X)
            validate_data(self, _named(X, table), y, skip_check_array=True)
            rows = np.zeros((table.num_rows, 1))
            _, target = check_X_y(rows, y, y_numeric=numeric, ensure_min_samples=2, estimator=self)
            table = table.rename_columns(self._names())
            kinds = category_columns(table)
        else:
            X, target = validate_data(
                self,
                X,
                y,
                dtype="numeric",
                ensure_all_finite="allow-nan",
                ensure_min_samples=2,
                y_numeric=numeric,
            )
            table = array_to_arrow(X, self._names())
            # The columns of an array have one type: none of them is anything else than a number.
            kinds = {name: "numeric" for name in table.column_names}
        self._target = unused_name(_name_of(y), table.column_names)
        return table, target, kinds

    def _table(self, X: Any) -> pa.Table:
        """The rows to predict as a table."""
        check_is_fitted(self)
        return self._aligned(X)

    def _aligned(self, X: Any) -> pa.Table:
        """Rows with the columns of those of `fit`, as a table."""
        if not is_table(X):
            X = validate_data(self, X, reset=False, dtype="numeric", ensure_all_finite="allow-nan")
            return array_to_arrow(X, self._names())
        table = table_to_arrow(X)
        check_array(np.zeros((table.num_rows, 1)), estimator=self, input_name="X")
        if self._selects_columns:
            missing = [name for name in self._names() if name not in table.column_names]
            if missing:
                raise ValueError(f"X has no column {missing[0]!r}, which the model needs")
            return table.select(self._names())
        validate_data(self, _named(X, table), reset=False, skip_check_array=True)
        return table.rename_columns(self._names())

    def _table_with(self, X: Any, y: Any) -> pa.Table:
        """The rows as a table, with the target if there is one."""
        table = self._table(X)
        if y is None:
            return table
        return table.append_column(self._target, self._target_column(self._checked_target(table, y)))

    def _validation_rows(self, eval_set: Any) -> tuple[pa.Table, np.ndarray]:
        """The features and the target of the parameter `eval_set`."""
        X, y = validation_pair(eval_set)
        table = self._aligned(X)
        target = self._checked_target(table, y)
        self._check_labels(target)
        return table, target

    def _checked_target(self, table: pa.Table, y: Any) -> np.ndarray:
        """The target of the rows of a table, with the errors of scikit-learn."""
        rows = np.zeros((table.num_rows, 1))
        numeric = self._task == "regression"
        return check_X_y(rows, np.asarray(y), y_numeric=numeric, estimator=self)[1]

    def _learn_labels(self, y: np.ndarray) -> None:
        """Learns the labels of classes."""

    def _check_labels(self, y: np.ndarray) -> None:
        """Checks that labels are known."""

    def _settings_of_classes(self) -> dict[str, Any]:
        """The settings with names of classes."""
        return {
            "class_weights": self.class_weights,
            "scoring.positive": None if self.positive is None else str(self.positive),
            "scoring.costs": self.costs,
        }

    def _target_column(self, y: np.ndarray) -> pa.Array:
        raise NotImplementedError

    def _predict_numbers(self, X: Any) -> np.ndarray:
        table = self._table(X)
        return np.frombuffer(self._model.predict(table), dtype=np.float64)

    def _fitted(self) -> Model:
        check_is_fitted(self)
        return self._model

    def _names(self) -> list[str]:
        """The names of the columns of tables that the model gets."""
        if hasattr(self, "feature_names_in_"):
            return [str(name) for name in self.feature_names_in_]
        return [f"x{index}" for index in range(self.n_features_in_)]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_model" in state:
            state["_model"] = state["_model"].to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if "_model" in state:
            state["_model"] = Model.from_bytes(state["_model"])
        super().__setstate__(state)


def _named(X: Any, table: pa.Table) -> Any:
    """The table whose column names scikit-learn checks: that of a stream is gone when it was read."""
    return table if isinstance(X, (pa.RecordBatch, pa.RecordBatchReader)) or not hasattr(X, "shape") else X


def _name_of(y: Any) -> str:
    """The name of a series as that of the target."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else "target"
