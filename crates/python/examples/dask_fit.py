"""Fits a model by the workers of a Dask cluster: the bytes of a fit on one machine.

usage: python dask_fit.py TABLE.csv TARGET MODEL [ADDRESS]
needs: pip install ./crates/python distributed pandas

ADDRESS is that of a scheduler, such as tcp://10.0.0.1:8786, whose workers have the same packages. Without it, a cluster
of two processes is started on this machine. A job whose worker is lost runs again on another one.
"""
import sys

import pandas
from distributed import Client, LocalCluster

from backburn import BackburnClassifier, BackburnRegressor, distributed


def main(path, target, out, address=None):
    table = pandas.read_csv(path)
    X, y = table.drop(columns=target), table[target]
    is_number = pandas.api.types.is_numeric_dtype(y) and not pandas.api.types.is_bool_dtype(y)
    kind = BackburnRegressor if is_number else BackburnClassifier
    # One job at a time in each process: it has its threads for itself.
    cluster = address or LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        threads = 1 if address is None else None
        model = distributed.fit(kind(random_state=0, verbose=True), X, y, executor=client, threads=threads)
    print(model.save(out))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
