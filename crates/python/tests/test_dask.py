"""Fits by a client of Dask."""

import pytest

from backburn import BackburnRegressor, distributed

dask = pytest.importorskip("distributed")


def test_two_workers_of_dask_give_the_bytes_of_a_fit(houses):
    X, y = houses.drop(columns="price"), houses["price"]
    parameters = {"epochs": 3, "hidden": (16,), "ensemble_members": 3}
    expected = BackburnRegressor(**parameters).fit(X, y)._model.to_bytes()
    with (
        dask.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        dask.Client(cluster) as client,
    ):
        model = distributed.fit(BackburnRegressor(**parameters), X, y, executor=client, threads=1)
    assert model._model.to_bytes() == expected
