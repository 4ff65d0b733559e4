"""Fits by other processes of this machine give the bytes of a fit in one."""

from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pyarrow
import pytest
from sklearn.pipeline import make_pipeline

from backburn import BackburnClassifier, BackburnRegressor, distributed
from backburn._backburn import Config, Dataset, JobRunner, Plan
from backburn._jobs import run_job
from backburn._shared_table import SharedTable, stream_of

#: Trials choose two settings of the first one, and its networks are several. The second one is trained twice.
REGRESSORS = [
    {"epochs": 3, "hidden": (16,), "ensemble_members": 3, "random_state": 3},
    {"preset": "fast", "epochs": 3, "hidden": (16,), "refit": True},
]


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("parameters", REGRESSORS)
def test_two_processes_give_the_bytes_of_a_fit(pool, houses, parameters):
    X, y = houses.drop(columns="price"), np.exp(houses["price"] / 100)
    here = BackburnRegressor(**parameters).fit(X, y)
    there = BackburnRegressor(**parameters)
    assert distributed.fit(there, X, y, executor=pool, threads=1) is there
    assert there._model.to_bytes() == here._model.to_bytes()
    assert there.validation_scores_ == here.validation_scores_
    assert len(there.history_["epochs"]) == len(here.history_["epochs"])


def test_weights_groups_and_validation_rows_arrive(pool, numbers):
    X, y = numbers[0], np.where(numbers[1] > 0, "high", "low")
    arguments = {
        "sample_weight": np.linspace(0.5, 1.5, len(X)),
        "groups": np.arange(len(X)) // 4,
        "eval_set": (X[::3], y[::3]),
    }
    parameters = {"epochs": 3, "hidden": (16,), "ensemble_members": 2, "columns": {"x1": "ignored"}}
    here = BackburnClassifier(**parameters).fit(X, y, **arguments)
    there = distributed.fit(BackburnClassifier(**parameters), X, y, executor=pool, threads=1, **arguments)
    assert there._model.to_bytes() == here._model.to_bytes()
    assert there.classes_.tolist() == ["high", "low"]


def test_the_table_is_in_a_file_as_long_as_the_fit_runs(pool, regressor, numbers, tmp_path):
    seen = []
    regressor.set_params(callback=lambda event: seen.append((event, list(tmp_path.glob("*/*")))))
    distributed.fit(regressor, *numbers, executor=pool, threads=1, folder=tmp_path)
    ended = [(event, files) for event, files in seen if event["event"] == "job_end"]
    assert ended and all(len(files) == 1 for _, files in ended)
    assert ended[-1][0]["ended"] == ended[-1][0]["jobs"]
    assert list(tmp_path.iterdir()) == []


class Client:
    """An executor with `scatter`, in this process, which calls the last function first."""

    def __init__(self):
        self.scattered, self.canceled = 0, 0

    def scatter(self, shared, broadcast):
        self.scattered += 1
        return shared

    def submit(self, function, *args):
        client = self

        class Late(Future):
            def result(self, timeout=None):
                return function(*args)

            def cancel(self):
                client.canceled += 1
                return True

        return Late()


def test_a_client_with_scatter_gets_the_table_once(regressor, numbers):
    expected = regressor.fit(*numbers)._model.to_bytes()
    client = Client()
    assert distributed.fit(regressor, *numbers, executor=client)._model.to_bytes() == expected
    assert (client.scattered, client.canceled) == (1, 0)


def test_a_callback_that_fails_cancels_the_jobs(regressor, numbers):
    def fail(event):
        raise RuntimeError("enough")

    client = Client()
    with pytest.raises(RuntimeError, match="enough"):
        distributed.fit(regressor.set_params(callback=fail), *numbers, executor=client)
    assert client.canceled > 0
    assert not hasattr(regressor, "_model")


def test_wrong_arguments_are_errors(pool, regressor, numbers):
    with pytest.raises(TypeError, match="estimator: expected .* got Pipeline"):
        distributed.fit(make_pipeline(regressor), *numbers, executor=pool)
    with pytest.raises(ValueError, match="time_limit: fits by an executor have no time limit"):
        distributed.fit(regressor.set_params(time_limit=10.0), *numbers, executor=pool)
    with pytest.raises(ValueError, match="training.epochs"):
        distributed.fit(regressor.set_params(time_limit=None, epochs=-1), *numbers, executor=pool)


def test_errors_of_a_process_are_raised(pool, houses):
    table = pyarrow.Table.from_pandas(houses, preserve_index=False)
    for target, job, message in (("price", b"{}", "these bytes are no job"), ("prize", b"{}", "prize")):
        shared = SharedTable(stream_of(table), target, {})
        with pytest.raises(ValueError, match=message):
            pool.submit(run_job, shared, job, 1).result()


def test_bytes_that_are_no_job_or_no_result_are_errors(houses):
    data = Dataset(pyarrow.Table.from_pandas(houses, preserve_index=False), "price")
    runner = JobRunner(data)
    for job in (b"", b"{}", b"\x00"):
        with pytest.raises(ValueError, match="these bytes are no job"):
            runner.run(job)
    plan = Plan(data, Config("fast", settings='{"training.epochs": 2}'))
    names = [name for name, _ in plan.jobs()]
    assert len(set(names)) == len(names)
    with pytest.raises(RuntimeError, match="these bytes are not the result of a job"):
        plan.assemble(data, [b"nothing"])
    with pytest.raises(RuntimeError, match="is missing"):
        plan.assemble(data, [])
