"""Fits by a client of Dask."""

import os
import signal

import joblib
import pytest
from sklearn.model_selection import cross_val_score

from backburn import BackburnRegressor, distributed
from backburn._jobs import run_job

dask = pytest.importorskip("distributed")

PARAMETERS = {"epochs": 3, "hidden": (16,), "ensemble_members": 3}


@pytest.fixture(scope="module")
def client():
    """A client with two workers on this machine."""
    with (
        dask.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        dask.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def rows(houses):
    return houses.drop(columns="price"), houses["price"]


@pytest.fixture
def expected(rows):
    return BackburnRegressor(**PARAMETERS).fit(*rows)._model.to_bytes()


def test_two_workers_of_dask_give_the_bytes_of_a_fit(client, rows, expected):
    model = distributed.fit(BackburnRegressor(**PARAMETERS), *rows, executor=client, threads=1)
    assert model._model.to_bytes() == expected


def test_a_worker_that_is_killed_changes_nothing(client, rows, expected, monkeypatch, tmp_path):
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
    model = distributed.fit(BackburnRegressor(**PARAMETERS), *rows, executor=client, threads=1)
    assert os.path.exists(killed)
    assert model._model.to_bytes() == expected


def test_a_callback_that_fails_ends_the_fit_and_leaves_the_workers(client, rows, expected):
    def fail(event):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        distributed.fit(BackburnRegressor(**PARAMETERS, callback=fail), *rows, executor=client, threads=1)
    model = distributed.fit(BackburnRegressor(**PARAMETERS), *rows, executor=client, threads=1)
    assert model._model.to_bytes() == expected


def test_folds_are_fits_of_their_own(client, regressor, rows):
    here = cross_val_score(regressor, *rows, cv=2)
    with joblib.parallel_config("dask"):
        assert (cross_val_score(regressor, *rows, cv=2, n_jobs=2) == here).all()
