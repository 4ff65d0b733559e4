"""The parameters of the estimators as settings of the library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ._backburn import Config

#: The setting of each parameter. Settings of the optimizer, the schedule and the ensemble have their section as a
#: prefix.
SETTINGS = {
    "validation_fraction": "data.validation_fraction",
    "refit": "data.refit",
    "target_transform": "data.target_transform",
    "clip_predictions": "data.clip_predictions",
    "balance_classes": "data.balance_classes",
    "numeric_scaler": "data.numeric_scaler",
    "bins": "data.bins",
    "impute": "data.impute",
    "neighbor_features": "data.neighbor_features",
    "knn_features": "data.knn_features",
    "one_hot_max": "data.one_hot_max",
    "embedding_dimension": "data.embedding_dimension",
    "hidden": "network.hidden",
    "activation": "network.activation",
    "dropout": "network.dropout",
    "normalization": "network.normalization",
    "residual": "network.residual",
    "initializer": "network.initializer",
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "learning_rate": "training.learning_rate",
    "loss": "training.loss",
    "huber_delta": "training.huber_delta",
    "quantiles": "training.quantiles",
    "label_smoothing": "training.label_smoothing",
    "clip_norm": "training.clip_norm",
    "clip_value": "training.clip_value",
    "patience": "training.patience",
    "weight_averaging": "training.weight_averaging",
    "fused": "training.fused",
    "optimizer": "training.optimizer.name",
    "optimizer_momentum": "training.optimizer.momentum",
    "optimizer_nesterov": "training.optimizer.nesterov",
    "optimizer_weight_decay": "training.optimizer.weight_decay",
    "optimizer_beta_1": "training.optimizer.beta_1",
    "optimizer_beta_2": "training.optimizer.beta_2",
    "optimizer_epsilon": "training.optimizer.epsilon",
    "schedule": "training.schedule.name",
    "schedule_warmup": "training.schedule.warmup",
    "schedule_end": "training.schedule.end",
    "schedule_step_epochs": "training.schedule.step_epochs",
    "schedule_gamma": "training.schedule.gamma",
    "schedule_restart_factor": "training.schedule.restart_factor",
    "schedule_patience": "training.schedule.patience",
    "ensemble_members": "ensemble.members",
    "ensemble_folds": "ensemble.folds",
    "ensemble_widths": "ensemble.widths",
    "metric": "scoring.metric",
}

#: Sections whose keys are names of columns or classes.
_NAMED = ("columns", "class_weights", "scoring.costs")


def config_of(
    params: Mapping[str, Any],
    columns: Mapping[str, str],
    of_classes: Mapping[str, Any],
) -> Config:
    """The config of an estimator's parameters.

    `of_classes` has the settings with names of classes (``class_weights``, ``scoring.positive``, ``scoring.costs``),
    which are those of the model.
    """
    toml, settings = _base(params["config"])
    for name, setting in SETTINGS.items():
        if params[name] is not None:
            settings[setting] = params[name]
    if params["quantiles"] is not None:
        loss = params["loss"]
        if loss not in (None, "quantile"):
            raise ValueError(f"quantiles: the loss {loss!r} predicts no quantiles: leave out one of the two parameters")
        settings["training.loss"] = "quantile"
    seed = _seed(params["random_state"])
    if seed is not None:
        settings["training.seed"] = seed
    if of_classes.get("scoring.positive") is not None:
        settings["scoring.positive"] = of_classes["scoring.positive"]
    sections = {"columns": columns, **{name: of_classes.get(name) for name in ("class_weights", "scoring.costs")}}
    for section, named in sections.items():
        if named:
            settings[section] = {**settings.get(section, {}), **named}
    text = json.dumps(settings, default=_plain, allow_nan=False)
    return Config(params["preset"], toml=toml, settings=text)


def _base(config: str | PathLike[str] | Mapping[str, Any] | None) -> tuple[str | None, dict]:
    """The settings of the parameter `config`: the text of its file, or the settings of its mapping."""
    if config is None:
        return None, {}
    if isinstance(config, Mapping):
        return None, _flat(config)
    return Path(fspath(config)).read_text(encoding="utf-8"), {}


def _flat(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        key = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and key not in _NAMED:
            flat.update(_flat(value, key))
        else:
            flat[key] = value
    return flat


def _seed(random_state: int | np.random.RandomState | None) -> int | None:
    """The seed of the settings; that of the preset for `None`, so that results can be repeated."""
    if random_state is None:
        return None
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _plain(value: object) -> object:
    """A value of NumPy as one of Python."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a setting cannot be of type {type(value).__name__}")
