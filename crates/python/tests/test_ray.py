"""Fits by tasks of Ray give the bytes of a fit in this process: on two nodes, and where a worker or a node is lost."""

import os
import signal

import numpy as np
import pytest

from backburn import BackburnRegressor, distributed
from backburn import ray as backburn_ray
from backburn._jobs import run_job

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

PARAMETERS = {"epochs": 3, "hidden": (16,), "ensemble_members": 4, "random_state": 1}


@pytest.fixture(scope="module")
def workers():
    """Two workers on this machine."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
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


def test_two_workers_give_the_bytes_of_a_fit(workers, rows, expected):
    model = BackburnRegressor(**PARAMETERS)
    assert backburn_ray.fit(model, *rows) is model
    assert model._model.to_bytes() == expected


def test_a_worker_that_is_killed_changes_nothing(workers, rows, expected, monkeypatch, tmp_path):
    killed = str(tmp_path / "killed")

    def run_or_die(shared, job, threads):
        result = run_job(shared, job, threads)
        try:
            os.close(os.open(killed, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return result
        # The work is done, but nobody gets the result.
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(distributed, "run_job", run_or_die)
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert os.path.exists(killed)
    assert model._model.to_bytes() == expected


def test_errors_of_tasks_are_those_of_a_fit(workers, rows):
    with pytest.raises(ValueError, match="training.epochs"):
        backburn_ray.fit(BackburnRegressor(epochs=-1), *rows)


def test_two_nodes_give_the_bytes_of_a_fit(nodes, rows, expected, monkeypatch, tmp_path):
    place = str(tmp_path)

    def run_and_tell(shared, job, threads):
        node = ray.get_runtime_context().get_node_id()
        open(os.path.join(place, node), "w").close()
        return run_job(shared, job, threads)

    monkeypatch.setattr(distributed, "run_job", run_and_tell)
    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS), *rows)
    assert model._model.to_bytes() == expected
    assert len(os.listdir(place)) == 2, "jobs ran on both nodes"


def test_a_node_that_is_lost_changes_nothing(nodes, rows, expected):
    lost = []

    def lose_a_node(event):
        if event["event"] == "job_end" and not lost:
            lost.append(event)
            nodes.remove_node(nodes.worker_nodes.copy().pop(), allow_graceful=False)

    model = backburn_ray.fit(BackburnRegressor(**PARAMETERS, callback=lose_a_node), *rows)
    assert lost
    assert model._model.to_bytes() == expected
