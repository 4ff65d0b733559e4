"""Fits whose networks are trained by other processes, on this machine or on others.

>>> from concurrent.futures import ProcessPoolExecutor
>>> from multiprocessing import get_context
>>> from backburn import BackburnRegressor, distributed
>>> X = [[size, size % 3] for size in range(60)]
>>> y = [3.0 * size + 10.0 * (size % 3) for size in range(60)]
>>> def main():
...     with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
...         return distributed.fit(BackburnRegressor(preset="fast"), X, y, executor=pool, threads=1)
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ._backburn import Plan
from ._base import BackburnEstimator
from ._jobs import run_job
from ._shared_table import SharedTable, stream_of, write_stream
from ._training import Trained, Training

__all__ = ["Executor", "Future", "fit"]

E = TypeVar("E", bound=BackburnEstimator)


class Future(Protocol):
    """The result of a call that may not have ended."""

    def result(self) -> Any: ...
    def cancel(self) -> Any: ...


class Executor(Protocol):
    """Calls functions elsewhere: an executor of :mod:`concurrent.futures`, or a client of Dask."""

    def submit(self, function: Any, /, *args: Any) -> Future: ...


def fit(
    estimator: E,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    executor: Executor,
    groups: Any = None,
    time: Any = None,
    eval_set: tuple[Any, Any] | None = None,
    threads: int | None = None,
    folder: str | PathLike[str] | None = None,
) -> E:
    """Fit an estimator by the processes of an executor.

    The model has the bytes of ``estimator.fit(X, y)``. First, trials choose settings, if there are settings to choose.
    Then the networks of the ensemble are trained, each as one call. The package has to be installed in every process.

    Parameters
    ----------
    estimator : BackburnRegressor or BackburnClassifier
        The estimator. It has no ``time_limit``. Its ``callback`` gets the events of the assembly, and ``job_end``
        for each call that has ended.
    X, y, sample_weight, groups, time, eval_set
        The arguments of the estimator's ``fit``.
    executor : executor
        It has ``submit(function, *args)``, which returns a future with ``result`` and ``cancel``. Processes of a pool
        on Linux have to be started by ``"spawn"`` or ``"forkserver"``.
    threads : int, optional
        The number of threads of each process. Set it if a machine runs several of them; by default, each process
        uses all processors, or as many as ``RAYON_NUM_THREADS`` says.
    folder : path-like, optional
        Where the table is written to for as long as the fit runs: a folder that all processes see. By default it is
        the folder for temporary files. Executors that have ``scatter``, as a client of Dask has, get the table by it,
        without a file.

    Returns
    -------
    BackburnRegressor or BackburnClassifier
        The fitted estimator.
    """
    if not isinstance(estimator, BackburnEstimator):
        kind = type(estimator).__name__
        raise TypeError(f"estimator: expected a BackburnRegressor or a BackburnClassifier, got {kind}")
    if estimator.time_limit is not None:
        raise ValueError("time_limit: fits by an executor have no time limit: set it to None")
    train = partial(_train, executor=executor, threads=threads, folder=folder)
    estimator._fit(X, y, sample_weight, groups, time, eval_set, train)
    return estimator


def _train(
    training: Training,
    *,
    executor: Executor,
    threads: int | None,
    folder: str | PathLike[str] | None,
) -> Trained:
    """Has the jobs of a fit run by an executor, and assembles the model."""
    data = training.dataset()
    step = Plan(data, training.config)
    with _shared(training, executor, folder) as shared:
        while isinstance(step, Plan):
            results = _results(step.jobs(), training, executor, shared, threads)
            step = step.assemble(data, results, observer=training.observer)
    return step, data.warnings, None


def _results(
    jobs: list[tuple[str, bytes]],
    training: Training,
    executor: Executor,
    shared: Any,
    threads: int | None,
) -> list[bytes]:
    """The results of jobs, in their order. If one fails, the others are canceled."""
    futures = [executor.submit(run_job, shared, job, threads) for _, job in jobs]
    results = []
    try:
        for (name, _), future in zip(jobs, futures, strict=True):
            results.append(future.result())
            if training.observer is not None:
                event = {"event": "job_end", "job": name, "ended": len(results), "jobs": len(jobs)}
                training.observer(json.dumps(event))
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    return results


@contextmanager
def _shared(training: Training, executor: Executor, folder: str | PathLike[str] | None) -> Iterator[Any]:
    """The table for the processes of an executor."""
    scatter = getattr(executor, "scatter", None)
    if scatter is not None:
        shared = SharedTable(stream_of(training.table), training.target, training.options)
        yield scatter(shared, broadcast=True)
        return
    # Files that are mapped into memory cannot be removed on Windows: what is left is temporary.
    with tempfile.TemporaryDirectory(prefix="backburn-", dir=folder, ignore_cleanup_errors=True) as own:
        path = str(Path(own).absolute() / "table.arrows")
        write_stream(training.table, path)
        yield SharedTable(path, training.target, training.options)
