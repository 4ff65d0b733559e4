"""Fits by tasks of Ray give the bytes of a fit in this process: on two nodes, and where a worker or a node is lost."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from backburn import BackburnRegressor, distributed
from backburn import ray as backburn_ray
from backburn._jobs import run_job

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

PARAMETERS = {"epochs": 3, "hidden": (16,), "ensemble_members": 4, "random_state": 1}
#: The number of a job that trains a network: six trials come before the four networks.
NETWORK = 8


@pytest.fixture(scope="module")
def workers():
    """Two workers on this machine."""
    # Not a cluster that happens to run here.
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def nodes():
    """A cluster of two nodes with a processor each."""
    ray.shutdown()
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def rows(houses):
    """Features and a target with a long tail, for which trials choose settings."""
    return houses.drop(columns="price"), np.exp(houses["price"] / 100)


@pytest.fixture
def expected(rows):
    return BackburnRegressor(**PARAMETERS).fit(*rows)._model.to_bytes()


def noting(folder):
    """A job that notes its node and its process, in a folder for each node."""

    def run_and_note(shared, job, threads):
        node = os.path.join(folder, ray.get_runtime_context().get_node_id())
        os.makedirs(os.path.join(node, str(os.getpid())), exist_ok=True)
        return run_job(shared, job, threads)

    return run_and_note


def dying(folder, at):
    """A job that kills its worker once: number `at` of those that were computed, whose result nobody gets."""

    def run_or_die(shared, job, threads):
        result = run_job(shared, job, threads)
        for number in range(1, at + 1):
            try:
                os.close(os.open(os.path.join(folder, str(number)), os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            if number == at:
                os.kill(os.getpid(), signal.SIGKILL)
            break
        return result

    return run_or_die


def test_two_workers_give_the_bytes_of_a_fit(workers, rows, expected, monkeypatch, tmp_path):
    monkeypatch.setattr(distributed, "run_job", noting(str(tmp_path)))
    model = BackburnRegressor(**PARAMETERS)
    assert backburn_ray.fit(model, *rows) is model
    assert model._model.to_bytes() == expected
    assert len(list(tmp_path.glob("*/*"))) >= 2, "jobs ran on both workers"


@pytest.mark.parametrize("at", [1, NETWORK])
def test_a_worker_that_is_killed_changes_nothing(workers, rows, expected, monkeypatch, tmp_path, at):
    monkeypatch.setattr(distributed, "run_job", dying(str(tmp_path), at))
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert (tmp_path / str(at)).exists()
    assert model._model.to_bytes() == expected


def test_errors_of_tasks_are_those_of_a_fit(workers, rows):
    with pytest.raises(ValueError, match="training.epochs"):
        backburn_ray.fit(BackburnRegressor(epochs=-1), *rows)


def test_a_callback_that_fails_ends_the_fit_and_leaves_the_workers(workers, rows, expected):
    def fail(event):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        backburn_ray.fit(BackburnRegressor(**PARAMETERS, callback=fail), *rows)
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert model._model.to_bytes() == expected


def test_fits_of_threads_share_the_workers(workers, rows, expected):
    def bytes_of(seed):
        return backburn_ray.fit(BackburnRegressor(**{**PARAMETERS, "random_state": seed}), *rows)._model.to_bytes()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(bytes_of, [1, 2])
    assert first == expected != second


def test_folds_are_fits_of_their_own(workers, regressor, rows):
    from ray.util.joblib import register_ray

    here = cross_val_score(regressor, *rows, cv=2)
    register_ray()
    with joblib.parallel_config("ray"):
        assert (cross_val_score(regressor, *rows, cv=2, n_jobs=2) == here).all()


def test_two_nodes_give_the_bytes_of_a_fit(nodes, rows, expected, monkeypatch, tmp_path):
    monkeypatch.setattr(distributed, "run_job", noting(str(tmp_path)))
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert model._model.to_bytes() == expected
    assert len(list(tmp_path.iterdir())) == 2, "jobs ran on both nodes"


def test_a_worker_that_is_killed_on_one_of_two_nodes_changes_nothing(nodes, rows, expected, monkeypatch, tmp_path):
    monkeypatch.setattr(distributed, "run_job", dying(str(tmp_path), NETWORK))
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert (tmp_path / str(NETWORK)).exists()
    assert model._model.to_bytes() == expected


def test_a_node_that_is_lost_changes_nothing(nodes, rows, expected):
    lost = []

    def lose_a_node(event):
        if event["event"] == "job_end" and not lost:
            lost.append(event)
            nodes.remove_node(nodes.worker_nodes.copy().pop(), allow_graceful=False)

    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS, callback=lose_a_node), *rows)
    assert lost
    assert model._model.to_bytes() == expected
