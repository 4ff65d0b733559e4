"""What a fit is given, and a fit in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ._backburn import Config, Dataset, Model, fit

#: The model, notes on columns and rows, and the exception to raise if the fit was stopped.
Trained = tuple[Model, list[str], BaseException | None]


@dataclass(frozen=True)
class Training:
    """A table with its target and the other arguments of :class:`Dataset`, the settings, and an observer."""

    table: pa.Table
    target: str
    options: dict[str, Any]
    config: Config
    time_limit: float | None
    observer: Callable[[str], object] | None

    def dataset(self) -> Dataset:
        """The dataset of the table."""
        return Dataset(self.table, self.target, **self.options)


def train_here(training: Training) -> Trained:
    """Fits a model in this process, with all its processors."""
    data = training.dataset()
    model, interrupt = fit(data, training.config, time_limit=training.time_limit, observer=training.observer)
    return model, data.warnings, interrupt
