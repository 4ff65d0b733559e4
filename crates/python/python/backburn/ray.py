"""Fits whose networks are trained as tasks of Ray.

>>> from backburn import BackburnRegressor, ray
>>> def main(X, y):
...     return ray.fit(BackburnRegressor(preset="best"), X, y, num_cpus=2)
"""

from __future__ import annotations

from typing import Any, TypeVar

from . import distributed
from ._base import BackburnEstimator

__all__ = ["fit"]

E = TypeVar("E", bound=BackburnEstimator)


def fit(
    estimator: E,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    groups: Any = None,
    time: Any = None,
    eval_set: tuple[Any, Any] | None = None,
    num_cpus: float = 1,
    **options: Any,
) -> E:
    """Fit an estimator by tasks of Ray, which run on every node of the cluster.

    The model has the bytes of ``estimator.fit(X, y)``. The table is put into the object store once. A task whose
    worker or node is lost is run again. Ray and this package have to be installed on every node. Ray is started on
    this machine if the program is not connected to a cluster.

    Parameters
    ----------
    estimator : BackburnRegressor or BackburnClassifier
        The estimator. It has no ``time_limit``. Its ``callback`` gets the events of the assembly, and ``job_end``
        for each task that has ended.
    X, y, sample_weight, groups, time, eval_set
        The arguments of the estimator's ``fit``.
    num_cpus : float, default=1
        The processors of each task, which is also the number of its threads.
    **options
        Further options of the tasks, such as ``max_retries`` (3 by default), ``memory`` in bytes, or
        ``scheduling_strategy`` (``"SPREAD"`` by default).

    Returns
    -------
    BackburnRegressor or BackburnClassifier
        The fitted estimator.
    """
    tasks = _Tasks(_import_ray(), {"max_retries": 3, "scheduling_strategy": "SPREAD", **options, "num_cpus": num_cpus})
    return distributed.fit(
        estimator,
        X,
        y,
        sample_weight,
        executor=tasks,
        groups=groups,
        time=time,
        eval_set=eval_set,
        threads=max(1, int(num_cpus)),
    )


class _Tasks:
    """An executor whose calls are tasks of Ray."""

    def __init__(self, ray: Any, options: dict[str, Any]) -> None:
        self._ray = ray
        self._options = options
        self._functions: dict[Any, Any] = {}

    def scatter(self, shared: Any, *, broadcast: bool = True) -> Any:
        """Puts an object into the object store, from which each node takes it once."""
        return self._ray.put(shared)

    def submit(self, function: Any, /, *args: Any) -> _Task:
        """Starts a task."""
        if function not in self._functions:
            self._functions[function] = self._ray.remote(**self._options)(function)
        return _Task(self._ray, self._functions[function].remote(*args))


class _Task:
    """A task of Ray as a future."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray = ray
        self._reference = reference

    def result(self) -> Any:
        """Waits for the result. An exception of the task is raised."""
        return self._ray.get(self._reference)

    def cancel(self) -> None:
        """Ends the task, if it has not ended."""
        self._ray.cancel(self._reference)


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ImportError("backburn.ray needs Ray: pip install ray") from error
    return ray
